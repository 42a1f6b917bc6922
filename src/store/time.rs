//! Times in both databases: UTC, to the microsecond, which is what PostgreSQL keeps.

use chrono::{DateTime, NaiveDateTime, SubsecRound, Utc};

/// As a column holds it.
pub(super) fn stored(time: DateTime<Utc>) -> NaiveDateTime {
    time.naive_utc().trunc_subsecs(6)
}

/// As the program has it.
pub(super) fn read(time: NaiveDateTime) -> DateTime<Utc> {
    time.and_utc()
}
