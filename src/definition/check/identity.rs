//! The identity: each part is one question of a fitting type, asked once.

use super::Subject;
use super::expressions::unknown_question;
use crate::definition::element::Kind;
use crate::definition::identity::IdentityPart;
use crate::definition::place::Diagnostic;
use crate::definition::question_type::QuestionType;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    for (part, question) in &definition.identity().parts {
        let key = IdentityPart::ALL
            .iter()
            .find(|(_, known)| known == part)
            .map_or("", |(key, _)| key);
        let place = question.origin.0.clone();
        let Some(element) = question.id.and_then(|id| definition.get(id)) else {
            found.push(unknown_question(definition, place, &question.name));
            continue;
        };
        if let Some(repeat) = definition.repeat_around(element.id).and_then(|id| definition.get(id)) {
            found.push(
                Diagnostic::error(
                    place.clone(),
                    format!("'{}' lies in the repeat '{}'", element.name, repeat.name),
                )
                .with_help(format!(
                    "the {key} of a respondent is asked once: name a question outside of repeats"
                )),
            );
        }
        let Kind::Question(question_type) = &element.kind else {
            found.push(
                Diagnostic::error(place, format!("'{}' is no question", element.name))
                    .with_help(format!("name the question that asks the {key}")),
            );
            continue;
        };
        let (fits, expected) = fits(*part, question_type);
        if !fits {
            found.push(
                Diagnostic::error(
                    place,
                    format!(
                        "'{}' is a {}, which can't be the {key}",
                        element.name,
                        question_type.name()
                    ),
                )
                .with_help(format!("the {key} is {expected}")),
            );
        }
        if matches!(part, IdentityPart::Code | IdentityPart::Name) && !element.identifying && !element.is_personal() {
            found.push(
                Diagnostic::warning(
                    subject.place(element, "name"),
                    format!(
                        "'{}' tells which organisation this is, but is not marked so",
                        element.name
                    ),
                )
                .with_help("add `identifying: true`"),
            );
        }
    }
}

fn fits(part: IdentityPart, question_type: &QuestionType) -> (bool, &'static str) {
    use QuestionType::{Acknowledge, Barcode, Calculate, Decimal, Hidden, Integer, Range, SelectOne, Text};
    match part {
        IdentityPart::Code => (
            matches!(question_type, Text | Barcode | Calculate(_) | Hidden),
            "a text, a barcode or a calculation",
        ),
        IdentityPart::Name => (
            matches!(question_type, Text | SelectOne(_) | Calculate(_) | Hidden),
            "a text, a select_one or a calculation",
        ),
        IdentityPart::City
        | IdentityPart::Sector
        | IdentityPart::Size
        | IdentityPart::Stratum
        | IdentityPart::Language => (
            matches!(question_type, SelectOne(_) | Text | Calculate(_) | Hidden),
            "a select_one, a text or a calculation",
        ),
        IdentityPart::Year => (matches!(question_type, Integer), "an integer"),
        IdentityPart::Source => (matches!(question_type, Text), "a text"),
        IdentityPart::Weight => (
            matches!(question_type, Integer | Decimal | Range | Calculate(_) | Hidden),
            "a decimal, an integer or a calculation",
        ),
        IdentityPart::Consent => (
            matches!(question_type, SelectOne(_) | Acknowledge),
            "a select_one or an acknowledge",
        ),
    }
}
