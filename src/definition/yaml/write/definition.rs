//! The top level and the choices.

use super::print::Out;
use super::question::questions;
use super::{Entries, aliases, text};
use crate::definition::choices::{Choice, ChoiceList};
use crate::definition::entity::EntityDeclaration;
use crate::definition::formula::Formula;
use crate::definition::identity::IdentityPart;
use crate::definition::model::Definition;
use crate::definition::settings::{PASSED_ON, Settings};
use crate::definition::yaml::choices::KEYS;

/// The tree of a definition.
pub(super) fn tree(definition: &Definition) -> Out {
    let mut top = Entries::default();
    top.words("survey", Some(definition.survey()));
    // Any reader of YAML but ours would take it for a number.
    top.put("version", Out::Quoted(definition.version().to_owned()));
    top.put("title", text(definition.title()));
    top.words("respondent", definition.respondent());
    top.map("languages", definition.languages());
    top.words("timezone", Some(definition.timezone().name()));
    let identity = identity(definition);
    if !identity.0.is_empty() {
        top.put("identity", identity.into_map().block());
    }
    let settings = settings(definition.settings());
    if !settings.0.is_empty() {
        top.put("settings", settings.into_map().block());
    }
    profiles(definition, &mut top);
    for (key, external) in [("choices", false), ("external_choices", true)] {
        let lists = definition
            .choices()
            .values()
            .filter(|list| list.is_external() == external);
        let lists: Vec<(String, Out)> = lists
            .map(|list| (list.name().to_owned(), choices(list).block()))
            .collect();
        if !lists.is_empty() {
            top.put(key, Out::Map(lists).block());
        }
    }
    if !definition.entities().is_empty() {
        let entities = definition.entities().iter().map(entity).collect();
        top.put("entities", Out::List(entities).block());
    }
    top.put("questions", Out::List(questions(definition, None)).block());
    top.into_map().block()
}

fn identity(definition: &Definition) -> Entries {
    let mut entries = Entries::default();
    for (part, question) in &definition.identity().parts {
        if let Some((name, _)) = IdentityPart::ALL.iter().find(|(_, known)| known == part) {
            entries.words(name, Some(&question.name));
        }
    }
    entries
}

fn settings(settings: &Settings) -> Entries {
    let mut entries = Entries::default();
    entries.words("instance_name", settings.instance_name.as_ref().map(Formula::source));
    entries.flag("allow_choice_duplicates", settings.allow_choice_duplicates);
    entries.flag("client_editable", settings.client_editable);
    entries.words("public_key", settings.public_key.as_deref());
    let known = |name: &str| PASSED_ON.contains(&name) || name.starts_with("attribute::");
    for (name, value) in settings.other.iter().filter(|(name, _)| known(name)) {
        entries.words(name, Some(value));
    }
    entries.map("extra", settings.other.iter().filter(|(name, _)| !known(name)));
    entries
}

fn profiles(definition: &Definition, top: &mut Entries) {
    if definition.profiles().is_empty() {
        return;
    }
    let profile = |(name, profile): (&String, &crate::definition::Profile)| {
        let mut entries = Entries::default();
        entries.text("label", &profile.label);
        let answers = profile.answers.iter();
        let answers = answers
            .map(|answer| (answer.name.clone(), Out::words(&answer.value)))
            .collect();
        entries.put("answers", Out::Map(answers));
        (name.clone(), entries.into_map())
    };
    let profiles = definition.profiles().iter().map(profile).collect();
    top.put("profiles", Out::Map(profiles).block());
}

fn entity(entity: &EntityDeclaration) -> Out {
    let mut entries = Entries::default();
    entries.words("list_name", Some(&entity.list));
    for (key, formula) in entity.formulas() {
        entries.words(key, Some(formula.source()));
    }
    entries.into_map()
}

/// A list: a mapping where its choices have labels alone, else a list.
fn choices(list: &ChoiceList) -> Out {
    let label_alone = |(position, choice): (usize, &Choice)| {
        let first = list.choices().iter().position(|other| other.name == choice.name) == Some(position);
        first
            && !choice.label.is_empty()
            && choice.aliases.is_empty()
            && choice.media.is_empty()
            && choice.geometry.is_none()
            && choice.columns.is_empty()
    };
    let all = list.choices();
    if !all.is_empty() && all.iter().enumerate().all(label_alone) {
        return Out::Map(
            all.iter()
                .map(|choice| (choice.name.clone(), text(&choice.label)))
                .collect(),
        );
    }
    Out::List(all.iter().map(choice).collect())
}

fn choice(choice: &Choice) -> Out {
    let mut entries = Entries::default();
    entries.words("name", Some(&choice.name));
    let reserved = |name: &str| KEYS.contains(&name);
    for (name, value) in choice.columns.iter().filter(|(name, _)| !reserved(name)) {
        entries.words(name, Some(value));
    }
    if !choice.aliases.is_empty() {
        entries.put("aliases", aliases(&choice.aliases));
    }
    entries.text("label", &choice.label);
    for (kind, files) in &choice.media {
        entries.text(kind, files);
    }
    entries.words("geometry", choice.geometry.as_deref());
    entries.map("columns", choice.columns.iter().filter(|(name, _)| reserved(name)));
    Out::Line(entries.0)
}
