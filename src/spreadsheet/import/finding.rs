//! What is wrong with a cell, a column or a row, said to the person who has the workbook open.

use crate::definition::Language;
use crate::response::{Problem, Severity};

use super::exported::ExportFault;
use crate::workbook::Address;

/// One thing to look at in a workbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The cell.
    pub at: Address,
    /// Whether it keeps the row out, or only wants looking at.
    pub severity: Severity,
    /// A stable name for programs: that of the response's problem, or one of this door.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub message: Box<str>,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// What can be wrong with a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fault {
    /// What any door may find.
    Answer(Box<Problem>),
    /// What only a spreadsheet can do wrong.
    Sheet(SheetFault),
    /// What only the export of another server can do wrong.
    Export(ExportFault),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Answer(Box::new(problem))
    }
}

impl From<SheetFault> for Fault {
    fn from(fault: SheetFault) -> Self {
        Self::Sheet(fault)
    }
}

impl From<ExportFault> for Fault {
    fn from(fault: ExportFault) -> Self {
        Self::Export(fault)
    }
}

impl Fault {
    pub fn severity(&self) -> Severity {
        match self {
            Self::Answer(problem) => problem.severity,
            Self::Sheet(SheetFault::SameAnswers { .. }) => Severity::Warning,
            Self::Export(fault) => fault.severity(),
            Self::Sheet(_) => Severity::Problem,
        }
    }

    /// The finding, at a cell, in a language.
    pub fn at(&self, at: Address, language: &str) -> Finding {
        let own = Language::from_tag(language).unwrap_or_default();
        let (code, message) = match self {
            Self::Answer(problem) => (problem.code.name(), problem.message(language)),
            Self::Sheet(fault) => (fault.name(), fault.message(own)),
            Self::Export(fault) => (fault.name(), fault.message(own)),
        };
        Finding {
            at,
            severity: self.severity(),
            code,
            message: message.into(),
        }
    }
}

/// What only a spreadsheet can do wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SheetFault {
    /// The cell shows an error of the spreadsheet program.
    ErrorValue { value: String },
    /// A long number, of which the spreadsheet program kept fifteen digits.
    DigitsLost { value: String },
    /// The spreadsheet program made a date of something that was not meant as one.
    TurnedIntoDate { value: String },
    /// A number shown in percent, where the question's unit is another.
    Percentage { value: String },
    /// Words that more than one choice has.
    AmbiguousChoice { value: String, codes: String },
    /// Neither ticked nor empty.
    NotATick { value: String },
    /// Two choices at one place of a rank.
    PlaceTwice { place: String },
    /// A column whose code the survey does not have.
    UnknownColumn { code: String, nearest: Option<String> },
    /// A code that another column has already.
    ColumnTwice { code: String, first: String },
    /// A number that another row has already, so that its entries are nobody's.
    KeyTwice { key: String, first: String },
    /// An entry of an organisation that is not there.
    UnknownKey { key: String },
    /// An entry without a number.
    NoKey,
    /// An entry within an entry that is not there.
    UnknownEntry { entry: String },
    /// The columns of the choices say other choices than the column of them all.
    ColumnsDisagree { whole: String },
    /// The same answers as another row.
    SameAnswers { first: String },
}

impl SheetFault {
    fn name(&self) -> &'static str {
        match self {
            Self::ErrorValue { .. } => "error_value",
            Self::DigitsLost { .. } => "digits_lost",
            Self::TurnedIntoDate { .. } => "turned_into_date",
            Self::Percentage { .. } => "percentage",
            Self::AmbiguousChoice { .. } => "ambiguous_choice",
            Self::NotATick { .. } => "not_a_tick",
            Self::PlaceTwice { .. } => "place_twice",
            Self::UnknownColumn { .. } => "unknown_column",
            Self::ColumnTwice { .. } => "column_twice",
            Self::KeyTwice { .. } => "key_twice",
            Self::UnknownKey { .. } => "unknown_key",
            Self::NoKey => "no_key",
            Self::UnknownEntry { .. } => "unknown_entry",
            Self::ColumnsDisagree { .. } => "columns_disagree",
            Self::SameAnswers { .. } => "same_answers",
        }
    }

    fn message(&self, language: Language) -> String {
        let zh = language == Language::Chinese;
        match self {
            Self::ErrorValue { value } if zh => format!("单元格显示错误值 {value}，请更正公式或直接填写数值。"),
            Self::ErrorValue { value } => {
                format!("The cell shows the error {value}. Correct the formula or type the value.")
            }
            Self::DigitsLost { value } if zh => {
                format!("“{value}”被表格软件当作数字，15 位以后的数字已丢失。请把单元格设为文本格式后重新填写。")
            }
            Self::DigitsLost { value } => format!(
                "The spreadsheet program took '{value}' for a number and lost the digits after the fifteenth. Format the cell as text and type it again."
            ),
            Self::TurnedIntoDate { value } if zh => {
                format!("表格软件把填写的内容变成了日期（{value}）。请把单元格设为文本或常规格式后重新填写。")
            }
            Self::TurnedIntoDate { value } => format!(
                "The spreadsheet program made a date ({value}) of what was typed. Format the cell as text or general and type it again."
            ),
            Self::Percentage { value } if zh => {
                format!("单元格显示为百分数（{value}），但此题不以百分比为单位。请按题目单位填写。")
            }
            Self::Percentage { value } => {
                format!(
                    "The cell shows a percentage ({value}), but the question is not in percent. Give it in the question's unit."
                )
            }
            Self::AmbiguousChoice { value, codes } if zh => {
                format!("“{value}”对应多个选项（{codes}），请填写选项代码。")
            }
            Self::AmbiguousChoice { value, codes } => {
                format!("'{value}' may be several choices ({codes}). Give the code of the one that is meant.")
            }
            Self::NotATick { value } if zh => format!("请打 √ 或留空，“{value}”的含义不明确。"),
            Self::NotATick { value } => format!("Give √ or leave it empty: what '{value}' means is not clear."),
            Self::PlaceTwice { place } if zh => format!("名次 {place} 重复，请为每个选项填写不同的名次。"),
            Self::PlaceTwice { place } => format!("The place {place} is given twice. Give each choice its own place."),
            Self::UnknownColumn {
                code,
                nearest: Some(nearest),
            } if zh => {
                format!("调查中没有代码为“{code}”的列，是否应为“{nearest}”？")
            }
            Self::UnknownColumn { code, nearest: None } if zh => {
                format!("调查中没有代码为“{code}”的列，请更正代码或删除此列。")
            }
            Self::UnknownColumn {
                code,
                nearest: Some(nearest),
            } => {
                format!("The survey has no column with the code '{code}'. Did you mean '{nearest}'?")
            }
            Self::UnknownColumn { code, nearest: None } => {
                format!("The survey has no column with the code '{code}'. Correct the code or delete the column.")
            }
            Self::ColumnTwice { code, first } if zh => format!("代码“{code}”与 {first} 重复，请删除其中一列。"),
            Self::ColumnTwice { code, first } => {
                format!("The code '{code}' stands in {first} already. Delete one of the columns.")
            }
            Self::KeyTwice { key, first } if zh => {
                format!("序号“{key}”与 {first} 重复，无法确定明细属于哪个单位。请改为不同的序号。")
            }
            Self::KeyTwice { key, first } => {
                format!(
                    "The No. '{key}' stands in {first} already, so that its entries are nobody's. Give each row its own."
                )
            }
            Self::UnknownKey { key } if zh => format!("填报表中没有序号“{key}”，请填写该单位在填报表中的序号。"),
            Self::UnknownKey { key } => {
                format!("The sheet of answers has no row with the No. '{key}'. Give the organisation's No. there.")
            }
            Self::NoKey if zh => "请填写该单位在填报表中的序号。".to_owned(),
            Self::NoKey => "Give the organisation's No. from the sheet of answers.".to_owned(),
            Self::UnknownEntry { entry } if zh => format!("没有第“{entry}”条上级记录，请核对。"),
            Self::UnknownEntry { entry } => {
                format!("There is no entry '{entry}' for this one to belong to. Please check it.")
            }
            Self::ColumnsDisagree { whole } if zh => format!("各选项列与合并列“{whole}”不一致，请核对。"),
            Self::ColumnsDisagree { whole } => {
                format!("The columns of the single choices say other choices than '{whole}' in the column of them all.")
            }
            Self::SameAnswers { first } if zh => format!("与 {first} 的答案完全相同，只计一次。"),
            Self::SameAnswers { first } => format!("The same answers as in {first}: counted once."),
        }
    }
}
