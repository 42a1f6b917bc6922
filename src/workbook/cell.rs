//! Cells as every reader hands them over: where they stand, and the value that was typed there.

use std::fmt;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

/// Where a cell stands: the sheet's name, and row and column counted from 0.
///
/// ```
/// use innogauge::workbook::Address;
/// assert_eq!(Address::new("Answers", 6, 27).to_string(), "Answers!AB7");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Address {
    /// The sheet's name; empty for a text file, which has none.
    pub sheet: Arc<str>,
    /// The row, from 0.
    pub row: u32,
    /// The column, from 0.
    pub column: u16,
}

impl Address {
    /// The cell of `sheet` at `row` and `column`, both from 0.
    pub fn new(sheet: impl Into<Arc<str>>, row: u32, column: u16) -> Self {
        Self {
            sheet: sheet.into(),
            row,
            column,
        }
    }

    /// The address within the sheet, as the spreadsheet program shows it: `AB7`.
    pub fn a1(&self) -> String {
        format!("{}{}", column_letters(self.column), u64::from(self.row) + 1)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sheet.is_empty() {
            f.write_str(&self.a1())
        } else {
            write!(f, "{}!{}", self.sheet, self.a1())
        }
    }
}

/// The letters of a column counted from 0: 0 is `A`, 27 is `AB`.
pub fn column_letters(column: u16) -> String {
    let mut letters = Vec::new();
    let mut rest = u32::from(column) + 1;
    while rest > 0 {
        let digit = (rest - 1) % 26;
        letters.push(char::from(b'A' + u8::try_from(digit).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// What stands in a cell. Empty cells are not handed over at all.
///
/// It is shown as a person would type it: numbers without needless digits, dates as ISO 8601.
///
/// ```
/// use innogauge::workbook::CellValue;
/// assert_eq!(CellValue::Number(12.0).to_string(), "12");
/// assert_eq!(CellValue::Boolean(true).to_string(), "TRUE");
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum CellValue<'a> {
    /// Text, as typed.
    Text(&'a str),
    /// A number without a date format.
    Number(f64),
    /// A number shown in percent, as the cell shows it: 12.5 where it shows 12.5%.
    Percentage(f64),
    /// TRUE or FALSE.
    Boolean(bool),
    /// A number shown as a date, with or without a time.
    DateTime(NaiveDateTime),
    /// A number shown as a time of day, without a date.
    Time(NaiveTime),
    /// A number shown as a length of time, in seconds.
    Duration(f64),
    /// An error value such as `#N/A`.
    Error(&'a str),
}

impl CellValue<'_> {
    /// Whether it is text without a visible character.
    pub fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.chars().all(char::is_whitespace))
    }
}

impl fmt::Display for CellValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) | Self::Error(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
            Self::Percentage(number) => write!(f, "{number}%"),
            Self::Boolean(true) => f.write_str("TRUE"),
            Self::Boolean(false) => f.write_str("FALSE"),
            Self::DateTime(at) if at.time() == NaiveTime::MIN => write!(f, "{}", at.date()),
            Self::DateTime(at) => write!(f, "{}", at.format("%Y-%m-%dT%H:%M:%S%.f")),
            Self::Time(time) => write!(f, "{}", time.format("%H:%M:%S%.f")),
            Self::Duration(seconds) => write!(f, "{seconds} s"),
        }
    }
}

/// One cell of a row: its column, from 0, and its value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell<'a> {
    /// The column, from 0.
    pub column: u16,
    /// What stands there.
    pub value: CellValue<'a>,
}

/// One row with the cells that are not empty, in the order of their columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Row<'a> {
    /// The row, from 0.
    pub number: u32,
    /// Its cells, columns ascending.
    pub cells: Vec<Cell<'a>>,
}

impl<'a> Row<'a> {
    /// The value in a column, where the cell is not empty.
    pub fn get(&self, column: u16) -> Option<CellValue<'a>> {
        let at = self.cells.binary_search_by_key(&column, |cell| cell.column).ok()?;
        self.cells.get(at).map(|cell| cell.value)
    }

    /// The text in a column, trimmed; nothing where the cell is empty or holds something else.
    pub fn text(&self, column: u16) -> Option<&'a str> {
        match self.get(column) {
            Some(CellValue::Text(text)) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        }
    }
}

/// A number that its cell shows in percent. Rounded as Excel shows it: 0.07 is 7%, not 7.000000000000001%.
pub(super) fn from_percentage(fraction: f64) -> CellValue<'static> {
    let percent = fraction * 100.0;
    let rounded = (percent * 1e10).round() / 1e10;
    CellValue::Percentage(if rounded.is_finite() { rounded } else { percent })
}

/// A day number of a workbook as date, time of day or duration; nothing where no calendar has it.
///
/// Excel counts days from 1899-12-31, with a 29 February 1900 that never was, or from 1904-01-01.
pub(super) fn from_day_number(days: f64, is_1904: bool, duration: bool) -> Option<CellValue<'static>> {
    const SECONDS_PER_DAY: f64 = 86_400.0;
    if !days.is_finite() {
        return None;
    }
    if duration {
        return Some(CellValue::Duration((days * SECONDS_PER_DAY * 1e3).round() / 1e3));
    }
    if !(0.0..2_958_466.0).contains(&days) {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 2958466 days, so far inside i64")]
    let milliseconds = (days * SECONDS_PER_DAY * 1e3).round() as i64;
    if milliseconds < 86_400_000 && !is_1904 {
        return Some(CellValue::Time(
            NaiveTime::MIN + chrono::TimeDelta::milliseconds(milliseconds),
        ));
    }
    let (year, month, day) = match (is_1904, days < 60.0) {
        (true, _) => (1904, 1, 1),
        (false, true) => (1899, 12, 31),
        (false, false) => (1899, 12, 30),
    };
    let epoch = NaiveDate::from_ymd_opt(year, month, day)?.and_time(NaiveTime::MIN);
    epoch
        .checked_add_signed(chrono::TimeDelta::milliseconds(milliseconds))
        .map(CellValue::DateTime)
}

/// A date, time or date and time written as ISO 8601, as OpenDocument has it; nothing where it is none of them.
pub(super) fn from_iso(text: &str) -> Option<CellValue<'static>> {
    if let Some(duration) = text.strip_prefix("PT") {
        return from_iso_duration(duration);
    }
    let text = text.strip_suffix('Z').unwrap_or(text);
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(CellValue::DateTime(date.and_time(NaiveTime::MIN)));
    }
    if let Ok(at) = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f") {
        return Some(CellValue::DateTime(at));
    }
    NaiveTime::parse_from_str(text, "%H:%M:%S%.f").ok().map(CellValue::Time)
}

/// `10H30M00S` (after `PT`) as a time of day, or as a duration from 24 hours on.
fn from_iso_duration(text: &str) -> Option<CellValue<'static>> {
    let (mut seconds, mut number) = (0.0, String::new());
    for c in text.chars() {
        let factor = match c {
            'H' => 3600.0,
            'M' => 60.0,
            'S' => 1.0,
            _ => {
                number.push(if c == ',' { '.' } else { c });
                continue;
            }
        };
        seconds += number.parse::<f64>().ok()? * factor;
        number.clear();
    }
    if !number.is_empty() || !seconds.is_finite() || seconds < 0.0 {
        return None;
    }
    from_day_number(seconds / 86_400.0, false, seconds >= 86_400.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: u32, day: u32) -> CellValue<'static> {
        CellValue::DateTime(
            NaiveDate::from_ymd_opt(year, month, day)
                .unwrap()
                .and_time(NaiveTime::MIN),
        )
    }

    #[test]
    fn columns_are_lettered_as_in_excel() {
        let letters = [0, 25, 26, 701, 702, 16_383].map(column_letters);
        assert_eq!(letters, ["A", "Z", "AA", "ZZ", "AAA", "XFD"]);
    }

    #[test]
    fn day_numbers_follow_the_calendar_of_the_workbook() {
        assert_eq!(from_day_number(45_366.0, false, false), Some(day(2024, 3, 15)));
        assert_eq!(from_day_number(43_904.0, true, false), Some(day(2024, 3, 15)));
        assert_eq!(from_day_number(1.0, false, false), Some(day(1900, 1, 1)));
        assert_eq!(
            from_day_number(0.4375, false, false),
            Some(CellValue::Time(NaiveTime::from_hms_opt(10, 30, 0).unwrap()))
        );
        assert_eq!(from_day_number(1.5, false, true), Some(CellValue::Duration(129_600.0)));
        assert_eq!(from_day_number(f64::INFINITY, false, false), None);
        assert_eq!(from_day_number(1e9, false, false), None);
    }

    #[test]
    fn iso_texts_are_dates_and_times() {
        assert_eq!(from_iso("2024-03-15"), Some(day(2024, 3, 15)));
        assert_eq!(
            from_iso("PT10H30M00S"),
            Some(CellValue::Time(NaiveTime::from_hms_opt(10, 30, 0).unwrap()))
        );
        assert_eq!(from_iso("2024-02-30"), None);
    }
}
