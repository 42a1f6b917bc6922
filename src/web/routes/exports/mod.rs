//! Responses as tables for statistics programs and spreadsheets.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::files::{self, CSV, XLSX, download_file, wrong_parameter};
use super::jobs::{self, Job};
use super::responses::{Access, Personal, states};
use crate::definition::Language;
use crate::study::jobs::{ExportTask, Task};
use crate::study::{self, Unwatched};
use crate::web::Caller;
use crate::web::mount::Routes;
use crate::web::prefer::Wanted;
use crate::web::problem::Problem;
use crate::web::rights::Act;
use crate::web::state::App;

pub(super) fn mount(routes: &mut Routes) {
    routes.mount_heavy(Act::ExportResponses, __path_export_responses, export_responses);
}

/// Which responses, and as which file.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Question {
    /// xlsx (a sheet per repeat and a codebook) or csv (one table).
    #[param(example = "xlsx")]
    format: Option<String>,
    /// With csv: the repeat whose instances are wanted; the responses themselves where it is absent.
    #[param(example = "/products")]
    repeat: String,
    /// Of this round.
    round: Option<String>,
    /// In this city; several are separated by commas.
    city: Option<String>,
    /// In this state; several are separated by commas.
    #[param(example = "received,edited,approved")]
    state: Option<String>,
    /// What is shown of persons, and of names and codes of organisations: none, pseudonymised (the same pseudonym for the
    /// same value) or full. Only some roles may ask for more than none.
    #[param(example = "none")]
    personal: Option<String>,
    /// Why, where full is asked for: it goes on the record.
    reason: Option<String>,
}

/// Export responses
///
/// The columns are the questions of the newest version. Labels of choices are in the caller's language.
/// With `Prefer: respond-async` the file is written as a job.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/export", tag = "responses",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Question, Wanted),
    responses(
        (status = 200, description = "The file", content(
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (String = "text/csv")
        )),
        (status = 202, description = "Kept as a job: `Location` says where to ask after it", body = Job)
    )
)]
async fn export_responses(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    question: web::Query<Question>,
    language: Language,
    wanted: Wanted,
) -> Result<HttpResponse, Problem> {
    let (survey, question) = (survey.into_inner(), question.into_inner());
    let access = Personal {
        personal: question.personal,
        reason: question.reason,
    }
    .allowed_to(&caller)?;
    let csv = match question.format.as_deref() {
        None | Some("xlsx") => None,
        Some("csv") => Some(question.repeat),
        Some(_) => return Err(wrong_parameter("format", "xlsx, csv")),
    };
    let task = ExportTask {
        survey,
        round: question.round,
        cities: caller.cities_within(files::list(question.city.as_deref())),
        states: states(question.state.as_deref())?,
        csv,
        personal: access.tier,
        language,
    };
    if wanted == Wanted::AsJob {
        let job = web::block(move || {
            app.surveys.catalogue(&app.store)?.newest(&task.survey)?;
            note(&app, &caller, &access, &task)?;
            jobs::keep(&app, &caller, &Task::Export(task), None)
        })
        .await??;
        return jobs::accepted(&job, language);
    }
    let as_table = task.csv.is_some();
    let file = web::block(move || {
        note(&app, &caller, &access, &task)?;
        let catalogue = app.surveys.catalogue(&app.store)?;
        files::written(|to| {
            study::write_export(&app.store, &task, &catalogue, to, &Unwatched)?;
            Ok(())
        })
    })
    .await??;
    Ok(if as_table {
        download_file("responses.csv", CSV, file)
    } else {
        download_file("responses.xlsx", XLSX, file)
    })
}

/// Puts on the record that everything is asked for.
fn note(app: &App, caller: &Caller, access: &Access, task: &ExportTask) -> Result<(), Problem> {
    access.record(app, caller, &format!("surveys/{}/responses", task.survey))
}
