//! One column: how the value of a cell becomes an answer, or a fault.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{NaiveDateTime, NaiveTime};

use crate::definition::{Definition, Element, ElementId, MissingCode, QuestionType, Zone};
use crate::response::{Answer, Form, Problem, ProblemCode, TimeOfDay, Value, parse_text};

use super::super::layout::{self, Coordinate, Target};
use super::finding::{Fault, SheetFault};
use super::literal::{self, NoSuchDay};
use super::vocabulary::{Named, Split, Vocabulary, fold};
use crate::workbook::CellValue;

/// Reads the cells of one column.
#[derive(Debug)]
pub(super) struct Column {
    pub target: Target,
    kind: Kind,
    /// The words for missing codes, folded.
    missing: Vec<(Box<str>, MissingCode)>,
    /// Where a phone wrote the answers: the form whose question it is.
    phone: Option<(Arc<Form>, ElementId)>,
}

#[derive(Debug)]
enum Kind {
    /// The number that joins sheets.
    Key,
    Text,
    Geo,
    Integer(Units),
    Decimal(Units),
    Date,
    Time,
    DateTime(Zone),
    One(Vocabulary),
    Many(Vocabulary),
    Ranked(Vocabulary),
    Tick(Vocabulary),
    Place(Vocabulary),
    Acknowledge,
    /// Why there is no answer.
    Reason,
    Coordinate(Coordinate),
}

#[derive(Debug)]
struct Units {
    words: Vec<Box<str>>,
    percent: bool,
}

/// What a cell says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// An answer to the column's question.
    Answer(Answer),
    /// This choice is chosen; of a rank, at this place.
    Chosen(usize),
    /// This choice is not chosen.
    NotChosen,
    /// A number of the question's point.
    Coordinate(Coordinate, String),
}

impl Column {
    /// The reader of a column that holds the target, with messages in a language.
    pub fn new(definition: &Definition, target: Target, language: &str) -> Self {
        let element = target.question().and_then(|id| definition.get(id));
        let kind = match target {
            Target::Missing(_) => Kind::Reason,
            Target::Coordinate(_, coordinate) => Kind::Coordinate(coordinate),
            _ => element.map_or(Kind::Key, |element| kind(definition, element, target, language)),
        };
        let missing = element
            .into_iter()
            .flat_map(|element| &element.missing)
            .flat_map(|code| {
                let labels = code.label();
                let words: Vec<String> = labels.iter().map(|(_, label)| fold(label)).collect();
                words
                    .into_iter()
                    .chain([code.code().to_owned()])
                    .map(|word| (word.into(), *code))
                    .collect::<Vec<_>>()
            });
        Self {
            target,
            kind,
            missing: missing.collect(),
            phone: None,
        }
    }

    /// The reader of a column that a server wrote from what phones sent: what is no choice stands there as a phone
    /// writes it, unless a spreadsheet program has made a number or a date of it.
    pub fn of_export(form: &Arc<Form>, target: Target, language: &str) -> Self {
        let phone = match target {
            Target::Question(question) => Some((form.clone(), question)),
            _ => None,
        };
        Self {
            phone,
            ..Self::new(form, target, language)
        }
    }

    /// What the value of a cell says. Blank cells are not asked.
    pub fn read(&self, value: CellValue<'_>) -> Result<Said, Fault> {
        if let CellValue::Error(value) = value {
            return Err(SheetFault::ErrorValue {
                value: value.to_owned(),
            }
            .into());
        }
        if let (CellValue::Text(text), false) = (value, self.missing.is_empty())
            && !matches!(self.kind, Kind::Tick(_) | Kind::Place(_))
        {
            let folded = fold(text);
            if let Some((_, code)) = self.missing.iter().find(|(word, _)| **word == *folded) {
                return Ok(Said::Answer(Answer::Missing(*code)));
            }
        }
        if let Some(read) = self.read_of_phone(value) {
            return read.map(Said::Answer);
        }
        let answer = match &self.kind {
            Kind::Reason => {
                let codes: Vec<&str> = self.missing.iter().map(|(word, _)| &**word).collect();
                let problem = Problem::new(ProblemCode::MisspeltChoice, [value.to_string(), codes.join(", ")]);
                return Err(problem.of(value.to_string()).into());
            }
            Kind::Coordinate(coordinate) => return Ok(Said::Coordinate(*coordinate, text(value)?)),
            Kind::Key => Value::Text(value.to_string().trim().to_owned()),
            Kind::Text => Value::Text(text(value)?),
            Kind::Geo => Value::Geo(text(value)?.replace([',', '，'], " ")),
            Kind::Integer(units) => {
                let number = number(value, units, "@integer")?;
                Value::Integer(whole(number).ok_or_else(|| wrong(ProblemCode::NotWhole, "", value))?)
            }
            Kind::Decimal(units) => Value::Decimal(number(value, units, "@decimal")?),
            Kind::Date => match date_time(value, "@date")? {
                at if at.time() == NaiveTime::MIN => Value::Date(at.date()),
                _ => return Err(wrong(ProblemCode::WrongType, "@date", value)),
            },
            Kind::Time => Value::Time(TimeOfDay {
                time: time(value)?,
                offset: None,
            }),
            Kind::DateTime(zone) => {
                let at = zone.moment(date_time(value, "@datetime")?);
                Value::DateTime(at.ok_or_else(|| wrong(ProblemCode::NoSuchDate, "", value))?)
            }
            Kind::One(vocabulary) => return one(vocabulary, value).map(Said::Answer),
            Kind::Many(vocabulary) | Kind::Ranked(vocabulary) => {
                return many(vocabulary, value, self.phone.is_some()).map(Said::Answer);
            }
            Kind::Tick(vocabulary) => return tick(vocabulary, self.position(), value),
            Kind::Place(vocabulary) => return place(vocabulary, self.position(), value),
            Kind::Acknowledge => match tick_word(value) {
                Some(true) => Value::Text("OK".to_owned()),
                Some(false) => return Ok(Said::NotChosen),
                None => {
                    return Err(SheetFault::NotATick {
                        value: value.to_string(),
                    }
                    .into());
                }
            },
        };
        Ok(Said::Answer(Answer::Answered(answer)))
    }

    /// The answer that a phone wrote; none where the column is no phone's, holds choices, or a spreadsheet program has
    /// changed what stands in it.
    fn read_of_phone(&self, value: CellValue<'_>) -> Option<Result<Answer, Fault>> {
        let (form, question) = self.phone.as_ref()?;
        let is_known = match &self.kind {
            Kind::One(vocabulary) | Kind::Many(vocabulary) | Kind::Ranked(vocabulary) => !vocabulary.is_empty(),
            _ => false,
        };
        if is_known {
            return None;
        }
        // Only a phone answers what has no column in a workbook of ours.
        let only_phones = form.get(*question).is_some_and(|element| !layout::is_a_column(element));
        let text = match value {
            CellValue::Text(text) => Cow::Borrowed(text),
            CellValue::DateTime(at) if only_phones => at.format("%Y-%m-%dT%H:%M:%S%.f").to_string().into(),
            CellValue::Boolean(truth) if only_phones => if truth { "true" } else { "false" }.into(),
            other if only_phones => other.to_string().into(),
            _ => return None,
        };
        match parse_text(form, *question, &text) {
            Ok(answer) => Some(Ok(answer)),
            Err(problem) if only_phones => Some(Err(Fault::Answer(problem))),
            // Somebody has typed in it.
            Err(_) => None,
        }
    }

    /// The words for the choices, of a column that holds one of many.
    pub fn vocabulary(&self) -> Option<&Vocabulary> {
        match &self.kind {
            Kind::Tick(vocabulary) | Kind::Place(vocabulary) => Some(vocabulary),
            _ => None,
        }
    }

    /// Whether the columns of the question hold places of a rank.
    pub fn is_place(&self) -> bool {
        matches!(self.kind, Kind::Place(_))
    }

    fn position(&self) -> usize {
        match self.target {
            Target::Option(_, position) => position,
            _ => 0,
        }
    }
}

fn kind(definition: &Definition, element: &Element, target: Target, language: &str) -> Kind {
    let vocabulary = || Vocabulary::of(&layout::options(definition, element), language);
    let units = || {
        let unit = element.unit.as_ref();
        let labels = unit
            .into_iter()
            .flat_map(|unit| unit.label.iter().map(|(_, label)| label.into()));
        Units {
            words: labels.collect(),
            percent: unit.is_some_and(|unit| unit.code == "percent"),
        }
    };
    let is_option = matches!(target, Target::Option(..));
    let is_list = definition.choice_list(element.id).is_some();
    match element.question_type() {
        Some(QuestionType::Integer) => Kind::Integer(units()),
        Some(QuestionType::Range) if element.parameters.values().all(|value| !value.contains('.')) => {
            Kind::Integer(units())
        }
        Some(QuestionType::Decimal | QuestionType::Range) => Kind::Decimal(units()),
        Some(QuestionType::Date) => Kind::Date,
        Some(QuestionType::Time) => Kind::Time,
        Some(QuestionType::DateTime) => Kind::DateTime(definition.timezone().clone()),
        Some(QuestionType::Geopoint | QuestionType::Geotrace | QuestionType::Geoshape) => Kind::Geo,
        Some(QuestionType::Acknowledge) => Kind::Acknowledge,
        Some(QuestionType::SelectOne(_)) => Kind::One(vocabulary()),
        Some(QuestionType::SelectMultiple(_)) if is_option && is_list => Kind::Tick(vocabulary()),
        Some(QuestionType::SelectMultiple(_)) => Kind::Many(vocabulary()),
        Some(QuestionType::Rank(_)) if is_option && is_list => Kind::Place(vocabulary()),
        Some(QuestionType::Rank(_)) => Kind::Ranked(vocabulary()),
        _ => Kind::Text,
    }
}

fn wrong(code: ProblemCode, detail: &str, value: CellValue<'_>) -> Fault {
    Problem::new(code, [detail]).of(value.to_string()).into()
}

fn text(value: CellValue<'_>) -> Result<String, Fault> {
    /// What a double holds of an identifier.
    const MOST: f64 = 1e15;
    match value {
        CellValue::Text(text) => Ok(text.trim().to_owned()),
        CellValue::Number(number) if number.abs() >= MOST => Err(SheetFault::DigitsLost {
            value: number.to_string(),
        }
        .into()),
        CellValue::DateTime(_) | CellValue::Time(_) | CellValue::Duration(_) => Err(SheetFault::TurnedIntoDate {
            value: value.to_string(),
        }
        .into()),
        other => Ok(other.to_string()),
    }
}

fn number(value: CellValue<'_>, units: &Units, expected: &str) -> Result<f64, Fault> {
    let number = match value {
        CellValue::Number(number) => number,
        CellValue::Percentage(number) if units.percent => number,
        CellValue::Percentage(_) => {
            return Err(SheetFault::Percentage {
                value: value.to_string(),
            }
            .into());
        }
        CellValue::Text(text) => {
            literal::number(text, &units.words).ok_or_else(|| wrong(ProblemCode::WrongType, expected, value))?
        }
        CellValue::DateTime(_) | CellValue::Time(_) | CellValue::Duration(_) => {
            return Err(SheetFault::TurnedIntoDate {
                value: value.to_string(),
            }
            .into());
        }
        CellValue::Boolean(_) | CellValue::Error(_) => return Err(wrong(ProblemCode::WrongType, expected, value)),
    };
    if number.is_finite() {
        Ok(number)
    } else {
        Err(wrong(ProblemCode::NumberOutOfRange, "", value))
    }
}

/// A number without a fraction that a double holds exactly.
fn whole(number: f64) -> Option<i64> {
    const MOST: f64 = 9_007_199_254_740_992.0;
    #[expect(clippy::cast_possible_truncation, reason = "whole, and far inside the range")]
    (number.fract() == 0.0 && number.abs() <= MOST).then_some(number as i64)
}

fn date_time(value: CellValue<'_>, expected: &str) -> Result<NaiveDateTime, Fault> {
    let read = match value {
        CellValue::DateTime(at) => return Ok(at),
        CellValue::Text(text) => literal::date_time(text),
        // 20260331, typed as a number.
        CellValue::Number(number) if (19_000_101.0..=21_001_231.0).contains(&number) => {
            literal::date_time(&number.to_string())
        }
        _ => Ok(None),
    };
    match read {
        Ok(Some(at)) => Ok(at),
        Ok(None) => Err(wrong(ProblemCode::WrongType, expected, value)),
        Err(NoSuchDay) => Err(wrong(ProblemCode::NoSuchDate, "", value)),
    }
}

fn time(value: CellValue<'_>) -> Result<NaiveTime, Fault> {
    let read = match value {
        CellValue::Time(time) => Some(time),
        CellValue::Text(text) => literal::time(text),
        _ => None,
    };
    read.ok_or_else(|| wrong(ProblemCode::WrongType, "@time", value))
}

fn find<'v>(vocabulary: &'v Vocabulary, value: CellValue<'_>) -> Named<'v> {
    match value {
        CellValue::Text(text) => vocabulary.find(text),
        CellValue::Number(number) => vocabulary.find_number(number),
        other => vocabulary.find(&other.to_string()),
    }
}

fn one(vocabulary: &Vocabulary, value: CellValue<'_>) -> Result<Answer, Fault> {
    match find(vocabulary, value) {
        Named::One(position) => Ok(vocabulary.answer(position)),
        // The choices are not a list of the definition: what was given is checked where the list is known.
        Named::Unknown if vocabulary.is_empty() => Ok(Answer::Answered(Value::Choice(text(value)?))),
        Named::Unknown => Err(unknown(vocabulary, value)),
        Named::Several(positions) => Err(ambiguous(vocabulary, positions, value)),
    }
}

fn unknown(vocabulary: &Vocabulary, value: CellValue<'_>) -> Fault {
    let given = value.to_string();
    Problem::new(ProblemCode::MisspeltChoice, [given.clone(), vocabulary.first()])
        .of(given)
        .into()
}

fn ambiguous(vocabulary: &Vocabulary, positions: &[usize], value: CellValue<'_>) -> Fault {
    let codes = vocabulary.list(positions.iter().copied());
    SheetFault::AmbiguousChoice {
        value: value.to_string(),
        codes,
    }
    .into()
}

/// Several choices in one cell: codes or labels with a comma, semicolon or line break between them, codes with spaces,
/// as XForms writes them, or labels with spaces, as KoboToolbox does.
fn many(vocabulary: &Vocabulary, value: CellValue<'_>, is_export: bool) -> Result<Answer, Fault> {
    let CellValue::Text(all) = value else {
        return one(vocabulary, value).map(|answer| match answer {
            Answer::Answered(Value::Choice(name)) => Answer::Answered(Value::Choices(vec![name])),
            other => other,
        });
    };
    let by_space: Vec<&str> = all.split_whitespace().collect();
    if is_export && let Some(positions) = in_a_row(vocabulary, &by_space, value)? {
        return answers(vocabulary, positions);
    }
    let by_sign: Vec<&str> = all.split([',', '，', ';', '；', '、', '\n', '|']).collect();
    let attempts = [vec![all], by_sign, by_space.clone()];
    let mut first_fault = None;
    for parts in attempts {
        let read = parts.into_iter().filter(|part| !part.trim().is_empty());
        match read
            .map(|part| one(vocabulary, CellValue::Text(part)))
            .collect::<Result<Vec<_>, _>>()
        {
            Ok(answers) => return several(answers),
            // What is said of the parts by their signs says most.
            Err(fault) => first_fault = Some(first_fault.map_or(fault, |first| first)),
        }
    }
    match in_a_row(vocabulary, &by_space, value)? {
        Some(positions) => answers(vocabulary, positions),
        None => Err(first_fault.unwrap_or_else(|| unknown(vocabulary, value))),
    }
}

/// The choices whose codes, or else whose labels, stand in a row with spaces between them, as servers write them: that
/// the whole cell is one label is only one of the ways to read it.
fn in_a_row(vocabulary: &Vocabulary, words: &[&str], value: CellValue<'_>) -> Result<Option<Vec<usize>>, Fault> {
    let codes: Option<Vec<usize>> = words.iter().map(|word| vocabulary.code(word)).collect();
    if let Some(codes) = codes.filter(|codes| !codes.is_empty()) {
        return Ok(Some(codes));
    }
    match vocabulary.split(words) {
        Split::One(positions) => Ok(Some(positions)),
        Split::Several(positions) => Err(ambiguous(vocabulary, &positions, value)),
        Split::None => Ok(None),
    }
}

fn answers(vocabulary: &Vocabulary, positions: Vec<usize>) -> Result<Answer, Fault> {
    several(
        positions
            .into_iter()
            .map(|position| vocabulary.answer(position))
            .collect(),
    )
}

fn several(answers: Vec<Answer>) -> Result<Answer, Fault> {
    let mut names = Vec::with_capacity(answers.len());
    let count = answers.len();
    for answer in answers {
        match answer {
            Answer::Missing(code) if count == 1 => return Ok(Answer::Missing(code)),
            Answer::Missing(code) => {
                return Err(Problem::new(ProblemCode::MissingCodeNotAlone, [code.code()]).into());
            }
            Answer::Answered(Value::Choice(name)) => names.push(name),
            _ => (),
        }
    }
    Ok(Answer::Answered(Value::Choices(names)))
}

/// Whether a word ticks or leaves blank; nothing where people disagree on it (a cross).
fn tick_word(value: CellValue<'_>) -> Option<bool> {
    match value {
        CellValue::Boolean(truth) => Some(truth),
        CellValue::Number(number) if number.abs() < f64::EPSILON => Some(false),
        CellValue::Number(number) if (number - 1.0).abs() < f64::EPSILON => Some(true),
        CellValue::Text(text) => match fold(text).as_str() {
            "√" | "✓" | "✔" | "☑" | "v" | "1" | "是" | "有" | "yes" | "y" | "true" => Some(true),
            "0" | "否" | "无" | "没有" | "no" | "n" | "false" | "-" | "—" | "/" | "☐" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn tick(vocabulary: &Vocabulary, position: usize, value: CellValue<'_>) -> Result<Said, Fault> {
    match tick_word(value) {
        Some(true) => Ok(Said::Chosen(1)),
        Some(false) => Ok(Said::NotChosen),
        // The choice's own name in its own column.
        None if find(vocabulary, value) == Named::One(position) => Ok(Said::Chosen(1)),
        None => Err(SheetFault::NotATick {
            value: value.to_string(),
        }
        .into()),
    }
}

fn place(vocabulary: &Vocabulary, position: usize, value: CellValue<'_>) -> Result<Said, Fault> {
    if vocabulary.missing(position).is_some() {
        return tick(vocabulary, position, value);
    }
    let number = match value {
        CellValue::Number(number) => whole(number),
        CellValue::Text(text) => literal::number(text, &[]).and_then(whole),
        _ => None,
    };
    match number.and_then(|number| usize::try_from(number).ok()) {
        Some(place) if place > 0 => Ok(Said::Chosen(place)),
        _ => Err(wrong(ProblemCode::WrongType, "@integer", value)),
    }
}
