//! Responses: the JSON door, lists, history, review.

mod attachments;
mod comment;
mod edit;
mod history;
mod list;
mod merge;
mod one;
mod review;
mod sending;
mod submit;
mod times;
mod withdraw;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::definition::{Definition, Element};
use crate::response::{self, ReviewState, Tier};
use crate::store;
use crate::web::Caller;
use crate::web::mount::Routes;
use crate::web::preconditions::IfMatch;
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
        .mount(
            Act::WithdrawConsent,
            withdraw::__path_withdraw_consent,
            withdraw::withdraw_consent,
        )
        .mount(
            Act::ReadResponses,
            attachments::list::__path_list_attachments,
            attachments::list::list_attachments,
        )
        .mount_heavy(
            Act::AttachFiles,
            attachments::put::__path_put_attachment,
            attachments::put::put_attachment,
        )
        .mount_heavy(
            Act::ReadResponses,
            attachments::get::__path_get_attachment,
            attachments::get::get_attachment,
        )
        .mount(Act::ReadResponses, times::__path_get_times, times::get_times)
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

/// Refuses what lies outside the caller's cities, or was withdrawn, as if it did not exist.
pub(super) fn expect_in_scope(caller: &Caller, head: &store::Head) -> Result<(), Problem> {
    if head.withdrawn_at.is_none() || Act::ManagePrivacy.rule().allows(caller.role) {
        expect_in_city(caller, head)
    } else {
        Err(Problem::not_found())
    }
}

/// Refuses what lies outside the caller's cities as if it did not exist.
fn expect_in_city(caller: &Caller, head: &store::Head) -> Result<(), Problem> {
    if caller.may_use_city(head.facts.identity.city.as_deref()) {
        Ok(())
    } else {
        Err(Problem::not_found())
    }
}

/// Refuses a change of what is no longer what the caller saw. What was compared with the tag is the revision that the
/// store must still find.
fn expected_revision(if_match: &IfMatch, seen: store::Head) -> Result<Option<i64>, Problem> {
    let revision = if_match.names_a_state().then_some(seen.revision);
    if_match.check(&ResponseHead::from(seen))?;
    Ok(revision)
}

/// Refuses a path that is no question, group or repeat of the version that a response answers.
fn expect_question(app: &App, head: &store::Head, path: &str) -> Result<(), Problem> {
    let catalogue = app.surveys.catalogue(&app.store)?;
    let version = catalogue.survey(&head.survey)?.version(&head.definition_version)?;
    match response::element_at(&version.definition, path) {
        Some(_) => Ok(()),
        None => Err(Problem::new(Code::ValueInvalid).explain(
            format!("问卷中没有题目“{path}”。请按 /turnover 的形式写题目路径。"),
            format!("The survey has no question '{path}': write a path as /turnover."),
        )),
    }
}

/// How much of persons is asked for.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Personal {
    /// What is shown of persons, and in files of names and codes of organisations: none, pseudonymised (the same
    /// pseudonym for the same value) or full. Only some roles may ask for more than none.
    #[param(example = "none")]
    pub personal: Option<String>,
    /// Why, where full is asked for: it goes on the record. A case number rather than a name.
    pub reason: Option<String>,
}

/// How much of persons is shown, and why.
#[derive(Debug, Clone, Default)]
pub(in crate::web::routes) struct Access {
    /// How much.
    pub tier: Tier,
    reason: Option<String>,
}

impl Personal {
    /// What is asked for, where the caller may.
    pub(in crate::web::routes) fn allowed_to(self, caller: &Caller) -> Result<Access, Problem> {
        let tier = match self.personal.as_deref() {
            None => Tier::None,
            Some(name) => Tier::from_name(name)
                .ok_or_else(|| files::wrong_parameter("personal", Tier::ALL.map(Tier::name).join(", ")))?,
        };
        let act = match tier {
            Tier::None => return Ok(Access::default()),
            Tier::Pseudonymised => Act::ReadPseudonyms,
            Tier::Full => Act::ReadPersonalAnswers,
        };
        if !act.rule().allows(caller.role) {
            return Err(Problem::new(Code::Forbidden).explain(
                "您的角色不能查看个人信息。",
                "Your role may not read the answers to personal questions.",
            ));
        }
        let reason = self.reason.map(|reason| reason.trim().to_owned());
        let reason = reason.filter(|reason| (1..=500).contains(&reason.chars().count()));
        if tier == Tier::Full && reason.is_none() {
            return Err(Problem::new(Code::BadRequest).explain(
                "查看完整的个人信息须说明理由（参数 reason，1 至 500 字），理由会被记录。",
                "To read personal answers in full, say why (parameter reason, 1 to 500 characters): it goes on the record.",
            ));
        }
        Ok(Access { tier, reason })
    }
}

impl Access {
    /// Puts on the record that everything is shown, before it is. Blocks.
    pub(in crate::web::routes) fn record(&self, app: &App, caller: &Caller, target: &str) -> Result<(), Problem> {
        match (self.tier, &self.reason) {
            (Tier::Full, Some(reason)) => Ok(app.store_for(caller).note_full_access(target, reason, app.now())?),
            _ => Ok(()),
        }
    }
}

/// Takes out of findings what they tell of personal answers.
fn withhold_findings(definition: &Definition, findings: &mut [response::Problem]) {
    for finding in findings {
        response::take_told(definition, finding, Element::is_personal);
    }
}
