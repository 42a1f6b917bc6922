//! What submitting and editing share: from a body to an acknowledgement.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::definition::{Language, VersionState};
use crate::response::{self, Answers, Door, Unasked};
use crate::store::{Outcome, Submission};
use crate::study::{Names, Reception};
use crate::web::Caller;
use crate::web::metrics;
use crate::web::problem::{Code, Fault, Problem};
use crate::web::state::App;

/// A response, or a new version of one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Its identifier, which makes sending idempotent; one is made where it is absent.
    #[serde(default)]
    #[schema(example = "uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11")]
    pub(super) instance_id: Option<String>,
    /// The identifier of the version that this one replaces.
    #[serde(default)]
    pub(super) deprecated_id: Option<String>,
    /// The version of the survey that it answers; the newest where it is absent.
    #[serde(default)]
    #[schema(example = "2026.1")]
    version: Option<String>,
    /// The round that it belongs to; the token's, else the only open one, where it is absent.
    #[serde(default)]
    round: Option<String>,
    /// The answers, nested as the survey's groups and repeats are.
    #[schema(value_type = Object)]
    answers: Value,
    /// Whether it is a new version of what only tries things out: then it does, too.
    #[serde(skip)]
    pub(super) test: bool,
}

/// How a response is to be taken.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Check only: nothing is kept.
    pub dry_run: bool,
    /// Leave answers to questions that were not to be asked out of account rather than refuse the response.
    pub drop_unasked: bool,
}

/// The acknowledgement: what it speaks of is durable, unless it was a dry run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Acknowledgement {
    /// The response's name: the instance ID that it first became known by.
    response: String,
    /// The instance ID of this version.
    instance_id: String,
    /// The version of the survey that it was checked against.
    version: String,
    /// The round that it is in.
    round: String,
    /// The review state.
    #[schema(example = "received")]
    state: &'static str,
    /// created, edited, unchanged (the same was received before) or checked (a dry run).
    #[schema(example = "created")]
    outcome: &'static str,
    /// Whether another live response is from the same organisation.
    duplicate: bool,
    /// What is possible but should be looked at.
    warnings: Vec<Fault>,
}

/// A response that went through the one way in and breaks no rule.
struct Prepared {
    submission: Submission,
    version: String,
    round: String,
    warnings: Vec<Fault>,
}

/// Takes a response in: checks it by the survey's rules, stores it, and acknowledges what is durable.
pub(super) async fn take(
    app: web::Data<App>,
    caller: Caller,
    survey: String,
    options: Options,
    language: Language,
    bytes: Vec<u8>,
    body: Body,
) -> Result<HttpResponse, Problem> {
    let store = app.store_for(&caller);
    let prepared = web::block({
        let app = app.clone();
        move || prepare(&app, &caller, &survey, options, language, &bytes, body)
    })
    .await?;
    let Prepared {
        submission,
        version,
        round,
        warnings,
    } = prepared.inspect_err(|problem| {
        if problem.code() == Code::AnswersInvalid {
            app.metrics.submission(metrics::Outcome::Refused);
        }
    })?;
    if options.dry_run {
        return Ok(HttpResponse::Ok().json(Acknowledgement {
            response: submission.instance_id().to_owned(),
            instance_id: submission.instance_id().to_owned(),
            version,
            round,
            state: response::ReviewState::Received.name(),
            outcome: "checked",
            duplicate: false,
            warnings,
        }));
    }
    let stored = store.submit(submission).await;
    app.metrics.stored(&stored);
    let receipt = stored?;
    let (mut answer, outcome) = match receipt.outcome {
        Outcome::Created => (HttpResponse::Created(), "created"),
        Outcome::Edited => (HttpResponse::Created(), "edited"),
        Outcome::Unchanged => (HttpResponse::Ok(), "unchanged"),
    };
    Ok(answer.json(Acknowledgement {
        response: receipt.response,
        instance_id: receipt.instance_id,
        version,
        round: receipt.round,
        state: receipt.state.name(),
        outcome,
        duplicate: receipt.duplicate,
        warnings,
    }))
}

fn prepare(
    app: &App,
    caller: &Caller,
    survey_name: &str,
    options: Options,
    language: Language,
    bytes: &[u8],
    body: Body,
) -> Result<Prepared, Problem> {
    let catalogue = app.surveys.catalogue(&app.store)?;
    let survey = catalogue.survey(survey_name)?;
    let version = survey.version_or_newest(body.version.as_deref())?;
    if version.state == VersionState::Published {
        survey.expect_open()?;
    }
    let round = catalogue.open_round(caller.round.as_deref().or(body.round.as_deref()))?;
    let unasked = if options.drop_unasked {
        Unasked::Drop
    } else {
        Unasked::Report
    };
    let reception = Reception::new(&app.store, version, Some(round), Door::Json, app.now())?
        .sent_by(Some(caller.name.clone()))
        .unasked(unasked);
    let reception = if body.test { reception.as_test() } else { reception };
    let (answers, problems) = Answers::from_json(&version.form, &body.answers);
    let processed = reception.process(answers, problems);
    if !processed.is_sound() {
        return Err(Problem::of_answers(&processed.problems, language));
    }
    if !caller.may_use_city(processed.identity.city.as_deref()) {
        return Err(Problem::new(Code::Forbidden).explain(
            "该答卷的城市不在您的范围内。",
            "The city of this response is not one of yours.",
        ));
    }
    let names = Names {
        instance_id: body.instance_id.unwrap_or_else(|| format!("uuid:{}", Uuid::new_v4())),
        deprecated_id: body.deprecated_id,
        claimed_version: body.version.unwrap_or_default(),
    };
    Ok(Prepared {
        version: version.version.clone(),
        round: round.to_owned(),
        warnings: Fault::all(&processed.warnings, language),
        submission: reception.submission(names, &processed, bytes)?,
    })
}
