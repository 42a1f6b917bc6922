//! The pages of signing in and of one's account. They work without scripts; programs use the API.

mod forms;
mod pages;

use crate::web::mount::Routes;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    let factor = Act::ManageOwnSecondFactor;
    routes
        .mount(Act::UsePublicPages, pages::__path_sign_in_page, pages::sign_in_page)
        .mount(Act::UsePublicPages, forms::__path_submit_sign_in, forms::submit_sign_in)
        .mount(Act::UseOwnAccess, pages::__path_account_page, pages::account_page)
        .mount(Act::UseOwnAccess, forms::__path_submit_sign_out, forms::submit_sign_out)
        .mount(Act::GiveSecondFactor, forms::__path_submit_code, forms::submit_code)
        .mount(
            Act::ChangeOwnPassword,
            forms::__path_submit_password,
            forms::submit_password,
        )
        .mount(
            Act::ManageOwnSessions,
            forms::__path_submit_session_end,
            forms::submit_session_end,
        )
        .mount(factor, forms::__path_submit_factor_start, forms::submit_factor_start)
        .mount(
            factor,
            forms::__path_submit_factor_confirm,
            forms::submit_factor_confirm,
        )
        .mount(factor, forms::__path_submit_factor_remove, forms::submit_factor_remove);
}
