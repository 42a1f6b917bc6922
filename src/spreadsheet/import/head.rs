//! Whose workbook it is, and which column holds what: read from its rows of codes before anything else.

use std::collections::HashMap;
use std::sync::Arc;

use crate::definition::{Definition, ElementId, nearest};

use super::super::layout::{self, ISSUES_CODE, Mark, Part, Shape, Target};
use super::ImportError;
use super::column::Column;
use super::finding::{Fault, Finding, SheetFault};
use crate::workbook::Address;
use crate::workbook::Workbook;

/// The row of codes stands among the first rows, unless somebody wrote a book above it.
const SEARCHED_ROWS: u32 = 40;
/// In a form the answers stand this many columns right of the codes.
const FORM_ANSWER_OFFSET: u16 = 3;

/// The sheets of a workbook that hold answers.
#[derive(Debug, Clone)]
pub struct Head {
    sheets: Vec<MarkedSheet>,
}

/// A sheet with a row of codes.
#[derive(Debug, Clone)]
pub(in super::super) struct MarkedSheet {
    /// Its number in the workbook.
    pub index: usize,
    pub name: Arc<str>,
    pub mark: Mark,
    /// The cell of the mark.
    pub row: u32,
    pub column: u16,
    /// The codes right of the mark.
    pub codes: Vec<(u16, String)>,
}

impl MarkedSheet {
    fn at(&self, row: u32, column: u16) -> Address {
        Address {
            sheet: self.name.clone(),
            row,
            column,
        }
    }
}

impl Head {
    /// Finds the rows of codes of a workbook.
    ///
    /// Returns an error where there is none, or where they are of different surveys or versions.
    pub fn read(workbook: &mut Workbook) -> Result<Self, ImportError> {
        let mut sheets = Vec::new();
        for index in 0..workbook.sheets().len() {
            let name: Arc<str> = workbook.sheets().get(index).map_or("", |sheet| &sheet.name).into();
            let mut found: Option<MarkedSheet> = None;
            for batch in workbook.read(index, Some(SEARCHED_ROWS))? {
                for row in batch?.rows() {
                    let row = row?;
                    if found.is_some() {
                        continue;
                    }
                    let mark = row
                        .cells
                        .iter()
                        .find_map(|cell| Some((cell.column, Mark::parse(row.text(cell.column)?)?)));
                    let Some((column, mark)) = mark else { continue };
                    // The hidden sheet that says what the workbook is has its mark in a column of its own.
                    if name.starts_with("_innogauge") {
                        continue;
                    }
                    let codes = row.cells.iter().filter(|cell| cell.column > column);
                    let codes = codes.map(|cell| (cell.column, cell.value.to_string().trim().to_owned()));
                    let codes = codes.filter(|(_, code)| !code.is_empty()).collect();
                    found = Some(MarkedSheet {
                        index,
                        name: name.clone(),
                        mark,
                        row: row.number,
                        column,
                        codes,
                    });
                }
            }
            sheets.extend(found);
        }
        let Some(first) = sheets.iter().find(|sheet| matches!(sheet.mark.part, Part::Main(_))) else {
            return Err(ImportError::NoMark);
        };
        for sheet in &sheets {
            if (&sheet.mark.survey, &sheet.mark.version) != (&first.mark.survey, &first.mark.version) {
                return Err(ImportError::Mixed {
                    one: first.at(first.row, first.column),
                    another: sheet.at(sheet.row, sheet.column),
                });
            }
        }
        Ok(Self { sheets })
    }

    /// The survey and version that the workbook was made from, and what its main sheet holds.
    pub fn mark(&self) -> Option<&Mark> {
        self.mains().next().map(|sheet| &sheet.mark)
    }

    /// Where the mark stands.
    pub fn place(&self) -> Option<Address> {
        self.mains().next().map(|sheet| sheet.at(sheet.row, sheet.column))
    }

    /// The sheets with a row of codes.
    pub(in super::super) fn marked(&self) -> &[MarkedSheet] {
        &self.sheets
    }

    /// The sheets with the questions that are asked once.
    fn mains(&self) -> impl Iterator<Item = &MarkedSheet> {
        self.sheets
            .iter()
            .filter(|sheet| matches!(sheet.mark.part, Part::Main(_)))
    }

    /// The sheets with their columns, and what is wrong with the codes.
    pub(super) fn sheets(&self, definition: &Definition, language: &str) -> (Vec<Sheet>, Vec<Finding>) {
        let mut findings = Vec::new();
        let mut sheets = Vec::new();
        for marked in &self.sheets {
            let sheet = match &marked.mark.part {
                Part::Main(Shape::Rows) => rows(definition, marked, None, language, &mut findings),
                Part::Main(Shape::Form) => form(definition, marked, language),
                Part::Repeat(path) => {
                    let Some(repeat) = definition.find_path(path) else {
                        let fault = SheetFault::UnknownColumn {
                            code: path.clone(),
                            nearest: None,
                        };
                        findings.push(Fault::from(fault).at(marked.at(marked.row, marked.column), language));
                        continue;
                    };
                    rows(definition, marked, Some(repeat), language, &mut findings)
                }
            };
            sheets.push(sheet);
        }
        (sheets, findings)
    }
}

/// A sheet of answers with its columns.
#[derive(Debug)]
pub(super) struct Sheet {
    pub index: usize,
    pub name: Arc<str>,
    pub repeat: Option<ElementId>,
    /// The row of codes.
    pub row: u32,
    /// The column of the key; in a form, of the codes.
    pub key: u16,
    pub questions: Questions,
}

/// How the questions lie in a sheet.
#[derive(Debug)]
pub(super) enum Questions {
    /// Readers by column.
    InColumns {
        columns: Vec<Option<Column>>,
        /// The first column of each question, by its path within the sheet.
        by_path: HashMap<String, u16>,
    },
    /// Readers by code, and the column of the answers.
    InRows {
        by_code: HashMap<String, Column>,
        answers: u16,
    },
}

impl Sheet {
    /// A cell of the sheet.
    pub fn at(&self, row: u32, column: u16) -> Address {
        Address {
            sheet: self.name.clone(),
            row,
            column,
        }
    }

    /// The reader of a column.
    pub fn column(&self, column: u16) -> Option<&Column> {
        match &self.questions {
            Questions::InColumns { columns, .. } => columns.get(usize::from(column))?.as_ref(),
            Questions::InRows { .. } => None,
        }
    }

    /// The columns that say which entry of the repeats around it an entry belongs to, outermost first.
    pub fn entry_columns(&self) -> Vec<(u16, ElementId)> {
        let Questions::InColumns { columns, .. } = &self.questions else {
            return Vec::new();
        };
        let entries = (0..)
            .zip(columns)
            .filter_map(|(at, column)| match column.as_ref()?.target {
                Target::Entry(repeat) => Some((at, repeat)),
                _ => None,
            });
        entries.collect()
    }
}

/// What a code may stand for on a sheet.
fn targets(definition: &Definition, repeat: Option<ElementId>) -> HashMap<String, Target> {
    let mut targets = HashMap::new();
    let sheets = layout::sheets(definition);
    let Some(own) = sheets.iter().find(|sheet| sheet.repeat == repeat) else {
        return targets;
    };
    for column in own.columns.iter().skip(1) {
        targets.insert(column.code.clone(), column.target);
        if let Some(question) = column.target.question() {
            let path = layout::relative_path(definition, question, repeat);
            // A question with a column per choice may also stand in one column, and a bare name will do.
            targets.entry(path).or_insert(Target::Question(question));
            if let Some(element) = definition.get(question)
                && definition.find(&element.name) == Some(question)
            {
                targets
                    .entry(element.name.clone())
                    .or_insert(Target::Question(question));
            }
        }
    }
    targets
}

fn rows(
    definition: &Definition,
    marked: &MarkedSheet,
    repeat: Option<ElementId>,
    language: &str,
    findings: &mut Vec<Finding>,
) -> Sheet {
    let targets = targets(definition, repeat);
    let mut columns: Vec<Option<Column>> = Vec::new();
    let mut by_path = HashMap::new();
    let mut seen: HashMap<&str, u16> = HashMap::new();
    for (at, code) in &marked.codes {
        if code == ISSUES_CODE {
            continue;
        }
        let mut find = |fault: SheetFault| findings.push(Fault::from(fault).at(marked.at(marked.row, *at), language));
        if let Some(first) = seen.insert(code, *at) {
            find(SheetFault::ColumnTwice {
                code: code.clone(),
                first: marked.at(marked.row, first).a1(),
            });
            continue;
        }
        let Some(target) = targets.get(code.trim_start_matches('/')) else {
            let nearest = nearest(code, targets.keys().map(String::as_str)).map(str::to_owned);
            find(SheetFault::UnknownColumn {
                code: code.clone(),
                nearest,
            });
            continue;
        };
        if let Some(question) = target.question() {
            let path = format!("/{}", layout::relative_path(definition, question, repeat));
            by_path.entry(path).or_insert(*at);
        }
        columns.resize_with(columns.len().max(usize::from(*at) + 1), || None);
        if let Some(column) = columns.get_mut(usize::from(*at)) {
            *column = Some(Column::new(definition, *target, language));
        }
    }
    let questions = Questions::InColumns { columns, by_path };
    Sheet {
        index: marked.index,
        name: marked.name.clone(),
        repeat,
        row: marked.row,
        key: marked.column,
        questions,
    }
}

fn form(definition: &Definition, marked: &MarkedSheet, language: &str) -> Sheet {
    let by_code = targets(definition, None).into_iter();
    let by_code = by_code
        .map(|(code, target)| (code, Column::new(definition, target, language)))
        .collect();
    let questions = Questions::InRows {
        by_code,
        answers: marked.column.saturating_add(FORM_ANSWER_OFFSET),
    };
    Sheet {
        index: marked.index,
        name: marked.name.clone(),
        repeat: None,
        row: marked.row,
        key: marked.column,
        questions,
    }
}
