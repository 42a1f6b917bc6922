//! Two live responses from one organisation in one round and survey are flagged, both of them.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::StoreError;
use super::backend::{Connection, on_backend};
use super::heads::HeadRow;
use super::schema::responses;
use crate::response::ReviewState;

/// Flags the responses of this one's organisation, and says whether this one is a duplicate.
pub(super) fn flag_duplicates(connection: &mut Connection<'_>, head: &HeadRow) -> Result<bool, StoreError> {
    let flags = organisation(connection, &head.round, &head.survey, head.organisation.as_deref())?;
    Ok(flags.iter().any(|(id, duplicate)| *id == head.id && *duplicate))
}

/// Flags the responses of an organisation again after one of them came, went or changed its state.
pub(super) fn recount_duplicates(
    connection: &mut Connection<'_>,
    round: &str,
    survey: &str,
    key: Option<&str>,
) -> Result<(), StoreError> {
    organisation(connection, round, survey, key).map(|_| ())
}

fn organisation(
    connection: &mut Connection<'_>,
    round: &str,
    survey: &str,
    key: Option<&str>,
) -> Result<Vec<(i64, bool)>, StoreError> {
    let Some(key) = key else {
        return Ok(Vec::new());
    };
    let query = responses::table
        .filter(responses::round.eq(round))
        .filter(responses::survey.eq(survey))
        .filter(responses::organisation.eq(key))
        .order(responses::id)
        .select((responses::id, responses::state, responses::test, responses::duplicate));
    let rows: Vec<(i64, String, bool, bool)> = on_backend!(connection, |c| query.load(c))?;
    let live = |state: &str, test: bool| state != ReviewState::Rejected.name() && !test;
    let several = rows.iter().filter(|(_, state, test, _)| live(state, *test)).count() > 1;
    let mut flags = Vec::with_capacity(rows.len());
    for (id, state, test, was) in rows {
        let duplicate = several && live(&state, test);
        if duplicate != was {
            let row = responses::table
                .filter(responses::round.eq(round))
                .filter(responses::survey.eq(survey))
                .filter(responses::id.eq(id));
            on_backend!(connection, |c| diesel::update(row)
                .set(responses::duplicate.eq(duplicate))
                .execute(c))?;
        }
        flags.push((id, duplicate));
    }
    Ok(flags)
}

/// Flags the duplicates among all responses to a survey in a round.
pub(super) fn flag_whole_survey(connection: &mut Connection<'_>, round: &str, survey: &str) -> Result<(), StoreError> {
    // Both databases take numbered parameters in the order of their first use.
    const LIVE: &str = "round = $1 AND survey = $2 AND organisation IS NOT NULL AND state <> 'rejected' AND NOT test";
    // Materialised: right after a batch PostgreSQL knows nothing of the table's size, and would count the organisations
    // again for every row.
    let several = format!(
        "WITH several AS MATERIALIZED
         (SELECT organisation FROM responses WHERE {LIVE} GROUP BY organisation HAVING count(*) > 1)"
    );
    let flag = format!(
        "{several} UPDATE responses SET duplicate = TRUE
         WHERE {LIVE} AND NOT duplicate AND organisation IN (SELECT organisation FROM several)"
    );
    let unflag = format!(
        "{several} UPDATE responses SET duplicate = FALSE
         WHERE round = $1 AND survey = $2 AND duplicate AND organisation NOT IN (SELECT organisation FROM several)"
    );
    for statement in [flag, unflag] {
        on_backend!(connection, |c| diesel::sql_query(statement)
            .bind::<Text, _>(round)
            .bind::<Text, _>(survey)
            .execute(c))?;
    }
    Ok(())
}
