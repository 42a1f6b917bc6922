//! From totals to the indicator table: actor types combined, thin cells left out, everything else said.

use indexmap::IndexMap;

use super::tally::{PartTotal, Tally};
use crate::scoring::cell::{Cell, CellPart, CellStatus};
use crate::scoring::error::ScoringError;
use crate::scoring::framework::{Absent, Framework, Indicator, Origin, Part, Target};
use crate::scoring::note::{Note, NoteCode};
use crate::scoring::options::Responses;
use crate::scoring::scales::{self, Scales};
use crate::scoring::series::Series;
use crate::scoring::table::Table;
use crate::scoring::weighting::Weighting;

/// The indicator table computed from answers and official figures, and how each figure came about.
#[derive(Debug, Clone)]
pub struct Estimates {
    /// The units by indicators (and by the official figures that denominators and targets name).
    pub table: Table,
    /// For each indicator that is computed from answers, a cell per unit.
    pub cells: IndexMap<String, Vec<Cell>>,
    /// By unit and survey, how respondents stand for the organisations of the register.
    pub weightings: Vec<Weighting>,
    /// How reliable the scales are among the respondents.
    pub scales: Scales,
    /// What a reader must know.
    pub notes: Vec<Note>,
    /// How many responses were counted.
    pub responses: u64,
    /// A hash of the set of responses and their versions.
    pub responses_hash: String,
}

impl Estimates {
    /// Makes the table of these units, in their order, from what was tallied and from the official figures (one row
    /// per unit).
    pub fn new(
        framework: &Framework,
        tally: &Tally,
        units: &[String],
        statistics: Option<&Table>,
        options: &Responses,
    ) -> Result<Self, ScoringError> {
        let mut table = Table::new("the indicator table", units.to_vec());
        let mut cells: IndexMap<String, Vec<Cell>> = IndexMap::new();
        let mut notes = Vec::new();
        let mut number = 0;
        for (_, element, indicator) in framework.indicators() {
            let column = indicator.column(&element.id);
            match &indicator.origin {
                Origin::Column(_) | Origin::Statistics(_) => {
                    table = table.with_numbers(column, &official(statistics, column, units)?);
                }
                Origin::Answers { parts, absent, .. } => {
                    let numbers = number..number + parts.len();
                    number += parts.len();
                    let found: Vec<(Option<f64>, Cell)> = units
                        .iter()
                        .map(|unit| {
                            let totals = tally.find(unit).and_then(|totals| totals.get(numbers.clone()));
                            let (value, mut cell) = combined(parts, totals.unwrap_or_default(), *absent, options);
                            for (shown, part) in cell.parts.iter_mut().zip(parts) {
                                shown.listed = tally
                                    .listed(unit, part)
                                    .map(|listed| f64::from(shown.respondents) / listed as f64);
                            }
                            (value, cell)
                        })
                        .collect();
                    let values: Series = found.iter().map(|(value, _)| *value).collect();
                    table = table.with_numbers(&element.id, &values);
                    let column: Vec<Cell> = found.into_iter().map(|(_, cell)| cell).collect();
                    notes.extend(cell_notes(&element.id, &column, units));
                    cells.insert(element.id.clone(), column);
                }
            }
            let target = match &indicator.target {
                Some(Target::Column(column)) => Some(column.as_str()),
                _ => None,
            };
            for column in [indicator.denominator.as_deref(), target].into_iter().flatten() {
                if statistics.is_some_and(|statistics| statistics.has(column)) && !table.has(column) {
                    table = table.with_numbers(column, &official(statistics, column, units)?);
                }
            }
        }
        let assessed: Vec<&str> = units.iter().map(String::as_str).collect();
        let scales = scales::scales(framework, tally, &assessed);
        notes.extend(general_notes(tally, units));
        let responses = tally.response_set();
        Ok(Self {
            table,
            cells,
            weightings: weightings(tally, units),
            scales,
            notes,
            responses: responses.count,
            responses_hash: responses.hash(),
        })
    }
}

impl Estimates {
    /// How the figure of one indicator would come about in a unit; `None` of one that is not computed from answers.
    pub(in crate::scoring) fn cell_of(
        framework: &Framework,
        tally: &Tally,
        indicator: &str,
        unit: &str,
        options: &Responses,
    ) -> Option<Cell> {
        let mut number = 0;
        for (_, element, indicator_of) in framework.indicators() {
            let Origin::Answers { parts, absent, .. } = &indicator_of.origin else {
                continue;
            };
            let numbers = number..number + parts.len();
            number += parts.len();
            if element.id == indicator {
                let totals = tally.find(unit).and_then(|totals| totals.get(numbers));
                return Some(combined(parts, totals.unwrap_or_default(), *absent, options).1);
            }
        }
        None
    }
}

/// A unit's figure of one indicator, and how it comes about.
pub(in crate::scoring) struct IndicatorFigure {
    /// In natural units; `None` where it is missing.
    pub value: Option<f64>,
    /// How it comes about.
    pub cell: Cell,
}

/// By indicator the figure of one unit from the totals of its parts; `None` of those that are not computed from answers.
pub(super) fn figures(
    framework: &Framework,
    totals: &[PartTotal],
    options: &Responses,
) -> Vec<Option<IndicatorFigure>> {
    let mut number = 0;
    let figure = |indicator: &Indicator| {
        let Origin::Answers { parts, absent, .. } = &indicator.origin else {
            return None;
        };
        let numbers = number..number + parts.len();
        number += parts.len();
        let totals = totals.get(numbers).unwrap_or_default();
        let (value, cell) = combined(parts, totals, *absent, options);
        Some(IndicatorFigure { value, cell })
    };
    framework
        .indicators()
        .map(|(.., indicator)| indicator)
        .map(figure)
        .collect()
}

/// How respondents stand for the register, in the order of the units.
fn weightings(tally: &Tally, units: &[String]) -> Vec<Weighting> {
    let all = tally
        .calibration()
        .map_or(&[][..], |calibration| &calibration.weightings);
    let known = |weighting: &&Weighting| units.contains(&weighting.unit);
    let mut found: Vec<Weighting> = all.iter().filter(known).cloned().collect();
    let place = |weighting: &Weighting| units.iter().position(|unit| *unit == weighting.unit);
    found.sort_by(|one, other| {
        place(one)
            .cmp(&place(other))
            .then_with(|| one.survey.cmp(&other.survey))
    });
    found
}

/// An official figure for each unit; missing where there is none.
fn official(statistics: Option<&Table>, column: &str, units: &[String]) -> Result<Series, ScoringError> {
    let Some(statistics) = statistics.filter(|statistics| statistics.has(column)) else {
        return Ok(Series::missing(units.len()));
    };
    let figures = statistics.numbers(column).map_err(ScoringError::Table)?;
    let row = |unit: &String| statistics.units().iter().position(|known| known == unit);
    Ok(units
        .iter()
        .map(|unit| row(unit).and_then(|row| figures.get(row)))
        .collect())
}

/// A unit's figure of one indicator from its totals, one per actor type; `totals` is empty where nobody answered.
fn combined(parts: &[Part], totals: &[PartTotal], absent: Absent, options: &Responses) -> (Option<f64>, Cell) {
    let nobody = PartTotal::default();
    let (mut sum, mut shares) = (0.0, 0.0);
    let (mut thin, mut flagged, mut used, mut zeros) = (false, false, false, false);
    let mut shown = Vec::with_capacity(parts.len());
    for (position, part) in parts.iter().enumerate() {
        let total = totals.get(position).unwrap_or(&nobody);
        let value = total.value(part.measure.kind, part.measure.scale);
        shown.push(cell_part(part, total, value));
        match Standing::of(part, total, value, options) {
            Standing::Absent => {
                if absent == Absent::Zero {
                    shares += part.share;
                    zeros = true;
                }
            }
            Standing::Used(value) => {
                sum += part.share * value;
                shares += part.share;
                used = true;
                flagged |= part.confidential && total.base < options.flag_below;
            }
            Standing::Thin => thin = true,
        }
    }
    let value = (used || zeros && !thin)
        .then(|| sum / shares)
        .filter(|value| value.is_finite());
    let status = match value {
        Some(_) if thin => CellStatus::Partial,
        Some(_) if flagged => CellStatus::Flagged,
        Some(_) => CellStatus::Published,
        None if thin => CellStatus::TooFew,
        None => CellStatus::Absent,
    };
    (
        value,
        Cell {
            status,
            parts: shown,
            cv: None,
        },
    )
}

/// What one actor type does for a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Standing {
    /// Nobody of it answered.
    Absent,
    /// It is in the figure with this value.
    Used(f64),
    /// Too few of it are in the base.
    Thin,
}

impl Standing {
    pub fn of(part: &Part, total: &PartTotal, value: Option<f64>, options: &Responses) -> Self {
        let minimum = if part.confidential { options.minimum } else { 1 };
        match value {
            _ if total.respondents == 0 => Self::Absent,
            Some(value) if total.base >= minimum.max(1) => Self::Used(value),
            _ => Self::Thin,
        }
    }
}

fn cell_part(part: &Part, total: &PartTotal, value: Option<f64>) -> CellPart {
    let of = total.of.value();
    let [first, second] = total.greatest;
    let share = |amount: f64| (of > 0.0).then(|| amount / of).filter(|share| share.is_finite());
    CellPart {
        actor: part.actor.clone(),
        share: part.share,
        value,
        respondents: total.respondents,
        base: total.base,
        unknown: total.unknown,
        weight: total.weight.value(),
        largest: share(first),
        two_largest: share(first + second),
        listed: None,
    }
}

fn cell_notes(indicator: &str, cells: &[Cell], units: &[String]) -> Vec<Note> {
    let with = |status: CellStatus| -> Vec<String> {
        cells
            .iter()
            .zip(units)
            .filter(|(cell, _)| cell.status == status)
            .map(|(_, unit)| unit.clone())
            .collect()
    };
    [
        (
            CellStatus::Flagged,
            NoteCode::FewRespondents,
            "rests on few respondents",
        ),
        (
            CellStatus::TooFew,
            NoteCode::TooFewRespondents,
            "missing: too few respondents",
        ),
        (
            CellStatus::Partial,
            NoteCode::PartlyAnswered,
            "an actor type that the unit has did not answer enough",
        ),
        (
            CellStatus::Absent,
            NoteCode::ActorAbsent,
            "nobody of the actor types answered there",
        ),
    ]
    .into_iter()
    .filter_map(|(status, code, message)| {
        let at = with(status);
        (!at.is_empty()).then(|| Note::new(code, message).of(indicator).at(at))
    })
    .collect()
}

fn general_notes(tally: &Tally, units: &[String]) -> Vec<Note> {
    let mut notes = Vec::new();
    let strange: Vec<String> = tally
        .units()
        .into_iter()
        .filter(|unit| !units.iter().any(|known| known == unit))
        .map(str::to_owned)
        .collect();
    if !strange.is_empty() {
        let message = "responses of units that are not assessed were left out";
        notes.push(Note::new(NoteCode::WithoutUnit, message).at(strange));
    }
    if tally.unreadable() > 0 {
        let message = format!("{} responses could not be used", tally.unreadable());
        notes.push(Note::new(NoteCode::Unreadable, message));
    }
    if let Some(calibration) = tally.calibration() {
        notes.extend(calibration.notes.iter().cloned());
    } else if tally.responses() > 0 && !tally.is_weighted() {
        let message = "no sampling weights were given: every respondent counts the same";
        notes.push(Note::new(NoteCode::UnitWeights, message));
    }
    notes
}
