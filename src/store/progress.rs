//! Progress of the fieldwork, from counters that the database keeps and from the register: no answers are read.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Text};

use super::backend::on_backend;
use super::{Store, StoreError};
use crate::response::{Position, ReviewState};
use crate::scoring::median;

/// What progress is broken down by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Breakdown {
    /// Nothing: all in one row.
    #[default]
    Total,
    /// The city.
    City,
    /// The size class.
    Size,
    /// The day that responses arrived and visits were.
    Day,
    /// The member of the field team.
    Member,
}

impl Breakdown {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Total, Self::City, Self::Size, Self::Day, Self::Member];

    /// Its name in the API and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::City => "city",
            Self::Size => "size",
            Self::Day => "day",
            Self::Member => "member",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|breakdown| breakdown.name() == name)
    }
}

/// The upper ends of the classes of interview length, in minutes; the last class is open. The migration that counts
/// them has the same.
const CLASSES: [f64; 13] = [
    5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 75.0, 90.0, 120.0, 180.0,
];

/// Progress of one city, size class, day or member. What does not apply to it is `None`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ProgressRow {
    /// Which one; empty of the total, or where it is not known.
    pub key: String,
    /// Responses to be collected.
    pub target: Option<i64>,
    /// Organisations in the frame.
    pub registered: Option<i64>,
    /// Organisations drawn into a sample.
    pub sampled: Option<i64>,
    /// Organisations of the sample with a live response.
    pub answered: Option<i64>,
    /// Organisations that are given to somebody.
    pub assigned: Option<i64>,
    /// Organisations that were visited.
    pub visited: Option<i64>,
    /// Live responses: all but the rejected.
    pub received: i64,
    /// Those that were approved.
    pub approved: i64,
    /// Those that were returned and not mended since.
    pub returned: i64,
    /// Those with open problems, returned ones among them.
    pub has_issues: i64,
    /// Those that were rejected.
    pub rejected: i64,
    /// Questions that were asked in live responses.
    pub asked: i64,
    /// Of these, without an answer of substance.
    pub missing: i64,
    /// Of these, answered "don't know".
    pub dont_know: i64,
    /// Grids with at least four answers in live responses.
    pub grids: i64,
    /// Of these, with the same answer throughout.
    pub straight_lined: i64,
    /// The median distance from the organisations' addresses to where the live interviews were, in metres, where both are
    /// known.
    pub median_metres: Option<f64>,
    /// Live responses by class of length.
    lengths: [i64; 14],
}

impl ProgressRow {
    /// The median length of interviews, in minutes, read off their classes (of 5 minutes up to half an hour, of 10 to
    /// an hour); `None` where no length is known.
    pub fn median_minutes(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss, reason = "counts of responses are far below 2^52")]
        let half = self.lengths.iter().sum::<i64>() as f64 / 2.0;
        if half == 0.0 {
            return None;
        }
        let (mut below, mut from) = (0.0, 0.0);
        for (count, to) in self.lengths.iter().zip(CLASSES.into_iter().chain([360.0])) {
            #[allow(clippy::cast_precision_loss, reason = "counts of responses are far below 2^52")]
            let count = *count as f64;
            if below + count >= half && count > 0.0 {
                return Some(from + (to - from) * (half - below) / count);
            }
            below += count;
            from = to;
        }
        None
    }

    /// The share of questions asked without an answer of substance.
    pub fn missing_share(&self) -> Option<f64> {
        share(self.missing, self.asked)
    }

    /// The share of questions asked that were answered "don't know".
    pub fn dont_know_share(&self) -> Option<f64> {
        share(self.dont_know, self.asked)
    }

    /// The share of grids with the same answer throughout.
    pub fn straight_lined_share(&self) -> Option<f64> {
        share(self.straight_lined, self.grids)
    }

    /// The share of the sample that has a live response.
    pub fn response_rate(&self) -> Option<f64> {
        share(self.answered?, self.sampled?)
    }
}

#[allow(clippy::cast_precision_loss, reason = "counts of responses are far below 2^52")]
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The rows whose city is one of those in a list with commas; `*` is all. Parameters come in the order of first use.
const IN_CITIES: &str = "($3 = '*' OR replace(',' || $3 || ',', ',' || city || ',', '') <> ',' || $3 || ',')";

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Text)]
    state: String,
    /// The sums in the order of [`SUMS`], as text with commas: their number is above what a row may have.
    #[diesel(sql_type = Text)]
    sums: String,
}

/// The columns of the counters that are added up.
const SUMS: [&str; 21] = [
    "n",
    "returned",
    "asked",
    "missing",
    "dont_know",
    "grids",
    "straight_lined",
    "m0",
    "m1",
    "m2",
    "m3",
    "m4",
    "m5",
    "m6",
    "m7",
    "m8",
    "m9",
    "m10",
    "m11",
    "m12",
    "m13",
];

#[derive(QueryableByName)]
#[allow(clippy::struct_field_names, reason = "these are the names of the columns")]
struct Registered {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = BigInt)]
    registered: i64,
    #[diesel(sql_type = BigInt)]
    sampled: i64,
    #[diesel(sql_type = BigInt)]
    answered: i64,
    #[diesel(sql_type = BigInt)]
    assigned: i64,
    #[diesel(sql_type = BigInt)]
    visited: i64,
}

#[derive(QueryableByName)]
struct Located {
    #[diesel(sql_type = Text)]
    key: String,
    #[diesel(sql_type = Double)]
    latitude: f64,
    #[diesel(sql_type = Double)]
    longitude: f64,
    #[diesel(sql_type = Double)]
    address_latitude: f64,
    #[diesel(sql_type = Double)]
    address_longitude: f64,
}

impl Located {
    fn metres(&self) -> f64 {
        let at = |latitude, longitude| Position {
            latitude,
            longitude,
            accuracy: None,
        };
        at(self.latitude, self.longitude).metres_to(&at(self.address_latitude, self.address_longitude))
    }
}

impl Store {
    /// The progress of a survey in a round, in these cities or in all, by key.
    ///
    /// # Errors
    /// What the database says.
    pub fn progress(
        &self,
        round: &str,
        survey: &str,
        cities: Option<&[String]>,
        by: Breakdown,
    ) -> Result<Vec<ProgressRow>, StoreError> {
        let list = cities.map_or_else(|| "*".to_owned(), |cities| cities.join(","));
        let mut rows: BTreeMap<String, ProgressRow> = BTreeMap::new();
        for counted in self.counted(round, survey, &list, by)? {
            let sums: Result<Vec<i64>, _> = counted.sums.split(',').map(str::parse).collect();
            let sums = sums.map_err(|_| StoreError::Unreadable(format!("'{}' are no counts", counted.sums)))?;
            row(&mut rows, &counted.key).count(&counted.state, &sums);
        }
        for registered in self.registered(round, survey, &list, by)? {
            let row = row(&mut rows, &registered.key);
            row.registered = Some(registered.registered).filter(|_| by != Breakdown::Member);
            row.sampled = Some(registered.sampled);
            row.answered = Some(registered.answered);
            row.assigned = Some(registered.assigned);
            row.visited = Some(registered.visited);
        }
        if matches!(by, Breakdown::Total | Breakdown::City | Breakdown::Size) {
            for target in self.targets(round, survey)? {
                if cities.is_some_and(|cities| !cities.contains(&target.city)) {
                    continue;
                }
                let key = match by {
                    Breakdown::City => target.city.as_str(),
                    Breakdown::Size => target.size.as_str(),
                    _ => "",
                };
                *row(&mut rows, key).target.get_or_insert(0) += target.count;
            }
        }
        for (key, metres) in self.distances(round, survey, &list, by)? {
            row(&mut rows, &key).median_metres = median(&metres);
        }
        Ok(rows.into_values().collect())
    }

    /// How far each live response with a position was from its organisation's address, in metres, by key.
    fn distances(
        &self,
        round: &str,
        survey: &str,
        cities: &str,
        by: Breakdown,
    ) -> Result<BTreeMap<String, Vec<f64>>, StoreError> {
        let key = match by {
            Breakdown::Total => "CAST('' AS TEXT)",
            Breakdown::City => "coalesce(r.city, '')",
            Breakdown::Size => "coalesce(r.size, '')",
            Breakdown::Day => "r.quality ->> 'day'",
            Breakdown::Member => "coalesce(r.sender, '')",
        };
        let of_position = |member: &str| format!("CAST(r.quality -> 'position' ->> '{member}' AS DOUBLE PRECISION)");
        let statement = format!(
            "SELECT {key} AS key, {} AS latitude, {} AS longitude,
             o.latitude AS address_latitude, o.longitude AS address_longitude
             FROM organisations o JOIN responses r
             ON r.round = o.round AND r.survey = o.survey AND r.organisation = 'code:' || o.code
             WHERE o.round = $1 AND o.survey = $2 AND {} AND o.latitude IS NOT NULL AND o.longitude IS NOT NULL
             AND r.quality -> 'position' ->> 'latitude' IS NOT NULL AND NOT r.test AND r.state <> 'rejected'",
            of_position("latitude"),
            of_position("longitude"),
            IN_CITIES.replace("city", "o.city"),
        );
        let located: Vec<Located> = self.read(|connection| {
            Ok(on_backend!(connection, |c| diesel::sql_query(&statement)
                .bind::<Text, _>(round)
                .bind::<Text, _>(survey)
                .bind::<Text, _>(cities)
                .load(c))?)
        })?;
        let mut metres: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for one in located {
            metres.entry(one.key.clone()).or_default().push(one.metres());
        }
        Ok(metres)
    }

    fn counted(&self, round: &str, survey: &str, cities: &str, by: Breakdown) -> Result<Vec<Counted>, StoreError> {
        let key = match by {
            Breakdown::Total => "CAST('' AS TEXT)",
            Breakdown::City => "city",
            Breakdown::Size => "size",
            Breakdown::Day => "day",
            Breakdown::Member => "sender",
        };
        let sums: Vec<String> = SUMS.iter().map(|sum| format!("CAST(sum({sum}) AS TEXT)")).collect();
        let statement = format!(
            "SELECT {key} AS key, state, {} AS sums FROM progress_counts
             WHERE round = $1 AND survey = $2 AND {IN_CITIES} GROUP BY 1, 2",
            sums.join(" || ',' || ")
        );
        self.read(|connection| {
            Ok(on_backend!(connection, |c| diesel::sql_query(&statement)
                .bind::<Text, _>(round)
                .bind::<Text, _>(survey)
                .bind::<Text, _>(cities)
                .load(c))?)
        })
    }

    fn registered(
        &self,
        round: &str,
        survey: &str,
        cities: &str,
        by: Breakdown,
    ) -> Result<Vec<Registered>, StoreError> {
        let key = match by {
            Breakdown::Total => "CAST('' AS TEXT)",
            Breakdown::City => "o.city",
            Breakdown::Size => "coalesce(o.size, '')",
            Breakdown::Member => "coalesce(a.member, '')",
            // Organisations have no day.
            Breakdown::Day => return Ok(Vec::new()),
        };
        let sampled = "EXISTS (SELECT 1 FROM sample_members m JOIN samples s ON s.id = m.sample_id
             WHERE m.organisation_id = o.id AND s.withdrawn_at IS NULL AND NOT m.reserve)";
        let answered = "EXISTS (SELECT 1 FROM responses r WHERE r.round = o.round AND r.survey = o.survey
             AND r.organisation = 'code:' || o.code AND NOT r.test AND r.state <> 'rejected')";
        let count = |condition: &str| format!("CAST(sum(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT)");
        let statement = format!(
            "SELECT {key} AS key, CAST(count(*) AS BIGINT) AS registered, {} AS sampled, {} AS answered,
             {} AS assigned, {} AS visited
             FROM organisations o LEFT JOIN assignments a ON a.organisation_id = o.id AND a.ended_at IS NULL
             WHERE o.round = $1 AND o.survey = $2 AND {} AND o.in_frame GROUP BY 1",
            count(sampled),
            count(&format!("{sampled} AND {answered}")),
            count("a.id IS NOT NULL"),
            count("EXISTS (SELECT 1 FROM visits v WHERE v.organisation_id = o.id)"),
            IN_CITIES.replace("city", "o.city"),
        );
        self.read(|connection| {
            Ok(on_backend!(connection, |c| diesel::sql_query(&statement)
                .bind::<Text, _>(round)
                .bind::<Text, _>(survey)
                .bind::<Text, _>(cities)
                .load(c))?)
        })
    }
}

fn row<'r>(rows: &'r mut BTreeMap<String, ProgressRow>, key: &str) -> &'r mut ProgressRow {
    rows.entry(key.to_owned()).or_insert_with(|| ProgressRow {
        key: key.to_owned(),
        ..ProgressRow::default()
    })
}

impl ProgressRow {
    /// Adds the responses in a state.
    fn count(&mut self, state: &str, sums: &[i64]) {
        let [
            n,
            returned,
            asked,
            missing,
            dont_know,
            grids,
            straight_lined,
            lengths @ ..,
        ] = sums
        else {
            return;
        };
        if state == ReviewState::Rejected.name() {
            self.rejected += n;
            return;
        }
        self.received += n;
        self.returned += returned;
        if state == ReviewState::Approved.name() {
            self.approved += n;
        } else if state == ReviewState::HasIssues.name() {
            self.has_issues += n;
        }
        self.asked += asked;
        self.missing += missing;
        self.dont_know += dont_know;
        self.grids += grids;
        self.straight_lined += straight_lined;
        for (length, more) in self.lengths.iter_mut().zip(lengths) {
            *length += more;
        }
    }
}
