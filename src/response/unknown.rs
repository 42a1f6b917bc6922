//! Answers to what a survey does not ask: which question was probably meant.

use super::answers::{Answers, InstanceId};
use super::parse::shortened;
use super::problem::{Problem, ProblemCode};
use crate::definition::{ElementId, Text, nearest};

/// The problem of a name that a group, repeat or the survey does not have.
pub(super) fn unknown_question(
    answers: &Answers,
    instance: InstanceId,
    parent: Option<ElementId>,
    name: &str,
) -> Problem {
    let form = answers.form();
    let siblings = form.children(parent).iter().filter_map(|id| form.get(*id));
    let meant = match form.named(name) {
        // A question that lies in another group.
        [elsewhere, ..] if form.get(*elsewhere).is_some_and(|element| element.parent != parent) => {
            Some(form.path(*elsewhere).trim_start_matches('/'))
        }
        _ => nearest(name, siblings.map(|element| element.name.as_str()))
            .or_else(|| nearest(name, form.elements().iter().map(|element| element.name.as_str()))),
    };
    let name = shortened(name);
    let path = match parent {
        Some(parent) => format!("{}/{name}", answers.path(instance, parent)),
        None => format!("/{name}"),
    };
    let problem = match meant {
        Some(meant) => Problem::new(ProblemCode::MisspeltQuestion, [name, meant.to_owned()]),
        None => Problem::new(ProblemCode::UnknownQuestion, [name]),
    };
    problem.at(path, &Text::default())
}
