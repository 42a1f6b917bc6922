//! Imports: workbooks that people filled in, loaded as one batch and taken back as one.

mod issues;
mod list;
mod load;
mod loading;
mod withdraw;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::store;
use crate::web::Caller;
use crate::web::mount::Routes;
use crate::web::problem::Problem;
use crate::web::rights::Act;
use crate::web::state::App;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount_heavy(
            Act::ImportResponses,
            load::__path_import_workbook,
            load::import_workbook,
        )
        .mount_heavy(
            Act::ImportResponses,
            issues::__path_import_issues,
            issues::import_issues,
        )
        .mount(Act::ReadImports, list::__path_list_imports, list::list_imports)
        .mount(Act::ReadImports, list::__path_get_import, list::get_import)
        .mount_heavy(
            Act::WithdrawImports,
            withdraw::__path_withdraw_import,
            withdraw::withdraw_import,
        );
}

/// A workbook that was loaded.
#[derive(Serialize, ToSchema)]
pub struct Import {
    /// The key.
    id: i64,
    /// The survey that its rows answer.
    survey: String,
    /// The round that they belong to.
    round: String,
    /// applied or withdrawn.
    #[schema(example = "applied")]
    state: &'static str,
    /// The file's name.
    file_name: String,
    /// How many responses were stored.
    rows: i64,
    /// How many organisations it holds, how many were known or left out.
    #[schema(value_type = Object)]
    summary: Value,
    /// When it was loaded.
    created_at: DateTime<Utc>,
    /// Who loaded it.
    created_by: String,
    /// When it was taken back.
    withdrawn_at: Option<DateTime<Utc>>,
    /// Who took it back.
    withdrawn_by: Option<String>,
}

impl Import {
    fn of(import: store::Import) -> Result<Self, Problem> {
        Ok(Self {
            id: import.id,
            survey: import.survey,
            round: import.round,
            state: import.state.name(),
            file_name: import.file_name,
            rows: import.rows,
            summary: import.summary.read()?,
            created_at: import.created_at,
            created_by: import.created_by,
            withdrawn_at: import.withdrawn_at,
            withdrawn_by: import.withdrawn_by,
        })
    }
}

/// The import of that survey, where it lies within the caller's limits. An import may hold any city, so that callers
/// who are limited to cities see those that they loaded themselves.
fn find(app: &App, caller: &Caller, survey: &str, id: i64) -> Result<store::Import, Problem> {
    let import = app.store.import_record(id)?;
    if import.survey == survey && is_in_scope(caller, &import) {
        Ok(import)
    } else {
        Err(Problem::not_found())
    }
}

fn is_in_scope(caller: &Caller, import: &store::Import) -> bool {
    caller.cities.is_none() || import.created_by == caller.name
}
