//! One's own access: signing in, who one is, one's password, signing out.

mod login;
mod me;

use crate::web::mount::Routes;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount(Act::UsePublicPages, login::__path_log_in, login::log_in)
        .mount(Act::UseOwnAccess, me::__path_who_am_i, me::who_am_i)
        .mount(Act::UseOwnAccess, me::__path_change_password, me::change_password)
        .mount(Act::UseOwnAccess, me::__path_log_out, me::log_out);
}
