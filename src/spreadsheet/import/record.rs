//! One organisation: the cells of its row and of its entries in repeats become a response.

use std::collections::HashMap;
use std::sync::Arc;

use crate::definition::ElementId;
use crate::response::{Answer, Answers, Form, InstanceId, Limits, Problem, ProblemCode, Value};

use super::super::layout::Target;
use super::column::{Column, Said};
use super::finding::{Fault, SheetFault};
use super::head::{Questions, Sheet};
use crate::workbook::{Address, CellValue, Row};

/// The entries of a repeat: rows by the key of the organisation that they belong to.
pub(super) struct Entries<'a> {
    pub sheet: &'a Sheet,
    pub repeat: ElementId,
    pub rows: HashMap<String, Vec<Row<'a>>>,
}

/// The answers that were read, and what was wrong with the cells.
pub(super) struct Record<'a> {
    pub answers: Answers,
    /// Faults of cells, each with its cell and the path of its question.
    pub faults: Vec<(Address, String, Fault)>,
    pub places: Places<'a>,
}

/// Where the answers of a record stand in the workbook.
pub(super) struct Places<'a> {
    main: &'a Sheet,
    row: u32,
    /// In a form: the row of each question.
    form_rows: HashMap<String, u32>,
    entries: Vec<(InstanceId, &'a Sheet, ElementId, u32)>,
}

/// The key of a row as text, where it has one.
pub(super) fn key(sheet: &Sheet, row: &Row<'_>) -> Option<String> {
    let value = row.get(sheet.key).filter(|value| !value.is_blank())?;
    Some(super::vocabulary::fold(&value.to_string()))
}

/// Whether a row of the sheet answers any question.
pub(super) fn is_answered(sheet: &Sheet, row: &Row<'_>) -> bool {
    row.cells.iter().any(|cell| {
        let question = sheet.column(cell.column).and_then(|column| column.target.question());
        question.is_some() && !cell.value.is_blank()
    })
}

impl<'a> Record<'a> {
    fn new(form: &Arc<Form>, main: &'a Sheet, row: u32) -> Self {
        let places = Places {
            main,
            row,
            form_rows: HashMap::new(),
            entries: Vec::new(),
        };
        Self {
            answers: Answers::new(form),
            faults: Vec::new(),
            places,
        }
    }

    /// Reads the row of an organisation, with its entries.
    pub fn from_row(form: &Arc<Form>, sheet: &'a Sheet, row: &Row<'_>, entries: &[Entries<'a>]) -> Self {
        let mut record = Self::new(form, sheet, row.number);
        record.read_row(sheet, InstanceId::ROOT, row);
        if let Some(key) = key(sheet, row) {
            record.read_entries(&key, entries);
        }
        record
    }

    /// Reads a form: a row per question. Entries have no key there, since all of them are this organisation's.
    pub fn from_form(form: &Arc<Form>, sheet: &'a Sheet, rows: &[Row<'_>], entries: &[Entries<'a>]) -> Self {
        let mut record = Self::new(form, sheet, sheet.row);
        let Questions::InRows { by_code, answers } = &sheet.questions else {
            return record;
        };
        let mut choices = Choices::default();
        for row in rows {
            let Some(column) = row
                .text(sheet.key)
                .and_then(|code| by_code.get(code.trim_start_matches('/')))
            else {
                continue;
            };
            if let Some(question) = column.target.question() {
                let path = form.path(question).to_owned();
                record.places.form_rows.entry(path).or_insert(row.number);
            }
            let value = row.get(*answers).filter(|value| !value.is_blank());
            if let Some(value) = value {
                let at = At {
                    sheet,
                    row: row.number,
                    column: *answers,
                };
                record.read_cell(column, InstanceId::ROOT, value, at, &mut choices);
            }
        }
        record.set_choices(InstanceId::ROOT, choices);
        record.read_entries("", entries);
        record
    }

    fn read_row(&mut self, sheet: &Sheet, instance: InstanceId, row: &Row<'_>) {
        let mut choices = Choices::default();
        for cell in &row.cells {
            let Some(column) = sheet.column(cell.column) else {
                continue;
            };
            if column.target.question().is_some() && !cell.value.is_blank() {
                let at = At {
                    sheet,
                    row: row.number,
                    column: cell.column,
                };
                self.read_cell(column, instance, cell.value, at, &mut choices);
            }
        }
        self.set_choices(instance, choices);
    }

    fn read_cell<'c>(
        &mut self,
        column: &'c Column,
        instance: InstanceId,
        value: CellValue<'_>,
        at: At<'c>,
        choices: &mut Choices<'c>,
    ) {
        let Some(question) = column.target.question() else {
            return;
        };
        match column.read(value) {
            Ok(Said::Answer(answer)) => self.answers.set(instance, question, answer),
            Ok(Said::NotChosen) => (),
            Ok(Said::Chosen(place)) => choices.add(question, column, place, at),
            Err(fault) => self.fault(at.address(), instance, question, fault),
        }
    }

    fn fault(&mut self, at: Address, instance: InstanceId, question: ElementId, mut fault: Fault) {
        let path = self.answers.path(instance, question);
        if let Fault::Answer(problem) = &mut fault {
            problem.path.clone_from(&path);
            if let Some(element) = self.answers.form().get(question) {
                problem.label = element.label.clone();
            }
        }
        self.faults.push((at, path, fault));
    }

    /// Puts the choices of several columns together.
    fn set_choices(&mut self, instance: InstanceId, choices: Choices<'_>) {
        for mut chosen in choices.questions {
            if chosen.column.is_place() {
                chosen.options.sort_by_key(|option| option.place);
            }
            let twice = chosen.options.windows(2).find_map(|pair| match pair {
                [one, other] if chosen.column.is_place() && one.place == other.place => Some(other),
                _ => None,
            });
            if let Some(twice) = twice {
                let fault = SheetFault::PlaceTwice {
                    place: twice.place.to_string(),
                };
                self.fault(twice.at.address(), instance, chosen.question, fault.into());
                continue;
            }
            let Some(vocabulary) = chosen.column.vocabulary() else {
                continue;
            };
            let missing = chosen
                .options
                .iter()
                .find_map(|option| Some((option, vocabulary.missing(option.position)?)));
            let answer = match missing {
                Some((_, code)) if chosen.options.len() == 1 => Answer::Missing(code),
                Some((option, code)) => {
                    let problem = Problem::new(ProblemCode::MissingCodeNotAlone, [code.code()]);
                    self.fault(option.at.address(), instance, chosen.question, problem.into());
                    continue;
                }
                None => {
                    let names = chosen
                        .options
                        .iter()
                        .map(|option| vocabulary.name(option.position).to_owned());
                    Answer::Answered(Value::Choices(names.collect()))
                }
            };
            self.answers.set(instance, chosen.question, answer);
        }
    }

    fn read_entries(&mut self, key: &str, entries: &[Entries<'a>]) {
        for repeat in entries {
            let Some(rows) = repeat.rows.get(key) else { continue };
            for row in rows {
                self.read_entry(repeat, row);
            }
        }
    }

    fn read_entry(&mut self, entries: &Entries<'a>, row: &Row<'_>) {
        let sheet = entries.sheet;
        let mut within = InstanceId::ROOT;
        for (column, repeat) in sheet.entry_columns() {
            let entry = row.get(column).map(|value| value.to_string()).unwrap_or_default();
            let number = entry
                .trim()
                .parse::<usize>()
                .ok()
                .and_then(|number| number.checked_sub(1));
            let found = number.and_then(|number| self.answers.repeated(within, repeat).get(number));
            let Some(instance) = found else {
                let fault = SheetFault::UnknownEntry { entry }.into();
                self.faults.push((sheet.at(row.number, column), String::new(), fault));
                return;
            };
            within = *instance;
        }
        let limits = Limits::default();
        let Some(instance) = self.answers.add_instance(within, entries.repeat, limits) else {
            let most = limits.instances_of_a_repeat.to_string();
            let name = self
                .answers
                .form()
                .get(entries.repeat)
                .map_or("", |repeat| &repeat.name)
                .to_owned();
            let problem = Problem::new(ProblemCode::TooManyInstances, [name, most]);
            self.faults
                .push((sheet.at(row.number, sheet.key), String::new(), problem.into()));
            return;
        };
        self.places.entries.push((instance, sheet, entries.repeat, row.number));
        self.read_row(sheet, instance, row);
    }
}

impl Places<'_> {
    /// The cell of the answer at this path; where there is none, the first cell of the record.
    pub fn place_of(&self, path: &str, answers: &Answers) -> Address {
        self.find(path, answers).unwrap_or_else(|| self.first())
    }

    /// The first cell of the record.
    pub fn first(&self) -> Address {
        self.main.at(self.row, self.main.key)
    }

    fn find(&self, path: &str, answers: &Answers) -> Option<Address> {
        match &self.main.questions {
            Questions::InColumns { by_path, .. } => {
                if let Some(column) = by_path.get(path) {
                    return Some(self.main.at(self.row, *column));
                }
            }
            Questions::InRows { answers, .. } => {
                if let Some(row) = self.form_rows.get(path) {
                    return Some(self.main.at(*row, *answers));
                }
            }
        }
        // The innermost entry comes last.
        self.entries.iter().rev().find_map(|(instance, sheet, repeat, row)| {
            let within = path.strip_prefix(&answers.path(*instance, *repeat))?;
            if within.is_empty() {
                return Some(sheet.at(*row, sheet.key));
            }
            let Questions::InColumns { by_path, .. } = &sheet.questions else {
                return None;
            };
            Some(sheet.at(*row, *by_path.get(within)?))
        })
    }
}

/// Where a cell stands, without the cost of an address until one is needed.
#[derive(Clone, Copy)]
struct At<'s> {
    sheet: &'s Sheet,
    row: u32,
    column: u16,
}

impl At<'_> {
    fn address(self) -> Address {
        self.sheet.at(self.row, self.column)
    }
}

/// The choices that the columns of one row chose, by question.
#[derive(Default)]
struct Choices<'c> {
    questions: Vec<Chosen<'c>>,
}

struct Chosen<'c> {
    question: ElementId,
    column: &'c Column,
    options: Vec<ChosenOption<'c>>,
}

struct ChosenOption<'c> {
    position: usize,
    place: usize,
    at: At<'c>,
}

impl<'c> Choices<'c> {
    fn add(&mut self, question: ElementId, column: &'c Column, place: usize, at: At<'c>) {
        let Target::Option(_, position) = column.target else {
            return;
        };
        let option = ChosenOption { position, place, at };
        match self
            .questions
            .iter_mut()
            .rev()
            .find(|chosen| chosen.question == question)
        {
            Some(chosen) => chosen.options.push(option),
            None => self.questions.push(Chosen {
                question,
                column,
                options: vec![option],
            }),
        }
    }
}
