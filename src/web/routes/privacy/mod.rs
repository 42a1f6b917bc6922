//! What respondents may ask for, and how long answers are kept.

mod copies;
mod erasures;
mod retention;

use serde::Deserialize;
use utoipa::ToSchema;

use crate::store;
use crate::web::mount::Routes;
use crate::web::problem::{Code, Problem};
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount_heavy(
            Act::ManagePrivacy,
            erasures::__path_create_erasure,
            erasures::create_erasure,
        )
        .mount(
            Act::ManagePrivacy,
            erasures::__path_list_erasures,
            erasures::list_erasures,
        )
        .mount_heavy(Act::ManagePrivacy, copies::__path_create_copy, copies::create_copy)
        .mount(
            Act::ManagePrivacy,
            retention::__path_get_retention,
            retention::get_retention,
        )
        .mount(
            Act::ManagePrivacy,
            retention::__path_get_retention_rule,
            retention::get_retention_rule,
        )
        .mount(
            Act::ManagePrivacy,
            retention::__path_set_retention,
            retention::set_retention,
        )
        .mount_heavy(
            Act::ManagePrivacy,
            retention::__path_apply_retention,
            retention::apply_retention,
        );
}

/// Whose data is meant: by credit code, or by survey and instance ID of a response.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Whose {
    /// The credit code: all responses of the organisation, in every round and survey.
    #[serde(default)]
    code: Option<String>,
    /// The survey of one response.
    #[serde(default)]
    #[schema(example = "enterprise")]
    survey: Option<String>,
    /// An instance ID of it.
    #[serde(default)]
    instance_id: Option<String>,
}

impl Whose {
    fn subject(self) -> Result<store::Subject, Problem> {
        match (self.code, self.survey, self.instance_id) {
            (Some(code), None, None) if !code.trim().is_empty() && !code.contains('\0') => {
                Ok(store::Subject::Code(code))
            }
            (None, Some(survey), Some(instance_id)) if !format!("{survey}{instance_id}").contains('\0') => {
                Ok(store::Subject::Response { survey, instance_id })
            }
            _ => Err(Problem::new(Code::ValueInvalid).explain(
                "请给出 code（统一社会信用代码），或同时给出 survey 和 instance_id。",
                "Give either code (the credit code), or both survey and instance_id.",
            )),
        }
    }
}

/// A reason, which goes on the record.
fn reason(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if (1..=200).contains(&text.chars().count()) && !text.contains('\0') {
        return Ok(text.to_owned());
    }
    Err(Problem::new(Code::ValueInvalid).explain(
        "请说明理由（1 至 200 字）：写申请编号，不要写姓名或代码。",
        "Give a reason of 1 to 200 characters: the number of the request, not a name or code.",
    ))
}
