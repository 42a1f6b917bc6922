//! Dates and times: reading them, writing them, and as days since 1970-01-01T00:00Z.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};

use super::environment::Environment;

const MILLISECONDS_PER_DAY: f64 = 86_400_000.0;

/// Whether text begins as a date does: four digits, a dash, a digit. Cheap, to be asked before parsing.
pub(super) fn looks_like_date(text: &str) -> bool {
    let mut bytes = text.trim_ascii_start().bytes();
    (0..4).all(|_| bytes.next().is_some_and(|byte| byte.is_ascii_digit()))
        && bytes.next() == Some(b'-')
        && bytes.next().is_some_and(|byte| byte.is_ascii_digit())
}

/// Reads `2026-3-1`, `2026-03-01T08:30`, with seconds, fractions and an offset or without. What has no offset is local
/// time. Also read is the form in which browsers write dates (`Sun Mar 01 2026 08:30:00 GMT+0800 (…)`).
pub(super) fn parse(text: &str, environment: &dyn Environment) -> Option<DateTime<FixedOffset>> {
    let text = text.trim();
    if !looks_like_date(text) {
        return parse_browser_date(text, environment);
    }
    let (date, time) = match text.find(['T', ' ']) {
        Some(at) => (text.get(..at)?, Some(text.get(at + 1..)?)),
        None => (text, None),
    };
    let date = parse_day(date)?;
    let Some(time) = time else {
        return Some(at_local(date.and_time(NaiveTime::MIN), environment));
    };
    let (time, offset) = parse_time(time)?;
    let moment = date.and_time(time);
    match offset {
        None => Some(at_local(moment, environment)),
        Some(offset) => Some(localised(offset.from_local_datetime(&moment).single()?, environment)),
    }
}

fn parse_day(text: &str) -> Option<NaiveDate> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let short = |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    if parts.next().is_some() || year.len() != 4 || !short(month) || !short(day) {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
}

/// Reads a time of day with or without seconds, fractions and an offset: `08:30`, `08:30:00.000+08:00`, `08:30:00Z`.
pub(super) fn parse_time(text: &str) -> Option<(NaiveTime, Option<FixedOffset>)> {
    let text = text.trim();
    let (clock, offset) = match text.find(['Z', '+', '-']) {
        Some(at) => (text.get(..at)?, Some(parse_offset(text.get(at..)?)?)),
        None => (text, None),
    };
    let two_digits = |part: &str| {
        (part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u32>().ok())
            .flatten()
    };
    let mut parts = clock.trim_end().split(':');
    let (hour, minute) = (two_digits(parts.next()?)?, two_digits(parts.next()?)?);
    let (second, millisecond) = match parts.next() {
        None => (0, 0),
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
            if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            let millisecond = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
            (two_digits(whole)?, millisecond)
        }
    };
    if parts.next().is_some() {
        return None;
    }
    Some((
        NaiveTime::from_hms_milli_opt(hour, minute, second, millisecond)?,
        offset,
    ))
}

fn parse_offset(text: &str) -> Option<FixedOffset> {
    if text == "Z" {
        return FixedOffset::east_opt(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let digits: String = text.get(1..)?.chars().filter(|c| *c != ':').collect();
    if !matches!(digits.len(), 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes: i32 = if digits.len() == 4 {
        digits.get(2..)?.parse().ok()?
    } else {
        0
    };
    (hours < 24 && minutes < 60)
        .then(|| FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)))
        .flatten()
}

fn parse_browser_date(text: &str, environment: &dyn Environment) -> Option<DateTime<FixedOffset>> {
    let text = text.split_once(" (").map_or(text, |(date, _)| date);
    DateTime::parse_from_str(text, "%a %b %d %Y %H:%M:%S GMT%z")
        .ok()
        .map(|moment| localised(moment, environment))
}

/// The moment of a local time.
pub(super) fn at_local(local: NaiveDateTime, environment: &dyn Environment) -> DateTime<FixedOffset> {
    let offset = environment.offset_at(local);
    // A fixed offset maps every local time to one moment; only the ends of the calendar have none.
    offset
        .from_local_datetime(&local)
        .single()
        .unwrap_or_else(|| offset.from_utc_datetime(&local))
}

/// The same moment in local time.
fn localised(moment: DateTime<FixedOffset>, environment: &dyn Environment) -> DateTime<FixedOffset> {
    let near = moment.naive_utc() + Duration::seconds(i64::from(environment.now().offset().local_minus_utc()));
    moment.with_timezone(&environment.offset_at(near))
}

/// Days since 1970-01-01T00:00Z, with fractions.
pub(super) fn days(moment: DateTime<FixedOffset>) -> f64 {
    moment.timestamp_millis() as f64 / MILLISECONDS_PER_DAY
}

/// The moment that so many days after 1970-01-01T00:00Z is; `None` outside the calendar.
pub(super) fn from_days(days: f64, environment: &dyn Environment) -> Option<DateTime<FixedOffset>> {
    let milliseconds = (days * MILLISECONDS_PER_DAY).round();
    if !milliseconds.is_finite() || milliseconds.abs() > 1e14 {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "within 1e14, checked above")]
    let moment = DateTime::from_timestamp_millis(milliseconds as i64)?;
    Some(localised(moment.fixed_offset(), environment))
}

/// A date as text: the date alone at midnight, else with its time and offset.
pub(super) fn text(moment: DateTime<FixedOffset>) -> String {
    if moment.time().num_seconds_from_midnight() == 0 && moment.time().nanosecond() == 0 {
        moment.format("%Y-%m-%d").to_string()
    } else {
        timestamp(moment)
    }
}

/// A moment as text with its time and offset: `2026-03-01T08:30:00.000+08:00`.
pub(super) fn timestamp(moment: DateTime<FixedOffset>) -> String {
    moment.format("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
}
