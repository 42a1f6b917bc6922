//! The sheets `settings` and `entities`, and what `_innogauge` says of the form as a whole.

use super::own::{About, Own};
use super::words::Columns;
use super::{Cells, put, table};
use crate::definition::identity::IdentityPart;
use crate::definition::model::Definition;
use crate::definition::xlsform::book::Sheet;
use crate::definition::xlsform::columns::{Kind, Target};
use crate::definition::xlsform::exact::through_cell;
use crate::definition::zone::Zone;

/// The sheet `settings`.
pub(super) fn sheet(definition: &Definition, columns: &Columns, own: &mut Own) -> Sheet {
    let about = About::SETTINGS;
    let settings = definition.settings();
    let mut cells = Cells::new();
    let title = definition.title().get(definition.default_language());
    put(&mut cells, "form_title", title);
    put(&mut cells, "form_id", definition.survey());
    put(&mut cells, "version", definition.version());
    if !definition.version().is_empty() {
        own.exact(about, "version", definition.version());
    }
    put(
        &mut cells,
        "default_language",
        columns.default_language().unwrap_or_default(),
    );
    if let Some(formula) = &settings.instance_name {
        put(&mut cells, "instance_name", formula.source());
        own.exact(about, "instance_name", formula.source());
    }
    put(
        &mut cells,
        "public_key",
        settings.public_key.as_deref().unwrap_or_default(),
    );
    for (header, set) in [
        ("allow_choice_duplicates", settings.allow_choice_duplicates),
        ("client_editable", settings.client_editable),
    ] {
        put(&mut cells, header, if set { "yes" } else { "" });
    }
    for (name, value) in &settings.other {
        let kept = Kind::Settings.target(name, true) == (Target::Other(name.clone()), None);
        put(&mut cells, name.clone(), if kept { value.as_str() } else { "" });
        if !kept || value.is_empty() || through_cell(value) != *value {
            own.say(about, &format!("settings/{name}"), value);
        }
    }
    of_the_form(definition, own);
    table("settings", [], 0, &[cells])
}

fn of_the_form(definition: &Definition, own: &mut Own) {
    let about = About::SETTINGS;
    let title = definition.title();
    let plain = title.exact("").filter(|_| title.iter().count() == 1);
    if plain.is_none_or(|words| through_cell(words) != words) {
        own.text(about, "title", title);
    }
    if let Some(respondent) = definition.respondent() {
        own.say(about, "respondent", respondent);
    }
    if *definition.timezone() != Zone::default() {
        own.say(about, "timezone", definition.timezone().name());
    }
    for (part, question) in &definition.identity().parts {
        if let Some((name, _)) = IdentityPart::ALL.iter().find(|(_, known)| known == part) {
            own.say(about, &format!("identity/{name}"), &question.name);
        }
    }
    for (name, profile) in definition.profiles() {
        own.text(about, &format!("profiles/{name}/label"), &profile.label);
        for answer in &profile.answers {
            own.say(
                about,
                &format!("profiles/{name}/answers/{}", answer.name),
                &answer.value,
            );
        }
    }
}

/// The sheet `entities`.
pub(super) fn entities(definition: &Definition) -> Sheet {
    let row = |entity: &crate::definition::EntityDeclaration| {
        let mut cells = Cells::new();
        put(&mut cells, "list_name", &entity.list);
        for (key, formula) in entity.formulas() {
            put(&mut cells, key, formula.source());
        }
        cells
    };
    let rows: Vec<Cells> = definition.entities().iter().map(row).collect();
    table("entities", [], 0, &rows)
}
