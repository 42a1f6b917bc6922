//! The profiles: each answer is one of a question asked once, and a select's is one of its choices.

use super::Subject;
use super::expressions::unknown_question;
use crate::definition::place::{Diagnostic, nearest};
use crate::definition::question_type::QuestionType;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    for answer in definition.profiles().values().flat_map(|profile| &profile.answers) {
        let place = answer.origin.0.clone();
        let Some(element) = answer.id.and_then(|id| definition.get(id)) else {
            found.push(unknown_question(definition, place, &answer.name));
            continue;
        };
        let is_asked = element.question_type().is_some_and(QuestionType::is_asked);
        if !is_asked || definition.repeat_around(element.id).is_some() {
            found.push(
                Diagnostic::error(place, format!("'{}' is not asked once of everybody", element.name))
                    .with_help("a profile gives answers to questions outside of repeats"),
            );
            continue;
        }
        let Some(list) = definition.choice_list(element.id) else {
            continue;
        };
        let names = || list.choices().iter().map(|choice| choice.name.as_str());
        for chosen in answer.value.split_whitespace() {
            if !names().any(|name| name == chosen) {
                let help = match nearest(chosen, names()) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => format!("its choices: {}", names().collect::<Vec<_>>().join(", ")),
                };
                let message = format!("'{}' has no choice '{chosen}'", element.name);
                found.push(Diagnostic::error(place.clone(), message).with_help(help));
            }
        }
    }
}
