//! Lists of responses: filtered, sorted, page by page.
//!
//! A page begins after the last row of the one before it, whatever was added meanwhile (keyset paging): no row is
//! shown twice or skipped, and the last page is as quick as the first.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use super::backend::on_backend;
use super::heads::HeadRow;
use super::responses::Head;
use super::schema::responses;
use super::{Store, StoreError};
use crate::response::{Door, ReviewState};

/// Which responses: those that meet everything that is given.
///
/// ```
/// use innogauge::store::{Filter, Store};
///
/// let store = Store::open("sqlite::memory:")?;
/// let of_yichun = Filter { cities: Some(vec!["yichun".into()]), ..Filter::of_survey("enterprise") };
/// assert_eq!(store.count_responses(&of_yichun)?, 0);
/// # Ok::<(), innogauge::store::StoreError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Of this round.
    pub round: Option<String>,
    /// Of this survey.
    pub survey: Option<String>,
    /// In one of these cities; of an empty list, none.
    pub cities: Option<Vec<String>>,
    /// In one of these states; of an empty list, none.
    pub states: Option<Vec<ReviewState>>,
    /// With or without problems.
    pub has_problems: Option<bool>,
    /// Flagged as a duplicate or not.
    pub duplicate: Option<bool>,
    /// Received at this time or later.
    pub received_from: Option<DateTime<Utc>>,
    /// Received before this time.
    pub received_before: Option<DateTime<Utc>>,
    /// With this credit code, or with these words in the organisation's name.
    pub organisation: Option<String>,
    /// Received through this door.
    pub door: Option<Door>,
    /// Loaded by this import.
    pub import_id: Option<i64>,
    /// Also those that answer a draft or were made to try things out.
    pub tests_too: bool,
    /// Also those whose consent was withdrawn.
    pub withdrawn_too: bool,
}

impl Filter {
    /// All responses to a survey that are not tests.
    pub fn of_survey(survey: &str) -> Self {
        Self {
            survey: Some(survey.to_owned()),
            ..Self::default()
        }
    }
}

/// Narrows a query on `responses` (or a join with it) to a filter; the result is boxed.
macro_rules! filtered {
    ($source:expr, $filter:expr, $backend:ident) => {{
        use diesel::{BoolExpressionMethods as _, EscapeExpressionMethods as _, TextExpressionMethods as _};
        use $crate::store::schema::responses;
        let filter: &$crate::store::Filter = $filter;
        let mut query = $source.into_boxed::<$backend>();
        if let Some(round) = &filter.round {
            query = query.filter(responses::round.eq(round));
        }
        if let Some(survey) = &filter.survey {
            query = query.filter(responses::survey.eq(survey));
        }
        if let Some(cities) = &filter.cities {
            query = query.filter(responses::city.eq_any(cities));
        }
        if let Some(states) = &filter.states {
            query = query.filter(responses::state.eq_any(states.iter().map(|state| state.name())));
        }
        match filter.has_problems {
            Some(true) => query = query.filter(responses::problems.gt(0)),
            Some(false) => query = query.filter(responses::problems.eq(0)),
            None => {}
        }
        if let Some(duplicate) = filter.duplicate {
            query = query.filter(responses::duplicate.eq(duplicate));
        }
        if let Some(from) = filter.received_from {
            query = query.filter(responses::received_at.ge($crate::store::time::stored(from)));
        }
        if let Some(before) = filter.received_before {
            query = query.filter(responses::received_at.lt($crate::store::time::stored(before)));
        }
        if let Some(words) = &filter.organisation {
            let pattern = $crate::store::listing::containing(words);
            query = query.filter(
                responses::code
                    .eq(words)
                    .or(responses::name.like(pattern).escape('\\'))
                    .assume_not_null(),
            );
        }
        if let Some(door) = filter.door {
            query = query.filter(responses::door.eq(door.name()));
        }
        if let Some(import) = filter.import_id {
            query = query.filter(responses::import_id.eq(import));
        }
        if !filter.tests_too {
            query = query.filter(responses::test.eq(false));
        }
        if !filter.withdrawn_too {
            query = query.filter(responses::withdrawn_at.is_null());
        }
        query
    }};
}
pub(super) use filtered;

/// The pattern of LIKE for a text that contains these words as they are.
pub(super) fn containing(words: &str) -> String {
    let mut pattern = String::from("%");
    for letter in words.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    /// The order in which they first came.
    #[default]
    Received,
    /// When they last changed.
    Updated,
    /// The organisation's name.
    Name,
}

/// How a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// By what.
    pub by: SortKey,
    /// The highest first.
    pub descending: bool,
}

impl Default for Order {
    /// The newest first.
    fn default() -> Self {
        Self {
            by: SortKey::Received,
            descending: true,
        }
    }
}

/// Where a page ended: the next one begins after it. As text it means nothing to anybody but the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    order: Order,
    value: String,
    id: i64,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let json = serde_json::to_vec(self).map_err(|_| std::fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(json))
    }
}

impl std::str::FromStr for Cursor {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        let unknown = || StoreError::Refused("the cursor is not one that a page gave".to_owned());
        let json = URL_SAFE_NO_PAD.decode(text).map_err(|_| unknown())?;
        let cursor: Self = serde_json::from_slice(&json).map_err(|_| unknown())?;
        if cursor.value.contains('\0') {
            Err(unknown())
        } else {
            Ok(cursor)
        }
    }
}

/// Part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Head>,
    /// Where the next page begins; `None` after the last one.
    pub next: Option<Cursor>,
}

/// How times stand in a cursor.
const TIME: &str = "%Y-%m-%d %H:%M:%S%.6f";

impl Store {
    /// A page of the responses that meet a filter, of at most `limit` rows.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for a cursor of a list in another order.
    pub fn list_responses(
        &self,
        filter: &Filter,
        order: Order,
        after: Option<&Cursor>,
        limit: usize,
    ) -> Result<Page, StoreError> {
        if after.is_some_and(|cursor| cursor.order != order) {
            return Err(StoreError::Refused(
                "the cursor is of a list in another order".to_owned(),
            ));
        }
        let time = match after {
            Some(cursor) if order.by == SortKey::Updated => {
                let time = NaiveDateTime::parse_from_str(&cursor.value, TIME);
                Some(time.map_err(|_| StoreError::Refused("the cursor is not one that a page gave".to_owned()))?)
            }
            _ => None,
        };
        let wanted = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let mut rows: Vec<HeadRow> = self.read(|connection| {
            Ok(on_backend!(connection, |c: Db| {
                let mut query = filtered!(responses::table, filter, Db);
                // Responses without a name come first.
                let name = || diesel::dsl::sql::<diesel::sql_types::Text>("coalesce(responses.name, '')");
                query = match (order.by, order.descending) {
                    (SortKey::Received, true) => query.order(responses::id.desc()),
                    (SortKey::Received, false) => query.order(responses::id.asc()),
                    (SortKey::Updated, true) => query.order((responses::updated_at.desc(), responses::id.desc())),
                    (SortKey::Updated, false) => query.order((responses::updated_at.asc(), responses::id.asc())),
                    (SortKey::Name, true) => query.order((name().desc(), responses::id.desc())),
                    (SortKey::Name, false) => query.order((name().asc(), responses::id.asc())),
                };
                if let Some(cursor) = after {
                    let id = cursor.id;
                    let value = cursor.value.as_str();
                    query = match (order.by, order.descending, time) {
                        (SortKey::Updated, true, Some(time)) => query.filter(
                            responses::updated_at
                                .lt(time)
                                .or(responses::updated_at.eq(time).and(responses::id.lt(id))),
                        ),
                        (SortKey::Updated, false, Some(time)) => query.filter(
                            responses::updated_at
                                .gt(time)
                                .or(responses::updated_at.eq(time).and(responses::id.gt(id))),
                        ),
                        (SortKey::Name, true, _) => {
                            query.filter(name().lt(value).or(name().eq(value).and(responses::id.lt(id))))
                        }
                        (SortKey::Name, false, _) => {
                            query.filter(name().gt(value).or(name().eq(value).and(responses::id.gt(id))))
                        }
                        (_, true, _) => query.filter(responses::id.lt(id)),
                        (_, false, _) => query.filter(responses::id.gt(id)),
                    };
                }
                query.limit(wanted).select(HeadRow::as_select()).load(c)
            })?)
        })?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(|last| Cursor {
            order,
            value: match order.by {
                SortKey::Received => String::new(),
                SortKey::Updated => last.updated_at.format(TIME).to_string(),
                SortKey::Name => last.name.clone().unwrap_or_default(),
            },
            id: last.id,
        });
        Ok(Page {
            rows: rows.into_iter().map(Head::try_from).collect::<Result<_, _>>()?,
            next,
        })
    }

    /// How many responses meet a filter.
    ///
    /// # Errors
    /// What the database says.
    pub fn count_responses(&self, filter: &Filter) -> Result<i64, StoreError> {
        self.read(|connection| {
            Ok(on_backend!(connection, |c: Db| filtered!(
                responses::table,
                filter,
                Db
            )
            .count()
            .get_result(c))?)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text_and_nonsense_is_refused() {
        let cursor = Cursor {
            order: Order::default(),
            value: "企业 %_".to_owned(),
            id: 7,
        };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for nonsense in ["", "abc", "e30", "../../etc"] {
            assert!(nonsense.parse::<Cursor>().is_err(), "{nonsense}");
        }
    }

    #[test]
    fn words_of_a_search_are_no_pattern() {
        assert_eq!(containing("50%_\\"), "%50\\%\\_\\\\%");
    }
}
