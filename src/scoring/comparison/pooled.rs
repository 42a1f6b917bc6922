//! Two rounds as one table: the rows of this round first, then those of the earlier one.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::error::ComparisonError;
use super::{Against, OldRespondents};
use crate::scoring::analyse::Subject;
use crate::scoring::assessment::{Assessment, Stages};
use crate::scoring::framework::{Framework, Origin, Target};
use crate::scoring::options::{Frame, ImputeMethod, Options, Vary};
use crate::scoring::series::Series;
use crate::scoring::table::Table;

/// Two rounds, ready to be scored in one frame.
pub(super) struct Pooled {
    /// The framework, over the columns of `table`.
    pub framework: Framework,
    /// The figures of both rounds; the earlier one's time is 0 and the later one's 1.
    pub table: Table,
    /// The options of this assessment, for one frame and without analyses.
    pub options: Options,
    /// How many rows are of this round.
    pub new: usize,
    /// The rows of the units that are in both, the earlier one first, in the order of this round.
    pub pairs: Vec<(usize, usize)>,
    pub only_old: Vec<String>,
    pub only_new: Vec<String>,
}

impl Pooled {
    /// Puts two rounds together.
    ///
    /// # Errors
    /// Where they have no unit in common, or the earlier one lacks figures that are scored now.
    pub fn new(assessment: &Assessment, subject: &Subject<'_>, against: &Against<'_>) -> Result<Self, ComparisonError> {
        let old = against.old;
        let name = || old.name.clone();
        let before = &old.assessment;
        if assessment.times.is_some() || before.times.is_some() {
            return Err(ComparisonError::SeveralTimes { name: name() });
        }
        let units = renamed(before, against);
        let place: HashMap<&str, usize> = units.iter().map(String::as_str).zip(0..).collect();
        let new = assessment.units.len();
        let at = |unit: &String| place.get(unit.as_str()).copied();
        let pairs: Vec<(usize, usize)> = assessment
            .units
            .iter()
            .enumerate()
            .filter_map(|(row, unit)| Some((new + at(unit)?, row)))
            .collect();
        if pairs.is_empty() {
            return Err(ComparisonError::NoCommonUnit {
                name: name(),
                theirs: units,
                ours: assessment.units.clone(),
            });
        }
        let denominated = subject.options.denominate;
        let (now, then) = (base(&assessment.stages, denominated), base(&before.stages, denominated));
        let (Some(now), Some(then)) = (now, then) else {
            return Err(ComparisonError::NotDenominated { name: name() });
        };
        let estimated = estimated_again(subject, against);
        let then: IndexMap<String, Series> = estimated.unwrap_or_else(|| then.clone());
        let missing = lacking(assessment, &|id| then.contains_key(id));
        if !missing.is_empty() {
            return Err(ComparisonError::MissingIndicators { name: name(), missing });
        }
        let here: HashMap<&str, usize> = assessment.units.iter().map(String::as_str).zip(0..).collect();
        let only_old = units
            .iter()
            .zip(&before.units)
            .filter(|(unit, _)| !here.contains_key(unit.as_str()));
        let only_new = assessment.units.iter().filter(|unit| at(unit).is_none());
        let (only_old, only_new) = (
            only_old.map(|(_, old)| old.clone()).collect(),
            only_new.cloned().collect(),
        );

        let framework = by_id(subject.framework);
        let both = assessment.units.iter().chain(&units).cloned().collect();
        let rounds = (0..new).map(|_| 1.0).chain(units.iter().map(|_| 0.0));
        let mut table = Table::new("both rounds", both).with_rounds(rounds.collect());
        let none = Series::default();
        for (_, element, _) in framework.indicators() {
            let series = |of: &IndexMap<String, Series>, rows: usize| -> Vec<Option<f64>> {
                let series = of.get(&element.id).unwrap_or(&none);
                (0..rows).map(|row| series.get(row)).collect()
            };
            let column = [series(now, new), series(&then, units.len())].concat();
            table = table.with_numbers(column_of(&element.id), &column.into_iter().collect());
        }
        // What a round's result does not hold of a unit is taken from this round's.
        let row_now: Vec<Option<usize>> = (0..new)
            .map(Some)
            .chain(units.iter().map(|unit| here.get(unit.as_str()).copied()))
            .collect();
        table = with_targets(table, subject, &row_now);
        table = with_groups(table, subject, &row_now);
        Ok(Self {
            framework,
            table,
            options: Options {
                denominate: false,
                frame: Frame::Pooled,
                uncertainty: None,
                sensitivity: None,
                ..subject.options.clone()
            },
            new,
            pairs,
            only_old,
            only_new,
        })
    }

    /// The units that are in both, by what they are called now.
    pub fn units(&self) -> Vec<String> {
        let unit = |(_, new): &(usize, usize)| self.table.units().get(*new).cloned();
        self.pairs.iter().filter_map(unit).collect()
    }
}

/// What is varied over both rounds: all that is, but for what works over the times of a long table, which the two rounds
/// are not.
pub(super) fn varied(vary: &Vary) -> Vary {
    let mut vary = vary.clone();
    vary.impute
        .retain(|impute| !matches!(impute.method, ImputeMethod::Latest | ImputeMethod::Linear));
    vary
}

/// The earlier result's units by what they are called now.
fn renamed(before: &Assessment, against: &Against<'_>) -> Vec<String> {
    let called = |unit: &String| {
        against
            .renamed
            .and_then(|names| names.get(unit))
            .unwrap_or(unit)
            .clone()
    };
    before.units.iter().map(called).collect()
}

/// The earlier round's figures as its answers make them under the framework of now, where the answers are at hand.
fn estimated_again(subject: &Subject<'_>, against: &Against<'_>) -> Option<IndexMap<String, Series>> {
    let OldRespondents::Here { table, .. } = against.respondents else {
        return None;
    };
    let before = &against.old.assessment;
    let divided = before
        .stages
        .denominated
        .as_ref()
        .filter(|_| subject.options.denominate);
    let figures = subject.framework.indicators().filter_map(|(_, element, indicator)| {
        let mut figures = table.numbers(indicator.column(&element.id)).ok()?;
        if let Some(divided) = divided {
            let factors = factors(divided, &before.stages.raw, &element.id, figures.len());
            let product = |(figure, factor): (Option<f64>, f64)| figure.map(|figure| figure * factor);
            figures = figures.iter().zip(factors).map(product).collect();
        }
        Some((element.id.clone(), figures))
    });
    Some(figures.collect())
}

/// What denominators made of an indicator's figures: what each is multiplied by. A figure of 0 stays 0 whatever it is
/// divided by.
pub(super) fn factors(
    divided: &IndexMap<String, Series>,
    raw: &IndexMap<String, Series>,
    id: &str,
    rows: usize,
) -> Vec<f64> {
    let factor = |row: usize| {
        let number = |columns: &IndexMap<String, Series>| columns.get(id).and_then(|column| column.get(row));
        match (number(divided), number(raw)) {
            (Some(divided), Some(raw)) if raw != 0.0 => divided / raw,
            (Some(_), _) => 1.0,
            (None, _) => f64::NAN,
        }
    };
    (0..rows).map(factor).collect()
}

/// The figures before anything else is done to them: raw, or divided by their denominators.
fn base(stages: &Stages, denominated: bool) -> Option<&IndexMap<String, Series>> {
    if denominated {
        stages.denominated.as_ref()
    } else {
        Some(&stages.raw)
    }
}

/// The indicators that count and are not there.
fn lacking(assessment: &Assessment, there: &dyn Fn(&str) -> bool) -> Vec<String> {
    let counts = assessment
        .elements
        .iter()
        .filter(|element| element.level == 1 && element.effective_weight > 0.0);
    let lacks = counts.filter(|element| !there(&element.id));
    lacks.map(|element| element.id.clone()).collect()
}

/// The column of an indicator, or of its target; no column of a user's table is called so.
fn column_of(id: &str) -> String {
    format!("indicator {id}")
}

fn target_of(id: &str) -> String {
    format!("target {id}")
}

/// The framework with each indicator, and each target that is a column, read from a column of its own.
fn by_id(framework: &Framework) -> Framework {
    framework.with_indicators(|id, indicator| {
        indicator.origin = Origin::Column(column_of(id));
        indicator.denominator = None;
        if matches!(indicator.target, Some(Target::Column(_))) {
            indicator.target = Some(Target::Column(target_of(id)));
        }
    })
}

fn with_targets(mut table: Table, subject: &Subject<'_>, row_now: &[Option<usize>]) -> Table {
    for (_, element, indicator) in subject.framework.indicators() {
        if let Some(Target::Column(column)) = &indicator.target
            && let Ok(targets) = subject.table.numbers(column)
        {
            let target = |row: &Option<usize>| row.and_then(|row| targets.get(row));
            table = table.with_numbers(target_of(&element.id), &row_now.iter().map(target).collect());
        }
    }
    table
}

fn with_groups(mut table: Table, subject: &Subject<'_>, row_now: &[Option<usize>]) -> Table {
    let varied = subject.options.uncertainty.iter().flat_map(|asked| &asked.vary.impute);
    let groups = std::iter::once(&subject.options.impute)
        .chain(varied)
        .filter_map(|impute| impute.group.as_deref());
    for column in groups {
        if let (false, Ok(groups)) = (table.has(column), subject.table.words(column)) {
            let group = |row: &Option<usize>| row.and_then(|row| groups.get(row).cloned().flatten());
            table = table.with_words(column, row_now.iter().map(group).collect());
        }
    }
    table
}
