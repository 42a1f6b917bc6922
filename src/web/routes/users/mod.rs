//! Users and their tokens: the administrator's.

mod accounts;
mod tokens;

use crate::web::mount::Routes;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    let act = Act::ManageUsers;
    routes
        .mount(act, accounts::__path_list_users, accounts::list_users)
        .mount(act, accounts::__path_add_user, accounts::add_user)
        .mount(act, accounts::__path_get_user, accounts::get_user)
        .mount(act, accounts::__path_change_user, accounts::change_user)
        .mount(act, accounts::__path_reset_password, accounts::reset_password)
        .mount(act, tokens::__path_list_tokens, tokens::list_tokens)
        .mount(act, tokens::__path_issue_token, tokens::issue_token)
        .mount(act, tokens::__path_revoke_token, tokens::revoke_token);
}
