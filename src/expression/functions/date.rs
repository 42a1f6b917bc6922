//! Functions of dates and times.

use chrono::{DateTime, FixedOffset, NaiveTime, Timelike};

use super::super::error::EvaluationError;
use super::super::moment;
use super::super::tree::Tree;
use super::super::value::Value;
use super::{Arguments, Outcome};

const MILLISECONDS_PER_DAY: f64 = 86_400_000.0;

/// `today()`: the local midnight before now.
pub(super) fn today<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Value<'a, T::Node> {
    let environment = of.scope.environment;
    let midnight = environment.now().date_naive().and_time(NaiveTime::MIN);
    Value::Date(Some(moment::at_local(midnight, environment)))
}

/// The moment that an argument means: a date, the text of one, or days since 1970-01-01T00:00Z. So `date()` and
/// `date-time()` are the same, as in Enketo; JavaRosa's `date()` drops the time, and it throws where we give a date
/// that is none.
pub(super) fn moment_of<T: Tree>(
    of: &Arguments<'_, '_, T>,
    index: usize,
) -> Result<Option<DateTime<FixedOffset>>, EvaluationError> {
    let environment = of.scope.environment;
    Ok(match of.value(index)? {
        Value::Date(moment) => moment,
        Value::Boolean(_) => None,
        Value::Number(days) => moment::from_days(days, environment),
        value => {
            let text = value.string(of.scope);
            moment::parse(&text, environment)
                .or_else(|| super::super::parse_number(&text).and_then(|days| moment::from_days(days, environment)))
        }
    })
}

pub(super) fn decimal_date_time<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    Ok(Value::Number(moment_of(of, 0)?.map_or(f64::NAN, moment::days)))
}

/// `decimal-time(time)`: the local time of day as a fraction of the day, of a time with or without an offset, or of a
/// moment.
pub(super) fn decimal_time<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let fraction = |time: NaiveTime| {
        f64::from(time.num_seconds_from_midnight() * 1000 + time.nanosecond() / 1_000_000) / MILLISECONDS_PER_DAY
    };
    let value = of.value(0)?;
    if let Value::Text(_) | Value::Nodes(_) = value
        && let Some((time, offset)) = moment::parse_time(&value.string(of.scope))
    {
        let local = *of.scope.environment.now().offset();
        return Ok(Value::Number(fraction(match offset {
            Some(offset) => {
                let ahead = chrono::Duration::seconds(i64::from(local.local_minus_utc() - offset.local_minus_utc()));
                time.overflowing_add_signed(ahead).0
            }
            None => time,
        })));
    }
    Ok(Value::Number(match value {
        Value::Number(_) | Value::Boolean(_) => f64::NAN,
        _ => moment_of(of, 0)?.map_or(f64::NAN, |moment| fraction(moment.time())),
    }))
}

/// What the parts of a format stand for, and chrono's words for them.
const PARTS: [(char, &str); 20] = [
    ('Y', "%Y"),
    ('y', "%y"),
    ('m', "%m"),
    ('n', "%-m"),
    ('b', "%b"),
    ('B', "%B"),
    ('d', "%d"),
    ('e', "%-d"),
    ('H', "%H"),
    ('h', "%-H"),
    ('M', "%M"),
    ('S', "%S"),
    ('3', "%3f"),
    ('a', "%a"),
    ('A', "%A"),
    ('W', "%V"),
    ('u', "%u"),
    ('j', "%j"),
    ('Z', "%:z"),
    ('%', "%%"),
];

/// The first part of a format that is unknown.
pub(in super::super) fn unknown_date_format(format: &str) -> Option<String> {
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c == '%' {
            let specifier = characters.next();
            if !PARTS.iter().any(|(known, _)| specifier == Some(*known)) {
                return Some(format!("%{}", specifier.map_or_else(String::new, String::from)));
            }
        }
    }
    None
}

/// Whether a format writes the name of a day or month, which depends on the phone's language.
pub(in super::super) fn contains_name_of_day_or_month(format: &str) -> bool {
    ["%a", "%A", "%b", "%B"].iter().any(|name| format.contains(name))
}

/// `format-date(date, format)` and `format-date-time`: empty where the date is none. Names of days and months are
/// English.
pub(super) fn format<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let format = of.string(1)?;
    if let Some(part) = unknown_date_format(&format) {
        return Err(of.wrong(format!("the format has an unknown part '{part}'")));
    }
    let Some(moment) = moment_of(of, 0)? else {
        return Ok(Value::Text("".into()));
    };
    let mut pattern = String::with_capacity(format.len() + 8);
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        let specifier = if c == '%' { characters.next() } else { None };
        match PARTS.iter().find(|(known, _)| specifier == Some(*known)) {
            Some((_, words)) => pattern.push_str(words),
            None => pattern.push(c),
        }
    }
    Ok(Value::text(moment.format(&pattern).to_string()))
}
