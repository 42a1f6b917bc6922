//! The key ring: what is secret, and the file that it stands in.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::store::StoreError;
use crate::store::secrets::random_bytes;

/// The bytes of a key.
pub(in crate::store) type Bytes = Zeroizing<[u8; 32]>;

const TITLE: &str = "innogauge keys 1";
const EXPLANATION: &str = "\
# 个人信息与附件的加密密钥。持有此文件者可以解读它们；丢失此文件，任何人都无法再解读。请与数据库及其备份分开保管，并另存副本。
# The keys of the personal answers and attached files. Whoever has this file can read them; without it nobody can, ever.
# Keep a copy, apart from the database and from its backups.
";

/// What a key is called: the beginning of its own hash, so that it can't be mistaken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub(in crate::store) [u8; 8]);

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A key that wraps the data keys of responses.
#[derive(Clone)]
pub(in crate::store) struct MasterKey {
    pub id: KeyId,
    pub created_at: DateTime<Utc>,
    pub secret: Bytes,
}

/// The keys of a database: master keys, of which the newest is used for writing, and one that never changes, for
/// pseudonyms and fingerprints.
#[derive(Clone)]
pub struct KeyRing {
    stable: Bytes,
    masters: Vec<MasterKey>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.masters.iter().map(|key| key.id.to_string()))
            .finish()
    }
}

impl KeyRing {
    /// A new ring with one master key.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub fn generate(now: DateTime<Utc>) -> Result<Self, StoreError> {
        let mut ring = Self {
            stable: Zeroizing::new(random_bytes()?),
            masters: Vec::new(),
        };
        ring.add(now)?;
        Ok(ring)
    }

    /// Adds a master key, which is used for writing from now on.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub fn add(&mut self, now: DateTime<Utc>) -> Result<KeyId, StoreError> {
        let key = master(Zeroizing::new(random_bytes()?), now);
        let id = key.id;
        self.masters.push(key);
        Ok(id)
    }

    /// Takes a master key out. The last one stays: `false` then, or where there is none of this name.
    pub fn remove(&mut self, id: &str) -> bool {
        let before = self.masters.len();
        if before > 1 {
            self.masters.retain(|key| key.id.to_string() != id);
        }
        self.masters.len() < before
    }

    /// The names of the master keys with the time they were made, the oldest first; the last one is used for writing.
    pub fn ids(&self) -> impl Iterator<Item = (KeyId, DateTime<Utc>)> {
        self.masters.iter().map(|key| (key.id, key.created_at))
    }

    pub(in crate::store) fn newest(&self) -> Option<&MasterKey> {
        self.masters.last()
    }

    pub(in crate::store) fn get(&self, id: KeyId) -> Option<&MasterKey> {
        self.masters.iter().find(|key| key.id == id)
    }

    /// Reads the text of a key file.
    ///
    /// # Errors
    /// Says which line is wrong. What stands in it is not repeated: it is secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut lines = (1..).zip(text.lines().map(str::trim));
        let mut lines = lines
            .by_ref()
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        if lines.next().map(|(_, line)| line) != Some(TITLE) {
            return Err(format!(
                "it does not begin with '{TITLE}': `innogauge keys new` makes one"
            ));
        }
        let mut stable = None;
        let mut masters = Vec::new();
        for (number, line) in lines {
            let wrong = || format!("line {number} is not a key");
            let mut words = line.split_whitespace();
            let (Some(kind), Some(made), Some(secret), None) = (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(wrong());
            };
            let made = DateTime::parse_from_rfc3339(made).map_err(|_| wrong())?.to_utc();
            let bytes = Zeroizing::new(STANDARD.decode(secret).map_err(|_| wrong())?);
            let secret = Zeroizing::new(<[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong())?);
            match kind {
                "pseudonyms" => stable = Some(secret),
                "master" => masters.push(master(secret, made)),
                _ => return Err(wrong()),
            }
        }
        match (stable, masters.is_empty()) {
            (Some(stable), false) => Ok(Self { stable, masters }),
            _ => Err("it lacks the key of the pseudonyms, or has no master key".to_owned()),
        }
    }

    /// The text of the key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(format!("{EXPLANATION}{TITLE}\n"));
        let first = self.masters.first().map_or(DateTime::UNIX_EPOCH, |key| key.created_at);
        let mut line = |kind: &str, made: DateTime<Utc>, secret: &[u8]| {
            let made = made.to_rfc3339_opts(SecondsFormat::Secs, true);
            // Writing into a string never fails.
            let _ = writeln!(text, "{kind} {made} {}", *Zeroizing::new(STANDARD.encode(secret)));
        };
        line("pseudonyms", first, self.stable.as_slice());
        for key in &self.masters {
            line("master", key.created_at, key.secret.as_slice());
        }
        text
    }

    /// The pseudonym of a value: the same for the same value wherever it stands in this database, and nothing that
    /// anybody without the key can compute or turn back. Spaces, case and full-width signs make no difference.
    pub fn pseudonym(&self, value: &str) -> String {
        let code = self.keyed("pseudonym", tidy(value).as_bytes());
        let short: String = code.chars().take(16).collect();
        format!("p-{short}")
    }

    /// What takes the place of a fingerprint where the bytes hold personal answers: those could be guessed from it.
    pub(in crate::store) fn fingerprint(&self, fingerprint: &str) -> String {
        format!("k{}", self.keyed("fingerprint", fingerprint.as_bytes()))
    }

    /// What responses of one respondent have in common where its name or code is personal.
    pub(in crate::store) fn subject(&self, key: &str) -> String {
        format!("keyed:{}", self.keyed("subject", key.as_bytes()))
    }

    fn keyed(&self, purpose: &str, message: &[u8]) -> String {
        // The key is exactly as long as half a block: HMAC takes it as it is.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.stable.as_slice()) else {
            return String::new();
        };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(message);
        let digest: [u8; 32] = mac.finalize().into_bytes().into();
        base16ct::lower::encode_string(&digest)
    }
}

/// A value as a pseudonym takes it: without the differences that typing makes.
fn tidy(value: &str) -> String {
    value
        .chars()
        .filter(|sign| !sign.is_whitespace() && !matches!(sign, '-' | '－'))
        .map(|sign| match sign {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
            other => other,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

fn master(secret: Bytes, created_at: DateTime<Utc>) -> MasterKey {
    let digest: [u8; 32] = Sha256::new_with_prefix(b"innogauge key id\0")
        .chain_update(secret.as_slice())
        .finalize()
        .into();
    let mut id = [0; 8];
    id.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
    MasterKey {
        id: KeyId(id),
        created_at,
        secret,
    }
}

/// Whether a stored fingerprint is a keyed one.
pub(in crate::store) fn is_keyed(stored: &str) -> bool {
    stored.starts_with('k')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_survives_its_file_and_a_wrong_line_is_told_without_its_secret() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let mut ring = KeyRing::generate(now).unwrap();
        let first = ring.newest().unwrap().id;
        let second = ring.add(now).unwrap();
        let text = ring.to_text();
        let read = KeyRing::parse(&text).unwrap();
        assert_eq!(read.ids().map(|(id, _)| id).collect::<Vec<_>>(), [first, second]);
        assert_eq!(read.pseudonym("x"), ring.pseudonym("x"));
        let broken = text.replacen("master 2026", "master X026", 1);
        assert_eq!(KeyRing::parse(&broken).unwrap_err(), "line 6 is not a key");
        assert!(ring.remove(&first.to_string()) && !ring.remove(&second.to_string()));
        assert!(!format!("{ring:?}").contains(&STANDARD.encode(ring.newest().unwrap().secret.as_slice())));
    }

    #[test]
    fn a_pseudonym_is_the_same_however_the_value_is_typed_and_another_under_another_key() {
        let now = DateTime::UNIX_EPOCH;
        let ring = KeyRing::generate(now).unwrap();
        assert_eq!(
            ring.pseudonym("138-0000 0000"),
            ring.pseudonym("１３８００００００００")
        );
        assert_ne!(ring.pseudonym("Li Ming"), ring.pseudonym("Li Ning"));
        assert_ne!(
            ring.pseudonym("Li Ming"),
            KeyRing::generate(now).unwrap().pseudonym("Li Ming")
        );
    }
}
