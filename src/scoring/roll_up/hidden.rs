//! What a publication hides of roll-ups: a roll-up less its parts is a figure of one of them, so it is hidden wherever the
//! figure of one of its places is, or would give a respondent away.
//!
//! With it goes the score above it, which says of it what the hidden score of a part leaves open; and a score of which a
//! single child is hidden, from which that would follow.

use std::collections::HashSet;

use indexmap::IndexMap;

use super::RollUps;
use crate::scoring::assessment::Assessment;
use crate::scoring::cell::{Cell, CellStatus};
use crate::scoring::disclosure::Hidden;
use crate::scoring::estimate::{Estimates, Tally};
use crate::scoring::framework::{Framework, Indicator, Origin};
use crate::scoring::note::Note;
use crate::scoring::options::Responses;
use crate::scoring::publication::{is_small_count, public_note};
use crate::scoring::series::Series;

/// What is hidden of roll-ups, for each of them.
#[derive(Debug, Clone, Default)]
pub struct HiddenRollUps {
    figures: IndexMap<String, Vec<bool>>,
    scores: IndexMap<String, Vec<bool>>,
}

impl HiddenRollUps {
    /// Whether the figure of an indicator is hidden.
    pub fn hides_figure(&self, indicator: &str, roll_up: usize) -> bool {
        is_set(&self.figures, indicator, roll_up)
    }

    /// Whether the score of an element is hidden.
    pub fn hides_score(&self, element: &str, roll_up: usize) -> bool {
        self.hides_figure(element, roll_up) || is_set(&self.scores, element, roll_up)
    }

    /// What is noted of roll-ups, as a publication may tell it.
    pub fn public_notes(&self, roll_ups: &RollUps) -> Vec<Note> {
        let as_hidden = |flags: &Vec<bool>| flags.iter().map(|flag| flag.then_some(Hidden::Primary)).collect();
        let figures = self.figures.iter().map(|(id, flags)| (id.clone(), as_hidden(flags)));
        let figures: IndexMap<String, Vec<Option<Hidden>>> = figures.collect();
        let notes = roll_ups.notes.iter();
        notes
            .filter_map(|note| public_note(note, &roll_ups.units, &figures))
            .collect()
    }
}

fn is_set(by_id: &IndexMap<String, Vec<bool>>, id: &str, at: usize) -> bool {
    let found = by_id.get(id).and_then(|flags| flags.get(at));
    found.copied().unwrap_or(false)
}

/// What a publication hides of the roll-ups of an assessment; `hidden` has the figures of its units that it hides.
pub fn hidden_roll_ups(
    framework: &Framework,
    assessment: &Assessment,
    hidden: &IndexMap<String, Vec<Option<Hidden>>>,
) -> HiddenRollUps {
    let mut found = HiddenRollUps::default();
    let Some(roll_ups) = &assessment.roll_ups else {
        return found;
    };
    for (_, element, indicator) in framework.indicators() {
        let id = element.id.as_str();
        let row = |place: &String| assessment.units.iter().position(|unit| unit == place);
        let gives_away = |unit: usize| {
            let is_hidden = hidden.get(id).and_then(|units| units.get(unit));
            let cell = assessment.cells.get(id).and_then(|cells| cells.get(unit));
            is_hidden.is_some_and(Option::is_some) || cell.is_some_and(|cell| is_sensitive(indicator, cell))
        };
        let is_hidden = |(number, place): (usize, &String)| {
            let own = roll_ups.cells.get(id).and_then(|cells| cells.get(number));
            let parts = roll_ups.parts.get(number).into_iter().flatten();
            own.is_some_and(|cell| is_sensitive(indicator, cell))
                || is_set(&roll_ups.gives_away, id, number)
                || std::iter::once(place).chain(parts).filter_map(row).any(gives_away)
        };
        let flags = roll_ups.units.iter().enumerate().map(is_hidden).collect();
        found.figures.insert(element.id.clone(), flags);
    }
    hide_scores(framework, assessment, &mut found, roll_ups.units.len());
    found
}

/// Going up: a score right above a hidden figure, and one of which a single child is hidden.
fn hide_scores(framework: &Framework, assessment: &Assessment, found: &mut HiddenRollUps, roll_ups: usize) {
    let elements = framework.elements();
    let counts = |child: &usize| {
        let scored = assessment.elements.get(*child);
        scored.is_some_and(|scored| scored.weight > 0.0)
    };
    for element in elements.iter().rev().filter(|element| element.indicator.is_none()) {
        let children: Vec<_> = element
            .children
            .iter()
            .filter(|child| counts(child))
            .filter_map(|&child| elements.get(child))
            .collect();
        let is_hidden = |number: usize| {
            let mut figures = children.iter().filter(|child| child.indicator.is_some());
            let hidden = children.iter().filter(|child| found.hides_score(&child.id, number));
            hidden.count() == 1 || figures.any(|child| found.hides_figure(&child.id, number))
        };
        let flags = (0..roll_ups).map(is_hidden).collect();
        found.scores.insert(element.id.clone(), flags);
    }
}

/// Whether what stands behind a figure would give a confidential respondent away, or is withheld for resting on too few of them.
fn is_sensitive(indicator: &Indicator, cell: &Cell) -> bool {
    let Origin::Answers { parts, .. } = &indicator.origin else {
        return false;
    };
    let withheld = matches!(cell.status, CellStatus::TooFew | CellStatus::Partial);
    let confidential = parts.iter().filter(|part| part.confidential);
    confidential
        .filter_map(|part| cell.parts.iter().find(|answered| answered.actor == part.actor))
        .any(|part| is_small_count(part.respondents.into()) || (part.base > 0 && (withheld || part.discloses())))
}

/// Whether the figure of a place that is no unit of the assessment would give a respondent away.
pub(super) fn gives_part_away(
    framework: &Framework,
    (id, indicator): (&str, &Indicator),
    tally: &Tally,
    place: &str,
    options: &Responses,
) -> bool {
    let cell = Estimates::cell_of(framework, tally, id, place, options);
    cell.is_some_and(|cell| is_sensitive(indicator, &cell))
}

impl RollUps {
    /// Leaves what a publication may tell. Of the indicators of `touched` a figure is hidden somewhere, so that what was
    /// made of them is an equation for it.
    pub(in crate::scoring) fn prune(
        &mut self,
        hidden: &HiddenRollUps,
        touched: &HashSet<&str>,
        prune_cell: &dyn Fn(&mut Cell),
    ) {
        let none = |series: &Series, is_hidden: &dyn Fn(usize) -> bool| -> Series {
            let kept = |(number, value): (usize, Option<f64>)| value.filter(|_| !is_hidden(number));
            series.iter().enumerate().map(kept).collect()
        };
        for (id, series) in &mut self.raw {
            *series = none(series, &|number| hidden.hides_figure(id, number));
        }
        for (id, series) in &mut self.scores {
            *series = none(series, &|number| {
                touched.contains(id.as_str()) || hidden.hides_score(id, number)
            });
        }
        for (id, cells) in &mut self.cells {
            for (number, cell) in cells.iter_mut().enumerate() {
                if hidden.hides_figure(id, number) {
                    // Numbers of respondents, too, are those of the parts and what is left.
                    cell.parts.clear();
                    cell.cv = None;
                } else {
                    prune_cell(cell);
                }
            }
        }
        self.gives_away.clear();
        self.notes = hidden.public_notes(self);
    }
}
