//! The framework: an index, its dimensions and their indicators, as a tree of any depth.
//!
//! # The file
//!
//! ```yaml
//! framework: ten-cities              # an id, a version and a title: all optional
//! version: "2026.1"
//! title: {zh: 创新体系评价, en: Innovation system assessment}
//!
//! actors:                            # who answers; without this key every survey is one actor type
//!   enterprise: {label: {zh: 企业, en: Enterprises}, from: enterprise}
//!   university:
//!     label: {zh: 高等院校, en: Universities}
//!     from: institution              # the survey
//!     where: "${institution_type} = 'university'"
//!     confidential: false            # listed public bodies: one respondent is enough
//!
//! breakdowns:                        # questions that tables are broken down by and no indicator reads, by survey
//!   enterprise: [ownership, founding_year]
//!
//! index:
//!   id: Index
//!   label: {zh: 综合指数, en: Innovation system index}
//!   children:                        # elements below, to any depth …
//!     - id: finance
//!       label: {zh: 金融, en: Finance}
//!       weight: 1                    # 1 where absent; 0: context, shown but not scored
//!       indicators:                  # … and at the bottom the indicators
//!         - id: rd_intensity
//!           label: {zh: 内部研发强度, en: In-house R&D intensity}
//!           from: enterprise         # an actor type, a survey, or `statistics`; absent: a column of the table
//!           ratio: {of: "${rd_inhouse}", over: "${turnover}"}
//!           where: "${turnover} > 0" # who is in the base
//!           not_asked: zero          # or exclude: what a question that was not asked counts as
//!           unit: percent            # ratio and share are then multiplied by 100
//!           direction: 1             # or -1: less is better
//!           goalposts: [0, 5]        # in natural units, low first for either direction
//!           basis: target            # bound | target | reference | pilot
//!           source: Oslo Manual 2018
//! ```
//!
//! An indicator that is computed from answers has exactly one measure. Each value is one formula over a respondent's
//! answers, in the language of the surveys:
//!
//! | measure | a city's figure |
//! |---|---|
//! | `ratio: {of: N, over: D}` | weighted total of N over weighted total of D |
//! | `share: C` | weighted share of those in the base of whom the condition C is true |
//! | `mean: N`, `median: N` | weighted mean, weighted median |
//! | `items: [N, N, …]` | weighted mean of a scale: of each respondent the mean of the items that are known, where these are two thirds of all |
//! | `sum: N` | weighted total |
//! | `count: C` | weighted number of respondents of whom C is true |
//! | `per: {of: N, over: D, by: 1000}` | weighted total of N for every 1,000 of D |
//!
//! An item that is worded the other way round is turned in its formula, as `6 - ${risk_avoided}` on a scale of 1 to 5.
//! `scale: 25` multiplies the result. Actor types are combined with fixed shares, never pooled silently:
//!
//! ```yaml
//! - id: strategy
//!   combine: {enterprise: 0.6, research: 0.4}
//!   absent: exclude                  # or zero: what an actor type counts that a city does not have
//!   share: "${strategy} = 1"
//! - id: openness
//!   combine:                         # where the types are asked differently, each has its own measure
//!     enterprise: {part: 0.6, mean: "${partners}", not_asked: zero}
//!     research: {part: 0.4, mean: "${joint_projects}"}
//! - id: barriers
//!   from: institution                # a survey of several actor types at once
//!   pool: true
//!   reason: one question to all, and none of the types is large enough alone
//!   mean: "${barrier}"
//! - id: st_spending
//!   from: statistics                 # official figures by city
//!   column: st_share                 # the indicator's id where absent
//! ```
//!
//! On a bare table an indicator is a column: `column` (its id where absent), `denominator` (a column), `target` (a
//! number or a column) and `transform: none|ln|log10|sqrt` may be given.

mod indicator;
mod map;
mod parts;
mod read;
mod read_indicator;
mod uses;

use indexmap::IndexMap;

pub(super) use parts::parts;

use crate::definition::{Checked, Definition, Diagnostic, Text};

pub use indicator::{
    Absent, Actor, Basis, Direction, Formulas, Indicator, Measure, MeasureKind, NotAsked, Origin, Part, Target,
    Transform, Written,
};

/// A checked framework.
///
/// ```
/// use innogauge::scoring::Framework;
/// let text = "index: {id: Index, indicators: [{id: a}, {id: b, weight: 2}]}";
/// let framework = Framework::for_table("f.yaml", text).unwrap().value;
/// assert_eq!(framework.elements().len(), 3);
///
/// let errors = Framework::for_table("f.yaml", "index: {id: Index, indicators: [{id: a, weight: -1}]}").unwrap_err();
/// assert!(errors[0].to_string().starts_with("f.yaml:1:49: error: weight is -1"));
/// ```
#[derive(Debug, Clone)]
pub struct Framework {
    id: String,
    version: String,
    title: Text,
    actors: IndexMap<String, Actor>,
    breakdowns: IndexMap<String, Vec<String>>,
    elements: Vec<Element>,
    hash: String,
}

/// The index, a dimension or an indicator.
#[derive(Debug, Clone)]
pub struct Element {
    /// Its id, unique in the framework.
    pub id: String,
    /// Its name for people; the id where none was given.
    pub label: Text,
    /// What it means, where that was written down.
    pub description: Text,
    /// 1 for indicators; a parent is one above its highest child.
    pub level: u32,
    /// The position of its parent; the index has none.
    pub parent: Option<usize>,
    /// The positions of its children, in the order of the file.
    pub children: Vec<usize>,
    /// Its nominal weight within its parent.
    pub weight: f64,
    /// What an indicator says beyond that; none for the others.
    pub indicator: Option<Indicator>,
}

impl Framework {
    /// Reads a framework whose indicators are columns of a table, whatever surveys they are computed from elsewhere.
    pub fn for_table(file: &str, text: &str) -> Result<Checked<Self>, Vec<Diagnostic>> {
        read::read(file, text, None)
    }

    /// Reads a framework over these surveys, and checks every formula against them.
    pub fn from_yaml(file: &str, text: &str, surveys: &[&Definition]) -> Result<Checked<Self>, Vec<Diagnostic>> {
        read::read(file, text, Some(surveys))
    }

    /// The framework's id; empty where it has none.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its version; empty where it has none.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Its title.
    pub fn title(&self) -> &Text {
        &self.title
    }

    /// The actor types by id.
    pub fn actors(&self) -> &IndexMap<String, Actor> {
        &self.actors
    }

    /// All elements, each before its children: the index is the first.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The element of this id.
    pub fn find(&self, id: &str) -> Option<&Element> {
        self.elements.iter().find(|element| element.id == id)
    }

    /// The indicators with their positions, in the order of the file.
    pub fn indicators(&self) -> impl Iterator<Item = (usize, &Element, &Indicator)> {
        let all = self.elements.iter().enumerate();
        all.filter_map(|(position, element)| Some((position, element, element.indicator.as_ref()?)))
    }

    /// The same framework with its indicators changed; `change` is told the id of each.
    pub(super) fn with_indicators(&self, change: impl Fn(&str, &mut Indicator)) -> Self {
        let mut framework = self.clone();
        for element in &mut framework.elements {
            if let Some(indicator) = &mut element.indicator {
                change(&element.id, indicator);
            }
        }
        framework
    }

    /// The surveys that indicators are computed from, in the order in which they are first used.
    pub fn surveys(&self) -> Vec<&str> {
        let mut surveys = Vec::new();
        for (_, _, indicator) in self.indicators() {
            let Origin::Answers { parts, .. } = &indicator.origin else {
                continue;
            };
            for part in parts {
                if !surveys.contains(&part.survey.as_str()) {
                    surveys.push(&part.survey);
                }
            }
        }
        surveys
    }

    /// The hash of the file that the framework was read from.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}
