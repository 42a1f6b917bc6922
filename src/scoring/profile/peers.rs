//! Peers: the units whose dimension scores are nearest, and where a unit stands among them.

#![allow(
    clippy::indexing_slicing,
    reason = "dimensions, rows and groups are those of the assessment"
)]

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::scoring::assessment::Assessment;
use crate::scoring::framework::Framework;
use crate::scoring::numbers::{mean, standard_deviation};

/// So many peers, or all other units where there are fewer.
const PEERS: usize = 5;

/// The units that are most like one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Peers {
    /// Their ids, the nearest first.
    pub units: Vec<String>,
    /// How far each is: the root of the mean squared difference of the dimension scores that both have.
    pub distances: Vec<f64>,
    /// By dimension, where the unit stands among them.
    pub dimensions: IndexMap<String, AgainstPeers>,
}

/// One dimension of a unit against its peers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AgainstPeers {
    /// The unit's score.
    pub score: Option<f64>,
    /// The mean of the peers.
    pub mean: Option<f64>,
    /// Their standard deviation (n - 1).
    pub sd: Option<f64>,
    /// Where the score lies; none where one of these is missing.
    pub stands: Option<PeerStanding>,
}

/// Where a score lies among those of the peers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerStanding {
    /// More than a standard deviation above their mean.
    Above,
    /// Within one.
    Within,
    /// More than one below.
    Below,
}

/// The peers of each unit, within each time.
pub(super) fn of_units(assessment: &Assessment, framework: &Framework, groups: &[Vec<usize>]) -> Vec<Option<Peers>> {
    let elements = framework.elements();
    let Some(index) = elements.first() else {
        return vec![None; assessment.units.len()];
    };
    let dimensions: Vec<(&str, &[f64])> = index
        .children
        .iter()
        .filter(|child| assessment.elements[**child].weight > 0.0)
        .map(|&child| {
            let id = elements[child].id.as_str();
            (id, assessment.scores[id].raw())
        })
        .collect();
    let scores = assessment.scores[&index.id].raw();
    let mut peers = vec![None; assessment.units.len()];
    for rows in groups {
        for &row in rows.iter().filter(|row| !scores[**row].is_nan()) {
            let mut others: Vec<(f64, usize)> = rows
                .iter()
                .filter(|other| **other != row && !scores[**other].is_nan())
                .filter_map(|&other| Some((distance(&dimensions, row, other)?, other)))
                .collect();
            others.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
            others.truncate(PEERS);
            peers[row] = (!others.is_empty()).then(|| Peers {
                units: others
                    .iter()
                    .map(|(_, other)| assessment.units[*other].clone())
                    .collect(),
                distances: others.iter().map(|(distance, _)| *distance).collect(),
                dimensions: dimensions
                    .iter()
                    .map(|(id, column)| ((*id).to_owned(), against(column, row, &others)))
                    .collect(),
            });
        }
    }
    peers
}

fn distance(dimensions: &[(&str, &[f64])], one: usize, other: usize) -> Option<f64> {
    let differences = dimensions.iter().map(|(_, column)| column[one] - column[other]);
    let squares: Vec<f64> = differences
        .filter(|difference| !difference.is_nan())
        .map(|difference| difference * difference)
        .collect();
    mean(&squares).map(f64::sqrt)
}

fn against(column: &[f64], row: usize, peers: &[(f64, usize)]) -> AgainstPeers {
    let theirs: Vec<f64> = peers.iter().map(|(_, peer)| column[*peer]).collect();
    let (mean, sd) = (mean(&theirs), standard_deviation(&theirs));
    let score = Some(column[row]).filter(|score| !score.is_nan());
    let stands = score.zip(mean).zip(sd).map(|((score, mean), sd)| {
        if score > mean + sd {
            PeerStanding::Above
        } else if score < mean - sd {
            PeerStanding::Below
        } else {
            PeerStanding::Within
        }
    });
    AgainstPeers {
        score,
        mean,
        sd,
        stands,
    }
}
