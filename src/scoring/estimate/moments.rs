//! How the items of a scale go together, from sums and sums of products: what is kept does not grow with the number of
//! respondents, and is the same to the bit in any order.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: products are counted from the items that they belong to"
)]

use std::collections::BTreeMap;

use nalgebra::DMatrix;

use super::exact::{ExactSum, GREATEST};

/// Sums over the respondents who answered every item, without weights.
#[derive(Debug, Clone, Default)]
pub(in crate::scoring) struct ItemMoments {
    n: u64,
    sums: Vec<ExactSum>,
    /// Of each item with itself and those before it.
    products: Vec<ExactSum>,
}

/// Means and covariances of the items.
#[derive(Debug, Clone)]
pub(in crate::scoring) struct Moments {
    /// Respondents who answered every item.
    pub n: u64,
    /// The mean of each item.
    pub means: Vec<f64>,
    /// Variances and covariances, with n - 1. The variance of a constant is 0, not what rounding leaves.
    pub covariances: DMatrix<f64>,
}

impl ItemMoments {
    /// Adds a respondent. One with an item whose square is beyond what sums hold is no reading of a scale.
    fn add(&mut self, items: &[f64]) {
        if items.iter().any(|item| item.abs() > GREATEST.sqrt()) {
            return;
        }
        self.n += 1;
        self.sums.resize_with(items.len(), ExactSum::default);
        self.products
            .resize_with(items.len() * (items.len() + 1) / 2, ExactSum::default);
        let pairs = items
            .iter()
            .enumerate()
            .flat_map(|(at, one)| items[..=at].iter().map(move |other| one * other));
        for (sum, product) in self.products.iter_mut().zip(pairs) {
            sum.add(product);
        }
        for (sum, item) in self.sums.iter_mut().zip(items) {
            sum.add(*item);
        }
    }

    pub fn merge(&mut self, other: &Self) {
        self.n += other.n;
        for (own, theirs) in [(&mut self.sums, &other.sums), (&mut self.products, &other.products)] {
            own.resize_with(own.len().max(theirs.len()), ExactSum::default);
            own.iter_mut().zip(theirs).for_each(|(own, theirs)| own.merge(*theirs));
        }
    }

    /// Means and covariances, of two respondents at least.
    pub fn moments(&self) -> Moments {
        let (n, k) = (self.n as f64, self.sums.len());
        let means: Vec<f64> = self.sums.iter().map(|sum| sum.value() / n).collect();
        let covariance = |row: usize, column: usize| {
            let (one, other) = (row.max(column), row.min(column));
            let product = self.products[one * (one + 1) / 2 + other].value();
            let covariance = (product - n * means[one] * means[other]) / (n - 1.0);
            let is_noise = one == other && covariance <= 1e-12 * product / n;
            if is_noise { 0.0 } else { covariance }
        };
        Moments {
            n: self.n,
            covariances: DMatrix::from_fn(k, k, covariance),
            means,
        }
    }
}

/// The same by the language that was answered in; empty where a response does not say.
#[derive(Debug, Clone, Default)]
pub(in crate::scoring) struct MomentsByLanguage(BTreeMap<String, ItemMoments>);

impl MomentsByLanguage {
    /// Adds a respondent who answered every item.
    pub fn add(&mut self, language: &str, items: &[f64]) {
        if let Some(moments) = self.0.get_mut(language) {
            return moments.add(items);
        }
        self.0.entry(language.to_owned()).or_default().add(items);
    }

    pub fn merge(&mut self, other: &Self) {
        for (language, theirs) in &other.0 {
            self.0.entry(language.clone()).or_default().merge(theirs);
        }
    }

    /// All languages together.
    pub fn together(&self) -> ItemMoments {
        let mut all = ItemMoments::default();
        self.0.values().for_each(|moments| all.merge(moments));
        all
    }

    /// Language by language; none where no response says its own.
    pub fn by_language(&self) -> impl Iterator<Item = (&str, &ItemMoments)> {
        let is_known = self.0.keys().any(|language| !language.is_empty());
        let all = self.0.iter().filter(move |_| is_known);
        all.map(|(language, moments)| (language.as_str(), moments))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Respondents of three items, the last one constant.
    fn respondents() -> Vec<[f64; 3]> {
        (0..50_u32)
            .map(|n| [f64::from(n * 7 % 5), f64::from(n * 11 % 7) / 3.0, 1.0 / 3.0])
            .collect()
    }

    #[test]
    fn covariances_are_those_of_the_respondents_and_a_constant_has_none() {
        let mut all = ItemMoments::default();
        for items in respondents() {
            all.add(&items);
        }
        let Moments { n, means, covariances } = all.moments();
        assert_eq!(n, 50);
        let column = |item: usize| respondents().iter().map(|items| items[item]).collect::<Vec<f64>>();
        for one in 0..3 {
            let mean = column(one).iter().sum::<f64>() / 50.0;
            assert!((means[one] - mean).abs() < 1e-14);
            for other in 0..3 {
                let products = column(one)
                    .iter()
                    .zip(column(other))
                    .map(|(a, b)| (a - mean) * b)
                    .sum::<f64>();
                assert!(
                    (covariances[(one, other)] - products / 49.0).abs() < 1e-14,
                    "{one} {other}"
                );
            }
        }
        assert_eq!(covariances[(2, 2)].to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn the_order_of_respondents_and_of_merging_leaves_no_trace() {
        let mut forwards = MomentsByLanguage::default();
        let mut backwards = MomentsByLanguage::default();
        for items in respondents() {
            forwards.add("zh", &items);
            forwards.add("en", &items.map(f64::sqrt));
        }
        for items in respondents().iter().rev() {
            let mut one = MomentsByLanguage::default();
            one.add("en", &items.map(f64::sqrt));
            one.add("zh", items);
            backwards.merge(&one);
        }
        let bits = |of: &MomentsByLanguage| of.together().moments().covariances.map(f64::to_bits);
        assert_eq!(bits(&forwards), bits(&backwards));
        let languages: Vec<&str> = forwards.by_language().map(|(language, _)| language).collect();
        assert_eq!(languages, ["en", "zh"]);
    }

    #[test]
    fn where_no_response_says_its_language_there_are_no_languages() {
        let mut unknown = MomentsByLanguage::default();
        unknown.add("", &[1.0, 2.0]);
        assert_eq!(unknown.by_language().count(), 0);
        unknown.add("en", &[1.0, 2.0]);
        assert_eq!(
            unknown.by_language().count(),
            2,
            "those that say it, and those that do not"
        );
    }
}
