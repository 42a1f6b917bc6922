//! Why a study could not do what was asked.

use crate::definition::Diagnostic;
use crate::scoring::ScoringError;
use crate::store::StoreError;

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
    /// The scoring refused.
    #[error(transparent)]
    Scoring(#[from] ScoringError),
    /// The database failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
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
            Self::Workbook(_) | Self::DamagedAssessment { .. } | Self::Unreadable { .. } => false,
            _ => true,
        }
    }
}

fn lines(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}
