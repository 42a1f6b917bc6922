//! One's own access: signing in, who one is, one's password and second factor, signing out.

mod login;
mod me;
mod second_factor;

pub(super) use me::{change_own_password, sign_out};
pub(super) use second_factor::{
    GiveCode, ProvePassword, RemoveSecondFactor, confirm_own, qr_code, remove_own, start_own,
};

use crate::web::mount::Routes;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount(Act::UsePublicPages, login::__path_log_in, login::log_in)
        .mount(Act::UseOwnAccess, me::__path_who_am_i, me::who_am_i)
        .mount(Act::ChangeOwnPassword, me::__path_change_password, me::change_password)
        .mount(Act::UseOwnAccess, me::__path_log_out, me::log_out);
    let act = Act::ManageOwnSecondFactor;
    routes
        .mount(act, second_factor::__path_get, second_factor::get)
        .mount(act, second_factor::__path_start, second_factor::start)
        .mount(act, second_factor::__path_confirm, second_factor::confirm)
        .mount(
            act,
            second_factor::__path_replace_recovery_codes,
            second_factor::replace_recovery_codes,
        )
        .mount(act, second_factor::__path_remove, second_factor::remove);
}
