//! The sheets `choices` and `external_choices`.

use indexmap::IndexSet;

use super::own::{About, Own};
use super::words::Columns;
use super::{Cells, put, table};
use crate::definition::check::is_name;
use crate::definition::choices::{Choice, ChoiceList};
use crate::definition::xlsform::book::Sheet;
use crate::definition::xlsform::columns::{Kind, MEDIA, Target};
use crate::definition::xlsform::exact::through_cell;

/// A sheet of these lists.
pub(super) fn sheet<'l>(
    name: &str,
    lists: impl Iterator<Item = &'l ChoiceList> + Clone,
    columns: &Columns,
    own: &mut Own,
) -> Sheet {
    let mut headers = ["list_name", "name"].map(str::to_owned).to_vec();
    headers.extend(columns.headers("label"));
    let kept = headers.len();
    for kind in MEDIA {
        headers.extend(columns.headers(&format!("media::{kind}")));
    }
    headers.push("geometry".to_owned());
    let others: IndexSet<&String> = lists
        .clone()
        .flat_map(ChoiceList::choices)
        .flat_map(|choice| choice.columns.keys())
        .collect();
    headers.extend(others.into_iter().cloned());
    let mut rows = Vec::new();
    for list in lists {
        if let Some(from) = &list.derived_from {
            let about = About {
                sheet: "choices",
                list: list.name(),
                ..About::default()
            };
            own.say(about, "derived_from", from);
        }
        for (position, choice) in list.choices().iter().enumerate() {
            rows.push(row(list, position, choice, columns, own));
        }
    }
    table(name, headers, kept, &rows)
}

fn row(list: &ChoiceList, position: usize, choice: &Choice, columns: &Columns, own: &mut Own) -> Cells {
    let before = list.choices().iter().take(position);
    let number = 1 + before.filter(|other| other.name == choice.name).count();
    let about = About {
        sheet: "choices",
        list: list.name(),
        name: &choice.name,
        number: (number > 1).then_some(number),
    };
    let mut cells = Cells::new();
    put(&mut cells, "list_name", list.name());
    put(&mut cells, "name", &choice.name);
    for (header, words) in columns.cells("label", &choice.label) {
        put(&mut cells, header, words);
    }
    own.exact_text(about, "label", &choice.label, columns);
    for (kind, files) in &choice.media {
        for (header, file) in columns.cells(&format!("media::{kind}"), files) {
            put(&mut cells, header, file);
        }
        own.exact_text(about, &format!("media/{kind}"), files, columns);
    }
    if let Some(geometry) = &choice.geometry {
        put(&mut cells, "geometry", geometry);
        own.exact(about, "geometry", geometry);
    }
    for (column, value) in &choice.columns {
        let kept = Kind::Choices.target(column, true) == (Target::Other(column.clone()), None) && is_name(column);
        put(&mut cells, column.clone(), if kept { value.as_str() } else { "" });
        if !kept || value.is_empty() || through_cell(value) != *value {
            own.say(about, &format!("columns/{column}"), value);
        }
    }
    if let Some(code) = choice.missing {
        own.say(about, "missing", code.code());
    }
    own.aliases(about, &choice.aliases);
    cells
}
