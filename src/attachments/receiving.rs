//! Content that is arriving: into a file of its own, hashed and counted as it comes.

use std::fs::File;
use std::io::Write as _;

use sha2::{Digest as _, Sha256};
use tempfile::{NamedTempFile, TempPath};

use super::media::LOOKED_AT;
use super::{ContentError, FileKind, MediaType};
use crate::response::Fingerprint;

/// Content that is arriving. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Receiving {
    file: NamedTempFile,
    hasher: Sha256,
    size: u64,
    limit: u64,
    beginning: Vec<u8>,
}

/// Content that has arrived, and is not kept yet. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Received {
    /// The SHA-256 of it.
    pub hash: Fingerprint,
    /// How many bytes it has.
    pub size: u64,
    /// What it is.
    pub media_type: MediaType,
    pub(super) file: TempPath,
}

impl Received {
    /// Opens it for reading.
    ///
    /// # Errors
    /// Where the system gives it no more.
    pub fn open(&self) -> Result<File, ContentError> {
        File::open(&self.file).map_err(|error| ContentError::of_system(&error))
    }
}

impl Receiving {
    pub(super) fn into(file: NamedTempFile, limit: u64) -> Self {
        Self {
            file,
            hasher: Sha256::new(),
            size: 0,
            limit,
            beginning: Vec::new(),
        }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ContentError::TooLarge`] with the first byte over the limit, [`ContentError::Full`] where there is no room.
    pub fn take(&mut self, bytes: &[u8]) -> Result<(), ContentError> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            return Err(ContentError::TooLarge { limit: self.limit });
        }
        self.hasher.update(bytes);
        let wanted = LOOKED_AT.saturating_sub(self.beginning.len());
        self.beginning.extend(bytes.iter().take(wanted));
        self.file
            .write_all(bytes)
            .map_err(|error| ContentError::of_system(&error))
    }

    /// The content is whole.
    ///
    /// # Errors
    /// [`ContentError::Empty`], [`ContentError::Kind`] where it is not what is taken here, [`ContentError::Full`].
    pub fn finish(self, kind: FileKind) -> Result<Received, ContentError> {
        if self.size == 0 {
            return Err(ContentError::Empty);
        }
        let media_type = kind
            .media_type(&self.beginning)
            .map_err(|found| ContentError::Kind { found })?;
        // It is moved to its place as it is: it must be on the disk before that.
        self.file
            .as_file()
            .sync_all()
            .map_err(|error| ContentError::of_system(&error))?;
        Ok(Received {
            hash: Fingerprint::of_digest(self.hasher.finalize().into()),
            size: self.size,
            media_type,
            file: self.file.into_temp_path(),
        })
    }
}
