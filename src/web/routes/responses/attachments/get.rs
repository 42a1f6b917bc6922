//! A file of a response.

use std::ops::Range;

use actix_web::body::SizedStream;
use actix_web::http::header::{
    self, Charset, ContentDisposition, ContentEncoding, ContentRangeSpec, DispositionParam, DispositionType, EntityTag,
    ExtendedValue, Header as _, IfNoneMatch, IfRange,
};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, web};
use futures_util::stream;

use crate::attachments::Reading;
use crate::response::Tier;
use crate::store::{Attachment, Head};
use crate::study::{FileOfResponse, files_of_response, kept};
use crate::web::Caller;
use crate::web::problem::{Code, Problem};
use crate::web::routes::responses::{Access, Personal, expect_in_scope};
use crate::web::state::App;

/// What a browser that is made to show a file may do with it: nothing.
const CONTENT_SECURITY_POLICY: &str = "sandbox; default-src 'none'";

/// A file of a response
///
/// As its present version names it, else as the version does that the instance ID names. The tag is the SHA-256 of the
/// content; parts can be asked for by `Range`. A personal file takes `personal=full` and a reason.
#[utoipa::path(
    method(get, head), path = "/api/v1/surveys/{survey}/responses/{instance_id}/attachments/{file_name}", tag = "responses",
    params(
        ("survey" = String, Path, description = "The survey", example = "enterprise"),
        ("instance_id" = String, Path, description = "An instance ID of the response", example = "uuid:7f1f2b9e-3b57-4c0e-9a55-1f1a0d6f2a11"),
        ("file_name" = String, Path, description = "The file's name", example = "1764120000000.jpg"),
        Personal
    ),
    responses(
        (status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 206, description = "The part that was asked for", body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 304, description = "The caller has it already"),
        (status = 416, description = "The file has no such part")
    )
)]
pub async fn get_attachment(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String, String)>,
    personal: web::Query<Personal>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (survey, instance_id, name) = path.into_inner();
    let access = personal.into_inner().allowed_to(&caller)?;
    let (file, attachment) = web::block({
        let app = app.clone();
        move || find(&app, &caller, (&survey, &instance_id, &name), &access)
    })
    .await??;
    let content = attachment.content;
    let tag = EntityTag::new_strong(content.hash.to_string());
    let mut answer = HttpResponse::Ok();
    answer.insert_header(header::ETag(tag.clone())).insert_header((
        header::CACHE_CONTROL,
        if file.personal { "no-store" } else { "private, no-cache" },
    ));
    if is_known(&request, &tag) {
        return Ok(answer.status(StatusCode::NOT_MODIFIED).finish());
    }
    describe(&mut answer, &file.name, &content.media_type);
    let range = match part(&request, &tag, content.size) {
        Part::Whole => 0..content.size,
        Part::Range(range) => {
            answer
                .status(StatusCode::PARTIAL_CONTENT)
                .insert_header(header::ContentRange(ContentRangeSpec::Bytes {
                    range: Some((range.start, range.end - 1)),
                    instance_length: Some(content.size),
                }));
            range
        }
        Part::None => {
            return Err(Problem::new(Code::RangeNotSatisfiable).member("size", content.size));
        }
    };
    let length = range.end - range.start;
    if request.method() == Method::HEAD {
        let nothing = stream::empty::<Result<Bytes, Problem>>();
        return Ok(answer.body(SizedStream::new(length, nothing)));
    }
    let reading = web::block(move || {
        let kept = kept(&app.store, &content)?;
        Ok::<_, Problem>(app.contents()?.read(&kept, Some(range))?)
    })
    .await??;
    Ok(answer.body(SizedStream::new(length, pieces(reading))))
}

/// The file of that name with what came of it, where the caller may have it.
fn find(
    app: &App,
    caller: &Caller,
    (survey, instance_id, name): (&str, &str, &str),
    access: &Access,
) -> Result<(FileOfResponse, Attachment), Problem> {
    let head = app.store.response_head(survey, instance_id)?;
    expect_in_scope(caller, &head)?;
    let (file, attachment) = [None, Some(instance_id)]
        .into_iter()
        .find_map(|of| received(app, &head, of, name).transpose())
        .ok_or_else(Problem::not_found)??;
    if file.personal {
        if access.tier != Tier::Full {
            return Err(Problem::not_found());
        }
        let target = format!("surveys/{survey}/responses/{}/attachments", head.instance_id);
        access.record(app, caller, &target)?;
    }
    Ok((file, attachment))
}

fn received(
    app: &App,
    head: &Head,
    of: Option<&str>,
    name: &str,
) -> Result<Option<(FileOfResponse, Attachment)>, Problem> {
    let catalogue = app.surveys.catalogue(&app.store)?;
    let files = files_of_response(&app.store, &catalogue, head, of)?;
    let found = files.into_iter().find(|file| file.name == name);
    Ok(found.and_then(|mut file| file.received.take().map(|received| (file, received))))
}

/// Whether the caller has this content already.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|one| one.weak_eq(tag)),
        Err(_) => false,
    }
}

/// Which part of a file is asked for.
enum Part {
    Whole,
    Range(Range<u64>),
    None,
}

/// One range is given; who asks for several, or for a range of other content, gets the whole.
fn part(request: &HttpRequest, tag: &EntityTag, size: u64) -> Part {
    let same = match request
        .headers()
        .contains_key(header::IF_RANGE)
        .then(|| IfRange::parse(request))
    {
        None => true,
        Some(Ok(IfRange::EntityTag(one))) => one.strong_eq(tag),
        Some(_) => false,
    };
    let ranges = match header::Range::parse(request) {
        Ok(header::Range::Bytes(ranges)) if same => ranges,
        _ => return Part::Whole,
    };
    match ranges.as_slice() {
        [one] => one
            .to_satisfiable_range(size)
            .map_or(Part::None, |(first, last)| Part::Range(first..last + 1)),
        _ => Part::Whole,
    }
}

/// What is said of a file so that no browser shows or runs it as one of our pages.
fn describe(answer: &mut HttpResponseBuilder, name: &str, media_type: &str) {
    let plain: String = name
        .chars()
        .map(|character| match character {
            '"' | '\\' => '_',
            plain if plain.is_ascii() => plain,
            _ => '_',
        })
        .collect();
    let mut parameters = vec![DispositionParam::Filename(plain.clone())];
    if plain != name {
        parameters.push(DispositionParam::FilenameExt(ExtendedValue {
            charset: Charset::Ext("UTF-8".to_owned()),
            language_tag: None,
            value: name.as_bytes().to_vec(),
        }));
    }
    answer
        .content_type(media_type)
        .insert_header(ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters,
        })
        .insert_header((header::ACCEPT_RANGES, "bytes"))
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        // Pictures and recordings are packed already, and the length is to be told.
        .insert_header(ContentEncoding::Identity);
}

/// The content, piece by piece.
fn pieces(reading: Reading) -> impl stream::Stream<Item = Result<Bytes, Problem>> {
    stream::try_unfold(reading, |mut reading| async move {
        let (piece, reading) = web::block(move || reading.next_piece().map(|piece| (piece, reading))).await??;
        Ok(piece.map(|piece| (Bytes::from(piece), reading)))
    })
}
