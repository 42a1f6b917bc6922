//! What a publication hides so that no enterprise is given away: figures that disclose a respondent
//! ([`CellPart::discloses`]), and a second figure wherever a total would give a single hidden one away.
//!
//! Two totals do: the score of a parent, from which the only hidden one of its indicators follows; and of sums and
//! counts that over all units, from which the only hidden unit follows. What is hidden still counts in every score.

#![allow(clippy::indexing_slicing, reason = "indicators and units are counted once")]

use indexmap::IndexMap;

use super::assessment::Assessment;
use super::cell::{Cell, CellPart};
use super::framework::{Framework, Indicator, MeasureKind, Origin, Part};

/// Why a figure is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hidden {
    /// It would give a respondent away.
    Primary,
    /// With a total it would give another figure away.
    Secondary,
}

/// By indicator that is computed from answers, for each unit whether and why its figure is hidden in a publication.
pub fn hidden_figures(framework: &Framework, assessment: &Assessment) -> IndexMap<String, Vec<Option<Hidden>>> {
    let mut figures = Figures::of(framework, assessment);
    while figures.hide_one_more() {}
    figures.ids.into_iter().zip(figures.hidden).collect()
}

/// The figures from answers while it is worked out which are hidden.
struct Figures {
    ids: Vec<String>,
    hidden: Vec<Vec<Option<Hidden>>>,
    /// How many respondents each figure rests on; none where there is no figure.
    base: Vec<Vec<Option<u32>>>,
    /// Indicators whose figures a total ties together, over all units.
    additive: Vec<usize>,
    /// Indicators that make a parent's score, in each unit.
    siblings: Vec<Vec<usize>>,
}

impl Figures {
    fn of(framework: &Framework, assessment: &Assessment) -> Self {
        let mut figures = Self {
            ids: Vec::new(),
            hidden: Vec::new(),
            base: Vec::new(),
            additive: Vec::new(),
            siblings: Vec::new(),
        };
        let mut by_parent: IndexMap<Option<usize>, Vec<usize>> = IndexMap::new();
        for (position, element, indicator) in framework.indicators() {
            let (Some(cells), Origin::Answers { parts, .. }) = (assessment.cells.get(&element.id), &indicator.origin)
            else {
                continue;
            };
            let number = figures.ids.len();
            let value = |unit: usize| {
                assessment
                    .stages
                    .raw
                    .get(&element.id)
                    .and_then(|values| values.get(unit))
            };
            let base =
                |(unit, cell): (usize, &Cell)| value(unit).map(|_| cell.parts.iter().map(|part| part.base).sum());
            let primary = |(unit, cell): (usize, &Cell)| {
                (value(unit).is_some() && discloses(indicator, cell)).then_some(Hidden::Primary)
            };
            figures.ids.push(element.id.clone());
            figures.base.push(cells.iter().enumerate().map(base).collect());
            figures.hidden.push(cells.iter().enumerate().map(primary).collect());
            let sums = |part: &Part| matches!(part.measure.kind, MeasureKind::Sum | MeasureKind::Count);
            if parts.iter().any(sums) {
                figures.additive.push(number);
            }
            if assessment
                .elements
                .get(position)
                .is_some_and(|scored| scored.weight > 0.0)
            {
                by_parent.entry(element.parent).or_default().push(number);
            }
        }
        figures.siblings = by_parent.into_values().collect();
        figures
    }

    /// Hides a second figure where there is a single one; whether there was one.
    fn hide_one_more(&mut self) -> bool {
        let units = self.hidden.first().map_or(0, Vec::len);
        let over_units = self
            .additive
            .iter()
            .map(|&figure| (0..units).map(|unit| (figure, unit)).collect());
        let over_siblings = self
            .siblings
            .iter()
            .flat_map(|siblings| (0..units).map(|unit| siblings.iter().map(|&figure| (figure, unit)).collect()));
        let lines: Vec<Vec<(usize, usize)>> = over_units.chain(over_siblings).collect();
        let second = lines.iter().find_map(|line| self.second(line));
        if let Some((figure, unit)) = second {
            self.hidden[figure][unit] = Some(Hidden::Secondary);
        }
        second.is_some()
    }

    /// Of figures that a total ties together, of which exactly one is hidden, the one to hide beside it: that with the
    /// fewest respondents, which says least.
    fn second(&self, line: &[(usize, usize)]) -> Option<(usize, usize)> {
        let is_hidden = |(figure, unit): &(usize, usize)| self.hidden[*figure][*unit].is_some();
        if line.iter().filter(|at| is_hidden(at)).count() != 1 {
            return None;
        }
        line.iter()
            .copied()
            .filter(|at| !is_hidden(at))
            .filter_map(|(figure, unit)| Some((self.base[figure][unit]?, (figure, unit))))
            .min()
            .map(|(_, at)| at)
    }
}

/// Whether a figure would give one of its confidential respondents away.
fn discloses(indicator: &Indicator, cell: &Cell) -> bool {
    let Origin::Answers { parts, .. } = &indicator.origin else {
        return false;
    };
    let confidential = parts.iter().filter(|part| part.confidential);
    confidential
        .filter_map(|part| cell.parts.iter().find(|answered| answered.actor == part.actor))
        .any(CellPart::discloses)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three indicators by four units with so many respondents; the first two make one score.
    fn figures(hidden: &[(usize, usize)], additive: &[usize]) -> Figures {
        let mut figures = Figures {
            ids: ["a", "b", "c"].map(str::to_owned).into(),
            hidden: vec![vec![None; 4]; 3],
            base: vec![
                vec![Some(30), Some(25), Some(40), None],
                vec![Some(20), Some(20), Some(20), Some(20)],
                vec![Some(50), Some(60), Some(70), Some(80)],
            ],
            additive: additive.to_vec(),
            siblings: vec![vec![0, 1], vec![2]],
        };
        for (figure, unit) in hidden {
            figures.hidden[*figure][*unit] = Some(Hidden::Primary);
        }
        while figures.hide_one_more() {}
        figures
    }

    fn second(figures: &Figures) -> Vec<(usize, usize)> {
        let at = (0..3).flat_map(|figure| (0..4).map(move |unit| (figure, unit)));
        at.filter(|(figure, unit)| figures.hidden[*figure][*unit] == Some(Hidden::Secondary))
            .collect()
    }

    #[test]
    fn a_second_figure_is_hidden_where_the_score_gives_the_first_away() {
        assert_eq!(second(&figures(&[(0, 2)], &[])), [(1, 2)]);
        assert_eq!(second(&figures(&[(0, 2), (1, 2)], &[])), []);
        assert_eq!(second(&figures(&[], &[0, 1, 2])), []);
    }

    #[test]
    fn a_sum_over_all_units_hides_a_second_unit_and_with_it_what_that_ones_score_gives_away() {
        // Unit 1 has the fewest respondents of a; hiding its a hides its b too, and b of unit 2.
        assert_eq!(second(&figures(&[(0, 2)], &[0])), [(0, 1), (1, 1), (1, 2)]);
    }

    #[test]
    fn a_figure_that_is_alone_has_nothing_beside_it_to_hide() {
        assert_eq!(second(&figures(&[(2, 0)], &[])), []);
    }
}
