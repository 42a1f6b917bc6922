//! Receive a file that a response names.

use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::AttachedFile;
use crate::attachments::Receiving;
use crate::response::Fingerprint;
use crate::store::Attached;
use crate::study::{FileOfResponse, files_of_response, keep_file};
use crate::web::Caller;
use crate::web::body::next_piece;
use crate::web::gate;
use crate::web::problem::{Code, Problem};
use crate::web::routes::responses::expect_in_scope;
use crate::web::state::App;

/// The header by which a sender announces the hash of the content (RFC 9530).
const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// Send a file that a response names
///
/// The body is the file. The name is the one that an answer of the version has which the instance ID names; the version
/// is sent first. The same file again is a success and changes nothing; another file under the same name is a conflict.
/// What kind of file it is, its content tells. `Content-Digest: sha-256=:…:` (RFC 9530) announces the hash: what arrives
/// otherwise is not stored.
#[utoipa::path(
    put, path = "/api/v1/surveys/{survey}/responses/{instance_id}/attachments/{file_name}", tag = "responses",
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "The instance ID of the version that names the file", example = "uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11"),
        ("file_name" = String, Path, description = "The name that the answer has", example = "1764120000000.jpg"),
        ("content-digest" = Option<String>, Header, description = "The SHA-256 of the file in base64, as RFC 9530 writes it", example = "sha-256=:n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=:")
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file", example = json!("%PDF-1.7\n")),
    responses(
        (status = 201, description = "The file is kept", body = AttachedFile),
        (status = 200, description = "The same file was kept before", body = AttachedFile),
        (status = 409, description = "The version has another file under this name"),
        (status = 413, description = "The file, or all files of the response together, are over the limit"),
        (status = 415, description = "The question does not take this kind of file"),
        (status = 422, description = "The file is empty, or is not what was announced")
    )
)]
pub async fn put_attachment(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String, String)>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let announced = announced(&request)?;
    let (survey, instance_id, name) = path.into_inner();
    let file = web::block({
        let (app, caller, survey) = (app.clone(), caller.clone(), survey.clone());
        move || named(&app, &caller, &survey, &instance_id, &name)
    })
    .await??;
    expect_size(&app, &request)?;
    let receiving = receive(&app, payload).await?;
    let (attached, file) = web::block(move || keep(&app, &caller, &survey, file, receiving, announced)).await??;
    let mut answer = match attached {
        Attached::Added => HttpResponse::Created(),
        Attached::Unchanged => HttpResponse::Ok(),
    };
    Ok(answer.json(file))
}

/// The hash that is announced. What is compressed or wrapped is not the file itself.
fn announced(request: &HttpRequest) -> Result<Option<Fingerprint>, Problem> {
    let sent = |name: HeaderName| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let wrapped = sent(header::CONTENT_TYPE).is_some_and(|of| of.to_ascii_lowercase().starts_with("multipart/"));
    if wrapped || request.headers().contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(Code::UnsupportedMediaType).explain(
            "请求正文须为文件本身，不压缩，也不用 multipart 格式。",
            "The body is the file itself: neither compressed nor multipart.",
        ));
    }
    let Some(text) = sent(CONTENT_DIGEST) else {
        return Ok(None);
    };
    digest(text).map(Some).ok_or_else(|| {
        Problem::new(Code::BadRequest).explain(
            "Content-Digest 的格式为 sha-256=:BASE64:。",
            "Content-Digest takes sha-256=:BASE64:.",
        )
    })
}

/// The SHA-256 of a list of digests.
fn digest(text: &str) -> Option<Fingerprint> {
    let digests = text.split(',').filter_map(|one| one.trim().split_once('='));
    let (_, value) = digests.into_iter().find(|(name, _)| *name == "sha-256")?;
    let bytes = STANDARD.decode(value.strip_prefix(':')?.strip_suffix(':')?).ok()?;
    Some(Fingerprint::of_digest(bytes.try_into().ok()?))
}

/// The file of that name that a version names, where the caller may see the response.
fn named(app: &App, caller: &Caller, survey: &str, instance_id: &str, name: &str) -> Result<FileOfResponse, Problem> {
    let head = app.store.response_head(survey, instance_id)?;
    expect_in_scope(caller, &head)?;
    let catalogue = app.surveys.catalogue(&app.store)?;
    let files = files_of_response(&app.store, &catalogue, &head, Some(instance_id))?;
    files.into_iter().find(|file| file.name == name).ok_or_else(|| {
        Problem::not_found().explain(
            "该答卷版本的答案中没有此文件名。请先提交含有此文件名的答卷。",
            "No answer of this version of the response names this file: send the response that names it first.",
        )
    })
}

/// Refuses a file that says itself that it is too large.
fn expect_size(app: &App, request: &HttpRequest) -> Result<(), Problem> {
    let limit = limit(app);
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(crate::attachments::ContentError::TooLarge { limit }.into());
    }
    Ok(())
}

fn limit(app: &App) -> u64 {
    app.settings.limits.attachment_bytes.0 as u64
}

/// Receives the body into a file, piece by piece: the memory for it does not grow with it.
async fn receive(app: &web::Data<App>, payload: web::Payload) -> Result<Receiving, Problem> {
    let mut receiving = web::block({
        let app = app.clone();
        move || app.contents()?.receive(limit(&app))
    })
    .await??;
    let mut body = payload.into_inner();
    loop {
        let (piece, ended) = next_piece(&mut body)
            .await
            .map_err(|error| gate::body_problem(&error))?;
        receiving = web::block(move || receiving.take(&piece).map(|()| receiving)).await??;
        if ended {
            return Ok(receiving);
        }
    }
}

/// Keeps what arrived, where it is what was announced and of a kind that the question takes.
fn keep(
    app: &App,
    caller: &Caller,
    survey: &str,
    file: FileOfResponse,
    receiving: Receiving,
    announced: Option<Fingerprint>,
) -> Result<(Attached, AttachedFile), Problem> {
    let received = receiving.finish(file.kind)?;
    if announced.is_some_and(|announced| announced != received.hash) {
        return Err(Problem::new(Code::DigestMismatch));
    }
    let limit = app.settings.limits.response_attachments_bytes.0 as u64;
    let (attached, file) = keep_file(
        &app.store_for(caller),
        app.contents()?,
        (survey, file),
        received,
        (Some(caller.name.clone()), limit),
        app.now(),
    )?;
    // Whoever sent it knows it.
    Ok((attached, AttachedFile::of(file, true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_rfc_9530_writes_it() {
        // The examples of the RFC, appendix D.
        let hash = Some(Fingerprint::of_bytes(b"{\"hello\": \"world\"}\n"));
        assert_eq!(digest("sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"), hash);
        assert_eq!(
            digest("unixsum=30637, sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"),
            hash
        );
        for wrong in [
            "",
            "sha-256=RK/0qy18",
            "sha-256=:!:",
            "sha-256=:AAAA:",
            "sha-512=:AAAA:",
        ] {
            assert_eq!(digest(wrong), None, "{wrong}");
        }
    }
}
