//! The fieldwork of a survey in a round: register, targets, samples, assignments, visits, progress.

mod assignments;
mod organisation;
mod progress;
mod register;
mod samples;
mod targets;
mod visits;

pub(crate) use assignments::Assignment;
pub(crate) use progress::Progress;
pub(crate) use samples::shown as shown_sample;
pub(crate) use visits::Visit;

use actix_web::web;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::store::RegisterOf;
use crate::web::Caller;
use crate::web::mount::Routes;
use crate::web::problem::Problem;
use crate::web::rights::Act;
use crate::web::state::App;

pub(in crate::web::routes) fn mount(routes: &mut Routes) {
    routes
        .mount_heavy(
            Act::LoadRegister,
            register::__path_load_register,
            register::load_register,
        )
        .mount(
            Act::LoadRegister,
            register::__path_blank_register,
            register::blank_register,
        )
        .mount(
            Act::ReadRegister,
            register::__path_list_register,
            register::list_register,
        )
        .mount(
            Act::ReadRegister,
            register::__path_export_register,
            register::export_register,
        )
        .mount(
            Act::ReadRegister,
            register::__path_register_totals,
            register::register_totals,
        )
        .mount(
            Act::ReadRegister,
            organisation::__path_get_organisation,
            organisation::get_organisation,
        )
        .mount(
            Act::LoadRegister,
            organisation::__path_change_organisation,
            organisation::change_organisation,
        )
        .mount(Act::ReadFieldwork, targets::__path_list_targets, targets::list_targets)
        .mount(Act::PlanFieldwork, targets::__path_set_targets, targets::set_targets)
        .mount(Act::PlanFieldwork, samples::__path_draw_sample, samples::draw_sample)
        .mount(Act::ReadRegister, samples::__path_list_samples, samples::list_samples)
        .mount(Act::ReadRegister, samples::__path_get_sample, samples::get_sample)
        .mount(
            Act::PlanFieldwork,
            samples::__path_withdraw_sample,
            samples::withdraw_sample,
        )
        .mount(
            Act::ReadFieldwork,
            assignments::__path_list_assignments,
            assignments::list_assignments,
        )
        .mount(Act::PlanFieldwork, assignments::__path_assign, assignments::assign)
        .mount(Act::PlanFieldwork, assignments::__path_unassign, assignments::unassign)
        .mount(Act::RecordVisits, visits::__path_record_visit, visits::record_visit)
        .mount(Act::ReadFieldwork, visits::__path_list_visits, visits::list_visits)
        .mount(Act::ReadProgress, progress::__path_get_progress, progress::get_progress);
}

/// The round that is meant.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct InRound {
    /// The round; the token's, else the only open one, where it is absent.
    pub round: Option<String>,
}

/// The survey and round that are meant, both of which exist, and who asks.
fn register_of(
    app: &web::Data<App>,
    caller: &Caller,
    survey: &str,
    named: Option<&str>,
) -> Result<RegisterOf, Problem> {
    let catalogue = app.surveys.catalogue(&app.store)?;
    catalogue.survey(survey)?;
    let round = match caller.round.as_deref().or(named) {
        Some(named) => catalogue.any_round(named)?,
        None => catalogue.open_round(None)?,
    };
    Ok(RegisterOf {
        round: round.to_owned(),
        survey: survey.to_owned(),
        actor: caller.name.clone(),
    })
}
