//! What the store's errors are to a caller.

use super::{Code, Problem};
use crate::response::ReviewError;
use crate::store::StoreError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::NotFound { .. } => Self::not_found(),
            StoreError::Exists { .. }
            | StoreError::PublishedDefinition { .. }
            | StoreError::InstanceConflict { .. } => Self::new(Code::Conflict).detail(error.to_string()),
            StoreError::Review(ReviewError::NoSuchTransition { .. }) => {
                Self::new(Code::StateConflict).detail(error.to_string())
            }
            StoreError::Review(ReviewError::NotAllowed { .. }) => Self::new(Code::Forbidden).detail(error.to_string()),
            StoreError::Review(ReviewError::CommentNeeded { .. }) => {
                Self::new(Code::ValueInvalid).explain("此变更需要填写说明。", error.to_string())
            }
            StoreError::Stale { .. } => Self::new(Code::StateConflict).detail(error.to_string()),
            StoreError::Refused(_) | StoreError::NulCharacter { .. } => {
                Self::new(Code::ValueInvalid).detail(error.to_string())
            }
            StoreError::Busy | StoreError::Locked => Self::new(Code::Busy).cause(&error).retry_after(1),
            StoreError::ConnectionLost(_) | StoreError::Unreachable { .. } | StoreError::ReadOnly => {
                Self::new(Code::DatabaseUnavailable).cause(&error).retry_after(5)
            }
            StoreError::Full => Self::new(Code::StorageFull).cause(&error).retry_after(60),
            _ => Self::internal(&error),
        }
    }
}
