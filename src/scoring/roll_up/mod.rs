//! Roll-ups: a place together with the places that lie in it, scored beside the ranked units and never ranked with them.
//!
//! In flow the tally of an assessment and the places that count together; out flows the section `roll_ups`. Its
//! indicators are estimated from the respondents of the place and of its parts together, each with its final weight; no
//! scores are averaged. Frame and weights are those of the assessment, to which a roll-up adds nothing.

mod hidden;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use hidden::{HiddenRollUps, hidden_roll_ups};

use super::analyse::Subject;
use super::assessment::Assessment;
use super::beside::{Beside, OwnFigure, ScoredBeside, why_not};
use super::cell::Cell;
use super::coverage::coverage;
use super::error::ScoringError;
use super::estimate::{Estimates, Tally};
use super::framework::{Framework, Indicator, Origin, Target};
use super::note::{Note, NoteCode};
use super::options::{NormaliseMethod, Options, ScreenMethod};
use super::screen::enough;
use super::series::Series;
use super::table::Table;

use hidden::gives_part_away;

/// A place and its parts, to be scored together.
#[derive(Debug, Clone)]
pub struct Together {
    /// The id of the place.
    pub place: String,
    /// The ids of its parts.
    pub parts: Vec<String>,
    /// Whether official figures of the place are of the place with its parts.
    pub figures_include_parts: bool,
}

impl Together {
    /// The place and its parts.
    fn members(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.place).chain(&self.parts).map(String::as_str)
    }
}

/// The section `roll_ups` of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RollUps {
    /// The places, by their ids: each stands here for itself and its parts together.
    pub units: Vec<String>,
    /// For each of them the parts that count in it.
    pub parts: Vec<Vec<String>>,
    /// By indicator the figures, in natural units.
    pub raw: IndexMap<String, Series>,
    /// The score of each element in the frame of the assessment; an indicator's is its normalised value.
    pub scores: IndexMap<String, Series>,
    /// The share (0 to 1) of the indicators below each element that each has.
    pub coverage: IndexMap<String, Series>,
    /// By indicator that is computed from answers, how each figure came about.
    pub cells: IndexMap<String, Vec<Cell>>,
    /// By indicator, for each of them whether it counts a place that is no unit of the assessment and whose own figure
    /// would give a respondent away; indicators without any are absent.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub gives_away: IndexMap<String, Vec<bool>>,
    /// What a reader must know.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<Note>,
}

/// Scores the roll-ups of an assessment of places, and adds them to it. `official` has a row for each of their places.
///
/// # Errors
/// What the figures or their aggregation say.
pub fn roll_up(
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    tally: &Tally,
    together: &[Together],
    official: &Table,
) -> Result<(), ScoringError> {
    let Subject { framework, options, .. } = *subject;
    if together.is_empty() {
        return Ok(());
    }
    let groups = together
        .iter()
        .map(|group| (group.place.as_str(), group.members().collect()));
    let rolled = tally.rolled_up(groups);
    let units: Vec<String> = together.iter().map(|group| group.place.clone()).collect();
    let known = known_figures(framework, official, together)?;
    let estimates = Estimates::new(framework, &rolled, &units, Some(&known), &options.responses)?;
    let mut notes = estimates.notes;
    notes.extend(unknown_figures(framework, options, together));
    let raw: IndexMap<String, Series> = framework
        .indicators()
        .map(|(_, element, indicator)| {
            let figures = estimates.table.numbers(indicator.column(&element.id));
            Ok((element.id.clone(), figures.map_err(ScoringError::Table)?))
        })
        .collect::<Result<_, ScoringError>>()?;
    let scores = scores(assessment, subject, &estimates.table, &raw, &mut notes)?;
    let gives_away = framework
        .indicators()
        .filter_map(|(_, element, indicator)| {
            let found = together.iter().map(|group| {
                let mut unlisted = group
                    .members()
                    .filter(|it| !assessment.units.iter().any(|unit| unit == it));
                let about = (element.id.as_str(), indicator);
                unlisted.any(|member| gives_part_away(framework, about, tally, member, &options.responses))
            });
            let found: Vec<bool> = found.collect();
            found.contains(&true).then(|| (element.id.clone(), found))
        })
        .collect();
    assessment.roll_ups = Some(RollUps {
        coverage: coverages(framework, assessment, &raw, units.len()),
        parts: together.iter().map(|group| group.parts.clone()).collect(),
        units,
        raw,
        scores,
        cells: estimates.cells,
        gives_away,
        notes,
    });
    Ok(())
}

/// The official figures of those places whose figures are known to include their parts.
fn known_figures(framework: &Framework, official: &Table, together: &[Together]) -> Result<Table, ScoringError> {
    let units: Vec<String> = together.iter().map(|group| group.place.clone()).collect();
    let mut known = Table::new(official.name(), units);
    for column in official_columns(framework).filter(|column| official.has(column)) {
        let figures = official.numbers(column).map_err(ScoringError::Table)?;
        let of_place = |group: &Together| {
            let row = official.units().iter().position(|unit| *unit == group.place)?;
            figures.get(row).filter(|_| group.figures_include_parts)
        };
        let series: Series = together.iter().map(of_place).collect();
        if !known.has(column) {
            known = known.with_numbers(column, &series);
        }
    }
    Ok(known)
}

/// The columns that indicators, their denominators and their targets take from official figures.
fn official_columns(framework: &Framework) -> impl Iterator<Item = &str> {
    framework.indicators().flat_map(|(_, element, indicator)| {
        let own = match indicator.origin {
            Origin::Answers { .. } => None,
            Origin::Column(_) | Origin::Statistics(_) => Some(indicator.column(&element.id)),
        };
        [own, indicator.denominator.as_deref(), target_column(indicator)]
            .into_iter()
            .flatten()
    })
}

fn target_column(indicator: &Indicator) -> Option<&str> {
    match &indicator.target {
        Some(Target::Column(column)) => Some(column),
        Some(Target::Number(_)) | None => None,
    }
}

/// The note on places whose official figures are left out.
fn unknown_figures(framework: &Framework, options: &Options, together: &[Together]) -> Option<Note> {
    let targets = options.normalise.method == NormaliseMethod::DistanceToTarget;
    let needs = |indicator: &Indicator| {
        !matches!(indicator.origin, Origin::Answers { .. })
            || (options.denominate && indicator.denominator.is_some())
            || (targets && target_column(indicator).is_some())
    };
    let needed = framework.indicators().any(|(.., indicator)| needs(indicator));
    let unknown = together.iter().filter(|group| !group.figures_include_parts);
    let units: Vec<String> = unknown.map(|group| group.place.clone()).collect();
    let message = "official figures of the place with its parts are not known: missing (figures_include_parts in places.yaml \
                   says that those of the place are)";
    (needed && !units.is_empty()).then(|| Note::new(NoteCode::OfficialUnknown, message).at(units))
}

/// The scores of all elements; all missing, and said, where the methods have no place beside the units.
fn scores(
    assessment: &Assessment,
    subject: &Subject<'_>,
    table: &Table,
    raw: &IndexMap<String, Series>,
    notes: &mut Vec<Note>,
) -> Result<IndexMap<String, Series>, ScoringError> {
    let Subject { framework, options, .. } = *subject;
    let units = table.units();
    let mut columns = vec![vec![f64::NAN; units.len()]; framework.elements().len()];
    if let Some(reason) = why_not(options) {
        let message = format!("roll-ups have no scores: {reason}");
        notes.push(Note::new(NoteCode::NotBeside, message).at(units.to_vec()));
        return Ok(by_element(framework, columns));
    }
    let beside = Beside::of(assessment, subject)?;
    let against = Columns::of(framework, options, table)?;
    for (row, unit) in units.iter().enumerate() {
        let figures: Vec<OwnFigure> = raw.values().enumerate().map(|at| against.figure(at, row)).collect();
        let present = figures.iter().filter(|figure| !figure.value.is_nan()).count();
        if options.screen.method != ScreenMethod::None && !enough(present, figures.len(), options.screen.min_available)
        {
            let message = "no score: too few of its indicators are available";
            notes.push(Note::new(NoteCode::ScreenedOut, message).at(vec![unit.clone()]));
            continue;
        }
        let ScoredBeside { scores, without_place } = beside.outside(unit, &figures)?;
        for (column, score) in columns.iter_mut().zip(scores) {
            if let Some(slot) = column.get_mut(row) {
                *slot = score;
            }
        }
        for (column, reason) in without_place {
            if let Some((_, element, _)) = framework.indicators().nth(column) {
                let note = Note::new(NoteCode::NotBeside, format!("no score: {reason}"));
                notes.push(note.of(&element.id).at(vec![unit.clone()]));
            }
        }
    }
    Ok(by_element(framework, columns))
}

/// What figures are divided by and aim at, by indicator.
struct Columns {
    divisors: Vec<Option<Series>>,
    targets: Vec<Option<Series>>,
}

impl Columns {
    fn of(framework: &Framework, options: &Options, table: &Table) -> Result<Self, ScoringError> {
        let units = table.units().len();
        let named = |column: &str| {
            if table.has(column) {
                table.numbers(column).map_err(ScoringError::Table)
            } else {
                Ok(Series::missing(units))
            }
        };
        let (mut divisors, mut targets) = (Vec::new(), Vec::new());
        for (.., indicator) in framework.indicators() {
            let divisor = indicator.denominator.as_deref().filter(|_| options.denominate);
            divisors.push(divisor.map(named).transpose()?);
            targets.push(match &indicator.target {
                Some(Target::Number(target)) => Some(Series::from_numbers(vec![*target; units])),
                Some(Target::Column(column)) => Some(named(column)?),
                None => None,
            });
        }
        Ok(Self { divisors, targets })
    }

    fn figure(&self, (column, raw): (usize, &Series), row: usize) -> OwnFigure {
        let of = |columns: &[Option<Series>]| -> Option<f64> {
            let series = columns.get(column)?.as_ref()?;
            Some(series.get(row).unwrap_or(f64::NAN))
        };
        OwnFigure {
            value: raw.get(row).unwrap_or(f64::NAN),
            divisor: of(&self.divisors).unwrap_or(1.0),
            target: of(&self.targets).unwrap_or(f64::NAN),
        }
    }
}

fn coverages(
    framework: &Framework,
    assessment: &Assessment,
    raw: &IndexMap<String, Series>,
    units: usize,
) -> IndexMap<String, Series> {
    let weights: Vec<f64> = assessment.elements.iter().map(|element| element.weight).collect();
    let present = |element: &super::framework::Element| {
        let series = raw.get(&element.id)?;
        Some(series.iter().map(|value| value.is_some()).collect())
    };
    let present: Vec<Vec<bool>> = framework
        .elements()
        .iter()
        .map(|element| present(element).unwrap_or_default())
        .collect();
    by_element(framework, coverage(framework, &weights, &present, units))
}

fn by_element(framework: &Framework, columns: Vec<Vec<f64>>) -> IndexMap<String, Series> {
    let ids = framework.elements().iter().map(|element| element.id.clone());
    ids.zip(columns.into_iter().map(Series::from_numbers)).collect()
}
