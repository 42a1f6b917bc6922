//! Drawing respondents again: the rescaled bootstrap of J. N. K. Rao, C. F. J. Wu and K. Yue (Some recent work on
//! resampling methods for complex surveys, Survey Methodology 18, 1992), without replacement.
//!
//! Within a stratum of n respondents out of N organisations, n - 1 are drawn with replacement. The weight of one that
//! is drawn m times is multiplied by 1 - L + L n / (n - 1) m with L = sqrt(1 - n / N), so that a stratum that answered
//! completely has no sampling error. All indicators of a replicate share the draws, and weights that were calibrated to
//! a register are calibrated again in each.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: respondents, units and parts are counted once, when the sample is made ready"
)]

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::calibrate::Group;
use super::estimates::Standing;
use super::raking::Workspace;
use super::tally::{KeptRespondent, PartTotal, Tally, weighted_median};
use crate::scoring::framework::{Absent, Framework, MeasureKind, Origin, Part};
use crate::scoring::note::{Note, NoteCode};
use crate::scoring::options::Responses;
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

/// Respondents that were drawn from one stratum, next to each other.
#[derive(Debug, Clone)]
pub(super) struct Stratum {
    pub members: Range<usize>,
    /// sqrt(1 - n / N).
    lambda: f64,
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
    /// were too many. `table` has the columns that do not come from answers.
    pub fn new(
        framework: &Framework,
        tally: &Tally,
        table: &Table,
        options: &Responses,
        populations: &Populations,
    ) -> Option<Self> {
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
        Some(Self {
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
        })
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
        let figures: Vec<Vec<f64>> = self.parts.iter().map(|part| part.values(weights)).collect();
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

/// Draws n - 1 of the n respondents of a stratum.
pub(super) fn draw_alone(stratum: &Stratum, times: &mut [u32], random: &mut ChaCha8Rng) {
    let members = &mut times[stratum.members.clone()];
    for _ in 1..members.len() {
        members[random.random_range(0..members.len())] += 1;
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

/// A stratum while its neighbours may still join it.
struct Drawn {
    members: Range<usize>,
    /// N; none where it is not known.
    population: Option<u64>,
    names: Vec<String>,
}

impl Drawn {
    fn is_single(&self) -> bool {
        self.members.len() == 1 && self.population != Some(1)
    }

    fn join(&mut self, other: Self) {
        self.members = self.members.start.min(other.members.start)..self.members.end.max(other.members.end);
        self.population = self.population.zip(other.population).map(|(one, other)| one + other);
        self.names.extend(other.names);
    }
}

fn strata(
    respondents: &[(usize, &KeptRespondent)],
    populations: &Populations,
    units: &[String],
    notes: &mut Vec<Note>,
) -> Vec<Stratum> {
    let mut strata = Vec::new();
    let (mut joined, mut alone, mut unknown, mut short) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut start = 0;
    for of_unit in respondents.chunk_by(|(unit, one), (other, two)| unit == other && one.survey == two.survey) {
        let register = of_unit.first().and_then(|(_, kept)| populations.get(&*kept.survey));
        let mut drawn: Vec<Drawn> = Vec::new();
        for of_stratum in of_unit.chunk_by(|(_, one), (_, other)| one.stratum == other.stratum) {
            let members = start..start + of_stratum.len();
            start = members.end;
            let name = of_stratum
                .first()
                .map(|(_, kept)| kept.stratum.clone())
                .unwrap_or_default();
            let population = register.and_then(|register| register.strata.get(&name).copied());
            if register.is_some() && population.is_none() {
                unknown.push(name.clone());
            }
            if population.is_some_and(|population| population < members.len() as u64) {
                short.push(name.clone());
            }
            drawn.push(Drawn {
                members,
                population,
                names: vec![name],
            });
        }
        while let Some(single) = drawn.iter().position(Drawn::is_single) {
            if drawn.len() == 1 {
                let unit = of_unit.first().and_then(|(unit, _)| units.get(*unit));
                alone.extend(unit.cloned());
                drawn.clear();
                break;
            }
            // The next larger size, or the next smaller where it is the largest.
            let at = if single + 1 < drawn.len() { single } else { single - 1 };
            let other = drawn.remove(at + 1);
            drawn[at].join(other);
            joined.push(drawn[at].names.join(" + "));
        }
        strata.extend(drawn.into_iter().filter_map(stratum));
    }
    say(
        notes,
        NoteCode::SingleStratum,
        "strata with one respondent are drawn together with their neighbour in size",
        joined,
    );
    say(
        notes,
        NoteCode::SingleStratum,
        "units with one respondent of a survey: its sampling error is not known",
        alone,
    );
    say(
        notes,
        NoteCode::UnknownPopulation,
        "strata that the register does not have: drawn as from a very large one",
        unknown,
    );
    say(
        notes,
        NoteCode::UnknownPopulation,
        "strata of which more answered than the register has: taken as complete",
        short,
    );
    notes.extend(without_register(respondents, populations));
    strata
}

/// `None` where the stratum has no sampling error.
fn stratum(drawn: Drawn) -> Option<Stratum> {
    let n = drawn.members.len();
    let sampled = drawn.population.map_or(0.0, |population| n as f64 / population as f64);
    let lambda = (1.0 - sampled.min(1.0)).sqrt();
    (n > 1 && lambda > 0.0).then_some(Stratum {
        members: drawn.members,
        lambda,
    })
}

fn say(notes: &mut Vec<Note>, code: NoteCode, message: &str, mut names: Vec<String>) {
    if !names.is_empty() {
        names.dedup();
        notes.push(Note::new(code, format!("{message}: {}", names.join(", "))));
    }
}

fn without_register(respondents: &[(usize, &KeptRespondent)], populations: &Populations) -> Option<Note> {
    let mut surveys: Vec<&str> = respondents.iter().map(|(_, kept)| &*kept.survey).collect();
    surveys.sort_unstable();
    surveys.dedup();
    surveys.retain(|survey| !populations.contains_key(*survey));
    (!surveys.is_empty()).then(|| {
        let message = format!(
            "no register for {}: respondents are drawn again as from very large strata, so that intervals are rather too wide",
            surveys.join(", ")
        );
        Note::new(NoteCode::UnknownPopulation, message)
    })
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
    use super::super::tally::KeptAuxiliary;
    use super::*;
    use crate::scoring::estimate::Replicates as _;
    use crate::scoring::uncertainty::{Purpose, random};

    fn kept(survey: &str, stratum: &str, number: usize) -> KeptRespondent {
        KeptRespondent {
            survey: survey.into(),
            unit: "a".to_owned(),
            stratum: stratum.to_owned(),
            response: format!("uuid:{number}"),
            auxiliary: KeptAuxiliary::default(),
            base: 1.0,
            organisation: None,
            weight: 1.0,
            figures: Vec::new(),
            outside_base: Vec::new(),
        }
    }

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
            .map(|replicate| resample.replicate(&mut random(1, Purpose::Respondents, replicate))[0][0])
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

    #[test]
    fn a_stratum_of_one_joins_its_neighbour_in_size_and_what_the_register_lacks_is_said() {
        let respondents: Vec<KeptRespondent> = [("a/micro", 3), ("a/small", 1), ("a/large", 2), ("a/odd", 2)]
            .iter()
            .flat_map(|(stratum, n)| (0..*n).map(move |number| kept("enterprise", stratum, number)))
            .chain([kept("institution", "a/listed", 0)])
            .collect();
        let mut register = RegisterTotals::default();
        for (stratum, population) in [("a/micro", 50), ("a/small", 9), ("a/large", 2)] {
            register.strata.insert(stratum.to_owned(), population);
        }
        let populations = Populations::from([("enterprise".to_owned(), register)]);
        let sorted: Vec<(usize, &KeptRespondent)> = respondents.iter().map(|kept| (0, kept)).collect();
        let mut notes = Vec::new();
        let strata = strata(&sorted, &populations, &["a".to_owned()], &mut notes);
        // The large ones are 2 of 2, but with the small one they are 3 of 11.
        let found: Vec<(Range<usize>, f64)> = strata.iter().map(|it| (it.members.clone(), it.lambda)).collect();
        let expected = [(0..3, 3.0 / 50.0), (3..6, 3.0 / 11.0), (6..8, 0.0)];
        for ((members, lambda), (expected_members, sampled)) in found.iter().zip(&expected) {
            assert_eq!(members, expected_members);
            assert!((lambda - (1.0_f64 - sampled).sqrt()).abs() < 1e-12);
        }
        assert_eq!(found.len(), expected.len(), "the only institution is not drawn again");
        let said: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
        let said = said.join("\n");
        for part in [
            "a/small + a/large",
            "does not have: drawn as from a very large one: a/odd",
            "no register for institution",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}
