//! The time zones of surveys.

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeZone as _, Utc};
use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase, TimeZoneName};

use super::place::nearest;

/// A time zone of the IANA database. The database is a part of the program, so that it is the same on every machine.
///
/// ```
/// use innogauge::definition::Zone;
///
/// assert_eq!(Zone::default().name(), "Asia/Shanghai");
/// assert_eq!(Zone::named("Asia/Shangai").unwrap_err(), "did you mean 'Asia/Shanghai'?");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone(TimeZone);

impl Default for Zone {
    /// Where a definition is silent.
    fn default() -> Self {
        // The database has it, which a test holds it to.
        Self::named("Asia/Shanghai").unwrap_or(Self(TimeZone::UTC))
    }
}

impl Zone {
    /// The zone of this name. The error says what would be right.
    pub fn named(name: &str) -> Result<Self, String> {
        let database = TimeZoneDatabase::bundled();
        // The database takes other capitals too, and has a name for no zone.
        let known = database.get(name).map(Self).ok().filter(|zone| zone.name() == name);
        known.ok_or_else(|| {
            let names: Vec<_> = database.available().collect();
            match nearest(name, names.iter().map(TimeZoneName::as_str)) {
                Some(near) => format!("did you mean '{near}'?"),
                None => "write a zone of the IANA database: Asia/Shanghai".to_owned(),
            }
        })
    }

    /// Its name in the database: `Asia/Shanghai`.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or_default()
    }

    /// A moment as clocks in the zone show it.
    pub fn at(&self, moment: DateTime<Utc>) -> DateTime<FixedOffset> {
        let offset = self.0.to_offset(timestamp(moment.naive_utc()));
        moment.with_timezone(&fixed(offset))
    }

    /// The moment at which clocks in the zone show a time, the first one where they show it twice; none where summer time
    /// skips it.
    pub fn moment(&self, local: NaiveDateTime) -> Option<DateTime<FixedOffset>> {
        self.offset(local)?.from_local_datetime(&local).single()
    }

    /// The offset from UTC at that moment.
    pub fn offset(&self, local: NaiveDateTime) -> Option<FixedOffset> {
        let shown = Offset::UTC.to_datetime(timestamp(local));
        match self.0.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                Some(fixed(offset))
            }
            AmbiguousOffset::Gap { .. } => None,
        }
    }
}

/// A time of UTC for the database, which knows the years to 9999: all years after that are like it.
fn timestamp(utc: NaiveDateTime) -> Timestamp {
    let seconds = utc.and_utc().timestamp();
    Timestamp::from_second(seconds).unwrap_or(if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

fn fixed(offset: Offset) -> FixedOffset {
    // No zone is a day away from UTC.
    FixedOffset::east_opt(offset.seconds()).unwrap_or(chrono::Offset::fix(&Utc))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    fn day(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    #[test]
    fn names_are_those_of_the_database_in_its_capitals() {
        for name in ["Asia/Shanghai", "Asia/Urumqi", "UTC", "America/Argentina/Buenos_Aires"] {
            assert_eq!(Zone::named(name).unwrap().name(), name);
        }
        for name in ["asia/shanghai", "Etc/Unknown", "", "+08:00"] {
            assert!(Zone::named(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_time_that_clocks_show_twice_is_the_first_and_one_that_they_skip_is_none() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        let shown = |date: NaiveDate| {
            let moment = berlin.moment(date.and_hms_opt(2, 30, 0).unwrap());
            moment.map(|moment| moment.to_rfc3339())
        };
        assert_eq!(shown(day(2026, 7, 1)).unwrap(), "2026-07-01T02:30:00+02:00");
        assert_eq!(shown(day(2026, 10, 25)).unwrap(), "2026-10-25T02:30:00+02:00");
        assert_eq!(shown(day(2026, 3, 29)), None);
    }

    #[test]
    fn a_moment_is_shown_in_the_zone() {
        let noon = day(1990, 7, 1).and_hms_opt(12, 0, 0).unwrap().and_utc();
        // China had summer time then.
        assert_eq!(Zone::default().at(noon).to_rfc3339(), "1990-07-01T21:00:00+09:00");
        let late = day(99_999, 7, 1).and_hms_opt(12, 0, 0).unwrap();
        assert_eq!(
            Zone::default().moment(late).unwrap().offset().local_minus_utc(),
            8 * 3600
        );
    }
}
