//! How far the items of a scale agree: from their covariances to alpha, omega and what each item does for them.
//!
//! - **alpha** = k / (k - 1) · (1 - sum of the variances / variance of the sum) (Cronbach 1951, Psychometrika 16:297).
//!   It is the reliability of the sum where all items load the same on one factor, and below it where they do not.
//! - **omega** total = (sum of loadings)² / ((sum of loadings)² + sum of unique variances) of the one-factor model on
//!   covariances (R. P. McDonald 1999, Test Theory, chapter 6). The model is fitted to correlations by minimum residuals, and
//!   loadings are taken times the items' standard deviations, since the scale is the mean of the items as they are.
//! - **item-rest**: the correlation of an item with the sum of the others (Nunnally and Bernstein 1994, Psychometric
//!   Theory, chapter 8). One below -0.1 is an item that was probably asked the other way round.
//!
//! All of it is unweighted, over those who answered every item: it is about the questionnaire, not about the city.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: items are counted from the matrix that they index"
)]

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::one_factor::{Fit, one_factor};
use crate::scoring::estimate::Moments;

/// An alpha below this is flagged. Nunnally and Bernstein (1994) ask for 0.7; 0.6 is usual in exploratory research.
const LEAST_ALPHA: f64 = 0.6;
/// A sum of items that varies by less than this share of their variances does not vary.
const NOISE: f64 = 1e-12;

/// How far the items of a scale agree.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleReliability {
    /// Cronbach's alpha, at most 1; it can be below 0.
    pub alpha: f64,
    /// Whether alpha is below 0.6.
    pub weak: bool,
    /// Omega total of the one-factor model, 0 to 1; missing where there is none.
    pub omega: Option<f64>,
    /// What must be known of omega, or why it is missing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub omega_remark: Option<OmegaRemark>,
    /// The items, in the order of the framework.
    pub items: Vec<ScaleItem>,
}

/// What must be known of omega.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OmegaRemark {
    /// A Heywood case: an item would share more than all of its variance with the factor, and is held at all of it.
    Heywood,
    /// Missing: fewer than three items share a factor, so that their loadings are anybody's guess.
    NotIdentified,
    /// Missing: an item has the same value throughout and correlates with nothing.
    ConstantItem,
    /// Missing: the loadings do not come to rest.
    NotConverged,
}

/// What an item does in its scale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScaleItem {
    /// Its formula.
    pub formula: String,
    /// Its mean, in the unit of the formula.
    pub mean: f64,
    /// Its standard deviation (n - 1).
    pub sd: f64,
    /// Its correlation with the sum of the others, -1 to 1; missing where one of them does not vary.
    pub item_rest: Option<f64>,
    /// Whether that is below -0.1: the item is probably worded the other way round.
    pub probably_reversed: bool,
    /// The alpha of the others; missing where that is one item.
    pub alpha_without: Option<f64>,
    /// Its standardised loading on the factor that omega rests on, -1 to 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub loading: Option<f64>,
}

impl ScaleReliability {
    /// The alpha of a scale that is weak, as notes say it.
    pub fn weakness(&self) -> Option<String> {
        self.weak.then(|| format!("alpha {:.2}", self.alpha))
    }

    /// The items that are probably worded the other way round, with their item-rest correlations, as notes say them.
    pub fn reversed(&self) -> Option<String> {
        let items = self.items.iter().filter(|item| item.probably_reversed);
        let items: Vec<String> = items
            .filter_map(|item| Some(format!("'{}' {:.2}", item.formula, item.item_rest?)))
            .collect();
        (!items.is_empty()).then(|| items.join(", "))
    }
}

/// An item that goes against the others by more than this is probably worded the other way round; nearer to 0 it has little to
/// do with them.
const REVERSED: f64 = -0.1;

/// The reliability of a scale with these formulas; `None` where the sum of the items does not vary.
pub(super) fn reliability(formulas: &[&str], moments: &Moments) -> Option<ScaleReliability> {
    let Moments { means, covariances, .. } = moments;
    let all: Vec<usize> = (0..formulas.len()).collect();
    let alpha = alpha(covariances, &all)?;
    let omega = omega(covariances);
    let item = |at: usize| {
        let rest: Vec<usize> = all.iter().copied().filter(|other| *other != at).collect();
        let item_rest = item_rest(covariances, at, &rest);
        ScaleItem {
            formula: formulas[at].to_owned(),
            mean: means[at],
            sd: covariances[(at, at)].sqrt(),
            item_rest,
            probably_reversed: item_rest.is_some_and(|correlation| correlation < REVERSED),
            alpha_without: self::alpha(covariances, &rest),
            loading: omega.loadings.as_ref().map(|loadings| loadings[at]),
        }
    };
    Some(ScaleReliability {
        alpha,
        weak: alpha < LEAST_ALPHA,
        omega: omega.value,
        omega_remark: omega.remark,
        items: all.iter().map(|at| item(*at)).collect(),
    })
}

/// The sum of the variances, and the variance of the sum, of some items.
fn variances(covariances: &DMatrix<f64>, items: &[usize]) -> (f64, f64) {
    let parts = items.iter().map(|item| covariances[(*item, *item)]).sum();
    let row = |one: &usize| items.iter().map(|other| covariances[(*one, *other)]).sum::<f64>();
    (parts, items.iter().map(row).sum())
}

/// Alpha of some items; `None` of fewer than two, or where their sum does not vary.
fn alpha(covariances: &DMatrix<f64>, items: &[usize]) -> Option<f64> {
    let k = items.len() as f64;
    let (parts, whole) = variances(covariances, items);
    (items.len() >= 2 && whole > NOISE * parts).then(|| k / (k - 1.0) * (1.0 - parts / whole))
}

/// The correlation of an item with the sum of the rest.
fn item_rest(covariances: &DMatrix<f64>, item: usize, rest: &[usize]) -> Option<f64> {
    let (parts, whole) = variances(covariances, rest);
    let own = covariances[(item, item)];
    let shared: f64 = rest.iter().map(|other| covariances[(item, *other)]).sum();
    (own > 0.0 && whole > NOISE * parts).then(|| (shared / (own * whole).sqrt()).clamp(-1.0, 1.0))
}

struct Omega {
    value: Option<f64>,
    remark: Option<OmegaRemark>,
    loadings: Option<Vec<f64>>,
}

fn omega(covariances: &DMatrix<f64>) -> Omega {
    let missing = |remark| Omega {
        value: None,
        remark: Some(remark),
        loadings: None,
    };
    let deviations: Vec<f64> = covariances.diagonal().iter().map(|variance| variance.sqrt()).collect();
    if deviations.contains(&0.0) {
        return missing(OmegaRemark::ConstantItem);
    }
    let correlation = |one: usize, other: usize| covariances[(one, other)] / (deviations[one] * deviations[other]);
    let k = deviations.len();
    match one_factor(&DMatrix::from_fn(k, k, correlation)) {
        Fit::NotIdentified => missing(OmegaRemark::NotIdentified),
        Fit::NotConverged => missing(OmegaRemark::NotConverged),
        Fit::Found { loadings, heywood } => {
            let both = || loadings.iter().zip(&deviations);
            let common = both().map(|(loading, sd)| loading * sd).sum::<f64>().powi(2);
            let unique: f64 = both().map(|(loading, sd)| sd * sd * (1.0 - loading * loading)).sum();
            Omega {
                value: Some(common / (common + unique)).filter(|omega| omega.is_finite()),
                remark: heywood.then_some(OmegaRemark::Heywood),
                loadings: Some(loadings),
            }
        }
    }
}
