//! Why a study could not do what was asked.

use std::path::PathBuf;

use crate::attachments::ContentError;
use crate::definition::Diagnostic;
use crate::scoring::ScoringError;
use crate::spreadsheet::{ImportError, WriteError};
use crate::store::{BackupError, StoreError};

/// Why a study could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// There is no such survey.
    #[error("there is no survey '{survey}'; there are: {}", known.join(", "))]
    UnknownSurvey {
        /// The survey that was asked for.
        survey: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The survey has no such version.
    #[error("survey '{survey}' has no version '{version}'; there are: {}", known.join(", "))]
    UnknownVersion {
        /// The survey.
        survey: String,
        /// The version that was asked for.
        version: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// What was asked is against a rule; the sentence says which.
    #[error("{en}")]
    Refused {
        /// Which rule, and what would be right, in Chinese.
        zh: String,
        /// The same in English.
        en: String,
    },
    /// No version of the survey is published.
    #[error("no version of survey '{survey}' is published: publish a draft first")]
    NothingPublished {
        /// The survey.
        survey: String,
    },
    /// The survey takes no responses now.
    #[error("survey '{survey}' is closed: it takes no responses now")]
    SurveyClosed {
        /// The survey.
        survey: String,
    },
    /// A stored definition or framework can't be read any more.
    #[error("{what}, as the database holds it, can't be used:\n{}", lines(diagnostics))]
    Unreadable {
        /// Which one.
        what: String,
        /// Why.
        diagnostics: Vec<Diagnostic>,
    },
    /// There is no framework to score by.
    #[error("the database has no framework: add framework.yaml to the folder of definitions (--defs)")]
    NoFramework,
    /// No single round is open, and none was named.
    #[error("name the round: {}", if open.is_empty() { "none is open".to_owned() } else { format!("open are {}", open.join(", ")) })]
    RoundNeeded {
        /// The rounds that are open.
        open: Vec<String>,
    },
    /// The round that was named is not open.
    #[error("round '{round}' is not open; open rounds: {}", open.join(", "))]
    RoundNotOpen {
        /// The round that was asked for.
        round: String,
        /// The rounds that are open.
        open: Vec<String>,
    },
    /// There is no such round.
    #[error("there is no round '{round}'; there are: {}", known.join(", "))]
    UnknownRound {
        /// The round that was asked for.
        round: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// A row is of a city that its sender may not answer for.
    #[error("{at}: the city is not one of yours")]
    CityNotYours {
        /// The sheet and cell.
        at: String,
    },
    /// A workbook that people filled in can't be taken.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The workbook of issues could not be written.
    #[error("the workbook of issues could not be written: {0}")]
    Issues(#[source] WriteError),
    /// A file can't be read or written.
    #[error("{}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// A table of text could not be written.
    #[error("the table could not be written: {0}")]
    Table(#[from] csv::Error),
    /// Rows of a workbook break rules, so that none was stored.
    #[error("{rejected} of {organisations} rows have problems{}: none was stored; correct them, or leave them out", match orphans {
        0 => String::new(),
        entries => format!(", and {entries} entries belong to none of them"),
    })]
    RowsRefused {
        /// Organisations in the workbook.
        organisations: usize,
        /// Those with problems.
        rejected: usize,
        /// Entries that belong to none of them.
        orphans: usize,
    },
    /// A job was begun too often by servers that died over it.
    #[error("the work was begun {attempts} times and never finished: the server's log says more")]
    GivenUp {
        /// How often.
        attempts: i64,
    },
    /// The work broke off by a fault of the program.
    #[error("the program failed over this work: the server's log says more")]
    Broken,
    /// The export has no such table.
    #[error("the export has no table '{table}'; there are: {}", known.join(", "))]
    UnknownTable {
        /// The repeat that was asked for.
        table: String,
        /// Those that there are; empty is the responses themselves.
        known: Vec<String>,
    },
    /// What the database holds of a job can't be used.
    #[error("the job can't be done: {error}")]
    DamagedJob {
        /// What is wrong with it.
        error: String,
    },
    /// Whoever watched the work ended it.
    #[error("the work was cancelled; nothing of it was kept")]
    Cancelled,
    /// There is nothing to score.
    #[error("round '{round}' has no response in the states {}: collect or import some, or name other states in the options", states.join(", "))]
    NothingToScore {
        /// The round.
        round: String,
        /// The states that count.
        states: Vec<String>,
    },
    /// An assessment option names a review state that does not exist.
    #[error("responses.states: there is no state '{state}'; there are: {}", known.join(", "))]
    UnknownState {
        /// The state that was asked for.
        state: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// There is no definition of official figures.
    #[error("no survey has `respondent: place`: add statistics.yaml to the folder of definitions (--defs)")]
    NoStatistics,
    /// The scoring refused.
    #[error(transparent)]
    Scoring(#[from] ScoringError),
    /// The content of a file could not be kept or read.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// The database failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The backup could not be written.
    #[error(transparent)]
    Backup(BackupError),
    /// The workbook could not be written.
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// A record in the database is damaged.
    #[error("assessment {id} can't be read: {error}")]
    DamagedAssessment {
        /// The assessment.
        id: i64,
        /// What is wrong with it.
        error: String,
    },
}

impl StudyError {
    /// Whether what was asked is wrong, and not the system.
    pub fn is_input(&self) -> bool {
        match self {
            Self::Store(error) => error.is_input(),
            Self::Backup(error) => error.is_input(),
            Self::Import(ImportError::Read(error)) => !error.is_of_the_system(),
            Self::File { error, .. } => error.kind() == std::io::ErrorKind::NotFound,
            Self::Content(error) => matches!(
                error,
                ContentError::Address { .. }
                    | ContentError::NotSet
                    | ContentError::TooLarge { .. }
                    | ContentError::Empty
                    | ContentError::Kind { .. }
            ),
            Self::Workbook(_)
            | Self::Issues(_)
            | Self::Table(_)
            | Self::DamagedAssessment { .. }
            | Self::DamagedJob { .. }
            | Self::GivenUp { .. }
            | Self::Broken
            | Self::Unreadable { .. } => false,
            _ => true,
        }
    }
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

impl From<BackupError> for StudyError {
    /// What the database says stays what it is: who asks whether to try again looks at that.
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::Store(error) => Self::Store(error),
            error => Self::Backup(error),
        }
    }
}
