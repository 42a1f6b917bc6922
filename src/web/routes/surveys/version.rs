//! One version of a survey: its source, its codebook, its blank workbook.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{Version, words};
use crate::definition::{Book, codebook, is_xlsform, xform, yaml};
use crate::spreadsheet::{Shape, TemplateOptions, template};
use crate::study;
use crate::web::preconditions::tagged;
use crate::web::problem::{Code, Problem};
use crate::web::routes::files::{XLSX, download, wrong_parameter};
use crate::web::state::App;

/// A version with what every client needs to know of it.
#[derive(Serialize, ToSchema)]
pub struct DefinitionHead {
    /// The survey.
    survey: String,
    /// The version.
    #[serde(flatten)]
    version: Version,
    /// The title, by language.
    title: BTreeMap<String, String>,
    /// The languages with their own names; the first is the default.
    #[schema(value_type = Object)]
    languages: Value,
    /// Who answers.
    respondent: Option<String>,
    /// The time zone of dates without one.
    #[schema(example = "Asia/Shanghai")]
    timezone: String,
}

impl DefinitionHead {
    pub(super) fn of(version: &study::Version) -> Result<Self, Problem> {
        let definition = &version.definition;
        Ok(Self {
            survey: definition.survey().to_owned(),
            title: words(definition.title()),
            languages: serde_json::to_value(definition.languages()).map_err(Problem::internal)?,
            respondent: definition.respondent().map(str::to_owned),
            timezone: definition.timezone().name().to_owned(),
            version: Version::from(version),
        })
    }
}

/// How a blank workbook is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct TemplateQuestion {
    /// A language of the survey; its first where it is absent.
    #[param(example = "zh")]
    lang: String,
    /// rows (one row per organisation) or form (one form per file).
    #[param(example = "rows")]
    layout: Option<String>,
}

/// One version
///
/// `newest` stands for the newest published version.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/versions/{version}", tag = "surveys",
    params(("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version, or `newest`")),
    responses((status = 200, description = "The version", body = DefinitionHead))
)]
pub async fn get_definition(
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let version = find(app, path.into_inner()).await?;
    tagged(&request, &DefinitionHead::of(&version)?)
}

/// The definition file
///
/// Word for word as it was published; of a workbook, its sheets as one table of text, as XLSForm is written in CSV.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/versions/{version}/source", tag = "surveys",
    params(("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version, or `newest`")),
    responses((status = 200, description = "The file", content((Object = "application/yaml"), (String = "text/csv"))))
)]
pub async fn get_source(app: web::Data<App>, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let version = find(app, path.into_inner()).await?;
    let content_type = if is_xlsform(Path::new(&version.file_name)) {
        "text/csv; charset=utf-8"
    } else {
        "application/yaml; charset=utf-8"
    };
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((header::ETAG, format!("\"{}\"", version.hash)))
        .body(version.source.clone()))
}

/// In which format a definition is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct FormQuestion {
    /// xlsx (XLSForm), xml (XForm) or yaml.
    #[param(example = "xlsx")]
    format: Option<String>,
}

/// The definition in another format
///
/// As an XLSForm workbook for consultants, an XForm for phones and browsers, or YAML. Whatever it was written in, it means
/// the same, and read again it is the equal definition.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/versions/{version}/form", tag = "surveys",
    params(
        ("survey" = String, Path, description = "The survey"),
        ("version" = String, Path, description = "The version, or `newest`"),
        FormQuestion
    ),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "text/xml"),
        (String = "application/yaml")
    )))
)]
pub async fn get_form(
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    question: web::Query<FormQuestion>,
) -> Result<HttpResponse, Problem> {
    let format = question.into_inner().format;
    let format = format.as_deref().unwrap_or("xlsx").to_owned();
    if !["xlsx", "xml", "yaml"].contains(&format.as_str()) {
        return Err(wrong_parameter("format", "xlsx, xml, yaml"));
    }
    let version = find(app, path.into_inner()).await?;
    let name = format!("{}-{}.{format}", version.definition.survey(), version.version);
    let (content_type, bytes) = web::block(move || {
        let definition = &version.definition;
        match format.as_str() {
            "xml" => Ok(("text/xml; charset=utf-8", xform(definition, None).into_bytes())),
            "yaml" => Ok(("application/yaml; charset=utf-8", yaml(definition).into_bytes())),
            _ => Book::of(definition).to_xlsx().map(|bytes| (XLSX, bytes)),
        }
    })
    .await?
    .map_err(Problem::internal)?;
    Ok(download(&name, content_type, bytes))
}

/// The codebook
///
/// A row per question: what is asked, in which unit, with which choices, when.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/versions/{version}/codebook", tag = "surveys",
    params(("survey" = String, Path, description = "The survey"), ("version" = String, Path, description = "The version, or `newest`")),
    responses((status = 200, description = "The rows, in the order of the questions", body = Vec<Value>))
)]
pub async fn get_codebook(app: web::Data<App>, path: web::Path<(String, String)>) -> Result<HttpResponse, Problem> {
    let version = find(app, path.into_inner()).await?;
    Ok(HttpResponse::Ok().json(codebook(&version.definition)))
}

/// A blank workbook
///
/// An .xlsx to fill in and import: questions with units and hints, lists to choose from, the version inside.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/versions/{version}/template", tag = "surveys",
    params(
        ("survey" = String, Path, description = "The survey"),
        ("version" = String, Path, description = "The version, or `newest`"),
        TemplateQuestion
    ),
    responses((status = 200, description = "The workbook", body = Vec<u8>, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
)]
pub async fn get_template(
    app: web::Data<App>,
    path: web::Path<(String, String)>,
    question: web::Query<TemplateQuestion>,
) -> Result<HttpResponse, Problem> {
    let TemplateQuestion { lang, layout } = question.into_inner();
    let shape = match layout.as_deref() {
        None | Some("rows") => Shape::Rows,
        Some("form") => Shape::Form,
        Some(other) => {
            return Err(Problem::new(Code::BadRequest).explain(
                format!("没有版式“{other}”，可用：rows、form。"),
                format!("There is no layout '{other}': rows or form."),
            ));
        }
    };
    let version = find(app, path.into_inner()).await?;
    let name = format!("{}-{}.xlsx", version.definition.survey(), version.version);
    let bytes = web::block(move || {
        let options = TemplateOptions {
            language: lang,
            shape,
            hash: Some(version.hash.clone()),
        };
        template(&version.definition, &options)
    })
    .await?
    .map_err(|error| Problem::new(Code::ValueInvalid).detail(error.to_string()))?;
    Ok(download(&name, XLSX, bytes))
}

/// The version that an address names.
async fn find(app: web::Data<App>, (survey, version): (String, String)) -> Result<Arc<study::Version>, Problem> {
    let catalogue = web::block(move || app.surveys.catalogue(&app.store)).await??;
    let survey = catalogue.survey(&survey)?;
    let wanted = Some(version.as_str()).filter(|version| *version != "newest");
    match survey.version_or_newest(wanted) {
        Ok(version) => Ok(version.clone()),
        // In an address an unknown version is a thing that does not exist.
        Err(_) => Err(Problem::not_found()),
    }
}
