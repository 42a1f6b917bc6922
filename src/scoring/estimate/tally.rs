//! What is kept of the responses while they pass by: totals per unit and part, whatever the number of respondents.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::calibrate::Calibration;
use super::estimator::Auxiliary;
use super::exact::ExactSum;
use super::intake::Figure;
use super::moments::MomentsByLanguage;
use super::resample::{Populations, size_order};
use crate::scoring::framework::{Framework, MeasureKind, Part, parts};
use crate::scoring::note::{Note, NoteCode};

/// The totals of one part (an indicator's measure of one actor type) in one unit.
#[derive(Debug, Clone, Default)]
pub(super) struct PartTotal {
    /// Respondents of the actor type.
    pub respondents: u32,
    /// Those in the base.
    pub base: u32,
    /// Those in scope whose figure is not known.
    pub unknown: u32,
    /// The sum of the base's weights.
    pub weight: ExactSum,
    /// The weighted total of numerators or values.
    pub of: ExactSum,
    /// The weighted total of denominators.
    pub over: ExactSum,
    /// The two greatest weighted contributions to the numerator.
    pub greatest: [f64; 2],
    /// Values with their weights, for medians only.
    pub values: Vec<(f64, f64)>,
    /// How the items of a scale go together, for scales only.
    pub items: MomentsByLanguage,
}

impl PartTotal {
    pub fn add(&mut self, kind: MeasureKind, figure: Figure, weight: f64) {
        if figure == Figure::OtherActor {
            return;
        }
        self.respondents += 1;
        match figure {
            Figure::OtherActor | Figure::OutOfScope => {}
            Figure::Unknown => self.unknown += 1,
            Figure::Known { of, over } => {
                self.base += 1;
                self.weigh(kind, of, over, weight);
            }
        }
    }

    /// Counts a known figure with its weight; who is in the base is counted before.
    pub fn weigh(&mut self, kind: MeasureKind, of: f64, over: f64, weight: f64) {
        self.weight.add(weight);
        self.of.add(weight * of);
        if kind.is_quotient() {
            self.over.add(weight * over);
        }
        if kind == MeasureKind::Median {
            self.values.push((of, weight));
        }
        self.contribute((weight * of).abs());
    }

    /// Forgets all weights, and keeps who was counted and how items go together, which has no weights.
    pub fn unweigh(&mut self) {
        *self = Self {
            respondents: self.respondents,
            base: self.base,
            unknown: self.unknown,
            items: std::mem::take(&mut self.items),
            ..Self::default()
        };
    }

    fn contribute(&mut self, amount: f64) {
        let [first, second] = self.greatest;
        if amount > first {
            self.greatest = [amount, first];
        } else if amount > second {
            self.greatest = [first, amount];
        }
    }

    /// Adds the totals of other respondents.
    pub fn merge(&mut self, other: Self) {
        self.respondents += other.respondents;
        self.base += other.base;
        self.unknown += other.unknown;
        self.weight.merge(other.weight);
        self.of.merge(other.of);
        self.over.merge(other.over);
        for amount in other.greatest {
            self.contribute(amount);
        }
        self.values.extend(other.values);
        self.items.merge(&other.items);
    }

    /// The figure; `None` where it is not defined (nobody in the base, a denominator of 0).
    pub fn value(&self, kind: MeasureKind, scale: f64) -> Option<f64> {
        if self.base == 0 {
            return None;
        }
        let (of, weight) = (self.of.value(), self.weight.value());
        let value = match kind {
            MeasureKind::Ratio | MeasureKind::Per => of / self.over.value(),
            MeasureKind::Share | MeasureKind::Mean | MeasureKind::Items => of / weight,
            MeasureKind::Sum | MeasureKind::Count => of,
            MeasureKind::Median => weighted_median(&self.values)?,
        };
        Some(value * scale).filter(|value| value.is_finite())
    }
}

/// The value at which half of the weight is reached; the middle of two values where the half falls between them.
pub(super) fn weighted_median(values: &[(f64, f64)]) -> Option<f64> {
    let mut values: Vec<(f64, f64)> = values.iter().copied().filter(|(_, weight)| *weight > 0.0).collect();
    values.sort_unstable_by(|one, other| one.0.total_cmp(&other.0).then(one.1.total_cmp(&other.1)));
    let half = values.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
    let mut passed = 0.0;
    for (position, (value, weight)) in values.iter().enumerate() {
        passed += weight;
        if (passed - half).abs() <= 1e-12 * half {
            let next = values.get(position + 1).map_or(*value, |(next, _)| *next);
            return Some(f64::midpoint(*value, next));
        }
        if passed > half {
            return Some(*value);
        }
    }
    None
}

/// A figure that a respondent knows.
#[derive(Debug, Clone, Copy)]
pub(super) struct KnownFigure {
    /// The number of the part.
    pub part: usize,
    pub of: f64,
    pub over: f64,
}

/// One respondent and what it says, for drawing respondents again.
#[derive(Debug, Clone)]
pub(super) struct KeptRespondent {
    pub survey: Arc<str>,
    pub unit: String,
    pub stratum: String,
    pub response: String,
    pub auxiliary: KeptAuxiliary,
    /// The weight that it came with.
    pub base: f64,
    /// The weight that it counts with.
    pub weight: f64,
    /// The credit code, where it has one.
    pub organisation: Option<String>,
    pub figures: Vec<KnownFigure>,
    /// The numbers of the parts whose actor type it is of and in whose base it is not.
    pub outside_base: Vec<u32>,
}

impl KeptRespondent {
    /// What weights are worked out from.
    pub fn without_figures(&self) -> Self {
        Self {
            survey: Arc::clone(&self.survey),
            unit: self.unit.clone(),
            stratum: self.stratum.clone(),
            response: self.response.clone(),
            auxiliary: self.auxiliary.clone(),
            organisation: self.organisation.clone(),
            figures: Vec::new(),
            outside_base: Vec::new(),
            ..*self
        }
    }

    /// The order in which the respondents of a unit stand wherever weights are worked out: by survey and stratum, then by
    /// organisation, so that what those say that are the same in two rounds is summed in the same order.
    pub fn order(&self) -> impl Ord + use<> {
        let stratum = (self.survey.to_string(), size_order(&self.stratum));
        (stratum, self.organisation.clone(), self.response.clone())
    }
}

/// What calibration goes by.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptAuxiliary {
    pub size: String,
    pub sector: String,
    pub employees: Option<f64>,
}

impl From<Auxiliary<'_>> for KeptAuxiliary {
    fn from(auxiliary: Auxiliary<'_>) -> Self {
        Self {
            size: auxiliary.size.to_owned(),
            sector: auxiliary.sector.to_owned(),
            employees: auxiliary.employees.map(|employees| employees as f64),
        }
    }
}

/// The respondents one by one, where they are kept.
#[derive(Debug, Clone, Default)]
enum Respondents {
    #[default]
    NotKept,
    Kept(Vec<KeptRespondent>),
    TooMany,
}

/// The totals of all units and parts. Two tallies can be merged in any order with the same result to the last bit.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    parts: usize,
    numbers: HashMap<String, usize>,
    totals: Vec<PartTotal>,
    responses: ResponseSet,
    weighted: bool,
    unreadable: u64,
    respondents: Respondents,
    calibration: Option<Calibration>,
}

/// The responses that an assessment rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ResponseSet {
    pub count: u64,
    hash: [u64; 4],
}

impl ResponseSet {
    fn add(&mut self, response: &str) {
        self.count += 1;
        let digest = Sha256::digest(response.as_bytes());
        for (sum, bytes) in self.hash.iter_mut().zip(digest.chunks_exact(8)) {
            let bytes: [u8; 8] = bytes.try_into().unwrap_or_default();
            *sum = sum.wrapping_add(u64::from_le_bytes(bytes));
        }
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        for (sum, other) in self.hash.iter_mut().zip(other.hash) {
            *sum = sum.wrapping_add(other);
        }
    }

    /// A hash of the set, whatever the order it was read in.
    pub fn hash(&self) -> String {
        let bytes: Vec<u8> = self.hash.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        base16ct::lower::encode_string(&bytes)
    }
}

impl Tally {
    /// So many respondents are kept one by one at most.
    pub const MOST_KEPT: usize = 100_000;

    pub(super) fn keep(&mut self) {
        if matches!(self.respondents, Respondents::NotKept) {
            self.respondents = Respondents::Kept(Vec::new());
        }
    }

    pub(super) fn is_keeping(&self) -> bool {
        matches!(self.respondents, Respondents::Kept(_))
    }

    pub(super) fn keep_respondent(&mut self, respondent: KeptRespondent) {
        if let Respondents::Kept(kept) = &mut self.respondents {
            kept.push(respondent);
            if kept.len() > Self::MOST_KEPT {
                self.respondents = Respondents::TooMany;
            }
        }
    }

    /// The respondents one by one, in no particular order; `None` where they were not kept, or are too many.
    pub(super) fn kept(&self) -> Option<&[KeptRespondent]> {
        match &self.respondents {
            Respondents::Kept(kept) => Some(kept),
            Respondents::NotKept | Respondents::TooMany => None,
        }
    }

    /// The same by unit, in the order in which weights are worked out.
    pub(super) fn kept_by_unit(&self) -> Option<BTreeMap<&str, Vec<&KeptRespondent>>> {
        let mut by_unit: BTreeMap<&str, Vec<&KeptRespondent>> = BTreeMap::new();
        for kept in self.kept()? {
            by_unit.entry(&kept.unit).or_default().push(kept);
        }
        for respondents in by_unit.values_mut() {
            respondents.sort_by_cached_key(|kept| kept.order());
        }
        Some(by_unit)
    }

    pub(super) fn new(parts: usize) -> Self {
        Self {
            parts,
            ..Self::default()
        }
    }

    /// Counts a response.
    pub(super) fn count(&mut self, response: &str, weighted: bool) {
        self.responses.add(response);
        self.weighted |= weighted;
    }

    /// Counts a response that could not be used: its answers are not JSON, or its weight is no weight.
    pub(super) fn count_unreadable(&mut self) {
        self.unreadable += 1;
    }

    /// The totals of a unit's parts, made where the unit is new.
    pub(super) fn unit(&mut self, unit: &str) -> &mut [PartTotal] {
        let number = if let Some(number) = self.numbers.get(unit) {
            *number
        } else {
            let number = self.numbers.len();
            self.numbers.insert(unit.to_owned(), number);
            self.totals.resize_with((number + 1) * self.parts, PartTotal::default);
            number
        };
        self.totals
            .get_mut(number * self.parts..(number + 1) * self.parts)
            .unwrap_or_default()
    }

    /// The totals of a unit's parts; none where nobody answered there.
    pub(super) fn find(&self, unit: &str) -> Option<&[PartTotal]> {
        let number = self.numbers.get(unit)?;
        self.totals.get(number * self.parts..(number + 1) * self.parts)
    }

    /// How the items of a scale go together in these units, by the number of its part.
    pub(in crate::scoring) fn items(&self, part: usize, units: &[&str]) -> MomentsByLanguage {
        let mut all = MomentsByLanguage::default();
        for total in units.iter().filter_map(|unit| self.find(unit)?.get(part)) {
            all.merge(&total.items);
        }
        all
    }

    /// The units that somebody answered in, in the order of their names.
    pub fn units(&self) -> Vec<&str> {
        let mut units: Vec<&str> = self.numbers.keys().map(String::as_str).collect();
        units.sort_unstable();
        units
    }

    /// How many responses were counted.
    pub fn responses(&self) -> u64 {
        self.responses.count
    }

    /// A hash of the set of responses that were counted, whatever the order they were read in.
    pub fn responses_hash(&self) -> String {
        self.responses.hash()
    }

    /// How many could not be used.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    pub(super) fn response_set(&self) -> ResponseSet {
        self.responses
    }

    pub(super) fn is_weighted(&self) -> bool {
        self.weighted
    }

    /// Gives the respondents the weights under which they stand for the organisations of the registers, and works out
    /// all totals again. For a tally that is complete and keeps its respondents; without registers nothing changes.
    pub fn calibrate(&mut self, framework: &Framework, populations: &Populations) {
        if populations.is_empty() {
            return;
        }
        let kept = match &mut self.respondents {
            Respondents::Kept(kept) => kept,
            Respondents::NotKept => return,
            Respondents::TooMany => {
                let message = format!(
                    "more than {} respondents: weights are as they came, not calibrated to the register",
                    Self::MOST_KEPT
                );
                self.calibration = Some(Calibration::not_done(Note::new(NoteCode::NotCalibrated, message)));
                return;
            }
        };
        kept.sort_by_cached_key(|kept| (kept.unit.clone(), kept.order()));
        let mut calibration = Calibration::of(framework, kept, populations);
        self.totals.iter_mut().for_each(PartTotal::unweigh);
        let kinds: Vec<MeasureKind> = parts(framework).map(|(_, part)| part.measure.kind).collect();
        for kept in kept {
            let totals = self.numbers.get(&kept.unit).map_or(0, |number| number * self.parts);
            for figure in &kept.figures {
                let total = self.totals.get_mut(totals + figure.part);
                if let (Some(total), Some(kind)) = (total, kinds.get(figure.part)) {
                    total.weigh(*kind, figure.of, figure.over, kept.weight);
                }
            }
        }
        for weighting in &mut calibration.weightings {
            let (mut known, mut asked) = (0_u64, 0_u64);
            let totals = self.find(&weighting.unit).unwrap_or_default();
            for (total, (_, part)) in totals.iter().zip(parts(framework)) {
                if part.survey == weighting.survey {
                    known += u64::from(total.base);
                    asked += u64::from(total.base + total.unknown);
                }
            }
            weighting.item_response_rate = (asked > 0).then(|| known as f64 / asked as f64);
        }
        self.calibration = Some(calibration);
    }

    /// How many listed bodies of an actor type the register has in a unit: those of the sector that has the name of
    /// the actor type. `None` of confidential ones, and without a register.
    pub(super) fn listed(&self, unit: &str, part: &Part) -> Option<u64> {
        if part.confidential {
            return None;
        }
        let count = self
            .calibration
            .as_ref()?
            .listed
            .get(&part.survey)?
            .get(unit)?
            .get(&part.actor)
            .copied();
        count.filter(|count| *count > 0)
    }

    /// A tally of the same parts, of nobody.
    pub(super) fn empty(&self) -> Self {
        Self::new(self.parts)
    }

    /// The tally with what its weights were calibrated to.
    pub(super) fn with_calibration(self, calibration: Calibration) -> Self {
        Self {
            calibration: Some(calibration),
            ..self
        }
    }

    /// What the weights were calibrated to, where they were.
    pub(super) fn calibration(&self) -> Option<&Calibration> {
        self.calibration.as_ref()
    }

    /// Adds another tally of the same framework.
    pub fn merge(&mut self, other: Self) {
        if self.parts == 0 {
            self.parts = other.parts;
        }
        let mut totals: Vec<Option<PartTotal>> = other.totals.into_iter().map(Some).collect();
        for (unit, number) in other.numbers {
            let theirs = totals
                .get_mut(number * other.parts..(number + 1) * other.parts)
                .unwrap_or_default();
            for (own, theirs) in self.unit(&unit).iter_mut().zip(theirs) {
                if let Some(theirs) = theirs.take() {
                    own.merge(theirs);
                }
            }
        }
        self.responses.merge(other.responses);
        self.weighted |= other.weighted;
        self.unreadable += other.unreadable;
        match other.respondents {
            Respondents::NotKept => {}
            Respondents::TooMany => self.respondents = Respondents::TooMany,
            Respondents::Kept(kept) => {
                self.keep();
                for respondent in kept {
                    self.keep_respondent(respondent);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weighted_median_is_the_usual_one_where_all_weights_are_equal() {
        let median = |values: &[(f64, f64)]| weighted_median(values).unwrap();
        assert!((median(&[(3.0, 1.0), (1.0, 1.0), (2.0, 1.0)]) - 2.0).abs() < 1e-15);
        assert!((median(&[(4.0, 1.0), (1.0, 1.0), (2.0, 1.0), (3.0, 1.0)]) - 2.5).abs() < 1e-15);
        assert!((median(&[(1.0, 1.0), (2.0, 1.0), (9.0, 5.0)]) - 9.0).abs() < 1e-15);
        assert_eq!(weighted_median(&[]), None);
    }
}
