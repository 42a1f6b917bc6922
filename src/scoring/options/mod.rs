//! How a framework is scored: one block of settings per step of the method.
//!
//! The shape is that of the options file. A block may be given by its method's name alone
//! (`normalise: z_score`), and a setting that is not given takes its default:
//!
//! ```yaml
//! denominate: true
//! impute:    {method: group_mean, group: region}
//! screen:    {min_available: 0.65}
//! treat:     {method: winsorise_then_log, max_winsorised: 5, max_skewness: 2, max_kurtosis: 3.5}
//! normalise: {method: min_max, low: 0, high: 100}
//! weights:   {method: given, within: [Physical]}            # pca, ahp, …: see docs/methods.md
//! aggregate: {method: arithmetic, min_available: 0.75}     # or by_level: [arithmetic, geometric]
//! frame:     pooled                                         # or each: long tables, units by time
//! responses: {states: [received, edited, approved], minimum: 10, flag_below: 20}   # unit: organisation, survey: …
//! uncertainty: {runs: 1000, seed: 1, vary: {aggregate: [arithmetic, geometric], weights: {relative: 0.25}}}
//! sensitivity: {runs: 1024}                                 # of what `vary` names
//! influence: true                                           # of single respondents
//! standardise: true                                         # figures under one structure, beside the raw ones
//! ```

mod file;
mod vary;
mod vary_file;
mod weights;

use serde::{Deserialize, Serialize};

pub use self::vary::{Levels, Redrawing, SensitivityOptions, UncertaintyOptions, Vary, WeightsVary};
pub use self::weights::{Combine, Experts, Weights};
use crate::scoring::ScoringError;

/// The settings of one assessment, complete and checked.
///
/// ```
/// use innogauge::scoring::{Options, NormaliseMethod};
/// let options = Options::read("options.yaml", "normalise: z_score", Options::score()).unwrap();
/// assert_eq!(options.normalise.method, NormaliseMethod::ZScore);
///
/// let refused = Options::read("options.yaml", "normalise: zscore", Options::score()).unwrap_err();
/// assert!(refused.to_string().starts_with("options.yaml:1:12: "));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a setting of its own in the options file"
)]
pub struct Options {
    /// Divide indicators by their denominators first.
    pub denominate: bool,
    /// How missing values are filled in.
    pub impute: Impute,
    /// Which units have too little data to be scored.
    pub screen: Screen,
    /// How outliers are treated.
    pub treat: Treat,
    /// How indicators are brought to one scale.
    pub normalise: Normalise,
    /// Where weights come from.
    pub weights: Weights,
    /// How children make their parent's score.
    pub aggregate: Aggregate,
    /// Whether all times of a long table share one frame.
    pub frame: Frame,
    /// Which responses count, and how many are enough (only where answers are scored).
    pub responses: Responses,
    /// The Monte Carlo analysis, where one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<UncertaintyOptions>,
    /// The sensitivity analysis, where one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<SensitivityOptions>,
    /// Whether units get profiles: strengths and weaknesses, peers.
    pub profiles: bool,
    /// Whether the influence of single respondents is worked out (only where cities are assessed).
    pub influence: bool,
    /// Whether figures are also standardised to one structure of sectors and size classes (only where cities are assessed).
    pub standardise: bool,
}

impl Options {
    /// The share of intervals that are to hold what they are intervals of, 0 to 1.
    pub fn confidence(&self) -> f64 {
        let asked = self.uncertainty.as_ref().map(|uncertainty| uncertainty.confidence);
        asked.unwrap_or(UncertaintyOptions::CONFIDENCE)
    }

    /// The defaults of `score`: min-max over the units, nothing imputed, treated or screened.
    pub fn score() -> Self {
        Self {
            denominate: false,
            impute: Impute {
                method: ImputeMethod::None,
                group: None,
            },
            screen: Screen {
                method: ScreenMethod::None,
                min_available: 0.0,
            },
            treat: Treat {
                method: TreatMethod::None,
                max_winsorised: 5,
                max_skewness: 2.0,
                max_kurtosis: 3.5,
            },
            normalise: Normalise {
                method: NormaliseMethod::MinMax,
                low: 0.0,
                high: 100.0,
                cap: true,
                mean: 0.0,
                sd: 1.0,
                reference: None,
            },
            weights: Weights::given(),
            aggregate: Aggregate {
                method: AggregateMethod::Arithmetic,
                by_level: Vec::new(),
                exponent: None,
                min_available: 0.0,
            },
            frame: Frame::Pooled,
            responses: Responses {
                states: vec!["received".to_owned(), "edited".to_owned(), "approved".to_owned()],
                unit: RespondentUnit::City,
                survey: None,
                minimum: 10,
                flag_below: 20,
            },
            uncertainty: None,
            sensitivity: None,
            profiles: false,
            influence: false,
            standardise: false,
        }
    }

    /// The defaults of `assess`, made for ten cities: fixed goalposts, two thirds of the children must be there, and
    /// 1,000 runs over respondents, weights and aggregation. Units have profiles, and the influence of single
    /// respondents is worked out.
    pub fn assess() -> Self {
        let mut options = Self::score();
        options.normalise.method = NormaliseMethod::Goalposts;
        options.aggregate.min_available = 2.0 / 3.0;
        options.uncertainty = Some(UncertaintyOptions::of_answers(&options.aggregate));
        options.profiles = true;
        options.influence = true;
        options
    }

    /// Reads an options file (YAML, of which JSON is a part); what it does not say is taken from `defaults`.
    ///
    /// What could stand in a file of its own (`weights.experts`) must be given as text: no file is opened.
    pub fn read(file: &str, text: &str, defaults: Self) -> Result<Self, ScoringError> {
        let closed = |_: &str| Err("files cannot be named here: give the text of the file itself".to_owned());
        Self::read_with(file, text, defaults, &closed)
    }

    /// The same, where other files may be named: `open` gives the text of one, or says why it cannot.
    pub fn read_with(
        file: &str,
        text: &str,
        defaults: Self,
        open: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<Self, ScoringError> {
        file::read(file, text, defaults, open)
    }

    /// Reads the options of a recipe, which has them in full.
    pub fn of_recipe(recipe: &serde_json::Value) -> Result<Self, ScoringError> {
        let mut options = recipe.clone();
        // A file gives either of the two; where there is `by_level`, `method` stands beside it and counts for nothing.
        let by_level_alone = |aggregate: Option<&mut serde_json::Value>| {
            let aggregate = aggregate.and_then(serde_json::Value::as_object_mut);
            if let Some(aggregate) = aggregate.filter(|aggregate| aggregate.contains_key("by_level")) {
                aggregate.remove("method");
            }
        };
        by_level_alone(options.get_mut("aggregate"));
        let varied = options.pointer_mut("/uncertainty/vary/aggregate");
        for aggregate in varied.and_then(serde_json::Value::as_array_mut).into_iter().flatten() {
            by_level_alone(Some(aggregate));
        }
        Self::read("the recipe", &options.to_string(), Self::score())
    }
}

/// Declares the methods of a step, so that asking for one that there is not is answered with those that there are.
macro_rules! methods {
    ($(#[$doc:meta])* $name:ident, $step:literal, { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The method's name in options files and results.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            pub(super) const NAMES: &'static [&'static str] = &[$($text),+];

            fn from_name(name: &str) -> Result<Self, String> {
                match name {
                    $($text => Ok(Self::$variant),)+
                    other => Err(unknown_method($step, other, Self::NAMES)),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Name;
                impl serde::de::Visitor<'_> for Name {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        write!(f, "a method of {}: {}", $step, $name::NAMES.join(", "))
                    }
                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<$name, E> {
                        $name::from_name(name).map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Name)
            }
        }
    };
}

fn unknown_method(step: &str, name: &str, names: &[&str]) -> String {
    match crate::definition::nearest(name, names.iter().copied()) {
        Some(near) => format!("unknown {step} method '{name}', did you mean '{near}'?"),
        None => format!("unknown {step} method '{name}'; available: {}", names.join(", ")),
    }
}

methods! {
    /// How a missing value is filled in.
    ImputeMethod, "impute", {
        /// It stays missing.
        None = "none",
        /// The mean of the units that have one.
        Mean = "mean",
        /// Their median.
        Median = "median",
        /// The mean of the units of the same group; a group with no value stays missing.
        GroupMean = "group_mean",
        /// The median of the units of the same group.
        GroupMedian = "group_median",
        /// The mean of the unit's other indicators of the same parent, on min-max values, taken back.
        RowMean = "row_mean",
        /// Over time: the unit's latest earlier value.
        Latest = "latest",
        /// Over time: the straight line between the unit's neighbouring values.
        Linear = "linear",
        /// The mean that is to be expected given the unit's other indicators of the same parent, under a normal distribution.
        Em = "em",
    }
}

methods! {
    /// Which units are left out.
    ScreenMethod, "screen", {
        /// None.
        None = "none",
        /// Those with too small a share of their indicators.
        MinAvailable = "min_available",
    }
}

methods! {
    /// How an indicator with outliers is treated.
    TreatMethod, "treat", {
        /// It is not.
        None = "none",
        /// The outermost values take the next value, until the shape passes or the limit is reached.
        Winsorise = "winsorise",
        /// The logarithm, reflected where the tail is to the left.
        Log = "log",
        /// Winsorising, and the logarithm of the original where that is not enough.
        WinsoriseThenLog = "winsorise_then_log",
        /// The power under which it is most like a normal distribution.
        BoxCox = "box_cox",
    }
}

methods! {
    /// How an indicator is brought to the common scale.
    NormaliseMethod, "normalise", {
        /// Between the worst and the best unit.
        MinMax = "min_max",
        /// Standard deviations from the mean.
        ZScore = "z_score",
        /// Between fixed goalposts.
        Goalposts = "goalposts",
        /// The share of the way from the worst unit to the target.
        DistanceToTarget = "distance_to_target",
        /// The share of the way from the worst unit to the best.
        DistanceToMax = "distance_to_max",
        /// The share of the way from the worst unit to a reference unit.
        DistanceToReference = "distance_to_reference",
        /// The share of the best value.
        FractionOfMax = "fraction_of_max",
        /// Ranks, counting up from the worst.
        Rank = "rank",
        /// Ranks between low and high.
        PercentileRank = "percentile_rank",
        /// How many units are worse.
        Borda = "borda",
    }
}

methods! {
    /// Where weights come from.
    WeightMethod, "weights", {
        /// From the framework; 1 where it gives none.
        Given = "given",
        /// All children of a parent weigh the same.
        Equal = "equal",
        /// The first principal component.
        Pca = "pca",
        /// Rotated factors, by the Handbook's rule.
        Factor = "factor",
        /// Whatever makes the children as important as they are wanted to be.
        Optimised = "optimised",
        /// By how unevenly the children are spread over the units.
        Entropy = "entropy",
        /// By how much the children vary, and disagree with one another.
        Critic = "critic",
        /// Points that experts share out.
        BudgetAllocation = "budget_allocation",
        /// Comparisons of two elements at a time by experts.
        Ahp = "ahp",
        /// For each unit the weights that are best for it.
        BenefitOfTheDoubt = "benefit_of_the_doubt",
    }
}

methods! {
    /// How the children's scores make their parent's.
    AggregateMethod, "aggregate", {
        /// The weighted mean.
        Arithmetic = "arithmetic",
        /// The weighted geometric mean.
        Geometric = "geometric",
        /// The weighted harmonic mean.
        Harmonic = "harmonic",
        /// The generalised mean of the given exponent.
        Power = "power",
        /// How many units a unit outranks, less those that outrank it.
        Copeland = "copeland",
        /// The Mazziotta-Pareto index: the mean of z-scores less a penalty for imbalance.
        Mpi = "mpi",
        /// Its adjusted form, on fixed goalposts.
        Ampi = "ampi",
    }
}

/// Filling in of missing values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Impute {
    /// How.
    pub method: ImputeMethod,
    /// The column of groups, for `group_mean` and `group_median`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

/// Leaving out of units with too little data.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Screen {
    /// How.
    pub method: ScreenMethod,
    /// The share of a unit's indicators that must be present, 0 to 1.
    pub min_available: f64,
}

/// Treatment of outliers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Treat {
    /// How.
    pub method: TreatMethod,
    /// How many values may be moved.
    pub max_winsorised: usize,
    /// An indicator passes with a smaller absolute skewness (G1) …
    pub max_skewness: f64,
    /// … or with a smaller excess kurtosis (G2).
    pub max_kurtosis: f64,
}

/// The common scale.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Normalise {
    /// How.
    pub method: NormaliseMethod,
    /// The lower end of the scale (`min_max`, `goalposts`, `percentile_rank`).
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Whether values beyond goalposts, target or reference are held at the end of the scale.
    pub cap: bool,
    /// The mean of z-scores.
    pub mean: f64,
    /// The standard deviation of z-scores.
    pub sd: f64,
    /// The reference unit of `distance_to_reference`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// Aggregation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Aggregate {
    /// How, where `by_level` is empty.
    pub method: AggregateMethod,
    /// A method per level, from the lowest up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by_level: Vec<AggregateMethod>,
    /// The exponent of the `power` mean, (sum of w x^p / sum of w)^(1/p): 1 is the arithmetic mean, 0 the geometric,
    /// -1 the harmonic.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exponent: Option<f64>,
    /// The share of a parent's children that must be there, by number and not by weight, 0 to 1.
    pub min_available: f64,
}

impl Aggregate {
    /// The method that makes the scores of elements of this level; 2 is the lowest above the indicators.
    pub(crate) fn method_at(&self, level: u32) -> AggregateMethod {
        let step = (level as usize).saturating_sub(2);
        self.by_level.get(step).copied().unwrap_or(self.method)
    }

    /// Whether some level is aggregated by this method.
    pub(crate) fn uses(&self, method: AggregateMethod) -> bool {
        if self.by_level.is_empty() {
            self.method == method
        } else {
            self.by_level.contains(&method)
        }
    }
}

/// Whether the units of all times are measured in one frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// One minimum, maximum, mean and deviation over all times.
    Pooled,
    /// One per time.
    Each,
}

/// What is scored where there are answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RespondentUnit {
    /// Cities: the answers of their organisations are aggregated.
    City,
    /// Single organisations, each by its own answers.
    Organisation,
}

/// Which responses count, and how many make a figure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Responses {
    /// The review states that count.
    pub states: Vec<String>,
    /// What is scored.
    pub unit: RespondentUnit,
    /// The survey whose organisations are scored; the first of the framework where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub survey: Option<String>,
    /// Fewer respondents than this in the base of a cell: the cell is missing (listed bodies: 1).
    pub minimum: u32,
    /// Fewer than this: the cell is flagged.
    pub flag_below: u32,
}
