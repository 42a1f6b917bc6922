//! Whose workbook it is, and which column holds what: read from its rows of codes, or the headers of another server's
//! export, before anything else.

use std::collections::HashMap;
use std::sync::Arc;

use crate::definition::{Definition, ElementId, nearest};

use super::super::layout::{self, ISSUES_CODE, Mark, Part, Shape, Target};
use super::ImportError;
use super::column::Column;
use super::exported::{self, ExportColumns};
use super::finding::{Fault, Finding, SheetFault};
use crate::response::Form;
use crate::workbook::{Address, Cell, Row, Workbook};

/// The row of codes stands among the first rows, unless somebody wrote a book above it.
const SEARCHED_ROWS: u32 = 40;
/// In a form the answers stand this many columns right of the codes.
const FORM_ANSWER_OFFSET: u16 = 3;

/// The sheets of a workbook that hold answers.
#[derive(Debug, Clone)]
pub struct Head {
    /// All of them have a mark, or none.
    sheets: Vec<AnswerSheet>,
}

/// A sheet with a row of codes, ours or another server's headers.
#[derive(Debug, Clone)]
pub(in super::super) struct AnswerSheet {
    /// Its number in the workbook.
    pub index: usize,
    pub name: Arc<str>,
    /// What our own workbook says of it; none of another server's.
    pub mark: Option<Mark>,
    /// The first cell of the row of codes: the mark, where there is one.
    pub row: u32,
    pub column: u16,
    /// The codes: those right of the mark, or all headers.
    pub codes: Vec<(u16, String)>,
}

impl AnswerSheet {
    pub(super) fn at(&self, row: u32, column: u16) -> Address {
        Address {
            sheet: self.name.clone(),
            row,
            column,
        }
    }

    /// Whether it holds the questions that are asked once.
    fn is_main(&self) -> bool {
        matches!(self.mark.as_ref().map(|mark| &mark.part), Some(Part::Main(_)))
    }

    /// Whether it is one organisation, a row per question.
    pub fn is_form(&self) -> bool {
        self.mark
            .as_ref()
            .is_some_and(|mark| mark.part == Part::Main(Shape::Form))
    }

    /// The sheet whose codes stand in this row: right of the mark, or in all cells.
    fn from_row(index: usize, name: &Arc<str>, row: &Row<'_>, mark: Option<(u16, Mark)>) -> Option<Self> {
        let column = match &mark {
            Some((column, _)) => *column,
            None => row.cells.first()?.column,
        };
        let codes = row.cells.iter().filter(|cell| mark.is_none() || cell.column > column);
        let codes = codes.map(|cell| (cell.column, cell.value.to_string().trim().to_owned()));
        Some(Self {
            index,
            name: name.clone(),
            row: row.number,
            column,
            codes: codes.filter(|(_, code)| !code.is_empty()).collect(),
            mark: mark.map(|(_, mark)| mark),
        })
    }
}

impl Head {
    /// Finds the rows of codes of a workbook: ours, else the headers of an export of ODK Central or KoboToolbox.
    ///
    /// Returns an error where there is neither, or where sheets are of different surveys or versions.
    pub fn read(workbook: &mut Workbook) -> Result<Self, ImportError> {
        let (mut marked, mut headed) = (Vec::new(), Vec::new());
        for index in 0..workbook.sheets().len() {
            let name: Arc<str> = workbook.sheets().get(index).map_or("", |sheet| &sheet.name).into();
            let (mark, header) = rows_of_codes(workbook, index, &name)?;
            marked.extend(mark);
            headed.extend(header);
        }
        if marked.iter().any(AnswerSheet::is_main) {
            return Self::of_marked(marked);
        }
        let tells = |sheet: &AnswerSheet| {
            let headers = sheet.codes.iter().map(|(_, header)| header.as_str());
            exported::kind_of(&headers) == exported::Kind::Responses
        };
        if headed.iter().any(tells) {
            return Ok(Self { sheets: headed });
        }
        Err(ImportError::NoMark)
    }

    fn of_marked(sheets: Vec<AnswerSheet>) -> Result<Self, ImportError> {
        let of = |sheet: &AnswerSheet| {
            let mark = sheet.mark.as_ref();
            mark.map(|mark| (mark.survey.clone(), mark.version.clone()))
        };
        let first = sheets.iter().find(|sheet| sheet.is_main());
        for sheet in &sheets {
            if let Some(first) = first.filter(|first| of(first) != of(sheet)) {
                return Err(ImportError::Mixed {
                    one: first.at(first.row, first.column),
                    another: sheet.at(sheet.row, sheet.column),
                });
            }
        }
        Ok(Self { sheets })
    }

    /// The survey and version that the workbook was made from, and what its main sheet holds; none of an export, which
    /// names neither.
    pub fn mark(&self) -> Option<&Mark> {
        self.mains().next().and_then(|sheet| sheet.mark.as_ref())
    }

    /// Where the mark stands.
    pub fn place(&self) -> Option<Address> {
        self.mains().next().map(|sheet| sheet.at(sheet.row, sheet.column))
    }

    /// Whether it is the export of another server.
    pub fn is_export(&self) -> bool {
        self.sheets.iter().all(|sheet| sheet.mark.is_none())
    }

    /// The sheets with a row of codes.
    pub(in super::super) fn answer_sheets(&self) -> &[AnswerSheet] {
        &self.sheets
    }

    /// The sheets of our own with the questions that are asked once.
    fn mains(&self) -> impl Iterator<Item = &AnswerSheet> {
        self.sheets.iter().filter(|sheet| sheet.is_main())
    }

    /// The sheets with their columns, and what is wrong with the codes.
    pub(super) fn sheets(&self, form: &Arc<Form>, language: &str) -> (Vec<Sheet>, Vec<Finding>) {
        if self.is_export() {
            return exported::sheets(&self.sheets, form, language);
        }
        let mut findings = Vec::new();
        let mut sheets = Vec::new();
        for marked in &self.sheets {
            let Some(mark) = &marked.mark else { continue };
            let sheet = match &mark.part {
                Part::Main(Shape::Rows) => rows(form, marked, None, language, &mut findings),
                Part::Main(Shape::Form) => self::form(form, marked, language),
                Part::Repeat(path) => {
                    let Some(repeat) = form.find_path(path) else {
                        let fault = SheetFault::UnknownColumn {
                            code: path.clone(),
                            nearest: None,
                        };
                        findings.push(Fault::from(fault).at(marked.at(marked.row, marked.column), language));
                        continue;
                    };
                    rows(form, marked, Some(repeat), language, &mut findings)
                }
            };
            sheets.push(sheet);
        }
        (sheets, findings)
    }
}

/// The row of codes of a sheet, where it has one, and its first row, which may be headers.
fn rows_of_codes(
    workbook: &mut Workbook,
    index: usize,
    name: &Arc<str>,
) -> Result<(Option<AnswerSheet>, Option<AnswerSheet>), ImportError> {
    let (mut marked, mut headed) = (None, None);
    // The hidden sheet that says what the workbook is has its mark in a column of its own.
    let is_own = name.starts_with("_innogauge");
    for batch in workbook.read(index, Some(SEARCHED_ROWS))? {
        for row in batch?.rows() {
            let row = row?;
            if is_own || marked.is_some() {
                continue;
            }
            let mark = row
                .cells
                .iter()
                .find_map(|cell| Some((cell.column, Mark::parse(row.text(cell.column)?)?)));
            if mark.is_some() {
                marked = AnswerSheet::from_row(index, name, &row, mark);
            } else if headed.is_none() {
                headed = AnswerSheet::from_row(index, name, &row, None);
            }
        }
    }
    Ok((marked, headed))
}

/// A sheet of answers with its columns.
#[derive(Debug)]
pub(super) struct Sheet {
    pub index: usize,
    pub name: Arc<str>,
    pub repeat: Option<ElementId>,
    /// The row of codes.
    pub row: u32,
    /// The column of the key: of the organisation, or of the row that an entry lies in; in a form, of the codes.
    pub key: u16,
    pub questions: Questions,
    /// What else stands in the table of another server.
    pub export: Option<ExportColumns>,
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

    /// Whether a cell answers something.
    pub fn is_answer(&self, cell: &Cell<'_>) -> bool {
        let question = self.column(cell.column).and_then(|column| column.target.question());
        question.is_some() && !cell.value.is_blank()
    }

    /// Whether a row is to be read.
    pub fn has_row(&self, row: &Row<'_>) -> bool {
        row.number > self.row
            && match &self.export {
                Some(export) => export.has_row(self, row),
                None => row.cells.iter().any(|cell| self.is_answer(cell)),
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
    marked: &AnswerSheet,
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
        export: None,
    }
}

fn form(definition: &Definition, marked: &AnswerSheet, language: &str) -> Sheet {
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
        export: None,
    }
}
