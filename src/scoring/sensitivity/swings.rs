//! One thing changed at a time, all others as assessed: what it does to the ranks.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::scoring::assessment::Assessment;
use crate::scoring::uncertainty::{Draw, Experiment, Factor};

/// One alternative of one factor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Swing {
    /// The factor.
    pub factor: String,
    /// What it takes instead: a block of options, or an element and what its weight is multiplied by.
    pub to: Value,
    /// What comes of it; none where it cannot be done.
    pub effect: Option<Removal>,
}

/// What a change does to the index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Removal {
    /// The mean over the units of the absolute change of rank.
    pub mean_abs_rank_change: Option<f64>,
    /// The largest absolute change of rank.
    pub max_abs_rank_change: Option<u32>,
    /// The ranks then.
    pub ranks: Vec<Option<u32>>,
}

/// Each alternative of the steps, and each weight at the ends of its range.
pub(super) fn swings(assessment: &Assessment, experiment: &Experiment<'_>) -> Vec<Swing> {
    let vary = experiment.vary;
    let block = |block: Result<Value, serde_json::Error>| block.unwrap_or(Value::Null);
    let steps = [
        (
            Factor::Impute,
            vary.impute
                .iter()
                .map(|it| block(serde_json::to_value(it)))
                .collect::<Vec<_>>(),
        ),
        (
            Factor::Treat,
            vary.treat.iter().map(|it| block(serde_json::to_value(it))).collect(),
        ),
        (
            Factor::Normalise,
            vary.normalise
                .iter()
                .map(|it| block(serde_json::to_value(it)))
                .collect(),
        ),
        (
            Factor::Aggregate,
            vary.aggregate
                .iter()
                .map(|it| block(serde_json::to_value(it)))
                .collect(),
        ),
    ];
    let mut swings = Vec::new();
    for (factor, blocks) in steps {
        for (item, to) in blocks.into_iter().enumerate() {
            let mut draw = Draw::default();
            draw.set(factor, item);
            swings.push(Swing {
                factor: factor.name().to_owned(),
                to,
                effect: effect(assessment, experiment, draw, experiment.nominal_weights()),
            });
        }
    }
    let Some(weights) = &vary.weights else { return swings };
    for (position, element) in experiment.framework.elements().iter().enumerate() {
        let varied = element.parent.is_some() && weights.levels.has(element.level);
        for times in [1.0 - weights.relative, 1.0 + weights.relative] {
            let mut changed = experiment.nominal_weights().to_vec();
            if let (true, Some(weight)) = (varied, changed.get_mut(position).filter(|weight| **weight > 0.0)) {
                *weight *= times;
                swings.push(Swing {
                    factor: Factor::Weights.name().to_owned(),
                    to: json!({ "element": element.id, "times": times }),
                    effect: effect(assessment, experiment, Draw::default(), &changed),
                });
            }
        }
    }
    swings
}

/// Each element below the index that counts, taken out.
pub(super) fn removals(assessment: &Assessment, experiment: &Experiment<'_>) -> IndexMap<String, Removal> {
    let elements = experiment.framework.elements().iter().enumerate();
    let counts = |position: usize| {
        experiment
            .nominal_weights()
            .get(position)
            .is_some_and(|weight| *weight > 0.0)
    };
    elements
        .filter(|(position, element)| element.parent.is_some() && counts(*position))
        .filter_map(|(position, element)| {
            let weights = experiment.weights_without(position);
            Some((
                element.id.clone(),
                effect(assessment, experiment, Draw::default(), &weights)?,
            ))
        })
        .collect()
}

fn effect(assessment: &Assessment, experiment: &Experiment<'_>, draw: Draw, weights: &[f64]) -> Option<Removal> {
    let index = assessment.elements.first()?;
    let nominal = assessment.ranks.get(&index.id)?;
    let (mut scores, mut ranks) = (vec![f64::NAN; nominal.len()], vec![0; nominal.len()]);
    let mut scratch = experiment.index_scratch();
    let mean = experiment
        .index(draw, weights, &mut scratch, nominal, &mut scores, &mut ranks)
        .ok()?;
    let ranks: Vec<Option<u32>> = ranks
        .iter()
        .zip(&scores)
        .map(|(rank, score)| (!score.is_nan()).then_some(*rank))
        .collect();
    let changes = nominal
        .iter()
        .zip(&ranks)
        .filter_map(|(one, other)| Some((*one)?.abs_diff((*other)?)));
    Some(Removal {
        mean_abs_rank_change: mean,
        max_abs_rank_change: changes.max(),
        ranks,
    })
}
