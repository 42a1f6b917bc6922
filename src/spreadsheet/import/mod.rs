//! Reading a workbook that people filled in: every row becomes a response, or a list of what to correct.
//!
//! Flows in: a workbook open in its reading process, a form. Flows out: an [`ImportPlan`]: what would be stored, and
//! every problem with sheet and cell. Nothing is stored here. The steps: [`Head`] finds whose workbook it is and
//! which column holds what; `record` turns a row and its entries into answers; the one way in checks them.
//!
//! What is read here has our own row of codes, or is an export of ODK Central or KoboToolbox as it left that server
//! (`exported`). Another table is another matter: its columns have to be guessed and confirmed by a person first, and
//! whatever does that hands over a [`Head`] of its own making.

mod column;
mod exported;
mod files;
mod finding;
mod head;
mod literal;
mod plan;
mod record;
mod vocabulary;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use crate::definition::Language;
use crate::expression::Environment;
use crate::response::{Form, Processed, ReviewState, Severity, Unasked};

use crate::workbook::Address;
use crate::workbook::ReadError;
use exported::ExportFault;
pub use exported::{Origin, Reviewed};
pub use files::{FileFault, FileNamed};
use finding::Fault;
pub use finding::Finding;
pub(super) use head::AnswerSheet;
pub use head::Head;
pub use plan::plan;

/// Why a workbook cannot be imported at all.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// No sheet has a row of codes.
    #[error(
        "no sheet has the row of codes that `innogauge template` writes, nor the columns of an export of ODK Central (KEY) or KoboToolbox (_uuid, _index); copy the answers into a workbook made by that command"
    )]
    NoMark,
    /// Sheets of different surveys or versions.
    #[error("the sheets are of different surveys or versions: {one} and {another}; import them as files of their own")]
    Mixed {
        /// The mark of one sheet.
        one: Address,
        /// The mark of another.
        another: Address,
    },
    /// A workbook of another survey.
    #[error("this is a workbook of the survey '{found}' (at {at}), not of '{expected}'")]
    OtherSurvey {
        /// What the workbook says.
        found: String,
        /// What was asked for.
        expected: String,
        /// Where it says so.
        at: Address,
    },
    /// A workbook of a version that is not known here.
    #[error("this is a workbook of version '{found}' (at {at}) of the survey, which is not known here; known: {known}")]
    OtherVersion {
        /// What the workbook says.
        found: String,
        /// The versions that are known.
        known: String,
        /// Where it says so.
        at: Address,
    },
    /// Whoever heard of the progress ended it.
    #[error("the reading was stopped before its end")]
    Stopped,
}

impl ImportError {
    /// Whether the system failed, and nothing is wrong with the workbook.
    pub fn is_of_the_system(&self) -> bool {
        matches!(self, Self::Read(error) if error.is_of_the_system())
    }

    /// The error in Chinese for `zh`, else in English.
    pub fn message(&self, language: &str) -> String {
        if Language::from_tag(language) != Some(Language::Chinese) {
            return match self {
                Self::Read(error) => error.message(language),
                other => other.to_string(),
            };
        }
        match self {
            Self::Read(error) => error.message(language),
            Self::Stopped => "读取在完成前被停止。".to_owned(),
            Self::NoMark => "没有找到模板的代码行，也没有 ODK Central（KEY）或 KoboToolbox（_uuid、_index）导出文件的列；请把答案填入由 innogauge template 生成的工作簿。".to_owned(),
            Self::Mixed { one, another } => {
                format!("工作表属于不同的调查或版本：{one} 和 {another}，请分成不同的文件导入。")
            }
            Self::OtherSurvey { found, expected, at } => {
                format!("这是调查“{found}”的工作簿（{at}），不是“{expected}”的。")
            }
            Self::OtherVersion { found, known, at } => {
                format!("工作簿的问卷版本为“{found}”（{at}），系统中没有此版本。已有版本：{known}")
            }
        }
    }
}

/// How to read.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The language of the messages.
    pub language: String,
    /// When the workbook was received.
    pub at: DateTime<FixedOffset>,
    /// The round that the responses are for; it enters their instance IDs.
    pub round: Option<String>,
    /// What to do with answers to questions that were not to be asked.
    pub unasked: Unasked,
    /// No more findings than this are kept; the others are counted.
    pub most_findings: usize,
}

impl ImportOptions {
    /// Messages in a language, received at a time.
    pub fn new(language: impl Into<String>, at: DateTime<FixedOffset>) -> Self {
        Self {
            language: language.into(),
            at,
            round: None,
            unasked: Unasked::Report,
            most_findings: 20_000,
        }
    }
}

/// A version of a survey that rows may be of, and the world that its rules are evaluated in.
#[derive(Clone, Copy)]
pub struct ReadAs<'a> {
    /// The version.
    pub form: &'a Arc<Form>,
    /// The world.
    pub environment: &'a (dyn Environment + Sync),
}

/// A row that was read: one that broke no rule, or one of an export that did and may be here already.
#[derive(Debug)]
pub struct Accepted {
    /// Whether it broke no rule.
    pub sound: bool,
    /// Where it stands.
    pub at: Address,
    /// Its own instance ID, where an export has one; else one made of its content: the same answers to the same survey
    /// and round have the same one.
    pub instance_id: String,
    /// Where it comes from, where it is the row of an export.
    pub origin: Option<Origin>,
    /// The rows that it was read from (sheet and row, both from 0): its own, then those of its entries.
    pub rows: Vec<(usize, u32)>,
    /// Its answers, through the one way in.
    pub processed: Processed,
    /// The files that its answers name, where it is the row of an export.
    pub files: Vec<FileNamed>,
}

/// What would become of a workbook.
#[derive(Debug)]
pub struct ImportPlan<T> {
    /// What was made of each row that broke no rule, in the order of the workbook.
    pub accepted: Vec<T>,
    /// Organisations in the workbook.
    pub organisations: usize,
    /// The rows (sheet and row, both from 0) of organisations that cannot be imported as they are.
    pub rejected: BTreeSet<(usize, u32)>,
    /// The rows of their entries in repeats.
    rejected_entries: BTreeSet<(usize, u32)>,
    /// The rows of entries that belong to no organisation of the workbook.
    pub orphans: BTreeSet<(usize, u32)>,
    /// Everything to look at, in the order of the workbook.
    pub findings: Vec<Finding>,
    /// Findings that were not kept.
    pub findings_left_out: usize,
}

impl<T> ImportPlan<T> {
    /// Whether the whole workbook can be imported.
    pub fn is_sound(&self) -> bool {
        self.rejected.is_empty()
            && self.orphans.is_empty()
            && !self
                .findings
                .iter()
                .any(|finding| finding.severity == Severity::Problem)
    }

    /// The findings that keep rows out.
    pub fn problems(&self) -> impl Iterator<Item = &Finding> {
        self.findings
            .iter()
            .filter(|finding| finding.severity == Severity::Problem)
    }

    /// Whether a row belongs to an organisation that was kept out, or to none.
    pub(super) fn keeps_out(&self, sheet: usize, row: u32) -> bool {
        [&self.rejected, &self.rejected_entries, &self.orphans]
            .iter()
            .any(|rows| rows.contains(&(sheet, row)))
    }

    /// Keeps a response of an export out, read from these rows, since it is known under its instance ID with other
    /// answers to these questions.
    pub fn keep_out_known(
        &mut self,
        at: &Address,
        rows: &[(usize, u32)],
        questions: &[String],
        options: &ImportOptions,
    ) {
        let fault = ExportFault::OtherAnswersKnown {
            questions: questions.join(", "),
        };
        self.rejected.extend(rows.first());
        self.rejected_entries.extend(rows);
        self.find(
            Fault::from(fault).at(at.clone(), &options.language),
            options.most_findings,
        );
    }

    /// Notes that a row of an export is imported without its review state, which whoever imports may not give.
    pub fn leave_review(&mut self, at: &Address, state: ReviewState, options: &ImportOptions) {
        let fault = Fault::from(ExportFault::ReviewNotYours { state: state.name() });
        self.find(fault.at(at.clone(), &options.language), options.most_findings);
    }

    /// Notes what is wrong with a file that an answer names.
    pub fn find_file(&mut self, file: &FileNamed, fault: &FileFault, options: &ImportOptions) {
        self.find(file.finding(fault, &options.language), options.most_findings);
    }

    fn find(&mut self, finding: Finding, most: usize) {
        if self.findings.len() < most {
            self.findings.push(finding);
        } else {
            self.findings_left_out += 1;
        }
    }
}
