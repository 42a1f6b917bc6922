//! The files that a form reads: their list, and each of them.

use std::fmt::Write as _;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpRequest, HttpResponse, web};

use super::asked::{Asked, audience, round_of};
use crate::study::{self, Catalogue};
use crate::web::Caller;
use crate::web::openrosa::{answer, document, text_of};
use crate::web::problem::{Code, Problem};
use crate::web::routes::files::CSV;
use crate::web::state::App;

/// The files that a form reads
///
/// OpenRosa's manifest: files that belong to the definition, and the lists that are made for whoever holds the token: the
/// organisations that they may visit, and what was answered in the round before in their cities.
#[utoipa::path(
    get, path = "/key/{token}/forms/{survey}/{version}/manifest", tag = "phones",
    params(
        ("token" = String, Path, description = "An API token that may fetch forms", example = "ig_token"),
        ("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version")
    ),
    responses((status = 200, description = "The list, in OpenRosa's XML", body = String, content_type = "text/xml"))
)]
pub async fn manifest(
    app: web::Data<App>,
    caller: Caller,
    asked: Asked,
    path: web::Path<(String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, survey, version) = path.into_inner();
    let xml = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let form = find(&catalogue, &asked, &survey, &version)?;
        let files = form.phone_files(&app.store, round_of(&caller, &catalogue), &audience(&caller))?;
        let mut xml = String::from(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest xmlns=\"http://openrosa.org/xforms/xformsManifest\">\n",
        );
        for file in files {
            let address = asked.address(&["forms", &survey, &version, "media", &file.name])?;
            // Writing to a String does not fail.
            let _ = writeln!(
                xml,
                "<mediaFile>\n<filename>{}</filename>\n<hash>md5:{}</hash>\n<downloadUrl>{}</downloadUrl>\n</mediaFile>",
                text_of(&file.name),
                file.hash,
                text_of(&address)
            );
        }
        xml.push_str("</manifest>\n");
        Ok::<_, Problem>(xml)
    })
    .await??;
    Ok(document(&request, xml))
}

/// A file that a form reads
#[utoipa::path(
    get, path = "/key/{token}/forms/{survey}/{version}/media/{file_name}", tag = "phones",
    params(
        ("token" = String, Path, description = "An API token that may fetch forms", example = "ig_token"),
        ("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version"),
        ("file_name" = String, Path, description = "The file, as the manifest names it", example = "organisations.csv")
    ),
    responses((status = 200, description = "The file", body = Vec<u8>, content_type = "application/octet-stream"))
)]
pub async fn media(
    app: web::Data<App>,
    caller: Caller,
    asked: Asked,
    path: web::Path<(String, String, String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, survey, version, name) = path.into_inner();
    let (name, content) = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let form = find(&catalogue, &asked, &survey, &version)?;
        let content = form.phone_file(&app.store, &name, round_of(&caller, &catalogue), &audience(&caller))?;
        Ok::<_, Problem>((name, content.ok_or_else(Problem::not_found)?))
    })
    .await??;
    let content_type = match name.rsplit_once('.') {
        Some((_, "csv")) => CSV,
        _ => "application/octet-stream",
    };
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name)],
    };
    Ok(answer(&request, StatusCode::OK)
        .content_type(content_type)
        .insert_header(disposition)
        .body(content))
}

fn find<'c>(
    catalogue: &'c Catalogue,
    asked: &Asked,
    survey: &str,
    version: &str,
) -> Result<&'c Arc<study::Version>, Problem> {
    let found = asked.known(catalogue.survey(survey)?, version);
    found.ok_or_else(|| Problem::new(Code::FormUnknown))
}
