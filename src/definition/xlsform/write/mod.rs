//! Writing XLSForm: any definition as sheets from which any ODK tool asks the same interview.
//!
//! Flows in: a [`Definition`]. Flows out: a [`Book`] of its expanded form, which read again is the equal definition; as
//! a workbook it is made to be worked in. What XLSForm lacks goes into the sheet `_innogauge`.

mod choices;
mod own;
mod settings;
mod survey;
mod words;
mod workbook;

use indexmap::IndexMap;

use super::book::{Book, Line, Sheet};
use crate::definition::companions::expand;
use crate::definition::model::Definition;
use own::Own;
use words::Columns;

impl Book {
    /// A definition as XLSForm.
    ///
    /// ```
    /// use innogauge::definition::{Book, Definition};
    ///
    /// let definition = Definition::from_yaml(
    ///     "survey.yaml",
    ///     "survey: s\nversion: '1'\ntitle: Survey\nquestions:\n- {type: decimal, name: rd, label: R&D, unit: 10k_cny, missing: [refused]}\n",
    /// )
    /// .unwrap()
    /// .value;
    /// let book = Book::of(&definition);
    /// assert!(book.to_csv().contains("decimal,rd,\"R&D (10,000 CNY)\""));
    /// assert_eq!(Definition::from_xlsform("survey.xlsx", &book).unwrap().value, definition);
    /// ```
    pub fn of(definition: &Definition) -> Self {
        let expanded = expand(definition);
        let columns = Columns::of(&expanded);
        let mut own = Own::default();
        let settings = settings::sheet(&expanded, &columns, &mut own);
        let survey = survey::sheet(&expanded, &columns, &mut own);
        let lists = |external: bool| {
            expanded
                .choices()
                .values()
                .filter(move |list| list.is_external() == external)
        };
        let choices = choices::sheet("choices", lists(false), &columns, &mut own);
        let external = choices::sheet("external_choices", lists(true), &columns, &mut own);
        let entities = settings::entities(&expanded);
        let sheets = [survey, choices, external, settings, entities, own.sheet()];
        Self {
            sheets: sheets.into_iter().filter(|sheet| !sheet.lines.is_empty()).collect(),
        }
    }
}

/// A row that is being written: headers and what stands under them.
type Cells = IndexMap<String, String>;

/// Puts a value under a header, unless it is empty.
fn put(cells: &mut Cells, header: impl Into<String>, value: impl Into<String>) {
    let value = value.into();
    if !value.trim().is_empty() {
        cells.insert(header.into(), value);
    }
}

/// A sheet of these rows. `headers` says in which order its columns stand; those without any cell are left out, unless
/// they are among the first `kept`. A sheet without rows is empty.
fn table(name: &str, headers: impl IntoIterator<Item = String>, kept: usize, rows: &[Cells]) -> Sheet {
    let mut columns: IndexMap<String, bool> = IndexMap::new();
    for (number, header) in headers.into_iter().enumerate() {
        columns.entry(header).or_insert(number < kept);
    }
    for header in rows.iter().flat_map(Cells::keys) {
        columns.insert(header.clone(), true);
    }
    columns.retain(|_, used| *used);
    let header = (0..)
        .zip(columns.keys())
        .map(|(at, header)| (at, header.clone()))
        .collect();
    let line = |(number, cells): (u32, &Cells)| Line {
        number,
        cells: (0..)
            .zip(columns.keys())
            .filter_map(|(at, header)| Some((at, cells.get(header)?.clone())))
            .collect(),
    };
    let mut lines = vec![Line {
        number: 0,
        cells: header,
    }];
    lines.extend((1..).zip(rows).map(line));
    Sheet {
        name: name.to_owned(),
        lines: if rows.is_empty() { Vec::new() } else { lines },
    }
}
