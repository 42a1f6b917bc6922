//! What can be wrong with a scoring: each error is a sentence for a person plus the place.

use std::fmt;

use super::comparison::ComparisonError;
use crate::definition::{Diagnostic, nearest};

/// Why a table could not be scored.
#[derive(Debug, thiserror::Error)]
pub enum ScoringError {
    /// The table breaks rules: all of its problems at once.
    #[error("{}", lines(.0))]
    Table(Vec<TableProblem>),
    /// The options file cannot be used as it is written.
    #[error("{}:{line}:{column}: {message}", display_file(.file))]
    Options {
        /// The options file, empty where the options did not come from a file.
        file: String,
        /// Line, counted from 1.
        line: u64,
        /// Column, counted from 1.
        column: u64,
        /// What is wrong, and what would be right.
        message: String,
    },
    /// A method needs something of an indicator that the framework does not give.
    #[error("indicator '{indicator}' has no {what}, which the method {method} needs")]
    IndicatorLacks {
        /// The indicator.
        indicator: String,
        /// What it lacks: goalposts, a target.
        what: &'static str,
        /// The method that needs it.
        method: &'static str,
    },
    /// A method cannot be used on these values.
    #[error("{method} cannot be used for '{element}': the value of unit '{unit}' is {value}, and {rule}")]
    Unsuitable {
        /// The method.
        method: &'static str,
        /// The indicator or dimension.
        element: String,
        /// The unit with the offending value.
        unit: String,
        /// The offending value.
        value: f64,
        /// What the method needs, and what to use instead.
        rule: &'static str,
    },
    /// A figure with which nothing can be computed any more.
    #[error("'{element}' of unit '{unit}' is {value:e}: figures beyond {most:e} cannot be scored")]
    TooLarge {
        /// The indicator.
        element: String,
        /// The unit.
        unit: String,
        /// The figure, after the indicator's transform.
        value: f64,
        /// The size from which on figures are refused.
        most: f64,
    },
    /// An option names something that the framework or the table does not have.
    #[error("{option}: there is no {kind} '{name}'{}", suggestion(.near.as_deref()))]
    Unknown {
        /// The option, as `normalise.reference`.
        option: &'static str,
        /// What kind of thing is named: unit, element, column.
        kind: &'static str,
        /// The name as it was given.
        name: String,
        /// The nearest name that exists.
        near: Option<String>,
    },
    /// Weights cannot be found for the children of an element.
    #[error("weights: {method} for the children of '{parent}': {message}")]
    Weighting {
        /// The method.
        method: &'static str,
        /// The element whose children are weighted.
        parent: String,
        /// Why not, and what would help.
        message: String,
    },
    /// Missing values cannot be filled in for the indicators of an element.
    #[error("impute: {method} for the indicators of '{parent}': {message}")]
    Imputing {
        /// The method.
        method: &'static str,
        /// The element whose indicators they are.
        parent: String,
        /// Why not, and what would help.
        message: String,
    },
    /// `aggregate.by_level` does not fit the depth of the framework.
    #[error(
        "aggregate.by_level lists {}, but the framework has {} above its indicators",
        counted(*.given, "method"),
        counted(*.levels, "level")
    )]
    Levels {
        /// How many methods were given.
        given: usize,
        /// How many are needed.
        levels: usize,
    },
    /// Imputation over time of a table without times.
    #[error("impute: {method} works over time: name the column of times (--time)")]
    NeedsTimes {
        /// The method.
        method: &'static str,
    },
    /// Respondents are to be drawn again where there are none.
    #[error(
        "uncertainty.vary.respondents: a table has no respondents to draw again: leave it out, or score answers \
         (innogauge assess)"
    )]
    NoRespondents,
    /// An option that is about places, where each organisation is a unit of its own.
    #[error("{option}: an assessment of organisations has no structure: leave it out, or assess places")]
    NeedsPlaces {
        /// The option.
        option: &'static str,
    },
    /// An option that is about respondents, where there are none.
    #[error("{option}: a table has no respondents: leave it out, or score answers (innogauge assess)")]
    NeedsRespondents {
        /// The option.
        option: &'static str,
    },
    /// A file of the options was not handed over.
    #[error("uncertainty.{option}: files of runs and weights are read by `innogauge score` only")]
    NoFile {
        /// `design` or `weight_sets`.
        option: &'static str,
    },
    /// Of all combinations of what is varied, none can be done.
    #[error("uncertainty.vary: no combination of the alternatives can be done: {reason}")]
    NothingPossible {
        /// Why one of them cannot.
        reason: String,
    },
    /// Sobol indices need every combination of what is varied.
    #[error(
        "sensitivity needs every combination of what uncertainty.vary lists, and {normalise} with {aggregate} cannot be \
         done: {reason}; give the scale other ends (such as {{method: z_score, mean: 10, sd: 2}}), or leave one out"
    )]
    NotEveryCombination {
        /// The scale.
        normalise: String,
        /// The way to aggregate.
        aggregate: String,
        /// Why it cannot be done.
        reason: String,
    },
    /// More scores than can be kept.
    #[error("uncertainty: {runs} runs of {each} scores are more than the {most} that are kept: lower runs")]
    TooManyScores {
        /// The runs.
        runs: usize,
        /// The scores of each.
        each: usize,
        /// The most that are kept.
        most: usize,
    },
    /// The result cannot be compared with the earlier one.
    #[error(transparent)]
    Comparison(#[from] ComparisonError),
    /// A file of scenarios cannot be used as it is written: everything that is wrong in it.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Scenarios(Vec<Diagnostic>),
    /// A scenario cannot be worked out by these methods.
    #[error("scenario '{id}': {message}")]
    Scenario {
        /// Its id.
        id: String,
        /// Why not, and what would help.
        message: String,
    },
    /// Somebody ended the analysis.
    #[error("the analysis was ended before it was done")]
    Stopped,
}

/// One problem in a table, with the cell it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProblem {
    /// The file, or what the table is called.
    pub file: String,
    /// The row as a spreadsheet counts it: the header is row 1.
    pub row: Option<u64>,
    /// The column's name.
    pub column: Option<String>,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for TableProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", display_file(&self.file))?;
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ", column '{column}'")?;
        }
        write!(f, ": {}", self.message)
    }
}

fn lines(problems: &[TableProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// A number of things: "1 level", "2 levels".
fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{plural}")
}

fn display_file(file: &str) -> &str {
    if file.is_empty() { "options" } else { file }
}

fn suggestion(near: Option<&str>) -> String {
    near.map(|name| format!(", did you mean '{name}'?")).unwrap_or_default()
}

/// The nearest of the names, where one is near enough to be a misspelling.
pub(super) fn nearest_name<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, names).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_problem_names_file_row_and_column() {
        let problem = TableProblem {
            file: "cities.csv".into(),
            row: Some(3),
            column: Some("LPI".into()),
            message: "'high' is not a number".into(),
        };
        assert_eq!(
            problem.to_string(),
            "cities.csv, row 3, column 'LPI': 'high' is not a number"
        );
    }
}
