//! Rounds of fieldwork.

mod change;
mod create;
mod list;
mod one;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::store;
use crate::web::mount::Routes;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount(Act::ReadRounds, list::__path_list_rounds, list::list_rounds)
        .mount(Act::ReadRounds, one::__path_get_round, one::get_round)
        .mount(Act::ManageRounds, create::__path_create_round, create::create_round)
        .mount(Act::ManageRounds, change::__path_change_round, change::change_round)
        .mount(
            Act::ManageRounds,
            change::__path_list_round_events,
            change::list_round_events,
        );
}

/// A round of fieldwork: every response belongs to one.
#[derive(Serialize, ToSchema)]
#[allow(clippy::struct_field_names, reason = "these are the keys of the JSON")]
pub struct Round {
    /// Its code.
    #[schema(example = "2026")]
    round: String,
    /// Its name, by language.
    label: BTreeMap<String, String>,
    /// planned, open or closed.
    #[schema(example = "open")]
    state: &'static str,
    /// The first day of the fieldwork.
    opens_on: Option<NaiveDate>,
    /// The last day of the fieldwork.
    closes_on: Option<NaiveDate>,
    /// Whether its responses are made up.
    synthetic: bool,
}

impl From<store::Round> for Round {
    fn from(round: store::Round) -> Self {
        Self {
            round: round.round,
            label: round
                .label
                .iter()
                .map(|(language, words)| (language.to_owned(), words.to_owned()))
                .collect(),
            state: round.state.name(),
            opens_on: round.opens_on,
            closes_on: round.closes_on,
            synthetic: round.synthetic,
        }
    }
}
