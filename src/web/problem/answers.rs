//! Findings about answers as faults of a problem document.

use super::{Code, Fault, Problem};
use crate::definition::Language;
use crate::response;

impl Fault {
    /// A finding about a response, worded in that language.
    pub fn of(finding: &response::Problem, language: Language) -> Self {
        Self {
            path: finding.path.clone(),
            code: finding.code.name().to_owned(),
            value: finding.value.clone().map(Into::into),
            rule: finding.rule.clone(),
            severity: Some(finding.severity.name().to_owned()),
            message: finding.message(language.code()),
        }
    }

    /// Several findings, worded in that language.
    pub fn all<'a>(findings: impl IntoIterator<Item = &'a response::Problem>, language: Language) -> Vec<Self> {
        findings
            .into_iter()
            .map(|finding| Self::of(finding, language))
            .collect()
    }
}

impl Problem {
    /// Answers that break rules: each with its question.
    pub fn of_answers(findings: &[response::Problem], language: Language) -> Self {
        Self::new(Code::AnswersInvalid).faults(Fault::all(findings, language))
    }
}
