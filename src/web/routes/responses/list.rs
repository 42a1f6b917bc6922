//! List responses.

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ResponseHead, states};
use crate::response::Door;
use crate::store::{Cursor, Filter, Order, SortKey};
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::routes::files::{list, wrong_parameter};
use crate::web::state::App;

/// How many rows a page has where nothing is asked for.
const PAGE: usize = 100;
/// The most rows of a page.
const LARGEST_PAGE: usize = 1000;

/// Which responses, in which order, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// Of this round.
    round: Option<String>,
    /// In this city; several are separated by commas.
    city: Option<String>,
    /// In this state; several are separated by commas.
    #[param(example = "received,edited")]
    state: Option<String>,
    /// With or without problems.
    #[param(example = false)]
    has_problems: Option<bool>,
    /// Flagged as a duplicate or not.
    #[param(example = true)]
    duplicate: Option<bool>,
    /// Received at this time or later.
    #[param(example = "2026-05-11T00:00:00Z")]
    received_from: Option<DateTime<Utc>>,
    /// Received before this time.
    #[param(example = "2026-09-01T00:00:00Z")]
    received_before: Option<DateTime<Utc>>,
    /// With this credit code, or with these words in the organisation's name.
    organisation: Option<String>,
    /// json, spreadsheet, `open_rosa` or `web_form`.
    #[param(value_type = Option<String>, example = "web_form")]
    door: Option<Door>,
    /// Loaded by this import.
    #[param(example = 7)]
    import: Option<i64>,
    /// Also those that only try things out.
    #[param(example = false)]
    tests_too: bool,
    /// received, updated or name.
    #[param(value_type = Option<String>, example = "received")]
    sort: Option<SortKey>,
    /// The highest first, or the lowest.
    #[param(value_type = Option<String>, example = "descending")]
    order: Option<Direction>,
    /// How many rows a page has: 1 to 1000.
    limit: Option<usize>,
    /// `next` of the page before.
    #[param(
        example = "eyJvcmRlciI6eyJieSI6InJlY2VpdmVkIiwiZGVzY2VuZGluZyI6dHJ1ZX0sInZhbHVlIjoiMjAyNi0wNS0zMCAwNDo0OTo0Ni4wMDAwMDAiLCJpZCI6NjB9"
    )]
    after: Option<String>,
}

/// The direction of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    Ascending,
    Descending,
}

/// A page of responses.
#[derive(Serialize, ToSchema)]
pub struct ResponsePage {
    /// The responses.
    responses: Vec<ResponseHead>,
    /// Where the next page begins: send it as `after`; null after the last page.
    next: Option<String>,
}

/// List responses
///
/// Pages follow each other by key: rows that come meanwhile make none appear twice or go missing.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/responses", tag = "responses",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Question),
    responses((status = 200, description = "A page", body = ResponsePage), (status = 400, description = "A filter is wrong"))
)]
pub async fn list_responses(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let question = question.into_inner();
    let limit = question.limit.unwrap_or(PAGE);
    if !(1..=LARGEST_PAGE).contains(&limit) {
        return Err(wrong_parameter("limit", format!("1–{LARGEST_PAGE}")));
    }
    let after: Option<Cursor> = match &question.after {
        Some(text) => Some(text.parse().map_err(|_| wrong_parameter("after", "`next` of a page"))?),
        None => None,
    };
    let order = Order {
        by: question.sort.unwrap_or_default(),
        descending: question.order.is_none_or(|order| order == Direction::Descending),
    };
    let filter = filter(&caller, survey.into_inner(), question)?;
    let page = web::block(move || {
        app.surveys
            .catalogue(&app.store)?
            .survey(filter.survey.as_deref().unwrap_or_default())?;
        app.store
            .list_responses(&filter, order, after.as_ref(), limit)
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(ResponsePage {
        responses: page.rows.into_iter().map(ResponseHead::from).collect(),
        next: page.next.map(|cursor| cursor.to_string()),
    }))
}

/// What was asked for, within the caller's cities.
fn filter(caller: &Caller, survey: String, question: Question) -> Result<Filter, Problem> {
    Ok(Filter {
        survey: Some(survey),
        round: question.round,
        cities: caller.cities_within(list(question.city.as_deref())),
        states: states(question.state.as_deref())?,
        has_problems: question.has_problems,
        duplicate: question.duplicate,
        received_from: question.received_from,
        received_before: question.received_before,
        organisation: question.organisation,
        door: question.door,
        import_id: question.import,
        tests_too: question.tests_too,
        withdrawn_too: false,
    })
}
