//! One answer: its status, and its typed value.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};

use crate::definition::MissingCode;

/// What a response says to one question.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Answer {
    /// The question was asked, or may have been, and nothing was answered.
    #[default]
    Unanswered,
    /// The question was not to be asked: its relevance, or that of a group around it, is false.
    NotAsked,
    /// A reason was given instead of an answer.
    Missing(MissingCode),
    /// An answer.
    Answered(Value),
}

/// The status of an answer, without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Asked, without an answer.
    Unanswered,
    /// Not to be asked.
    NotAsked,
    /// A reason instead of an answer.
    Missing(MissingCode),
    /// An answer.
    Answered,
}

/// A typed value. Numbers are finite, dates exist.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Text, also barcodes, acknowledgements (`OK`) and what a client records of itself.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A finite number.
    Decimal(f64),
    /// A calculation that gives true or false.
    Boolean(bool),
    /// The name of the chosen choice.
    Choice(String),
    /// The names of the chosen choices in the order they were given; of a rank, the first is the best.
    Choices(Vec<String>),
    /// A date.
    Date(NaiveDate),
    /// A time of day.
    Time(TimeOfDay),
    /// A moment, in the offset that it was recorded in.
    DateTime(DateTime<FixedOffset>),
    /// Points on the earth as XForms writes them: `lat lon altitude accuracy`, joined by `; `.
    Geo(String),
    /// The name of an attached file.
    File(String),
}

/// A time of day, with an offset where one was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay {
    /// The time on the clock.
    pub time: NaiveTime,
    /// The offset from UTC.
    pub offset: Option<FixedOffset>,
}

impl Answer {
    /// A text answer.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Answered(Value::Text(text.into()))
    }

    /// A choice.
    pub fn choice(name: impl Into<String>) -> Self {
        Self::Answered(Value::Choice(name.into()))
    }

    /// A number.
    pub fn number(number: f64) -> Self {
        Self::Answered(Value::Decimal(number))
    }

    /// The status without the value.
    pub fn status(&self) -> Status {
        match self {
            Self::Unanswered => Status::Unanswered,
            Self::NotAsked => Status::NotAsked,
            Self::Missing(code) => Status::Missing(*code),
            Self::Answered(_) => Status::Answered,
        }
    }

    /// The value, where there is an answer.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Answered(value) => Some(value),
            _ => None,
        }
    }

    /// The value as a number, where there is an answer and it is one.
    ///
    /// ```
    /// use innogauge::response::{Answer, Value};
    ///
    /// assert_eq!(Answer::Answered(Value::Integer(3)).as_number(), Some(3.0));
    /// assert_eq!(Answer::choice("2").as_number(), Some(2.0));
    /// assert_eq!(Answer::Unanswered.as_number(), None);
    /// ```
    pub fn as_number(&self) -> Option<f64> {
        self.value().and_then(Value::as_number)
    }

    /// Whether there is an answer.
    pub fn is_answered(&self) -> bool {
        matches!(self, Self::Answered(_))
    }
}

impl fmt::Display for Answer {
    /// The value's text, a missing code, or nothing.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answered(value) => value.fmt(formatter),
            Self::Missing(code) => code.fmt(formatter),
            Self::Unanswered | Self::NotAsked => Ok(()),
        }
    }
}

impl Value {
    /// The value as an XForms instance holds it; what expressions read.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) | Self::Choice(text) | Self::Geo(text) | Self::File(text) => Cow::Borrowed(text),
            Self::Boolean(boolean) => Cow::Borrowed(if *boolean { "true" } else { "false" }),
            Self::Choices(choices) => match choices.as_slice() {
                [only] => Cow::Borrowed(only),
                choices => Cow::Owned(choices.join(" ")),
            },
            other => Cow::Owned(other.to_string()),
        }
    }

    /// The value as a number, where it is one: numbers, and texts and choices that are written as one.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            #[allow(clippy::cast_precision_loss, reason = "XPath numbers are doubles")]
            Self::Integer(number) => Some(*number as f64),
            Self::Decimal(number) => Some(*number),
            Self::Text(text) | Self::Choice(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    /// The choices: those of a select, or the one of a `select_one`.
    pub fn choices(&self) -> &[String] {
        match self {
            Self::Choice(name) => std::slice::from_ref(name),
            Self::Choices(names) => names,
            _ => &[],
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Choice(text) | Self::Geo(text) | Self::File(text) => formatter.write_str(text),
            Self::Integer(number) => number.fmt(formatter),
            Self::Decimal(number) => fmt::Display::fmt(&(number + 0.0), formatter), // + 0.0: no negative zero
            Self::Boolean(boolean) => boolean.fmt(formatter),
            Self::Choices(choices) => {
                for (position, choice) in choices.iter().enumerate() {
                    if position > 0 {
                        formatter.write_str(" ")?;
                    }
                    formatter.write_str(choice)?;
                }
                Ok(())
            }
            Self::Date(date) => date.format("%Y-%m-%d").fmt(formatter),
            Self::Time(time) => time.fmt(formatter),
            Self::DateTime(moment) => moment.format("%Y-%m-%dT%H:%M:%S%.3f%:z").fmt(formatter),
        }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.time.format("%H:%M:%S%.3f").fmt(formatter)?;
        match self.offset {
            Some(offset) => offset.fmt(formatter),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_stays_small() {
        assert!(size_of::<Answer>() <= 32, "{} bytes", size_of::<Answer>());
    }

    #[test]
    fn values_are_written_as_an_instance_holds_them() {
        let moment = DateTime::parse_from_rfc3339("2026-03-01T08:30:00+08:00").unwrap();
        let time = TimeOfDay {
            time: moment.time(),
            offset: Some(*moment.offset()),
        };
        for (value, text) in [
            (Value::Decimal(0.000_003_33), "0.00000333"),
            (Value::Decimal(-0.0), "0"),
            (Value::Decimal(1e21), "1000000000000000000000"),
            (Value::Integer(-7), "-7"),
            (Value::Choices(vec!["a".to_owned(), "b".to_owned()]), "a b"),
            (Value::Choices(vec![]), ""),
            (Value::Boolean(true), "true"),
            (Value::DateTime(moment), "2026-03-01T08:30:00.000+08:00"),
            (Value::Date(moment.date_naive()), "2026-03-01"),
            (Value::Time(time), "08:30:00.000+08:00"),
        ] {
            assert_eq!(value.to_text(), text);
            assert_eq!(value.to_string(), text);
        }
    }
}
