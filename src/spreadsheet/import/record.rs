//! One organisation: the cells of its row and of its entries in repeats become a response.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::definition::ElementId;
use crate::response::{Answer, Answers, Form, InstanceId, Limits, Problem, ProblemCode, Value, parse_text};

use super::super::layout::{Coordinate, Target};
use super::column::{Column, Said};
use super::exported::{ExportFault, Origin, in_order};
use super::finding::{Fault, SheetFault};
use super::head::{Questions, Sheet};
use crate::workbook::{Address, CellValue, Row};

/// The entries of a repeat: rows by the key of the organisation that they belong to; in an export, by that of the
/// response or entry that they lie in.
pub(super) struct Entries<'a> {
    pub sheet: &'a Sheet,
    pub repeat: ElementId,
    /// The repeat around it.
    pub around: Option<ElementId>,
    pub rows: HashMap<String, Vec<Row<'a>>>,
    /// In an export: the keys of the entries themselves.
    pub own_keys: HashSet<String>,
}

/// The answers that were read, and what was wrong with the cells.
pub(super) struct Record<'a> {
    pub answers: Answers,
    /// Faults of cells, each with its cell and the path of its question.
    pub faults: Vec<(Address, String, Fault)>,
    pub places: Places<'a>,
    /// The sheets and rows that it is read from: its own, then those of its entries.
    pub rows: Vec<(usize, u32)>,
    /// In an export: where it comes from.
    pub origin: Option<Origin>,
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
    key_in(row, sheet.key)
}

/// The key in a column of a row.
pub(super) fn key_in(row: &Row<'_>, column: u16) -> Option<String> {
    let value = row.get(column).filter(|value| !value.is_blank())?;
    Some(super::vocabulary::fold(&value.to_string()))
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
            rows: vec![(main.index, row)],
            origin: None,
        }
    }

    /// Reads the row of an organisation, with its entries.
    pub fn from_row(form: &Arc<Form>, sheet: &'a Sheet, row: &Row<'_>, entries: &[Entries<'a>]) -> Self {
        let mut record = Self::new(form, sheet, row.number);
        record.read_row(sheet, InstanceId::ROOT, row);
        if let Some(export) = &sheet.export {
            let (origin, faults) = export.origin(row);
            record.origin = Some(origin);
            for (column, fault) in faults {
                record
                    .faults
                    .push((sheet.at(row.number, column), String::new(), fault.into()));
            }
        }
        if let Some(key) = key(sheet, row) {
            match &sheet.export {
                Some(_) => record.read_joined(&key, InstanceId::ROOT, None, entries),
                None => record.read_entries(&key, entries),
            }
        }
        record
    }

    /// Reads a form: a row per question. Entries have no key there, since all of them are this organisation's.
    pub fn from_form(form: &Arc<Form>, sheet: &'a Sheet, rows: &[Row<'_>], entries: &[Entries<'a>]) -> Self {
        let mut record = Self::new(form, sheet, sheet.row);
        let Questions::InRows { by_code, answers } = &sheet.questions else {
            return record;
        };
        let mut parts = Parts::default();
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
                record.read_cell(column, InstanceId::ROOT, value, at, &mut parts);
            }
        }
        record.set_choices(InstanceId::ROOT, parts.questions);
        record.read_entries("", entries);
        record
    }

    fn read_row(&mut self, sheet: &Sheet, instance: InstanceId, row: &Row<'_>) {
        let mut parts = Parts::default();
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
                self.read_cell(column, instance, cell.value, at, &mut parts);
            }
        }
        self.set_choices(instance, parts.questions);
        for (question, at, fault) in parts.untold {
            if *self.answers.received(instance, question) == Answer::Unanswered {
                self.fault(at.address(), instance, question, fault);
            }
        }
        self.set_points(instance, &parts.points);
        for (column, header) in sheet.export.iter().flat_map(|export| &export.strangers) {
            if row.get(*column).is_some_and(|value| !value.is_blank()) {
                let fault = ExportFault::UnknownHeader {
                    header: header.clone(),
                    nearest: None,
                };
                self.faults
                    .push((sheet.at(row.number, *column), String::new(), fault.into()));
            }
        }
    }

    fn read_cell<'c>(
        &mut self,
        column: &'c Column,
        instance: InstanceId,
        value: CellValue<'_>,
        at: At<'c>,
        parts: &mut Parts<'c>,
    ) {
        let Some(question) = column.target.question() else {
            return;
        };
        match column.read(value) {
            Ok(Said::Answer(answer)) => self.set(instance, question, answer, at),
            Ok(Said::NotChosen) => (),
            Ok(Said::Chosen(place)) => parts.add(question, column, place, at),
            Ok(Said::Coordinate(coordinate, text)) => parts.points.push((question, coordinate, text, at)),
            // The columns of the single choices say which of the labels in a row are meant.
            Err(fault @ Fault::Sheet(SheetFault::AmbiguousChoice { .. })) if at.is_split(question, column.target) => {
                parts.untold.push((question, at, fault));
            }
            Err(fault) => self.fault(at.address(), instance, question, fault),
        }
    }

    /// Sets an answer, or the reason why there is none, which are never both there.
    fn set(&mut self, instance: InstanceId, question: ElementId, answer: Answer, at: At<'_>) {
        let reason = match (self.answers.received(instance, question), &answer) {
            (Answer::Answered(_), Answer::Missing(code)) | (Answer::Missing(code), Answer::Answered(_)) => Some(*code),
            _ => None,
        };
        match reason {
            Some(code) => {
                let reason = code.code().to_owned();
                self.fault(
                    at.address(),
                    instance,
                    question,
                    ExportFault::AnswerAndReason { reason }.into(),
                );
            }
            None => self.answers.set(instance, question, answer),
        }
    }

    /// Puts the coordinates of points together, where the point as a whole is not given.
    fn set_points(&mut self, instance: InstanceId, points: &[(ElementId, Coordinate, String, At<'_>)]) {
        let mut done = HashSet::new();
        for (question, _, _, at) in points {
            if !done.insert(*question) || *self.answers.received(instance, *question) != Answer::Unanswered {
                continue;
            }
            let of = |wanted: Coordinate| {
                let given = points
                    .iter()
                    .find(|(one, coordinate, ..)| one == question && *coordinate == wanted);
                given.map(|(_, _, text, _)| text.as_str())
            };
            let (Some(latitude), Some(longitude)) = (of(Coordinate::Latitude), of(Coordinate::Longitude)) else {
                self.fault(at.address(), instance, *question, ExportFault::NoPoint.into());
                continue;
            };
            let mut numbers = vec![latitude, longitude];
            match (of(Coordinate::Altitude), of(Coordinate::Accuracy)) {
                (altitude, Some(accuracy)) => numbers.extend([altitude.unwrap_or("0"), accuracy]),
                (altitude, None) => numbers.extend(altitude),
            }
            match parse_text(&self.answers.form().clone(), *question, &numbers.join(" ")) {
                Ok(answer) => self.answers.set(instance, *question, answer),
                Err(problem) => self.fault(at.address(), instance, *question, Fault::Answer(problem)),
            }
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
    fn set_choices(&mut self, instance: InstanceId, questions: Vec<Chosen<'_>>) {
        for mut chosen in questions {
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
            let Some(first) = chosen.options.first() else { continue };
            match self.answers.received(instance, chosen.question) {
                Answer::Unanswered => self.answers.set(instance, chosen.question, answer),
                // What is given as a whole has the order in which the choices were made.
                whole if same_choices(whole, &answer, chosen.column.is_place()) => (),
                whole => {
                    let whole = whole.to_string();
                    let fault = SheetFault::ColumnsDisagree { whole };
                    self.fault(first.at.address(), instance, chosen.question, fault.into());
                }
            }
        }
    }

    /// Reads the entries of an export that lie in a response or an entry, and those that lie in these.
    fn read_joined(&mut self, key: &str, within: InstanceId, around: Option<ElementId>, entries: &[Entries<'a>]) {
        for repeat in entries.iter().filter(|repeat| repeat.around == around) {
            let rows = repeat.rows.get(key).map_or(&[][..], Vec::as_slice);
            for row in in_order(repeat.sheet, rows) {
                self.rows.push((repeat.sheet.index, row.number));
                let Some(instance) = self.add_entry(repeat, row, within) else {
                    return;
                };
                let own = repeat
                    .sheet
                    .export
                    .as_ref()
                    .and_then(|export| key_in(row, export.own_key?));
                if let Some(own) = own {
                    self.read_joined(&own, instance, Some(repeat.repeat), entries);
                }
            }
        }
    }

    fn read_entries(&mut self, key: &str, entries: &[Entries<'a>]) {
        for repeat in entries {
            let Some(rows) = repeat.rows.get(key) else { continue };
            for row in rows {
                self.rows.push((repeat.sheet.index, row.number));
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
        self.add_entry(entries, row, within);
    }

    /// Adds an entry and reads its row; nothing where there are too many already.
    fn add_entry(&mut self, entries: &Entries<'a>, row: &Row<'_>, within: InstanceId) -> Option<InstanceId> {
        let sheet = entries.sheet;
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
            return None;
        };
        self.places.entries.push((instance, sheet, entries.repeat, row.number));
        self.read_row(sheet, instance, row);
        Some(instance)
    }
}

/// Whether two answers hold the same choices, of a rank in the same order.
fn same_choices(one: &Answer, other: &Answer, ranked: bool) -> bool {
    match (one, other) {
        (Answer::Answered(Value::Choices(one)), Answer::Answered(Value::Choices(other))) if !ranked => {
            let set = |names: &[String]| names.iter().cloned().collect::<HashSet<_>>();
            set(one) == set(other)
        }
        (one, other) => one == other,
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

    /// Whether this is the column of all choices of a question whose choices have columns, too.
    fn is_split(self, question: ElementId, target: Target) -> bool {
        let split = self
            .sheet
            .export
            .as_ref()
            .is_some_and(|export| export.split.contains(&question));
        split && matches!(target, Target::Question(_))
    }
}

/// What stands in columns of its own in one row and belongs together.
#[derive(Default)]
struct Parts<'c> {
    /// The choices that were made, by question.
    questions: Vec<Chosen<'c>>,
    /// The coordinates of points.
    points: Vec<(ElementId, Coordinate, String, At<'c>)>,
    /// Labels in a row that only the columns of the single choices can tell apart.
    untold: Vec<(ElementId, At<'c>, Fault)>,
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

impl<'c> Parts<'c> {
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
