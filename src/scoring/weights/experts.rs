//! Weights from experts: points that they share out, or comparisons of two elements at a time.
//!
//! Their judgements are combined by the geometric mean (of points: after each expert's points are made to sum to 1;
//! `combine: mean` takes the Handbook's average of section 6.3 instead). What each expert alone would have is reported, with
//! the spread between them; so is the consistency of comparisons, and who is too inconsistent is left out where asked.

use std::iter;

use indexmap::{IndexMap, IndexSet};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::expert_file::{Comparison, Points, problem, read_comparisons, read_points};
use super::pairwise::{CONSISTENT, Matrix, geometric_mean, priorities};
use crate::scoring::error::{ScoringError, TableProblem, nearest_name};
use crate::scoring::framework::Framework;
use crate::scoring::numbers::{extremes, mean, standard_deviation};
use crate::scoring::options::{Combine, Experts, WeightMethod, Weights};

/// What the experts say of the children of one element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExpertWeights {
    /// The weight of each child: what they say together, and the spread between them.
    pub elements: IndexMap<String, ExpertSpread>,
    /// What each of them says.
    pub experts: IndexMap<String, Expert>,
}

/// The weight of one element, and how far the experts are from one another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExpertSpread {
    /// The combined weight; the weights of one parent sum to 1.
    pub weight: f64,
    /// The mean of the experts' own weights.
    pub mean: f64,
    /// Their standard deviation with n - 1; missing for a single expert.
    pub sd: Option<f64>,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

/// One expert's word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expert {
    /// The group of experts, where the file has groups.
    #[serde(skip_serializing_if = "String::is_empty", default)]
    pub group: String,
    /// The expert's own weights of the children; they sum to 1.
    pub weights: IndexMap<String, f64>,
    /// Saaty's consistency ratio of the comparisons; above 0.1 they contradict one another.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub consistency_ratio: Option<f64>,
    /// Whether the expert was left out for that.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub left_out: bool,
}

/// The experts, read and checked against a framework: by the position of the parent.
#[derive(Debug)]
pub(in crate::scoring) struct Panel {
    parents: IndexMap<usize, Vec<Vote>>,
    /// Those who were asked, without those who are left out everywhere.
    persons: IndexSet<String>,
}

/// One expert on the children of one parent.
#[derive(Debug)]
struct Vote {
    expert: String,
    group: String,
    view: View,
    weights: Vec<f64>,
    consistency_ratio: Option<f64>,
    left_out: bool,
}

#[derive(Debug)]
enum View {
    /// Shares that sum to 1.
    Shares(Vec<f64>),
    Comparisons(Matrix),
}

impl Panel {
    /// Reads the experts' file for a framework; all problems at once.
    pub(in crate::scoring) fn new(
        framework: &Framework,
        options: &Weights,
        experts: &Experts,
    ) -> Result<Self, ScoringError> {
        let file = experts.name();
        let mut parents = if options.method == WeightMethod::Ahp {
            from_comparisons(framework, file, read_comparisons(file, experts.text())?)?
        } else {
            from_points(framework, file, read_points(file, experts.text())?)?
        };
        for (&parent, votes) in &mut parents {
            for vote in votes.iter_mut() {
                let inconsistent = vote.consistency_ratio.is_some_and(|ratio| ratio > CONSISTENT);
                vote.left_out = options.leave_out_inconsistent && inconsistent;
            }
            if votes.iter().all(|vote| vote.left_out) {
                let parent = id(framework, parent);
                let message = format!("every expert on the children of '{parent}' is inconsistent: nobody is left");
                return Err(ScoringError::Table(vec![problem(file, None, None, message)]));
            }
        }
        let counted = parents.values().flatten().filter(|vote| !vote.left_out);
        let persons = counted.map(|vote| vote.expert.clone()).collect();
        Ok(Self { parents, persons })
    }

    /// Whether the experts were asked about the children of this element.
    pub(in crate::scoring) fn covers(&self, parent: usize) -> bool {
        self.parents.contains_key(&parent)
    }

    /// The weights of a parent's scored children, in their order; they sum to 1.
    pub(in crate::scoring) fn weights(&self, parent: usize, combine: Combine) -> Option<Vec<f64>> {
        let votes: Vec<&Vote> = self
            .parents
            .get(&parent)?
            .iter()
            .filter(|vote| !vote.left_out)
            .collect();
        combined(&votes, combine)
    }

    /// The weights that the experts would give had others been asked: as many are drawn as there are, with replacement, each
    /// with all that they said, so that what one person thinks stays together. A parent of whose experts none is drawn, or
    /// on whom those who are drawn come to nothing, is left out.
    ///
    /// It is the plain bootstrap over persons (B. Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 7, 1979).
    pub(in crate::scoring) fn redrawn(&self, random: &mut ChaCha8Rng, combine: Combine) -> Vec<(usize, Vec<f64>)> {
        let mut drawn = vec![0_usize; self.persons.len()];
        for _ in 0..drawn.len() {
            let person = random.random_range(0..self.persons.len());
            if let Some(times) = drawn.get_mut(person) {
                *times += 1;
            }
        }
        let times = |vote: &Vote| {
            let person = self.persons.get_index_of(&vote.expert);
            person.and_then(|person| drawn.get(person)).copied().unwrap_or(0)
        };
        let parent = |(&parent, votes): (&usize, &Vec<Vote>)| {
            let votes: Vec<&Vote> = votes
                .iter()
                .filter(|vote| !vote.left_out)
                .flat_map(|vote| iter::repeat_n(vote, times(vote)))
                .collect();
            Some((parent, combined(&votes, combine)?))
        };
        self.parents.iter().filter_map(parent).collect()
    }

    /// What is reported of a parent.
    pub(in crate::scoring) fn report(
        &self,
        framework: &Framework,
        parent: usize,
        combine: Combine,
    ) -> Option<ExpertWeights> {
        let weights = self.weights(parent, combine)?;
        let votes = self.parents.get(&parent)?;
        let children = scored_children(framework, parent);
        let named = |weights: &[f64]| {
            let names = children.iter().map(|&child| id(framework, child).to_owned());
            names.zip(weights.iter().copied()).collect::<IndexMap<_, _>>()
        };
        let spread = |(at, &weight): (usize, &f64)| {
            let counted = votes.iter().filter(|vote| !vote.left_out);
            let own: Vec<f64> = counted.filter_map(|vote| vote.weights.get(at).copied()).collect();
            let (min, max) = extremes(&own).unwrap_or((weight, weight));
            let name = children.get(at).map_or("", |&child| id(framework, child));
            let spread = ExpertSpread {
                weight,
                mean: mean(&own).unwrap_or(weight),
                sd: standard_deviation(&own),
                min,
                max,
            };
            (name.to_owned(), spread)
        };
        let expert = |vote: &Vote| {
            let expert = Expert {
                group: vote.group.clone(),
                weights: named(&vote.weights),
                consistency_ratio: vote.consistency_ratio,
                left_out: vote.left_out,
            };
            (vote.expert.clone(), expert)
        };
        Some(ExpertWeights {
            elements: weights.iter().enumerate().map(spread).collect(),
            experts: votes.iter().map(expert).collect(),
        })
    }
}

/// The combined weights of several votes on the same children.
fn combined(votes: &[&Vote], combine: Combine) -> Option<Vec<f64>> {
    let (mut shares, mut matrices): (Vec<&Vec<f64>>, Vec<&Matrix>) = (Vec::new(), Vec::new());
    for vote in votes {
        match &vote.view {
            View::Shares(own) => shares.push(own),
            View::Comparisons(matrix) => matrices.push(matrix),
        }
    }
    if !matrices.is_empty() {
        return Some(priorities(&geometric_mean(&matrices)).weights);
    }
    let children = shares.first()?.len();
    let over = |at: usize| shares.iter().filter_map(move |own| own.get(at).copied());
    let mut weights: Vec<f64> = (0..children)
        .map(|at| match combine {
            Combine::Mean => over(at).sum::<f64>() / shares.len() as f64,
            Combine::GeometricMean => (over(at).map(f64::ln).sum::<f64>() / shares.len() as f64).exp(),
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    if sum <= 0.0 {
        return None;
    }
    for weight in &mut weights {
        *weight /= sum;
    }
    Some(weights)
}

fn id(framework: &Framework, position: usize) -> &str {
    framework
        .elements()
        .get(position)
        .map_or("", |element| element.id.as_str())
}

/// The children that are scored: those of weight 0 are context.
pub(in crate::scoring) fn scored_children(framework: &Framework, parent: usize) -> Vec<usize> {
    let elements = framework.elements();
    let children = elements.get(parent).map_or(&[][..], |parent| &parent.children);
    let scored = |child: &&usize| elements.get(**child).is_some_and(|child| child.weight > 0.0);
    children.iter().filter(scored).copied().collect()
}

/// The names of a row, looked up in the framework: the parent, and the place of each child among its scored children.
struct Lookup<'a> {
    framework: &'a Framework,
    file: &'a str,
    problems: Vec<TableProblem>,
}

impl Lookup<'_> {
    fn parent(&mut self, name: &str, row: u64) -> Option<usize> {
        let elements = self.framework.elements();
        let has_children = |element: &&crate::scoring::framework::Element| !element.children.is_empty();
        let found = elements
            .iter()
            .position(|element| element.id == name && !element.children.is_empty());
        if found.is_none() {
            let near = nearest_name(
                name,
                elements.iter().filter(has_children).map(|element| element.id.as_str()),
            );
            let message = format!("there is no element with children '{name}'");
            self.unknown("parent", &message, near.as_deref(), row);
        }
        found
    }

    fn child(&mut self, parent: usize, column: &'static str, name: &str, row: u64) -> Option<usize> {
        let children = scored_children(self.framework, parent);
        let names = || children.iter().map(|&child| id(self.framework, child));
        let found = names().position(|child| child == name);
        if found.is_none() {
            let near = nearest_name(name, names());
            let message = format!("'{}' has no scored child '{name}'", id(self.framework, parent));
            self.unknown(column, &message, near.as_deref(), row);
        }
        found
    }

    fn unknown(&mut self, column: &str, message: &str, near: Option<&str>, row: u64) {
        let near = near.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
        self.refuse(Some(row), Some(column), format!("{message}{near}"));
    }

    fn refuse(&mut self, row: Option<u64>, column: Option<&str>, message: String) {
        self.problems.push(problem(self.file, row, column, message));
    }

    fn finish<T>(self, found: T) -> Result<T, ScoringError> {
        if self.problems.is_empty() {
            Ok(found)
        } else {
            Err(ScoringError::Table(self.problems))
        }
    }
}

/// By parent and expert: the group, and the points of each child.
type Allotments = IndexMap<(usize, String), (String, Vec<Option<f64>>)>;

/// What an expert's points may miss 100 by: thirds are often written with two decimals.
const ROUNDING: f64 = 0.5;

fn from_points(
    framework: &Framework,
    file: &str,
    rows: Vec<Points>,
) -> Result<IndexMap<usize, Vec<Vote>>, ScoringError> {
    let mut lookup = Lookup {
        framework,
        file,
        problems: Vec::new(),
    };
    let mut given = Allotments::new();
    for row in rows {
        let Some(parent) = lookup.parent(&row.parent, row.row) else {
            continue;
        };
        let Some(child) = lookup.child(parent, "element", &row.element, row.row) else {
            continue;
        };
        let none = || (row.group.clone(), vec![None; scored_children(framework, parent).len()]);
        let (_, points) = given.entry((parent, row.expert.clone())).or_insert_with(none);
        if let Some(slot @ None) = points.get_mut(child) {
            *slot = Some(row.given);
        } else {
            let message = format!("'{}' has given points to '{}' before", row.expert, row.element);
            lookup.refuse(Some(row.row), Some("element"), message);
        }
    }
    let mut parents: IndexMap<usize, Vec<Vote>> = IndexMap::new();
    for ((parent, expert), (group, points)) in given {
        let name = id(framework, parent);
        let children = scored_children(framework, parent);
        if let Some(&child) = points.iter().position(Option::is_none).and_then(|at| children.get(at)) {
            let message = format!(
                "'{expert}' gives no points to '{}' of '{name}': write 0 where that is meant",
                id(framework, child)
            );
            lookup.refuse(None, None, message);
            continue;
        }
        let points: Vec<f64> = points.into_iter().flatten().collect();
        let sum: f64 = points.iter().sum();
        if (sum - 100.0).abs() > ROUNDING {
            let message = format!("the points of '{expert}' for the children of '{name}' sum to {sum} instead of 100");
            lookup.refuse(None, None, message);
            continue;
        }
        let shares: Vec<f64> = points.iter().map(|points| points / sum).collect();
        parents.entry(parent).or_default().push(Vote {
            expert,
            group,
            weights: shares.clone(),
            view: View::Shares(shares),
            consistency_ratio: None,
            left_out: false,
        });
    }
    lookup.finish(parents)
}

/// By parent and expert: the comparisons, as far as they were given.
type Comparisons = IndexMap<(usize, String), Vec<Vec<Option<f64>>>>;

/// What a comparison and its reverse may miss 1 by when multiplied: 0.33 is how people write 1/3.
const RECIPROCAL: f64 = 0.02;

fn from_comparisons(
    framework: &Framework,
    file: &str,
    rows: Vec<Comparison>,
) -> Result<IndexMap<usize, Vec<Vote>>, ScoringError> {
    let mut lookup = Lookup {
        framework,
        file,
        problems: Vec::new(),
    };
    let mut given = Comparisons::new();
    for row in rows {
        let Some(parent) = lookup.parent(&row.parent, row.line) else {
            continue;
        };
        let one = lookup.child(parent, "row", &row.element, row.line);
        let other = lookup.child(parent, "column", &row.with, row.line);
        let (Some(one), Some(other)) = (one, other) else {
            continue;
        };
        let n = scored_children(framework, parent).len();
        let matrix = given
            .entry((parent, row.expert.clone()))
            .or_insert_with(|| vec![vec![None; n]; n]);
        if let Err(message) = compare(matrix, one, other, &row) {
            lookup.refuse(Some(row.line), Some("value"), message);
        }
    }
    let mut parents: IndexMap<usize, Vec<Vote>> = IndexMap::new();
    for ((parent, expert), matrix) in given {
        let missing = (0..matrix.len()).find_map(|row| {
            let column = matrix.get(row)?.iter().position(Option::is_none)?;
            Some((row, column))
        });
        if let Some((row, column)) = missing {
            let children = scored_children(framework, parent);
            let name = |at: usize| children.get(at).map_or("", |&child| id(framework, child));
            let message = format!("'{expert}' does not compare '{}' with '{}'", name(row), name(column));
            lookup.refuse(None, None, message);
            continue;
        }
        let matrix: Matrix = matrix
            .into_iter()
            .map(|row| row.into_iter().flatten().collect())
            .collect();
        let found = priorities(&matrix);
        parents.entry(parent).or_default().push(Vote {
            expert,
            group: String::new(),
            weights: found.weights,
            view: View::Comparisons(matrix),
            consistency_ratio: Some(found.consistency_ratio),
            left_out: false,
        });
    }
    lookup.finish(parents)
}

/// Puts a comparison and its reverse in their places.
fn compare(matrix: &mut [Vec<Option<f64>>], one: usize, other: usize, row: &Comparison) -> Result<(), String> {
    if one == other && (row.value - 1.0).abs() > RECIPROCAL {
        return Err(format!("'{}' is as important as itself: 1", row.element));
    }
    for (at, slot) in matrix.iter_mut().enumerate() {
        if let Some(diagonal) = slot.get_mut(at) {
            *diagonal = Some(1.0);
        }
    }
    if one == other {
        return Ok(());
    }
    let before = matrix.get(one).and_then(|row| row.get(other)).copied().flatten();
    if let Some(before) = before {
        if (row.value / before - 1.0).abs() > RECIPROCAL {
            return Err(format!(
                "'{}' has compared '{}' with '{}' before, and not as {}",
                row.expert, row.element, row.with, row.value
            ));
        }
        return Ok(());
    }
    // What was written first counts: the reverse follows from it, so that the matrix is reciprocal.
    for (from, to, value) in [(one, other, row.value), (other, one, 1.0 / row.value)] {
        if let Some(slot) = matrix.get_mut(from).and_then(|row| row.get_mut(to)) {
            *slot = Some(value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;
    use crate::scoring::Options;

    const FRAMEWORK: &str = "index: {id: I, children: [{id: A, indicators: [{id: x}, {id: y}, {id: c, weight: 0}]}, {id: B, indicators: [{id: z}]}]}";

    fn panel(method: &str, csv: &str) -> Result<(Framework, Panel), ScoringError> {
        let framework = Framework::for_table("f.yaml", FRAMEWORK).unwrap().value;
        let text =
            serde_json::json!({"weights": serde_json::from_str::<serde_json::Value>(method).unwrap()}).to_string();
        let mut options: serde_json::Value = serde_json::from_str(&text).unwrap();
        options["weights"]["experts"] = csv.into();
        let options = Options::read("o.yaml", &options.to_string(), Options::score())
            .unwrap()
            .weights;
        let panel = Panel::new(&framework, &options, options.experts.as_ref().unwrap())?;
        Ok((framework, panel))
    }

    const BUDGET: &str = r#"{"method": "budget_allocation"}"#;
    const AHP: &str = r#"{"method": "ahp"}"#;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn points_are_combined_by_the_geometric_mean_or_the_handbooks_mean_and_their_spread_is_reported() {
        let csv = "expert,group,parent,element,points\nLi,s,I,A,80\nLi,s,I,B,20\nMa,g,I,A,50\nMa,g,I,B,50\n";
        let (framework, panel) = panel(BUDGET, csv).unwrap();
        let geometric = panel.weights(0, Combine::GeometricMean).unwrap();
        near(geometric[0] / geometric[1], 2.0);
        near(panel.weights(0, Combine::Mean).unwrap()[0], 0.65);
        let report = panel.report(&framework, 0, Combine::Mean).unwrap();
        let spread = &report.elements["A"];
        near(spread.mean, 0.65);
        near(spread.sd.unwrap(), 0.3 / 2.0_f64.sqrt());
        near(spread.max - spread.min, 0.3);
        assert_eq!(report.experts["Li"].group, "s");
        assert!(!panel.covers(1));
    }

    #[test]
    fn comparisons_are_combined_and_a_reverse_may_be_given_instead() {
        let csv = "expert,parent,row,column,value\nLi,A,x,y,4\nMa,A,y,x,1\n";
        let (_, panel) = panel(AHP, csv).unwrap();
        let weights = panel.weights(1, Combine::GeometricMean).unwrap();
        near(weights[0], 2.0 / 3.0);
    }

    #[test]
    fn experts_are_drawn_again_as_persons_with_all_that_they_said() {
        let csv = "expert,group,parent,element,points\nLi,s,I,A,80\nLi,s,I,B,20\nMa,g,I,A,50\nMa,g,I,B,50\nLi,s,A,x,10\nLi,s,A,y,90\n";
        let (_, panel) = panel(BUDGET, csv).unwrap();
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut times = [0; 3];
        for _ in 0..4000 {
            let drawn = panel.redrawn(&mut random, Combine::Mean);
            let of = |parent: usize| {
                drawn
                    .iter()
                    .find(|(of, _)| *of == parent)
                    .map(|(_, weights)| weights[0])
            };
            // Ma twice has nothing to say of A; Li twice; one of each.
            let which = [0.5, 0.8, 0.65]
                .iter()
                .position(|weight| (of(0).unwrap() - weight).abs() < 1e-12)
                .unwrap();
            assert_eq!(of(1).is_none(), which == 0);
            times[which] += 1;
        }
        assert!(
            (900..1100).contains(&times[0]) && (900..1100).contains(&times[1]),
            "{times:?}"
        );
    }

    #[test]
    fn what_an_expert_leaves_out_or_names_wrongly_is_said() {
        let refused = |method, csv: &str| panel(method, csv).err().unwrap().to_string();
        assert_eq!(
            refused(BUDGET, "expert,parent,element,points\nLi,I,A,80\n"),
            "weights.experts: 'Li' gives no points to 'B' of 'I': write 0 where that is meant"
        );
        assert!(
            refused(BUDGET, "expert,parent,element,points\nLi,I,A,80\nLi,I,B,10\n")
                .contains("sum to 90 instead of 100")
        );
        assert!(refused(BUDGET, "expert,parent,element,points\nLi,A,c,80\n").contains("'A' has no scored child 'c'"));
        assert!(refused(AHP, "expert,parent,row,column,value\nLi,J,x,y,4\n").contains("row 2, column 'parent'"));
        assert!(
            refused(AHP, "expert,parent,row,column,value\nLi,A,x,y,4\nLi,A,y,x,4\n").contains("row 3, column 'value'")
        );
    }
}
