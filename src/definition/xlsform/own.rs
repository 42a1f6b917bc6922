//! The sheet `_innogauge`: keys that XLSForm lacks, one a row (sheet, list, name, key, language, value).
//!
//! A key is the one that YAML has; where it lies within others, with `/` between them: `warn_if/1/test`. A question
//! whose name others have too is named by its path: `/research/rd`. What the writer notes of companions stands here too
//! (`missing_of` and the like), and what it notes of words that sheets don't keep letter by letter (see [`exact`]).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Reader;
use super::book::Reading;
use super::columns::Kind;
use super::exact::{self, Exact, Subject};
use super::languages::Languages;
use super::table::{Row, Table};
use super::text::{clean, flag};
use crate::definition::check::whereabouts;
use crate::definition::element::{Alias, Companion, Element, SoftCheck};
use crate::definition::formula::Formula;
use crate::definition::identity::{IdentityPart, IdentityQuestion};
use crate::definition::model::ElementId;
use crate::definition::outline::Outline;
use crate::definition::place::{Diagnostic, Origin, Place, nearest};
use crate::definition::profile::{Profile, ProfileAnswer};
use crate::definition::text::Text;
use crate::definition::unanswered::MissingCode;
use crate::definition::unit::Unit;
use crate::definition::zone::Zone;

/// Reads the sheet into the outline, whose questions and choices are known.
pub(super) fn read(sheet: &Reading<'_>, outline: &mut Outline, reader: &mut Reader) {
    let table = Table::read(
        &reader.file,
        sheet,
        Kind::Own,
        &mut Languages::default(),
        &mut reader.found,
    );
    let columns = ["sheet", "key", "value"];
    if !columns
        .into_iter()
        .all(|key| table.require(key, Kind::Own, &mut reader.found))
    {
        return;
    }
    let mut exact = Exact::default();
    let mut first: HashMap<[&str; 5], Place> = HashMap::new();
    for row in table.rows() {
        if let Some(diagnostic) = said_before(row, &mut first) {
            reader.found.push(diagnostic);
            continue;
        }
        let refused = match row.get("sheet").unwrap_or_default() {
            "settings" => setting(row, outline, &mut exact, reader),
            "survey" => question(row, outline, &mut exact, reader),
            "choices" => choice(row, outline, &mut exact, reader),
            other => Err((
                "sheet",
                format!("there are no keys of the sheet '{other}'"),
                "one of: settings, survey, choices".to_owned(),
            )),
        };
        if let Err((column, message, help)) = refused {
            reader
                .found
                .push(Diagnostic::error(row.place(column), message).with_help(help));
        }
    }
    exact.apply(outline, reader);
}

/// That a row says again what one before it says, of a key that has one value in a language.
fn said_before<'t>(row: Row<'t>, first: &mut HashMap<[&'t str; 5], Place>) -> Option<Diagnostic> {
    let [sheet, list, name, key, language] =
        ["sheet", "list", "name", "key", "language"].map(|column| row.get(column).unwrap_or_default());
    if matches!(key.rsplit('/').next(), Some("aliases" | "missing")) {
        return None;
    }
    match first.entry([sheet, list, name, key, language]) {
        Entry::Vacant(entry) => {
            entry.insert(row.place("value"));
            None
        }
        Entry::Occupied(entry) => Some(
            Diagnostic::error(
                row.place("value"),
                format!("'{key}' is said twice, also {}", whereabouts(entry.get())),
            )
            .with_help("remove one of the two rows"),
        ),
    }
}

/// In which column something is wrong, what, and what would be right.
type Refused = Result<(), (&'static str, String, String)>;

fn unknown<'a>(column: &'static str, what: &str, word: &str, known: impl Iterator<Item = &'a str> + Clone) -> Refused {
    let help = match nearest(word, known.clone()) {
        Some(near) => format!("did you mean '{near}'?"),
        None => format!("one of: {}", known.collect::<Vec<_>>().join(", ")),
    };
    Err((column, format!("unknown {what} '{word}'"), help))
}

/// The value and the code of the language of a row.
fn said(row: Row<'_>, reader: &mut Reader) -> (String, String) {
    let language = row.get("language").map(|language| reader.languages.code(language));
    (
        exact::value(row.get("value").unwrap_or_default()),
        language.unwrap_or_default(),
    )
}

fn setting(row: Row<'_>, outline: &mut Outline, exact: &mut Exact, reader: &mut Reader) -> Refused {
    let (value, language) = said(row, reader);
    let value = value.as_str();
    let key = row.get("key").unwrap_or_default();
    match key.split('/').collect::<Vec<_>>().as_slice() {
        ["respondent"] => outline.respondent = Some(value.to_owned()),
        ["timezone"] => {
            outline.timezone =
                Zone::named(value).map_err(|help| ("value", format!("unknown time zone '{value}'"), help))?;
        }
        ["title"] => {
            if outline.title.exact("").is_some() && !language.is_empty() {
                outline.title = Text::default();
            }
            outline.title.insert(language, value);
        }
        ["identity", part] => {
            let known = IdentityPart::ALL.iter().find(|(name, _)| name == part);
            let Some((_, known)) = known else {
                let names = IdentityPart::ALL.iter().map(|(name, _)| *name);
                return unknown("key", "part of the identity", part, names);
            };
            let question = IdentityQuestion {
                name: value.to_owned(),
                id: None,
                origin: Origin(row.place("value")),
            };
            outline.identity.parts.insert(*known, question);
        }
        ["profiles", name, rest @ ..] => {
            let profile = outline.profiles.entry((*name).to_owned()).or_insert_with(|| Profile {
                label: Text::default(),
                answers: Vec::new(),
            });
            match rest {
                ["label"] => profile.label.insert(language, value),
                ["answers", question] => profile.answers.push(ProfileAnswer {
                    name: (*question).to_owned(),
                    id: None,
                    value: value.to_owned(),
                    origin: Origin(row.place("value")),
                }),
                _ => {
                    return unknown(
                        "key",
                        "key of a profile",
                        &rest.join("/"),
                        ["label", "answers/QUESTION"].into_iter(),
                    );
                }
            }
        }
        ["instance_name" | "version"] | ["settings", _] => exact.note(Subject::Settings, key, language, value, row),
        _ => {
            let known = [
                "respondent",
                "timezone",
                "title",
                "identity/PART",
                "profiles/NAME/label",
            ];
            return unknown("key", "key of the settings", key, known.into_iter());
        }
    }
    Ok(())
}

fn question(row: Row<'_>, outline: &mut Outline, exact: &mut Exact, reader: &mut Reader) -> Refused {
    let name = row.get("name").unwrap_or_default();
    let key = row.get("key").unwrap_or_default();
    let (value, language) = said(row, reader);
    let value = value.as_str();
    let Some(id) = named(outline, name) else {
        let names = outline.elements.iter().map(|element| element.name.as_str());
        let help = match nearest(name, names) {
            Some(near) => format!("did you mean '{near}'?"),
            None => "remove the row, if the question is gone; write its new name, if it was renamed".to_owned(),
        };
        return Err(("name", format!("unknown question '{name}'"), help));
    };
    let Some(element) = outline.elements.get_mut(id.index()) else {
        return Ok(());
    };
    match key.split('/').collect::<Vec<_>>().as_slice() {
        ["unit"] => unit(element, value, language)?,
        ["personal"] => element.personal = truth(value)?,
        ["identifying"] => element.identifying = truth(value)?,
        ["missing"] => {
            for code in value.split([' ', ',']).filter(|code| !code.is_empty()) {
                match MissingCode::from_code(code) {
                    Some(code) if !element.missing.contains(&code) => element.missing.push(code),
                    Some(_) => {}
                    None => {
                        return unknown(
                            "value",
                            "missing code",
                            code,
                            MissingCode::ALL.iter().map(|code| code.code()),
                        );
                    }
                }
            }
        }
        ["aliases"] => alias(&mut element.aliases, language, value),
        ["missing_of"] => {
            element.companion = Some(Companion::Missing { of: value.to_owned() });
        }
        ["warning_of", of] => {
            let test = Formula::read(value, row.place("value"), false);
            element.companion = reader.keep(test).map(|test| Companion::Warning {
                of: (*of).to_owned(),
                test,
            });
        }
        ["other_of"] => element.companion = Some(Companion::Other { of: value.to_owned() }),
        ["warn_if", number, part] => warn_if(element, number, part, (value, language), row, reader)?,
        _ if exact::is_key(key) => exact.note(Subject::Element(id), key, language, value, row),
        _ => {
            let known = [
                "unit",
                "personal",
                "identifying",
                "missing",
                "aliases",
                "warn_if/1/test",
                "warn_if/1/message",
            ];
            return unknown("key", "key of a question", key, known.into_iter());
        }
    }
    let first = key.split('/').next().unwrap_or_default();
    let noted = ["unit", "personal", "identifying", "missing", "aliases", "warn_if"];
    if let (Some(key), Some(places)) = (
        noted.into_iter().find(|noted| *noted == first),
        outline.places.get_mut(id.index()),
    ) {
        places.note(key, row.place("value"));
    }
    Ok(())
}

fn truth(value: &str) -> Result<bool, (&'static str, String, String)> {
    flag(value).ok_or_else(|| {
        (
            "value",
            format!("'{value}' is no yes or no"),
            "write true or false".to_owned(),
        )
    })
}

fn unit(element: &mut Element, value: &str, language: String) -> Refused {
    if language.is_empty() {
        element.unit = Unit::known(value);
        return match element.unit {
            Some(_) => Ok(()),
            None => unknown("value", "unit", value, Unit::codes()),
        };
    }
    let unit = element.unit.get_or_insert_with(|| Unit {
        code: String::new(),
        label: Text::default(),
    });
    unit.label.insert(language, value);
    Ok(())
}

fn warn_if(
    element: &mut Element,
    number: &str,
    part: &str,
    (value, language): (&str, String),
    row: Row<'_>,
    reader: &mut Reader,
) -> Refused {
    let at = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    match (at, part) {
        (Some(at), "test") if at == element.warn_if.len() => {
            if let Some(test) = reader.keep(Formula::read(&clean(value, false), row.place("value"), false)) {
                element.warn_if.push(SoftCheck {
                    test,
                    message: Text::default(),
                });
            }
            Ok(())
        }
        (Some(at), "message") => match element.warn_if.get_mut(at) {
            Some(check) => {
                check.message.insert(language, value);
                Ok(())
            }
            None => Err((
                "key",
                format!("there is no test {number} yet"),
                format!("write the row warn_if/{number}/test before it"),
            )),
        },
        _ => Err((
            "key",
            format!("the tests of '{}' are counted from 1", element.name),
            format!("write warn_if/{}/test", element.warn_if.len() + 1),
        )),
    }
}

fn choice(row: Row<'_>, outline: &mut Outline, exact: &mut Exact, reader: &mut Reader) -> Refused {
    let (list, name) = (row.get("list").unwrap_or_default(), row.get("name").unwrap_or_default());
    let key = row.get("key").unwrap_or_default();
    let (value, language) = said(row, reader);
    let value = value.as_str();
    let Some(found) = outline.choices.get_mut(list) else {
        let lists: Vec<&str> = outline.choices.keys().map(String::as_str).collect();
        return unknown("list", "list of choices", list, lists.into_iter());
    };
    if key == "derived_from" {
        found.derived_from = Some(value.to_owned());
        return Ok(());
    }
    // Of choices that have one name, a number before the key tells which is meant.
    let (number, key) = match key.split_once('/') {
        Some((number, rest)) if number.parse::<usize>().is_ok() => (number.parse().unwrap_or(1), rest),
        _ => (1, key),
    };
    let Some((position, choice)) = found.nth_mut(name, number) else {
        let names: Vec<&str> = found.choices().iter().map(|choice| choice.name.as_str()).collect();
        return unknown("name", "choice", name, names.into_iter());
    };
    match key {
        "aliases" => alias(&mut choice.aliases, language, value),
        "missing" => choice.missing = MissingCode::from_code(name),
        _ if exact::is_key_of_choices(key) => {
            exact.note(Subject::Choice(list.to_owned(), position), key, language, value, row);
        }
        _ => return unknown("key", "key of a choice", key, ["aliases"].into_iter()),
    }
    Ok(())
}

/// Words of one language stay together, as YAML keeps them.
fn alias(aliases: &mut Vec<Alias>, language: String, words: &str) {
    let after = aliases.iter().rposition(|alias| alias.language == language);
    let alias = Alias {
        language,
        words: words.to_owned(),
    };
    aliases.insert(after.map_or(aliases.len(), |at| at + 1), alias);
}

/// The element of a name, or of a path that begins with `/`.
fn named(outline: &Outline, name: &str) -> Option<ElementId> {
    let Some(path) = name.strip_prefix('/') else {
        return outline
            .elements
            .iter()
            .find(|element| element.name == name)
            .map(|element| element.id);
    };
    let mut parent = None;
    for part in path.split('/') {
        let lies_here = |element: &&Element| element.parent == parent && element.name == part;
        parent = Some(outline.elements.iter().find(lies_here)?.id);
    }
    parent
}
