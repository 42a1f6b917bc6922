//! Parameters: those that a type has, and the values that clients take.

use super::Subject;
use crate::definition::check::is_name;
use crate::definition::choices::ChoiceSource;
use crate::definition::element::Element;
use crate::definition::model::Definition;
use crate::definition::outline::Provenance;
use crate::definition::place::{Diagnostic, nearest};
use crate::definition::question_type::QuestionType;
use crate::definition::scan::{Token, tokens};

/// What is wrong, and what would be right.
type Refused = Result<(), (String, String)>;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for (element, question_type) in subject.definition.questions() {
        let known = known(question_type);
        // Other tools pass over the parameters of types that have none.
        if known.is_empty() && subject.provenance == Provenance::Elsewhere {
            continue;
        }
        let mut say = |(message, help): (String, String)| {
            found.push(Diagnostic::error(subject.place(element, "parameters"), message).with_help(help));
        };
        for parameter in element.parameters.keys() {
            if !known.contains(&parameter.as_str()) {
                let help = match nearest(parameter, known.iter().copied()) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None if known.is_empty() => format!("a {} has no parameters", question_type.name()),
                    None => format!("a {} can have: {}", question_type.name(), known.join(", ")),
                };
                say((format!("unknown parameter '{parameter}'"), help));
            }
        }
        for (parameter, value) in &element.parameters {
            if let (true, Err(refused)) = (
                known.contains(&parameter.as_str()),
                value_of(subject, element, parameter, value),
            ) {
                say(refused);
            }
        }
        if element.parameters.contains_key("seed") && !element.parameters.contains_key("randomize") {
            say((
                "the parameter 'seed' without 'randomize'".to_owned(),
                "write randomize=true seed=…, or remove the seed".to_owned(),
            ));
        }
        if *question_type == QuestionType::Audit {
            audit(element).unwrap_or_else(&mut say);
        }
        if *question_type == QuestionType::Range {
            range(subject, element).unwrap_or_else(&mut say);
        }
    }
}

/// The parameters that a type has.
fn known(question_type: &QuestionType) -> &'static [&'static str] {
    match question_type {
        QuestionType::Range => &["start", "end", "step", "tick_interval", "placeholder", "tick_labelset"],
        QuestionType::SelectOne(select) | QuestionType::SelectMultiple(select) if select.from_file() => {
            &["value", "label", "randomize", "seed"]
        }
        QuestionType::SelectOne(_) | QuestionType::SelectMultiple(_) | QuestionType::Rank(_) => &["randomize", "seed"],
        QuestionType::Text => &["rows"],
        QuestionType::Image => &["max-pixels", "app"],
        QuestionType::Audio | QuestionType::BackgroundAudio => &["quality"],
        QuestionType::Geopoint => &[
            "allow-mock-accuracy",
            "capture-accuracy",
            "warning-accuracy",
            "reference-geometry",
        ],
        QuestionType::Geotrace | QuestionType::Geoshape => {
            &["allow-mock-accuracy", "incremental", "reference-geometry"]
        }
        QuestionType::Audit => &[
            "location-priority",
            "location-min-interval",
            "location-max-age",
            "track-changes",
            "track-changes-reasons",
            "identify-user",
        ],
        _ => &[],
    }
}

/// Whether a client takes the value of a parameter that the type has.
fn value_of(subject: &Subject<'_>, element: &Element, parameter: &str, value: &str) -> Refused {
    let one_of = |values: &[&str]| {
        if values.contains(&value) {
            return Ok(());
        }
        Err((
            format!("the parameter '{parameter}' is '{value}'"),
            format!("one of: {}", values.join(", ")),
        ))
    };
    let number = |fits: bool, kind: &str| {
        if fits {
            return Ok(());
        }
        Err((
            format!("the parameter '{parameter}' is '{value}'"),
            format!("write {kind}: {parameter}=10"),
        ))
    };
    match parameter {
        "randomize" | "allow-mock-accuracy" | "track-changes" | "identify-user" => one_of(&["true", "false"]),
        "track-changes-reasons" => one_of(&["on-form-edit"]),
        "incremental" => one_of(&["true", "yes"]),
        "location-priority" => one_of(&["no-power", "low-power", "balanced", "high-accuracy"]),
        "quality" if element.question_type() == Some(&QuestionType::BackgroundAudio) => {
            one_of(&["voice-only", "low", "normal"])
        }
        "quality" => one_of(&["voice-only", "low", "normal", "external"]),
        "rows" | "max-pixels" => number(value.parse::<i64>().is_ok(), "a whole number"),
        "location-min-interval" | "location-max-age" => {
            number(value.parse::<u64>().is_ok(), "a whole number of seconds")
        }
        "capture-accuracy" | "warning-accuracy" => number(value.parse::<f64>().is_ok(), "a number of metres"),
        "seed" => {
            let names_a_question = matches!(tokens(value).as_slice(), [(0, Token::Reference(_))]);
            number(
                names_a_question || value.parse::<f64>().is_ok(),
                "a number, or a question",
            )
        }
        "value" | "label" if !is_name(value) => Err((
            format!("the parameter '{parameter}' is '{value}', which can't be a column"),
            "begin with a letter or '_', go on with letters, digits, '_', '-' or '.'".to_owned(),
        )),
        "app" if matches!(element.appearance.as_deref(), None | Some("annotate")) => app(value),
        "reference-geometry" => reference_geometry(subject.definition, value),
        _ => Ok(()),
    }
}

/// The name of an Android package.
fn app(value: &str) -> Refused {
    let parts: Vec<&str> = value.split('.').collect();
    let is_part = |part: &&str| {
        part.starts_with(|first: char| first.is_ascii_alphabetic())
            && part
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    if parts.len() > 1 && parts.iter().all(is_part) {
        return Ok(());
    }
    Err((
        format!("'{value}' is no Android package"),
        "write it as its maker does: app=org.example.camera".to_owned(),
    ))
}

/// The places to be shown on the map: a list, a list of entities, an attached file, or a repeat.
fn reference_geometry(definition: &Definition, value: &str) -> Refused {
    let repeat = match tokens(value).as_slice() {
        [(0, Token::Reference(name))] => definition.find(name).and_then(|id| definition.get(id)),
        _ => None,
    };
    let list = definition.choices().get(value).is_some_and(|list| !list.is_external());
    let entities = definition.entities().iter().any(|entity| entity.list == value);
    let attached = definition
        .questions()
        .any(|(element, question_type)| match question_type {
            QuestionType::XmlExternal | QuestionType::CsvExternal => element.name == value,
            _ => question_type.select().is_some_and(|select| match &select.source {
                ChoiceSource::File(file) => file.rsplit_once('.').is_some_and(|(name, _)| name == value),
                ChoiceSource::List(_) | ChoiceSource::Question(_) => false,
            }),
        });
    if list || entities || attached || repeat.is_some_and(Element::is_repeat) {
        return Ok(());
    }
    Err((
        format!("there are no places '{value}' to be shown"),
        "name a list of choices or entities, an attached file without its ending, or ${repeat}".to_owned(),
    ))
}

/// The log's parameters of location go together.
fn audit(element: &Element) -> Refused {
    let wanted = ["location-priority", "location-min-interval", "location-max-age"];
    let missing: Vec<&str> = wanted
        .into_iter()
        .filter(|parameter| !element.parameters.contains_key(*parameter))
        .collect();
    if !missing.is_empty() && missing.len() < wanted.len() {
        return Err((
            format!("the log of places lacks {}", missing.join(" and ")),
            "write location-priority=balanced location-min-interval=60 location-max-age=120".to_owned(),
        ));
    }
    let seconds = |parameter: &str| element.parameters.get(parameter)?.parse::<u64>().ok();
    match (seconds("location-min-interval"), seconds("location-max-age")) {
        (Some(interval), Some(age)) if age < interval => Err((
            format!("places of {age} s ago are too old for an interval of {interval} s"),
            "let location-max-age be no less than location-min-interval".to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Whether a number is another one times a whole number, but for the rounding of decimals.
fn is_multiple(number: f64, step: f64) -> bool {
    let times = number / step;
    (times - times.round()).abs() < 1e-9 * times.abs().max(1.0)
}

/// The numbers of a range, and the marks on its scale.
fn range(subject: &Subject<'_>, element: &Element) -> Refused {
    let number = |key: &str, otherwise: Option<f64>| -> Result<Option<f64>, (String, String)> {
        let Some(written) = element.parameters.get(key) else {
            return Ok(otherwise);
        };
        match written.parse::<f64>().ok().filter(|value| value.is_finite()) {
            Some(value) => Ok(Some(value)),
            None => Err((
                format!("the parameter '{key}' is '{written}'"),
                "write a number: start=0 end=10 step=1".to_owned(),
            )),
        }
    };
    let (start, end, step) = (
        number("start", Some(1.0))?.unwrap_or(1.0),
        number("end", Some(10.0))?.unwrap_or(10.0),
        number("step", Some(1.0))?.unwrap_or(1.0),
    );
    // Other tools let a scale run downwards.
    if subject.provenance == Provenance::Own {
        if step <= 0.0 {
            return Err((
                format!("the step of the range is {step}"),
                "a step is above 0".to_owned(),
            ));
        }
        if start >= end {
            return Err((
                format!("the range ends at {end}, not after its start at {start}"),
                "let `end` be above `start`".to_owned(),
            ));
        }
    }
    let (interval, placeholder) = (number("tick_interval", None)?, number("placeholder", None)?);
    let width = (end - start).abs();
    for (key, value) in [("step", Some(step)), ("tick_interval", interval)] {
        match value {
            Some(0.0) => {
                return Err((format!("the parameter '{key}' is 0"), format!("let `{key}` be above 0")));
            }
            Some(value) if value > width => {
                return Err((
                    format!("the {key} of {value} is wider than the range from {start} to {end}"),
                    format!("let `{key}` be at most {width}"),
                ));
            }
            _ => {}
        }
    }
    let not_on_scale = |key: &str, value: f64| {
        (
            format!("the {key} of {value} is not on the scale from {start} to {end} in steps of {step}"),
            "take one of the numbers that can be chosen".to_owned(),
        )
    };
    if let Some(interval) = interval.filter(|interval| !is_multiple(*interval, step)) {
        return Err(not_on_scale("tick_interval", interval));
    }
    let lies_outside = |value: f64| value < start.min(end) || value > start.max(end);
    if let Some(value) = placeholder
        && (!is_multiple(value - start, step) || lies_outside(value))
    {
        return Err(not_on_scale("placeholder", value));
    }
    let marked = ["tick_interval", "placeholder", "tick_labelset"];
    if let Some(appearance) = &element.appearance
        && !["vertical", "no-ticks"].iter().any(|shown| appearance.contains(shown))
        && marked.iter().any(|key| element.parameters.contains_key(*key))
    {
        return Err((
            format!("the appearance '{appearance}' has no marks on its scale"),
            "take the appearance 'vertical' or none, or remove tick_interval, placeholder and tick_labelset".to_owned(),
        ));
    }
    match element.parameters.get("tick_labelset") {
        Some(list) => labels(
            subject.definition,
            element,
            list,
            (start, end),
            interval.unwrap_or(step),
        ),
        None => Ok(()),
    }
}

/// The choices that label the marks of a range: each is one of its numbers.
fn labels(definition: &Definition, element: &Element, list: &str, (start, end): (f64, f64), step: f64) -> Refused {
    let Some(list) = definition.choices().get(list) else {
        return Err((
            format!("unknown list of choices '{list}'"),
            "the labels of a range are a list of choices whose names are its numbers".to_owned(),
        ));
    };
    let mut numbers = Vec::new();
    for choice in list.choices() {
        let number = choice.name.parse::<f64>().ok().filter(|number| {
            number.is_finite()
                && *number >= start.min(end)
                && *number <= start.max(end)
                && is_multiple(number - start, step)
        });
        match number {
            Some(number) => numbers.push(number),
            None => {
                return Err((
                    format!("the choice '{}' labels no mark from {start} to {end}", choice.name),
                    format!("the marks are {start}, {}, … {end}", start + step),
                ));
            }
        }
    }
    let bare = element
        .appearance
        .as_deref()
        .is_some_and(|appearance| appearance.contains("no-ticks"));
    let is = |left: f64, right: f64| (left - right).abs() < f64::EPSILON;
    let both = [start, end]
        .iter()
        .all(|limit| numbers.iter().any(|number| is(*number, *limit)));
    if bare && (!both || numbers.iter().any(|number| !is(*number, start) && !is(*number, end))) {
        return Err((
            "a range without marks has labels for its start and its end alone".to_owned(),
            format!("keep the choices {start} and {end}"),
        ));
    }
    Ok(())
}
