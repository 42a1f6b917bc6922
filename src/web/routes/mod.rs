//! Every route: a folder per resource, a file per act.

mod access;
mod account;
mod assessments;
mod audit;
mod backups;
mod exports;
pub(crate) mod fieldwork;
mod files;
mod imports;
mod jobs;
mod openrosa;
mod places;
mod privacy;
mod public;
mod quality;
mod responses;
mod rounds;
mod statistics;
mod surveys;
mod users;

pub(super) use files::upload_problem;

use super::mount::Routes;

/// Mounts every route of the server.
pub fn mounted() -> Routes {
    let mut routes = Routes::default();
    public::mount(&mut routes);
    access::mount(&mut routes);
    account::mount(&mut routes);
    surveys::mount(&mut routes);
    responses::mount(&mut routes);
    openrosa::mount(&mut routes);
    exports::mount(&mut routes);
    imports::mount(&mut routes);
    rounds::mount(&mut routes);
    fieldwork::mount(&mut routes);
    places::mount(&mut routes);
    privacy::mount(&mut routes);
    statistics::mount(&mut routes);
    assessments::mount(&mut routes);
    jobs::mount(&mut routes);
    users::mount(&mut routes);
    quality::mount(&mut routes);
    audit::mount(&mut routes);
    backups::mount(&mut routes);
    routes
}
