//! Exports of ODK Central and KoboToolbox: answers that a phone collected, as those servers write them down.
//!
//! Flows in: the first rows of the sheets of a workbook or the tables of a zip. Flows out: the same [`Sheet`]s that our
//! own workbooks become, so that one importer reads both. What differs is here and nowhere else: headers are names or
//! labels with or without their groups ([`names`]), the servers add columns of their own ([`added`]), entries of
//! repeats are joined by keys ([`sheets`]), and a row says which response it is and how it was reviewed ([`said`]).
//!
//! [`Sheet`]: super::head::Sheet

mod added;
mod fault;
mod names;
mod order;
mod said;
mod sheets;

use added::Added;

pub(super) use fault::ExportFault;
pub(super) use order::in_order;
pub use said::{Origin, Reviewed};
pub(super) use sheets::{ExportColumns, sheets};

/// The column that no export of a form has and every log of interviews does.
const LOG_COLUMNS: [&str; 4] = ["event", "node", "start", "end"];

/// What the headers of a sheet say that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A row per response.
    Responses,
    /// A row per entry of a repeat.
    Entries,
    /// The logs of interviews, which Central puts beside the tables.
    Log,
    /// Something else.
    Stranger,
}

/// What these headers belong to.
pub(super) fn kind_of<'h>(headers: &(impl Iterator<Item = &'h str> + Clone)) -> Kind {
    if LOG_COLUMNS
        .iter()
        .all(|column| headers.clone().any(|header| header == *column))
    {
        return Kind::Log;
    }
    let added = || headers.clone().filter_map(Added::of);
    if added().any(|added| matches!(added, Added::ParentKey(_))) {
        Kind::Entries
    } else if added().any(Added::tells_responses) {
        Kind::Responses
    } else {
        Kind::Stranger
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_tell_responses_entries_and_logs_from_other_tables() {
        for (headers, kind) in [
            ("SubmissionDate,org,meta-instanceID,KEY,SubmitterID", Kind::Responses),
            ("title,PARENT_KEY,KEY", Kind::Entries),
            ("start,end,org,__version__,_id,_uuid,_index", Kind::Responses),
            (
                "product/title,_parent_table_name,_parent_index,_submission__id",
                Kind::Entries,
            ),
            ("instance ID,event,node,start,end", Kind::Log),
            ("event,node,start,end,latitude,longitude,accuracy", Kind::Log),
            ("start,end,name,city", Kind::Stranger),
        ] {
            assert_eq!(kind_of(&headers.split(',')), kind, "{headers}");
        }
    }
}
