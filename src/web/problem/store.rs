//! What the store's errors are to a caller.

use super::{Code, Problem};
use crate::response::ReviewError;
use crate::store::{PasswordFault, StoreError};

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
            StoreError::AttachmentConflict { .. } => Self::new(Code::AttachmentConflict),
            StoreError::AttachmentsTooLarge { limit } => Self::new(Code::TooLarge)
                .explain(
                    format!("该答卷的全部附件合计不得超过 {limit} 字节。"),
                    format!("All files of the response together have at most {limit} bytes."),
                )
                .member("limit_bytes", *limit),
            StoreError::Stale { .. } => Self::new(Code::StateConflict).detail(error.to_string()),
            StoreError::ConsentWithdrawn { .. } => Self::new(Code::ConsentWithdrawn),
            StoreError::KeysNeeded { .. } | StoreError::UnusableKeys { .. } | StoreError::UnknownKey { .. } => {
                Self::new(Code::KeysMissing).cause(&error)
            }
            StoreError::LongInstanceId { most } => Self::new(Code::ValueInvalid).explain(
                format!("instance ID 至多 {most} 个字符，例如 uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11。"),
                format!("{error}."),
            ),
            StoreError::Refused(_) | StoreError::NulCharacter { .. } => {
                Self::new(Code::ValueInvalid).detail(error.to_string())
            }
            StoreError::Busy | StoreError::Locked => Self::new(Code::Busy).cause(&error).retry_after(1),
            StoreError::ConnectionLost(_) | StoreError::Unreachable { .. } | StoreError::ReadOnly => {
                Self::new(Code::DatabaseUnavailable).cause(&error).retry_after(5)
            }
            StoreError::Full => Self::out_of_room(&error),
            _ => Self::internal(&error),
        }
    }
}

impl From<PasswordFault> for Problem {
    fn from(fault: PasswordFault) -> Self {
        let zh = match fault {
            PasswordFault::Short => "新密码至少 12 个字符，可以使用几个词组成的短语。",
            PasswordFault::Long => "新密码过长，至多 1024 字节。",
            PasswordFault::Name => "新密码不得包含用户名。",
            PasswordFault::Common => "该密码容易被猜到：它是常见密码，或由常见词语、键盘顺序、日期简单拼成。",
        };
        Self::new(Code::PasswordRefused).explain(zh, format!("{fault}."))
    }
}
