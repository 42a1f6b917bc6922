//! The settings of weights, and how they are read.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize, Serializer};

use super::WeightMethod;
use super::file::Step;

/// Weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Weights {
    /// Where from.
    pub method: WeightMethod,
    /// The elements whose children are weighted by the method, the rest as given; empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
    /// Whether weights may rest on fewer than three units per child.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub force: bool,
    /// How many factors are kept (`factor`); by the Handbook's rule where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub factors: Option<usize>,
    /// How important elements are wanted to be within their parent (`optimised`); 1 where not given.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub importance: IndexMap<String, f64>,
    /// What the experts say (`budget_allocation`, `ahp`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub experts: Option<Experts>,
    /// How the experts' points are combined (`budget_allocation`).
    #[serde(skip_serializing_if = "Combine::is_default")]
    pub combine: Combine,
    /// Whether experts with a consistency ratio above 0.1 are left out (`ahp`).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub leave_out_inconsistent: bool,
    /// The least part of a unit's score that a child may make, 0 to 1 (`benefit_of_the_doubt`); 0 where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_share: Option<f64>,
    /// The greatest; 1 where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_share: Option<f64>,
}

impl Weights {
    /// As the framework gives them.
    pub(in crate::scoring) fn given() -> Self {
        Self {
            method: WeightMethod::Given,
            within: Vec::new(),
            force: false,
            factors: None,
            importance: IndexMap::new(),
            experts: None,
            combine: Combine::GeometricMean,
            leave_out_inconsistent: false,
            min_share: None,
            max_share: None,
        }
    }

    /// Whether the method weights the children of this element.
    pub(in crate::scoring) fn are_within(&self, parent: &str) -> bool {
        self.within.is_empty() || self.within.iter().any(|within| within == parent)
    }
}

/// How points of several experts are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Combine {
    /// The geometric mean.
    GeometricMean,
    /// The arithmetic mean.
    Mean,
}

impl Combine {
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    fn is_default(&self) -> bool {
        *self == Self::GeometricMean
    }
}

/// The text of the experts' file. What it is called is for messages and takes no part in anything else.
#[derive(Debug, Clone)]
pub struct Experts {
    name: String,
    text: String,
}

impl Experts {
    /// What the file is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Experts {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// The text itself, so that a recipe needs no other file.
impl Serialize for Experts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// The block `weights` of an options file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WeightsFile {
    method: Option<WeightMethod>,
    within: Option<Vec<String>>,
    force: Option<bool>,
    factors: Option<usize>,
    importance: Option<IndexMap<String, f64>>,
    experts: Option<String>,
    combine: Option<Combine>,
    leave_out_inconsistent: Option<bool>,
    min_share: Option<f64>,
    max_share: Option<f64>,
}

impl Step for WeightsFile {
    type Method = WeightMethod;
    fn of(method: WeightMethod) -> Self {
        Self {
            method: Some(method),
            ..Self::default()
        }
    }
    const WHAT: &'static str = "weights";
}

impl WeightsFile {
    /// The settings, checked; `experts` is the text itself, or the name of a file that `open` reads.
    pub(in crate::scoring) fn into_weights(
        self,
        defaults: &Weights,
        open: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Weights, String> {
        let method = self.method.unwrap_or(defaults.method);
        self.only_where_they_mean_something(method)?;
        let asks = matches!(method, WeightMethod::BudgetAllocation | WeightMethod::Ahp);
        if asks && self.experts.is_none() {
            return Err(format!(
                "weights: {} needs experts: the CSV file of their judgements, or its text",
                method.name()
            ));
        }
        if self.factors == Some(0) {
            return Err("weights.factors must be 1 or more".to_owned());
        }
        let importance = self.importance.unwrap_or_default();
        if let Some((name, number)) = importance
            .iter()
            .find(|(_, number)| !(number.is_finite() && **number > 0.0))
        {
            return Err(format!("weights.importance: '{name}' must be above 0, it is {number}"));
        }
        let (low, high) = (self.min_share.unwrap_or(0.0), self.max_share.unwrap_or(1.0));
        if !((0.0..=1.0).contains(&low) && (0.0..=1.0).contains(&high) && low < high) {
            return Err(format!(
                "weights: min_share and max_share are shares between 0 and 1, the first below the second; they are {low} and {high}"
            ));
        }
        Ok(Weights {
            method,
            within: self.within.unwrap_or_default(),
            force: self.force.unwrap_or(false),
            factors: self.factors,
            importance,
            experts: self.experts.map(|given| experts(given, open)).transpose()?,
            combine: self.combine.unwrap_or(Combine::GeometricMean),
            leave_out_inconsistent: self.leave_out_inconsistent.unwrap_or(false),
            min_share: self.min_share,
            max_share: self.max_share,
        })
    }

    /// A setting of another method is a mistake, not to be passed over.
    fn only_where_they_mean_something(&self, method: WeightMethod) -> Result<(), String> {
        use WeightMethod::{Ahp, BenefitOfTheDoubt, BudgetAllocation, Critic, Entropy, Factor, Optimised, Pca};
        let settings: [(&str, bool, &[WeightMethod]); 8] = [
            (
                "force",
                self.force.is_some(),
                &[Pca, Factor, Optimised, Entropy, Critic, BenefitOfTheDoubt],
            ),
            ("factors", self.factors.is_some(), &[Factor]),
            ("importance", self.importance.is_some(), &[Optimised]),
            ("experts", self.experts.is_some(), &[BudgetAllocation, Ahp]),
            ("combine", self.combine.is_some(), &[BudgetAllocation]),
            ("leave_out_inconsistent", self.leave_out_inconsistent.is_some(), &[Ahp]),
            ("min_share", self.min_share.is_some(), &[BenefitOfTheDoubt]),
            ("max_share", self.max_share.is_some(), &[BenefitOfTheDoubt]),
        ];
        for (name, given, methods) in settings {
            if given && !methods.contains(&method) {
                let methods: Vec<&str> = methods.iter().map(|method| method.name()).collect();
                return Err(format!(
                    "weights: {name} is only for {}, not for {}",
                    methods.join(", "),
                    method.name()
                ));
            }
        }
        Ok(())
    }
}

/// Text has several lines, the name of a file has one.
fn experts(given: String, open: &dyn Fn(&str) -> Result<String, String>) -> Result<Experts, String> {
    if given.contains('\n') {
        return Ok(Experts {
            name: "weights.experts".to_owned(),
            text: given,
        });
    }
    let text = open(&given).map_err(|message| format!("weights.experts: {message}"))?;
    Ok(Experts { name: given, text })
}

#[cfg(test)]
mod tests {
    use crate::scoring::Options;

    fn refused(text: &str) -> String {
        Options::read("o.yaml", text, Options::score()).unwrap_err().to_string()
    }

    #[test]
    fn the_experts_file_is_opened_by_name_and_kept_as_text() {
        let open = |name: &str| Ok(format!("expert,parent,element,points\n{name},I,a,100\n"));
        let text = "weights: {method: budget_allocation, experts: e.csv}";
        let options = Options::read_with("o.yaml", text, Options::score(), &open).unwrap();
        let experts = options.weights.experts.as_ref().unwrap();
        assert_eq!(experts.name(), "e.csv");
        assert!(experts.text().ends_with("e.csv,I,a,100\n"));
        let again = Options::read("o.json", &serde_json::to_string(&options).unwrap(), Options::score()).unwrap();
        assert_eq!(again, options);
        assert!(refused(text).contains("weights.experts: files cannot be named here"));
    }

    #[test]
    fn settings_of_another_method_and_impossible_ones_are_refused() {
        assert!(refused("weights: ahp").contains("ahp needs experts"));
        assert!(refused("weights: {method: pca, factors: 2}").contains("factors is only for factor, not for pca"));
        assert!(refused("weights: {method: equal, force: true}").contains("force is only for pca, factor"));
        assert!(refused("weights: {method: factor, factors: 0}").contains("factors must be 1 or more"));
        assert!(refused("weights: {method: optimised, importance: {a: 0}}").contains("'a' must be above 0"));
        assert!(
            refused("weights: {method: benefit_of_the_doubt, min_share: 0.6, max_share: 0.5}").contains("min_share")
        );
    }
}
