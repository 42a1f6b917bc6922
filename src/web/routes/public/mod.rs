//! What is open to everybody: pages, documentation, health, metrics.

mod docs;
mod health;
mod pages;

use crate::web::mount::Routes;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    let act = Act::UsePublicPages;
    routes
        .mount(act, pages::__path_landing, pages::landing)
        .mount(act, pages::__path_style, pages::style)
        .mount(act, pages::__path_problems, pages::problems)
        .mount(act, pages::__path_problem, pages::problem)
        .mount(act, docs::__path_index, docs::index)
        .mount(act, docs::__path_file, docs::file)
        .mount(act, docs::__path_document, docs::document)
        .mount(act, health::__path_alive, health::alive)
        .mount(act, health::__path_ready, health::ready)
        .mount(act, health::__path_metrics, health::metrics);
}
