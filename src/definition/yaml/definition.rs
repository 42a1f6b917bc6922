//! Reading a survey definition: the top level.

use indexmap::IndexMap;

use super::choices::choice_lists;
use super::fields::{Fields, Findings, list, pairs, scalar};
use super::node::{Node, Value};
use super::question::{formula, questions};
use crate::definition::element::Alias;
use crate::definition::entity::{EntityDeclaration, EntityParts};
use crate::definition::identity::{Identity, IdentityPart, IdentityQuestion};
use crate::definition::outline::{Outline, Places, Provenance};
use crate::definition::place::{Diagnostic, Origin, Place};
use crate::definition::profile::{Profile, ProfileAnswer, Profiles};
use crate::definition::settings::{PASSED_ON, Settings};
use crate::definition::zone::Zone;

/// The languages' own names, where a definition gives codes alone.
const LANGUAGES: [(&str, &str); 14] = [
    ("zh", "中文"),
    ("en", "English"),
    ("ru", "Русский"),
    ("ja", "日本語"),
    ("ko", "한국어"),
    ("fr", "Français"),
    ("es", "Español"),
    ("de", "Deutsch"),
    ("pt", "Português"),
    ("ar", "العربية"),
    ("mn", "Монгол"),
    ("vi", "Tiếng Việt"),
    ("id", "Bahasa Indonesia"),
    ("th", "ไทย"),
];

/// Reads a definition from its node tree. Nothing is checked beyond its shape.
pub(in crate::definition) fn read(node: &Node, file: &str, findings: &mut Findings) -> Option<Outline> {
    let mut fields = Fields::new(node, "a definition", findings)?;
    let mut top = Places::default();
    if let Value::Mapping(entries) = &node.value {
        for (key, value) in entries {
            for noted in [
                "survey",
                "version",
                "title",
                "languages",
                "timezone",
                "settings",
                "questions",
                "choices",
            ] {
                if key.text() == Some(noted) {
                    top.note(noted, value.place());
                }
            }
        }
    }
    let survey = fields
        .require("survey", findings)
        .and_then(|node| scalar(node, "survey", findings));
    let version = fields
        .require("version", findings)
        .and_then(|node| scalar(node, "version", findings));
    fields.require("title", findings);
    let mut outline = Outline {
        survey: survey.unwrap_or_default().to_owned(),
        version: version.unwrap_or_default().to_owned(),
        title: fields.languages("title", findings),
        respondent: fields.text("respondent", findings).map(str::to_owned),
        languages: IndexMap::new(),
        timezone: timezone(&mut fields, findings),
        identity: identity(&mut fields, findings),
        settings: settings(&mut fields, findings),
        profiles: profiles(&mut fields, findings),
        choices: IndexMap::new(),
        entities: entities(&mut fields, findings),
        elements: Vec::new(),
        expanded: false,
        provenance: Provenance::Own,
        places: Vec::new(),
        top,
        file: Place::file(file),
    };
    outline.languages = match fields.get("languages") {
        Some(node) => languages(node, findings),
        None => outline
            .title
            .iter()
            .filter(|(code, _)| !code.is_empty())
            .map(|(code, _)| (code.to_owned(), own_name(code)))
            .collect(),
    };
    if let Some(node) = fields.get("choices") {
        outline.choices = choice_lists(node, findings);
    }
    if let Some(node) = fields.get("external_choices") {
        external_choices(node, &mut outline, findings);
    }
    if let Some(node) = fields.require("questions", findings) {
        questions(node, None, &mut outline, findings);
    }
    fields.finish(findings);
    Some(outline)
}

/// Lists that clients look up in `itemsets.csv` (XLSForm's sheet `external_choices`).
fn external_choices(node: &Node, outline: &mut Outline, findings: &mut Findings) {
    for (name, mut list) in choice_lists(node, findings) {
        if let Some(other) = outline.choices.get(&name) {
            findings.0.push(
                Diagnostic::error(list.origin().0.clone(), format!("the list '{name}' is given twice")).with_help(
                    format!("the other is at {}: give one of them another name", other.origin().0),
                ),
            );
            continue;
        }
        list.external = true;
        outline.choices.insert(name, list);
    }
}

fn own_name(code: &str) -> String {
    LANGUAGES
        .iter()
        .find(|(known, _)| *known == code)
        .map_or(code, |(_, name)| name)
        .to_owned()
}

fn languages(node: &Node, findings: &mut Findings) -> IndexMap<String, String> {
    if let Value::Mapping(entries) = &node.value {
        return entries
            .iter()
            .filter_map(|(code, name)| Some((code.text()?.to_owned(), scalar(name, "languages", findings)?.to_owned())))
            .collect();
    }
    list(node, "languages", findings)
        .iter()
        .filter_map(|item| scalar(item, "languages", findings))
        .map(|code| (code.to_owned(), own_name(code)))
        .collect()
}

fn timezone(fields: &mut Fields<'_>, findings: &mut Findings) -> Zone {
    let Some(node) = fields.get("timezone") else {
        return Zone::default();
    };
    let Some(written) = scalar(node, "timezone", findings) else {
        return Zone::default();
    };
    Zone::named(written).unwrap_or_else(|help| {
        findings.error(node, format!("unknown time zone '{written}'"), help);
        Zone::default()
    })
}

fn identity(fields: &mut Fields<'_>, findings: &mut Findings) -> Identity {
    let mut identity = Identity::default();
    let Some(node) = fields.get("identity") else {
        return identity;
    };
    for (key, value) in pairs(node, "identity", findings) {
        let (Some(key_text), Some(name)) = (key.text(), scalar(value, "identity", findings)) else {
            continue;
        };
        match IdentityPart::ALL.iter().find(|(known, _)| *known == key_text) {
            Some((_, part)) => {
                let question = IdentityQuestion {
                    name: name.to_owned(),
                    id: None,
                    origin: Origin(value.place()),
                };
                identity.parts.insert(*part, question);
            }
            None => findings.unknown(
                key,
                "part of the identity",
                key_text,
                IdentityPart::ALL.map(|(known, _)| known),
            ),
        }
    }
    identity
}

fn settings(fields: &mut Fields<'_>, findings: &mut Findings) -> Settings {
    let mut settings = Settings::default();
    let Some(node) = fields.get("settings") else {
        return settings;
    };
    let Some(mut fields) = Fields::new(node, "settings", findings) else {
        return settings;
    };
    settings.instance_name = formula(&mut fields, "instance_name", findings);
    settings.allow_choice_duplicates = fields.flag("allow_choice_duplicates", findings);
    settings.client_editable = fields.flag("client_editable", findings);
    settings.public_key = fields.text("public_key", findings).map(str::to_owned);
    for setting in PASSED_ON {
        if let Some(value) = fields.text(setting, findings) {
            settings.other.insert(setting.to_owned(), value.to_owned());
        }
    }
    for (key, value) in fields.rest_where(|key| key.starts_with("attribute::")) {
        if let (Some(name), Some(value)) = (key.text(), scalar(value, "settings", findings)) {
            settings.other.insert(name.to_owned(), value.to_owned());
        }
    }
    if let Some(node) = fields.get("extra") {
        for (key, value) in pairs(node, "extra", findings) {
            if let (Some(name), Some(value)) = (key.text(), scalar(value, "extra", findings)) {
                settings.other.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    fields.finish(findings);
    settings
}

fn entities(fields: &mut Fields<'_>, findings: &mut Findings) -> Vec<EntityDeclaration> {
    let Some(node) = fields.get("entities") else {
        return Vec::new();
    };
    let items = list(node, "entities", findings).iter();
    items.filter_map(|item| entity(item, findings)).collect()
}

fn entity(node: &Node, findings: &mut Findings) -> Option<EntityDeclaration> {
    let mut fields = Fields::new(node, "an entity", findings)?;
    let name = fields
        .require("list_name", findings)
        .and_then(|node| scalar(node, "list_name", findings));
    let parts = EntityParts {
        label: formula(&mut fields, "label", findings),
        entity_id: formula(&mut fields, "entity_id", findings),
        create_if: formula(&mut fields, "create_if", findings),
        update_if: formula(&mut fields, "update_if", findings),
    };
    fields.finish(findings);
    match parts.act() {
        Ok(act) => Some(EntityDeclaration {
            list: name?.to_owned(),
            act,
            origin: Origin(node.place()),
        }),
        Err((message, help)) => {
            findings.error(node, message, help);
            None
        }
    }
}

fn profiles(fields: &mut Fields<'_>, findings: &mut Findings) -> Profiles {
    let mut profiles = Profiles::new();
    let Some(node) = fields.get("profiles") else {
        return profiles;
    };
    for (name, profile) in pairs(node, "profiles", findings) {
        let (Some(name), Some(mut fields)) = (name.text(), Fields::new(profile, "a profile", findings)) else {
            continue;
        };
        let label = fields.languages("label", findings);
        let given = fields.require("answers", findings);
        let given = given.map(|node| pairs(node, "answers", findings)).unwrap_or_default();
        let answers = given.into_iter().filter_map(|(question, value)| {
            Some(ProfileAnswer {
                name: question.text()?.to_owned(),
                id: None,
                value: scalar(value, "answers", findings)?.to_owned(),
                origin: Origin(value.place()),
            })
        });
        let answers = answers.collect();
        profiles.insert(name.to_owned(), Profile { label, answers });
        fields.finish(findings);
    }
    profiles
}

/// Other words: a list, or a word or list for each language.
pub(in crate::definition) fn aliases(node: &Node, findings: &mut Findings) -> Vec<Alias> {
    match &node.value {
        Value::Mapping(entries) => entries
            .iter()
            .filter_map(|(language, words)| Some((language.text()?, words)))
            .flat_map(|(language, words)| words_of(language, words, findings))
            .collect(),
        Value::Scalar(_) | Value::Sequence(_) => words_of("", node, findings),
    }
}

fn words_of(language: &str, node: &Node, findings: &mut Findings) -> Vec<Alias> {
    let items = match &node.value {
        Value::Sequence(items) => items.as_slice(),
        Value::Scalar(_) | Value::Mapping(_) => std::slice::from_ref(node),
    };
    items
        .iter()
        .filter_map(|item| scalar(item, "aliases", findings))
        .map(|words| Alias {
            language: language.to_owned(),
            words: words.to_owned(),
        })
        .collect()
}
