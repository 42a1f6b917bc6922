//! What the answers of a response say of how it was collected: worked out once, at arrival.
//!
//! Supervisors watch thousands of responses by these facts, so none of them may need the answers again. A fact is a
//! count or a measure; what is too short, too far or too often is a rule of those who watch, not of this file.

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::answers::{Answers, InstanceId};
use super::form::Form;
use super::value::{Answer, Value};
use crate::definition::{Companion, Definition, Element, ElementId, MissingCode, QuestionType};

/// From how many statements on one scale a group of them is a grid.
const LEAST_GRID: usize = 4;

/// How a response was collected, as its answers tell.
///
/// Questions are those that a person is asked: no notes, calculations, acknowledgements or records of the client. A
/// question in a repeat counts once per instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quality {
    /// The day it arrived, by the survey's time zone.
    pub day: Option<NaiveDate>,
    /// When the interview began, as the client recorded it.
    pub started: Option<DateTime<FixedOffset>>,
    /// How long the interview took, in seconds: without its pauses where its log came, else from its beginning to its
    /// end where the client recorded both.
    pub seconds: Option<i64>,
    /// How many questions were to be asked.
    pub asked: i64,
    /// How many of them have neither an answer nor a reason.
    pub unanswered: i64,
    /// How many were answered "don't know".
    pub dont_know: i64,
    /// How many were answered "refused".
    pub refused: i64,
    /// How many were answered "not applicable".
    pub not_applicable: i64,
    /// How many grids (four statements or more on one scale) have at least four answers.
    pub grids: i64,
    /// How many of these grids have the same answer to every statement.
    pub straight_lined: i64,
    /// Where the interview was.
    pub position: Option<Position>,
}

/// A point on the earth.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
    /// How exact the client held it to be, in metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
}

/// Why numbers name no point on the earth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("give both latitude (-90 to 90) and longitude (-180 to 180)")]
pub struct NoPosition;

impl Position {
    /// A point from its numbers; `None` where none is given.
    ///
    /// # Errors
    /// [`NoPosition`] where only one is given, or one is out of its bounds.
    pub fn within_bounds(
        latitude: Option<f64>,
        longitude: Option<f64>,
        accuracy: Option<f64>,
    ) -> Result<Option<Self>, NoPosition> {
        match (latitude, longitude) {
            (None, None) => Ok(None),
            (Some(latitude), Some(longitude)) if latitude.abs() <= 90.0 && longitude.abs() <= 180.0 => Ok(Some(Self {
                latitude,
                longitude,
                accuracy,
            })),
            _ => Err(NoPosition),
        }
    }
}

/// What of a form the quality of its responses is read from.
#[derive(Debug)]
pub(super) struct QualityPlan {
    asked: Vec<ElementId>,
    grids: Vec<Vec<ElementId>>,
    start: Option<ElementId>,
    end: Option<ElementId>,
    /// Points, the asked ones before those that the client records by itself.
    points: Vec<ElementId>,
}

impl QualityPlan {
    pub fn of(definition: &Definition) -> Self {
        let first = |wanted: &QuestionType| {
            definition
                .questions()
                .find(|(element, kind)| *kind == wanted && definition.repeat_around(element.id).is_none())
                .map(|(element, _)| element.id)
        };
        let all = |wanted: QuestionType| {
            definition
                .questions()
                .filter(move |(_, kind)| **kind == wanted)
                .map(|(element, _)| element.id)
        };
        Self {
            asked: definition
                .questions()
                .filter(|(element, kind)| is_asked(element, kind))
                .map(|(element, _)| element.id)
                .collect(),
            grids: grids(definition),
            start: first(&QuestionType::Start),
            end: first(&QuestionType::End),
            points: all(QuestionType::Geopoint)
                .chain(all(QuestionType::StartGeopoint))
                .chain(all(QuestionType::BackgroundGeopoint))
                .collect(),
        }
    }
}

fn is_asked(element: &Element, kind: &QuestionType) -> bool {
    kind.is_asked()
        && *kind != QuestionType::Acknowledge
        && element.read_only.is_none()
        && element.calculation.is_none()
        && !matches!(
            element.companion,
            Some(Companion::Missing { .. } | Companion::Warning { .. } | Companion::Other { .. })
        )
}

/// The groups of statements on one scale.
fn grids(definition: &Definition) -> Vec<Vec<ElementId>> {
    let mut by_scale: HashMap<(Option<ElementId>, &str), Vec<ElementId>> = HashMap::new();
    for (element, kind) in definition.questions() {
        if let (QuestionType::SelectOne(select), None) = (kind, definition.repeat_around(element.id))
            && let Some(list) = select.list()
        {
            by_scale.entry((element.parent, list)).or_default().push(element.id);
        }
    }
    let mut grids: Vec<Vec<ElementId>> = by_scale
        .into_values()
        .filter(|statements| statements.len() >= LEAST_GRID)
        .collect();
    grids.sort();
    grids
}

impl Quality {
    /// Reads the facts off the answers in force of a response that arrived at that time.
    pub fn of(answers: &Answers, received_at: DateTime<Utc>) -> Self {
        let form = answers.form();
        let plan = form.quality();
        let recorded = |question: Option<ElementId>| match answers.received(InstanceId::ROOT, question?).value() {
            Some(Value::DateTime(moment)) => Some(*moment),
            _ => None,
        };
        let (started, ended) = (recorded(plan.start), recorded(plan.end));
        let mut quality = Self {
            day: Some(form.timezone().at(received_at).date_naive()),
            started,
            // A clock that was set back meanwhile measures nothing.
            seconds: started
                .zip(ended)
                .map(|(start, end)| (end - start).num_seconds())
                .filter(|seconds| *seconds >= 0),
            position: plan
                .points
                .iter()
                .flat_map(|question| answers.all(*question))
                .find_map(Position::of),
            ..Self::default()
        };
        for answer in plan.asked.iter().flat_map(|question| answers.all(*question)) {
            quality.count(answer);
        }
        for grid in &plan.grids {
            quality.count_grid(answers, grid);
        }
        quality
    }

    /// How many questions that were asked have no answer of substance: nothing, "don't know" or "refused".
    pub fn missing(&self) -> i64 {
        self.unanswered + self.dont_know + self.refused
    }

    fn count(&mut self, answer: &Answer) {
        match answer {
            Answer::NotAsked => return,
            Answer::Answered(_) => {}
            Answer::Unanswered => self.unanswered += 1,
            Answer::Missing(MissingCode::DontKnow) => self.dont_know += 1,
            Answer::Missing(MissingCode::Refused) => self.refused += 1,
            Answer::Missing(MissingCode::NotApplicable) => self.not_applicable += 1,
        }
        self.asked += 1;
    }

    fn count_grid(&mut self, answers: &Answers, grid: &[ElementId]) {
        let chosen: Vec<&Value> = grid
            .iter()
            .filter_map(|question| answers.in_instance(InstanceId::ROOT, *question).value())
            .collect();
        if chosen.len() >= LEAST_GRID {
            self.grids += 1;
            if chosen.iter().all(|value| Some(value) == chosen.first()) {
                self.straight_lined += 1;
            }
        }
    }
}

impl Position {
    /// The first point of a place as XForms writes it: `lat lon altitude accuracy`.
    fn of(answer: &Answer) -> Option<Self> {
        let Value::Geo(text) = answer.value()? else {
            return None;
        };
        let point = text.split(';').next()?;
        let mut numbers = point.split_whitespace().map(str::parse::<f64>);
        let mut next = || numbers.next().and_then(Result::ok).filter(|number| number.is_finite());
        let (latitude, longitude) = (next()?, next()?);
        next();
        Some(Self {
            latitude,
            longitude,
            // A point that was set on a map has an accuracy of 0: nothing was measured.
            accuracy: next().filter(|accuracy| *accuracy > 0.0),
        })
    }

    /// The distance to another point along the surface, in metres (haversine on a sphere of 6,371,008.8 m: within
    /// 0.6 % of the ellipsoid).
    ///
    /// ```
    /// use innogauge::response::Position;
    ///
    /// let yichun = Position { latitude: 47.7275, longitude: 128.8411, accuracy: None };
    /// let hegang = Position { latitude: 47.3496, longitude: 130.2978, accuracy: None };
    /// assert_eq!((yichun.metres_to(&hegang) / 1000.0).round(), 117.0);
    /// ```
    pub fn metres_to(&self, other: &Self) -> f64 {
        const RADIUS: f64 = 6_371_008.8;
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let (north, east) = (other.latitude - self.latitude, other.longitude - self.longitude);
        let chord = half(north) + self.latitude.to_radians().cos() * other.latitude.to_radians().cos() * half(east);
        2.0 * RADIUS * chord.clamp(0.0, 1.0).sqrt().asin()
    }
}

impl Form {
    /// What the quality of responses is read from.
    fn quality(&self) -> &QualityPlan {
        &self.quality
    }
}
