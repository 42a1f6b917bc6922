//! Text to typed answers: one reading per type of question, used by cells of spreadsheets and by form clients.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};

use super::attached::is_file_name;
use super::form::Form;
use super::problem::{Problem, ProblemCode};
use super::value::{Answer, TimeOfDay, Value};
use crate::definition::{DataType, Element, ElementId, MissingCode, QuestionType};
use crate::expression::parse_number;

/// Reads the text of an answer as an XForms instance holds it. Empty text is no answer.
///
/// Only the type is checked here. Whether a choice exists and the rules hold is decided when the whole response is
/// [processed](super::process).
///
/// # Errors
/// The problem, with the question's label, and its path without the numbers of repeat instances.
pub fn parse_text(form: &Form, question: ElementId, text: &str) -> Result<Answer, Box<Problem>> {
    let Some(element) = form.get(question) else {
        return Ok(Answer::Unanswered);
    };
    parse(form, element, text)
        .map_err(|problem| Box::new(problem.at(form.path(question), &element.label).of(shortened(text))))
}

/// Reads a cell: as [`parse_text`], but a missing code (`dont_know`, `refused`, `not_applicable`) stands in the cell of
/// the question itself.
pub fn parse_cell(form: &Form, question: ElementId, text: &str) -> Result<Answer, Box<Problem>> {
    if let (Some(code), Some(element)) = (MissingCode::from_code(text.trim()), form.get(question)) {
        if element.missing.contains(&code) {
            return Ok(Answer::Missing(code));
        }
        let takes_words = matches!(
            element.question_type(),
            Some(QuestionType::Text | QuestionType::Barcode)
        ) || element
            .question_type()
            .is_some_and(|question_type| question_type.select().is_some());
        if !takes_words {
            let problem = Problem::new(ProblemCode::MissingCodeNotOffered, [code.code()]);
            return Err(Box::new(problem.at(form.path(question), &element.label).of(text)));
        }
    }
    parse_text(form, question, text)
}

fn parse(form: &Form, element: &Element, text: &str) -> Result<Answer, Box<Problem>> {
    if text.is_empty() {
        return Ok(Answer::Unanswered);
    }
    if text.contains('\0') {
        return Err(wrong_type("@text")); // no database and no XML can hold it
    }
    let Some(question_type) = element.question_type() else {
        return Ok(Answer::Unanswered);
    };
    let trimmed = text.trim();
    let value = match question_type {
        QuestionType::SelectOne(_) => {
            if trimmed.is_empty() {
                return Ok(Answer::Unanswered);
            }
            return Ok(match missing_choice(element, trimmed) {
                Some(code) => Answer::Missing(code),
                None => Answer::choice(trimmed),
            });
        }
        QuestionType::SelectMultiple(_) | QuestionType::Rank(_) => {
            return choices(element, text.split_whitespace().map(str::to_owned).collect());
        }
        QuestionType::Calculate(data_type) => calculated_text(form, *data_type, text),
        QuestionType::Integer => Value::Integer(integer(trimmed)?),
        QuestionType::Decimal | QuestionType::Range => Value::Decimal(decimal(trimmed)?),
        QuestionType::Date | QuestionType::Today => Value::Date(date(trimmed)?),
        QuestionType::Time => Value::Time(time(trimmed).ok_or_else(|| wrong_type("@time"))?),
        QuestionType::DateTime | QuestionType::Start | QuestionType::End => Value::DateTime(moment(form, trimmed)?),
        QuestionType::Geopoint | QuestionType::StartGeopoint | QuestionType::BackgroundGeopoint => geo(trimmed, 1, 1)?,
        QuestionType::Geotrace => geo(trimmed, 2, usize::MAX)?,
        QuestionType::Geoshape => geo(trimmed, 3, usize::MAX)?,
        QuestionType::Acknowledge => match trimmed {
            "OK" | "true" | "1" => Value::Text("OK".to_owned()),
            "false" | "0" | "" => return Ok(Answer::Unanswered),
            _ => return Err(wrong_type("@boolean")),
        },
        file if file.is_file() => {
            if trimmed.is_empty() {
                return Ok(Answer::Unanswered);
            }
            // The picture that the form itself came with: no file of the response.
            if trimmed.starts_with("jr://") {
                return Ok(Answer::text(trimmed));
            }
            if !is_file_name(trimmed) {
                return Err(wrong_type("@file"));
            }
            Value::File(trimmed.to_owned())
        }
        _ => Value::Text(text.to_owned()),
    };
    Ok(Answer::Answered(value))
}

/// The value of a calculation as its data type takes it; what does not fit stays text, to be compared with ours.
pub(super) fn calculated_text(form: &Form, data_type: DataType, text: &str) -> Value {
    let trimmed = text.trim();
    let typed = match data_type {
        DataType::String => None,
        DataType::Int => integer(trimmed).ok().map(Value::Integer),
        DataType::Decimal => decimal(trimmed).ok().map(Value::Decimal),
        DataType::Date => date(trimmed).ok().map(Value::Date),
        DataType::Time => time(trimmed).map(Value::Time),
        DataType::DateTime => moment(form, trimmed).ok().map(Value::DateTime),
        DataType::Boolean => match trimmed {
            "true" | "1" => Some(Value::Boolean(true)),
            "false" | "0" => Some(Value::Boolean(false)),
            _ => None,
        },
        DataType::Geopoint => geo(trimmed, 1, 1).ok(),
    };
    typed.unwrap_or_else(|| Value::Text(text.to_owned()))
}

/// The missing code that a choice of a select stands for, where the question takes that code.
pub(super) fn missing_choice(element: &Element, choice: &str) -> Option<MissingCode> {
    if element.missing.is_empty() {
        return None;
    }
    MissingCode::from_code(choice).filter(|code| element.missing.contains(code))
}

/// The choices of a `select_multiple` or rank; a missing code stands alone.
pub(super) fn choices(element: &Element, names: Vec<String>) -> Result<Answer, Box<Problem>> {
    match names.as_slice() {
        [] => return Ok(Answer::Unanswered),
        [only] => {
            if let Some(code) = missing_choice(element, only) {
                return Ok(Answer::Missing(code));
            }
        }
        several => {
            if let Some(code) = several.iter().find_map(|name| missing_choice(element, name)) {
                return Err(Box::new(Problem::new(ProblemCode::MissingCodeNotAlone, [code.code()])));
            }
        }
    }
    Ok(Answer::Answered(Value::Choices(names)))
}

/// A problem with the kind of value that was expected, by its key in the catalogue.
pub(super) fn wrong_type(expected: &str) -> Box<Problem> {
    Box::new(Problem::new(ProblemCode::WrongType, [expected]))
}

fn plain(code: ProblemCode) -> Box<Problem> {
    Box::new(Problem::new(code, [""; 0]))
}

fn integer(text: &str) -> Result<i64, Box<Problem>> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    let number = decimal(text).map_err(|problem| match problem.code {
        ProblemCode::WrongType => wrong_type("@integer"),
        _ => problem,
    })?;
    whole(number)
}

/// A number without a fraction as an integer.
pub(super) fn whole(number: f64) -> Result<i64, Box<Problem>> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53: beyond it doubles skip whole numbers
    if number.fract() != 0.0 {
        return Err(plain(ProblemCode::NotWhole));
    }
    if number.abs() > EXACT {
        return Err(plain(ProblemCode::NumberOutOfRange));
    }
    #[allow(clippy::cast_possible_truncation, reason = "whole and at most 2^53")]
    Ok(number as i64)
}

fn decimal(text: &str) -> Result<f64, Box<Problem>> {
    match parse_number(text) {
        Some(number) if number.is_finite() => Ok(number + 0.0), // + 0.0: no negative zero
        Some(_) => Err(plain(ProblemCode::NumberOutOfRange)),
        None if is_no_number(text) => Err(plain(ProblemCode::NumberOutOfRange)),
        None => Err(wrong_type("@decimal")),
    }
}

/// What programs write for numbers that are none.
fn is_no_number(text: &str) -> bool {
    let text = text.trim_start_matches(['-', '+']);
    ["nan", "inf", "infinity"]
        .iter()
        .any(|word| text.eq_ignore_ascii_case(word))
}

/// `2026-03-31`, also with a time after it, which is left out.
fn date(text: &str) -> Result<NaiveDate, Box<Problem>> {
    let day = match text.split_once(['T', ' ']) {
        Some((day, clock)) if time(clock).is_some() => day,
        Some(_) => return Err(wrong_type("@date")),
        None => text,
    };
    let [year, month, day] = digits(day).ok_or_else(|| wrong_type("@date"))?;
    i32::try_from(year)
        .ok()
        .and_then(|year| NaiveDate::from_ymd_opt(year, month, day))
        .ok_or_else(|| plain(ProblemCode::NoSuchDate))
}

/// Year, month and day of a text that looks like a date, whether or not the day exists.
fn digits(text: &str) -> Option<[u32; 3]> {
    let mut parts = text.split('-');
    let mut part = |length: usize| {
        parts
            .next()
            .filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|part| part.parse().ok())
    };
    let found = [part(4)?, part(2)?, part(2)?];
    parts.next().is_none().then_some(found)
}

/// `08:30`, with seconds, fractions and an offset where they were written.
fn time(text: &str) -> Option<TimeOfDay> {
    let (clock, offset) = split_offset(text)?;
    let well_formed = clock
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.'));
    let time = ["%H:%M:%S%.f", "%H:%M"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(clock, format).ok())
        .filter(|_| well_formed)?;
    Some(TimeOfDay { time, offset })
}

/// The clock part and the offset of a time; `None` where the offset is none that exists.
fn split_offset(text: &str) -> Option<(&str, Option<FixedOffset>)> {
    if let Some(clock) = text.strip_suffix('Z') {
        return Some((clock, FixedOffset::east_opt(0)));
    }
    let Some(at) = text.rfind(['+', '-']) else {
        return Some((text, None));
    };
    let (clock, offset) = (text.get(..at)?, text.get(at..)?);
    let minutes_east = match offset.get(1..)?.split_once(':') {
        Some((hours, minutes)) => hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?,
        None => offset.get(1..)?.parse::<i32>().ok().filter(|hours| *hours <= 14)? * 60,
    };
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    Some((clock, Some(FixedOffset::east_opt(sign * minutes_east * 60)?)))
}

/// `2026-03-31T08:30:00+08:00`; without an offset, in the survey's time zone.
fn moment(form: &Form, text: &str) -> Result<DateTime<FixedOffset>, Box<Problem>> {
    let (day, clock) = text.split_once(['T', ' ']).ok_or_else(|| wrong_type("@datetime"))?;
    let clock = time(clock).ok_or_else(|| wrong_type("@datetime"))?;
    let day = date(day).map_err(|problem| match problem.code {
        ProblemCode::WrongType => wrong_type("@datetime"),
        _ => problem,
    })?;
    local(form, day.and_time(clock.time), clock.offset).ok_or_else(|| plain(ProblemCode::NoSuchDate))
}

/// A local time as a moment; without an offset, in the survey's time zone. `None` for a time that summer time skips.
pub(super) fn local(form: &Form, local: NaiveDateTime, offset: Option<FixedOffset>) -> Option<DateTime<FixedOffset>> {
    match offset {
        Some(offset) => offset.from_local_datetime(&local).earliest(),
        None => form.timezone().moment(local),
    }
}

/// Points as `latitude longitude altitude accuracy`, joined by `;`.
fn geo(text: &str, at_least: usize, at_most: usize) -> Result<Value, Box<Problem>> {
    let mut written = String::with_capacity(text.len());
    let mut count = 0;
    for point in text.trim_end_matches([';', ' ']).split(';') {
        let numbers: Vec<f64> = point
            .split_whitespace()
            .map(|number| number.parse().ok().filter(|number: &f64| number.is_finite()))
            .collect::<Option<_>>()
            .unwrap_or_default();
        match numbers.as_slice() {
            [latitude, longitude, rest @ ..]
                if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && rest.len() <= 2 => {}
            _ => return Err(plain(ProblemCode::InvalidGeo)),
        }
        if count > 0 {
            written.push_str("; ");
        }
        for (position, number) in point.split_whitespace().enumerate() {
            if position > 0 {
                written.push(' ');
            }
            written.push_str(number);
        }
        count += 1;
    }
    if count < at_least || count > at_most {
        return Err(plain(ProblemCode::InvalidGeo));
    }
    Ok(Value::Geo(written))
}

/// A value as a message shows it: the beginning of long ones, without control characters.
pub(super) fn shortened(text: &str) -> String {
    const SHOWN: usize = 120;
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
