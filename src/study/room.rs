//! No room left: how the system, and the libraries that write files, tell that a disk is full.

use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use rust_xlsxwriter::XlsxError;
use zip::result::ZipError;

use super::StudyError;
use crate::spreadsheet::WriteError;
use crate::store::{BackupError, StoreError};

/// The kinds of failure that room would mend: a full disk, a quota, a limit on the size of files.
const NO_ROOM: [ErrorKind; 3] = [
    ErrorKind::StorageFull,
    ErrorKind::QuotaExceeded,
    ErrorKind::FileTooLarge,
];

/// Whether the system refused to write because there is no room.
///
/// ```
/// use innogauge::study::is_out_of_room;
///
/// assert!(is_out_of_room(&std::io::ErrorKind::StorageFull.into()));
/// assert!(!is_out_of_room(&std::io::ErrorKind::NotFound.into()));
/// ```
pub fn is_out_of_room(error: &io::Error) -> bool {
    NO_ROOM.contains(&error.kind())
}

impl StudyError {
    /// Whether it failed because there is no room, in the database or for a temporary file.
    pub fn is_out_of_room(&self) -> bool {
        match self {
            Self::Store(error) => matches!(error, StoreError::Full),
            Self::File { error, .. } | Self::Backup(BackupError::File { source: error, .. }) => is_out_of_room(error),
            Self::Table(error) => matches!(error.kind(), csv::ErrorKind::Io(error) if is_out_of_room(error)),
            Self::Workbook(error) | Self::Issues(WriteError::Library(error)) => match error {
                XlsxError::IoError(error)
                | XlsxError::TempFileError(_, error)
                | XlsxError::ZipError(ZipError::Io(error)) => is_out_of_room(error),
                _ => false,
            },
            _ => false,
        }
    }
}

/// Writes a workbook: the library panics where its own temporary file takes no more, which here is an error like others.
///
/// # Errors
/// Those of `write`, and [`StudyError::File`] where there was no room.
pub(super) fn panics_as_errors<T>(write: impl FnOnce() -> Result<T, StudyError>) -> Result<T, StudyError> {
    let panic = match catch_unwind(AssertUnwindSafe(write)) {
        Ok(written) => return written,
        Err(panic) => panic,
    };
    let told = panic.downcast_ref::<String>().map_or("", String::as_str);
    // The message holds the `Debug` of the system's error, which names its kind.
    match NO_ROOM.into_iter().find(|kind| told.contains(&format!("{kind:?}"))) {
        Some(kind) => Err(StudyError::File {
            file: std::env::temp_dir(),
            error: kind.into(),
        }),
        None => resume_unwind(panic),
    }
}
