//! Responses: the JSON door, lists, history, review.

mod comment;
mod edit;
mod history;
mod list;
mod merge;
mod one;
mod review;
mod sending;
mod submit;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::definition::{Definition, Element, ElementId, Kind};
use crate::response::{self, ReviewState};
use crate::store;
use crate::web::Caller;
use crate::web::mount::Routes;
use crate::web::problem::{Code, Problem};
use crate::web::rights::Act;
use crate::web::routes::files;
use crate::web::state::App;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount(Act::SubmitResponses, submit::__path_submit, submit::submit)
        .mount(Act::ReadResponses, list::__path_list_responses, list::list_responses)
        .mount(Act::ReadResponses, one::__path_get_response, one::get_response)
        .mount(Act::EditResponses, edit::__path_edit_response, edit::edit_response)
        .mount(
            Act::ReviewResponses,
            review::__path_review_response,
            review::review_response,
        )
        .mount(
            Act::CommentResponses,
            comment::__path_comment_response,
            comment::comment_response,
        )
        .mount(Act::MergeResponses, merge::__path_merge_response, merge::merge_response)
        .mount(Act::ReadResponses, history::__path_get_history, history::get_history);
}

/// What is known of a response without its answers.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResponseHead {
    /// Its name: the instance ID that it first became known by.
    #[schema(example = "uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11")]
    instance_id: String,
    /// The survey.
    survey: String,
    /// The version that it was checked against.
    version: String,
    /// The round.
    round: String,
    /// received, `has_issues`, edited, approved or rejected.
    #[schema(example = "received")]
    state: &'static str,
    /// Goes up with every change: say which one you saw when you review.
    revision: i64,
    /// How many versions there are.
    versions: i64,
    /// The organisation's unified social credit code.
    code: Option<String>,
    /// The organisation's name.
    name: Option<String>,
    /// The city's code.
    city: Option<String>,
    /// The sector.
    sector: Option<String>,
    /// The size class.
    size: Option<String>,
    /// How many problems the present version has.
    problems: i64,
    /// How many warnings the present version has.
    warnings: i64,
    /// Whether another live response is from the same organisation.
    duplicate: bool,
    /// Whether one of its versions was edited twice.
    branched: bool,
    /// Whether it only tries things out and is never scored.
    test: bool,
    /// json, spreadsheet, `open_rosa` or `web_form`.
    #[schema(example = "json")]
    door: &'static str,
    /// Who sent it.
    sender: Option<String>,
    /// When its first version was received.
    received_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<store::Head> for ResponseHead {
    fn from(head: store::Head) -> Self {
        Self {
            instance_id: head.instance_id,
            survey: head.survey,
            version: head.definition_version,
            round: head.round,
            state: head.state.name(),
            revision: head.revision,
            versions: head.versions,
            code: head.facts.identity.code,
            name: head.facts.identity.name,
            city: head.facts.identity.city,
            sector: head.facts.identity.sector,
            size: head.facts.identity.size,
            problems: head.facts.problems,
            warnings: head.facts.warnings,
            duplicate: head.duplicate,
            branched: head.branched,
            test: head.test,
            door: head.door.name(),
            sender: head.sender,
            received_at: head.received_at,
            updated_at: head.updated_at,
        }
    }
}

/// The review states of a list with commas.
pub(super) fn states(names: Option<&str>) -> Result<Option<Vec<ReviewState>>, Problem> {
    let Some(names) = files::list(names) else {
        return Ok(None);
    };
    let known = || ReviewState::ALL.map(ReviewState::name).join(", ");
    let state = |name: &String| ReviewState::from_name(name).ok_or_else(|| files::wrong_parameter("state", known()));
    names.iter().map(state).collect::<Result<_, _>>().map(Some)
}

/// Refuses what lies outside the caller's cities, as if it did not exist.
fn expect_in_scope(caller: &Caller, head: &store::Head) -> Result<(), Problem> {
    if caller.may_use_city(head.facts.identity.city.as_deref()) {
        Ok(())
    } else {
        Err(Problem::not_found())
    }
}

/// Refuses a path that is no question, group or repeat of the version that a response answers.
fn expect_question(app: &App, head: &store::Head, path: &str) -> Result<(), Problem> {
    let catalogue = app.surveys.catalogue(&app.store)?;
    let version = catalogue.survey(&head.survey)?.version(&head.definition_version)?;
    match version.definition.find_path(&without_instances(path)) {
        Some(_) => Ok(()),
        None => Err(Problem::new(Code::ValueInvalid).explain(
            format!("问卷中没有题目“{path}”。请按 /turnover 的形式写题目路径。"),
            format!("The survey has no question '{path}': write a path as /turnover."),
        )),
    }
}

/// `/products/share` of `/products[2]/share`.
fn without_instances(path: &str) -> String {
    let steps: Vec<&str> = path
        .split('/')
        .map(|step| step.split('[').next().unwrap_or(step))
        .collect();
    steps.join("/")
}

/// Whether answers to personal questions are asked for.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Personal {
    /// Ask for the answers to personal questions too; only some roles may.
    pub personal: bool,
}

impl Personal {
    /// Whether they are asked for, where the caller may.
    pub(in crate::web::routes) fn allowed_to(self, caller: &Caller) -> Result<bool, Problem> {
        if self.personal && !Act::ReadPersonalAnswers.rule().allows(caller.role) {
            return Err(Problem::new(Code::Forbidden).explain(
                "您的角色不能查看个人信息。",
                "Your role may not read the answers to personal questions.",
            ));
        }
        Ok(self.personal)
    }
}

/// Takes the values of findings about personal questions out.
fn withhold_findings(definition: &Definition, findings: &mut [response::Problem]) {
    for finding in findings {
        if is_personal(definition, &finding.path) {
            finding.value = None;
        }
    }
}

/// Whether the question at this path (`/products[2]/share`) is personal. What the definition does not know may be.
fn is_personal(definition: &Definition, path: &str) -> bool {
    definition
        .find_path(&without_instances(path))
        .and_then(|id| definition.get(id))
        .is_none_or(Element::is_personal)
}

/// Takes the answers to personal questions out, in groups and every instance of repeats.
fn withhold(definition: &Definition, within: Option<ElementId>, answers: &mut Value) {
    match answers {
        Value::Array(instances) => instances
            .iter_mut()
            .for_each(|instance| withhold(definition, within, instance)),
        Value::Object(object) => {
            for element in definition.children(within).iter().filter_map(|id| definition.get(*id)) {
                if element.is_personal() {
                    object.shift_remove(&element.name);
                } else if let Some(inner) = object.get_mut(&element.name)
                    && !matches!(element.kind, Kind::Question(_))
                {
                    withhold(definition, Some(element.id), inner);
                }
            }
        }
        _ => {}
    }
}
