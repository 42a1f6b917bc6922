//! The register: load it, list it, take it away.

use actix_multipart::form::MultipartForm;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::organisation::Organisation;
use super::{InRound, register_of};
use crate::definition::Language;
use crate::scoring::RegisterTotals;
use crate::spreadsheet::{Limits, Worker, register_template};
use crate::store::{self, RegisterFilter};
use crate::study::{self, LoadedRegister, RegisterRequest};
use crate::web::Caller;
use crate::web::openapi::examples;
use crate::web::problem::{Code, Fault, Problem};
use crate::web::routes::files::{CSV, Upload, XLSX, download, list, page, wrong_parameter};
use crate::web::state::App;

/// How many rows a page has where nothing is asked for.
pub(super) const PAGE: i64 = 100;
/// The most rows of a page.
pub(super) const LARGEST_PAGE: i64 = 1000;

/// How a register is to be loaded.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct LoadOptions {
    /// The round; the token's, else the only open one, where it is absent.
    round: Option<String>,
    /// Only say what would change.
    dry_run: bool,
}

/// What became of a register.
#[derive(Serialize, ToSchema)]
pub struct RegisterResult {
    /// loaded, unchanged (nothing new in it) or checked (a dry run).
    #[schema(example = "loaded")]
    outcome: &'static str,
    /// Organisations in the workbook.
    organisations: usize,
    /// Organisations that are new.
    added: usize,
    /// Organisations with something else in a column.
    changed: usize,
    /// Organisations that are known as they are.
    unchanged: usize,
    /// What to look at, with sheet and cell.
    findings: Vec<Fault>,
}

/// Load the register
///
/// Takes .xlsx, .xls, .ods and .csv with one organisation per row, under the headers of the blank register in Chinese
/// or English. Every problem is listed with its cell; where there is one, nothing is loaded. Known organisations are
/// changed where the workbook differs; those that it does not name stay. The same workbook again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/register", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey: the respondent type", example = "enterprise"), LoadOptions),
    request_body(content = Upload, content_type = "multipart/form-data", example = examples::register),
    responses((status = 200, description = "Loaded, or checked", body = RegisterResult), (status = 422, description = "Rows have problems"))
)]
pub async fn load_register(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    options: web::Query<LoadOptions>,
    language: Language,
    MultipartForm(upload): MultipartForm<Upload>,
) -> Result<HttpResponse, Problem> {
    let result = web::block(move || {
        let of = register_of(&app, &caller, &survey, options.round.as_deref())?;
        let reader = match &app.settings.workbook_reader {
            Some(program) => Worker::of(program, Limits::default()),
            None => Worker::of_this_program(Limits::default()).map_err(Problem::internal)?,
        };
        let store = app.store_for(&caller);
        let request = RegisterRequest {
            of,
            language,
            cities: caller.cities,
            dry_run: options.dry_run,
        };
        let catalogue = app.surveys.catalogue(&app.store)?;
        let path = upload.file.file.path();
        let loaded = study::load_register(&store, &catalogue, &reader, path, &request, app.now())?;
        result_of(&loaded, options.dry_run)
    })
    .await??;
    Ok(HttpResponse::Ok().json(result))
}

fn result_of(loaded: &LoadedRegister, dry_run: bool) -> Result<RegisterResult, Problem> {
    let findings: Vec<Fault> = loaded.findings.iter().map(Fault::from).collect();
    let Some(change) = loaded.change else {
        return Err(Problem::new(Code::RowsInvalid)
            .faults(findings)
            .member("organisations", loaded.rows));
    };
    let outcome = match (dry_run, change.added + change.changed) {
        (true, _) => "checked",
        (false, 0) => "unchanged",
        (false, _) => "loaded",
    };
    Ok(RegisterResult {
        outcome,
        organisations: loaded.rows,
        added: change.added,
        changed: change.changed,
        unchanged: change.unchanged,
        findings,
    })
}

/// The blank register
///
/// A workbook to fill in, with a guide and the codes of cities, sectors and size classes, in the caller's language.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/register-template", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey", example = "enterprise")),
    responses((status = 200, description = "The workbook", content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
)]
pub async fn blank_register(
    app: web::Data<App>,
    survey: web::Path<String>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let name = format!("{survey}-register.xlsx");
    let bytes = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let words = study::register_words(&app.store, &catalogue, &survey)?;
        register_template(&words, language).map_err(Problem::internal)
    })
    .await??;
    Ok(download(&name, XLSX, bytes))
}

/// Which organisations, and which page of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// The round; the token's, else the only open one, where it is absent.
    round: Option<String>,
    /// In this city; several are separated by commas.
    city: Option<String>,
    /// Of this sector.
    sector: Option<String>,
    /// Of this size class.
    size: Option<String>,
    /// In the frame or not.
    in_frame: Option<bool>,
    /// With this credit code, or with these words in the name.
    organisation: Option<String>,
    /// How many rows a page has: 1 to 1000.
    limit: Option<i64>,
    /// `next` of the page before.
    after: Option<i64>,
}

/// A page of the register.
#[derive(Serialize, ToSchema)]
pub struct RegisterPage {
    /// The organisations.
    organisations: Vec<Organisation>,
    /// Where the next page begins: send it as `after`; null after the last page.
    next: Option<i64>,
}

fn filter(caller: &Caller, question: &Question) -> RegisterFilter {
    RegisterFilter {
        cities: caller.cities_within(list(question.city.as_deref())),
        sector: question.sector.clone(),
        size: question.size.clone(),
        in_frame: question.in_frame,
        words: question.organisation.clone(),
    }
}

/// How many rows were asked for.
pub(super) fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    let limit = asked.unwrap_or(PAGE);
    if (1..=LARGEST_PAGE).contains(&limit) {
        Ok(limit)
    } else {
        Err(wrong_parameter("limit", format!("1–{LARGEST_PAGE}")))
    }
}

/// List the register
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/register", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Question),
    responses((status = 200, description = "A page", body = RegisterPage))
)]
pub async fn list_register(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    question: web::Query<Question>,
) -> Result<HttpResponse, Problem> {
    let limit = limit(question.limit)?;
    let organisations = web::block(move || {
        let of = register_of(&app, &caller, &survey, question.round.as_deref())?;
        let filter = filter(&caller, &question);
        app.store
            .organisations(&of.round, &survey, &filter, question.after, limit + 1)
            .map_err(Problem::from)
    })
    .await??;
    let (organisations, next) = page(organisations, limit, |row| row.id);
    Ok(HttpResponse::Ok().json(RegisterPage {
        organisations: organisations.into_iter().map(Organisation::from).collect(),
        next,
    }))
}

/// Download the register
///
/// As .csv with the headers of the blank register, so that it can be loaded again.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/register-table", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Question),
    responses((status = 200, description = "The register", content_type = "text/csv"))
)]
pub async fn export_register(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    question: web::Query<Question>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let name = format!("{survey}-register.csv");
    let bytes = web::block(move || {
        let of = register_of(&app, &caller, &survey, question.round.as_deref())?;
        let filter = filter(&caller, &question);
        let register = app.store.whole_register(&of.round, &survey, &filter)?;
        let entries = register.iter().map(|store::Organisation { entry, .. }| entry);
        crate::spreadsheet::register_csv(entries, language).map_err(Problem::internal)
    })
    .await??;
    Ok(download(&name, CSV, bytes))
}

/// Totals of the register
///
/// Organisations and persons employed by city, size class and sector: what weights are calibrated to.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/register-totals", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), InRound),
    responses((status = 200, description = "The totals", body = Object))
)]
pub async fn register_totals(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    asked: web::Query<InRound>,
) -> Result<HttpResponse, Problem> {
    let totals: RegisterTotals = web::block(move || {
        let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
        study::register_totals(&app.store, &of.round, &survey, caller.cities).map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Ok().json(totals))
}
