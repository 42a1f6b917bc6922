//! From the names of a scenario to columns, rows and positions, and doing its changes to figures and weights.

#![allow(
    clippy::indexing_slicing,
    reason = "columns, rows and positions are looked up once, when the scenario is resolved"
)]

use super::change::{Change, Edit, Level, Move, Named, Scope};
use crate::definition::{Diagnostic, Place, nearest};
use crate::scoring::error::ScoringError;
use crate::scoring::framework::{Basis, Element, Framework, Indicator, Target};
use crate::scoring::numbers::{extremes, median};
use crate::scoring::options::Options;
use crate::scoring::run::rows_by_time;
use crate::scoring::table::Table;

/// The changes of one scenario, with every name looked up.
pub(super) struct Resolved {
    columns: Vec<ColumnChange>,
    weights: Vec<(usize, Edit)>,
    /// The rows of each time.
    groups: Vec<Vec<usize>>,
}

/// A change of some cells of one indicator.
struct ColumnChange {
    column: usize,
    rows: Vec<usize>,
    sign: f64,
    /// What each row's value is divided by, where figures are: levels are those of the quotients.
    divisors: Option<Vec<f64>>,
    to: ResolvedMove,
}

impl ColumnChange {
    fn divisor(&self, row: usize) -> f64 {
        self.divisors.as_ref().map_or(1.0, |divisors| divisors[row])
    }

    /// What is compared: the value by its denominator, missing where that is missing or 0.
    fn quotient(&self, value: f64, row: usize) -> f64 {
        let quotient = value / self.divisor(row);
        if quotient.is_finite() { quotient } else { f64::NAN }
    }
}

enum ResolvedMove {
    Edit(Edit),
    PeerMedian,
    Best,
    /// A level for each row, of the quotient where figures are divided.
    Levels(Vec<f64>),
}

/// What became of the cells that were to reach a level.
#[derive(Default)]
pub(super) struct Applied {
    /// Indicators (by column) and rows that were there already.
    pub there: Vec<(usize, usize)>,
    /// Those that have no value to be raised.
    pub missing: Vec<(usize, usize)>,
}

impl Resolved {
    /// Looks up what the changes name. Changes of answers are done elsewhere: `answers` says whether they can be.
    ///
    /// # Errors
    /// Every name that does not exist, with its place.
    pub fn new(
        changes: &[Change],
        framework: &Framework,
        table: &Table,
        options: &Options,
        answers: bool,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut resolving = Resolving {
            framework,
            table,
            denominate: options.denominate,
            problems: Vec::new(),
        };
        let (mut columns, mut weights) = (Vec::new(), Vec::new());
        for change in changes {
            match change {
                Change::Answer(answer) => {
                    if !answers {
                        let help = "change an indicator, or score answers (innogauge assess)";
                        let message = "a table has no answers to be changed";
                        resolving.error(&answer.question.place, message, help);
                    }
                    resolving.rows(&answer.units);
                }
                Change::Indicator { indicator, units, to } => {
                    let rows = resolving.rows(units);
                    columns.extend(resolving.column(indicator, rows, *to));
                }
                Change::Weight { element, to } => {
                    weights.extend(resolving.weighed(element).map(|position| (position, *to)));
                }
            }
        }
        if !resolving.problems.is_empty() {
            resolving.problems.sort_by_key(|problem| problem.place.at.clone());
            return Err(resolving.problems);
        }
        Ok(Self {
            columns,
            weights,
            groups: rows_by_time(table),
        })
    }

    /// Whether weights are changed.
    pub fn weighs(&self) -> bool {
        !self.weights.is_empty()
    }

    /// Does the changes to weights.
    pub fn weigh(&self, weights: &mut [f64]) {
        for (position, edit) in &self.weights {
            weights[*position] = edit.of(weights[*position]).max(0.0);
        }
    }

    /// Does the changes to figures; levels are those of `before`.
    pub fn apply(&self, before: &[Vec<f64>], figures: &mut [Vec<f64>]) -> Applied {
        let mut applied = Applied::default();
        for change in &self.columns {
            for &row in &change.rows {
                let value = figures[change.column][row];
                let level = match &change.to {
                    ResolvedMove::Edit(edit) => {
                        figures[change.column][row] = edit.of(value);
                        continue;
                    }
                    ResolvedMove::Levels(levels) => levels[row],
                    ResolvedMove::PeerMedian => self.peer_median(change, &before[change.column], row),
                    ResolvedMove::Best => self.best(change, &before[change.column], row),
                };
                let (at, quotient) = ((change.column, row), change.quotient(value, row));
                if quotient.is_nan() {
                    applied.missing.push(at);
                } else if (level - quotient) * change.sign > 0.0 {
                    figures[change.column][row] = level * change.divisor(row);
                } else {
                    applied.there.push(at);
                }
            }
        }
        applied
    }

    fn group(&self, row: usize) -> &[usize] {
        self.groups
            .iter()
            .find(|rows| rows.contains(&row))
            .map_or(&[], Vec::as_slice)
    }

    fn peer_median(&self, change: &ColumnChange, column: &[f64], row: usize) -> f64 {
        let peers = self.group(row).iter().filter(|peer| **peer != row);
        let quotients = peers.map(|&peer| change.quotient(column[peer], peer));
        median(&quotients.collect::<Vec<f64>>()).unwrap_or(f64::NAN)
    }

    fn best(&self, change: &ColumnChange, column: &[f64], row: usize) -> f64 {
        let rows = self.group(row).iter();
        let quotients: Vec<f64> = rows.map(|&row| change.quotient(column[row], row)).collect();
        let better = |(least, greatest)| if change.sign > 0.0 { greatest } else { least };
        extremes(&quotients).map_or(f64::NAN, better)
    }
}

/// Looking up names, with everything that was not found.
pub(super) struct Resolving<'a> {
    pub framework: &'a Framework,
    pub table: &'a Table,
    /// Whether figures are divided by their denominators.
    pub denominate: bool,
    pub problems: Vec<Diagnostic>,
}

impl<'a> Resolving<'a> {
    fn error(&mut self, place: &Place, message: impl Into<String>, help: impl Into<String>) {
        self.problems
            .push(Diagnostic::error(place.clone(), message).with_help(help));
    }

    fn unknown<'n>(&mut self, named: &Named, what: &str, names: impl IntoIterator<Item = &'n str> + Clone) {
        let help = if let Some(near) = nearest(&named.name, names.clone()) {
            format!("did you mean '{near}'?")
        } else {
            let mut names: Vec<&str> = names.into_iter().take(21).collect();
            if names.len() > 20 {
                names[20] = "…";
            }
            format!("one of: {}", names.join(", "))
        };
        self.error(&named.place, format!("there is no {what} '{}'", named.name), help);
    }

    /// The rows of the units that are meant.
    pub fn rows(&mut self, units: &Scope) -> Vec<usize> {
        let all = self.table.units();
        match units {
            Scope::All => (0..all.len()).collect(),
            Scope::Only(named) => {
                let mut rows: Vec<usize> = named.iter().flat_map(|unit| self.unit(unit)).collect();
                rows.sort_unstable();
                rows.dedup();
                rows
            }
        }
    }

    /// The rows of one unit: one, or one for each time.
    pub fn unit(&mut self, unit: &Named) -> Vec<usize> {
        let all = self.table.units();
        let rows: Vec<usize> = (0..all.len()).filter(|&row| all[row] == unit.name).collect();
        if rows.is_empty() {
            self.unknown(unit, "unit", all.iter().map(String::as_str));
        }
        rows
    }

    /// The position of an element.
    pub fn element(&mut self, named: &Named) -> Option<usize> {
        let elements = self.framework.elements();
        let found = elements.iter().position(|element| element.id == named.name);
        if found.is_none() {
            self.unknown(named, "element", elements.iter().map(|element| element.id.as_str()));
        }
        found
    }

    /// The position of an element that has a weight within a parent.
    fn weighed(&mut self, named: &Named) -> Option<usize> {
        let position = self.element(named)?;
        if self.framework.elements()[position].parent.is_none() {
            let message = format!("'{}' has no parent, so that it has no weight", named.name);
            self.error(&named.place, message, "change the weights of what is below it");
            return None;
        }
        Some(position)
    }

    /// An indicator with the number of its column.
    pub fn indicator(&mut self, named: &Named) -> Option<(usize, &'a Element, &'a Indicator)> {
        let framework = self.framework;
        let mut indicators = framework.indicators().enumerate();
        if let Some((column, (_, element, indicator))) = indicators.find(|(_, (_, it, _))| it.id == named.name) {
            return Some((column, element, indicator));
        }
        if framework.find(&named.name).is_some() {
            let help = "name one of the indicators below it, or change its weight";
            self.error(&named.place, format!("'{}' is no indicator", named.name), help);
        } else {
            let names = framework.indicators().map(|(_, element, _)| element.id.as_str());
            self.unknown(named, "indicator", names.collect::<Vec<_>>());
        }
        None
    }

    fn column(&mut self, named: &Named, rows: Vec<usize>, to: Move) -> Option<ColumnChange> {
        let (column, element, indicator) = self.indicator(named)?;
        let (sign, id) = (indicator.direction.sign(), element.id.clone());
        let denominator = indicator.denominator.as_deref().filter(|_| self.denominate);
        let divisors = match denominator.map(|name| self.table.numbers(name)).transpose() {
            Ok(divisors) => divisors.map(|series| series.raw().to_vec()),
            Err(problems) => {
                let message = ScoringError::Table(problems).to_string();
                self.error(&named.place, message, "mend the denominators");
                return None;
            }
        };
        let to = match to {
            Move::Edit(edit) => ResolvedMove::Edit(edit),
            Move::Reach(Level::PeerMedian) => ResolvedMove::PeerMedian,
            Move::Reach(Level::Best) => ResolvedMove::Best,
            Move::Reach(Level::Number(level)) => ResolvedMove::Levels(vec![level; self.table.units().len()]),
            Move::Reach(Level::Target) => match target(indicator, self.table) {
                Ok(levels) => ResolvedMove::Levels(levels),
                Err(why) => {
                    let message = format!("'{id}' has no target to reach: {why}");
                    self.error(&named.place, message, "reach a number, best or peer_median");
                    return None;
                }
            },
        };
        Some(ColumnChange {
            column,
            rows,
            sign,
            divisors,
            to,
        })
    }
}

/// The target of each unit: the framework's, else the good end of goalposts that rest on a target.
fn target(indicator: &Indicator, table: &Table) -> Result<Vec<f64>, String> {
    let same = |level: f64| Ok(vec![level; table.units().len()]);
    match (&indicator.target, indicator.goalposts, indicator.basis) {
        (Some(Target::Number(target)), ..) => same(*target),
        (Some(Target::Column(column)), ..) => match table.numbers(column) {
            Ok(series) => Ok(series.raw().to_vec()),
            Err(problems) => Err(ScoringError::Table(problems).to_string()),
        },
        (None, Some([low, high]), Some(Basis::Target)) => {
            same(if indicator.direction.sign() > 0.0 { high } else { low })
        }
        _ => Err("the framework gives neither a target nor goalposts with basis: target".to_owned()),
    }
}
