//! What each element adds to the change of the index of a unit, without a rest.
//!
//! Of a parent with the score s = Σ v x (arithmetic) the child c adds v̄ Δx, where v are the weights rescaled over the
//! children that are there, and v̄ the mean of the two rounds'. Of a parent with s = Π x^v (geometric) it adds
//! L(s₁, s₀) v̄ ln(x₁ / x₀) with the logarithmic mean L(a, b) = (a - b) / ln(a / b): the additive form of the logarithmic
//! mean Divisia index, LMDI-I (B. W. Ang, Decomposition analysis for policymaking in energy, Energy Policy 32, 2004). What
//! is left is what other children, and so other weights, were there in the two rounds: the effect of coverage, which is
//! 0 where the same children are there. What a child adds is shared out among its own children in the same way.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::scoring::assessment::Assessment;
use crate::scoring::framework::{Element, Framework};
use crate::scoring::options::{Aggregate, AggregateMethod};
use crate::scoring::series::Series;

/// The change of the index, taken apart.
///
/// For each unit the contributions of the indicators and the effects of coverage sum to the change of the index, and
/// those of an element's children, with its own effect of coverage, to the element's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contributions {
    /// The element whose change is taken apart: the index.
    pub of: String,
    /// What each element below it adds, in points of the index, for each unit that has it in both rounds.
    pub elements: IndexMap<String, Series>,
    /// By parent: what other children being there adds; parents without such an effect are absent.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub coverage: IndexMap<String, Series>,
}

/// The ways to aggregate whose changes are taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mean {
    Arithmetic,
    Geometric,
}

impl Mean {
    #[allow(clippy::float_cmp, reason = "the exponent is as it was written")]
    fn of(options: &Aggregate, element: &Element) -> Option<Self> {
        match options.method_at(element.level) {
            AggregateMethod::Arithmetic => Some(Self::Arithmetic),
            AggregateMethod::Geometric => Some(Self::Geometric),
            AggregateMethod::Power if options.exponent.unwrap_or(1.0) == 1.0 => Some(Self::Arithmetic),
            AggregateMethod::Power if options.exponent == Some(0.0) => Some(Self::Geometric),
            _ => None,
        }
    }
}

/// A child in the two rounds.
#[derive(Debug, Clone, Copy)]
struct Child {
    weight: f64,
    /// NaN where it is missing.
    old: f64,
    new: f64,
}

/// How the change of a parent is made up.
#[derive(Debug, PartialEq)]
struct Parts {
    /// What a child adds for each point of its own change; none where it is not there in both rounds.
    per_point: Vec<Option<f64>>,
    /// What other children being there adds.
    coverage: f64,
}

/// Takes the change of the index apart for these pairs of rows (old, new) of an assessment of both rounds, and names the
/// parents whose changes cannot be taken apart. There are no contributions where the index is one of those.
pub(super) fn contributions(
    framework: &Framework,
    options: &Aggregate,
    both: &Assessment,
    pairs: &[(usize, usize)],
) -> (Option<Contributions>, Vec<String>) {
    let elements = framework.elements();
    let parents = elements.iter().filter(|element| element.indicator.is_none());
    let left: Vec<String> = parents
        .filter(|element| Mean::of(options, element).is_none() || both.weights_by_unit.contains_key(&element.id))
        .map(|element| element.id.clone())
        .collect();
    let Some(index) = elements.first().filter(|index| !left.contains(&index.id)) else {
        return (None, left);
    };
    let mut shares = Shares {
        framework,
        options,
        both,
        left: &left,
        elements: vec![Vec::with_capacity(pairs.len()); elements.len()],
        coverage: vec![Vec::with_capacity(pairs.len()); elements.len()],
    };
    for &(old, new) in pairs {
        shares.open_unit();
        shares.share_out(0, 1.0, old, new);
    }
    let named = |columns: Vec<Vec<f64>>| elements.iter().map(|element| element.id.clone()).zip(columns);
    let below = named(shares.elements).skip(1);
    let below = below.filter(|(_, column)| column.iter().any(|value| !value.is_nan()));
    let coverage =
        named(shares.coverage).filter(|(_, column)| column.iter().any(|value| *value != 0.0 && !value.is_nan()));
    let contributions = Contributions {
        of: index.id.clone(),
        elements: below.map(|(id, column)| (id, Series::from_numbers(column))).collect(),
        coverage: coverage
            .map(|(id, column)| (id, Series::from_numbers(column)))
            .collect(),
    };
    (Some(contributions), left)
}

/// Contributions while they are worked out: for each element a number of each unit so far.
struct Shares<'a> {
    framework: &'a Framework,
    options: &'a Aggregate,
    both: &'a Assessment,
    left: &'a [String],
    elements: Vec<Vec<f64>>,
    coverage: Vec<Vec<f64>>,
}

impl Shares<'_> {
    fn open_unit(&mut self) {
        for column in self.elements.iter_mut().chain(&mut self.coverage) {
            column.push(f64::NAN);
        }
    }

    /// Shares out the change of the element at this position, a point of which is `worth` so many points of the index.
    fn share_out(&mut self, position: usize, worth: f64, old: usize, new: usize) {
        let framework = self.framework;
        let Some(element) = framework.elements().get(position) else {
            return;
        };
        let Some(mean) = Mean::of(self.options, element).filter(|_| element.indicator.is_none()) else {
            return;
        };
        let scores = [self.score(element, old), self.score(element, new)];
        if self.left.contains(&element.id) || scores.iter().any(|score| score.is_nan()) {
            return;
        }
        let children: Vec<(usize, Child)> = element
            .children
            .iter()
            .filter_map(|&child| Some((child, self.child(child, old, new)?)))
            .collect();
        let of_children: Vec<Child> = children.iter().map(|(_, child)| *child).collect();
        let parts = taken_apart(mean, &of_children, scores);
        set_last(&mut self.coverage, position, worth * parts.coverage);
        for ((child, values), per_point) in children.into_iter().zip(parts.per_point) {
            if let Some(per_point) = per_point {
                let worth = worth * per_point;
                set_last(&mut self.elements, child, worth * (values.new - values.old));
                self.share_out(child, worth, old, new);
            }
        }
    }

    /// A child that counts.
    fn child(&self, position: usize, old: usize, new: usize) -> Option<Child> {
        let element = self.framework.elements().get(position)?;
        let weight = self.both.elements.get(position)?.weight;
        (weight > 0.0).then(|| Child {
            weight,
            old: self.score(element, old),
            new: self.score(element, new),
        })
    }

    fn score(&self, element: &Element, row: usize) -> f64 {
        let score = self.both.scores.get(&element.id).and_then(|scores| scores.get(row));
        score.unwrap_or(f64::NAN)
    }
}

fn set_last(columns: &mut [Vec<f64>], position: usize, value: f64) {
    if let Some(last) = columns.get_mut(position).and_then(|column| column.last_mut()) {
        *last = value;
    }
}

/// Takes the change of a parent apart.
fn taken_apart(mean: Mean, children: &[Child], scores: [f64; 2]) -> Parts {
    let total = |value: fn(&Child) -> f64| -> f64 {
        let there = children.iter().filter(|child| !value(child).is_nan());
        there.map(|child| child.weight).sum()
    };
    let totals = [total(|child| child.old), total(|child| child.new)];
    // The rescaled weights of a child in the two rounds; 0 where it is not there.
    let shares = |child: &Child| {
        let share = |value: f64, total: f64| if value.is_nan() { 0.0 } else { child.weight / total };
        [share(child.old, totals[0]), share(child.new, totals[1])]
    };
    match mean {
        Mean::Arithmetic => arithmetic(children, shares),
        Mean::Geometric => geometric(children, shares, scores),
    }
}

fn arithmetic(children: &[Child], shares: impl Fn(&Child) -> [f64; 2]) -> Parts {
    let mut coverage = 0.0;
    let per_point = |child: &Child| {
        let [before, after] = shares(child);
        match (child.old.is_nan(), child.new.is_nan()) {
            (false, false) => {
                coverage += f64::midpoint(child.old, child.new) * (after - before);
                return Some(f64::midpoint(before, after));
            }
            (false, true) => coverage -= before * child.old,
            (true, false) => coverage += after * child.new,
            (true, true) => {}
        }
        None
    };
    let per_point = children.iter().map(per_point).collect();
    Parts { per_point, coverage }
}

/// A logarithm as a number plus a multiple of the logarithm of something that tends to 0: that of 0 is (0, 1).
#[derive(Debug, Clone, Copy)]
struct Logarithm {
    finite: f64,
    of_nothing: f64,
}

impl Logarithm {
    fn of(value: f64) -> Self {
        if value == 0.0 {
            Self {
                finite: 0.0,
                of_nothing: 1.0,
            }
        } else {
            Self {
                finite: value.ln(),
                of_nothing: 0.0,
            }
        }
    }

    fn times(self, factor: f64) -> Self {
        Self {
            finite: self.finite * factor,
            of_nothing: self.of_nothing * factor,
        }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            finite: self.finite + other.finite,
            of_nothing: self.of_nothing + other.of_nothing,
        }
    }
}

/// Where a score is 0 in one of the rounds the shares are the limits for a value that tends to 0: children that are 0
/// there take all of the change, by their weights (B. W. Ang and N. Liu, Energy Policy 35, 2007, on zeros in LMDI).
fn geometric(children: &[Child], shares: impl Fn(&Child) -> [f64; 2], [before, after]: [f64; 2]) -> Parts {
    let nothing = Logarithm {
        finite: 0.0,
        of_nothing: 0.0,
    };
    let mut coverage = nothing;
    let mut effects = Vec::with_capacity(children.len());
    for child in children {
        let [share, share_after] = shares(child);
        let (old, new) = (Logarithm::of(child.old), Logarithm::of(child.new));
        let mut effect = None;
        match (child.old.is_nan(), child.new.is_nan()) {
            (false, false) => {
                let weight = f64::midpoint(share, share_after);
                effect = Some((weight, new.plus(old.times(-1.0)).times(weight)));
                coverage = coverage.plus(old.plus(new).times((share_after - share) / 2.0));
            }
            (false, true) => coverage = coverage.plus(old.times(-share)),
            (true, false) => coverage = coverage.plus(new.times(share_after)),
            (true, true) => {}
        }
        effects.push(effect);
    }
    if before == 0.0 && after == 0.0 {
        let per_point = effects.iter().map(|effect| effect.map(|_| 0.0)).collect();
        return Parts {
            per_point,
            coverage: 0.0,
        };
    }
    let mean = log_mean(after, before);
    let total: f64 = coverage.of_nothing
        + effects
            .iter()
            .flatten()
            .map(|(_, effect)| effect.of_nothing)
            .sum::<f64>();
    let zero = total != 0.0;
    let in_points = |effect: Logarithm| {
        if zero {
            (after - before) * effect.of_nothing / total
        } else {
            mean * effect.finite
        }
    };
    let per_point = |(child, effect): (&Child, &Option<(f64, Logarithm)>)| {
        effect.map(|(weight, effect)| {
            let change = child.new - child.old;
            match (zero, change == 0.0) {
                (false, _) => mean * weight / log_mean(child.new, child.old),
                (true, true) => 0.0,
                (true, false) => in_points(effect) / change,
            }
        })
    };
    Parts {
        per_point: children.iter().zip(&effects).map(per_point).collect(),
        coverage: in_points(coverage),
    }
}

/// (a - b) / ln(a / b), and a where both are equal; 0 where one of them is 0.
fn log_mean(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 {
        return 0.0;
    }
    let apart = (a - b) / b;
    if apart == 0.0 { a } else { b * apart / apart.ln_1p() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn child(weight: f64, old: f64, new: f64) -> Child {
        Child { weight, old, new }
    }

    fn score(mean: Mean, children: &[Child], value: fn(&Child) -> f64) -> f64 {
        let there = || children.iter().filter(|child| !value(child).is_nan());
        let total: f64 = there().map(|child| child.weight).sum();
        match mean {
            Mean::Arithmetic => there().map(|child| child.weight * value(child)).sum::<f64>() / total,
            Mean::Geometric => there().map(|child| value(child).powf(child.weight / total)).product(),
        }
    }

    /// What the children add, the effect of coverage, and the change of the score.
    fn apart(mean: Mean, children: &[Child]) -> (Vec<Option<f64>>, f64, f64) {
        let scores = [
            score(mean, children, |child| child.old),
            score(mean, children, |child| child.new),
        ];
        let parts = taken_apart(mean, children, scores);
        let added = children.iter().zip(parts.per_point);
        let added = added.map(|(child, per_point)| per_point.map(|worth| worth * (child.new - child.old)));
        (added.collect(), parts.coverage, scores[1] - scores[0])
    }

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
    }

    #[test]
    fn under_arithmetic_means_a_child_adds_its_weight_times_its_change() {
        let (added, coverage, change) = apart(Mean::Arithmetic, &[child(3.0, 10.0, 30.0), child(1.0, 50.0, 40.0)]);
        close(added[0].unwrap(), 15.0);
        close(added[1].unwrap(), -2.5);
        close(coverage, 0.0);
        close(change, 12.5);
    }

    #[test]
    fn under_geometric_means_a_child_adds_its_weight_times_its_logarithmic_change() {
        // 4 and 9 make 6, 16 and 9 make 12; L(12, 6) = 6 / ln 2, and half of ln 4 is ln 2.
        let (added, coverage, change) = apart(Mean::Geometric, &[child(1.0, 4.0, 16.0), child(1.0, 9.0, 9.0)]);
        close(added[0].unwrap(), 6.0);
        close(added[1].unwrap(), 0.0);
        close(coverage, 0.0);
        close(change, 6.0);
    }

    #[test]
    fn a_child_that_is_there_in_one_round_only_is_an_effect_of_coverage() {
        // (10 + 50) / 2 = 30 becomes 20: the child adds 0.75 · 10, and what is gone 0.5 · -50 + 15 · 0.5.
        let (added, coverage, change) = apart(Mean::Arithmetic, &[child(1.0, 10.0, 20.0), child(1.0, 50.0, f64::NAN)]);
        assert_eq!(added[1], None);
        close(added[0].unwrap(), 7.5);
        close(coverage, -17.5);
        close(change, -10.0);
    }

    #[test]
    fn a_child_that_leaves_0_takes_the_whole_change_and_two_of_them_share_it_by_weight() {
        let (added, _, change) = apart(Mean::Geometric, &[child(1.0, 0.0, 4.0), child(1.0, 5.0, 9.0)]);
        close(change, 6.0);
        assert_eq!(added, [Some(6.0), Some(0.0)]);
        let children = [child(3.0, 8.0, 0.0), child(1.0, 8.0, 0.0), child(4.0, 2.0, 5.0)];
        let (added, _, change) = apart(Mean::Geometric, &children);
        close(change, -4.0);
        close(added[0].unwrap(), -3.0);
        close(added[1].unwrap(), -1.0);
        let (added, coverage, change) = apart(Mean::Geometric, &[child(1.0, 0.0, 4.0), child(1.0, 5.0, 0.0)]);
        assert_eq!((added, coverage, change), (vec![Some(0.0), Some(0.0)], 0.0, 0.0));
    }

    fn value() -> impl Strategy<Value = f64> {
        prop_oneof![1 => Just(f64::NAN), 1 => Just(0.0), 8 => 0.001..100.0_f64]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_of_a_change_is_left_over(
            children in proptest::collection::vec((0.1..5.0_f64, value(), value()), 1..7),
            geometric in any::<bool>(),
        ) {
            let children: Vec<Child> = children.into_iter().map(|(weight, old, new)| child(weight, old, new)).collect();
            let there = |value: fn(&Child) -> f64| children.iter().any(|child| !value(child).is_nan());
            prop_assume!(there(|child| child.old) && there(|child| child.new));
            let mean = if geometric { Mean::Geometric } else { Mean::Arithmetic };
            let (added, coverage, change) = apart(mean, &children);
            let sum = added.iter().flatten().sum::<f64>() + coverage;
            prop_assert!((sum - change).abs() < 1e-9 * (1.0 + change.abs()), "{added:?} + {coverage} is not {change}");
        }
    }
}
