//! Assessments: scores of what the database holds, kept as records.

mod create;
mod download;
mod list;
mod one;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::report::Edition;
use crate::store;
use crate::web::Caller;
use crate::web::mount::Routes;
use crate::web::problem::Problem;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount_heavy(
            Act::CreateAssessments,
            create::__path_create_assessment,
            create::create_assessment,
        )
        .mount(
            Act::ReadAssessments,
            list::__path_list_assessments,
            list::list_assessments,
        )
        .mount(Act::ReadAssessments, one::__path_get_assessment, one::get_assessment)
        .mount_heavy(
            Act::ReadAssessments,
            download::__path_download_assessment,
            download::download_assessment,
        );
}

/// What a caller may see of an assessment: all, or where it may not export responses what is published.
fn edition_of(caller: &Caller) -> Edition {
    if Act::ExportResponses.rule().allows(caller.role) {
        Edition::Analysis
    } else {
        Edition::Publication
    }
}

/// An assessment without its result.
#[derive(Serialize, ToSchema)]
pub struct AssessmentHead {
    /// The key.
    id: i64,
    /// What its maker calls it.
    name: String,
    /// The round whose responses it counts.
    round: String,
    /// The hash of the framework that it was made with.
    framework_hash: String,
    /// How many responses it counts.
    responses: i64,
    /// The hash over those responses and their versions.
    responses_hash: String,
    /// The options in full, the seed, the program's version.
    #[schema(value_type = Object)]
    recipe: Value,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// Who made it.
    created_by: String,
}

impl AssessmentHead {
    fn of(summary: store::AssessmentSummary) -> Result<Self, Problem> {
        Ok(Self {
            id: summary.id,
            name: summary.name,
            round: summary.round,
            framework_hash: summary.framework_hash,
            responses: summary.responses,
            responses_hash: summary.responses_hash,
            recipe: serde_json::from_str(&summary.recipe).map_err(Problem::internal)?,
            created_at: summary.created_at,
            created_by: summary.created_by,
        })
    }
}
