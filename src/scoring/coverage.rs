//! How much of an element rests on data: the share of the indicators below it that a unit has.

use super::framework::Framework;

/// For every element and unit the share (0 to 1) of the indicators below that have a value before imputation.
///
/// Indicators of weight 0, or below an element of weight 0, are context: they count only for themselves.
pub(super) fn coverage(framework: &Framework, weights: &[f64], present: &[Vec<bool>], units: usize) -> Vec<Vec<f64>> {
    let elements = framework.elements();
    let mut shares = vec![vec![0.0; units]; elements.len()];
    let mut below = vec![0_u32; elements.len()];
    for (position, element) in elements.iter().enumerate().rev() {
        if element.indicator.is_some() {
            if let (Some(share), Some(present)) = (shares.get_mut(position), present.get(position)) {
                *share = present.iter().map(|present| f64::from(u8::from(*present))).collect();
            }
            if let Some(below) = below.get_mut(position) {
                *below = 1;
            }
        }
        let weight = weights.get(position).copied().unwrap_or(0.0);
        if let (Some(parent), true) = (element.parent, weight > 0.0) {
            let own = shares.get(position).cloned().unwrap_or_default();
            let indicators = below.get(position).copied().unwrap_or(0);
            if let (Some(share), Some(count)) = (shares.get_mut(parent), below.get_mut(parent)) {
                share.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
                *count += indicators;
            }
        }
    }
    for (share, below) in shares.iter_mut().zip(below) {
        for sum in share.iter_mut() {
            *sum /= f64::from(below.max(1));
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coverage_is_the_share_of_scored_indicators_below() {
        let text = "index: {id: I, children: [{id: A, indicators: [{id: x}, {id: y}]}, {id: B, indicators: [{id: z}, {id: c, weight: 0}]}]}";
        let framework = Framework::for_table("f.yaml", text).unwrap().value;
        let weights: Vec<f64> = framework.elements().iter().map(|element| element.weight).collect();
        let have = |id: &str| matches!(id, "x" | "z");
        let present: Vec<Vec<bool>> = framework
            .elements()
            .iter()
            .map(|element| vec![have(&element.id)])
            .collect();
        let shares: Vec<f64> = coverage(&framework, &weights, &present, 1)
            .into_iter()
            .map(|unit| unit[0])
            .collect();
        for (found, expected) in shares.iter().zip([2.0 / 3.0, 0.5, 1.0, 0.0, 1.0, 1.0, 0.0]) {
            assert!((found - expected).abs() < 1e-12, "{shares:?}");
        }
    }
}
