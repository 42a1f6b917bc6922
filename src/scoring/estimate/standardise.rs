//! Direct standardisation: the figures that units would have if they had one structure of sectors and size classes.
//!
//! Within a unit, respondents of a cell (sector and size class) are weighted to the share that the cell has in all units
//! pooled; every measure is then what it is anyway. A cell in which a unit has nobody is spoken for by its size class, and
//! where that has nobody either, by all respondents of the unit.

use std::collections::{BTreeMap, BTreeSet};

use super::calibrate::is_census;
use super::estimates::{IndicatorFigure, figures};
use super::resample::Populations;
use super::tally::{KeptRespondent, PartTotal, Tally};
use crate::scoring::framework::{Framework, Part, parts};
use crate::scoring::options::Responses;

/// A sector and a size class.
type Class<'a> = (&'a str, &'a str);

/// The pooled structure of one survey.
#[derive(Debug, Clone)]
pub(in crate::scoring) struct Pooled<'a> {
    /// The share (0 to 1) of each cell; they sum to 1.
    shares: BTreeMap<Class<'a>, f64>,
    /// Whether it is the register's; else it is that of the weighted respondents.
    pub from_register: bool,
}

impl Pooled<'_> {
    /// How many cells have organisations.
    pub fn cells(&self) -> usize {
        self.shares.values().filter(|share| **share > 0.0).count()
    }
}

/// A unit's figures under the pooled structure.
pub(in crate::scoring) struct StandardisedUnit {
    /// By indicator; `None` of those that are not computed from answers.
    pub figures: Vec<Option<IndicatorFigure>>,
    /// By part, the share of the pooled structure in whose cells the unit has respondents; none of parts that are not
    /// standardised or that nobody is in the base of.
    pub covered: Vec<Option<f64>>,
}

/// The respondents of a tally and the structures of the surveys that are standardised.
pub(in crate::scoring) struct Standardising<'a> {
    framework: &'a Framework,
    tally: &'a Tally,
    options: &'a Responses,
    parts: Vec<&'a Part>,
    by_unit: BTreeMap<&'a str, Vec<&'a KeptRespondent>>,
    /// By survey; a listed census has none.
    pub pooled: BTreeMap<&'a str, Pooled<'a>>,
}

impl<'a> Standardising<'a> {
    /// The structures pooled over these units; `None` where the tally has not kept its respondents.
    pub fn new(
        framework: &'a Framework,
        tally: &'a Tally,
        units: &'a [String],
        populations: &'a Populations,
        options: &'a Responses,
    ) -> Option<Self> {
        let mut by_unit = tally.kept_by_unit()?;
        by_unit.retain(|unit, _| units.iter().any(|one| one == unit));
        let surveys: BTreeSet<&str> = parts(framework).map(|(_, part)| part.survey.as_str()).collect();
        let pooled = surveys
            .into_iter()
            .filter(|survey| !is_census(framework, survey))
            .filter_map(|survey| {
                let from_register = populations.get(survey).map(|register| &register.cells);
                let counts: BTreeMap<Class<'_>, f64> =
                    match from_register {
                        Some(cells) => sum(units.iter().filter_map(|unit| cells.get(unit)).flatten().flat_map(
                            |(sector, sizes)| {
                                sizes
                                    .iter()
                                    .map(|(size, count)| ((sector.as_str(), size.as_str()), *count as f64))
                            },
                        )),
                        None => sum(by_unit
                            .values()
                            .flatten()
                            .filter(|kept| &*kept.survey == survey)
                            .map(|kept| (class(kept), kept.weight))),
                    };
                let total: f64 = counts.values().sum();
                let shares = counts
                    .into_iter()
                    .map(|(class, count)| (class, count / total))
                    .collect();
                let pooled = Pooled {
                    shares,
                    from_register: from_register.is_some(),
                };
                (total > 0.0).then_some((survey, pooled))
            });
        Some(Self {
            pooled: pooled.collect(),
            framework,
            tally,
            options,
            parts: parts(framework).map(|(_, part)| part).collect(),
            by_unit,
        })
    }

    /// A unit's figures under the pooled structure.
    pub fn unit(&self, unit: &str) -> StandardisedUnit {
        let mut totals = self.tally.find(unit).unwrap_or_default().to_vec();
        let respondents = self.by_unit.get(unit).map_or(&[][..], Vec::as_slice);
        let numbered = totals.iter_mut().zip(&self.parts).enumerate();
        let covered = numbered
            .map(|(number, (total, part))| {
                let pooled = self.pooled.get(part.survey.as_str())?;
                reweigh(total, (number, part), respondents, pooled)
            })
            .collect();
        StandardisedUnit {
            figures: figures(self.framework, &totals, self.options),
            covered,
        }
    }
}

/// Makes a total anew under the pooled structure; returns the share of the structure whose cells have respondents.
fn reweigh(
    total: &mut PartTotal,
    (number, part): (usize, &Part),
    respondents: &[&KeptRespondent],
    pooled: &Pooled<'_>,
) -> Option<f64> {
    let known = |kept: &&'_ KeptRespondent| kept.figures.iter().find(|figure| figure.part == number).copied();
    let base: Vec<_> = respondents
        .iter()
        .filter_map(|kept| Some((*kept, known(kept)?)))
        .collect();
    let all: f64 = base.iter().map(|(kept, _)| kept.weight).sum();
    if all <= 0.0 {
        return None;
    }
    let of_cell: BTreeMap<Class<'_>, f64> = sum(base.iter().map(|(kept, _)| (class(kept), kept.weight)));
    let of_size: BTreeMap<&str, f64> = sum(base.iter().map(|(kept, _)| (class(kept).1, kept.weight)));
    let has = |weight: Option<&f64>| weight.is_some_and(|weight| *weight > 0.0);
    let (mut covered, mut by_size, mut by_all) = (0.0, BTreeMap::<&str, f64>::new(), 0.0);
    for (class, share) in &pooled.shares {
        if has(of_cell.get(class)) {
            covered += share;
        } else if has(of_size.get(class.1)) {
            *by_size.entry(class.1).or_default() += share;
        } else {
            by_all += share;
        }
    }
    total.unweigh();
    for (kept, figure) in base {
        let class = class(kept);
        let per_weight = |share: Option<&f64>, weight: Option<&f64>| match (share, weight) {
            (Some(share), Some(weight)) if *weight > 0.0 => share / weight,
            _ => 0.0,
        };
        let factor = per_weight(pooled.shares.get(&class), of_cell.get(&class))
            + per_weight(by_size.get(class.1), of_size.get(class.1))
            + by_all / all;
        // Totals stay those of as many organisations as before.
        total.weigh(part.measure.kind, figure.of, figure.over, kept.weight * factor * all);
    }
    Some(covered)
}

fn class(kept: &KeptRespondent) -> Class<'_> {
    (&kept.auxiliary.sector, &kept.auxiliary.size)
}

fn sum<K: Ord>(amounts: impl Iterator<Item = (K, f64)>) -> BTreeMap<K, f64> {
    let mut sums = BTreeMap::new();
    for (key, amount) in amounts {
        *sums.entry(key).or_default() += amount;
    }
    sums
}
