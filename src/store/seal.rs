//! Personal answers at rest: each version of a response has a data key of its own, which a master key wraps. So have the
//! files of responses, the pieces of the files of jobs, and the secrets of authenticators.
//!
//! XChaCha20-Poly1305, whose nonces of 192 bits may be drawn at random. Everything personal of a version is one sealed
//! document, with the questions inside it, and survey and instance ID are authenticated with it: neither the whole nor
//! the answer to one question can be moved to another place. To change the master key is to wrap the data keys anew;
//! to forget a data key is to forget the answers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::StoreError;
use super::keys::{KeyId, KeyRing, Keys};
use super::secrets::random_bytes;

/// What is personal of a version.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Personal {
    /// Answers in force, nested as the open ones are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Json>,
    /// Answers as they were received, where those are kept too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub received: Option<Json>,
    /// What was received, byte for byte, where it is no JSON of ours: base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original: Option<String>,
    /// Of the finding at a position, its value and details.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<(usize, Option<String>, Option<Vec<String>>)>,
    /// What the organisation's key is made of, where that is a person's name or number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

impl std::fmt::Debug for Personal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Personal(…)")
    }
}

impl Personal {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn keep_original(&mut self, bytes: &[u8]) {
        self.original = Some(STANDARD.encode(bytes));
    }

    pub(super) fn original_bytes(&self) -> Option<Vec<u8>> {
        self.original.as_ref().and_then(|text| STANDARD.decode(text).ok())
    }
}

/// A sealed document with the wrapped key that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sealed {
    /// Which master key wraps it, a nonce, the data key.
    pub data_key: Vec<u8>,
    /// A nonce, the document.
    pub content: Vec<u8>,
}

/// Where something sealed belongs: it opens nowhere else.
pub(super) trait Place: Copy {
    /// What is authenticated with the content, and with the key that opens it.
    fn bound(self, purpose: &str) -> Vec<u8>;

    /// What it is, in words for the person who reads that it is damaged.
    fn named(self) -> String;
}

/// The version of a response that a sealed document belongs to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Belonging<'a> {
    pub survey: &'a str,
    pub instance_id: &'a str,
}

const NONCE: usize = 24;
const ID: usize = 8;

impl Place for Belonging<'_> {
    fn bound(self, purpose: &str) -> Vec<u8> {
        joined(&["innogauge 1", purpose, self.survey, self.instance_id])
    }

    fn named(self) -> String {
        format!("the personal answers of '{}'", self.instance_id)
    }
}

/// A piece of a file of a job.
#[derive(Debug, Clone, Copy)]
pub(super) struct JobPiece<'a> {
    pub job: i64,
    pub part: &'a str,
    pub lease: i64,
    pub position: i64,
}

impl Place for JobPiece<'_> {
    fn bound(self, purpose: &str) -> Vec<u8> {
        let Self {
            job,
            part,
            lease,
            position,
        } = self;
        let place = format!("{job} {part} {lease} {position}");
        joined(&["innogauge 1 file of job", purpose, &place])
    }

    fn named(self) -> String {
        format!("the file of job {}", self.job)
    }
}

/// The authenticator of a user.
#[derive(Debug, Clone, Copy)]
pub(super) struct Authenticator {
    pub user: i64,
}

impl Place for Authenticator {
    fn bound(self, purpose: &str) -> Vec<u8> {
        joined(&["innogauge 1 authenticator", purpose, &self.user.to_string()])
    }

    fn named(self) -> String {
        "the secret of an authenticator".to_owned()
    }
}

/// The content of a file of a response, which lies outside of the database: the row has its data key alone.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileContent<'a> {
    pub hash: &'a str,
}

impl Place for FileContent<'_> {
    fn bound(self, purpose: &str) -> Vec<u8> {
        joined(&["innogauge 1 content of file", purpose, self.hash])
    }

    fn named(self) -> String {
        format!("the key of the content {}", self.hash)
    }
}

/// Parts with their lengths before them, so that none can reach into the next.
fn joined(parts: &[&str]) -> Vec<u8> {
    let mut bound = Vec::with_capacity(128);
    for part in parts {
        bound.extend((part.len() as u64).to_le_bytes());
        bound.extend(part.as_bytes());
    }
    bound
}

/// Seals what is personal of a version.
pub(super) fn seal(ring: &KeyRing, place: Belonging<'_>, personal: &Personal) -> Result<Sealed, StoreError> {
    let text = serde_json::to_vec(personal).map_err(|error| StoreError::Unreadable(error.to_string()))?;
    seal_bytes(ring, place, &Zeroizing::new(text))
}

/// Opens it again.
pub(super) fn open(keys: &Keys, place: Belonging<'_>, sealed: &Sealed) -> Result<Personal, StoreError> {
    let text = open_bytes(keys, place, sealed)?;
    serde_json::from_slice(&text).map_err(|_| damaged(place))
}

/// Seals bytes.
pub(super) fn seal_bytes(ring: &KeyRing, place: impl Place, bytes: &[u8]) -> Result<Sealed, StoreError> {
    let data_key: Zeroizing<[u8; 32]> = Zeroizing::new(random_bytes()?);
    let content = encrypt(&data_key, bytes, &place.bound("personal"))?;
    Ok(Sealed {
        data_key: wrap(ring, place, &data_key)?,
        content,
    })
}

/// Opens them again.
pub(super) fn open_bytes(keys: &Keys, place: impl Place, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let data_key = unwrap(keys, place, &sealed.data_key)?;
    decrypt(&data_key, &sealed.content, &place.bound("personal")).ok_or_else(|| damaged(place))
}

/// A new data key, wrapped.
pub(super) fn new_data_key(ring: &KeyRing, place: impl Place) -> Result<Vec<u8>, StoreError> {
    wrap(ring, place, &Zeroizing::new(random_bytes()?))
}

/// Wraps a data key by the newest master key; `None` where that has been done.
pub(super) fn rewrap(keys: &Keys, place: impl Place, data_key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let ring = keys.for_reading()?;
    if ring.newest().map(|key| key.id) == wrapped_by(data_key) {
        return Ok(None);
    }
    let secret = unwrap(keys, place, data_key)?;
    wrap(&ring, place, &secret).map(Some)
}

/// The master key that a data key is wrapped by.
pub(super) fn wrapped_by(data_key: &[u8]) -> Option<KeyId> {
    data_key.first_chunk::<ID>().copied().map(KeyId)
}

fn wrap(ring: &KeyRing, place: impl Place, data_key: &Zeroizing<[u8; 32]>) -> Result<Vec<u8>, StoreError> {
    let master = ring.newest().ok_or(StoreError::KeysNeeded { file: None })?;
    let mut wrapped = master.id.0.to_vec();
    wrapped.extend(encrypt(&master.secret, data_key.as_slice(), &place.bound("data key"))?);
    Ok(wrapped)
}

/// The data key that is wrapped.
pub(super) fn unwrap(keys: &Keys, place: impl Place, data_key: &[u8]) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    let (id, wrapped) = data_key.split_first_chunk::<ID>().ok_or_else(|| damaged(place))?;
    let id = KeyId(*id);
    let mut ring = keys.for_reading()?;
    if ring.get(id).is_none() {
        ring = keys.anew()?;
    }
    let master = ring
        .get(id)
        .ok_or_else(|| StoreError::UnknownKey { key: id.to_string() })?;
    let secret = decrypt(&master.secret, wrapped, &place.bound("data key")).ok_or_else(|| damaged(place))?;
    let secret = <[u8; 32]>::try_from(secret.as_slice()).map_err(|_| damaged(place))?;
    Ok(Zeroizing::new(secret))
}

fn damaged(place: impl Place) -> StoreError {
    StoreError::Unreadable(format!("{} is not what was sealed there", place.named()))
}

fn encrypt(key: &Zeroizing<[u8; 32]>, text: &[u8], bound: &[u8]) -> Result<Vec<u8>, StoreError> {
    let nonce: [u8; NONCE] = random_bytes()?;
    let payload = Payload { msg: text, aad: bound };
    let sealed = cipher(key)
        .encrypt(&XNonce::from(nonce), payload)
        .map_err(|_| StoreError::System("the answers are too long to be sealed".to_owned()))?;
    let mut whole = nonce.to_vec();
    whole.extend(sealed);
    Ok(whole)
}

fn decrypt(key: &Zeroizing<[u8; 32]>, whole: &[u8], bound: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = whole.split_first_chunk::<NONCE>()?;
    let payload = Payload {
        msg: sealed,
        aad: bound,
    };
    let text = cipher(key).decrypt(&XNonce::from(*nonce), payload).ok()?;
    Some(Zeroizing::new(text))
}

fn cipher(key: &Zeroizing<[u8; 32]>) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(**key))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;
    use crate::store::Address;

    #[test]
    fn what_was_sealed_opens_in_its_place_only_and_not_when_a_bit_is_changed() {
        let keys = Keys::of(&Address::Temporary, None);
        let ring = keys.for_writing().unwrap();
        let here = Belonging {
            survey: "firm",
            instance_id: "uuid:1",
        };
        let personal = Personal {
            answers: Some(json!({"contact": "Li Ming"})),
            ..Personal::default()
        };
        let sealed = seal(&ring, here, &personal).unwrap();
        assert_eq!(open(&keys, here, &sealed).unwrap(), personal);
        for elsewhere in [
            Belonging {
                survey: "firm",
                instance_id: "uuid:2",
            },
            Belonging {
                survey: "firmu",
                instance_id: "uid:1",
            },
        ] {
            assert!(open(&keys, elsewhere, &sealed).is_err());
        }
        for position in 0..sealed.content.len() {
            let mut changed = sealed.clone();
            changed.content[position] ^= 1;
            assert!(open(&keys, here, &changed).is_err(), "byte {position}");
        }
        let other = KeyRing::generate(DateTime::UNIX_EPOCH).unwrap();
        let unknown = seal(&other, here, &personal).unwrap();
        assert!(matches!(
            open(&keys, here, &unknown),
            Err(StoreError::UnknownKey { .. } | StoreError::KeysNeeded { .. })
        ));
    }
}
