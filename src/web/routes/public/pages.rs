//! The landing page and the catalogue of problem codes.

use std::fmt::Write as _;

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::definition::Language;
use crate::web::page::{self, SurveyLine, escape};
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// Landing page
///
/// What this server is, the surveys that it carries, where to read on.
#[utoipa::path(get, path = "/", tag = "server", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub async fn landing(app: web::Data<App>) -> Result<HttpResponse, Problem> {
    let catalogue = web::block(move || app.surveys.catalogue(&app.store)).await??;
    let lines: Vec<SurveyLine> = catalogue
        .iter()
        .filter(|survey| survey.state.is_listed())
        .filter_map(|survey| survey.newest())
        // Official figures are loaded, nobody answers them.
        .filter(|version| !version.definition.is_of_places())
        .map(|version| SurveyLine {
            survey: version.definition.survey().to_owned(),
            title_zh: version.definition.title().get("zh").to_owned(),
            title_en: version.definition.title().get("en").to_owned(),
            version: version.version.clone(),
            questions: version.definition.questions().count(),
        })
        .collect();
    Ok(page::landing(&lines, catalogue.is_synthetic()))
}

/// Style sheet
#[utoipa::path(get, path = "/page.css", tag = "server", responses((status = 200, description = "CSS", body = String, content_type = "text/css")))]
pub async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "max-age=3600"))
        .body(page::STYLE)
}

/// Problem codes
///
/// The catalogue of every code that a problem document can have.
#[utoipa::path(get, path = "/problems", tag = "server", responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub async fn problems() -> HttpResponse {
    let mut rows = String::new();
    for code in Code::ALL {
        let name = code.name();
        // Writing to a String does not fail.
        let _ = writeln!(
            rows,
            "<tr><td><a href=\"/problems/{name}\"><code>{name}</code></a></td><td>{}</td>\
             <td>{} <span lang=\"en\">{}</span></td></tr>",
            code.status().as_u16(),
            escape(code.title(Language::Chinese)),
            escape(code.title(Language::English))
        );
    }
    page::page(
        "错误代码 · Problem codes",
        &format!(
            "<main><p><a href=\"/\">innogauge</a></p><h1>错误代码</h1><p class=\"lead\"><span lang=\"en\">Problem codes</span></p><table>{rows}</table></main>"
        ),
    )
}

/// One problem code
///
/// What a code means: the address that `type` of a problem document names.
#[utoipa::path(
    get, path = "/problems/{code}", tag = "server",
    params(("code" = String, Path, description = "A problem code", example = "answers_invalid")),
    responses((status = 200, description = "A page", body = String, content_type = "text/html"))
)]
pub async fn problem(path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let code = Code::from_name(&path).ok_or_else(Problem::not_found)?;
    let [zh, en] =
        [Language::Chinese, Language::English].map(|language| (code.title(language), code.explanation(language)));
    Ok(page::page(
        code.name(),
        &format!(
            "<main><p><a href=\"/problems\">错误代码 · Problem codes</a></p><h1>{}</h1>\
             <p class=\"lead\"><span lang=\"en\">{}</span></p>\
             <p><code>{}</code> · HTTP {}</p>\
             <section class=\"two\"><p lang=\"zh\">{}</p><p lang=\"en\">{}</p></section></main>",
            escape(zh.0),
            escape(en.0),
            code.name(),
            code.status().as_u16(),
            escape(zh.1),
            escape(en.1)
        ),
    ))
}
