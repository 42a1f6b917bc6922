//! What the row of an export says of its response besides the answers.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDateTime, NaiveTime, TimeZone};
use uuid::Uuid;

use crate::definition::{ElementId, Zone};
use crate::response::ReviewState;
use crate::workbook::{CellValue, Row};

use super::super::literal;
use super::super::vocabulary::fold;
use super::fault::ExportFault;
use super::sheets::ExportColumns;

/// Where a response comes from, and how far it got there.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// Its own instance ID, where it has one.
    pub instance_id: Option<String>,
    /// The instance ID of an earlier version of it, where it was edited there.
    pub earlier_id: Option<String>,
    /// The version of the form that it says it answers; empty where it says none.
    pub version: String,
    /// Whether that is the server's own name for it, which says nothing here.
    pub opaque_version: bool,
    /// How it was reviewed there.
    pub review: Option<Reviewed>,
    /// The questions that the export has columns for; of others nothing can be said.
    pub covers: Arc<[ElementId]>,
}

/// How a response was reviewed elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// What that is here.
    pub state: ReviewState,
    /// As the export words it.
    pub words: String,
}

/// An instance ID is held in an index and shown in addresses.
const LONGEST_ID: usize = 250;

impl ExportColumns {
    /// What a row says, and what is wrong with it, each with its column.
    pub fn origin(&self, row: &Row<'_>) -> (Origin, Vec<(u16, ExportFault)>) {
        let mut faults = Vec::new();
        let mut id = |column: Option<u16>| {
            let (column, text) = (column?, text(row, column?)?);
            let named = instance_id(&text);
            if named.is_none() {
                faults.push((column, ExportFault::NoInstanceId { value: text }));
            }
            named
        };
        let instance_id = id(self.instance);
        let first = self.earlier.iter().find_map(|column| id(Some(*column)));
        let mut review = None;
        if let Some((column, words)) = self.review.and_then(|column| Some((column, text(row, column)?))) {
            match reviewed(&words) {
                Ok(state) => review = state.map(|state| Reviewed { state, words }),
                Err(UnknownReview) => faults.push((column, ExportFault::UnknownReview { value: words })),
            }
        }
        if let Some((column, words)) = self.decryption.and_then(|column| Some((column, text(row, column)?))) {
            faults.push((column, ExportFault::NotDecrypted { words }));
        }
        let origin = Origin {
            earlier_id: first.filter(|first| Some(first) != instance_id.as_ref()),
            instance_id,
            version: self.version(row).unwrap_or_default(),
            opaque_version: self.opaque_versions,
            review,
            covers: self.covers.clone(),
        };
        (origin, faults)
    }

    /// The version of the form that a row says it answers.
    pub fn version(&self, row: &Row<'_>) -> Option<String> {
        text(row, self.version?)
    }

    /// When the server received a response; a time without an offset is Kobo's, in UTC.
    pub fn submitted(&self, row: &Row<'_>, zone: &Zone) -> Option<DateTime<FixedOffset>> {
        let at = match row.get(self.submitted?)? {
            CellValue::DateTime(at) => at.and_utc(),
            CellValue::Text(text) => moment(text.trim())?.to_utc(),
            _ => return None,
        };
        Some(zone.at(at))
    }
}

/// The text of a cell that has any.
fn text(row: &Row<'_>, column: u16) -> Option<String> {
    let text = row.get(column)?.to_string().trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// A time as servers write it: RFC 3339, or without an offset.
fn moment(text: &str) -> Option<DateTime<FixedOffset>> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Some(at);
    }
    let (day, time) = text.split_once(['T', ' '])?;
    let day = literal::date(day).ok()??;
    let at = NaiveDateTime::new(day, literal::time(time).unwrap_or(NaiveTime::MIN));
    Some(chrono::Utc.from_utc_datetime(&at).fixed_offset())
}

/// An instance ID as a phone writes it; Kobo leaves `uuid:` away.
fn instance_id(text: &str) -> Option<String> {
    if text.len() > LONGEST_ID || text.chars().any(char::is_control) {
        return None;
    }
    match Uuid::try_parse(text) {
        Ok(_) if !text.contains(':') => Some(format!("uuid:{text}")),
        _ => Some(text.to_owned()),
    }
}

/// What an export says of the review is no word of either server.
#[derive(Debug, PartialEq, Eq)]
struct UnknownReview;

/// The review state that one of Central's review states or one of Kobo's validation states is here; none where nobody
/// has decided.
fn reviewed(words: &str) -> Result<Option<ReviewState>, UnknownReview> {
    let folded = fold(words).replace(['_', ' '], "");
    match folded.trim_start_matches("validationstatus") {
        // That it was edited is no decision, and the state of a response that came edited.
        "" | "null" | "none" | "received" | "edited" | "submitted" => Ok(None),
        "approved" | "已批准" | "批准" => Ok(Some(ReviewState::Approved)),
        "hasissues" | "onhold" | "有问题" | "搁置" | "待定" => Ok(Some(ReviewState::HasIssues)),
        "rejected" | "notapproved" | "已拒绝" | "拒绝" | "未批准" => Ok(Some(ReviewState::Rejected)),
        _ => Err(UnknownReview),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn review_states_of_both_servers_are_known_by_code_and_label() {
        for (words, state) in [
            ("approved", Some(ReviewState::Approved)),
            ("hasIssues", Some(ReviewState::HasIssues)),
            ("rejected", Some(ReviewState::Rejected)),
            ("edited", None),
            ("null", None),
            ("validation_status_approved", Some(ReviewState::Approved)),
            ("validation_status_not_approved", Some(ReviewState::Rejected)),
            ("validation_status_on_hold", Some(ReviewState::HasIssues)),
            ("Approved", Some(ReviewState::Approved)),
            ("Not approved", Some(ReviewState::Rejected)),
            ("On hold", Some(ReviewState::HasIssues)),
        ] {
            assert_eq!(reviewed(words), Ok(state), "{words}");
        }
        assert_eq!(reviewed("perhaps"), Err(UnknownReview));
    }

    #[test]
    fn an_instance_id_is_the_one_that_the_phone_made() {
        let uuid = "4f1b3c9e-8f0f-4f0e-9d3e-2f6a5a1f0b11";
        assert_eq!(instance_id(uuid), Some(format!("uuid:{uuid}")));
        assert_eq!(instance_id(&format!("uuid:{uuid}")), Some(format!("uuid:{uuid}")));
        assert_eq!(instance_id("firm-1"), Some("firm-1".to_owned()));
        assert_eq!(instance_id("a\nb"), None);
        assert_eq!(instance_id(&"x".repeat(251)), None);
    }

    #[test]
    fn times_without_an_offset_are_universal() {
        for text in [
            "2026-03-01T00:30:00.000Z",
            "2026-03-01T08:30:00+08:00",
            "2026-03-01T00:30:00",
            "2026-03-01 00:30:00",
        ] {
            let at = moment(text).unwrap();
            assert_eq!(at.to_utc().to_rfc3339(), "2026-03-01T00:30:00+00:00", "{text}");
        }
        assert_eq!(moment("yesterday"), None);
    }
}
