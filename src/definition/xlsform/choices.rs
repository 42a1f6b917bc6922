//! Reading the sheets `choices` and `external_choices`.

use indexmap::IndexMap;

use super::Reader;
use super::book::Reading;
use super::columns::{Kind, Target};
use super::table::{Row, Table};
use crate::definition::check::is_name;
use crate::definition::choices::{Choice, ChoiceList};
use crate::definition::place::{Diagnostic, Origin};

/// Adds the lists of a sheet; `external` says whether clients look them up in an attached file.
pub(super) fn lists(
    sheet: &Reading<'_>,
    external: bool,
    lists: &mut IndexMap<String, ChoiceList>,
    reader: &mut Reader,
) {
    let table = Table::read(
        &reader.file,
        sheet,
        Kind::Choices,
        &mut reader.languages,
        &mut reader.found,
    );
    if table.rows().next().is_none() {
        return;
    }
    let named = table.require("name", Kind::Choices, &mut reader.found);
    let listed = table.require("list_name", Kind::Choices, &mut reader.found);
    if !named || !listed {
        return;
    }
    odd_columns(&table, reader);
    let mut rows: IndexMap<&str, Vec<Row<'_>>> = IndexMap::new();
    for row in table.rows() {
        match row.get("list_name") {
            Some(list) => rows.entry(list).or_default().push(row),
            None => reader.found.push(
                Diagnostic::warning(row.place("list_name"), "this choice is not read: it names no list")
                    .with_help("write the list's name in the column list_name"),
            ),
        }
    }
    for (name, rows) in rows {
        let origin = rows.first().map(|row| Origin(row.place("list_name")));
        let choices: Vec<Choice> = rows.iter().map(|row| choice(*row, reader)).collect();
        let Some(origin) = origin else { continue };
        if let Some(other) = lists.get(name) {
            reader.found.push(
                Diagnostic::error(origin.0, format!("the list '{name}' is in two sheets")).with_help(format!(
                    "the other is {}: give one of them another name",
                    crate::definition::check::whereabouts(other.origin())
                )),
            );
            continue;
        }
        let mut list = ChoiceList::new(name, choices, origin);
        list.external = external;
        lists.insert(name.to_owned(), list);
    }
}

/// Columns that can't be nodes of the form.
fn odd_columns(table: &Table<'_>, reader: &mut Reader) {
    for column in table.columns() {
        if let Target::Other(header) = &column.target
            && !is_name(header)
        {
            reader.found.push(
                Diagnostic::warning(
                    table.header_place(&column.target),
                    format!("the column '{header}' is not read: this can't be a name"),
                )
                .with_help("begin with a letter or '_', go on with letters, digits, '_', '-' or '.'"),
            );
        }
    }
}

fn choice(row: Row<'_>, reader: &mut Reader) -> Choice {
    if row.get("name").is_none() {
        reader.found.push(
            Diagnostic::error(row.place("name"), "this choice has no name")
                .with_help("write its code in the column name"),
        );
    }
    let (label, _) = row.text(&Target::Key("label"), &reader.languages);
    let name = row.get("name").unwrap_or_default();
    let mut choice = Choice::new(name, label, Origin(row.place("name")));
    choice.geometry = row.get("geometry").map(ToOwned::to_owned);
    for cell in row.cells() {
        match &cell.column.target {
            Target::Media(kind) if !choice.media.contains_key(kind) => {
                let (files, _) = row.text(&cell.column.target, &reader.languages);
                choice.media.insert(kind.clone(), files);
            }
            Target::Other(header) if is_name(header) => {
                choice.columns.insert(header.clone(), cell.text.to_owned());
            }
            _ => {}
        }
    }
    choice
}
