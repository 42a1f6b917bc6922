//! Why something is not an instance at all. What is wrong with single answers is a problem instead.

use thiserror::Error;

use crate::definition::Language;

/// What was sent can't be read as an instance of any form. Lines and columns count from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InstanceError {
    /// Not well-formed XML.
    #[error("line {line}, column {column}: this is not valid XML ({reason}); send it again from the form")]
    NotXml {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// What is wrong, in English.
        reason: String,
    },
    /// It has a document type declaration, which could name files or unfold without end.
    #[error("line {line}, column {column}: a document type declaration (<!DOCTYPE …>) is not taken; leave it out")]
    Doctype {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// Nested deeper than any survey.
    #[error("line {line}, column {column}: elements are nested more than {most} deep, which no survey is")]
    TooDeep {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
        /// How deep they may be.
        most: usize,
    },
    /// More bytes than an instance may have.
    #[error("these answers are larger than {megabytes} MB; send files as attachments and fewer entries")]
    TooLarge {
        /// How many megabytes there may be.
        megabytes: usize,
    },
    /// More elements than an instance may have.
    #[error("these answers have more than {most} elements; enter fewer entries")]
    TooManyNodes {
        /// How many there may be.
        most: usize,
    },
    /// Not in the encoding that it says, or in one that is not known.
    #[error("this is not text in the encoding '{encoding}'; send it in UTF-8")]
    NotEncoded {
        /// The encoding that was declared, or that it begins as.
        encoding: String,
    },
    /// The outermost element does not say which form it answers.
    #[error("the outermost element <{root}> has no attribute 'id' with the id of a survey; send it from the form")]
    NoFormId {
        /// The name of the outermost element.
        root: String,
    },
}

impl InstanceError {
    /// What is wrong and what to do, in this language. What the reader of XML says of it, it says in English only.
    ///
    /// ```
    /// use innogauge::definition::Language;
    /// use innogauge::response::instance::Head;
    ///
    /// let error = Head::read(b"<data/>").unwrap_err();
    /// assert_eq!(
    ///     error.message(Language::Chinese),
    ///     "最外层元素 <data> 没有写明问卷编号的 id 属性，请从问卷中重新提交。"
    /// );
    /// ```
    pub fn message(&self, language: Language) -> String {
        if language == Language::English {
            return format!("{self}.");
        }
        let place = |line: &usize, column: &usize| format!("第 {line} 行第 {column} 列：");
        match self {
            Self::NotXml { line, column, .. } => {
                format!("{}内容不是有效的 XML，请从问卷中重新提交。", place(line, column))
            }
            Self::Doctype { line, column } => {
                format!("{}不接受文档类型声明（<!DOCTYPE …>），请删除。", place(line, column))
            }
            Self::TooDeep { line, column, most } => {
                format!("{}元素嵌套超过 {most} 层，没有这样的问卷。", place(line, column))
            }
            Self::TooLarge { megabytes } => {
                format!("答卷超过 {megabytes} MB，请将文件作为附件提交，并减少条数。")
            }
            Self::TooManyNodes { most } => format!("答卷的元素超过 {most} 个，请减少条数。"),
            Self::NotEncoded { encoding } => format!("内容不是“{encoding}”编码的文本，请用 UTF-8 提交。"),
            Self::NoFormId { root } => {
                format!("最外层元素 <{root}> 没有写明问卷编号的 id 属性，请从问卷中重新提交。")
            }
        }
    }
}
