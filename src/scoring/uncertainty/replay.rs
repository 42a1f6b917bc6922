//! Files of runs and of weights that are replayed instead of being drawn.
//!
//! A **design** is a CSV file with a row per run and a column per factor: `treat`, `normalise`, `weights`, … as `vary`
//! names them, also with `_alt` (the number of the alternative, from 1, which is what a name alone means) or `_u` (a
//! uniform number between 0 and 1); the number counts where a factor has both. Other columns are left alone.
//!
//! **Weight sets** are a CSV file with the columns `set` (or `rep`), `element` (or `iCode`) and `weight`: each set, in
//! the order of the file, is an alternative of the factor `weights`. Elements that a set does not name keep theirs.

use csv::StringRecord;
use sha2::{Digest as _, Sha256};

use super::draw::{Draw, Factor, item};
use super::experiment::Experiment;
use crate::scoring::error::{ScoringError, TableProblem, nearest_name};
use crate::scoring::framework::Framework;

/// What is replayed; nothing, unless the options name files.
#[derive(Debug, Clone, Default)]
pub struct Replay {
    /// The runs.
    pub design: Option<Design>,
    /// The weights.
    pub weight_sets: Option<WeightSets>,
}

/// Runs that were given.
#[derive(Debug, Clone)]
pub struct Design {
    file: String,
    columns: Vec<(Factor, String, Given, Vec<f64>)>,
    runs: usize,
    hash: String,
}

/// What the numbers of a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Alternative,
    Uniform,
}

/// Sets of weights that were given.
#[derive(Debug, Clone)]
pub struct WeightSets {
    file: String,
    sets: Vec<(String, Vec<GivenWeight>)>,
    hash: String,
}

/// A row of the file, the element that it names, and its weight.
type GivenWeight = (usize, String, f64);

/// The weights of all elements, for each set.
#[derive(Debug, Clone)]
pub(super) struct Sets(Vec<Vec<f64>>);

impl Sets {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn get(&self, set: usize) -> Option<&Vec<f64>> {
        self.0.get(set)
    }
}

impl Design {
    /// Reads a design.
    ///
    /// # Errors
    /// Where it is no CSV file, names no factor, or has cells that are no numbers: all of them.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, ScoringError> {
        let (headers, rows) = records(file, bytes)?;
        let mut columns: Vec<(Factor, String, Given, usize)> = Vec::new();
        for (position, header) in headers.iter().enumerate() {
            let Some((factor, given)) = factor_of(header) else {
                continue;
            };
            match columns.iter_mut().find(|(known, ..)| *known == factor) {
                Some(known) if given == Given::Alternative => *known = (factor, header.to_owned(), given, position),
                Some(_) => {}
                None => columns.push((factor, header.to_owned(), given, position)),
            }
        }
        if columns.is_empty() {
            let names: Vec<&str> = Factor::ALL.iter().map(|factor| factor.name()).collect();
            let message = format!("names no factor; the factors are {}", names.join(", "));
            return Err(ScoringError::Table(vec![problem(file, Some(0), None, message)]));
        }
        let mut problems = Vec::new();
        let columns = columns
            .into_iter()
            .map(|(factor, header, given, position)| {
                let cell = |(row, record): (usize, &StringRecord)| {
                    let text = record.get(position).unwrap_or_default();
                    text.parse()
                        .ok()
                        .filter(|number: &f64| number.is_finite())
                        .unwrap_or_else(|| {
                            let message = format!("'{text}' is not a number");
                            problems.push(problem(file, Some(row + 1), Some(&header), message));
                            0.0
                        })
                };
                let numbers = rows.iter().enumerate().map(cell).collect();
                (factor, header, given, numbers)
            })
            .collect();
        if problems.is_empty() {
            Ok(Self {
                file: file.to_owned(),
                columns,
                runs: rows.len(),
                hash: base16ct::lower::encode_string(&Sha256::digest(bytes)),
            })
        } else {
            Err(ScoringError::Table(problems))
        }
    }

    /// The SHA-256 of the file.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The runs, as far as they fit what is varied.
    pub(in crate::scoring) fn draws(&self, experiment: &Experiment<'_>) -> Result<Vec<Draw>, ScoringError> {
        let mut problems = Vec::new();
        for factor in experiment.factors() {
            if !self.columns.iter().any(|(known, ..)| *known == factor) {
                let message = format!("has no column '{0}', and {0} is to be varied", factor.name());
                problems.push(problem(&self.file, Some(0), None, message));
            }
        }
        for (factor, header, ..) in &self.columns {
            if experiment.alternatives(*factor) == 0 {
                let message = format!("vary says nothing of {}", factor.name());
                problems.push(problem(&self.file, Some(0), Some(header), message));
            }
        }
        if !problems.is_empty() {
            return Err(ScoringError::Table(problems));
        }
        let mut draws = vec![Draw::default(); self.runs];
        for (factor, header, given, numbers) in &self.columns {
            let alternatives = experiment.alternatives(*factor);
            for (row, (draw, &number)) in draws.iter_mut().zip(numbers).enumerate() {
                if let Some(item) = taken(*given, number, alternatives) {
                    draw.set(*factor, item);
                    continue;
                }
                let message = match given {
                    Given::Alternative => {
                        format!("{number} is no alternative: there are {alternatives}, counted from 1")
                    }
                    Given::Uniform => format!("{number} is not between 0 and 1"),
                };
                problems.push(problem(&self.file, Some(row + 1), Some(header), message));
            }
        }
        for (row, draw) in draws.iter().enumerate() {
            if let Some(reason) = experiment.refusal(*draw) {
                let message = format!("a combination that cannot be done: {reason}");
                problems.push(problem(&self.file, Some(row + 1), None, message));
            }
        }
        if problems.is_empty() {
            Ok(draws)
        } else {
            Err(ScoringError::Table(problems))
        }
    }
}

/// The alternative that a number means, counted from 0.
fn taken(given: Given, number: f64, alternatives: usize) -> Option<usize> {
    match given {
        Given::Uniform => (0.0..=1.0).contains(&number).then(|| item(number, alternatives)),
        Given::Alternative => (0..alternatives).find(|item| (number - (*item as f64 + 1.0)).abs() < 1e-9),
    }
}

impl WeightSets {
    /// Reads sets of weights.
    ///
    /// # Errors
    /// Where it is no CSV file, lacks a column, or has weights that are no numbers of at least 0: all of them.
    pub fn read(file: &str, bytes: &[u8]) -> Result<Self, ScoringError> {
        let (headers, rows) = records(file, bytes)?;
        let column = |names: &[&str]| {
            let named = |header: &str| names.iter().any(|name| header.eq_ignore_ascii_case(name));
            headers.iter().position(named).ok_or_else(|| {
                let message = format!("has no column '{}'", names.first().copied().unwrap_or_default());
                ScoringError::Table(vec![problem(file, Some(0), None, message)])
            })
        };
        let set = column(&["set", "rep"])?;
        let element = column(&["element", "iCode", "id"])?;
        let weight = column(&["weight"])?;
        let mut sets: Vec<(String, Vec<GivenWeight>)> = Vec::new();
        let mut problems = Vec::new();
        for (row, record) in rows.iter().enumerate() {
            let text = |position: usize| record.get(position).unwrap_or_default().to_owned();
            let Some(number) = text(weight)
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite() && *number >= 0.0)
            else {
                let message = format!("'{}' is not a weight: a number of at least 0", text(weight));
                problems.push(problem(file, Some(row + 1), Some("weight"), message));
                continue;
            };
            let entry = (row, text(element), number);
            match sets.iter_mut().rev().find(|(known, _)| *known == text(set)) {
                Some((_, entries)) => entries.push(entry),
                None => sets.push((text(set), vec![entry])),
            }
        }
        if problems.is_empty() {
            let hash = base16ct::lower::encode_string(&Sha256::digest(bytes));
            Ok(Self {
                file: file.to_owned(),
                sets,
                hash,
            })
        } else {
            Err(ScoringError::Table(problems))
        }
    }

    /// The SHA-256 of the file.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The weights of all elements for each set; what a set does not name is as given.
    pub(super) fn fit(&self, framework: &Framework, nominal: &[f64]) -> Result<Sets, ScoringError> {
        let elements = framework.elements();
        let mut problems = Vec::new();
        let mut sets = Vec::with_capacity(self.sets.len());
        for (_, entries) in &self.sets {
            let mut weights = nominal.to_vec();
            for (row, id, weight) in entries {
                let position = elements.iter().position(|element| element.id == *id);
                if let Some(slot) = position.and_then(|position| weights.get_mut(position)) {
                    *slot = *weight;
                    continue;
                }
                let near = nearest_name(id, elements.iter().map(|element| element.id.as_str()));
                let help = near.map(|near| format!(", did you mean '{near}'?")).unwrap_or_default();
                let message = format!("the framework has no element '{id}'{help}");
                problems.push(problem(&self.file, Some(row + 1), Some("element"), message));
            }
            sets.push(weights);
        }
        if problems.is_empty() {
            Ok(Sets(sets))
        } else {
            Err(ScoringError::Table(problems))
        }
    }
}

/// The factor that a column's name means: that of `vary`, the noun, or what COINr's users call it.
fn factor_of(header: &str) -> Option<(Factor, Given)> {
    let name = header.trim().to_ascii_lowercase();
    let (name, given) = match (name.strip_suffix("_alt"), name.strip_suffix("_u")) {
        (Some(name), _) => (name, Given::Alternative),
        (None, Some(name)) => (name, Given::Uniform),
        (None, None) => (name.as_str(), Given::Alternative),
    };
    let factor = match name {
        "impute" | "imputation" => Factor::Impute,
        "treat" | "treatment" | "winmax" => Factor::Treat,
        "normalise" | "normalisation" | "normalize" | "normalization" => Factor::Normalise,
        "aggregate" | "aggregation" => Factor::Aggregate,
        "weights" => Factor::Weights,
        "drop_one" => Factor::DropOne,
        "sampling" | "respondents" => Factor::Sampling,
        _ => return None,
    };
    Some((factor, given))
}

fn records(file: &str, bytes: &[u8]) -> Result<(StringRecord, Vec<StringRecord>), ScoringError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let unreadable = |error: csv::Error| {
        let row = error
            .position()
            .map(|position| usize::try_from(position.record()).unwrap_or(0));
        ScoringError::Table(vec![problem(file, row, None, format!("cannot be read: {error}"))])
    };
    let headers = reader.headers().map_err(unreadable)?.clone();
    let rows: Vec<StringRecord> = reader.records().collect::<Result<_, _>>().map_err(unreadable)?;
    if rows.is_empty() {
        let message = "has no rows: only a header".to_owned();
        return Err(ScoringError::Table(vec![problem(file, None, None, message)]));
    }
    Ok((headers, rows))
}

/// A problem in a row, where the header is row 0 here and row 1 in a spreadsheet.
fn problem(file: &str, row: Option<usize>, column: Option<&str>, message: String) -> TableProblem {
    TableProblem {
        file: file.to_owned(),
        row: row.map(|row| row as u64 + 1),
        column: column.map(str::to_owned),
        message,
    }
}
