//! What an expression gives, and XPath's conversions between kinds of values.

use std::borrow::Cow;

use chrono::{DateTime, FixedOffset};

use super::environment::Environment;
use super::moment;
use super::tree::{NodeSet, Scope, Tree};

/// The value of an expression.
///
/// ```
/// use innogauge::expression::{Expression, Scope, Tree, Value, XmlTree, WallClock};
/// let tree = XmlTree::parse("<data/>")?;
/// let scope = Scope::new(&tree, tree.root(), &WallClock);
/// let quarter = Expression::parse("1 div 4")?;
/// let value = quarter.evaluate(&scope)?;
/// assert_eq!(value, Value::Number(0.25));
/// assert_eq!(value.string(&scope), "0.25");
/// assert!(value.boolean());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a, N> {
    /// true or false.
    Boolean(bool),
    /// A number, which can be NaN.
    Number(f64),
    /// Text.
    Text(Cow<'a, str>),
    /// A date or a date with a time; `None` is what is made of text that is none, such as `date('soon')`. As a number
    /// it is days since 1970-01-01T00:00Z.
    Date(Option<DateTime<FixedOffset>>),
    /// Nodes, each once, in document order (except what `randomize()` gave).
    Nodes(NodeSet<N>),
}

impl<'a, N: Copy + Eq> Value<'a, N> {
    /// Text that is owned by the value.
    pub(super) fn text(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }

    /// The value as `boolean()` gives it: a number that is neither 0 nor NaN, text that is not empty, any node, a
    /// valid date.
    pub fn boolean(&self) -> bool {
        match self {
            Self::Boolean(value) => *value,
            Self::Number(value) => *value != 0.0 && !value.is_nan(),
            Self::Text(value) => !value.is_empty(),
            Self::Date(value) => value.is_some(),
            Self::Nodes(nodes) => !nodes.is_empty(),
        }
    }

    /// The value as `number()` gives it. Text that is a date counts as days since 1970-01-01T00:00Z, other text that
    /// is no number is NaN. Of nodes the first counts.
    pub fn number<T: Tree<Node = N>>(&self, scope: &Scope<'_, T>) -> f64 {
        match self {
            Self::Boolean(value) => f64::from(u8::from(*value)),
            Self::Number(value) => *value,
            Self::Text(value) => text_number(value, scope.environment),
            Self::Date(value) => value.map_or(f64::NAN, moment::days),
            Self::Nodes(nodes) => nodes.first().map_or(f64::NAN, |node| node_number(*node, scope)),
        }
    }

    /// The value as `string()` gives it. Of nodes the first counts; a date is `2026-03-01`, or with a time and an
    /// offset where it is not midnight; a date that is none is `Invalid Date`.
    pub fn string<T: Tree<Node = N>>(&self, scope: &Scope<'a, T>) -> Cow<'a, str> {
        match self {
            Self::Boolean(true) => Cow::Borrowed("true"),
            Self::Boolean(false) => Cow::Borrowed("false"),
            Self::Number(value) => Cow::Owned(format_number(*value)),
            Self::Text(value) => value.clone(),
            Self::Date(value) => value.map_or(Cow::Borrowed("Invalid Date"), |value| Cow::Owned(moment::text(value))),
            Self::Nodes(nodes) => nodes
                .first()
                .map_or(Cow::Borrowed(""), |node| scope.tree.string_value(*node)),
        }
    }
}

/// The number of one node: what the tree knows, else its text.
pub(super) fn node_number<T: Tree>(node: T::Node, scope: &Scope<'_, T>) -> f64 {
    scope
        .tree
        .number_value(node)
        .unwrap_or_else(|| text_number(&scope.tree.string_value(node), scope.environment))
}

/// Text as a number: a number, else a date as days, else NaN.
pub(super) fn text_number(text: &str, environment: &dyn Environment) -> f64 {
    parse_number(text).unwrap_or_else(|| {
        if moment::looks_like_date(text) {
            moment::parse(text, environment).map_or(f64::NAN, moment::days)
        } else {
            f64::NAN
        }
    })
}

/// Reads a number as XPath writes it, with white space around it and, as JavaRosa stores small numbers, an exponent.
///
/// ```
/// use innogauge::expression::parse_number;
/// assert_eq!(parse_number(" -1.50 "), Some(-1.5));
/// assert_eq!(parse_number("3.33E-6"), Some(0.000_003_33));
/// assert_eq!(parse_number("1,000"), None);
/// assert_eq!(parse_number("inf"), None);
/// ```
pub fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim_matches([' ', '\t', '\n', '\r']);
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (unsigned.get(..at)?, unsigned.get(at + 1..)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    if let Some(exponent) = exponent {
        let power = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        if power.is_empty() || !digits(power) {
            return None;
        }
    }
    text.parse().ok()
}

/// Writes a number as XPath does: the shortest decimal text that reads back as the same number, never an exponent.
///
/// ```
/// use innogauge::expression::format_number;
/// assert_eq!(format_number(0.1 + 0.2), "0.30000000000000004");
/// assert_eq!(format_number(-0.0), "0");
/// assert_eq!(format_number(3.33e-6), "0.00000333");
/// assert_eq!(format_number(f64::NAN), "NaN");
/// assert_eq!(format_number(f64::NEG_INFINITY), "-Infinity");
/// ```
pub fn format_number(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else if value == 0.0 {
        "0".to_owned()
    } else {
        value.to_string()
    }
}
