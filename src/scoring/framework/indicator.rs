//! What an indicator is: where it comes from, which way is up, and what it is measured against.

use crate::definition::yaml::Node;
use crate::definition::{Place, Text, Unit};

/// An indicator.
#[derive(Debug, Clone)]
pub struct Indicator {
    /// Where its values come from.
    pub origin: Origin,
    /// Which way is up.
    pub direction: Direction,
    /// The unit of its values.
    pub unit: Option<Unit>,
    /// Fixed ends of its scale, low first, in natural units.
    pub goalposts: Option<[f64; 2]>,
    /// What the goalposts rest on.
    pub basis: Option<Basis>,
    /// What is aimed at.
    pub target: Option<Target>,
    /// The column that it is divided by under `denominate`.
    pub denominator: Option<String>,
    /// What is applied to values, goalposts and target before they are compared.
    pub transform: Transform,
    /// Where the indicator is taken from.
    pub source: Text,
}

impl Indicator {
    /// The column of a table that holds the indicator of this id.
    pub fn column<'a>(&'a self, id: &'a str) -> &'a str {
        match &self.origin {
            Origin::Column(column) | Origin::Statistics(column) => column,
            Origin::Answers { .. } => id,
        }
    }

    /// The measures of the actor types; none where it is not computed from answers.
    pub fn parts(&self) -> &[Part] {
        match &self.origin {
            Origin::Answers { parts, .. } => parts,
            Origin::Column(_) | Origin::Statistics(_) => &[],
        }
    }
}

/// Where an indicator's values come from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A column of the table that is scored.
    Column(String),
    /// A column of the official figures by city.
    Statistics(String),
    /// Computed from answers, one part per actor type.
    Answers {
        /// The parts; their shares sum to 1.
        parts: Vec<Part>,
        /// What a part counts in a city that does not have the actor type.
        absent: Absent,
        /// Why several actor types are pooled in one part, where they are.
        pooled: Option<String>,
    },
}

/// The measure of one actor type.
#[derive(Debug, Clone)]
pub struct Part {
    /// The actor type, or the survey whose respondents are all meant.
    pub actor: String,
    /// The survey that it is computed from.
    pub survey: String,
    /// The part's share in the combined figure.
    pub share: f64,
    /// What is computed.
    pub measure: Measure,
    /// Who is in the base.
    pub condition: Option<Written>,
    /// What a question that was not asked counts as.
    pub not_asked: Option<NotAsked>,
    /// Whether the actor type's figures are confidential; else one respondent is enough.
    pub confidential: bool,
}

/// A figure over respondents.
#[derive(Debug, Clone)]
pub struct Measure {
    /// How it is made.
    pub kind: MeasureKind,
    /// What of a respondent goes into it.
    pub formulas: Formulas,
    /// What the result is multiplied by.
    pub scale: f64,
}

/// What of a respondent goes into a measure.
#[derive(Debug, Clone)]
pub enum Formulas {
    /// A value or a condition.
    One(Written),
    /// Numerator and denominator (`ratio` and `per`).
    Quotient {
        /// The numerator.
        of: Written,
        /// The denominator.
        over: Written,
    },
    /// The items of a scale (`items`): two or more.
    Items(Vec<Written>),
}

impl Formulas {
    /// All of them, in the order of the file.
    pub fn all(&self) -> Vec<&Written> {
        match self {
            Self::One(of) => vec![of],
            Self::Quotient { of, over } => vec![of, over],
            Self::Items(items) => items.iter().collect(),
        }
    }
}

/// The kinds of measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MeasureKind {
    /// Weighted total over weighted total.
    Ratio,
    /// Weighted share of whom a condition is true.
    Share,
    /// Weighted mean.
    Mean,
    /// Weighted median.
    Median,
    /// Weighted mean of a scale: of each respondent the mean of its items.
    Items,
    /// Weighted total.
    Sum,
    /// Weighted number of whom a condition is true.
    Count,
    /// Weighted total per so many of a weighted total.
    Per,
}

impl MeasureKind {
    pub(super) const ALL: [Self; 8] = [
        Self::Ratio,
        Self::Share,
        Self::Mean,
        Self::Median,
        Self::Items,
        Self::Sum,
        Self::Count,
        Self::Per,
    ];

    /// The key that it has in a framework file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ratio => "ratio",
            Self::Share => "share",
            Self::Mean => "mean",
            Self::Median => "median",
            Self::Items => "items",
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Per => "per",
        }
    }

    /// Whether it has a denominator.
    pub fn is_quotient(self) -> bool {
        matches!(self, Self::Ratio | Self::Per)
    }
}

/// A formula as it was written, and where.
#[derive(Debug, Clone)]
pub struct Written {
    /// The formula.
    pub source: String,
    /// Where it stands.
    pub place: Place,
    pub(in crate::scoring) node: Node,
}

impl Written {
    /// Where a byte of the formula stands.
    pub fn place_at(&self, offset: usize) -> Place {
        self.node.place_at(offset)
    }
}

/// Which way is up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// More is better.
    Up,
    /// Less is better.
    Down,
}

impl Direction {
    /// 1 or -1.
    pub fn sign(self) -> f64 {
        match self {
            Self::Up => 1.0,
            Self::Down => -1.0,
        }
    }
}

/// What goalposts rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// The least and greatest that is possible.
    Bound,
    /// A target that somebody set.
    Target,
    /// Figures of other places.
    Reference,
    /// A pilot survey.
    Pilot,
}

impl Basis {
    pub(super) const ALL: [Self; 4] = [Self::Bound, Self::Target, Self::Reference, Self::Pilot];

    /// The word that it has in a framework file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Target => "target",
            Self::Reference => "reference",
            Self::Pilot => "pilot",
        }
    }
}

/// What is aimed at.
#[derive(Debug, Clone, PartialEq)]
pub enum Target {
    /// The same for all units.
    Number(f64),
    /// A column of the table: one per unit.
    Column(String),
}

impl Target {
    /// The target that is the same for all units.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Column(_) => None,
        }
    }
}

/// What is applied to an indicator's values before they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transform {
    /// Nothing.
    None,
    /// The natural logarithm.
    Ln,
    /// The decimal logarithm.
    Log10,
    /// The square root.
    Sqrt,
}

impl Transform {
    pub(super) const ALL: [Self; 4] = [Self::None, Self::Ln, Self::Log10, Self::Sqrt];

    /// The word that it has in a framework file.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Ln => "ln",
            Self::Log10 => "log10",
            Self::Sqrt => "sqrt",
        }
    }

    /// The transformed value; not finite where there is none.
    pub fn apply(self, value: f64) -> f64 {
        match self {
            Self::None => value,
            Self::Ln => value.ln(),
            Self::Log10 => value.log10(),
            Self::Sqrt => value.sqrt(),
        }
    }

    /// By how much the transformed value rises for a rise of the value by 1, at this value.
    pub(in crate::scoring) fn slope(self, value: f64) -> f64 {
        match self {
            Self::None => 1.0,
            Self::Ln => 1.0 / value,
            Self::Log10 => 1.0 / (value * std::f64::consts::LN_10),
            Self::Sqrt => 0.5 / value.sqrt(),
        }
    }
}

/// What a question that was not asked counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAsked {
    /// Zero, or not chosen: no R&D is R&D of 0.
    Zero,
    /// The respondent is out of the base.
    Exclude,
}

/// What an actor type counts in a city that does not have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Zero.
    Zero,
    /// Nothing: the shares of the others are scaled up.
    Exclude,
}

/// A type of respondents.
#[derive(Debug, Clone)]
pub struct Actor {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub label: Text,
    /// The survey that it answers.
    pub survey: String,
    /// Which respondents of the survey are meant; all where absent.
    pub condition: Option<Written>,
    /// Whether its figures are confidential. Listed public bodies are not: one respondent is enough.
    pub confidential: bool,
}
