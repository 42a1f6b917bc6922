//! Files that the answers of an export name, and what can be wrong with them.

use crate::definition::{Language, QuestionType};
use crate::response::{Answers, Severity, named_files};
use crate::workbook::Address;

use super::finding::Finding;
use super::record::Places;

/// A file that an answer of an export names.
#[derive(Debug, Clone, PartialEq)]
pub struct FileNamed {
    /// Its name.
    pub name: String,
    /// The cell that names it.
    pub at: Address,
}

/// The files that the answers of a row name. Logs of interviews are none: Central makes one table of all of them.
pub(super) fn named(answers: &Answers, places: &Places<'_>) -> Vec<FileNamed> {
    let files = named_files(answers).into_iter();
    let files = files.filter(|file| file.question_type != QuestionType::Audit);
    files
        .map(|file| FileNamed {
            at: places.place_of(&file.question, answers),
            name: file.name,
        })
        .collect()
}

/// Why a file that an answer names is not kept. The answers are imported all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileFault {
    /// The export has files, and not this one.
    Absent,
    /// Several responses name it, or several files have the name: whose it is nobody can say.
    OfSeveral,
    /// It can't be unpacked.
    Damaged,
    /// It has no bytes.
    Empty,
    /// It is larger than a file may be, in bytes.
    TooLarge(u64),
    /// All files of the response together are larger than they may be, in bytes.
    AllTooLarge(u64),
    /// The response got another file under this name in the meantime.
    OtherKept,
    /// No place is set for files.
    NoPlace,
    /// The place for files is full, or can't be reached.
    PlaceFails,
}

impl FileFault {
    fn name(&self) -> &'static str {
        match self {
            Self::Absent => "file_absent",
            Self::OfSeveral => "file_of_several",
            Self::Damaged => "file_damaged",
            Self::Empty => "file_empty",
            Self::TooLarge(_) | Self::AllTooLarge(_) => "file_too_large",
            Self::OtherKept => "other_file_kept",
            Self::NoPlace | Self::PlaceFails => "no_place_for_files",
        }
    }

    fn in_english(&self, file: &str) -> String {
        match self {
            Self::Absent => format!(
                "The export has no file '{file}' in media/: the response awaits it. Export again with all files, or send it by its name."
            ),
            Self::OfSeveral => format!(
                "Whose '{file}' is can't be told, since more than one response or file has this name: it was left alone. Send it by its name."
            ),
            Self::Damaged => format!("The file '{file}' in media/ is damaged and can't be unpacked: the response awaits it."),
            Self::Empty => format!("The file '{file}' in media/ is empty: the response awaits it."),
            Self::TooLarge(limit) => format!(
                "The file '{file}' is over {}, and was not kept. Raise `limits.attachment_bytes`, and import again.",
                megabytes(*limit)
            ),
            Self::AllTooLarge(limit) => format!(
                "With '{file}' the files of the response would be over {} together: it was not kept. Raise `limits.response_attachments_bytes`, and import again.",
                megabytes(*limit)
            ),
            Self::OtherKept => {
                format!("The response has another file '{file}' already, which stays.")
            }
            Self::NoPlace => "The answers are imported and their files are not: no place is set for files. Set `attachments`, and import again.".to_owned(),
            Self::PlaceFails => format!(
                "The answers are imported; '{file}' and the files after it are not, since the place for files is full or can't be reached. Import again later."
            ),
        }
    }

    fn in_chinese(&self, file: &str) -> String {
        match self {
            Self::Absent => {
                format!(
                    "导出文件的 media/ 中没有“{file}”，该答卷仍在等待此文件。请连同全部文件重新导出，或按文件名单独上传。"
                )
            }
            Self::OfSeveral => {
                format!("有多份答卷或多个文件使用名称“{file}”，无法确定归属，未保存。请按文件名单独上传。")
            }
            Self::Damaged => format!("media/ 中的“{file}”已损坏，无法解压，该答卷仍在等待此文件。"),
            Self::Empty => format!("media/ 中的“{file}”为空文件，该答卷仍在等待此文件。"),
            Self::TooLarge(limit) => format!(
                "文件“{file}”超过 {}，未保存。请调高 limits.attachment_bytes 后重新导入。",
                megabytes(*limit)
            ),
            Self::AllTooLarge(limit) => format!(
                "加上“{file}”后该答卷的附件合计超过 {}，未保存。请调高 limits.response_attachments_bytes 后重新导入。",
                megabytes(*limit)
            ),
            Self::OtherKept => format!("该答卷已有另一个名为“{file}”的文件，保留原文件。"),
            Self::NoPlace => {
                "答案已导入，附件未保存：尚未设置附件的存放位置。请设置 attachments 后重新导入。".to_owned()
            }
            Self::PlaceFails => {
                format!("答案已导入；“{file}”及其后的附件未保存，因存放位置已满或无法访问。请稍后重新导入。")
            }
        }
    }
}

impl FileNamed {
    /// What is wrong with the file, said at the cell that names it.
    pub fn finding(&self, fault: &FileFault, language: &str) -> Finding {
        let message = match Language::from_tag(language).unwrap_or_default() {
            Language::Chinese => fault.in_chinese(&self.name),
            Language::English => fault.in_english(&self.name),
        };
        Finding {
            at: self.at.clone(),
            severity: Severity::Warning,
            code: fault.name(),
            message: message.into(),
        }
    }
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", bytes >> 20)
}
