//! The framework as a flat tree, and scores and ranks of one run over it without allocating.
//!
//! It does what [`aggregate`](super::super::aggregate) does, in the same order of operations and so to the same bits,
//! for the methods that are means of values, logarithms or reciprocals.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: slots, columns and rows are counted once, when the tree is made"
)]
#![allow(
    clippy::match_wildcard_for_single_variants,
    reason = "methods that are no means do not come here: `Tree::makes` says which do"
)]

use super::super::framework::Framework;
use super::super::numbers::ties;
use super::super::options::{Aggregate, AggregateMethod};

/// The rank of a unit without a score.
pub(in crate::scoring) const UNRANKED: u32 = u32::MAX;

/// The elements above the indicators, children before parents; the last is the index.
pub(in crate::scoring) struct Tree {
    nodes: Vec<Node>,
    units: usize,
}

struct Node {
    /// The position among the framework's elements.
    element: usize,
    /// The number of levels below it but one: which of `by_level` is its method.
    level: usize,
    children: Vec<Child>,
}

impl Node {
    fn method(&self, options: &Aggregate) -> AggregateMethod {
        options.by_level.get(self.level).copied().unwrap_or(options.method)
    }
}

#[derive(Clone, Copy)]
struct Child {
    element: usize,
    from: From,
}

#[derive(Clone, Copy)]
enum From {
    /// The column of an indicator.
    Column(usize),
    /// The scores of a node.
    Node(usize),
}

/// A mean that cannot take a value below 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scoring) struct BelowZero {
    /// The element that has it.
    pub element: usize,
}

impl Tree {
    pub fn new(framework: &Framework, units: usize) -> Self {
        let elements = framework.elements();
        let columns: Vec<usize> = framework.indicators().map(|(position, ..)| position).collect();
        let mut nodes: Vec<Node> = Vec::new();
        for (position, element) in elements.iter().enumerate().rev() {
            if element.indicator.is_some() {
                continue;
            }
            let child = |&child: &usize| {
                let column = columns.iter().position(|column| *column == child);
                let node = || nodes.iter().position(|node| node.element == child);
                let from = column.map(From::Column).or_else(|| node().map(From::Node))?;
                Some(Child { element: child, from })
            };
            let children = element.children.iter().filter_map(child).collect();
            nodes.push(Node {
                element: position,
                level: (element.level as usize).saturating_sub(2),
                children,
            });
        }
        Self { nodes, units }
    }

    /// How many elements have scores made for them.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The position of each of them among the framework's elements.
    pub fn elements(&self) -> impl Iterator<Item = usize> + '_ {
        self.nodes.iter().map(|node| node.element)
    }

    /// Whether all methods are means that [`Tree::scores`] can make.
    pub fn makes(options: &Aggregate) -> bool {
        let is_mean = |method: &AggregateMethod| {
            matches!(
                method,
                AggregateMethod::Arithmetic | AggregateMethod::Geometric | AggregateMethod::Harmonic
            )
        };
        is_mean(&options.method) && options.by_level.iter().all(is_mean)
    }

    /// Takes the weight from elements whose children have none.
    pub fn prune(&self, weights: &mut [f64]) {
        for node in &self.nodes {
            if node.children.iter().all(|child| weights[child.element] <= 0.0) {
                weights[node.element] = 0.0;
            }
        }
    }

    /// What the means sum instead of the indicators' values: their logarithms, where the mean is geometric.
    /// `None` where all of them are summed as they are.
    pub fn terms(&self, options: &Aggregate, columns: &[Vec<f64>]) -> Option<Vec<Vec<f64>>> {
        let mut terms: Vec<Vec<f64>> = Vec::new();
        for node in &self.nodes {
            let method = node.method(options);
            if method == AggregateMethod::Arithmetic {
                continue;
            }
            terms.resize(columns.len(), Vec::new());
            for child in &node.children {
                if let From::Column(column) = child.from {
                    terms[column] = columns[column].iter().map(|value| term(method, *value)).collect();
                }
            }
        }
        (!terms.is_empty()).then_some(terms)
    }

    /// Scores of all nodes into `scores`, node after node, each unit after unit.
    pub fn scores(
        &self,
        options: &Aggregate,
        weights: &[f64],
        columns: &[Vec<f64>],
        terms: Option<&[Vec<f64>]>,
        scores: &mut [f64],
    ) -> Result<(), BelowZero> {
        let units = self.units;
        let mut total = vec![0.0; units];
        let mut present = vec![0.0; units];
        for (slot, node) in self.nodes.iter().enumerate() {
            let method = node.method(options);
            let (settled, open) = scores.split_at_mut(slot * units);
            let sum = &mut open[..units];
            sum.fill(0.0);
            total.fill(0.0);
            present.fill(0.0);
            let mut children = 0;
            for child in &node.children {
                let weight = weights[child.element];
                if weight <= 0.0 {
                    continue;
                }
                children += 1;
                let values = match child.from {
                    From::Column(column) => columns[column].as_slice(),
                    From::Node(node) => &settled[node * units..(node + 1) * units],
                };
                if method == AggregateMethod::Arithmetic {
                    add(weight, values, |at| values[at], sum, &mut total, &mut present);
                    continue;
                }
                if values.iter().any(|value| *value < 0.0) {
                    return Err(BelowZero { element: child.element });
                }
                match (child.from, terms) {
                    (From::Column(column), Some(terms)) if !terms[column].is_empty() => {
                        let terms = terms[column].as_slice();
                        add(weight, values, |at| terms[at], sum, &mut total, &mut present);
                    }
                    _ => {
                        let made = |at: usize| term(method, values[at]);
                        add(weight, values, made, sum, &mut total, &mut present);
                    }
                }
            }
            let least = options.min_available * f64::from(children);
            for at in 0..units {
                let enough = present[at] > 0.0 && present[at] + 1e-9 >= least;
                let mean = sum[at] / total[at];
                let score = match method {
                    _ if !enough => f64::NAN,
                    AggregateMethod::Geometric => mean.exp(),
                    AggregateMethod::Harmonic => 1.0 / mean,
                    _ => mean,
                };
                sum[at] = if score.is_finite() { score } else { f64::NAN };
            }
        }
        Ok(())
    }
}

/// What a mean sums for one value. A value of 0 has an infinite term, which makes the whole mean 0.
fn term(method: AggregateMethod, value: f64) -> f64 {
    match method {
        AggregateMethod::Geometric => value.ln(),
        AggregateMethod::Harmonic => 1.0 / value,
        _ => value,
    }
}

/// Adds a child to the sums of all units, where it has a value.
#[inline]
fn add(
    weight: f64,
    values: &[f64],
    term: impl Fn(usize) -> f64,
    sum: &mut [f64],
    total: &mut [f64],
    present: &mut [f64],
) {
    let slots = sum.iter_mut().zip(total).zip(present);
    for (at, (((sum, total), present), value)) in slots.zip(values).enumerate() {
        let missing = value.is_nan();
        *sum += if missing { 0.0 } else { weight * term(at) };
        *total += if missing { 0.0 } else { weight };
        *present += if missing { 0.0 } else { 1.0 };
    }
}

/// Ranks of one node's scores within each group of rows: 1 is the best, ties take the smallest.
pub(in crate::scoring) fn rank_into(
    groups: &[Vec<usize>],
    scores: &[f64],
    order: &mut Vec<(f64, usize)>,
    ranks: &mut [u32],
) {
    ranks.fill(UNRANKED);
    for rows in groups {
        order.clear();
        order.extend(
            rows.iter()
                .map(|&row| (scores[row], row))
                .filter(|(score, _)| !score.is_nan()),
        );
        order.sort_unstable_by(|(one, _), (other, _)| other.total_cmp(one));
        let mut leader = (f64::NAN, 0);
        for (&(score, row), position) in order.iter().zip(1_u32..) {
            if !ties(leader.0, score) {
                leader = (score, position);
            }
            ranks[row] = leader.1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scoring::Options;
    use crate::scoring::aggregate::Aggregation;
    use crate::scoring::note::Notes;
    use crate::scoring::rank::rank_within;

    const FRAMEWORK: &str = "index: {id: I, children: [{id: A, weight: 3, indicators: [{id: x, weight: 2}, {id: y}]}, \
                             {id: B, indicators: [{id: z}, {id: context, weight: 0}]}]}";

    proptest! {
        #[test]
        fn the_tree_scores_and_ranks_as_the_assessment_does_to_the_bit(
            columns in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![8 => 0.0..10.0_f64, 1 => Just(f64::NAN), 1 => Just(0.0)], 7), 4),
            settings in prop_oneof![
                Just("arithmetic"), Just("geometric"), Just("harmonic"),
                Just("{by_level: [arithmetic, geometric]}"), Just("{method: arithmetic, min_available: 0.6}"),
            ],
        ) {
            let framework = Framework::for_table("f.yaml", FRAMEWORK).unwrap().value;
            let options = Options::read("o.yaml", &format!("aggregate: {settings}"), Options::score()).unwrap();
            let weights: Vec<f64> = framework.elements().iter().map(|element| element.weight).collect();
            let units: Vec<String> = (0..7).map(|unit| unit.to_string()).collect();
            let mut whole = vec![vec![f64::NAN; 7]; framework.elements().len()];
            for ((position, ..), column) in framework.indicators().zip(&columns) {
                whole[position].clone_from(column);
            }
            let groups = vec![(0..7).collect::<Vec<usize>>()];
            let aggregation = Aggregation::new(&framework, &options, &groups, &units).unwrap();
            aggregation.parents(&weights, &mut whole, &mut Notes::default()).unwrap();

            let options = options.aggregate;
            let tree = Tree::new(&framework, 7);
            let mut scores = vec![0.0; tree.len() * 7];
            let terms = tree.terms(&options, &columns);
            tree.scores(&options, &weights, &columns, terms.as_deref(), &mut scores).unwrap();
            for (slot, element) in tree.elements().enumerate() {
                let found = &scores[slot * 7..(slot + 1) * 7];
                let bits = |column: &[f64]| column.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                prop_assert_eq!(bits(found), bits(&whole[element]));
                let mut ranks = [0; 7];
                rank_into(&groups, found, &mut Vec::new(), &mut ranks);
                let expected: Vec<u32> =
                    rank_within(&groups, found).into_iter().map(|rank| rank.unwrap_or(UNRANKED)).collect();
                prop_assert_eq!(&ranks[..], &expected[..]);
            }
        }
    }
}
