//! The keys of the personal answers and attached files, and where they are kept: never in the database.
//!
//! A server reads its file again when it changes, and when it meets a key that it does not know: so a key can be added
//! while servers run.

mod ring;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use chrono::Utc;
use tempfile::{NamedTempFile, PersistError};

pub(super) use ring::is_keyed;
pub use ring::{KeyId, KeyRing};

use super::backup::sync_folder;
use super::{Address, Store, StoreError};

/// How long a file is believed to be unchanged.
const BELIEVED_FOR: Duration = Duration::from_secs(5);

/// Where a store's keys come from.
#[derive(Debug)]
pub(super) struct Keys {
    place: Place,
    kept: Mutex<Option<Kept>>,
}

#[derive(Debug)]
enum Place {
    /// A file that the operator named.
    Named(PathBuf),
    /// The file beside an SQLite database, which is made when the first personal answer comes.
    Beside(PathBuf),
    /// Memory, for a database that is thrown away.
    Memory,
    /// Nowhere.
    Nowhere,
}

#[derive(Debug, Clone)]
struct Kept {
    ring: Arc<KeyRing>,
    changed_at: Option<SystemTime>,
    looked_at: Instant,
}

impl Keys {
    pub(super) fn of(address: &Address, named: Option<PathBuf>) -> Self {
        let place = match (named, address) {
            (Some(file), _) => Place::Named(file),
            (None, Address::Sqlite(database)) => Place::Beside(beside(database)),
            (None, Address::Temporary) => Place::Memory,
            (None, Address::Postgres(_)) => Place::Nowhere,
        };
        Self {
            place,
            kept: Mutex::new(None),
        }
    }

    /// The file, where the keys are in one.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::Named(file) | Place::Beside(file) => Some(file),
            Place::Memory | Place::Nowhere => None,
        }
    }

    /// The ring, made where it may be and is not there.
    pub(super) fn for_writing(&self) -> Result<Arc<KeyRing>, StoreError> {
        match self.for_reading() {
            Err(StoreError::KeysNeeded { .. }) => {}
            found => return found,
        }
        let ring = match &self.place {
            Place::Memory => KeyRing::generate(Utc::now())?,
            Place::Beside(file) => {
                let ring = KeyRing::generate(Utc::now())?;
                match create(file, &ring) {
                    Ok(()) => {
                        tracing::info!(file = %file.display(), "made the keys of personal answers and attached files");
                    }
                    // Another process was first.
                    Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return self.for_reading(),
                    Err(error) => return Err(unusable(file, &error)),
                }
                ring
            }
            Place::Named(_) | Place::Nowhere => return Err(self.needed()),
        };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        // Of two threads that made one in memory, the first one's counts.
        if let (Place::Memory, Some(kept)) = (&self.place, kept.as_ref()) {
            return Ok(kept.ring.clone());
        }
        Ok(Self::keep(&mut kept, ring, self.file()))
    }

    /// The ring.
    pub(super) fn for_reading(&self) -> Result<Arc<KeyRing>, StoreError> {
        self.look(false)
    }

    /// The ring, read again: it may have got a key that was missing.
    pub(super) fn anew(&self) -> Result<Arc<KeyRing>, StoreError> {
        self.look(true)
    }

    fn look(&self, anew: bool) -> Result<Arc<KeyRing>, StoreError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = self.file() else {
            return kept.as_ref().map(|kept| kept.ring.clone()).ok_or_else(|| self.needed());
        };
        if let Some(known) = kept.as_mut().filter(|_| !anew) {
            if known.looked_at.elapsed() < BELIEVED_FOR {
                return Ok(known.ring.clone());
            }
            known.looked_at = Instant::now();
            if known.changed_at == changed_at(file) {
                return Ok(known.ring.clone());
            }
        }
        let text = match std::fs::read_to_string(file) {
            Ok(text) => zeroize::Zeroizing::new(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && matches!(self.place, Place::Beside(_)) => {
                return Err(self.needed());
            }
            Err(error) => return Err(unusable(file, &error)),
        };
        let ring = KeyRing::parse(&text).map_err(|reason| unusable(file, &reason))?;
        Ok(Self::keep(&mut kept, ring, Some(file)))
    }

    fn keep(kept: &mut Option<Kept>, ring: KeyRing, file: Option<&Path>) -> Arc<KeyRing> {
        let ring = Arc::new(ring);
        *kept = Some(Kept {
            ring: ring.clone(),
            changed_at: file.and_then(changed_at),
            looked_at: Instant::now(),
        });
        ring
    }

    fn needed(&self) -> StoreError {
        StoreError::KeysNeeded {
            file: self.file().map(Path::to_owned),
        }
    }
}

/// The key file of a database: the one that is named, else the one beside it; `None` where it has none.
pub fn key_file(address: &Address, named: Option<PathBuf>) -> Option<PathBuf> {
    Keys::of(address, named).file().map(Path::to_owned)
}

/// The key file beside a database: `innogauge.db.keys` beside `innogauge.db`.
fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".keys");
    PathBuf::from(name)
}

fn changed_at(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|about| about.modified()).ok()
}

fn unusable(file: &Path, reason: &dyn std::fmt::Display) -> StoreError {
    StoreError::UnusableKeys {
        file: file.to_owned(),
        reason: reason.to_string(),
    }
}

/// Makes a key file that only its owner may read. Fails where there is a file of that name.
fn create(file: &Path, ring: &KeyRing) -> io::Result<()> {
    write(file, ring, |draft| draft.persist_noclobber(file))
}

/// Replaces the file as a whole: a reader sees the old keys or the new ones.
fn replace(file: &Path, ring: &KeyRing) -> Result<(), StoreError> {
    write(file, ring, |draft| draft.persist(file)).map_err(|error| unusable(file, &error))
}

/// Writes a file that is put into place when it is whole and durable, and whose name is durable then: whoever sees it can
/// read all of it, and nothing that is sealed by its keys outlives them.
fn write(file: &Path, ring: &KeyRing, put: impl FnOnce(NamedTempFile) -> Result<File, PersistError>) -> io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let mut draft = NamedTempFile::new_in(folder)?;
    draft.write_all(ring.to_text().as_bytes())?;
    draft.as_file().sync_all()?;
    put(draft).map_err(|error| error.error)?;
    sync_folder(folder)
}

/// Adds a key to the file, or makes the file with its first one.
///
/// # Errors
/// Where the file is no key file or can't be written.
pub fn add_key(file: &Path, now: chrono::DateTime<Utc>) -> Result<KeyId, StoreError> {
    if !file.exists() {
        let ring = KeyRing::generate(now)?;
        create(file, &ring).map_err(|error| unusable(file, &error))?;
        return ring
            .ids()
            .last()
            .map(|(id, _)| id)
            .ok_or_else(|| unusable(file, &"no key"));
    }
    let mut ring = read_keys(file)?;
    let id = ring.add(now)?;
    replace(file, &ring)?;
    Ok(id)
}

/// Takes a key out of the file: what was written with it and not rewrapped is lost then.
///
/// # Errors
/// Where there is no such key, or it is the only one.
pub fn remove_key(file: &Path, id: &str) -> Result<(), StoreError> {
    let mut ring = read_keys(file)?;
    if ring.ids().last().is_some_and(|(newest, _)| newest.to_string() == id) {
        return Err(StoreError::Refused(format!(
            "key {id} is the newest, which is used for writing: make another first with `innogauge keys new`"
        )));
    }
    if !ring.remove(id) {
        return Err(StoreError::NotFound {
            what: "key",
            name: id.to_owned(),
        });
    }
    replace(file, &ring)
}

/// Reads a key file.
///
/// # Errors
/// Where it is missing or no key file.
pub fn read_keys(file: &Path) -> Result<KeyRing, StoreError> {
    let text = std::fs::read_to_string(file).map_err(|error| unusable(file, &error))?;
    KeyRing::parse(&zeroize::Zeroizing::new(text)).map_err(|reason| unusable(file, &reason))
}

impl Store {
    /// The file of the keys; `None` where they are in memory, or nowhere.
    pub fn key_file(&self) -> Option<&Path> {
        self.inner.keys.file()
    }

    /// The ring that new personal answers are kept by; made where that is allowed and there is none.
    ///
    /// # Errors
    /// [`StoreError::KeysNeeded`] where none is configured.
    pub fn keys(&self) -> Result<Arc<KeyRing>, StoreError> {
        self.inner.keys.for_writing()
    }

    /// The ring as it is; none is made.
    pub(super) fn keys_there_are(&self) -> Result<Arc<KeyRing>, StoreError> {
        self.inner.keys.for_reading()
    }

    /// The ring; `None` where there is none and none may be made.
    pub(super) fn keys_if_any(&self) -> Result<Option<Arc<KeyRing>>, StoreError> {
        match self.keys() {
            Ok(ring) => Ok(Some(ring)),
            Err(StoreError::KeysNeeded { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The pseudonym of a value: see [`KeyRing::pseudonym`].
    ///
    /// # Errors
    /// [`StoreError::KeysNeeded`] where no keys are configured.
    pub fn pseudonym(&self, value: &str) -> Result<String, StoreError> {
        Ok(self.keys()?.pseudonym(value))
    }
}
