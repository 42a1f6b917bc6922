//! The inverse of a scenario: the cheapest improvement of a unit that reaches a target score.
//!
//! Under arithmetic means in the frozen frame the score is a sum of straight lines, one for each indicator, from where
//! the unit stands to the end of the scale. The cheapest way to a score is then that of a fractional knapsack: the
//! indicators in the order of what a point of the index costs. Where a unit stands below the worse goalpost, the way up to it
//! costs and gains nothing; whether to go it is tried for every set of such indicators. So the answer is exact.

#![allow(
    clippy::indexing_slicing,
    reason = "columns, elements and rows are looked up once, when the inverse is resolved"
)]

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::change::Named;
use super::frozen::FrozenFrame;
use super::resolve::Resolving;
use super::scale::End;
use crate::definition::{Diagnostic, Place, Text};
use crate::scoring::framework::Framework;
use crate::scoring::note::{Note, NoteCode};

/// Indicators below the worse goalpost whose sets are tried one by one.
const MOST_BELOW: usize = 16;

/// What is asked.
#[derive(Debug, Clone)]
pub struct Inverse {
    /// The unit that is to improve.
    pub unit: Named,
    /// The element whose score is meant; the index where it is absent.
    pub element: Option<Named>,
    /// What it is to reach.
    pub target: InverseTarget,
    /// By indicator, where it stands and what an improvement by 1 in its own unit costs.
    pub costs: IndexMap<String, (Place, f64)>,
    /// By indicator, the largest improvement, in its own unit.
    pub most: IndexMap<String, f64>,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InverseTarget {
    /// A score.
    Score(f64),
    /// A rank, by the score that it needs while the other units stay where they are.
    Rank(u32),
}

/// The cheapest improvement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    /// The inverse's name for people.
    pub label: Text,
    /// The unit.
    pub unit: String,
    /// The element whose score is meant.
    pub element: String,
    /// What was to be reached.
    pub target: ImprovementTarget,
    /// Whether it can be reached by what may be improved. Where not, `steps` is all that can be done.
    pub reached: bool,
    /// What all steps cost together.
    pub cost: f64,
    /// By indicator, in the order of what a point costs.
    pub steps: IndexMap<String, Step>,
    /// What a reader must know.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub notes: Vec<Note>,
}

/// From where to where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImprovementTarget {
    /// The rank that was asked for, where one was.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub rank: Option<u32>,
    /// The score that is needed.
    pub score: f64,
    /// The score before.
    pub before: f64,
    /// The score after all steps.
    pub after: f64,
}

/// What becomes of one indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its value before.
    pub from: f64,
    /// Its value after.
    pub to: f64,
    /// The improvement, 0 or more, whatever the direction.
    pub by: f64,
    /// What it costs.
    pub cost: f64,
    /// What it adds to the score.
    pub gain: f64,
}

/// An inverse with every name looked up.
pub(super) struct Target<'a> {
    frame: &'a FrozenFrame,
    /// The scores of the element, of all units.
    scores: &'a [f64],
    /// The rows of the same time.
    group: &'a [usize],
    row: usize,
    element: usize,
}

/// An indicator that may be improved.
struct Lever {
    name: String,
    column: usize,
    value: f64,
    /// 1 or -1: which way is up.
    sign: f64,
    /// What an improvement by 1 costs.
    cost: f64,
    /// What it adds, after the dead stretch.
    rate: f64,
    /// The improvement that gains nothing, at first.
    dead: f64,
    /// The largest improvement.
    limit: f64,
}

impl Lever {
    fn gain(&self, by: f64) -> f64 {
        self.rate * (by - self.dead).max(0.0)
    }
}

impl Inverse {
    /// The inverse as a file has it.
    pub(super) fn to_json(&self) -> Value {
        let mut inverse = Map::new();
        let mut say = |key: &str, value: Value| inverse.insert(key.to_owned(), value);
        say("unit", json!(self.unit.name));
        if let Some(element) = &self.element {
            say("element", json!(element.name));
        }
        match self.target {
            InverseTarget::Score(score) => say("score", json!(score)),
            InverseTarget::Rank(rank) => say("rank", json!(rank)),
        };
        say(
            "costs",
            self.costs
                .iter()
                .map(|(name, (_, cost))| (name.clone(), *cost))
                .collect(),
        );
        if !self.most.is_empty() {
            say("max", json!(self.most));
        }
        Value::Object(inverse)
    }

    /// Looks up unit and element. A unit of a long table has several rows, which is refused.
    pub(super) fn target<'a>(
        &self,
        resolving: &mut Resolving<'_>,
        frame: &'a FrozenFrame,
        scores: &'a [Vec<f64>],
        groups: &'a [Vec<usize>],
    ) -> Option<Target<'a>> {
        let rows = resolving.unit(&self.unit);
        let element = match &self.element {
            None => Some(0),
            Some(named) => resolving.element(named),
        };
        let mut refuse = |message: String, help: &str| {
            let error = Diagnostic::error(self.unit.place.clone(), message);
            resolving.problems.push(error.with_help(help));
        };
        match rows.as_slice() {
            [] => None,
            [row] => {
                let element = element?;
                if scores[element][*row].is_nan() {
                    let message = format!("unit '{}' has no score to be improved", self.unit.name);
                    refuse(message, "it has too little data");
                    return None;
                }
                let group = groups.iter().find(|rows| rows.contains(row))?;
                let ranked = group.iter().filter(|row| !scores[element][**row].is_nan()).count();
                if let InverseTarget::Rank(rank) = self.target
                    && rank as usize > ranked
                {
                    refuse(
                        format!("there is no rank {rank}: {ranked} units are ranked"),
                        "name a rank that there is",
                    );
                    return None;
                }
                Some(Target {
                    frame,
                    scores: &scores[element],
                    group,
                    row: *row,
                    element,
                })
            }
            [..] => {
                let message = format!("unit '{}' has several times", self.unit.name);
                refuse(message, "score a table of one time");
                None
            }
        }
    }

    /// The cheapest way.
    pub(super) fn cheapest(
        &self,
        label: &Text,
        resolving: &mut Resolving<'_>,
        target: &Target<'_>,
        weights: &[f64],
        scores: &[Vec<f64>],
    ) -> Option<Improvement> {
        let before = target.scores[target.row];
        let needed = match self.target {
            InverseTarget::Score(score) => score,
            InverseTarget::Rank(rank) => target.score_of_rank(rank).unwrap_or(before),
        };
        let shares = target.shares(resolving.framework, weights, scores);
        let mut notes = Vec::new();
        let levers = self.levers(resolving, target, &shares, &mut notes)?;
        let below = levers.iter().filter(|lever| lever.dead > 0.0).count();
        if below > MOST_BELOW {
            let message = format!(
                "unit '{}' is below the goalposts of {below} of these indicators",
                self.unit.name
            );
            let help = format!("name at most {MOST_BELOW} of them");
            resolving
                .problems
                .push(Diagnostic::error(self.unit.place.clone(), message).with_help(help));
            return None;
        }
        let (reached, improved) = cheapest(&levers, needed - before);
        let mut steps = IndexMap::new();
        let mut order: Vec<usize> = (0..levers.len()).filter(|&at| improved[at] > 0.0).collect();
        order.sort_by(|&one, &other| {
            price(&levers[one])
                .total_cmp(&price(&levers[other]))
                .then(one.cmp(&other))
        });
        for at in order {
            let (lever, by) = (&levers[at], improved[at]);
            let step = Step {
                from: lever.value,
                to: lever.value + lever.sign * by,
                by,
                cost: lever.cost * by,
                gain: lever.gain(by),
            };
            steps.insert(lever.name.clone(), step);
        }
        let after = target.after(&steps, &levers, before, &shares);
        // From 0 on, since an empty sum is -0.
        let cost = steps.values().fold(0.0, |sum, step| sum + step.cost);
        let written = steps.values().flat_map(|step| [step.to, step.cost, step.gain]);
        if !written.chain([cost, after]).all(f64::is_finite) {
            let message = format!("the improvement of unit '{}' would be too large", self.unit.name);
            let error = Diagnostic::error(self.unit.place.clone(), message);
            resolving.problems.push(error.with_help("lower the costs or max"));
            return None;
        }
        Some(Improvement {
            label: label.clone(),
            unit: self.unit.name.clone(),
            element: resolving.framework.elements()[target.element].id.clone(),
            target: ImprovementTarget {
                rank: match self.target {
                    InverseTarget::Rank(rank) => Some(rank),
                    InverseTarget::Score(_) => None,
                },
                score: needed,
                before,
                after,
            },
            reached,
            cost,
            steps,
            notes,
        })
    }

    /// What may be improved and gains something; the rest is noted.
    fn levers(
        &self,
        resolving: &mut Resolving<'_>,
        target: &Target<'_>,
        shares: &[f64],
        notes: &mut Vec<Note>,
    ) -> Option<Vec<Lever>> {
        let mut levers = Vec::new();
        let mut sound = true;
        for (name, (place, cost)) in &self.costs {
            let named = Named {
                name: name.clone(),
                place: place.clone(),
            };
            let Some((column, _, indicator)) = resolving.indicator(&named) else {
                sound = false;
                continue;
            };
            let sign = indicator.direction.sign();
            let mut note = |message: &str| {
                let note = Note::new(NoteCode::NotImproved, message).of(name);
                notes.push(note.at(vec![self.unit.name.clone()]));
            };
            let value = target.frame.natural[column][target.row];
            if value.is_nan() {
                note("not improved: the unit has no value");
                continue;
            }
            if shares[column] <= 0.0 {
                note("not improved: it has no weight in the score");
                continue;
            }
            if !target.frame.is_straight(column, target.row) {
                let message =
                    format!("'{name}' is put on the scale by no straight line (a logarithm, a root, or a quotient)");
                let help = "leave it out of the costs, and try it as a scenario";
                resolving
                    .problems
                    .push(Diagnostic::error(place.clone(), message).with_help(help));
                sound = false;
                continue;
            }
            match target.lever(name, column, sign, *cost, shares[column], self.most.get(name).copied()) {
                Some(lever) => levers.push(lever),
                None => note("not improved: the unit is at the end of the scale, or is the best"),
            }
        }
        sound.then_some(levers)
    }
}

impl Target<'_> {
    /// The score that gives this rank while the others stay: a tie takes the smallest rank. None where there are not so
    /// many others.
    fn score_of_rank(&self, rank: u32) -> Option<f64> {
        let others = self.group.iter().filter(|row| **row != self.row);
        let mut scores: Vec<f64> = others
            .map(|&row| self.scores[row])
            .filter(|score| !score.is_nan())
            .collect();
        scores.sort_unstable_by(|one, other| other.total_cmp(one));
        scores.get(rank as usize - 1).copied()
    }

    /// By column, what a point of the indicator adds to the element's score of this unit.
    fn shares(&self, framework: &Framework, weights: &[f64], scores: &[Vec<f64>]) -> Vec<f64> {
        let elements = framework.elements();
        let mut share = vec![0.0; elements.len()];
        share[self.element] = 1.0;
        for (position, element) in elements.iter().enumerate() {
            let counts = |child: &&usize| weights[**child] > 0.0 && !scores[**child][self.row].is_nan();
            let total: f64 = element
                .children
                .iter()
                .filter(counts)
                .map(|&child| weights[child])
                .sum();
            for &child in element.children.iter().filter(counts) {
                // What is above the element is none of its parts.
                share[child] += share[position] * weights[child] / total;
            }
        }
        framework.indicators().map(|(position, ..)| share[position]).collect()
    }

    fn lever(&self, name: &str, column: usize, sign: f64, cost: f64, share: f64, most: Option<f64>) -> Option<Lever> {
        let value = self.frame.natural[column][self.row];
        let here = self.frame.at(column, self.row, value).ok()?;
        let dead = match here.held {
            Some(End::Best) => return None,
            Some(End::Worst) => (self.frame.end(column, self.row, false)? - value) * sign,
            None => 0.0,
        };
        let on_line = self.frame.at(column, self.row, value + sign * dead).ok()?;
        let end = self.frame.end(column, self.row, true).map(|end| (end - value) * sign);
        let limit = match (end, most) {
            (Some(end), Some(most)) => end.min(most),
            (Some(end), None) => end,
            (None, Some(most)) => most,
            (None, None) => {
                let divisor = self.frame.divisor(column, self.row);
                self.best(column, sign) * divisor - value * sign
            }
        };
        let rate = on_line.slope * share;
        (limit > dead && rate > 0.0).then(|| Lever {
            name: name.to_owned(),
            column,
            value,
            sign,
            cost,
            rate,
            dead,
            limit,
        })
    }

    /// The best figure of the units that this one is measured against, by its denominator and times the direction.
    fn best(&self, column: usize, sign: f64) -> f64 {
        let rows = self.group.iter();
        let rivals = rows.filter(|&&row| self.frame.are_together(column, row, self.row));
        let quotients = rivals.map(|&row| self.frame.natural[column][row] / self.frame.divisor(column, row));
        quotients
            .filter(|quotient| quotient.is_finite())
            .map(|quotient| quotient * sign)
            .fold(f64::NEG_INFINITY, f64::max)
    }

    /// The score after the steps, by putting each indicator on the scale again.
    fn after(&self, steps: &IndexMap<String, Step>, levers: &[Lever], before: f64, shares: &[f64]) -> f64 {
        let gains = levers.iter().filter_map(|lever| {
            let step = steps.get(&lever.name)?;
            let placed = self.frame.at(lever.column, self.row, step.to).ok()?;
            Some((placed.score - self.frame.placed[lever.column][self.row]) * shares[lever.column])
        });
        before + gains.sum::<f64>()
    }
}

/// What a point costs along the whole way of a lever.
fn price(lever: &Lever) -> f64 {
    lever.cost / lever.rate
}

/// The cheapest improvements that gain `needed`, and whether they do; all that can be done where they do not.
fn cheapest(levers: &[Lever], needed: f64) -> (bool, Vec<f64>) {
    if needed <= 0.0 {
        return (true, vec![0.0; levers.len()]);
    }
    let most: f64 = levers.iter().map(|lever| lever.gain(lever.limit)).sum();
    // What is missing in the last bits only is reached by all that can be done.
    if most < needed * (1.0 + 1e-12) {
        let all = levers.iter().map(|lever| lever.limit).collect();
        return (most >= needed * (1.0 - 1e-12), all);
    }
    let mut order: Vec<usize> = (0..levers.len()).collect();
    order.sort_by(|&one, &other| {
        price(&levers[one])
            .total_cmp(&price(&levers[other]))
            .then(one.cmp(&other))
    });
    let dead: Vec<usize> = (0..levers.len()).filter(|&at| levers[at].dead > 0.0).collect();
    let mut best: Option<(f64, Vec<f64>)> = None;
    for set in 0..1_u32 << dead.len() {
        let goes = |at: usize| match dead.iter().position(|lever| *lever == at) {
            Some(bit) => set & (1 << bit) != 0,
            None => true,
        };
        if let Some((cost, improved)) = fill(levers, &order, goes, needed)
            && best.as_ref().is_none_or(|(least, _)| cost < *least)
        {
            best = Some((cost, improved));
        }
    }
    best.map_or_else(|| (false, vec![0.0; levers.len()]), |(_, improved)| (true, improved))
}

/// The cheapest improvements of some levers, all of whose dead stretches are gone; none where they do not suffice.
fn fill(levers: &[Lever], order: &[usize], goes: impl Fn(usize) -> bool, needed: f64) -> Option<(f64, Vec<f64>)> {
    let mut improved = vec![0.0; levers.len()];
    let mut missing = needed;
    for &at in order.iter().filter(|at| goes(**at)) {
        let lever = &levers[at];
        let by = (missing / lever.rate).clamp(0.0, lever.limit - lever.dead);
        missing -= lever.rate * by;
        improved[at] = lever.dead + by;
    }
    let cost = levers.iter().zip(&improved).map(|(lever, by)| lever.cost * by).sum();
    (missing <= 1e-12 * needed).then_some((cost, improved))
}
