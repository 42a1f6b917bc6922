//! The figures that cities would have with the sectors and size classes of all of them together: direct standardisation
//! (J. L. Fleiss, B. Levin and M. C. Paik, Statistical Methods for Rates and Proportions, 3rd edition, 2003, chapter 19; N. Keiding
//! and D. Clayton, Standardization and control for confounding in observational studies, Statistical Science 29, 2014).
//!
//! In flow an assessment of places and its tally; out flows the section `standardised`, beside the figures and never in a
//! score.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::analyse::Subject;
use super::assessment::Assessment;
use super::disclosure::Hidden;
use super::estimate::{IndicatorFigure, Populations, Standardising, Tally};
use super::framework::{Framework, Indicator, Origin, parts};
use super::note::{Note, NoteCode};
use super::roll_up::is_sensitive;
use super::series::Series;

/// The section `standardised` of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standardised {
    /// By survey, whose structure it is.
    pub structures: IndexMap<String, Structure>,
    /// By indicator of these surveys, the figure of each unit under the pooled structure, in natural units.
    pub figures: IndexMap<String, Series>,
    /// By indicator and unit, the share (0 to 1) of the pooled structure in whose sectors and size classes somebody is in the
    /// base; of several actor types the least.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub coverage: IndexMap<String, Series>,
    /// By indicator, for each unit whether the standardised figure would give a respondent away; indicators without any
    /// are absent.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub gives_away: IndexMap<String, Vec<bool>>,
}

/// A pooled structure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// Whose it is.
    pub from: StructureFrom,
    /// How many cells of sector and size class it has.
    pub cells: usize,
}

/// Whose structure is pooled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StructureFrom {
    /// The organisations of the register.
    Register,
    /// The weighted respondents.
    Respondents,
}

impl Standardised {
    /// Whether a publication hides the figure of a unit: where it hides the raw figure, and where this one would give a
    /// respondent away.
    pub fn hides(&self, indicator: &str, unit: usize, hidden: &IndexMap<String, Vec<Option<Hidden>>>) -> bool {
        let raw = hidden.get(indicator).and_then(|units| units.get(unit));
        let own = self.gives_away.get(indicator).and_then(|units| units.get(unit));
        raw.is_some_and(Option::is_some) || own.copied().unwrap_or(false)
    }

    /// Leaves what a publication may tell: which sectors and size classes answered in a unit is not.
    pub(super) fn prune(&mut self, hidden: &IndexMap<String, Vec<Option<Hidden>>>) {
        let figures = self.figures.iter().map(|(id, series)| {
            let kept = |(unit, value): (usize, Option<f64>)| value.filter(|_| !self.hides(id, unit, hidden));
            (id.clone(), series.iter().enumerate().map(kept).collect())
        });
        self.figures = figures.collect();
        self.coverage.clear();
        self.gives_away.clear();
    }
}

/// Adds the standardised figures to an assessment of places.
pub fn standardise(assessment: &mut Assessment, subject: &Subject<'_>, tally: &Tally, populations: &Populations) {
    let Subject { framework, options, .. } = *subject;
    let units = assessment.units.clone();
    let Some(standardising) = Standardising::new(framework, tally, &units, populations, &options.responses) else {
        let message = "figures are not standardised: there are too many respondents";
        assessment.notes.push(Note::new(NoteCode::NotStandardised, message));
        return;
    };
    let of_units: Vec<_> = units.iter().map(|unit| standardising.unit(unit)).collect();
    let mut section = Standardised {
        structures: IndexMap::new(),
        figures: IndexMap::new(),
        coverage: IndexMap::new(),
        gives_away: IndexMap::new(),
    };
    for (survey, pooled) in &standardising.pooled {
        let from = if pooled.from_register {
            StructureFrom::Register
        } else {
            StructureFrom::Respondents
        };
        let structure = Structure {
            from,
            cells: pooled.cells(),
        };
        section.structures.insert((*survey).to_owned(), structure);
    }
    for (column, (position, element, indicator)) in framework.indicators().enumerate() {
        if !is_standardised(indicator, |survey| standardising.pooled.contains_key(survey)) {
            continue;
        }
        let figure = |unit: usize| of_units.get(unit)?.figures.get(column)?.as_ref();
        let value = |unit: usize| figure(unit).and_then(|figure: &IndicatorFigure| figure.value);
        let gives_away = |unit: usize| {
            figure(unit).is_some_and(|figure| figure.value.is_some() && is_sensitive(indicator, &figure.cell))
        };
        let numbers: Vec<usize> = numbers_of(framework, position);
        let covered = |unit: usize| {
            let of_parts = &of_units.get(unit)?.covered;
            let covered = numbers
                .iter()
                .filter_map(|number| of_parts.get(*number).copied().flatten());
            covered.min_by(f64::total_cmp).filter(|_| value(unit).is_some())
        };
        let all = 0..units.len();
        section
            .figures
            .insert(element.id.clone(), all.clone().map(value).collect());
        section
            .coverage
            .insert(element.id.clone(), all.clone().map(covered).collect());
        let flags: Vec<bool> = all.map(gives_away).collect();
        if flags.contains(&true) {
            section.gives_away.insert(element.id.clone(), flags);
        }
    }
    assessment.notes.extend(collapsed(&section, &units));
    assessment.standardised = Some(section);
}

/// Whether respondents of a survey that is standardised are in an indicator.
fn is_standardised(indicator: &Indicator, pooled: impl Fn(&str) -> bool) -> bool {
    match &indicator.origin {
        Origin::Answers { parts, .. } => parts.iter().any(|part| pooled(&part.survey)),
        Origin::Column(_) | Origin::Statistics(_) => false,
    }
}

/// The numbers of the parts of the indicator at this position.
fn numbers_of(framework: &Framework, position: usize) -> Vec<usize> {
    let numbered = parts(framework).enumerate();
    numbered
        .filter(|(_, (of, _))| *of == position)
        .map(|(number, _)| number)
        .collect()
}

/// The note on units whose respondents do not cover the pooled structure.
fn collapsed(section: &Standardised, units: &[String]) -> Option<Note> {
    let incomplete: HashSet<usize> = section
        .coverage
        .values()
        .flat_map(|series| series.iter().enumerate())
        .filter(|(_, covered)| covered.is_some_and(|covered| covered < 1.0 - 1e-9))
        .map(|(unit, _)| unit)
        .collect();
    let named = units.iter().enumerate().filter(|(unit, _)| incomplete.contains(unit));
    let named: Vec<String> = named.map(|(_, unit)| unit.clone()).collect();
    let message = "sectors of a size class in which nobody answered take the figure of the size class, size classes that of all \
                   respondents (coverage in standardised)";
    (!named.is_empty()).then(|| Note::new(NoteCode::StructureCollapsed, message).at(named))
}
