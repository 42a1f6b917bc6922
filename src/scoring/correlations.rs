//! What goes together: correlations within and between levels, pairs to look at, and how far the children of each
//! element measure one thing.
//!
//! Everything is computed on scores, on which more is better: an indicator's is its normalised value. So a correlation
//! below 0 between two indicators means that units which are good at one are bad at the other.

use std::collections::HashMap;

use indexmap::IndexMap;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::association::{Centred, Ranked, kendall, spearman};
use super::complete::complete;
use super::components::{components, correlation_matrix};
use super::framework::{Element, Framework};
use super::note::{Note, NoteCode, Notes};
use super::reliability::{Alphas, alphas};
use super::series::Series;
use super::weights::scored_children;

/// Above this many units rank correlations are left out.
const MOST_RANKED: usize = 2_000;

/// Above this many elements only pairs of one parent are looked at.
const MOST_ELEMENTS: usize = 500;

/// Two children of one parent above this count the same thing twice (the default of COINr's `get_corr_flags`).
const REDUNDANT: f64 = 0.9;

/// Below this two children, or a child and its parent, pull against each other (the default of COINr's `plot_corr`).
const NEGATIVE: f64 = -0.4;

/// An indicator that correlates this much with a denominator measures size (the default of COINr's `get_denom_corr`).
const DENOMINATOR: f64 = 0.6;

/// Correlations of an assessment.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Correlations {
    /// A table per pair of levels, a level with itself included.
    pub tables: Vec<CorrelationTable>,
    /// Pairs that someone should look at.
    pub flags: Vec<PairFlag>,
    /// By element with children: whether they measure one thing.
    pub groups: IndexMap<String, GroupStructure>,
}

/// The correlations of the elements of one level with those of another, over the units that have both scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CorrelationTable {
    /// The two levels, the lower one first; 1 are the indicators.
    pub levels: [u32; 2],
    /// The ids of the elements of the first level.
    pub rows: Vec<String>,
    /// The ids of those of the second.
    pub columns: Vec<String>,
    /// How many units have both.
    pub n: Vec<Vec<usize>>,
    /// Pearson's r, a series per row; missing where one of the two does not vary or fewer than 3 units have both.
    pub pearson: Vec<Series>,
    /// Spearman's rho, ties sharing the mean of their ranks.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub spearman: Option<Vec<Series>>,
    /// Kendall's tau-b.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub kendall: Option<Vec<Series>>,
}

/// A pair that someone should look at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairFlag {
    /// Why.
    pub kind: PairKind,
    /// The first element.
    pub one: String,
    /// The second; for `denominator` the column.
    pub other: String,
    /// Pearson's r.
    pub correlation: f64,
    /// How many units have both.
    pub n: usize,
}

/// Why a pair is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairKind {
    /// Children of one parent with r above 0.9: the same thing may count twice.
    Redundant,
    /// Children of one parent, or a child and its parent, with r below -0.4: one takes away what the other gives.
    Negative,
    /// An indicator that has r above 0.6, or below -0.6, with a denominator: it may measure size.
    Denominator,
}

/// Whether the children of an element measure one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupStructure {
    /// How many units have all children.
    pub units: usize,
    /// Cronbach's alpha over the units; missing where it is not defined.
    pub alpha: Option<f64>,
    /// By child: alpha without it.
    pub alpha_without: IndexMap<String, Option<f64>>,
    /// The variances of the principal components of the correlation matrix, the largest first; they sum to the number
    /// of children. Empty where a child does not vary or there are fewer than 3 units.
    pub eigenvalues: Vec<f64>,
    /// By child: its coefficient in the first component.
    #[serde(skip_serializing_if = "IndexMap::is_empty", default)]
    pub first_component: IndexMap<String, f64>,
}

/// Correlations of the scores of all elements.
pub(super) fn correlations(framework: &Framework, scores: &[Centred<'_>], notes: &mut Notes) -> Correlations {
    let units = scores.first().map_or(0, |index| index.values.len());
    let elements = framework.elements();
    let ranked: Option<Vec<Ranked>> =
        (units <= MOST_RANKED).then(|| scores.par_iter().map(|column| Ranked::new(column.values)).collect());
    if ranked.is_none() {
        let message = format!("rank correlations are left out: {units} units are more than {MOST_RANKED}");
        notes.push(Note::new(NoteCode::TooManyUnits, message));
    }
    let mut tables = Vec::new();
    let mut known: HashMap<(usize, usize), Option<f64>> = HashMap::new();
    if elements.len() <= MOST_ELEMENTS {
        let of = Columns { scores, ranked };
        let highest = elements.first().map_or(0, |index| index.level);
        let of_level = |level: u32| -> Vec<usize> {
            let positions = elements
                .iter()
                .enumerate()
                .filter(|(_, element)| element.level == level);
            positions.map(|(position, _)| position).collect()
        };
        let pairs = (1..=highest).flat_map(|lower| (lower..=highest).map(move |upper| [lower, upper]));
        for levels in pairs {
            let (rows, columns) = (of_level(levels[0]), of_level(levels[1]));
            if !rows.is_empty() && !columns.is_empty() {
                let table = table(elements, &of, levels, &rows, &columns);
                for (&row, series) in rows.iter().zip(&table.pearson) {
                    known.extend(columns.iter().zip(series.iter()).map(|(&column, r)| ((row, column), r)));
                }
                tables.push(table);
            }
        }
    } else {
        let message = format!(
            "tables of correlations are left out: {} elements are more than {MOST_ELEMENTS}",
            elements.len()
        );
        notes.push(Note::new(NoteCode::TooManyUnits, message));
    }
    let parents: Vec<usize> = (0..elements.len())
        .filter(|&position| (2..=MOST_ELEMENTS).contains(&scored_children(framework, position).len()))
        .collect();
    let both = |one: usize, other: usize| scores.get(one).zip(scores.get(other));
    let correlation = |one: usize, other: usize| {
        let known = known.get(&(one, other)).or_else(|| known.get(&(other, one)));
        let computed = || both(one, other).and_then(|(one, other)| one.pearson(other));
        known.copied().unwrap_or_else(computed)
    };
    let found: Vec<(Vec<PairFlag>, GroupStructure)> = parents
        .par_iter()
        .map(|&parent| {
            let children = scored_children(framework, parent);
            let columns = children.iter().filter_map(|&child| scores.get(child));
            let columns: Vec<&[f64]> = columns.map(|column| column.values).collect();
            let names: Vec<&str> = children.iter().map(|&child| name(elements, child)).collect();
            let flag = |(kind, one, other, correlation)| PairFlag {
                kind,
                one: name(elements, one).to_owned(),
                other: name(elements, other).to_owned(),
                correlation,
                n: both(one, other).map_or(0, |(one, other)| one.common(other)),
            };
            let flags = pairs_to_look_at(parent, &children, &correlation)
                .into_iter()
                .map(flag)
                .collect();
            (flags, structure(&names, &columns))
        })
        .collect();
    let mut result = Correlations {
        tables,
        ..Correlations::default()
    };
    for (&parent, (flags, structure)) in parents.iter().zip(found) {
        result.flags.extend(flags);
        result.groups.insert(name(elements, parent).to_owned(), structure);
    }
    result
}

fn name(elements: &[Element], position: usize) -> &str {
    elements.get(position).map_or("", |element| element.id.as_str())
}

/// The scores of all elements, made ready to be correlated.
struct Columns<'a> {
    scores: &'a [Centred<'a>],
    ranked: Option<Vec<Ranked>>,
}

fn table(
    elements: &[Element],
    of: &Columns<'_>,
    levels: [u32; 2],
    rows: &[usize],
    columns: &[usize],
) -> CorrelationTable {
    let symmetric = levels[0] == levels[1];
    let cells: Vec<Vec<Cell>> = rows
        .par_iter()
        .enumerate()
        .map(|(at, &row)| {
            let reach = if symmetric { at + 1 } else { columns.len() };
            let columns = columns.iter().take(reach);
            columns.map(|&column| of.cell(row, column)).collect()
        })
        .collect();
    let at = |row: usize, column: usize| {
        let (row, column) = if symmetric {
            (row.max(column), row.min(column))
        } else {
            (row, column)
        };
        cells
            .get(row)
            .and_then(|cells| cells.get(column))
            .copied()
            .unwrap_or_default()
    };
    let series = |of: &dyn Fn(Cell) -> Option<f64>| -> Vec<Series> {
        (0..rows.len())
            .map(|row| (0..columns.len()).map(|column| of(at(row, column))).collect())
            .collect()
    };
    let names = |positions: &[usize]| -> Vec<String> {
        positions
            .iter()
            .map(|&position| name(elements, position).to_owned())
            .collect()
    };
    CorrelationTable {
        levels,
        rows: names(rows),
        columns: names(columns),
        n: (0..rows.len())
            .map(|row| (0..columns.len()).map(|column| at(row, column).n).collect())
            .collect(),
        pearson: series(&|cell| cell.pearson),
        spearman: of.ranked.as_ref().map(|_| series(&|cell| cell.spearman)),
        kendall: of.ranked.as_ref().map(|_| series(&|cell| cell.kendall)),
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    n: usize,
    pearson: Option<f64>,
    spearman: Option<f64>,
    kendall: Option<f64>,
}

impl Columns<'_> {
    fn cell(&self, row: usize, column: usize) -> Cell {
        let Some((one, other)) = self.scores.get(row).zip(self.scores.get(column)) else {
            return Cell::default();
        };
        let ranked = self.ranked.as_ref();
        let ranks = ranked.and_then(|ranked| ranked.get(row).zip(ranked.get(column)));
        Cell {
            n: one.common(other),
            pearson: one.pearson(other),
            spearman: ranks.and_then(|(one, other)| spearman(one, other)),
            kendall: ranks.and_then(|(one, other)| kendall(one, other)),
        }
    }
}

/// The pairs among children of a parent, and of each with it, that someone should look at, with Pearson's r.
fn pairs_to_look_at(
    parent: usize,
    children: &[usize],
    correlation: &dyn Fn(usize, usize) -> Option<f64>,
) -> Vec<(PairKind, usize, usize, f64)> {
    let mut pairs = Vec::new();
    for (at, &one) in children.iter().enumerate() {
        if let Some(r) = correlation(one, parent).filter(|r| *r < NEGATIVE) {
            pairs.push((PairKind::Negative, one, parent, r));
        }
        for &other in children.iter().skip(at + 1) {
            match correlation(one, other) {
                Some(r) if r > REDUNDANT => pairs.push((PairKind::Redundant, one, other, r)),
                Some(r) if r < NEGATIVE => pairs.push((PairKind::Negative, one, other, r)),
                _ => {}
            }
        }
    }
    pairs
}

fn structure(names: &[&str], columns: &[&[f64]]) -> GroupStructure {
    let whole = complete(columns);
    let views: Vec<&[f64]> = whole.iter().map(Vec::as_slice).collect();
    let found = correlation_matrix(&whole).map(components);
    let Alphas { all, without } = alphas(&views);
    let named = || names.iter().map(|&name| name.to_owned());
    let coefficients = found
        .iter()
        .flat_map(|found| found.vectors.column(0).iter().copied().collect::<Vec<_>>());
    GroupStructure {
        units: whole.first().map_or(0, Vec::len),
        alpha: all,
        alpha_without: named().zip(without).collect(),
        first_component: named().zip(coefficients).collect(),
        eigenvalues: found.map(|found| found.eigenvalues).unwrap_or_default(),
    }
}

/// Indicators that go with the size of a unit: every indicator, as it is before it is normalised, against every
/// denominator that the framework names and the table has.
pub(super) fn denominator_flags(indicators: &[(&str, &[f64])], denominators: &[(&str, Centred<'_>)]) -> Vec<PairFlag> {
    let mut flags = Vec::new();
    for (indicator, column) in indicators.iter().filter(|_| !denominators.is_empty()) {
        let column = Centred::new(column);
        for (denominator, size) in denominators {
            if let Some(correlation) = column.pearson(size).filter(|r| r.abs() > DENOMINATOR) {
                flags.push(PairFlag {
                    kind: PairKind::Denominator,
                    one: (*indicator).to_owned(),
                    other: (*denominator).to_owned(),
                    correlation,
                    n: column.common(size),
                });
            }
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: f64 = f64::NAN;

    fn found(columns: [&[f64]; 4]) -> Correlations {
        let text = "index: {id: I, indicators: [{id: x}, {id: y}, {id: z}]}";
        let framework = Framework::for_table("f.yaml", text).unwrap().value;
        let scores = columns.map(<[f64]>::to_vec);
        let centred: Vec<Centred<'_>> = scores.iter().map(|column| Centred::new(column)).collect();
        correlations(&framework, &centred, &mut Notes::default())
    }

    #[test]
    fn tables_go_from_each_level_to_itself_and_those_above() {
        let found = found([
            &[1.0, 2.0, 3.0, 4.0],
            &[1.0, 2.0, 4.0, 3.0],
            &[4.0, 3.0, MISSING, 1.0],
            &[5.0; 4],
        ]);
        let levels: Vec<[u32; 2]> = found.tables.iter().map(|table| table.levels).collect();
        assert_eq!(levels, [[1, 1], [1, 2], [2, 2]]);
        let own = &found.tables[0];
        assert_eq!((own.n[0][1], own.n[1][0]), (3, 3));
        assert_eq!(own.pearson[0], own.pearson.iter().map(|row| row.get(0)).collect());
        let rho = own.spearman.as_ref().unwrap()[0].get(1).unwrap();
        assert!((rho + 1.0).abs() < 1e-12, "{rho}");
        assert!(
            own.kendall.as_ref().unwrap()[2].iter().all(|tau| tau.is_none()),
            "z does not vary"
        );
    }

    #[test]
    fn pairs_that_count_twice_or_pull_against_each_other_are_flagged() {
        let found = found([
            &[1.0, 2.0, 3.0, 4.0],
            &[1.0, 2.0, 3.0, 4.0],
            &[2.0, 4.0, 6.0, 8.1],
            &[4.0, 3.0, 2.0, 1.0],
        ]);
        let kinds: Vec<(PairKind, &str, &str)> = found
            .flags
            .iter()
            .map(|flag| (flag.kind, flag.one.as_str(), flag.other.as_str()))
            .collect();
        assert_eq!(
            kinds,
            [
                (PairKind::Redundant, "x", "y"),
                (PairKind::Negative, "x", "z"),
                (PairKind::Negative, "y", "z"),
                (PairKind::Negative, "z", "I")
            ]
        );
        let group = &found.groups["I"];
        assert!((group.eigenvalues.iter().sum::<f64>() - 3.0).abs() < 1e-9);
        assert!(group.alpha.unwrap() < group.alpha_without["z"].unwrap());
    }

    #[test]
    fn an_indicator_that_goes_with_a_denominator_is_flagged() {
        let size: &[f64] = &[1.0, 2.0, 3.0, 10.0];
        let flags = denominator_flags(
            &[("a", &[2.0, 4.0, 6.0, 21.0]), ("b", &[1.0, 5.0, 2.0, 2.0])],
            &[("pop", Centred::new(size))],
        );
        assert_eq!((flags.len(), flags[0].one.as_str(), flags[0].n), (1, "a", 4));
    }
}
