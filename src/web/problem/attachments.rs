//! What the errors of contents are to a caller.

use super::{Code, Problem};
use crate::attachments::ContentError;

impl From<ContentError> for Problem {
    fn from(error: ContentError) -> Self {
        match &error {
            ContentError::TooLarge { limit } => Self::new(Code::TooLarge)
                .explain(format!("上限为 {limit} 字节。"), format!("The limit is {limit} bytes."))
                .member("limit_bytes", *limit),
            ContentError::Empty => Self::new(Code::FileInvalid).explain("文件是空的。", "The file is empty."),
            ContentError::Kind { found } => Self::new(Code::UnsupportedMediaType)
                .explain(
                    format!("该题不接受此类文件：从内容看是 {found}。"),
                    format!("The question does not take this kind of file: its content is {found}."),
                )
                .member("media_type", found.as_str()),
            ContentError::Full => Self::new(Code::StorageFull).cause(&error).retry_after(60),
            ContentError::Unavailable(_)
            | ContentError::Missing { .. }
            | ContentError::Changed { .. }
            | ContentError::NotSet
            | ContentError::Address { .. } => Self::new(Code::AttachmentsUnavailable).cause(&error).retry_after(5),
        }
    }
}
