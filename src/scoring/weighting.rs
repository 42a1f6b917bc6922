//! How the respondents of a survey stand for the organisations that the register has: what was weighted to what, and
//! what that costs in precision.

use serde::{Deserialize, Serialize};

/// The respondents of one survey in one unit, and the organisations that they stand for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weighting {
    /// The survey.
    pub survey: String,
    /// The unit.
    pub unit: String,
    /// Organisations in the register.
    pub organisations: u64,
    /// Respondents.
    pub responses: u64,
    /// Respondents for each organisation; above 1 where more answered than the register has.
    pub response_rate: Option<f64>,
    /// Of all figures that respondents were in scope of, the share (0 to 1) that they gave.
    pub item_response_rate: Option<f64>,
    /// The sum of the weights: the organisations that respondents stand for.
    pub sum: f64,
    /// The weights' standard deviation (over n) as a share of their mean.
    pub cv: Option<f64>,
    /// Kish's design effect of unequal weights, 1 + CV².
    pub design_effect: Option<f64>,
    /// How many respondents of equal weight would say as much: n / (1 + CV²).
    pub effective_n: Option<f64>,
    /// The least and the greatest weight.
    pub range: Option<[f64; 2]>,
    /// The cells that weights start from: size classes that stand together, the smallest first. None in a census.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub cells: Vec<WeightingCell>,
    /// The totals of the register that the weights reach.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub margins: Vec<Margin>,
    /// The totals that weights within the limits cannot reach, beside whole margins that are not named above.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub out_of_reach: Vec<String>,
    /// How many weights are held at a limit: a third of the mean of their cell, or three times that.
    pub trimmed: usize,
}

/// Size classes of one unit that are weighted together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightingCell {
    /// The size classes; one that is not known is `""`.
    pub sizes: Vec<String>,
    /// Organisations in the register.
    pub organisations: u64,
    /// Respondents.
    pub responses: u64,
}

/// A margin of the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Margin {
    /// Organisations by size class: the cells.
    OrganisationsBySize,
    /// Organisations by sector.
    OrganisationsBySector,
    /// Persons employed by size class.
    EmployeesBySize,
    /// Persons employed by sector.
    EmployeesBySector,
}

impl Margin {
    /// The name that it has in a result.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrganisationsBySize => "organisations_by_size",
            Self::OrganisationsBySector => "organisations_by_sector",
            Self::EmployeesBySize => "employees_by_size",
            Self::EmployeesBySector => "employees_by_sector",
        }
    }
}

impl Weighting {
    /// What is known before there are weights.
    pub(super) fn new(survey: &str, unit: &str, organisations: u64, responses: u64) -> Self {
        Self {
            survey: survey.to_owned(),
            unit: unit.to_owned(),
            organisations,
            responses,
            response_rate: (organisations > 0).then(|| responses as f64 / organisations as f64),
            item_response_rate: None,
            sum: 0.0,
            cv: None,
            design_effect: None,
            effective_n: None,
            range: None,
            cells: Vec::new(),
            margins: Vec::new(),
            out_of_reach: Vec::new(),
            trimmed: 0,
        }
    }

    /// Works out the figures of these weights.
    pub(super) fn set_figures(&mut self, weights: &[f64]) {
        let n = weights.len() as f64;
        self.sum = weights.iter().sum();
        if weights.is_empty() || self.sum <= 0.0 {
            return;
        }
        let squares: f64 = weights.iter().map(|weight| weight * weight).sum();
        let effect = (n * squares / (self.sum * self.sum)).max(1.0);
        self.design_effect = Some(effect);
        self.cv = Some((effect - 1.0).sqrt());
        self.effective_n = Some(n / effect);
        let wider = |[least, most]: [f64; 2], weight: &f64| [least.min(*weight), most.max(*weight)];
        self.range = Some(weights.iter().fold([f64::INFINITY, 0.0], wider));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unequal_weights_cost_what_kish_says() {
        let mut weighting = Weighting::new("enterprise", "a", 12, 4);
        weighting.set_figures(&[1.0, 1.0, 5.0, 5.0]);
        // Mean 3, standard deviation 2.
        let close = |found: Option<f64>, expected: f64| assert!((found.unwrap() - expected).abs() < 1e-12);
        close(weighting.response_rate, 1.0 / 3.0);
        close(weighting.cv, 2.0 / 3.0);
        close(weighting.design_effect, 13.0 / 9.0);
        close(weighting.effective_n, 36.0 / 13.0);
        assert_eq!(weighting.range, Some([1.0, 5.0]));
    }
}
