//! Drawing respondents again: the rescaled bootstrap of J. N. K. Rao, C. F. J. Wu and K. Yue (Some recent work on
//! resampling methods for complex surveys, Survey Methodology 18, 1992), without replacement.
//!
//! Within a stratum of n respondents out of N organisations, n - 1 are drawn with replacement. The weight of one that
//! is drawn m times is multiplied by 1 - L + L n / (n - 1) m with L = sqrt(1 - n / N), so that a stratum that answered
//! completely has no sampling error. All indicators of a replicate share the draws, and weights that were calibrated to
//! a register are calibrated again in each. Standard errors are made of the replicates as they are; where they become intervals,
//! they stand somewhat further from the sample ([`super::widening`]).

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: respondents, units and parts are counted once, when the sample is made ready"
)]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rand_chacha::ChaCha8Rng;

use super::calibrate::Group;
use super::estimates::Standing;
use super::raking::Workspace;
use super::strata::{Stratum, draw_alone, strata};
use super::tally::{KeptRespondent, PartTotal, Tally, weighted_median};
use super::widening::{Sampled, Widening, widening};
use crate::scoring::framework::{Absent, Framework, MeasureKind, Origin, Part};
use crate::scoring::note::Note;
use crate::scoring::options::{Options, Responses};
use crate::scoring::register_totals::RegisterTotals;
use crate::scoring::table::Table;

/// What the register of each survey says, by survey; surveys without a register are absent.
pub type Populations = BTreeMap<String, RegisterTotals>;

/// The respondents of an assessment, ready to be drawn again.
#[derive(Debug, Clone)]
pub struct Resample {
    /// The weights that respondents came with.
    bases: Vec<f64>,
    /// Those that they count with in the sample.
    weights: Vec<f64>,
    /// Respondents whose weights are calibrated, next to each other.
    calibrated: Vec<(Range<usize>, Arc<Group>)>,
    /// Who each respondent is: the survey and the organisation, where that is known.
    organisations: Vec<(Arc<str>, Option<String>)>,
    /// The respondents of each unit, which stand next to each other.
    units: Vec<Range<usize>>,
    strata: Vec<Stratum>,
    parts: Vec<PartSample>,
    columns: Vec<Column>,
    notes: Vec<Note>,
}

/// What the respondents say to one part, unit after unit.
#[derive(Debug, Clone)]
struct PartSample {
    kind: MeasureKind,
    scale: f64,
    /// So many respondents have to know their figure.
    minimum: usize,
    entries: Vec<Entry>,
    /// Where the entries of each unit begin and end.
    units: Vec<Range<usize>>,
    /// How the replicates of each unit's figure stand for intervals.
    widening: Vec<Widening>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    respondent: u32,
    of: f64,
    over: f64,
}

/// How the column of an indicator is made.
#[derive(Debug, Clone)]
enum Column {
    /// It does not depend on the respondents.
    Fixed(Vec<f64>),
    /// From parts: for each unit which ones with which share, and the sum of the shares.
    Combined(Vec<Used>),
}

/// The parts of one figure with their shares, and the sum of all shares; 0 where there is no figure.
type Used = (Vec<(usize, f64)>, f64);

impl Resample {
    /// Makes the respondents of a tally ready, for these units in their order; `None` where they were not kept, or
    /// were too many. `table` has the columns that do not come from answers. Replicates are for intervals of that confidence, 0
    /// to 1.
    pub fn new(
        framework: &Framework,
        tally: &Tally,
        table: &Table,
        options: &Options,
        populations: &Populations,
    ) -> Option<Self> {
        let confidence = options.confidence();
        let options = &options.responses;
        let units = table.units();
        let mut respondents: Vec<(usize, &KeptRespondent)> = tally
            .kept()?
            .iter()
            .filter_map(|kept| Some((units.iter().position(|unit| *unit == kept.unit)?, kept)))
            .collect();
        respondents.sort_by_cached_key(|(unit, kept)| (*unit, kept.order()));
        let mut notes = Vec::new();
        let strata = strata(&respondents, populations, units, &mut notes);
        let parts = parts(framework, &respondents, units.len(), options.minimum);
        let columns = columns(framework, tally, table, options);
        let mut resample = Self {
            bases: respondents.iter().map(|(_, kept)| kept.base).collect(),
            weights: respondents.iter().map(|(_, kept)| kept.weight).collect(),
            calibrated: calibrated(&respondents, tally),
            organisations: respondents
                .iter()
                .map(|(_, kept)| (Arc::clone(&kept.survey), kept.organisation.clone()))
                .collect(),
            units: (0..units.len())
                .map(|unit| {
                    let before = |end: usize| respondents.partition_point(|(of, _)| *of < end);
                    before(unit)..before(unit + 1)
                })
                .collect(),
            strata,
            parts,
            columns,
            notes,
        };
        resample.widen(confidence);
        Some(resample)
    }

    /// Works out how much further from the sample the figures of replicates stand for intervals.
    fn widen(&mut self, confidence: f64) {
        let mut stratum_of = vec![None; self.respondents()];
        for (number, stratum) in self.strata.iter().enumerate() {
            stratum_of[stratum.members.clone()].fill(Some(number));
        }
        let calibrated = |entries: &[Entry]| {
            let first = entries.first()?.respondent as usize;
            let (members, group) = self.calibrated.iter().find(|(members, _)| members.contains(&first))?;
            Some((Sampled::of(&stratum_of[members.clone()]), group.independent_totals))
        };
        let factor = |entries: &[Entry]| {
            let strata: Vec<Option<usize>> = entries.iter().map(|it| stratum_of[it.respondent as usize]).collect();
            let (members, totals) = calibrated(entries).unwrap_or_default();
            widening(confidence, Sampled::of(&strata), members, totals)
        };
        let of_part = |part: &PartSample| {
            let of_unit = |(sample, unit): (f64, &Range<usize>)| {
                let entries = &part.entries[unit.clone()];
                Widening {
                    sample,
                    factor: factor(entries),
                    ends: part.ends(entries),
                }
            };
            let samples = part.values(&self.weights);
            samples.into_iter().zip(&part.units).map(of_unit).collect()
        };
        let widening: Vec<Vec<Widening>> = self.parts.iter().map(of_part).collect();
        for (part, widening) in self.parts.iter_mut().zip(widening) {
            part.widening = widening;
        }
    }

    /// What a reader must know of the strata.
    pub(in crate::scoring) fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// How often each respondent is drawn in one replicate.
    pub(super) fn draw(&self, random: &mut ChaCha8Rng) -> Vec<u32> {
        let mut times = vec![0; self.weights.len()];
        for stratum in &self.strata {
            draw_alone(stratum, &mut times, random);
        }
        times
    }

    /// The weights of respondents that are drawn so often, calibrated where those of the sample are; and how many of the
    /// calibrated groups reach fewer totals of the register than in the sample.
    pub(super) fn weights_under(&self, times: &[u32]) -> (Vec<f64>, usize) {
        let mut weights = self.bases.clone();
        for stratum in &self.strata {
            let (lambda, n) = (stratum.lambda, stratum.members.len() as f64);
            let members = stratum.members.clone();
            for (weight, &times) in weights[members.clone()].iter_mut().zip(&times[members]) {
                *weight *= 1.0 - lambda + lambda * n / (n - 1.0) * f64::from(times);
            }
        }
        let mut work = Workspace::default();
        let mut missed = 0;
        for (members, group) in &self.calibrated {
            missed += usize::from(!group.weigh(&mut weights[members.clone()], &mut work));
        }
        (weights, missed)
    }

    /// The columns of one replicate, and how many calibrated groups reach fewer totals than in the sample.
    pub(super) fn columns_drawn(&self, random: &mut ChaCha8Rng) -> (Vec<Vec<f64>>, usize) {
        let (weights, missed) = self.weights_under(&self.draw(random));
        (self.estimate(&weights), missed)
    }

    /// How many groups of respondents are calibrated: those of one survey in one unit.
    pub(super) fn calibrated_groups(&self) -> usize {
        self.calibrated.len()
    }

    /// Whether a column depends on the respondents.
    pub(super) fn is_drawn(&self, column: usize) -> bool {
        matches!(self.columns.get(column), Some(Column::Combined(_)))
    }

    /// The weights of the respondents as they are.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// How many respondents there are.
    pub(super) fn respondents(&self) -> usize {
        self.weights.len()
    }

    /// The strata that are drawn.
    pub(super) fn strata(&self) -> &[Stratum] {
        &self.strata
    }

    /// The survey and credit code of each respondent, where it has one.
    pub(super) fn organisations(&self) -> impl Iterator<Item = Option<(&str, &str)>> {
        let organisations = self.organisations.iter();
        organisations.map(|(survey, organisation)| Some((&**survey, organisation.as_deref()?)))
    }

    /// The stratum that a respondent is drawn in.
    pub(super) fn stratum_of(&self, respondent: usize) -> Option<usize> {
        self.strata
            .iter()
            .position(|stratum| stratum.members.contains(&respondent))
    }

    /// The unit of a respondent, by its number.
    pub(super) fn unit_of(&self, respondent: usize) -> usize {
        self.units.partition_point(|members| members.end <= respondent)
    }

    /// How many respondents a unit has.
    pub(super) fn members_of_unit(&self, unit: usize) -> usize {
        self.units.get(unit).map_or(0, Range::len)
    }

    /// Which figures of which units rest on too few respondents where only these stay.
    pub(super) fn thin(&self, stays: &[bool]) -> Vec<Vec<bool>> {
        let staying = |part: &PartSample, unit: usize| {
            let entries = &part.entries[part.units[unit].clone()];
            entries.iter().filter(|entry| stays[entry.respondent as usize]).count()
        };
        let is_thin = |unit: usize, (used, _): &Used| {
            let mut parts = used.iter().map(|(part, _)| &self.parts[*part]);
            parts.any(|part| staying(part, unit) < part.minimum)
        };
        let column = |column: &Column| match column {
            Column::Fixed(values) => vec![false; values.len()],
            Column::Combined(cells) => cells
                .iter()
                .enumerate()
                .map(|(unit, cell)| is_thin(unit, cell))
                .collect(),
        };
        self.columns.iter().map(column).collect()
    }

    /// The indicators' columns under these weights of the respondents.
    pub(super) fn estimate(&self, weights: &[f64]) -> Vec<Vec<f64>> {
        self.combine(&self.parts.iter().map(|part| part.values(weights)).collect::<Vec<_>>())
    }

    /// The indicators' columns under the weights of a replicate, as far from those of the sample as intervals need.
    pub(super) fn estimate_widened(&self, weights: &[f64]) -> Vec<Vec<f64>> {
        let of_part = |part: &PartSample| {
            let figures = part.values(weights).into_iter().zip(&part.widening);
            figures.map(|(figure, widening)| widening.of(figure)).collect()
        };
        self.combine(&self.parts.iter().map(of_part).collect::<Vec<Vec<f64>>>())
    }

    /// The columns, of the figures of each part in each unit.
    fn combine(&self, figures: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let column = |column: &Column| match column {
            Column::Fixed(values) => values.clone(),
            Column::Combined(cells) => {
                let value = |(unit, (used, shares)): (usize, &Used)| {
                    let sum: f64 = used.iter().map(|(part, share)| share * figures[*part][unit]).sum();
                    let value = sum / shares;
                    if value.is_finite() { value } else { f64::NAN }
                };
                cells.iter().enumerate().map(value).collect()
            }
        };
        self.columns.iter().map(column).collect()
    }
}

impl PartSample {
    /// The least and the greatest figure that these respondents can come to together.
    fn ends(&self, entries: &[Entry]) -> [f64; 2] {
        if entries.is_empty() {
            return [f64::NEG_INFINITY, f64::INFINITY];
        }
        let is_total = matches!(self.kind, MeasureKind::Sum | MeasureKind::Count);
        if is_total || entries.iter().any(|entry| entry.over <= 0.0) {
            let all = |holds: fn(f64) -> bool| {
                entries
                    .iter()
                    .all(|entry| holds(entry.of * self.scale) && entry.over >= 0.0)
            };
            let low = if all(|of| of >= 0.0) { 0.0 } else { f64::NEG_INFINITY };
            let high = if all(|of| of <= 0.0) { 0.0 } else { f64::INFINITY };
            return [low, high];
        }
        let single = entries.iter().map(|entry| entry.of / entry.over * self.scale);
        single.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], figure| {
            [low.min(figure), high.max(figure)]
        })
    }

    /// The figure of each unit; NaN where it is not defined.
    fn values(&self, weights: &[f64]) -> Vec<f64> {
        let unit = |range: &Range<usize>| {
            let entries = &self.entries[range.clone()];
            if self.kind == MeasureKind::Median {
                let values: Vec<(f64, f64)> = entries
                    .iter()
                    .map(|entry| (entry.of, weights[entry.respondent as usize]))
                    .collect();
                return weighted_median(&values).map_or(f64::NAN, |median| median * self.scale);
            }
            let (mut of, mut over) = (0.0, 0.0);
            for entry in entries {
                let weight = weights[entry.respondent as usize];
                of += weight * entry.of;
                over += weight * entry.over;
            }
            match self.kind {
                MeasureKind::Sum | MeasureKind::Count if !entries.is_empty() => of * self.scale,
                _ => of / over * self.scale,
            }
        };
        self.units.iter().map(unit).collect()
    }
}

/// Strata of the same unit and survey stand by size, so that a neighbour is one in size.
pub(super) fn size_order(stratum: &str) -> (u32, String) {
    (
        class_order(stratum.rsplit(['/', '-']).next().unwrap_or_default()),
        stratum.to_owned(),
    )
}

/// The place of a size class among the others: the usual four, or numbers; other words stand behind, and what is not
/// known last.
pub(super) fn class_order(size: &str) -> u32 {
    match size {
        "micro" => 1,
        "small" => 2,
        "medium" => 3,
        "large" => 4,
        "" => u32::MAX,
        other => other.parse().unwrap_or(1000),
    }
}

/// The respondents whose weights were calibrated, group by group.
fn calibrated(respondents: &[(usize, &KeptRespondent)], tally: &Tally) -> Vec<(Range<usize>, Arc<Group>)> {
    let mut start = 0;
    let mut found = Vec::new();
    for group in respondents.chunk_by(|(unit, one), (other, two)| unit == other && one.survey == two.survey) {
        let members = start..start + group.len();
        start = members.end;
        let kept = group.first().zip(tally.calibration());
        if let Some(group) = kept.and_then(|((_, kept), calibration)| calibration.group(&kept.unit, &kept.survey)) {
            found.push((members, group));
        }
    }
    found
}

fn parts(
    framework: &Framework,
    respondents: &[(usize, &KeptRespondent)],
    units: usize,
    minimum: u32,
) -> Vec<PartSample> {
    let mut parts: Vec<PartSample> = crate::scoring::framework::parts(framework)
        .map(|(_, part)| PartSample {
            kind: part.measure.kind,
            scale: part.measure.scale,
            minimum: if part.confidential { minimum.max(1) as usize } else { 1 },
            entries: Vec::new(),
            units: Vec::with_capacity(units),
            widening: Vec::new(),
        })
        .collect();
    let mut next = respondents.iter().zip(0_u32..).peekable();
    for unit in 0..units {
        let starts: Vec<usize> = parts.iter().map(|part| part.entries.len()).collect();
        while let Some(((_, kept), respondent)) = next.next_if(|((of, _), _)| *of == unit) {
            for figure in &kept.figures {
                if let Some(part) = parts.get_mut(figure.part) {
                    part.entries.push(Entry {
                        respondent,
                        of: figure.of,
                        over: figure.over,
                    });
                }
            }
        }
        for (part, start) in parts.iter_mut().zip(starts) {
            part.units.push(start..part.entries.len());
        }
    }
    parts
}

/// Which parts make which figure. What was too thin in the sample is so in every replicate.
fn columns(framework: &Framework, tally: &Tally, table: &Table, options: &Responses) -> Vec<Column> {
    let mut number = 0;
    let column = |(_, element, indicator): (usize, &crate::scoring::Element, &crate::scoring::Indicator)| {
        let Origin::Answers { parts, absent, .. } = &indicator.origin else {
            let figures = table.numbers(indicator.column(&element.id)).unwrap_or_default();
            return Column::Fixed(figures.raw().to_vec());
        };
        let numbers = number..number + parts.len();
        number += parts.len();
        let cell = |unit: &String| {
            let totals = tally.find(unit).and_then(|totals| totals.get(numbers.clone()));
            cell(parts, numbers.start, totals.unwrap_or_default(), *absent, options)
        };
        Column::Combined(table.units().iter().map(cell).collect())
    };
    framework.indicators().map(column).collect()
}

/// The parts of one figure with their shares, and the sum of all shares; 0 where there is no figure.
fn cell(parts: &[Part], first: usize, totals: &[PartTotal], absent: Absent, options: &Responses) -> Used {
    let nobody = PartTotal::default();
    let (mut used, mut shares, mut zeros, mut thin) = (Vec::new(), 0.0, false, false);
    for (position, part) in parts.iter().enumerate() {
        let total = totals.get(position).unwrap_or(&nobody);
        let value = total.value(part.measure.kind, part.measure.scale);
        match Standing::of(part, total, value, options) {
            Standing::Absent if absent == Absent::Zero => {
                shares += part.share;
                zeros = true;
            }
            Standing::Absent => {}
            Standing::Used(_) => {
                used.push((first + position, part.share));
                shares += part.share;
            }
            Standing::Thin => thin = true,
        }
    }
    let figure = !used.is_empty() || zeros && !thin;
    (used, if figure { shares } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::super::strata::{Drawn, stratum};
    use super::*;
    use crate::scoring::uncertainty::{Purpose, random};

    /// A ratio over three strata, one of them complete, of which each respondent has (size, value).
    fn ratio(strata: &[(u64, Vec<(f64, f64)>)]) -> Resample {
        let mut resample = Resample {
            weights: Vec::new(),
            bases: Vec::new(),
            calibrated: Vec::new(),
            organisations: Vec::new(),
            units: Vec::new(),
            strata: Vec::new(),
            parts: Vec::new(),
            columns: vec![Column::Combined(vec![(vec![(0, 1.0)], 1.0)])],
            notes: Vec::new(),
        };
        let mut entries = Vec::new();
        for (population, members) in strata {
            let start = resample.weights.len();
            for &(over, of) in members {
                let respondent = u32::try_from(resample.weights.len()).unwrap();
                entries.push(Entry { respondent, of, over });
                let weight = *population as f64 / members.len() as f64;
                resample.bases.push(weight);
                resample.weights.push(weight);
            }
            let drawn = Drawn {
                members: start..resample.weights.len(),
                population: Some(*population),
                names: Vec::new(),
            };
            resample.strata.extend(stratum(drawn));
        }
        resample.parts.push(PartSample {
            kind: MeasureKind::Ratio,
            scale: 1.0,
            minimum: 1,
            units: vec![0..entries.len(); 1],
            entries,
            widening: Vec::new(),
        });
        resample
    }

    #[test]
    fn the_spread_of_replicates_is_the_linearised_standard_error_with_the_share_sampled_taken_off() {
        let member = |n: usize| {
            let size = 1.0 + (n * 37 % 23) as f64;
            (size, size * 0.3 + (n * 61 % 17) as f64 * 0.4)
        };
        let members = |from: usize, n: usize| (from..from + n).map(member).collect::<Vec<_>>();
        let strata = [
            (600, members(0, 80)),
            (90, members(100, 40)),
            (10, members(200, 10)),
            (40, members(300, 20)),
        ];
        let resample = ratio(&strata);
        assert_eq!(resample.strata.len(), 3, "the complete stratum is not drawn again");

        let total = |of: fn(&(f64, f64)) -> f64| -> f64 {
            strata
                .iter()
                .map(|(n, all)| *n as f64 / all.len() as f64 * all.iter().map(of).sum::<f64>())
                .sum()
        };
        let (over, of) = (total(|it| it.0), total(|it| it.1));
        let variance: f64 = strata
            .iter()
            .map(|(population, all)| {
                let (population, n) = (*population as f64, all.len() as f64);
                let residuals: Vec<f64> = all
                    .iter()
                    .map(|(size, value)| (value - of / over * size) / over)
                    .collect();
                let mean = residuals.iter().sum::<f64>() / n;
                let squares = residuals.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (n - 1.0);
                population * population * (1.0 - n / population) * squares / n
            })
            .sum();
        let replicates: Vec<f64> = (0..3000)
            .map(|replicate| {
                resample
                    .columns_drawn(&mut random(1, Purpose::Respondents, replicate))
                    .0[0][0]
            })
            .collect();
        let mean = replicates.iter().sum::<f64>() / 3000.0;
        let spread = (replicates.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / 2999.0).sqrt();
        assert!((mean - of / over).abs() < variance.sqrt() / 5.0);
        assert!(
            (spread / variance.sqrt() - 1.0).abs() < 0.05,
            "{spread} against {}",
            variance.sqrt()
        );
    }
}
