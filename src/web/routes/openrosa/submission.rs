//! A filled-in form arrives.

use std::fmt::Write as _;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Builder;

use super::asked::Asked;
use super::message::{Arrival, Standing};
use super::parcel::{Parcel, PartNames};
use crate::attachments::Received;
use crate::definition::Language;
use crate::response::instance::{self, Head};
use crate::response::{Door, Fingerprint, Problem as Finding, ProblemCode, Severity};
use crate::store::{self, Receipt, StoreError, Submission};
use crate::study::{self, Catalogue, Names, Reception, Survey, asks_for_files, files_that_may_come, keep_file};
use crate::web::Caller;
use crate::web::openrosa::{answer, message};
use crate::web::problem::{Code, Problem};
use crate::web::routes::responses::expect_in_scope;
use crate::web::state::App;

/// Whether forms can be sent
///
/// What phones ask before they send: how large a request may be.
#[utoipa::path(
    head, path = "/key/{token}/submission", tag = "phones",
    params(
        ("token" = String, Path, description = "An API token that may submit responses", example = "ig_token"),
        ("deviceID" = Option<String>, Query, description = "What the device calls itself", example = "collect:Zf3kQ8sPq2yW1t0x")
    ),
    responses((status = 204, description = "They can; `X-OpenRosa-Accept-Content-Length` says how much at a time"))
)]
pub async fn expect_submission(request: HttpRequest) -> HttpResponse {
    answer(&request, StatusCode::NO_CONTENT).finish()
}

/// Send a filled-in form
///
/// OpenRosa's way: the form in the part `xml_submission_file`, files in parts of their own, and `*isIncomplete*` where more
/// come in other requests. It is kept whatever it says: what breaks a rule is for the supervisor. The same again is a
/// success and changes nothing; other content under the same instance ID is a conflict.
#[utoipa::path(
    post, path = "/key/{token}/submission", tag = "phones",
    params(
        ("token" = String, Path, description = "An API token that may submit responses", example = "ig_token"),
        ("deviceID" = Option<String>, Query, description = "What the device calls itself", example = "collect:Zf3kQ8sPq2yW1t0x")
    ),
    request_body(
        content = Object, content_type = "multipart/form-data", description = "The form and its files",
        example = json!({"xml_submission_file": "<data id=\"enterprise\" version=\"2026.1\"><meta><instanceID>uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11</instanceID></meta></data>"})
    ),
    responses(
        (status = 201, description = "Received, with a message in the survey's language", body = String, content_type = "text/xml"),
        (status = 400, description = "It is no filled-in form"),
        (status = 404, description = "There is no such form"),
        (status = 409, description = "Other content is known under this instance ID"),
        (status = 413, description = "A part of it is over a limit")
    )
)]
pub async fn send(
    app: web::Data<App>,
    caller: Caller,
    asked: Asked,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let parcel = Parcel::receive(&app, &request, payload).await?;
    let Parcel {
        form,
        files,
        empty,
        mut failed,
    } = parcel;
    let prepared = web::block({
        let (app, caller) = (app.clone(), caller.clone());
        move || prepare(&app, &caller, asked, &form)
    })
    .await??;
    let Prepared {
        submission,
        version,
        mut arrival,
    } = prepared;
    let stored = app.store_for(&caller).submit(submission).await;
    app.metrics.stored(&stored);
    let receipt = stored.map_err(conflict)?;
    arrival.duplicate = receipt.duplicate;
    arrival.empty = empty;
    let standing = standing(arrival.test, &receipt);
    arrival.standing = standing;
    if standing == Standing::Stored && (!files.is_empty() || asks_for_files(&version.definition)) {
        let version = version.clone();
        (arrival, failed) = web::block(move || {
            let known = (version.definition.survey(), receipt.instance_id.as_str());
            attach(&app, &caller, known, files, &mut arrival, &mut failed)?;
            Ok::<_, Problem>((arrival, failed))
        })
        .await??;
    }
    if let Some(problem) = not_whole(&failed).filter(|_| standing == Standing::Stored) {
        return Err(problem);
    }
    let text = arrival.message(&version.definition);
    Ok(message(&request, StatusCode::CREATED, "submit_success", &text))
}

/// What a response of that name is already: to one that counts a test changes nothing, and what was withdrawn stays so.
fn standing(test: bool, receipt: &Receipt) -> Standing {
    match receipt {
        Receipt { withdrawn: true, .. } => Standing::Withdrawn,
        Receipt { test: false, .. } if test => Standing::Counts,
        _ => Standing::Stored,
    }
}

/// A filled-in form that went through the one way in.
struct Prepared {
    submission: Submission,
    version: Arc<study::Version>,
    arrival: Arrival,
}

fn prepare(app: &App, caller: &Caller, asked: Asked, xml: &[u8]) -> Result<Prepared, Problem> {
    let head = Head::read(xml)?;
    let catalogue = app.surveys.catalogue(&app.store)?;
    let found = catalogue.survey(&head.form_id).ok();
    let survey = found.filter(|survey| caller.may_use_survey(&survey.survey));
    let survey = survey.ok_or_else(|| unknown_form(&head.form_id))?;
    if head.encrypted {
        return Err(Problem::new(Code::InstanceEncrypted));
    }
    let (version, unknown) = version_of(&asked, survey, &head)?;
    let known = known(app, survey, &head, asked.drafts)?;
    expect_own(caller, known.as_ref().filter(|_| head.deprecated_id.is_some()))?;
    let named = known
        .as_ref()
        .map(|known| known.round.as_str())
        .filter(|round| !round.is_empty());
    let (round, out_of_time) = round_of(named.or(caller.round.as_deref()), &catalogue);

    let mut reception = Reception::new(&app.store, version, round, Door::OpenRosa, app.now())?
        .sent_by(Some(caller.name.clone()))
        .from_device(asked.device);
    if asked.drafts {
        reception = reception.as_test();
    }
    let (answers, unreadable) = instance::read(xml, &version.form)?;
    let is_whole = unreadable.iter().all(|finding| finding.severity != Severity::Problem);
    let mut processed = reception.process(answers, unreadable);
    let closed = || Finding::new(ProblemCode::SurveyClosed, [""; 0]);
    let closed = (!asked.drafts && !survey.state.accepts()).then(closed);
    let of_places = || Finding::new(ProblemCode::FiguresOfPlaces, [""; 0]);
    let of_places = version.definition.is_of_places().then(of_places);
    for finding in [unknown, out_of_time, closed, of_places].into_iter().flatten() {
        processed.add(finding);
    }
    let city = processed.identity.city.clone();
    if let Some(city) = city.filter(|city| !caller.may_use_city(Some(city))) {
        processed.add(Finding::new(ProblemCode::CityOfOthers, [city]));
    }
    let names = Names {
        instance_id: head.instance_id.unwrap_or_else(|| made_id(&survey.survey, caller, xml)),
        deprecated_id: head.deprecated_id,
        claimed_version: head.version,
    };
    let mut submission = reception.submission(names, &processed, xml)?;
    if !is_whole {
        submission = submission.with_original(&version.definition, xml.to_vec());
    }
    Ok(Prepared {
        submission,
        version: version.clone(),
        arrival: Arrival {
            test: asked.drafts,
            to_check: processed.problems.len() + processed.warnings.len(),
            ..Arrival::default()
        },
    })
}

/// The version that a form answers; where nobody knows it, the newest, with what is to be said of that.
fn version_of<'s>(
    asked: &Asked,
    survey: &'s Survey,
    head: &Head,
) -> Result<(&'s Arc<study::Version>, Option<Finding>), Problem> {
    if let Some(version) = asked.known(survey, &head.version) {
        return Ok((version, None));
    }
    let draft = asked.drafts.then(|| asked.offered(survey)).flatten();
    let newest = draft
        .or_else(|| survey.newest())
        .ok_or_else(|| unknown_form(&head.form_id))?;
    let details = [head.version.clone(), newest.version.clone()];
    Ok((newest, Some(Finding::new(ProblemCode::UnknownVersion, details))))
}

/// The response that a form edits, or is: of those that count, or that try things out, as the form does. It may still come.
fn known(app: &App, survey: &Survey, head: &Head, drafts: bool) -> Result<Option<store::Head>, Problem> {
    for id in [&head.deprecated_id, &head.instance_id].into_iter().flatten() {
        match app.store.response_head(&survey.survey, id) {
            Ok(known) if known.test == drafts => return Ok(Some(known)),
            Ok(_) | Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(None)
}

/// The instance ID of a form that has none: the same whenever the same comes from the same sender.
fn made_id(survey: &str, caller: &Caller, xml: &[u8]) -> String {
    let content = Fingerprint::of_bytes(xml).to_string();
    let parts = [survey, caller.name.as_str(), content.as_str()].join("\0");
    let hash = Fingerprint::of_bytes(parts.as_bytes());
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
    format!("uuid:{}", Builder::from_custom_bytes(bytes).into_uuid())
}

/// The round that a form goes to: that of the response that it edits, else the token's, open or not, else the only open
/// one; with what is to be said of that.
fn round_of<'c>(named: Option<&'c str>, catalogue: &'c Catalogue) -> (Option<&'c str>, Option<Finding>) {
    if let Ok(round) = catalogue.open_round(named) {
        return (Some(round), None);
    }
    match named.and_then(|named| catalogue.any_round(named).ok()) {
        Some(round) => (Some(round), Some(Finding::new(ProblemCode::RoundNotOpen, [round]))),
        None => (None, Some(Finding::new(ProblemCode::NoOpenRound, [""; 0]))),
    }
}

/// That what is edited is the caller's to edit: their own, or within their limits.
fn expect_own(caller: &Caller, edited: Option<&store::Head>) -> Result<(), Problem> {
    match edited.filter(|_| !caller.is_unlimited()) {
        Some(edited) if edited.sender.as_deref() != Some(caller.name.as_str()) => expect_in_scope(caller, edited)
            .map_err(|_| {
                Problem::new(Code::Forbidden).explain(
                    "此答卷修改的是他人负责的城市的答卷，没有保存。请联系督导。",
                    "This form edits a response of a city that is not one of yours, and was not stored. Tell your supervisor.",
                )
            }),
        _ => Ok(()),
    }
}

/// Keeps the files that the form names, whatever kind they are, and counts those that are still to come. Others are left
/// over on the phone from pictures that were taken again. One that can't be kept does not keep the others out.
fn attach(
    app: &App,
    caller: &Caller,
    (survey, instance_id): (&str, &str),
    mut arrived: Vec<(PartNames, Received)>,
    arrival: &mut Arrival,
    failed: &mut Vec<(String, Problem)>,
) -> Result<(), Problem> {
    let head = app.store.response_head(survey, instance_id)?;
    let catalogue = app.surveys.catalogue(&app.store)?;
    let store = app.store_for(caller);
    let limit = app.settings.limits.response_attachments_bytes.0 as u64;
    for file in files_that_may_come(&app.store, &catalogue, &head, Some(instance_id))? {
        let called = |by: fn(&PartNames) -> &str| arrived.iter().position(|(names, _)| by(names) == file.name);
        let sent = called(|names| &names.file).or_else(|| called(|names| &names.part));
        let sent = sent.map(|position| arrived.swap_remove(position).1);
        match sent {
            Some(received) => {
                let (sender, name) = ((Some(caller.name.clone()), limit), file.name.clone());
                arrival.to_check += usize::from(file.asked && !file.kind.takes(received.media_type));
                let kept = app.contents().map_err(Problem::from).and_then(|contents| {
                    keep_file(&store, contents, (survey, file), received, sender, app.now()).map_err(Problem::from)
                });
                failed.extend(kept.err().map(|problem| (name, problem)));
            }
            None if failed.iter().any(|(name, _)| *name == file.name) => {}
            None => arrival.awaited += usize::from(file.asked && file.received.is_none()),
        }
    }
    arrival.left_over = arrived.into_iter().map(|(names, _)| names.file).collect();
    Ok(())
}

/// That the answers are stored and some files are not, where it is so.
fn not_whole(failed: &[(String, Problem)]) -> Option<Problem> {
    let (_, first) = failed.first()?;
    let (mut zh, mut en) = ("答卷已保存。".to_owned(), "The answers are stored.".to_owned());
    for (name, problem) in failed {
        let (why_zh, why_en) = match problem.code() {
            Code::AttachmentConflict => (
                "服务器上已有同名而内容不同的文件，保留先收到的一份，请联系督导。".to_owned(),
                "the server has another file under this name and keeps that one; tell your supervisor.".to_owned(),
            ),
            _ => (
                problem.detail_in(Language::Chinese),
                problem.detail_in(Language::English),
            ),
        };
        let _ = write!(zh, "\n附件“{name}”未保存：{why_zh}");
        let _ = write!(en, "\nThe file '{name}' is not: {why_en}");
    }
    let problem = Problem::new(first.code()).explain(zh, en);
    Some(match first.retry_after_seconds() {
        Some(seconds) => problem.retry_after(seconds),
        None => problem,
    })
}

fn unknown_form(form: &str) -> Problem {
    Problem::new(Code::FormUnknown).explain(
        format!("服务器上没有表单“{form}”，或您的访问密钥不能用于它，没有保存。请保留该答卷，并联系管理员。"),
        format!(
            "The server has no form '{form}', or your access key is not good for it, and nothing was stored. Keep the form on the phone, and tell the administrator."
        ),
    )
}

/// What is said where the same identifier has other content.
fn conflict(error: StoreError) -> Problem {
    match error {
        StoreError::InstanceConflict { .. } => Problem::new(Code::Conflict).explain(
            "服务器上已有编号相同而内容不同的答卷，此次没有保存。请保留该答卷，并联系督导。",
            "The server has another form under the same identifier, and this one was not stored. Keep it on the phone, and tell your supervisor.",
        ),
        StoreError::ConsentWithdrawn { .. } => Problem::new(Code::ConsentWithdrawn).explain(
            "受访者已撤回对该答卷的同意，此次修改没有保存。请从手机上删除该答卷。",
            "The respondent has withdrawn consent to this form, and the edit was not stored. Delete the form from the phone.",
        ),
        other => other.into(),
    }
}

impl From<instance::InstanceError> for Problem {
    fn from(error: instance::InstanceError) -> Self {
        use crate::definition::Language::{Chinese, English};
        let unread = Self::new(Code::InstanceInvalid);
        let hint = |language| unread.detail_in(language);
        let (zh, en) = (hint(Chinese), hint(English));
        unread.explain(
            format!("{zh}\n{}", error.message(Chinese)),
            format!("{en}\n{}", error.message(English)),
        )
    }
}
