//! The list `last_round`: what an organisation answered in the round before, for rules that compare.
//!
//! A rule asks `pulldata('last_round', 'turnover', 'credit_code', ${credit_code})`; the columns are the questions of the
//! survey, the key is the question with the credit code. An organisation that was not there, a figure that it did not
//! give, a first round: all read as empty, so that such a rule holds its peace.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value as Json;

use super::{Lookup, StudyError};
use crate::definition::{Definition, LAST_ROUND};
use crate::response::{CreditCode, Identity, ReviewState};
use crate::store::{Filter, Round, Store};

/// Organisations that are remembered while a workbook is read.
const REMEMBERED: usize = 50_000;

/// The answers to a survey in the round before, looked up one organisation at a time.
pub(super) struct LastRound {
    store: Store,
    survey: String,
    /// The round before; `None` where this is the first.
    round: Option<String>,
    /// The question with the credit code.
    key: Option<String>,
    known: Mutex<HashMap<String, Arc<Json>>>,
}

impl fmt::Debug for LastRound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LastRound({} in {:?})", self.survey, self.round)
    }
}

impl LastRound {
    /// What was answered to a survey before this round.
    ///
    /// # Errors
    /// What the database says.
    pub fn before(store: &Store, definition: &Definition, round: Option<&str>) -> Result<Self, StudyError> {
        let rounds = store.rounds()?;
        let before = round.and_then(|round| previous(&rounds, round));
        let key = definition.identity().code().and_then(|code| definition.get(code));
        Ok(Self {
            store: store.clone(),
            survey: definition.survey().to_owned(),
            round: before.map(|before| before.round.clone()),
            key: key.map(|question| question.name.clone()),
            known: Mutex::default(),
        })
    }

    fn answers(&self, round: &str, code: &str) -> Arc<Json> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answers) = known().get(code) {
            return answers.clone();
        }
        let organisation = Identity {
            code: Some(code.to_owned()),
            ..Identity::default()
        };
        let found = organisation
            .key()
            .map(|key| self.store.latest_answers_of(round, &self.survey, &key));
        let answers = match found {
            Some(Ok(Some(answers))) => answers.read::<Json>().unwrap_or_default(),
            Some(Ok(None)) | None => Json::Null,
            Some(Err(error)) => {
                // A comparison that fails is no reason to refuse a response.
                tracing::warn!(%error, round, "the figures of the round before can't be read");
                return Arc::new(Json::Null);
            }
        };
        let answers = Arc::new(answers);
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(code.to_owned(), answers.clone());
        answers
    }
}

/// The list as phones have it, in CSV: the key, and those columns that the definition's rules read, of the organisations
/// that answered in these cities (`None`: in all). No answer to a personal question is in it. In the order of the codes, so that the
/// same list is the same bytes.
///
/// # Errors
/// What the database says.
pub(super) fn last_round_csv(
    store: &Store,
    definition: &Definition,
    round: Option<&str>,
    cities: Option<&[String]>,
) -> Result<Vec<u8>, StudyError> {
    let list = LastRound::before(store, definition, round)?;
    let key = list.key.clone().unwrap_or_else(|| "credit_code".to_owned());
    let mut columns = vec![key.clone()];
    for looked_up in definition.looked_up().filter(|looked_up| looked_up.list == LAST_ROUND) {
        if let Some(column) = looked_up.column.filter(|column| !columns.contains(column)) {
            columns.push(column);
        }
    }
    let mut rows: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if let Some(round) = &list.round {
        let filter = Filter {
            round: Some(round.clone()),
            cities: cities.map(<[String]>::to_vec),
            states: Some(COUNTED.to_vec()),
            ..Filter::of_survey(definition.survey())
        };
        store.for_each_response::<StudyError>(&filter, |response| {
            let Some(code) = response.identity.code else {
                return Ok(());
            };
            let answers: Json = response.answers.read()?;
            let cells = columns
                .iter()
                .skip(1)
                .map(|column| find(&answers, column).unwrap_or_default());
            // Of several the newest counts, as where a rule is checked here.
            rows.insert(CreditCode::tidy(&code), cells.collect());
            Ok(())
        })?;
    }
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(&columns)?;
    for (code, cells) in rows {
        table.write_record(std::iter::once(&code).chain(&cells))?;
    }
    Ok(table
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))?)
}

/// The states of responses that are compared with.
const COUNTED: [ReviewState; 3] = [ReviewState::Received, ReviewState::Edited, ReviewState::Approved];

impl Lookup for LastRound {
    fn cell(&self, column: &str, key_column: &str, key: &str) -> Option<String> {
        let code = CreditCode::tidy(key);
        let (Some(round), false) = (&self.round, code.is_empty()) else {
            return Some(String::new());
        };
        if self.key.as_deref() != Some(key_column) {
            return None;
        }
        Some(find(&self.answers(round, &code), column).unwrap_or_default())
    }
}

/// The answer to a question, in whatever groups it lies; not in repeats, and no reason given instead of an answer.
fn find(answers: &Json, question: &str) -> Option<String> {
    let Json::Object(group) = answers else { return None };
    match group.get(question) {
        Some(Json::String(text)) => return Some(text.clone()),
        Some(Json::Number(number)) => return Some(number.to_string()),
        _ => {}
    }
    group.values().find_map(|inner| find(inner, question))
}

/// The last of the rounds before this one, synthetic ones among themselves.
fn previous<'r>(rounds: &'r [Round], round: &str) -> Option<&'r Round> {
    let this = rounds.iter().find(|one| one.round == round)?;
    rounds
        .iter()
        .filter(|one| one.synthetic == this.synthetic && order(one, this) == Ordering::Less)
        .max_by(|one, other| order(one, other))
}

/// By their first days, where both have one, else by their codes.
fn order(one: &Round, other: &Round) -> Ordering {
    let by_code = one.round.cmp(&other.round);
    match (one.opens_on, other.opens_on) {
        (Some(first), Some(second)) => first.cmp(&second).then(by_code),
        _ => by_code,
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use serde_json::json;

    use super::*;
    use crate::definition::Text;
    use crate::store::RoundState;

    fn round(round: &str, opens_on: Option<&str>, synthetic: bool) -> Round {
        Round {
            round: round.to_owned(),
            label: Text::default(),
            state: RoundState::Closed,
            opens_on: opens_on.map(|day| day.parse::<NaiveDate>().unwrap()),
            closes_on: None,
            synthetic,
        }
    }

    #[test]
    fn the_round_before_is_the_last_one_that_opened_earlier() {
        let rounds = [
            round("pilot", Some("2025-09-01"), false),
            round("2026", Some("2026-05-01"), false),
            round("2027", Some("2027-05-01"), false),
            round("demo", Some("2026-12-01"), true),
        ];
        let before = |round: &str| previous(&rounds, round).map(|round| round.round.as_str());
        assert_eq!(before("2027"), Some("2026"));
        assert_eq!(before("2026"), Some("pilot"));
        assert_eq!(before("pilot"), None);
        assert_eq!(before("demo"), None);
        let undated = [round("2026", None, false), round("2027", Some("2027-05-01"), false)];
        assert_eq!(
            previous(&undated, "2027").map(|round| round.round.as_str()),
            Some("2026")
        );
    }

    #[test]
    fn an_answer_is_found_in_its_groups_and_a_reason_is_none() {
        let answers =
            json!({"profile": {"turnover": 120.5, "employees": {"missing": "refused"}}, "products": [{"share": 1}]});
        assert_eq!(find(&answers, "turnover").as_deref(), Some("120.5"));
        assert_eq!(find(&answers, "employees"), None);
        assert_eq!(find(&answers, "share"), None);
    }
}
