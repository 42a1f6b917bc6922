//! The figures that cities would have with the sectors and size classes of all of them together: direct standardisation
//! (J. L. Fleiss, B. Levin and M. C. Paik, Statistical Methods for Rates and Proportions, 3rd edition, 2003, chapter 19; N. Keiding
//! and D. Clayton, Standardization and control for confounding in observational studies, Statistical Science 29, 2014).
//!
//! In flow an assessment of places and its tally; out flows the section `standardised`, beside the figures and never in a
//! score. It is in no publication: two weightings of the same respondents are two equations for those of a small cell.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::analyse::Subject;
use super::assessment::Assessment;
use super::cell::Cell;
use super::estimate::{IndicatorFigure, Populations, Standardising, Tally};
use super::framework::{Framework, Indicator, Origin, Part, parts};
use super::note::{Note, NoteCode};
use super::series::Series;

/// The section `standardised` of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Standardised {
    /// By survey, whose structure it is.
    pub structures: IndexMap<String, Structure>,
    /// By indicator of these surveys, the figure of each unit under the pooled structure, in natural units; missing where none of
    /// their respondents count in it.
    pub figures: IndexMap<String, Series>,
    /// By indicator and unit, the share (0 to 1) of the pooled structure in whose sectors and size classes somebody is in the
    /// base; of several actor types the least.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub coverage: IndexMap<String, Series>,
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
        let is_pooled = |survey: &str| standardising.pooled.contains_key(survey);
        // Where no part of such a survey counts, for resting on too few, nothing is standardised.
        let is_made_so =
            |figure: &&IndicatorFigure| counts(indicator, &figure.cell, options.responses.minimum, is_pooled);
        let value = |unit: usize| figure(unit).filter(is_made_so).and_then(|figure| figure.value);
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
        section.coverage.insert(element.id.clone(), all.map(covered).collect());
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

/// Whether a part of a survey that is standardised has enough respondents in its base to count in a figure.
fn counts(indicator: &Indicator, cell: &Cell, minimum: u32, pooled: impl Fn(&str) -> bool) -> bool {
    let Origin::Answers { parts, .. } = &indicator.origin else {
        return false;
    };
    let is_enough = |part: &Part, base: u32| base > 0 && (!part.confidential || base >= minimum);
    parts.iter().filter(|part| pooled(&part.survey)).any(|part| {
        let mut told = cell.parts.iter().filter(|told| told.actor == part.actor);
        told.any(|told| is_enough(part, told.base))
    })
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
