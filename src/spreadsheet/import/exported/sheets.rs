//! The tables of an export: which repeat each is of, what its columns hold, and what joins them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::definition::{Element, ElementId};
use crate::response::Form;
use crate::workbook::Row;

use super::super::super::layout::{self, ISSUES_CODE, Target};
use super::super::column::Column;
use super::super::finding::{Fault, Finding};
use super::super::head::{AnswerSheet, Questions, Sheet};
use super::super::vocabulary::fold;
use super::added::{Added, KeyKind};
use super::fault::ExportFault;
use super::names::{Meaning, Names};
use super::{Kind, kind_of};

/// What a spreadsheet program leaves of the name of a sheet.
const LONGEST_SHEET_NAME: usize = 31;

/// The columns of a table that answer no question.
#[derive(Debug, Default)]
pub(in super::super) struct ExportColumns {
    /// What names the row for those of the repeats in it.
    pub own_key: Option<u16>,
    pub instance: Option<u16>,
    /// Where an earlier instance ID may stand, the surest first.
    pub earlier: Vec<u16>,
    pub version: Option<u16>,
    /// Whether the server has names of its own for versions.
    pub opaque_versions: bool,
    pub submitted: Option<u16>,
    pub review: Option<u16>,
    pub decryption: Option<u16>,
    /// Columns that this version of the form does not have.
    pub strangers: Vec<(u16, String)>,
    /// Selects of several with a column per choice.
    pub split: HashSet<ElementId>,
    /// The questions that the whole export has columns for.
    pub covers: Arc<[ElementId]>,
}

impl ExportColumns {
    /// Whether a row is one of answers: it has a key of its own, or that of the row that it lies in. Kobo can put a
    /// row of tags under the headers.
    pub fn has_row(&self, sheet: &Sheet, row: &Row<'_>) -> bool {
        let is_given = |column: u16| row.get(column).is_some_and(|value| !value.is_blank());
        let is_tag = |text: Option<&str>| text.is_some_and(|text| text.starts_with('#'));
        let keyed = is_given(sheet.key) || self.own_key.is_some_and(is_given) || self.instance.is_some_and(is_given);
        let tagged = || row.cells.iter().all(|cell| is_tag(row.text(cell.column)));
        keyed || (!tagged() && row.cells.iter().any(|cell| sheet.is_answer(cell)))
    }
}

/// A table whose place in the form is known.
struct Table<'a> {
    answers: &'a AnswerSheet,
    repeat: Option<ElementId>,
    meanings: Vec<(u16, Meaning)>,
    strangers: Vec<(u16, String)>,
}

impl Table<'_> {
    fn added(&self, wanted: Added) -> Option<u16> {
        let found = self
            .meanings
            .iter()
            .find(|(_, meaning)| *meaning == Meaning::Added(wanted));
        found.map(|(column, _)| *column)
    }

    fn targets(&self) -> impl Iterator<Item = (u16, Target)> {
        self.meanings.iter().filter_map(|(column, meaning)| match meaning {
            Meaning::Answers(target) => Some((*column, *target)),
            Meaning::Repeats | Meaning::Added(_) => None,
        })
    }
}

/// The tables of an export as this version of the form has them, and what is not understood of them.
pub(in super::super) fn sheets(
    answers: &[AnswerSheet],
    form: &Arc<Form>,
    language: &str,
) -> (Vec<Sheet>, Vec<Finding>) {
    let mut find = Found {
        language,
        findings: Vec::new(),
    };
    let tables = tables(answers, form, &mut find);
    let (main, entries): (Vec<&Table<'_>>, Vec<&Table<'_>>) = tables.iter().partition(|table| table.repeat.is_none());
    if let Some(second) = main.get(1) {
        find.fault(second.answers, 0, ExportFault::SecondTable);
    }
    let Some(main) = main.first() else {
        return (Vec::new(), find.findings);
    };
    let join = KeyKind::ALL.into_iter().find(|kind| {
        let joins = |entry: &&&Table<'_>| {
            let outermost = entry.repeat.and_then(|repeat| form.repeat_around(repeat)).is_none();
            entry.added(Added::ParentKey(*kind)).is_some() && (outermost || kind.names_entries())
        };
        main.added(Added::Key(*kind)).is_some() && entries.iter().all(|entry| joins(&entry))
    });
    if join.is_none() {
        for entry in &entries {
            find.fault(entry.answers, 0, ExportFault::NoJoin);
        }
    }
    find_absent_repeats(form, &tables, main.answers, &mut find);
    let covers: HashSet<ElementId> = tables
        .iter()
        .flat_map(Table::targets)
        .filter_map(|(_, target)| target.question())
        .collect();
    let mut covers: Vec<ElementId> = covers.into_iter().collect();
    covers.sort_unstable();
    let covers: Arc<[ElementId]> = covers.into();
    let sheets = std::iter::once(main).chain(&entries);
    let sheets = sheets
        .map(|table| sheet(table, form, join, &covers, language))
        .collect();
    (sheets, find.findings)
}

/// What is found in the rows of headers.
struct Found<'a> {
    language: &'a str,
    findings: Vec<Finding>,
}

impl Found<'_> {
    fn fault(&mut self, sheet: &AnswerSheet, column: u16, fault: ExportFault) {
        let at = sheet.at(sheet.row, column);
        self.findings.push(Fault::from(fault).at(at, self.language));
    }
}

fn tables<'a>(answers: &'a [AnswerSheet], form: &Form, find: &mut Found<'_>) -> Vec<Table<'a>> {
    let mut tables: Vec<Table<'a>> = Vec::new();
    let mut names: HashMap<Option<ElementId>, Names<'_>> = HashMap::new();
    for sheet in answers {
        let repeat = match kind_of(&sheet.codes.iter().map(|(_, header)| header.as_str())) {
            Kind::Log => continue,
            Kind::Responses => None,
            Kind::Entries => {
                let taken: Vec<ElementId> = tables.iter().filter_map(|table| table.repeat).collect();
                let found = repeat_of(sheet, form, &taken, &mut names, find.language);
                let Some(repeat) = found else {
                    let known = form.elements().iter().filter(|element| element.is_repeat());
                    let known = known.map(|repeat| repeat.name.as_str()).collect::<Vec<_>>().join(", ");
                    find.fault(
                        sheet,
                        0,
                        ExportFault::UnknownTable {
                            name: sheet.name.to_string(),
                            known,
                        },
                    );
                    continue;
                };
                Some(repeat)
            }
            Kind::Stranger => {
                let name = sheet.name.to_string();
                find.fault(sheet, 0, ExportFault::StrangeTable { name });
                continue;
            }
        };
        let names = names
            .entry(repeat)
            .or_insert_with(|| Names::of(form, repeat, find.language));
        let mut table = Table {
            answers: sheet,
            repeat,
            meanings: Vec::new(),
            strangers: Vec::new(),
        };
        // A workbook of issues has a column of ours beside those of the export.
        let own = sheet.codes.iter().filter(|(_, header)| header != ISSUES_CODE);
        let headers: Vec<(u16, String)> = own.cloned().collect();
        for (column, meaning) in names.meanings(&headers) {
            match meaning {
                Ok(meaning) => table.meanings.push((column, meaning)),
                Err(fault) => {
                    if let ExportFault::UnknownHeader { header, .. } = &fault {
                        table.strangers.push((column, header.clone()));
                    }
                    find.fault(sheet, column, fault);
                }
            }
        }
        tables.push(table);
    }
    tables
}

/// The repeat that a table is of: by the name of its sheet or file, else by the questions that it has.
fn repeat_of<'f>(
    sheet: &AnswerSheet,
    form: &'f Form,
    taken: &[ElementId],
    names: &mut HashMap<Option<ElementId>, Names<'f>>,
    language: &str,
) -> Option<ElementId> {
    let repeats: Vec<&Element> = form.elements().iter().filter(|element| element.is_repeat()).collect();
    let free = |repeat: &&&Element| !taken.contains(&repeat.id);
    let file = sheet.name.rsplit(['/', '\\']).next().unwrap_or(&sheet.name);
    let stem = file.strip_suffix(".csv").unwrap_or(file);
    // Central numbers repeats of one name in the order of the form: firms-part~2.csv.
    let (stem, number) = match stem.rsplit_once('~') {
        Some((before, number)) => (
            before,
            number.parse::<usize>().ok().and_then(|number| number.checked_sub(1)),
        ),
        None => (stem, None),
    };
    let named: Vec<&&Element> = repeats.iter().filter(|repeat| is_named(repeat, stem)).collect();
    match (named.as_slice(), number) {
        ([only], _) if free(only) => return Some(only.id),
        (several, Some(number)) => {
            if let Some(repeat) = several.get(number) {
                return Some(repeat.id);
            }
        }
        _ => (),
    }
    let mut scores: Vec<(usize, ElementId)> = Vec::new();
    for repeat in repeats.iter().filter(free) {
        let names = names
            .entry(Some(repeat.id))
            .or_insert_with(|| Names::of(form, Some(repeat.id), language));
        let own = |header: &&(u16, String)| Added::for_certain(&header.1).is_none() && names.knows(&header.1);
        scores.push((sheet.codes.iter().filter(own).count(), repeat.id));
    }
    scores.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    match scores.as_slice() {
        [(best, repeat), rest @ ..] if *best > 0 && rest.first().is_none_or(|(next, _)| next < best) => Some(*repeat),
        _ => None,
    }
}

/// Whether a sheet, or a file but for the form's id before it, has the name of a repeat, by its name or its label.
fn is_named(repeat: &Element, stem: &str) -> bool {
    let cut: String = repeat.name.chars().take(LONGEST_SHEET_NAME).collect();
    stem == repeat.name
        || stem == cut
        || stem
            .strip_suffix(repeat.name.as_str())
            .is_some_and(|before| before.ends_with('-'))
        || repeat.label.iter().any(|(_, label)| fold(label) == fold(stem))
}

/// A repeat without a table may be one without entries, or one that was left behind.
fn find_absent_repeats(form: &Form, tables: &[Table<'_>], main: &AnswerSheet, find: &mut Found<'_>) {
    let absent = form
        .elements()
        .iter()
        .filter(|element| element.is_repeat() && !tables.iter().any(|table| table.repeat == Some(element.id)));
    for repeat in absent {
        let repeat = repeat.name.clone();
        find.fault(main, 0, ExportFault::AbsentTable { repeat });
    }
}

fn sheet(
    table: &Table<'_>,
    form: &Arc<Form>,
    join: Option<KeyKind>,
    covers: &Arc<[ElementId]>,
    language: &str,
) -> Sheet {
    let mut columns: Vec<Option<Column>> = Vec::new();
    let mut by_path = HashMap::new();
    let mut export = ExportColumns {
        strangers: table.strangers.clone(),
        covers: covers.clone(),
        ..ExportColumns::default()
    };
    for (at, target) in table.targets() {
        if let Some(question) = target.question() {
            let path = format!("/{}", layout::relative_path(form, question, table.repeat));
            by_path.entry(path).or_insert(at);
        }
        if let Target::Option(question, _) = target {
            export.split.insert(question);
        }
        columns.resize_with(columns.len().max(usize::from(at) + 1), || None);
        if let Some(column) = columns.get_mut(usize::from(at)) {
            *column = Some(Column::of_export(form, target, language));
        }
    }
    let path_key = table.added(Added::Key(KeyKind::Path));
    let uuid = table.added(Added::Key(KeyKind::Uuid));
    export.own_key = join.and_then(|kind| table.added(Added::Key(kind)));
    export.instance = table.added(Added::InstanceId).or(path_key).or(uuid);
    let earlier = [table.added(Added::DeprecatedId), table.added(Added::FirstId), path_key];
    export.earlier = earlier
        .into_iter()
        .flatten()
        .filter(|column| Some(*column) != export.instance)
        .collect();
    let kobos = table.added(Added::KobosVersion);
    export.version = table.added(Added::Version).or(kobos);
    export.opaque_versions = export.version == kobos;
    export.submitted = table.added(Added::Submitted);
    export.review = table.added(Added::Review);
    export.decryption = table.added(Added::Decryption);
    let parent = join.and_then(|kind| table.added(Added::ParentKey(kind)));
    let key = match table.repeat {
        Some(_) => parent,
        None => export.own_key.or(export.instance),
    };
    Sheet {
        index: table.answers.index,
        name: table.answers.name.clone(),
        repeat: table.repeat,
        row: table.answers.row,
        key: key.unwrap_or(0),
        questions: Questions::InColumns { columns, by_path },
        export: Some(export),
    }
}
