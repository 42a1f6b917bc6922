//! What a question says of itself: keys that fit its type, labels, digits, triggers.

use super::Subject;
use crate::definition::element::{DefaultValue, Element, Kind};
use crate::definition::outline::Provenance;
use crate::definition::place::Diagnostic;
use crate::definition::question_type::QuestionType;
use crate::definition::scan::{Token, tokens};
use crate::definition::text::Text;
use crate::definition::xform::is_shown;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for element in subject.definition.elements() {
        let mut say = |key: &str, message: String, help: &str| {
            found.push(Diagnostic::error(subject.place(element, key), message).with_help(help));
        };
        let name = &element.name;
        match &element.kind {
            Kind::Group | Kind::Repeat => {
                for (key, given) in given_to_questions(element) {
                    if given {
                        say(
                            key,
                            format!("'{key}' on '{name}', which asks nothing itself"),
                            "write it on its questions",
                        );
                    }
                }
            }
            Kind::Question(question_type) => {
                question(subject, element, question_type, &mut say);
                warnings(subject, element, question_type, found);
            }
        }
        let mut say = |key: &str, message: String, help: &str| {
            found.push(Diagnostic::error(subject.place(element, key), message).with_help(help));
        };
        if element.repeat_count.is_some() && !element.is_repeat() {
            say(
                "repeat_count",
                format!("'repeat_count' on '{name}', which is no repeat"),
                "only `type: repeat` is counted",
            );
        }
        let chooses = element.question_type().and_then(QuestionType::select).is_some()
            || element.parameters.contains_key("reference-geometry");
        if element.choice_filter.is_some() && !chooses {
            say(
                "choice_filter",
                format!("'choice_filter' on '{name}', which has no choices"),
                "only select_one, select_multiple and rank have choices",
            );
        }
        messages(subject, element, found);
    }
    personal(subject, found);
}

/// The keys that only a question can have.
fn given_to_questions(element: &Element) -> [(&'static str, bool); 11] {
    [
        ("constraint", element.constraint.is_some()),
        ("required", element.required.is_some()),
        ("calculation", element.calculation.is_some()),
        ("default", element.default.is_some()),
        ("trigger", !element.trigger.is_empty()),
        ("unit", element.unit.is_some()),
        ("personal", element.personal),
        ("identifying", element.identifying),
        ("missing", !element.missing.is_empty()),
        ("warn_if", !element.warn_if.is_empty()),
        ("save_to", !element.save_to.is_empty()),
    ]
}

fn question(
    subject: &Subject<'_>,
    element: &Element,
    question_type: &QuestionType,
    say: &mut impl FnMut(&str, String, &str),
) {
    let name = &element.name;
    let dynamic = matches!(element.default, Some(DefaultValue::Dynamic(_)));
    let tried = subject
        .places
        .get(element.id.index())
        .is_some_and(|places| places.of("calculation").is_some());
    if matches!(question_type, QuestionType::Calculate(_)) && element.calculation.is_none() && !dynamic && !tried {
        say(
            "type",
            format!("'{name}' is calculated, but has no calculation"),
            "add `calculation: …`",
        );
    }
    let answerless = match question_type {
        QuestionType::Note => Some("a note"),
        QuestionType::Calculate(_) => Some("calculated"),
        QuestionType::Hidden => Some("hidden"),
        QuestionType::Acknowledge => Some("a box to tick"),
        QuestionType::Rank(_) => Some("a ranking"),
        other if other.is_metadata() => Some("recorded by the client"),
        QuestionType::XmlExternal | QuestionType::CsvExternal => Some("an attached file"),
        _ => None,
    };
    if let (false, Some(what)) = (element.missing.is_empty(), answerless) {
        say(
            "missing",
            format!("'missing' on '{name}', which is {what}"),
            "only what a person answers can be missing",
        );
    }
    if subject
        .places
        .get(element.id.index())
        .is_some_and(|places| places.of("data_type").is_some())
        && !matches!(question_type, QuestionType::Calculate(_))
    {
        say(
            "data_type",
            format!("'data_type' on '{name}', which is a {}", question_type.name()),
            "only calculate has one",
        );
    }
}

fn warnings(subject: &Subject<'_>, element: &Element, question_type: &QuestionType, found: &mut Vec<Diagnostic>) {
    let name = &element.name;
    let shown = question_type.is_asked() || *question_type == QuestionType::Note;
    let given = subject
        .places
        .get(element.id.index())
        .is_some_and(|places| places.of("label").is_some());
    let labelled = element.appearance.as_deref() == Some("label") || !is_shown(element, question_type);
    if shown && !given && !labelled && element.label.is_empty() && element.hint.is_empty() && element.media.is_empty() {
        let place = subject.place(element, "name");
        let message = format!("'{name}' has no label");
        // Other tools refuse such a form; in one of ours it may be on its way.
        let diagnostic = match subject.provenance {
            Provenance::Own => Diagnostic::warning(place, message),
            Provenance::Elsewhere => Diagnostic::error(place, message),
        };
        found.push(diagnostic.with_help("add `label: …`: people would see nothing to answer"));
    }
    if element.media.contains_key("big-image") && !element.media.contains_key("image") {
        found.push(
            Diagnostic::error(
                subject.place(element, "media"),
                format!("'{name}' has a big image, but none to be shown first"),
            )
            .with_help("add an 'image' beside the 'big-image'"),
        );
    }
    triggers(subject, element, question_type, found);
    let mut warn = |key: &str, message: String, help: &str| {
        found.push(Diagnostic::warning(subject.place(element, key), message).with_help(help));
    };
    let numeric = matches!(
        question_type,
        QuestionType::Integer
            | QuestionType::Decimal
            | QuestionType::Range
            | QuestionType::Calculate(_)
            | QuestionType::Hidden
    );
    if element.unit.is_some() && !numeric {
        warn(
            "unit",
            format!("'unit' on '{name}', which is no number"),
            "use `type: decimal` or `integer`, or leave the unit out",
        );
    }
    // ODK Collect's boxes for numbers take that many digits and no more.
    let (most, other) = match question_type {
        QuestionType::Integer => (9, "use `type: decimal`, and a larger unit for money: unit: 10k_cny"),
        QuestionType::Decimal => (15, "use a larger unit"),
        _ => return,
    };
    let digits = element
        .constraint
        .iter()
        .flat_map(|formula| tokens(formula.source()))
        .filter_map(|(_, token)| match token {
            Token::Number(number) => Some(
                number
                    .split('.')
                    .next()
                    .unwrap_or_default()
                    .trim_start_matches('0')
                    .len(),
            ),
            _ => None,
        })
        .max();
    if let Some(digits) = digits.filter(|digits| *digits > most) {
        warn(
            "constraint",
            format!(
                "'{name}' can have {digits} digits, but a phone takes only {most} of type {}",
                question_type.name()
            ),
            other,
        );
    }
}

/// What changes a question must be a question that people see.
fn triggers(subject: &Subject<'_>, element: &Element, question_type: &QuestionType, found: &mut Vec<Diagnostic>) {
    let name = &element.name;
    let mut say = |key: &str, message: String, help: &str| {
        found.push(Diagnostic::error(subject.place(element, key), message).with_help(help));
    };
    if *question_type == QuestionType::BackgroundGeopoint {
        if element.trigger.is_empty() {
            say(
                "type",
                format!("nothing says when '{name}' is recorded"),
                "add the question that is asked then: trigger: \"${city}\"",
            );
        }
        if element.calculation.is_some() {
            say(
                "calculation",
                format!("'{name}' is recorded, and can't be calculated"),
                "remove the calculation",
            );
        }
    }
    for id in element
        .trigger
        .iter()
        .flat_map(|trigger| trigger.depends_on().iter().copied())
    {
        let Some(other) = subject.definition.get(id) else {
            continue;
        };
        let shown = other
            .question_type()
            .is_some_and(|other_type| is_shown(other, other_type));
        if !shown {
            say(
                "trigger",
                format!("nobody answers '{}', so it can't trigger '{name}'", other.name),
                "name a question that people see",
            );
        }
    }
}

/// Messages without the rule that they are about.
fn messages(subject: &Subject<'_>, element: &Element, found: &mut Vec<Diagnostic>) {
    let pairs: [(&str, &Text, &str, bool); 2] = [
        (
            "constraint_message",
            &element.constraint_message,
            "constraint",
            element.constraint.is_some(),
        ),
        (
            "required_message",
            &element.required_message,
            "required",
            element.required.is_some(),
        ),
    ];
    for (key, message, rule, ruled) in pairs {
        if !message.is_empty() && !ruled {
            found.push(
                Diagnostic::warning(
                    subject.place(element, key),
                    format!("'{key}' without '{rule}' is never shown"),
                )
                .with_help(format!("add `{rule}: …`, or remove the message")),
            );
        }
    }
}

/// A person's data has no place in names and entities, which are shown in lists.
fn personal(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    if let Some(formula) = &definition.settings().instance_name {
        for element in formula.depends_on().iter().filter_map(|id| definition.get(*id)) {
            if element.is_personal() {
                found.push(
                    Diagnostic::error(
                        formula.origin().0.clone(),
                        format!("instance_name shows '{}', which is a person's data", element.name),
                    )
                    .with_help("take the organisation's name or code: instance_name: ${org_name}"),
                );
            }
        }
    }
    for element in definition.elements() {
        if element.is_personal() && !element.save_to.is_empty() {
            found.push(
                Diagnostic::error(
                    subject.place(element, "save_to"),
                    format!("'{}' is a person's data, and can't be saved to an entity", element.name),
                )
                .with_help("remove 'save_to'"),
            );
        }
    }
    if definition.settings().public_key.is_some() {
        found.push(
            Diagnostic::warning(
                subject.top("settings"),
                "with a public_key the survey can't be published",
            )
            .with_help("the server could neither check nor score encrypted answers: remove public_key"),
        );
    }
}
