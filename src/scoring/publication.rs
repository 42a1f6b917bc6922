//! An assessment as a publication may tell it: without the figures that give a respondent away
//! ([`hidden_figures`](super::hidden_figures)), and without what these could be worked out from.
//!
//! It rather leaves out too much. Of an indicator with a hidden figure only the raw figures of the other units stay:
//! normalised values, means and correlations lead back to the hidden one.

use std::collections::HashSet;

use indexmap::IndexMap;
use serde_json::Value;

use super::assessment::{Assessment, Stages};
use super::cell::{Cell, CellStatus};
use super::comparison::{Comparison, ElementChange, PanelChange};
use super::disclosure::{Hidden, hidden_figures};
use super::framework::Framework;
use super::note::{Note, NoteCode};
use super::roll_up::hidden_roll_ups;
use super::scales::public_scales;
use super::scenario::{Outcome, Scenarios};
use super::series::Series;

/// The numbers of confidential respondents that are not told: with one or two, each knows who the other is.
pub fn is_small_count(count: u64) -> bool {
    (1..3).contains(&count)
}

/// What is noted of single respondents, or of strata and cells for having one or two.
const OF_FEW: [NoteCode; 6] = [
    NoteCode::Influential,
    NoteCode::SingleStratum,
    NoteCode::JoinedCells,
    NoteCode::TrimmedWeights,
    NoteCode::AnsweredTwice,
    NoteCode::StructureCollapsed,
];

/// The note as a publication may tell it: without the units whose figure is hidden. None where nothing is left of it,
/// where its words count them, or where it is about so few.
pub fn public_note(note: &Note, units: &[String], hidden: &IndexMap<String, Vec<Option<Hidden>>>) -> Option<Note> {
    if OF_FEW.contains(&note.code) {
        return None;
    }
    let Some(figures) = note.element.as_ref().and_then(|element| hidden.get(element)) else {
        return Some(note.clone());
    };
    let is_public = |named: &&String| {
        let mut at = units.iter().zip(figures);
        !at.any(|(unit, figure)| unit == *named && figure.is_some())
    };
    let left: Vec<String> = note.units.iter().filter(is_public).cloned().collect();
    if left.len() == note.units.len() {
        return Some(note.clone());
    }
    (!left.is_empty() && note.code != NoteCode::ManyCapped).then(|| Note {
        units: left,
        ..note.clone()
    })
}

/// The assessment without what would give a confidential respondent away. An assessment of organisations is all of that:
/// the caller does not publish it.
///
/// Figures that are hidden are missing, not 0; sections that would tell them are absent.
pub fn for_publication(framework: &Framework, mut assessment: Assessment) -> Assessment {
    let hidden = hidden_figures(framework, &assessment);
    let mut touched: HashSet<&str> = hidden
        .iter()
        .filter(|(_, units)| units.iter().any(Option::is_some))
        .map(|(id, _)| id.as_str())
        .collect();
    let imputed = imputed_from_siblings(&assessment);
    if !touched.is_empty() {
        touched.extend(imputed.iter().map(String::as_str));
    }
    (assessment.influence, assessment.standardised) = (None, None);
    let hidden_of_roll_ups = hidden_roll_ups(framework, &assessment, &hidden);
    let units = assessment.units.clone();
    assessment.notes = assessment
        .notes
        .iter()
        .filter_map(|note| public_note(note, &units, &hidden))
        .collect();
    for (id, figures) in &hidden {
        if let Some(cells) = assessment.cells.get_mut(id) {
            for (cell, figure) in cells.iter_mut().zip(figures) {
                prune_cell(framework, cell, figure.is_some());
            }
        }
        if let Some(raw) = assessment.stages.raw.get_mut(id) {
            *raw = raw
                .iter()
                .zip(figures)
                .map(|(value, figure)| value.filter(|_| figure.is_none()))
                .collect();
        }
    }
    for cells in assessment.cells.iter_mut().filter(|(id, _)| !hidden.contains_key(*id)) {
        cells.1.iter_mut().for_each(|cell| prune_cell(framework, cell, false));
    }
    prune_scales(framework, &mut assessment, &touched);
    prune_indicators(&mut assessment, &touched);
    prune_weightings(framework, &mut assessment);
    let indicators: HashSet<&str> = framework
        .indicators()
        .map(|(_, element, _)| element.id.as_str())
        .collect();
    if let Some(comparison) = &mut assessment.comparison {
        prune_comparison(comparison, &indicators);
    }
    if let Some(scenarios) = &mut assessment.scenarios {
        prune_scenarios(scenarios, &indicators);
    }
    if let Some(roll_ups) = &mut assessment.roll_ups {
        roll_ups.prune(&hidden_of_roll_ups, &touched, &|cell| {
            prune_cell(framework, cell, false);
        });
    }
    if let Some(profiles) = &mut assessment.profiles {
        for profile in &mut profiles.units {
            for standings in [&mut profile.strengths, &mut profile.weaknesses] {
                standings.retain(|standing| !touched.contains(standing.indicator.as_str()));
            }
        }
    }
    assessment
}

/// How a figure came about, without the largest respondents' shares, from which with the total their answers follow; a
/// part of one or two respondents is absent.
fn prune_cell(framework: &Framework, cell: &mut Cell, is_hidden: bool) {
    let confidential = |actor: &str| framework.actors().get(actor).is_none_or(|actor| actor.confidential);
    cell.parts.retain(|part| {
        !confidential(&part.actor) || !(is_small_count(part.base.into()) || is_small_count(part.respondents.into()))
    });
    let thin = matches!(cell.status, CellStatus::TooFew | CellStatus::Partial);
    for part in &mut cell.parts {
        // Of two actor types in one figure the open one would leave the other; what rests on too few is not published.
        if is_hidden || thin || (confidential(&part.actor) && part.discloses()) {
            part.value = None;
        }
        if is_hidden || confidential(&part.actor) {
            (part.largest, part.two_largest) = (None, None);
        }
    }
    cell.cv = cell.cv.filter(|_| !is_hidden);
}

/// The indicators of which something was imputed from a unit's other indicators, and so leads back to the hidden ones among
/// these.
fn imputed_from_siblings(assessment: &Assessment) -> Vec<String> {
    let method = assessment.recipe.options.pointer("/impute/method");
    if !matches!(method.and_then(Value::as_str), Some("row_mean" | "em")) {
        return Vec::new();
    }
    let Stages { raw, denominated, .. } = &assessment.stages;
    let given = denominated.as_ref().unwrap_or(raw).iter();
    let with_holes = given.filter(|(_, series)| series.iter().any(|value| value.is_none()));
    with_holes.map(|(id, _)| id.clone()).collect()
}

/// Leaves of these indicators what is not computed from a hidden figure.
fn prune_indicators(assessment: &mut Assessment, touched: &HashSet<&str>) {
    if touched.is_empty() {
        return;
    }
    let is_touched = |id: &String| touched.contains(id.as_str());
    let units = assessment.units.len();
    let Stages {
        raw: _,
        denominated,
        imputed,
        treated,
        normalised,
    } = &mut assessment.stages;
    let later = [denominated, imputed, treated].into_iter().flatten();
    for stage in later.chain([normalised, &mut assessment.scores]) {
        for (_, series) in stage.iter_mut().filter(|(id, _)| is_touched(id)) {
            *series = Series::missing(units);
        }
    }
    for (_, ranks) in assessment.ranks.iter_mut().filter(|(id, _)| is_touched(id)) {
        ranks.fill(None);
    }
    for element in assessment.elements.iter_mut().filter(|element| is_touched(&element.id)) {
        (element.importance, element.correlation_ratio) = (None, None);
    }
    assessment.treatment.retain(|id, _| !is_touched(id));
    assessment.statistics.retain(|id, _| !is_touched(id));
    assessment.signals.retain(|id, _| !is_touched(id));
    assessment
        .weights_by_unit
        .retain(|_, children| !children.keys().any(is_touched));
    let correlations = &mut assessment.correlations;
    correlations
        .tables
        .retain(|table| !table.rows.iter().chain(&table.columns).any(is_touched));
    correlations
        .flags
        .retain(|flag| !is_touched(&flag.one) && !is_touched(&flag.other));
    correlations.groups.retain(|_, group| {
        let mut children = group.alpha_without.keys().chain(group.first_component.keys());
        !children.any(is_touched)
    });
    if let Some(uncertainty) = &mut assessment.uncertainty {
        uncertainty.elements.retain(|id, _| !is_touched(id));
        // Scores under other weights than the nominal are equations for what was weighted.
        uncertainty.replay = None;
    }
    if let Some(sensitivity) = &mut assessment.sensitivity {
        sensitivity.removals.retain(|id, _| !is_touched(id));
    }
}

/// Leaves the scales that may be told, and of what was noted about scales what still follows from them.
fn prune_scales(framework: &Framework, assessment: &mut Assessment, touched: &HashSet<&str>) {
    let told = public_scales(framework, &assessment.scales, |id| touched.contains(id));
    let of_scales = [NoteCode::WeakScale, NoteCode::ReversedItem];
    assessment.notes.retain(|note| !of_scales.contains(&note.code));
    assessment.tell_scales(told);
}

/// Leaves out the cities and size classes of which one or two confidential respondents answered.
fn prune_weightings(framework: &Framework, assessment: &mut Assessment) {
    let is_open = |survey: &str| {
        let mut actors = framework
            .actors()
            .values()
            .filter(|actor| actor.survey == survey)
            .peekable();
        actors.peek().is_some() && actors.all(|actor| !actor.confidential)
    };
    assessment
        .weightings
        .retain(|weighting| is_open(&weighting.survey) || !is_small_count(weighting.responses));
    for weighting in assessment.weightings.iter_mut().filter(|it| !is_open(&it.survey)) {
        // The least and the greatest weight are those of single respondents.
        weighting.range = None;
        if weighting.cells.iter().any(|cell| is_small_count(cell.responses)) {
            weighting.cells.clear();
        }
    }
}

/// Leaves changes of the index and the dimensions: which figures the earlier round would hide is not known here.
fn prune_comparison(comparison: &mut Comparison, indicators: &HashSet<&str>) {
    let is_indicator = |id: &String| indicators.contains(id.as_str());
    comparison
        .elements
        .retain(|id, _: &mut ElementChange| !is_indicator(id));
    if let Some(contributions) = &mut comparison.contributions {
        contributions.elements.retain(|id, _| !is_indicator(id));
        contributions.coverage.clear();
    }
    if let Some(panel) = &mut comparison.panel {
        panel.elements.retain(|id, _: &mut PanelChange| !is_indicator(id));
    }
    let few = |count: usize| is_small_count(count as u64);
    let overlap = comparison.overlap.as_ref();
    if overlap.is_some_and(|units| units.iter().any(|it| few(it.old) || few(it.new) || few(it.both))) {
        (comparison.overlap, comparison.panel) = (None, None);
    }
}

/// Leaves ranks of the index and the dimensions: a difference of scores, over the weight, is a figure.
fn prune_scenarios(scenarios: &mut Scenarios, indicators: &HashSet<&str>) {
    let of_no_element = |note: &Note| note.element.is_none() && note.units.is_empty();
    for outcome in scenarios.outcomes.values_mut() {
        let Outcome { elements, notes, .. } = outcome;
        elements.retain(|id, _| !indicators.contains(id.as_str()));
        for element in elements.values_mut() {
            let units = element.score.baseline.len();
            element.score.scenario = Series::missing(units);
            element.score.difference = Series::missing(units);
            element.uncertainty = None;
        }
        notes.retain(of_no_element);
    }
    // What a unit would have to raise says what it has.
    scenarios.improvements.clear();
    scenarios.marginal_returns = None;
    scenarios.notes.retain(of_no_element);
}
