//! Load a workbook that people filled in.

use actix_multipart::form::MultipartForm;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Import;
use super::loading::{Loading, Options};
use crate::definition::Language;
use crate::store;
use crate::study::jobs::Task;
use crate::study::{LoadedAs, Unwatched};
use crate::web::Caller;
use crate::web::openapi::examples;
use crate::web::prefer::Wanted;
use crate::web::problem::{Code, Fault, Problem};
use crate::web::routes::files::Upload;
use crate::web::routes::jobs::{self, Job};
use crate::web::state::App;

/// What became of a workbook.
#[derive(Serialize, ToSchema)]
pub struct ImportResult {
    /// imported, unchanged (the same file, or nothing new in it) or checked (a dry run).
    #[schema(example = "imported")]
    outcome: &'static str,
    /// The import, where something was stored.
    import: Option<Import>,
    /// Organisations in the workbook.
    organisations: usize,
    /// Those without problems.
    sound: usize,
    /// Those with problems.
    rejected: usize,
    /// Entries of repeats that belong to none of them.
    orphans: usize,
    /// Everything to look at, with sheet and cell.
    findings: Vec<Fault>,
    /// Findings beyond the limit.
    findings_left_out: usize,
    /// Files of an export of ODK Central that were kept with the responses that name them.
    files: usize,
}

/// Load a workbook
///
/// Takes .xlsx, .xls, .ods and .csv with the columns of the survey's blank workbook, and what ODK Central (.csv, .zip) and
/// KoboToolbox (.xlsx, .csv) export, whose review states become decisions of a caller who may decide; the files in `media/` of
/// Central's .zip are kept with the responses that name them. Every problem is
/// listed with its cell; where there is one, no row is stored unless `valid_rows` is given. The same file again changes
/// nothing. With `Prefer: respond-async` the workbook is loaded as a job.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/imports", tag = "imports",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Options, Wanted),
    request_body(content = Upload, content_type = "multipart/form-data", example = examples::workbook),
    responses(
        (status = 201, description = "Imported", body = ImportResult),
        (status = 200, description = "A dry run, or nothing new", body = ImportResult),
        (status = 202, description = "Kept as a job: `Location` says where to ask after it", body = Job),
        (status = 422, description = "Rows break rules, or the file can't be used")
    )
)]
pub async fn import_workbook(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    options: web::Query<Options>,
    language: Language,
    wanted: Wanted,
    MultipartForm(upload): MultipartForm<Upload>,
) -> Result<HttpResponse, Problem> {
    let loading = Loading {
        app,
        caller,
        survey: survey.into_inner(),
        options: options.into_inner(),
        language,
    };
    if wanted == Wanted::AsJob {
        let job = web::block(move || loading.later(&upload)).await??;
        return jobs::accepted(&job, language);
    }
    let result = web::block(move || loading.run(&upload)).await??;
    Ok(if result.outcome == "imported" {
        HttpResponse::Created().json(result)
    } else {
        HttpResponse::Ok().json(result)
    })
}

impl Loading {
    /// Keeps the workbook with a job that loads it.
    fn later(&self, upload: &Upload) -> Result<store::Job, Problem> {
        let task = Task::Import {
            dry_run: self.options.dry_run,
            request: self.request()?,
        };
        let file = (upload.name(), upload.file.file.path());
        jobs::keep(&self.app, &self.caller, &task, Some((&file.0, file.1)))
    }

    fn run(&self, upload: &Upload) -> Result<ImportResult, Problem> {
        let (request, app) = (self.request()?, &self.app);
        let catalogue = app.surveys.catalogue(&app.store)?;
        let path = upload.file.file.path();
        let checked = request.check(&app.store, &catalogue, &self.reader()?, path, app.now(), &Unwatched)?;
        let plan = &checked.plan;
        let mut result = ImportResult {
            outcome: "checked",
            import: None,
            organisations: plan.organisations,
            sound: plan.accepted.len(),
            rejected: plan.rejected.len(),
            orphans: plan.orphans.len(),
            findings: plan.findings.iter().map(Fault::from).collect(),
            findings_left_out: plan.findings_left_out,
            files: 0,
        };
        if self.options.dry_run {
            return Ok(result);
        }
        if !checked.may_be_stored() {
            return Err(Problem::new(Code::RowsInvalid)
                .faults(result.findings)
                .member("organisations", result.organisations)
                .member("rejected", result.rejected)
                .member("orphans", result.orphans));
        }
        let maker = self.caller.name.clone();
        let loaded = checked.store(
            (&app.store_for(&self.caller), &catalogue),
            &app.files,
            (upload.name(), maker),
            app.now(),
            &Unwatched,
        )?;
        result.files = loaded.files;
        result.findings.extend(loaded.findings.iter().map(Fault::from));
        let (outcome, import) = match loaded.outcome {
            LoadedAs::Imported(import) => ("imported", Some(import)),
            LoadedAs::SameFile(import) => ("unchanged", Some(import)),
            LoadedAs::NothingNew => ("unchanged", None),
        };
        self.app.metrics.import(outcome);
        result.outcome = outcome;
        result.import = import.map(Import::of).transpose()?;
        Ok(result)
    }
}
