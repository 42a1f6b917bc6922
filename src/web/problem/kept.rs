//! Problems of jobs: kept in the store in both languages, since who asks later may speak another.

use serde_json::{Value, json};

use super::{Code, Fault, Problem};
use crate::definition::Language;
use crate::study::StudyError;

impl Problem {
    /// What is kept of the error that a job failed with.
    pub fn kept_of(error: StudyError) -> Value {
        let problem = Self::from(error);
        json!({
            "code": problem.code().name(),
            "zh": problem.detail_in(Language::Chinese),
            "en": problem.detail_in(Language::English),
        })
    }

    /// The problem that was kept.
    pub fn of_kept(kept: &Value) -> Self {
        let text = |name: &str| kept.get(name).and_then(Value::as_str);
        match (text("code").and_then(Code::from_name), text("zh"), text("en")) {
            (Some(code), Some(zh), Some(en)) => Self::new(code).explain(zh, en),
            _ => Self::not_found(),
        }
    }

    /// The same as one fault, as part of another document.
    pub fn fault(&self, language: Language) -> Fault {
        Fault {
            code: self.code().name().to_owned(),
            severity: Some("problem".to_owned()),
            message: self.detail_in(language),
            ..Fault::default()
        }
    }
}
