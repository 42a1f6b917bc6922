//! The parts of all indicators that are computed from answers.

use super::{Framework, Part};

/// Every part with the position of its indicator's element, in the order of the file. Totals are kept by the position
/// in this list.
pub(in crate::scoring) fn parts(framework: &Framework) -> impl Iterator<Item = (usize, &Part)> {
    let indicators = framework.indicators();
    indicators.flat_map(|(position, _, indicator)| indicator.parts().iter().map(move |part| (position, part)))
}
