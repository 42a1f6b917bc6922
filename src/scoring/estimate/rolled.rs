//! Units counted together: the totals of a place and of its parts as those of one unit.

use super::calibrate::Calibration;
use super::tally::Tally;

impl Tally {
    /// A tally of groups of units, each as one unit of that name: respondents count with the weights that they have in
    /// their own unit. Its respondents are not kept.
    pub(in crate::scoring) fn rolled_up<'g>(&self, groups: impl Iterator<Item = (&'g str, Vec<&'g str>)>) -> Self {
        let mut rolled = self.empty();
        let mut calibration = Calibration::default();
        for (name, members) in groups {
            for member in members {
                let totals = self.find(member).unwrap_or_default();
                for (all, own) in rolled.unit(name).iter_mut().zip(totals) {
                    all.merge(own.clone());
                }
                let listed = self.calibration().map(|calibration| &calibration.listed);
                for (survey, by_unit) in listed.into_iter().flatten() {
                    let all = calibration.listed.entry(survey.clone()).or_default();
                    let all = all.entry(name.to_owned()).or_default();
                    for (sector, count) in by_unit.get(member).into_iter().flatten() {
                        *all.entry(sector.clone()).or_default() += count;
                    }
                }
            }
        }
        rolled.with_calibration(calibration)
    }
}
