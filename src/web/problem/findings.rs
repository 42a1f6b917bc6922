//! What was found in a workbook, as faults of a document.

use super::Fault;
use crate::spreadsheet::Finding;

impl From<&Finding> for Fault {
    fn from(finding: &Finding) -> Self {
        Self {
            path: finding.at.to_string(),
            code: finding.code.to_owned(),
            severity: Some(finding.severity.name().to_owned()),
            message: finding.message.to_string(),
            ..Self::default()
        }
    }
}
