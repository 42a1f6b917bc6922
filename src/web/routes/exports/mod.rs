//! Responses as tables for statistics programs and spreadsheets.

use std::io::Cursor;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::files::{self, CSV, XLSX, download, wrong_parameter};
use super::responses::{Personal, states};
use crate::definition::{Definition, Language};
use crate::report::{Export, Wording};
use crate::store::{Filter, Store};
use crate::study;
use crate::web::Caller;
use crate::web::mount::Routes;
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
    repeat: String,
    /// Of this round.
    round: Option<String>,
    /// In this city; several are separated by commas.
    city: Option<String>,
    /// In this state; several are separated by commas.
    #[param(example = "received,edited,approved")]
    state: Option<String>,
    /// Ask for the answers to personal questions too; only some roles may.
    personal: bool,
}

/// Export responses
///
/// The columns are the questions of the newest version. Labels of choices are in the caller's language.
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/export", tag = "responses",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Question),
    responses((status = 200, description = "The file"))
)]
async fn export_responses(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    question: web::Query<Question>,
    language: Language,
) -> Result<HttpResponse, Problem> {
    let (survey, question) = (survey.into_inner(), question.into_inner());
    let personal = Personal {
        personal: question.personal,
    }
    .allowed_to(&caller)?;
    let as_table = match question.format.as_deref() {
        None | Some("xlsx") => false,
        Some("csv") => true,
        Some(_) => return Err(wrong_parameter("format", "xlsx, csv")),
    };
    let filter = Filter {
        round: question.round,
        cities: caller.cities_within(files::list(question.city.as_deref())),
        states: states(question.state.as_deref())?,
        ..Filter::of_survey(&survey)
    };
    let bytes = web::block(move || {
        let catalogue = app.surveys.catalogue(&app.store)?;
        let newest = catalogue.survey(&survey)?.version_or_newest(None)?;
        if personal {
            app.store_for(&caller)
                .note_personal_export(&survey, filter.round.as_deref(), app.now())?;
        }
        let wanted = Wanted {
            definition: &newest.definition,
            filter: &filter,
            personal,
            language,
        };
        if as_table {
            wanted.table(&app.store, &question.repeat)
        } else {
            wanted.workbook(&app.store)
        }
    })
    .await??;
    Ok(if as_table {
        download("responses.csv", CSV, bytes)
    } else {
        download("responses.xlsx", XLSX, bytes)
    })
}

/// What is to be exported.
struct Wanted<'a> {
    definition: &'a Definition,
    filter: &'a Filter,
    personal: bool,
    language: Language,
}

impl<'a> Wanted<'a> {
    fn export(&self) -> Export<'a> {
        Export::new(self.definition, self.personal, Wording::new([self.language]))
    }

    fn workbook(&self, store: &Store) -> Result<Vec<u8>, Problem> {
        let mut bytes = Cursor::new(Vec::new());
        self.export()
            .workbook(study::reported(store, self.filter)?, &mut bytes)
            .map_err(Problem::internal)?;
        Ok(bytes.into_inner())
    }

    fn table(&self, store: &Store, repeat: &str) -> Result<Vec<u8>, Problem> {
        let mut bytes = Vec::new();
        let export = self.export();
        match study::write_table(store, self.filter, &export, repeat, &mut bytes)? {
            Some(_) => Ok(bytes),
            None => Err(wrong_parameter(
                "repeat",
                export.tables().collect::<Vec<_>>().join(", "),
            )),
        }
    }
}
