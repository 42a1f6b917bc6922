//! An assessment step by step, from the table to the ranks.

#![allow(
    clippy::indexing_slicing,
    reason = "columns, elements and rows are counted once, at the start of the run"
)]

use indexmap::IndexMap;
use rayon::prelude::*;

use super::assessment::{Assessment, Recipe, ResponseRecord, ScoredElement, Stages};
use super::association::Centred;
use super::correlations::{PairFlag, correlations, denominator_flags};
use super::coverage::coverage;
use super::denominate::denominate;
use super::error::{ScoringError, TableProblem, nearest_name};
use super::estimate::Estimates;
use super::framework::{Element, Framework, Indicator, Target};
use super::importance::{correlation_ratio, importance};
use super::impute::{Siblings, Surroundings, impute};
use super::normalise::{Subject, normalise};
use super::note::{Note, NoteCode, Notes};
use super::numbers::Ascending;
use super::options::{Frame, ImputeMethod, NormaliseMethod, Options, ScreenMethod, Treat, TreatMethod};
use super::rank::rank_sorted;
use super::screen::kept;
use super::series::Series;
use super::statistics::statistics;
use super::table::Table;
use super::treat::{Treated, Treatment, note_stopped, treat};
use super::weights::{effective, weigh_and_aggregate};

/// Scores a table.
///
/// ```
/// use innogauge::scoring::{Framework, Options, Table, assess};
/// let framework = Framework::for_table("f.yaml", "index: {id: Index, indicators: [{id: a}, {id: b}]}").unwrap().value;
/// let table = Table::read_csv("t.csv", "unit,a,b\nX,0,10\nY,5,30\nZ,10,20\n".as_bytes(), None, None).unwrap();
/// let assessment = assess(&framework, &table, &Options::score()).unwrap();
/// assert_eq!(assessment.scores["Index"].get(1), Some(75.0));
/// assert_eq!(assessment.ranks["Index"], [Some(3), Some(1), Some(1)]);
/// ```
pub fn assess(framework: &Framework, table: &Table, options: &Options) -> Result<Assessment, ScoringError> {
    Run::start(framework, table, options)?.finish()
}

/// Scores what was estimated from answers: [`assess`] on the indicator table, with the record of how its figures came
/// about and of the responses that they rest on.
pub fn assess_estimates(
    framework: &Framework,
    estimates: &Estimates,
    options: &Options,
) -> Result<Assessment, ScoringError> {
    let mut assessment = assess(framework, &estimates.table, options)?;
    assessment.notes.extend(estimates.notes.iter().cloned());
    assessment.cells.clone_from(&estimates.cells);
    assessment.weightings.clone_from(&estimates.weightings);
    assessment.tell_scales(estimates.scales.clone());
    assessment.recipe.responses = Some(ResponseRecord {
        count: estimates.responses,
        hash: estimates.responses_hash.clone(),
    });
    Ok(assessment)
}

/// The indicators on the common scale, and the rows that are measured against one another, without the record of how
/// they came there; of `columns` where these take the place of the table's.
pub(super) fn scaled(
    framework: &Framework,
    table: &Table,
    options: &Options,
    columns: Option<Vec<Vec<f64>>>,
) -> Result<OnScale, ScoringError> {
    let mut run = Run::start(framework, table, options)?;
    if let Some(columns) = columns {
        run.columns = columns;
    }
    let frames = run.scale(&rows_by_time(table), |_, _| ())?.frames;
    Ok(OnScale {
        columns: run.columns,
        frames,
    })
}

/// What the steps made of the indicators, and by what, so that it can be done to other figures.
pub(super) struct Taken {
    /// As they came.
    pub raw: Vec<Vec<f64>>,
    /// Before outliers were treated.
    pub untreated: Vec<Vec<f64>>,
    /// After that.
    pub treated: Vec<Vec<f64>>,
    /// For each indicator and frame what was done; nothing where no treatment was asked for.
    pub treatment: Vec<Vec<Treatment>>,
    /// What each indicator is divided by, where it is.
    pub denominators: Vec<Option<Vec<f64>>>,
    /// The target of each unit, where the scale has one.
    pub targets: Vec<Option<Vec<f64>>>,
    /// On the common scale.
    pub on_scale: OnScale,
}

/// [`scaled`], with what lies between.
pub(super) fn scaled_watched(
    framework: &Framework,
    table: &Table,
    options: &Options,
    columns: Option<Vec<Vec<f64>>>,
) -> Result<Taken, ScoringError> {
    let mut run = Run::start(framework, table, options)?;
    if let Some(columns) = columns {
        run.columns = columns;
    }
    let raw = run.columns.clone();
    let (mut untreated, mut treated) = (Vec::new(), None);
    let scaled = run.scale(&rows_by_time(table), |run, step| match step {
        Step::Denominated | Step::Imputed => untreated.clone_from(&run.columns),
        Step::Treated => treated = Some(run.columns.clone()),
        Step::Normalised => {}
    })?;
    let frames = scaled.frames.len().max(1);
    let treatment: Vec<Treatment> = scaled.treatment.into_values().collect();
    let numbers = |series: Vec<Option<Series>>| -> Vec<Option<Vec<f64>>> {
        let series = series.into_iter();
        series
            .map(|series| series.map(|series| series.raw().to_vec()))
            .collect()
    };
    Ok(Taken {
        raw,
        treated: treated.unwrap_or_else(|| untreated.clone()),
        untreated,
        treatment: treatment.chunks(frames).map(<[Treatment]>::to_vec).collect(),
        denominators: numbers(run.denominators),
        targets: numbers(run.targets),
        on_scale: OnScale {
            columns: run.columns,
            frames: scaled.frames,
        },
    })
}

/// What can be aggregated.
pub(super) struct OnScale {
    /// The indicators.
    pub columns: Vec<Vec<f64>>,
    /// The rows that are measured against one another.
    pub frames: Vec<Vec<usize>>,
}

/// The rows of each time, in the order of time; all rows where there is none.
pub(super) fn rows_by_time(table: &Table) -> Vec<Vec<usize>> {
    let Some(times) = table.time_numbers() else {
        return vec![(0..table.units().len()).collect()];
    };
    let mut rows: Vec<usize> = (0..times.len()).collect();
    rows.sort_by(|&one, &other| times[one].total_cmp(&times[other]).then(one.cmp(&other)));
    rows.chunk_by(|&one, &other| times[one].total_cmp(&times[other]).is_eq())
        .map(<[usize]>::to_vec)
        .collect()
}

/// Where the units stand on an element, and what the element is to the index.
struct Standing {
    ranks: Vec<Option<u32>>,
    importance: Option<f64>,
    correlation_ratio: Option<f64>,
}

/// The steps that change columns.
#[derive(Debug, Clone, Copy)]
enum Step {
    Denominated,
    Imputed,
    Treated,
    Normalised,
}

/// What the steps leave behind beside the columns.
struct Scaled {
    /// Whether each element (an indicator) and unit had a value before imputation.
    present: Vec<Vec<bool>>,
    treatment: IndexMap<String, Treatment>,
    /// The rows that are measured against one another, without those that were left out.
    frames: Vec<Vec<usize>>,
}

/// An assessment under way: the indicators' columns, and what has been noted.
struct Run<'a> {
    framework: &'a Framework,
    table: &'a Table,
    options: &'a Options,
    indicators: Vec<(usize, &'a Element, &'a Indicator)>,
    columns: Vec<Vec<f64>>,
    denominators: Vec<Option<Series>>,
    targets: Vec<Option<Series>>,
    groups: Option<Vec<Option<String>>>,
    notes: Notes,
}

impl<'a> Run<'a> {
    fn start(framework: &'a Framework, table: &'a Table, options: &'a Options) -> Result<Self, ScoringError> {
        let indicators: Vec<_> = framework.indicators().collect();
        let mut problems: Vec<TableProblem> = Vec::new();
        let mut numbers = |column: &str| match table.numbers(column) {
            Ok(series) => Some(series),
            Err(found) => {
                for problem in found {
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
                None
            }
        };
        let (mut columns, mut denominators, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for (_, element, indicator) in &indicators {
            columns.push(numbers(indicator.column(&element.id)).map_or_else(Vec::new, |series| series.raw().to_vec()));
            let denominator = indicator.denominator.as_deref().filter(|_| options.denominate);
            denominators.push(denominator.and_then(&mut numbers));
            let asks_for_target = options.normalise.method == NormaliseMethod::DistanceToTarget;
            targets.push(match indicator.target.as_ref().filter(|_| asks_for_target) {
                None => None,
                Some(Target::Number(target)) => Some(Series::from_numbers(vec![*target; table.units().len()])),
                Some(Target::Column(column)) => numbers(column),
            });
        }
        let groups = match options.impute.group.as_deref().map(|column| table.words(column)) {
            None => None,
            Some(Ok(groups)) => Some(groups),
            Some(Err(problem)) => {
                problems.push(problem);
                None
            }
        };
        if !problems.is_empty() {
            return Err(ScoringError::Table(problems));
        }
        let over_time = matches!(options.impute.method, ImputeMethod::Latest | ImputeMethod::Linear);
        if over_time && table.times().is_none() {
            return Err(ScoringError::NeedsTimes {
                method: options.impute.method.name(),
            });
        }
        let mut run = Self {
            framework,
            table,
            options,
            indicators,
            columns,
            denominators,
            targets,
            groups,
            notes: Notes::default(),
        };
        run.note_carried_columns();
        Ok(run)
    }

    fn finish(mut self) -> Result<Assessment, ScoringError> {
        let units = self.table.units();
        let times = rows_by_time(self.table);
        let mut stages = Stages {
            raw: self.stage(),
            ..Stages::default()
        };
        let statistics = self
            .by_indicator(|run, column| statistics(&run.columns[column], &run.options.treat, |row| run.row_name(row)));
        let mut size = Vec::new();
        let scaled = self.scale(&times, |run, step| match step {
            Step::Denominated => {
                stages.denominated = run.options.denominate.then(|| run.stage());
                size = run.denominator_flags();
            }
            Step::Imputed => stages.imputed = Some(run.stage()),
            Step::Treated => stages.treated = Some(run.stage()),
            Step::Normalised => stages.normalised = run.stage(),
        })?;

        let elements = self.framework.elements();
        let mut scores = vec![vec![f64::NAN; units.len()]; elements.len()];
        for ((position, ..), column) in self.indicators.iter().zip(std::mem::take(&mut self.columns)) {
            scores[*position] = column;
        }
        let weighed = weigh_and_aggregate(
            self.framework,
            self.options,
            &scaled.frames,
            units,
            &mut scores,
            &mut self.notes,
        )?;
        let effective = effective(self.framework, &weighed.weights);
        let coverage = coverage(self.framework, &weighed.weights, &scaled.present, units.len());
        let centred: Vec<Centred<'_>> = scores.par_iter().map(|column| Centred::new(column)).collect();
        let index = &centred[0];
        let standings: Vec<Standing> = centred
            .par_iter()
            .map(|element| {
                let sorted = Ascending::of(element.values);
                Standing {
                    ranks: rank_sorted(&times, &sorted),
                    importance: importance(element, index),
                    correlation_ratio: correlation_ratio(&sorted, index.values),
                }
            })
            .collect();
        let mut correlations = correlations(self.framework, &centred, &mut self.notes);
        correlations.flags.extend(size);
        let id = |position: usize| elements[position].id.clone();
        Ok(Assessment {
            units: units.to_vec(),
            times: self.table.times().map(<[String]>::to_vec),
            elements: elements
                .iter()
                .enumerate()
                .map(|(position, element)| ScoredElement {
                    id: element.id.clone(),
                    label: element.label.clone(),
                    level: element.level,
                    parent: element.parent.map(id),
                    weight: weighed.weights[position],
                    effective_weight: effective[position],
                    importance: standings[position].importance,
                    correlation_ratio: standings[position].correlation_ratio,
                })
                .collect(),
            stages,
            scores: scores
                .into_iter()
                .enumerate()
                .map(|(at, column)| (id(at), Series::from_numbers(column)))
                .collect(),
            ranks: standings
                .into_iter()
                .enumerate()
                .map(|(at, standing)| (id(at), standing.ranks))
                .collect(),
            coverage: coverage
                .into_iter()
                .enumerate()
                .map(|(at, column)| (id(at), Series::from_numbers(column)))
                .collect(),
            treatment: scaled.treatment,
            statistics,
            correlations,
            weights_by_unit: weighed.by_unit,
            experts: weighed.experts,
            cells: IndexMap::new(),
            weightings: Vec::new(),
            signals: IndexMap::new(),
            scales: IndexMap::new(),
            notes: self.notes.into_list(),
            uncertainty: None,
            sensitivity: None,
            comparison: None,
            scenarios: None,
            profiles: None,
            influence: None,
            standardised: None,
            roll_ups: None,
            recipe: Recipe {
                options: serde_json::to_value(self.options).unwrap_or_default(),
                framework_hash: self.framework.hash().to_owned(),
                framework_version: self.framework.version().to_owned(),
                data_hash: self.table.hash(),
                rounds: Vec::new(),
                responses: None,
                scenarios: None,
                seed: None,
                program_version: env!("CARGO_PKG_VERSION").to_owned(),
            },
        })
    }

    /// What a row is called: the unit, and its time in long tables.
    fn row_name(&self, row: usize) -> String {
        let unit = &self.table.units()[row];
        match self.table.times() {
            Some(times) => format!("{unit} {}", times[row]),
            None => unit.clone(),
        }
    }

    /// Indicators, as they are now, that go with a denominator. One that is not used may be absent or no number.
    fn denominator_flags(&self) -> Vec<PairFlag> {
        let mut names: Vec<&str> = self
            .indicators
            .iter()
            .filter_map(|(.., indicator)| indicator.denominator.as_deref())
            .filter(|column| self.table.has(column))
            .collect();
        names.sort_unstable();
        names.dedup();
        let sizes: Vec<(&str, Series)> = names
            .into_iter()
            .filter_map(|column| Some((column, self.table.numbers(column).ok()?)))
            .collect();
        let sizes: Vec<(&str, Centred<'_>)> = sizes
            .iter()
            .map(|(name, series)| (*name, Centred::new(series.raw())))
            .collect();
        let columns = self.indicators.iter().zip(&self.columns);
        let columns = columns.map(|((_, element, _), column)| (element.id.as_str(), column.as_slice()));
        let columns: Vec<(&str, &[f64])> = columns.collect();
        denominator_flags(&columns, &sizes)
    }

    /// The steps from the raw columns to the common scale; `done` is told of each that was asked for, and of the first
    /// in any case, since what goes with size is looked at there.
    fn scale(&mut self, times: &[Vec<usize>], mut done: impl FnMut(&Self, Step)) -> Result<Scaled, ScoringError> {
        let frames = match self.options.frame {
            Frame::Pooled => vec![(0..self.table.units().len()).collect()],
            Frame::Each => times.to_vec(),
        };
        if self.options.denominate {
            self.denominate();
        }
        done(self, Step::Denominated);
        let present: Vec<Vec<bool>> = self.presence();
        if self.options.impute.method != ImputeMethod::None {
            self.impute(&frames)?;
            done(self, Step::Imputed);
        }
        let kept = self.screen();
        let frames: Vec<Vec<usize>> = frames
            .into_iter()
            .map(|rows| {
                rows.into_iter()
                    .filter(|&row| kept.get(row).copied().unwrap_or(false))
                    .collect()
            })
            .filter(|rows: &Vec<usize>| !rows.is_empty())
            .collect();
        let mut treatment = IndexMap::new();
        if self.options.treat.method != TreatMethod::None {
            treatment = self.treat(&frames);
            done(self, Step::Treated);
        }
        self.normalise(&frames)?;
        done(self, Step::Normalised);
        Ok(Scaled {
            present,
            treatment,
            frames,
        })
    }

    /// Columns that nothing names are carried, and said.
    fn note_carried_columns(&mut self) {
        let named = |column: &str| {
            self.options.impute.group.as_deref() == Some(column)
                || self.indicators.iter().any(|(_, element, indicator)| {
                    indicator.column(&element.id) == column
                        || indicator.denominator.as_deref() == Some(column)
                        || matches!(&indicator.target, Some(Target::Column(target)) if target == column)
                })
        };
        let carried: Vec<&str> = self.table.columns().filter(|column| !named(column)).collect();
        if !carried.is_empty() {
            let message = format!("columns that nothing names are carried: {}", carried.join(", "));
            self.notes.push(Note::new(NoteCode::CarriedColumns, message));
        }
        for ((_, element, _), column) in self.indicators.iter().zip(&self.columns) {
            if column.iter().all(|value| value.is_nan()) {
                self.notes
                    .push(Note::new(NoteCode::AllMissing, "no unit has a value").of(&element.id));
            }
        }
    }

    /// The columns as they are now.
    fn stage(&self) -> IndexMap<String, Series> {
        self.by_indicator(|run, column| Series::from_numbers(run.columns[column].clone()))
    }

    /// Something of each indicator, computed side by side.
    fn by_indicator<T: Send>(&self, of: impl Fn(&Self, usize) -> T + Sync) -> IndexMap<String, T> {
        let found: Vec<T> = (0..self.columns.len())
            .into_par_iter()
            .map(|column| of(self, column))
            .collect();
        self.indicators
            .iter()
            .map(|(_, element, _)| element.id.clone())
            .zip(found)
            .collect()
    }

    fn denominate(&mut self) {
        let columns = self.indicators.iter().zip(&mut self.columns).zip(&self.denominators);
        for (((_, element, _), column), denominator) in columns {
            if let Some(denominator) = denominator {
                denominate(
                    &element.id,
                    column,
                    denominator.raw(),
                    self.table.units(),
                    &mut self.notes,
                );
            }
        }
    }

    /// Whether each element (an indicator) and unit has a value now.
    fn presence(&self) -> Vec<Vec<bool>> {
        let mut present = vec![Vec::new(); self.framework.elements().len()];
        for ((position, ..), column) in self.indicators.iter().zip(&self.columns) {
            present[*position] = column.iter().map(|value| !value.is_nan()).collect();
        }
        present
    }

    fn impute(&mut self, frames: &[Vec<usize>]) -> Result<(), ScoringError> {
        let mut siblings: IndexMap<Option<usize>, Vec<usize>> = IndexMap::new();
        for (column, (_, element, _)) in self.indicators.iter().enumerate() {
            siblings.entry(element.parent).or_default().push(column);
        }
        let around = Surroundings {
            units: self.table.units(),
            groups: self.groups.take(),
            times: self.table.time_numbers(),
            frames,
            siblings: siblings
                .into_iter()
                .map(|(parent, columns)| Siblings {
                    parent: parent.map_or("", |parent| self.framework.elements()[parent].id.as_str()),
                    columns,
                })
                .collect(),
            directions: self
                .indicators
                .iter()
                .map(|(.., indicator)| indicator.direction.sign())
                .collect(),
        };
        let names: Vec<String> = self
            .indicators
            .iter()
            .map(|(_, element, _)| element.id.clone())
            .collect();
        impute(
            self.options.impute.method,
            &names,
            &mut self.columns,
            &around,
            &mut self.notes,
        )
    }

    /// Leaves out units with too little data: all of their values are missing from here on.
    fn screen(&mut self) -> Vec<bool> {
        let units = self.table.units();
        if self.options.screen.method == ScreenMethod::None {
            return vec![true; units.len()];
        }
        let kept = kept(&self.columns, units.len(), self.options.screen.min_available);
        let out: Vec<String> = units
            .iter()
            .zip(&kept)
            .filter(|(_, kept)| !**kept)
            .map(|(unit, _)| unit.clone())
            .collect();
        if !out.is_empty() {
            for column in &mut self.columns {
                column
                    .iter_mut()
                    .zip(&kept)
                    .filter(|(_, kept)| !**kept)
                    .for_each(|(value, _)| *value = f64::NAN);
            }
            let least = self.options.screen.min_available;
            let message = format!("left out: fewer than {least} of their indicators are available");
            self.notes.push(Note::new(NoteCode::ScreenedOut, message).at(out));
        }
        kept
    }

    fn treat(&mut self, frames: &[Vec<usize>]) -> IndexMap<String, Treatment> {
        let limit = |rows: usize| if rows < SMALL { rows / 10 } else { usize::MAX };
        let asked = &self.options.treat;
        if let Some(rows) = frames
            .iter()
            .map(Vec::len)
            .find(|&rows| asked.max_winsorised > limit(rows))
        {
            let message = format!(
                "max_winsorised is {} instead of {}: a tenth of {rows} units",
                limit(rows),
                asked.max_winsorised
            );
            self.notes.push(Note::new(NoteCode::LimitLowered, message));
        }
        let treated: Vec<Vec<Treated>> = self
            .columns
            .par_iter_mut()
            .map(|column| {
                let in_frame = |rows: &Vec<usize>| {
                    let options = Treat {
                        max_winsorised: asked.max_winsorised.min(limit(rows.len())),
                        ..asked.clone()
                    };
                    let mut values: Vec<f64> = rows.iter().map(|&row| column[row]).collect();
                    let treatment = treat(&options, &mut values);
                    rows.iter().zip(values).for_each(|(&row, value)| column[row] = value);
                    treatment
                };
                frames.iter().map(in_frame).collect()
            })
            .collect();
        let names = || self.indicators.iter().map(|(_, element, _)| &element.id);
        for (name, treated) in names().zip(&treated) {
            note_stopped(asked, name, treated, &mut self.notes);
        }
        let several = self.table.times().is_some() && frames.len() > 1;
        names()
            .zip(treated)
            .flat_map(|(name, treated)| {
                let key = |rows: &Vec<usize>| match (several, self.table.times(), rows.first()) {
                    (true, Some(times), Some(&row)) => format!("{name} {}", times[row]),
                    _ => name.clone(),
                };
                let records = treated.into_iter().map(|treated| treated.record);
                frames.iter().map(key).zip(records).collect::<Vec<_>>()
            })
            .collect()
    }

    fn normalise(&mut self, frames: &[Vec<usize>]) -> Result<(), ScoringError> {
        let units = self.table.units();
        let options = &self.options.normalise;
        let mut reference = Vec::new();
        if let Some(id) = &options.reference {
            reference = (0..units.len()).filter(|&row| units[row] == *id).collect();
            if reference.is_empty() {
                let near = nearest_name(id, units.iter().map(String::as_str));
                return Err(ScoringError::Unknown {
                    option: "normalise.reference",
                    kind: "unit",
                    name: id.clone(),
                    near,
                });
            }
        }
        let subjects: Vec<Subject<'_>> = self
            .indicators
            .iter()
            .zip(&self.targets)
            .map(|((_, element, indicator), target)| Subject {
                element,
                indicator,
                target: target.as_ref().map(Series::raw),
                units,
                reference: &reference,
            })
            .collect();
        let one = |(column, subject): (&mut Vec<f64>, &Subject<'_>)| {
            let mut notes = Notes::default();
            for rows in frames {
                normalise(options, subject, column, rows, &mut notes)?;
            }
            Ok(notes)
        };
        let noted: Vec<Result<Notes, ScoringError>> = self.columns.par_iter_mut().zip(&subjects).map(one).collect();
        for notes in noted {
            self.notes.extend(notes?);
        }
        Ok(())
    }
}

/// Below this many units a treatment moves a tenth of them at most.
const SMALL: usize = 30;
