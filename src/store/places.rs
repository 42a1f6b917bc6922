//! The places of the study, in the order of their file, each as a document.

use diesel::prelude::*;

use super::audit::Journal;
use super::backend::{Connection, on_backend};
use super::schema::places;
use super::{AuditAct, JsonText, Store, StoreError};
use crate::definition::StudyPlace;

#[derive(Insertable)]
#[diesel(table_name = places)]
struct NewRow<'a> {
    code: &'a str,
    position: i64,
    place: &'a str,
}

/// Replaces all places, and says whether that changed anything.
pub(super) fn replace(
    connection: &mut Connection<'_>,
    journal: &mut Journal<'_>,
    list: &[(String, JsonText)],
) -> Result<bool, StoreError> {
    let kept = all(connection)?;
    if kept == list {
        return Ok(false);
    }
    on_backend!(connection, |c| diesel::delete(places::table).execute(c))?;
    for (position, (code, place)) in (0..).zip(list) {
        let row = NewRow {
            code,
            position,
            place: &place.0,
        };
        on_backend!(connection, |c| diesel::insert_into(places::table)
            .values(&row)
            .execute(c))?;
    }
    journal
        .note(AuditAct::PlacesReplaced, "places")
        .before(format!("places={}", kept.len()))
        .after(format!("places={}", list.len()));
    Ok(true)
}

fn all(connection: &mut Connection<'_>) -> Result<Vec<(String, JsonText)>, StoreError> {
    let query = places::table
        .order(places::position)
        .select((places::code, places::place));
    let rows: Vec<(String, String)> = on_backend!(connection, |c| query.load(c))?;
    Ok(rows.into_iter().map(|(code, place)| (code, JsonText(place))).collect())
}

impl Store {
    /// The places of the study, in their order.
    ///
    /// # Errors
    /// What the database says.
    pub fn places(&self) -> Result<Vec<StudyPlace>, StoreError> {
        self.read(all)?.iter().map(|(_, place)| place.read()).collect()
    }
}
