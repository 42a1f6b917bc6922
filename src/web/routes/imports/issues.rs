//! The workbook of issues: what was filled in, with what is wrong in its place.

use actix_multipart::form::MultipartForm;
use actix_web::{HttpResponse, web};

use super::loading::{Loading, Options};
use crate::definition::Language;
use crate::study::Unwatched;
use crate::web::Caller;
use crate::web::openapi::examples;
use crate::web::problem::Problem;
use crate::web::routes::files::{Upload, XLSX, download};
use crate::web::state::App;

/// The workbook of issues
///
/// Checks a workbook as an import would, keeps nothing, and hands the original rows back with every faulty cell
/// coloured and commented. Where nothing is wrong the answer is 204.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/imports/issues", tag = "imports",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Options),
    request_body(content = Upload, content_type = "multipart/form-data", example = examples::workbook),
    responses(
        (status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = 204, description = "Nothing is wrong")
    )
)]
pub async fn import_issues(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    options: web::Query<Options>,
    language: Language,
    MultipartForm(upload): MultipartForm<Upload>,
) -> Result<HttpResponse, Problem> {
    let loading = Loading {
        app,
        caller,
        survey: survey.into_inner(),
        options: options.into_inner(),
        language,
    };
    let issues = web::block(move || loading.issues(&upload)).await??;
    Ok(match issues {
        Some(bytes) => download("issues.xlsx", XLSX, bytes),
        None => HttpResponse::NoContent().finish(),
    })
}

impl Loading {
    /// The workbook of issues, where there is something to say.
    fn issues(&self, upload: &Upload) -> Result<Option<Vec<u8>>, Problem> {
        let (request, app) = (self.request()?, &self.app);
        let catalogue = app.surveys.catalogue(&app.store)?;
        let path = upload.file.file.path();
        let mut checked = request.check(&app.store, &catalogue, &self.reader()?, path, app.now(), &Unwatched)?;
        let out = tempfile::Builder::new()
            .suffix(".xlsx")
            .tempfile()
            .map_err(|error| Problem::of_file(&error))?;
        if !checked.write_issues(out.path())? {
            return Ok(None);
        }
        std::fs::read(out.path()).map(Some).map_err(Problem::internal)
    }
}
