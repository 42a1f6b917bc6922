//! What can go wrong with the content of files.

use std::error::Error as _;
use std::io::{Error as IoError, ErrorKind};

use crate::response::Fingerprint;

/// Why content could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// The setting names no place.
    #[error("'{address}' is no place for attachments: {reason}")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No place is set, and none goes without saying.
    #[error("no place for attachments is set: name a folder or a bucket in the setting `attachments`")]
    NotSet,
    /// The file is larger than the limit.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: u64,
    },
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// The file is of no kind that is taken there.
    #[error("the file is {found}, which is not taken here")]
    Kind {
        /// What its content looks like.
        found: String,
    },
    /// The place has no room left.
    #[error("the place for attachments is full; nothing was stored")]
    Full,
    /// The place can't be reached or does not answer as it should.
    #[error("the place for attachments can't be used: {0}")]
    Unavailable(String),
    /// The content is not there.
    #[error("the content {hash} is not where it should be")]
    Missing {
        /// Its hash.
        hash: Fingerprint,
    },
    /// The content is not what was sealed.
    #[error("the content {hash} is not what it was")]
    Changed {
        /// Its hash.
        hash: Fingerprint,
    },
}

impl ContentError {
    /// What the system says of a file.
    pub(super) fn of_system(error: &IoError) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Unavailable(error.to_string()),
        }
    }

    /// What the object store says of some content.
    pub(super) fn of_store(hash: Fingerprint, error: &object_store::Error) -> Self {
        match error {
            object_store::Error::NotFound { .. } => Self::Missing { hash },
            other => Self::of_place(other),
        }
    }

    /// What the object store says of itself.
    pub(super) fn of_place(error: &object_store::Error) -> Self {
        let mut cause = error.source();
        while let Some(one) = cause {
            if let Some(system) = one.downcast_ref::<IoError>()
                && matches!(system.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
            {
                return Self::Full;
            }
            cause = one.source();
        }
        // The codes by which S3-compatible stores say it; the crate hands them on as text alone.
        let text = error.to_string();
        if ["StorageFull", "QuotaExceeded"].iter().any(|code| text.contains(code)) {
            return Self::Full;
        }
        Self::Unavailable(text)
    }
}
