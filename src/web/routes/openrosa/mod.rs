//! What phones ask: the list of forms, forms, the files that they read, and sending.
//!
//! The server's address on a phone is `…/key/{token}`, for drafts `…/test/{token}`: each route stands under both. The token
//! is an API token; it stands in the address, since phones can't send it otherwise.

mod asked;
mod code;
mod files;
mod form;
mod list;
mod message;
mod parcel;
mod submission;

use crate::web::mount::{Routes, Weight};
use crate::web::rights::Act;

pub(super) use asked::public_address;

pub(super) fn mount(routes: &mut Routes) {
    let (light, heavy) = (Weight::Light, Weight::Heavy);
    routes
        .mount_for_phones(light, Act::FetchForms, list::__path_form_list, list::form_list)
        .mount_for_phones(light, Act::FetchForms, form::__path_form, form::form)
        .mount_for_phones(light, Act::FetchForms, files::__path_manifest, files::manifest)
        .mount_for_phones(heavy, Act::FetchForms, files::__path_media, files::media)
        .mount_for_phones(light, Act::FetchForms, code::__path_code_svg, code::code_svg)
        .mount_for_phones(light, Act::FetchForms, code::__path_code_png, code::code_png)
        .mount_for_phones(
            light,
            Act::SubmitResponses,
            submission::__path_expect_submission,
            submission::expect_submission,
        )
        .mount_for_phones(heavy, Act::SubmitResponses, submission::__path_send, submission::send);
}
