//! The place where contents are kept.

use std::fs::DirBuilder;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutPayload, RetryConfig};
use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempDir, TempPath};
use tokio::runtime::Runtime;
use tokio::sync::Semaphore;

use super::sealing::{Opening, SEALED_CHUNK, seal, sealed_size};
use super::{Bucket, ContentAddress, ContentError, ContentKey, FileKind, Received, Receiving};
use crate::response::Fingerprint;

/// What the names of contents begin with, after the prefix of the place: of those that lie there as they came, and of those
/// that are sealed.
const OPEN: &str = "sha256";
const SEALED: &str = "sealed";
/// The folder of what is arriving.
const INCOMING: &str = "incoming";
/// How much is read, and sent to a bucket, at a time: of a place at least one chunk; buckets take no smaller parts than 5 MiB.
const PIECE: usize = 4 * SEALED_CHUNK;
const PART: usize = 8 * 1024 * 1024;
/// How many files are sent to a bucket at a time.
const SENDERS: usize = 4;
/// How long a bucket may take to be reached, and to answer.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_mins(1);
/// For how long a request to a bucket that failed is tried again.
const TRIED_FOR: Duration = Duration::from_secs(10);
/// What lies in the folder of what is arriving for longer was left by a program that died.
const LEFT_OVER: Duration = Duration::from_hours(24);

/// A place for contents. Cheap to clone; all its calls block.
///
/// ```
/// use innogauge::attachments::{ContentKey, Contents, FileKind, Kept};
/// use zeroize::Zeroizing;
///
/// let contents = Contents::temporary()?;
/// let mut receiving = contents.receive(1024)?;
/// receiving.take(b"what was ")?;
/// receiving.take(b"said")?;
/// let received = receiving.finish(FileKind::Text)?;
/// let kept = Kept {
///     hash: received.hash,
///     size: received.size,
///     key: Some(ContentKey::new(Zeroizing::new([7; 32]))),
/// };
/// contents.keep(received, kept.key.clone())?;
/// let mut reading = contents.read(&kept, None)?;
/// assert_eq!(reading.next_piece()?.as_deref(), Some(b"what was said".as_slice()));
/// assert_eq!(reading.next_piece()?, None);
/// # Ok::<(), innogauge::attachments::ContentError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Contents {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    objects: Arc<dyn ObjectStore>,
    prefix: Key,
    place: Place,
    /// Where what the crate does is waited for: its connections outlive the thread of a request.
    runtime: Option<Runtime>,
    /// Whoever sends to a bucket holds a part of a file in memory: only so many do at a time.
    sending: Semaphore,
}

#[derive(Debug)]
enum Place {
    Folder {
        incoming: PathBuf,
        _temporary: Option<TempDir>,
    },
    Bucket,
}

/// Some content, by what is known of it.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The SHA-256 of it.
    pub hash: Fingerprint,
    /// How many bytes it has: at least one.
    pub size: u64,
    /// The key that it is sealed by; `None` where it is not.
    pub key: Option<ContentKey>,
}

/// Some content that lies there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    /// Its hash, as its name says.
    pub hash: Fingerprint,
    /// How many bytes it takes there.
    pub size: u64,
    /// When it was put there.
    pub at: DateTime<Utc>,
}

/// Content that is being read, piece by piece.
pub struct Reading {
    contents: Contents,
    hash: Fingerprint,
    stream: BoxStream<'static, object_store::Result<bytes::Bytes>>,
    /// Where it is sealed.
    opening: Option<Opening>,
    /// What was read of a chunk that is not whole yet.
    begun: Vec<u8>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        // It may be dropped where nothing may block.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Contents {
    /// The place of that address. A folder is made where it is missing; a bucket is not asked yet.
    ///
    /// # Errors
    /// [`ContentError::Unavailable`] where it can't be used.
    pub fn open(address: &ContentAddress) -> Result<Self, ContentError> {
        match address {
            ContentAddress::Folder(folder) => Self::in_folder(folder, None),
            ContentAddress::Bucket(bucket) => Self::in_bucket(bucket, address),
        }
    }

    /// A folder that is gone when the last of its clones is dropped.
    ///
    /// # Errors
    /// [`ContentError::Unavailable`] where the system gives none.
    pub fn temporary() -> Result<Self, ContentError> {
        let folder = tempfile::Builder::new()
            .prefix("innogauge-attachments-")
            .tempdir()
            .map_err(|error| ContentError::of_system(&error))?;
        let path = folder.path().to_owned();
        Self::in_folder(&path, Some(folder))
    }

    fn in_folder(folder: &Path, temporary: Option<TempDir>) -> Result<Self, ContentError> {
        let incoming = folder.join(INCOMING);
        let failed = |error: std::io::Error| ContentError::Unavailable(format!("{}: {error}", folder.display()));
        private_folder().create(&incoming).map_err(failed)?;
        let objects = LocalFileSystem::new_with_prefix(folder)
            .map_err(|error| ContentError::of_place(&error))?
            .with_fsync(true);
        let place = Place::Folder {
            incoming,
            _temporary: temporary,
        };
        Self::over(Arc::new(objects), "", place)
    }

    fn in_bucket(bucket: &Bucket, address: &ContentAddress) -> Result<Self, ContentError> {
        // Fails only where one is installed already, which then serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let plain = bucket.endpoint.as_ref().is_some_and(|at| at.starts_with("http://"));
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT)
            .with_timeout(ANSWER)
            .with_allow_http(plain);
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&bucket.name)
            .with_virtual_hosted_style_request(bucket.virtual_hosted)
            .with_client_options(client)
            .with_retry(RetryConfig {
                max_retries: 3,
                retry_timeout: TRIED_FOR,
                ..RetryConfig::default()
            });
        if let Some(endpoint) = &bucket.endpoint {
            builder = builder.with_endpoint(endpoint);
        }
        if let Some(region) = &bucket.region {
            builder = builder.with_region(region);
        }
        let objects = builder.build().map_err(|error| ContentError::Address {
            address: address.to_string(),
            reason: error.to_string(),
        })?;
        Self::over(Arc::new(objects), &bucket.prefix, Place::Bucket)
    }

    fn over(objects: Arc<dyn ObjectStore>, prefix: &str, place: Place) -> Result<Self, ContentError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("attachments")
            .enable_all()
            .build()
            .map_err(|error| ContentError::of_system(&error))?;
        Ok(Self {
            inner: Arc::new(Inner {
                objects,
                prefix: Key::from(prefix),
                place,
                runtime: Some(runtime),
                sending: Semaphore::new(SENDERS),
            }),
        })
    }

    /// Waits for what the crate does.
    fn wait<T>(&self, act: impl Future<Output = Result<T, object_store::Error>>) -> Result<T, object_store::Error> {
        match &self.inner.runtime {
            Some(runtime) => runtime.block_on(act),
            // It is there until the last clone is dropped.
            None => Err(object_store::Error::NotImplemented {
                operation: "after the end".to_owned(),
                implementer: "attachments".to_owned(),
            }),
        }
    }

    /// The name of some content under one of the two beginnings.
    fn name(&self, under: &str, hash: Fingerprint) -> Key {
        let text = hash.to_string();
        let shard: String = text.chars().take(2).collect();
        self.inner.prefix.clone().join(under).join(shard).join(text)
    }

    /// Where some content lies.
    fn name_of(&self, kept: &Kept) -> Key {
        self.name(if kept.key.is_some() { SEALED } else { OPEN }, kept.hash)
    }

    /// Begins to receive content of at most so many bytes.
    ///
    /// # Errors
    /// [`ContentError::Full`] or [`ContentError::Unavailable`] where there is no room for it on the way.
    pub fn receive(&self, limit: u64) -> Result<Receiving, ContentError> {
        Ok(Receiving::into(self.file_on_the_way()?, limit))
    }

    fn file_on_the_way(&self) -> Result<NamedTempFile, ContentError> {
        let file = match &self.inner.place {
            Place::Folder { incoming, .. } => tempfile::Builder::new().prefix("file-").tempfile_in(incoming),
            Place::Bucket => NamedTempFile::new(),
        };
        file.map_err(|error| ContentError::of_system(&error))
    }

    /// Keeps content that has arrived, sealed where there is a key for it. What is kept already stays as it is.
    ///
    /// # Errors
    /// [`ContentError::Full`] or [`ContentError::Unavailable`]: then nothing of it is kept.
    pub fn keep(&self, received: Received, key: Option<ContentKey>) -> Result<(), ContentError> {
        let kept = Kept {
            hash: received.hash,
            size: received.size,
            key,
        };
        if self.has(&kept)? && self.opens(&kept)? {
            return Ok(());
        }
        let file = match &kept.key {
            None => received.file,
            Some(key) => self.sealed(received.open()?, received.size, key)?,
        };
        self.put(file, &self.name_of(&kept))
    }

    /// Seals content into a file of its own.
    fn sealed(&self, content: impl Read, size: u64, key: &ContentKey) -> Result<TempPath, ContentError> {
        let file = self.file_on_the_way()?;
        let written = seal(key, size, content, file.as_file()).and_then(|()| file.as_file().sync_all());
        written.map_err(|error| ContentError::of_system(&error))?;
        Ok(file.into_temp_path())
    }

    fn put(&self, file: TempPath, name: &Key) -> Result<(), ContentError> {
        let failed = |error| ContentError::of_place(&error);
        match &self.inner.place {
            Place::Folder { .. } => {
                let on_the_way = file.file_name().unwrap_or_default().to_string_lossy();
                let from = Key::from(INCOMING).join(on_the_way.as_ref());
                self.wait(self.inner.objects.rename(&from, name)).map_err(failed)?;
                // It has another name now: there is nothing to remove under the old one.
                drop(file.keep());
                Ok(())
            }
            Place::Bucket => {
                let sent = async {
                    // Nobody closes it: then there would be no turn to wait for.
                    let _turn = self.inner.sending.acquire().await;
                    send(self.inner.objects.as_ref(), name, &file).await
                };
                self.wait(sent).map_err(failed)
            }
        }
    }

    /// Seals content that lies there as it came. Until [`Contents::remove_open`] it lies there twice.
    ///
    /// # Errors
    /// [`ContentError::Missing`], [`ContentError::Changed`] where it is not what it was, [`ContentError::Full`] or
    /// [`ContentError::Unavailable`].
    pub fn seal(&self, open: &Kept, key: ContentKey) -> Result<(), ContentError> {
        let mut receiving = self.receive(open.size)?;
        let mut reading = self.read(open, None)?;
        while let Some(piece) = reading.next_piece()? {
            receiving.take(&piece)?;
        }
        let received = receiving.finish(FileKind::Whatever)?;
        if received.hash != open.hash {
            return Err(ContentError::Changed { hash: open.hash });
        }
        self.keep(received, Some(key))
    }

    /// Whether that content is kept, by its size.
    ///
    /// # Errors
    /// [`ContentError::Unavailable`].
    pub fn has(&self, kept: &Kept) -> Result<bool, ContentError> {
        let size = kept.key.as_ref().map_or(kept.size, |_| sealed_size(kept.size));
        match self.wait(self.inner.objects.head(&self.name_of(kept))) {
            Ok(meta) => Ok(meta.size == size),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(ContentError::of_place(&error)),
        }
    }

    /// Whether content is not sealed, or by this key: one that a database knew before an older backup was restored may lie there.
    fn opens(&self, kept: &Kept) -> Result<bool, ContentError> {
        if kept.key.is_none() {
            return Ok(true);
        }
        match self.read(kept, Some(0..1))?.next_piece() {
            Ok(_) => Ok(true),
            Err(ContentError::Changed { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Begins to read content, or some of its bytes: a range that lies inside of it.
    ///
    /// # Errors
    /// [`ContentError::Missing`], or [`ContentError::Unavailable`].
    pub fn read(&self, kept: &Kept, range: Option<Range<u64>>) -> Result<Reading, ContentError> {
        let (opening, range) = match &kept.key {
            None => (None, range),
            Some(key) => {
                let (opening, range) = Opening::of(key, kept.size, &range.unwrap_or(0..kept.size));
                (Some(opening), Some(range))
            }
        };
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        let found = self
            .wait(self.inner.objects.get_opts(&self.name_of(kept), options))
            .map_err(|error| ContentError::of_store(kept.hash, &error))?;
        Ok(Reading {
            contents: self.clone(),
            hash: kept.hash,
            stream: found.into_stream(),
            opening,
            begun: Vec::new(),
        })
    }

    /// Removes content, sealed or not. What is not there is removed already.
    ///
    /// # Errors
    /// [`ContentError::Unavailable`].
    pub fn remove(&self, hash: Fingerprint) -> Result<(), ContentError> {
        self.remove_under(SEALED, hash)?;
        self.remove_open(hash)
    }

    /// Removes what lies there as it came.
    ///
    /// # Errors
    /// [`ContentError::Unavailable`].
    pub fn remove_open(&self, hash: Fingerprint) -> Result<(), ContentError> {
        self.remove_under(OPEN, hash)
    }

    fn remove_under(&self, under: &str, hash: Fingerprint) -> Result<(), ContentError> {
        match self.wait(self.inner.objects.delete(&self.name(under, hash))) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(ContentError::of_place(&error)),
        }
    }

    /// Whether content is what it was.
    ///
    /// # Errors
    /// [`ContentError::Missing`], or [`ContentError::Unavailable`].
    pub fn is_sound(&self, kept: &Kept) -> Result<bool, ContentError> {
        let mut reading = self.read(kept, None)?;
        let mut hasher = Sha256::new();
        loop {
            match reading.next_piece() {
                Ok(Some(piece)) => hasher.update(&piece),
                Ok(None) => return Ok(Fingerprint::of_digest(hasher.finalize().into()) == kept.hash),
                Err(ContentError::Changed { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    /// Hands all contents to `act`, in no particular order. What is no content of ours is passed over.
    ///
    /// # Errors
    /// The first error of `act`, or [`ContentError::Unavailable`].
    pub fn for_each<E: From<ContentError>>(&self, mut act: impl FnMut(Stored) -> Result<(), E>) -> Result<(), E> {
        self.for_each_open(&mut act)?;
        self.for_each_under(SEALED, act)
    }

    /// The same of those that lie there as they came.
    ///
    /// # Errors
    /// As [`Contents::for_each`].
    pub fn for_each_open<E: From<ContentError>>(&self, act: impl FnMut(Stored) -> Result<(), E>) -> Result<(), E> {
        self.for_each_under(OPEN, act)
    }

    fn for_each_under<E: From<ContentError>>(
        &self,
        under: &str,
        mut act: impl FnMut(Stored) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut listed = self.inner.objects.list(Some(&self.inner.prefix.clone().join(under)));
        loop {
            let next = self.wait(async { listed.next().await.transpose() });
            let Some(meta) = next.map_err(|error| ContentError::of_place(&error))? else {
                return Ok(());
            };
            let named = meta.location.filename().and_then(Fingerprint::from_hex);
            if let Some(hash) = named.filter(|hash| self.name(under, *hash) == meta.location) {
                act(Stored {
                    hash,
                    size: meta.size,
                    at: meta.last_modified,
                })?;
            }
        }
    }

    /// Removes what programs that died left on the way, and says how much that was.
    ///
    /// # Errors
    /// [`ContentError::Unavailable`].
    pub fn remove_left_over(&self, now: SystemTime) -> Result<u64, ContentError> {
        let Place::Folder { incoming, .. } = &self.inner.place else {
            // A bucket has nothing that is not whole; the system clears its own folder of temporary files.
            return Ok(0);
        };
        let mut removed = 0;
        for entry in std::fs::read_dir(incoming).map_err(|error| ContentError::of_system(&error))? {
            let entry = entry.map_err(|error| ContentError::of_system(&error))?;
            let written = entry.metadata().and_then(|meta| meta.modified());
            let is_old = |written: SystemTime| now.duration_since(written).is_ok_and(|age| age > LEFT_OVER);
            if written.is_ok_and(is_old) && std::fs::remove_file(entry.path()).is_ok() {
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// A folder for nobody else.
fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Sends content to a bucket: at once, or in parts where it is large.
async fn send(objects: &dyn ObjectStore, name: &Key, file: &Path) -> Result<(), object_store::Error> {
    let mut file = std::fs::File::open(file).map_err(unreadable)?;
    if file.metadata().map_err(unreadable)?.len() <= PART as u64 {
        let payload = PutPayload::from(part(&mut file)?);
        return objects.put(name, payload).await.map(drop);
    }
    let mut upload = objects.put_multipart(name).await?;
    let sent = async {
        loop {
            let next = part(&mut file)?;
            if next.is_empty() {
                return upload.complete().await.map(drop);
            }
            upload.put_part(PutPayload::from(next)).await?;
        }
    }
    .await;
    if sent.is_err() {
        // The failure is told; parts that stay are removed by the bucket's own rule for uploads that were broken off.
        let _ = upload.abort().await;
    }
    sent
}

fn part(file: &mut std::fs::File) -> Result<Vec<u8>, object_store::Error> {
    let mut bytes = Vec::new();
    file.take(PART as u64).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn unreadable(error: std::io::Error) -> object_store::Error {
    object_store::Error::Generic {
        store: "file",
        source: Box::new(error),
    }
}

impl Reading {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// [`ContentError::Unavailable`] where reading breaks off, [`ContentError::Changed`] where it is not what was sealed.
    pub fn next_piece(&mut self) -> Result<Option<Vec<u8>>, ContentError> {
        let mut piece = std::mem::take(&mut self.begun);
        let Self {
            contents, hash, stream, ..
        } = self;
        let gathered = contents.wait(async {
            while piece.len() < PIECE {
                match stream.next().await.transpose()? {
                    Some(bytes) => piece.extend_from_slice(&bytes),
                    None => return Ok(true),
                }
            }
            Ok(false)
        });
        let is_end = gathered.map_err(|error| ContentError::of_store(*hash, &error))?;
        if let Some(opening) = &mut self.opening {
            let whole = if is_end {
                piece.len()
            } else {
                piece.len() / SEALED_CHUNK * SEALED_CHUNK
            };
            self.begun = piece.split_off(whole);
            let opened = opening.open(&piece).filter(|_| !is_end || opening.is_done());
            piece = opened.ok_or(ContentError::Changed { hash: self.hash })?;
        }
        Ok((!piece.is_empty()).then_some(piece))
    }
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Reading").field(&self.hash).finish()
    }
}
