//! Weights of the elements within their parents, and what they come to at the index.

use crate::scoring::error::{ScoringError, nearest_name};
use crate::scoring::framework::Framework;
use crate::scoring::options::{WeightMethod, Weights};

/// The weight of every element within its parent, in the framework's order, before experts or data are asked.
pub(super) fn weights(framework: &Framework, options: &Weights) -> Result<Vec<f64>, ScoringError> {
    for name in &options.within {
        if framework.find(name).is_none_or(|element| element.indicator.is_some()) {
            let parents = framework
                .elements()
                .iter()
                .filter(|element| element.indicator.is_none());
            return Err(ScoringError::Unknown {
                option: "weights.within",
                kind: "element with children",
                name: name.clone(),
                near: nearest_name(name, parents.map(|element| element.id.as_str())),
            });
        }
    }
    let elements = framework.elements();
    let weight = |position: usize| {
        let element = elements.get(position)?;
        let parent = element.parent.and_then(|parent| elements.get(parent));
        let chosen = parent.is_some_and(|parent| options.are_within(&parent.id));
        Some(match options.method {
            WeightMethod::Equal if chosen && element.weight > 0.0 => 1.0,
            // The other methods settle theirs later, and leave the framework's to what they say nothing about.
            _ => element.weight,
        })
    };
    Ok((0..elements.len()).filter_map(weight).collect())
}

/// Each element's share in the index: the product of the rescaled weights on the way up.
pub(in crate::scoring) fn effective(framework: &Framework, weights: &[f64]) -> Vec<f64> {
    let elements = framework.elements();
    let mut effective = vec![1.0; elements.len()];
    let weight = |position: usize| weights.get(position).copied().unwrap_or(0.0);
    for (position, element) in elements.iter().enumerate() {
        let total: f64 = element.children.iter().map(|&child| weight(child)).sum();
        let own = effective.get(position).copied().unwrap_or(0.0);
        for &child in &element.children {
            if let Some(slot) = effective.get_mut(child) {
                *slot = if total > 0.0 { own * weight(child) / total } else { 0.0 };
            }
        }
    }
    effective
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::Options;

    const FRAMEWORK: &str = "index: {id: I, children: [{id: A, weight: 3, indicators: [{id: x, weight: 4}, {id: y}]}, {id: B, indicators: [{id: z}, {id: context, weight: 0}]}]}";

    fn run(settings: &str) -> Result<(Vec<f64>, Vec<f64>), ScoringError> {
        let framework = Framework::for_table("f.yaml", FRAMEWORK).unwrap().value;
        let options = Options::read("o.yaml", &format!("weights: {settings}"), Options::score()).unwrap();
        let weights = weights(&framework, &options.weights)?;
        let effective = effective(&framework, &weights);
        Ok((weights, effective))
    }

    #[test]
    fn effective_weights_multiply_the_rescaled_weights_up_to_the_index() {
        let (given, effective) = run("given").unwrap();
        assert_eq!(given, [1.0, 3.0, 4.0, 1.0, 1.0, 1.0, 0.0]);
        for (found, expected) in effective.iter().zip([1.0, 0.75, 0.6, 0.15, 0.25, 0.25, 0.0]) {
            assert!((found - expected).abs() < 1e-15);
        }
    }

    #[test]
    fn equal_weights_can_be_limited_to_the_children_of_some_elements_and_leave_context_out() {
        assert_eq!(run("equal").unwrap().0, [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0]);
        assert_eq!(
            run("{method: equal, within: [A]}").unwrap().0,
            [1.0, 3.0, 1.0, 1.0, 1.0, 1.0, 0.0]
        );
        let error = run("{method: equal, within: [x]}").unwrap_err().to_string();
        assert!(
            error.starts_with("weights.within: there is no element with children 'x'"),
            "{error}"
        );
    }
}
