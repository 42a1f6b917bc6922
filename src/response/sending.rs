//! What becomes of something that was sent: a pure decision on what is already known.

use std::fmt;

use sha2::{Digest, Sha256};

use super::answers::Answers;

/// A fingerprint of what was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of the bytes as they came over the wire.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of answers as they were received, in canonical form: the same however they were written.
    pub fn of_answers(answers: &Answers) -> Self {
        Self::of_bytes(answers.received_json().to_string().as_bytes())
    }

    /// That of bytes whose SHA-256 was computed elsewhere.
    pub fn of_digest(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The fingerprint of this hexadecimal text.
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (position, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * position..2 * position + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

/// What arrives, as far as the decision goes.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    /// Of the bytes.
    pub bytes: Fingerprint,
    /// Of the answers.
    pub answers: Fingerprint,
    /// Whether it says which version it edits (`deprecatedID`).
    pub is_edit: bool,
}

/// A version that is already kept under the same instance ID.
#[derive(Debug, Clone, Copy)]
pub struct KnownVersion {
    /// Of its bytes.
    pub bytes: Fingerprint,
    /// Of its answers.
    pub answers: Fingerprint,
}

/// What is known of the version that an edit edits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predecessor {
    /// It has not arrived.
    Unknown,
    /// It is the newest version of its response.
    Current,
    /// Another version was made of it, or of one of its successors, already.
    Superseded,
}

/// What becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The same content is known under this ID: success, and nothing changes.
    Unchanged,
    /// Other content is known under this ID: refused, nothing changes.
    Conflict,
    /// A new response.
    NewResponse,
    /// A new response that edits a version which has not arrived: kept, noted, and linked when that version comes.
    NewResponseAwaitingPredecessor,
    /// The version that a response was waiting for: it becomes that response's earlier version, and the newer one
    /// stays current.
    EarlierVersion,
    /// A new version of the response; it becomes current.
    NewVersion {
        /// Whether another edit of the same version came before. Both are kept, the newest is current, the response
        /// is flagged.
        concurrent: bool,
    },
}

/// Decides what becomes of what was sent.
///
/// `known` is the version under the same instance ID, also a superseded one; `awaited` says whether a kept response
/// names this instance ID as the version that it edits.
///
/// ```
/// use innogauge::response::{Decision, Fingerprint, KnownVersion, Predecessor, Sending, decide};
///
/// let (same, other) = (Fingerprint::of_bytes(b"{}"), Fingerprint::of_bytes(b"{ }"));
/// let sending = Sending { bytes: other, answers: same, is_edit: false };
/// let known = KnownVersion { bytes: same, answers: same };
/// assert_eq!(decide(sending, Some(known), Predecessor::Unknown, false), Decision::Unchanged);
/// assert_eq!(decide(sending, None, Predecessor::Unknown, false), Decision::NewResponse);
/// ```
pub fn decide(sending: Sending, known: Option<KnownVersion>, predecessor: Predecessor, awaited: bool) -> Decision {
    if let Some(known) = known {
        return if known.bytes == sending.bytes || known.answers == sending.answers {
            Decision::Unchanged
        } else {
            Decision::Conflict
        };
    }
    match (sending.is_edit, predecessor) {
        (true, Predecessor::Current) => Decision::NewVersion { concurrent: false },
        (true, Predecessor::Superseded) => Decision::NewVersion { concurrent: true },
        _ if awaited => Decision::EarlierVersion,
        (true, Predecessor::Unknown) => Decision::NewResponseAwaitingPredecessor,
        (false, _) => Decision::NewResponse,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sending(bytes: &str, answers: &str, is_edit: bool) -> Sending {
        Sending {
            bytes: Fingerprint::of_bytes(bytes.as_bytes()),
            answers: Fingerprint::of_bytes(answers.as_bytes()),
            is_edit,
        }
    }

    fn known(bytes: &str, answers: &str) -> KnownVersion {
        let Sending { bytes, answers, .. } = sending(bytes, answers, false);
        KnownVersion { bytes, answers }
    }

    #[test]
    fn under_a_known_id_only_the_content_decides() {
        for is_edit in [false, true] {
            for predecessor in [Predecessor::Unknown, Predecessor::Current, Predecessor::Superseded] {
                for awaited in [false, true] {
                    let decide_on = |bytes, answers| {
                        decide(
                            sending(bytes, answers, is_edit),
                            Some(known("bytes", "answers")),
                            predecessor,
                            awaited,
                        )
                    };
                    assert_eq!(decide_on("bytes", "answers"), Decision::Unchanged);
                    assert_eq!(
                        decide_on("other bytes", "answers"),
                        Decision::Unchanged,
                        "written otherwise"
                    );
                    assert_eq!(
                        decide_on("bytes", "other answers"),
                        Decision::Unchanged,
                        "read otherwise since"
                    );
                    assert_eq!(decide_on("other bytes", "other answers"), Decision::Conflict);
                }
            }
        }
    }

    #[test]
    fn edits_find_their_place_in_whatever_order_they_come() {
        let edit = |predecessor, awaited| decide(sending("b", "a", true), None, predecessor, awaited);
        assert_eq!(
            edit(Predecessor::Current, false),
            Decision::NewVersion { concurrent: false }
        );
        assert_eq!(
            edit(Predecessor::Superseded, false),
            Decision::NewVersion { concurrent: true }
        );
        assert_eq!(
            edit(Predecessor::Unknown, false),
            Decision::NewResponseAwaitingPredecessor
        );
        assert_eq!(
            edit(Predecessor::Unknown, true),
            Decision::EarlierVersion,
            "the middle one comes last"
        );
        let first = |awaited| decide(sending("b", "a", false), None, Predecessor::Unknown, awaited);
        assert_eq!(first(false), Decision::NewResponse);
        assert_eq!(first(true), Decision::EarlierVersion);
    }
}
