//! Reading the sheet `entities`: one declaration a row.

use super::Reader;
use super::book::Reading;
use super::columns::{Kind, Target};
use super::languages::Languages;
use super::table::{Row, Table};
use crate::definition::entity::{EntityDeclaration, EntityParts};
use crate::definition::formula::Formula;
use crate::definition::place::{Diagnostic, Origin, nearest};

/// Reads the sheet.
pub(super) fn entities(sheet: &Reading<'_>, reader: &mut Reader) -> Vec<EntityDeclaration> {
    let table = Table::read(
        &reader.file,
        sheet,
        Kind::Entities,
        &mut Languages::default(),
        &mut reader.found,
    );
    for column in table.columns() {
        if let Target::Other(header) = &column.target {
            let help = match nearest(header, Kind::Entities.known()) {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("it can have: {}", Kind::Entities.known().collect::<Vec<_>>().join(", ")),
            };
            reader.found.push(
                Diagnostic::error(
                    table.header_place(&column.target),
                    format!("the sheet 'entities' has no column '{header}'"),
                )
                .with_help(help),
            );
        }
    }
    table.rows().filter_map(|row| entity(row, reader)).collect()
}

fn entity(row: Row<'_>, reader: &mut Reader) -> Option<EntityDeclaration> {
    let mut formula = |key: &'static str| {
        let cell = row.cell(key)?;
        reader.keep(Formula::read(cell.text, cell.place(), false))
    };
    let parts = EntityParts {
        label: formula("label"),
        entity_id: formula("entity_id"),
        create_if: formula("create_if"),
        update_if: formula("update_if"),
    };
    let Some(list) = row.cell("list_name") else {
        reader.found.push(
            Diagnostic::error(row.place("list_name"), "the list of these entities has no name")
                .with_help("write it in the column list_name"),
        );
        return None;
    };
    match parts.act() {
        Ok(act) => Some(EntityDeclaration {
            list: list.text.to_owned(),
            act,
            origin: Origin(list.place()),
        }),
        Err((message, help)) => {
            reader
                .found
                .push(Diagnostic::error(list.place(), message).with_help(help));
            None
        }
    }
}
