//! Organisations against their city, sector and size class, under the rule of disclosure.
//!
//! A group's mean is hidden where it would give an organisation away: fewer than three of them, one with over 70 % of
//! the sum, or one that the second could work out to within 10 %. Since all groups of a kind make up the whole, what is
//! hidden must not be what is left over: further groups are hidden, the smallest first, until the hidden ones together
//! tell nothing either.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::scoring::assessment::Assessment;
use crate::scoring::cell::gives_away;
use crate::scoring::framework::Framework;

/// Which group of a kind each unit belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grouping {
    /// The kind: `city`, `sector` or `size`.
    pub by: String,
    /// The group of each unit, in the order of the units; none where that is not known.
    pub of_unit: Vec<Option<String>>,
}

/// The groups of one kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupedBy {
    /// The kind: `city`, `sector` or `size`.
    pub by: String,
    /// The group of each unit.
    pub of_unit: Vec<Option<String>>,
    /// The groups by their code.
    pub groups: IndexMap<String, Group>,
}

/// A group of organisations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// How many have a score.
    pub organisations: usize,
    /// The mean score of the index and each dimension; absent where it would give an organisation away.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub mean: Option<IndexMap<String, Option<f64>>>,
}

/// The means of the groups of one kind.
pub(super) fn means(assessment: &Assessment, framework: &Framework, grouping: &Grouping) -> GroupedBy {
    let elements = framework.elements();
    let shown: Vec<&str> = elements
        .first()
        .map(|index| {
            let dimensions = index.children.iter().filter_map(|child| elements.get(*child));
            std::iter::once(index)
                .chain(dimensions)
                .map(|element| element.id.as_str())
                .collect()
        })
        .unwrap_or_default();
    let mut members: IndexMap<&str, Vec<usize>> = IndexMap::new();
    for (row, group) in grouping.of_unit.iter().enumerate() {
        if let Some(group) = group {
            members.entry(group).or_default().push(row);
        }
    }
    members.sort_unstable_keys();
    let hidden = hidden(assessment, &shown, &members);
    let groups = members.iter().zip(hidden).map(|((group, rows), hidden)| {
        let mean = |id: &&str| {
            let values = values(assessment, id, rows);
            let mean = (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64);
            ((*id).to_owned(), mean)
        };
        let scored = shown.first().map_or(0, |index| values(assessment, index, rows).len());
        let group_of = Group {
            organisations: scored,
            mean: (!hidden).then(|| shown.iter().map(mean).collect()),
        };
        ((*group).to_owned(), group_of)
    });
    GroupedBy {
        by: grouping.by.clone(),
        groups: groups.collect(),
        of_unit: grouping.of_unit.clone(),
    }
}

/// The scores of an element that these units have.
fn values(assessment: &Assessment, id: &str, rows: &[usize]) -> Vec<f64> {
    let Some(series) = assessment.scores.get(id) else {
        return Vec::new();
    };
    rows.iter().filter_map(|row| series.get(*row)).collect()
}

/// Whether any of the means of these units would give one of them away.
fn discloses(assessment: &Assessment, shown: &[&str], rows: &[usize]) -> bool {
    let of_element = |id: &&str| {
        let mut values: Vec<f64> = values(assessment, id, rows).into_iter().map(f64::abs).collect();
        values.sort_unstable_by(|one, other| other.total_cmp(one));
        let sum: f64 = values.iter().sum();
        let share = |count: usize| (sum > 0.0).then(|| values.iter().take(count).sum::<f64>() / sum);
        // An element that nobody has a score of has no mean to be shown.
        !values.is_empty() && gives_away(values.len(), share(1), share(2))
    };
    shown.iter().any(of_element)
}

/// Which groups are hidden: those that disclose, and others until the hidden ones together do not.
fn hidden(assessment: &Assessment, shown: &[&str], members: &IndexMap<&str, Vec<usize>>) -> Vec<bool> {
    let mut hidden: Vec<bool> = members
        .values()
        .map(|rows| discloses(assessment, shown, rows))
        .collect();
    loop {
        let pooled: Vec<usize> = members
            .values()
            .zip(&hidden)
            .filter(|(_, hidden)| **hidden)
            .flat_map(|(rows, _)| rows.iter().copied())
            .collect();
        if pooled.is_empty() || !discloses(assessment, shown, &pooled) {
            return hidden;
        }
        let open = members
            .values()
            .zip(&hidden)
            .enumerate()
            .filter(|(_, (_, hidden))| !**hidden);
        let Some((smallest, _)) = open.min_by_key(|(at, (rows, _))| (rows.len(), *at)) else {
            return hidden;
        };
        if let Some(slot) = hidden.get_mut(smallest) {
            *slot = true;
        }
    }
}
