//! A backup through the API: made as a job, fetched as its result.

use actix_web::{HttpResponse, web};

use super::jobs::{self, Job};
use crate::definition::Language;
use crate::study::jobs::Task;
use crate::web::Caller;
use crate::web::mount::Routes;
use crate::web::problem::Problem;
use crate::web::rights::Act;
use crate::web::state::App;

pub(super) fn mount(routes: &mut Routes) {
    routes.mount(Act::MakeBackups, __path_create_backup, create_backup);
}

/// Make a backup
///
/// Always a job: its result is the archive that `innogauge restore` takes into either database. It is kept in the
/// database until the job is removed, and is in no later backup; of a large database, let the server write backups into
/// a folder instead (setting `backups.folder`). The keys of personal answers and attached files are not in it.
#[utoipa::path(
    post, path = "/api/v1/backups", tag = "backups",
    responses((status = 202, description = "Kept as a job: `Location` says where to ask after it", body = Job))
)]
async fn create_backup(app: web::Data<App>, caller: Caller, language: Language) -> Result<HttpResponse, Problem> {
    let job = web::block(move || {
        app.store_for(&caller).note_backup(app.now())?;
        jobs::keep(&app, &caller, &Task::Backup, None)
    })
    .await??;
    jobs::accepted(&job, language)
}
