//! The parts of all indicators that are computed from answers.

use super::{Framework, Origin, Part};

/// Every part with the position of its indicator's element, in the order of the file. Totals are kept by the position
/// in this list.
pub(in crate::scoring) fn parts(framework: &Framework) -> impl Iterator<Item = (usize, &Part)> {
    framework.indicators().flat_map(|(position, _, indicator)| {
        let parts: &[Part] = match &indicator.origin {
            Origin::Answers { parts, .. } => parts,
            Origin::Column(_) | Origin::Statistics(_) => &[],
        };
        parts.iter().map(move |part| (position, part))
    })
}
