//! Numbers, dates and times as people type them, where there is one way to understand them and no other.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::vocabulary::narrow;

/// A number, with or without thousands separators and one of these units behind it.
///
/// `1,200` is a thousand and two hundred; `1,2` may be anything and is nothing.
pub(super) fn number(text: &str, units: &[Box<str>]) -> Option<f64> {
    let narrow: String = narrow(text.trim()).collect();
    let mut digits = narrow.trim();
    if let Some(rest) = units.iter().find_map(|unit| digits.strip_suffix(&**unit)) {
        digits = rest.trim_end();
    }
    let without_sign = digits.strip_prefix(['+', '-']).unwrap_or(digits);
    if !without_sign.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !digits
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-' | 'e' | 'E'))
    {
        return None;
    }
    if !digits.contains(',') {
        return digits.parse().ok();
    }
    let whole = without_sign.split_once('.').map_or(without_sign, |(whole, _)| whole);
    let (first, rest) = whole.split_once(',')?;
    let grouped = (1..=3).contains(&first.len()) && rest.split(',').all(|group| group.len() == 3);
    let fraction_is_plain = !without_sign.get(whole.len()..)?.contains(',');
    (grouped && fraction_is_plain)
        .then(|| digits.replace(',', "").parse().ok())
        .flatten()
}

/// A day: `2026-03-31`, `2026/3/31`, `2026.3.31`, `2026年3月31日` or `20260331`.
///
/// `Ok(None)` is no date at all; an error is one that the calendar does not have.
pub(super) fn date(text: &str) -> Result<Option<NaiveDate>, NoSuchDay> {
    let narrow: String = narrow(text.trim()).collect();
    let text = narrow.trim().trim_end_matches('日');
    let parts: Vec<&str> = if text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        match (text.get(..4), text.get(4..6), text.get(6..)) {
            (Some(year), Some(month), Some(day)) => vec![year, month, day],
            _ => return Ok(None),
        }
    } else {
        let separators: Vec<char> = text.chars().filter(|c| !c.is_ascii_digit()).collect();
        match *separators {
            ['-', '-'] | ['/', '/'] | ['.', '.'] | ['年', '月'] => {
                text.split(|c: char| !c.is_ascii_digit()).collect()
            }
            _ => return Ok(None),
        }
    };
    let [year, month, day] = *parts else { return Ok(None) };
    if year.len() != 4 || !(1..=2).contains(&month.len()) || !(1..=2).contains(&day.len()) {
        return Ok(None);
    }
    let (Ok(year), Ok(month), Ok(day)) = (year.parse(), month.parse(), day.parse()) else {
        return Ok(None);
    };
    NaiveDate::from_ymd_opt(year, month, day).map(Some).ok_or(NoSuchDay)
}

/// The calendar has no such day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoSuchDay;

/// A time of day: `8:30` or `08:30:15`.
pub(super) fn time(text: &str) -> Option<NaiveTime> {
    let narrow: String = narrow(text.trim()).collect();
    let text = narrow.trim();
    ["%H:%M", "%H:%M:%S", "%H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveTime::parse_from_str(text, format).ok())
}

/// A day and a time of day, with a space or a `T` between them; the day alone is its first moment.
pub(super) fn date_time(text: &str) -> Result<Option<NaiveDateTime>, NoSuchDay> {
    let text = text.trim();
    let (day, rest) = match text.split_once(['T', ' ']) {
        Some((day, rest)) => (day, Some(rest)),
        None => (text, None),
    };
    let Some(day) = date(day)? else { return Ok(None) };
    Ok(match rest {
        None => Some(day.and_time(NaiveTime::MIN)),
        Some(rest) => time(rest).map(|time| day.and_time(time)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_taken_only_where_it_can_be_no_other() {
        let units = ["万元".into()];
        let number = |text| number(text, &units);
        for (text, value) in [
            ("1200", 1200.0),
            (" 1,200 ", 1200.0),
            ("１，２００．５", 1200.5),
            ("-3.5", -3.5),
            ("120万元", 120.0),
            ("1.2E+3", 1200.0),
            ("12,345,678.9", 12_345_678.9),
        ] {
            assert_eq!(number(text), Some(value), "{text}");
        }
        for text in [
            "1,2",
            "1,20,000",
            "12万",
            "inf",
            "NaN",
            "--1",
            "",
            "1.2.3",
            "about 5",
            "1,234.5,678",
        ] {
            assert_eq!(number(text), None, "{text}");
        }
        assert_eq!(
            number("1e999"),
            Some(f64::INFINITY),
            "refused by the caller, with its own words"
        );
    }

    #[test]
    fn a_date_is_taken_only_with_the_year_first() {
        let day = NaiveDate::from_ymd_opt(2026, 3, 1);
        for text in [
            "2026-03-01",
            "2026/3/1",
            "2026.3.1",
            "2026年3月1日",
            "20260301",
            "２０２６-３-１",
        ] {
            assert_eq!(date(text), Ok(day), "{text}");
        }
        for text in ["1/3/2026", "03-01-26", "2026", "2026-3", "March 1 2026", "2026-3/1"] {
            assert_eq!(date(text), Ok(None), "{text}");
        }
        assert_eq!(date("2026-02-30"), Err(NoSuchDay));
        assert_eq!(
            date_time("2026-03-01 08:30"),
            Ok(day.and_then(|day| day.and_hms_opt(8, 30, 0)))
        );
        assert_eq!(time("24:00"), None);
    }
}
