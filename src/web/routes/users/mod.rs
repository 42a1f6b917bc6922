//! Users, their sessions and their tokens: the administrator's, and everybody's own.

mod accounts;
mod sessions;
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
        .mount(act, sessions::__path_reset_second_factor, sessions::reset_second_factor)
        .mount(act, sessions::__path_list_sessions, sessions::list_sessions)
        .mount(act, sessions::__path_end_sessions, sessions::end_sessions)
        .mount(act, sessions::__path_end_session, sessions::end_session)
        .mount(act, tokens::__path_list_tokens, tokens::list_tokens)
        .mount(act, tokens::__path_issue_token, tokens::issue_token)
        .mount(act, tokens::__path_revoke_token, tokens::revoke_token);
    let act = Act::ManageOwnSessions;
    routes
        .mount(act, sessions::__path_list_own_sessions, sessions::list_own_sessions)
        .mount(act, sessions::__path_end_own_sessions, sessions::end_own_sessions)
        .mount(act, sessions::__path_end_own_session, sessions::end_own_session);
    let act = Act::ManageOwnTokens;
    routes
        .mount(act, tokens::__path_list_own_tokens, tokens::list_own_tokens)
        .mount(act, tokens::__path_issue_own_token, tokens::issue_own_token)
        .mount(act, tokens::__path_revoke_own_token, tokens::revoke_own_token);
}
