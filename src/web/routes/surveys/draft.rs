//! Keep a draft of a definition.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};

use super::check::CheckedDefinition;
use super::sent::{DefinitionUpload, Sent, Usable};
use super::version::DefinitionHead;
use crate::definition::version_hash;
use crate::store::NewDefinition;
use crate::study;
use crate::web::Caller;
use crate::web::openapi::examples;
use crate::web::preconditions::{IfMatch, tagged_as};
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// Keep a draft
///
/// Checks the definition and keeps it as the draft of that version, in place of an earlier draft and its files. What is
/// taken is what checking takes. Of a workbook its sheets are kept, as one table of text.
#[utoipa::path(
    put, path = "/api/v1/surveys/{survey}/versions/{version}", tag = "surveys",
    params(("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version"), IfMatch),
    request_body(description = "The definition", content(
        (Object = "application/yaml", example = examples::definition),
        (String = "text/markdown", example = examples::form),
        (DefinitionUpload = "multipart/form-data", example = examples::form_upload)
    )),
    responses(
        (status = 200, description = "Kept", body = CheckedDefinition),
        (status = 409, description = "That version is published"),
        (status = 412, description = "The version was changed since the tag of `If-Match`: `changes` names the members of the version"),
        (status = 422, description = "It has errors")
    )
)]
pub async fn keep_draft(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    if_match: IfMatch,
    request: HttpRequest,
    sent: Sent,
) -> Result<HttpResponse, Problem> {
    let (survey, version) = path.into_inner();
    let now = app.now();
    let (kept, head) = web::block(move || {
        let usable = sent.read(&app)?;
        let kept = CheckedDefinition::from(&usable.checked);
        let draft = draft(usable, survey, version)?;
        let seen = seen(&app, &if_match, &draft)?;
        app.store_for(&caller).keep_draft(&draft, seen.as_deref(), now)?;
        app.surveys.forget();
        // Who was given the tag of what another one kept since would overwrite it without having seen it.
        let ours = standing(&app, &draft)?.filter(|version| version.hash == draft.hash);
        let head = ours.map(|version| DefinitionHead::of(&version)).transpose()?;
        Ok::<_, Problem>((kept, head))
    })
    .await??;
    match head {
        Some(head) => tagged_as(&request, &head, &kept),
        None => Ok(HttpResponse::Ok().json(kept)),
    }
}

/// What is kept of a definition, where it is the version that the address says.
fn draft(usable: Usable, survey: String, version: String) -> Result<NewDefinition, Problem> {
    let definition = &usable.checked.value;
    if definition.survey() != survey || definition.version() != version {
        let (inside, inside_version) = (definition.survey(), definition.version());
        return Err(Problem::new(Code::ValueInvalid).explain(
            format!("地址写的是“{survey}”版本“{version}”，文件里是“{inside}”版本“{inside_version}”。"),
            format!("The address says '{survey}' version '{version}', the file '{inside}' version '{inside_version}'."),
        ));
    }
    Ok(NewDefinition {
        hash: version_hash(usable.source.as_bytes(), &usable.files),
        survey,
        version,
        file_name: usable.file_name,
        source: usable.source.into_bytes(),
        files: usable.files,
    })
}

/// The hash of what the caller saw, which the store must still find; none where they don't say what they saw.
fn seen(app: &App, if_match: &IfMatch, draft: &NewDefinition) -> Result<Option<String>, Problem> {
    if if_match.names_a_state() {
        // Another server may have kept something that this one has not heard of yet.
        app.surveys.forget();
    }
    let Some(version) = standing(app, draft)? else {
        if_match.check_absent()?;
        return Ok(None);
    };
    if_match.check(&DefinitionHead::of(&version)?)?;
    Ok(if_match.names_a_state().then(|| version.hash.clone()))
}

/// What stands under the name of that version.
fn standing(app: &App, draft: &NewDefinition) -> Result<Option<Arc<study::Version>>, Problem> {
    let catalogue = app.surveys.catalogue(&app.store)?;
    let survey = catalogue.survey(&draft.survey).ok();
    Ok(survey.and_then(|survey| survey.version(&draft.version).ok().cloned()))
}
