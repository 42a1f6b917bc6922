//! Working scenarios out, each name looked up before the first of them is.

#![allow(
    clippy::indexing_slicing,
    reason = "columns, elements and rows are those of the framework and the table"
)]

use std::sync::OnceLock;

use indexmap::IndexMap;

use super::amend::Amended;
use super::change::{Change, Scenario, ScenarioAim, ScenarioFrame};
use super::frozen::{FrozenFrame, NoPlace, TOO_LARGE};
use super::inverse::{Improvement, Inverse};
use super::marginal::{Way, has_returns, returns};
use super::outcome::{ComparedRanks, ComparedScores, ElementOutcome, Outcome, Scenarios};
use super::resolve::{Applied, Resolved, Resolving};
use crate::definition::{Diagnostic, Text};
use crate::scoring::aggregate::Aggregation;
use crate::scoring::analyse::Subject;
use crate::scoring::assessment::Assessment;
use crate::scoring::error::ScoringError;
use crate::scoring::framework::Element;
use crate::scoring::note::{Note, NoteCode, Notes};
use crate::scoring::options::{AggregateMethod, NormaliseMethod, Options, WeightMethod};
use crate::scoring::rank::rank_within;
use crate::scoring::run::{OnScale, rows_by_time, scaled};
use crate::scoring::series::Series;
use crate::scoring::uncertainty::{Observer, Replay};
use crate::scoring::weights::weigh_and_aggregate;

/// Marginal returns are made of no more figures than this.
const MOST_RETURNS: usize = 1_000_000;

/// Works the scenarios out, and adds the section `scenarios` to the assessment. `amended` has, by the id of each scenario
/// that changes answers, what was estimated from the changed ones. Where the assessment has an uncertainty analysis,
/// differences get intervals over the same runs: call it after [`analyse`](crate::scoring::analyse), with the same
/// replay.
///
/// ```
/// use innogauge::scoring::{
///     Framework, Options, Replay, Respondents, Scenario, Subject, Table, assess, explore,
/// };
/// let framework = Framework::for_table("f.yaml", "index: {id: Index, indicators: [{id: a}, {id: b}]}").unwrap().value;
/// let table = Table::read_csv("t.csv", "unit,a,b\nX,0,10\nY,5,30\nZ,10,20\n".as_bytes(), None, None).unwrap();
/// let options = Options::score();
/// let mut assessment = assess(&framework, &table, &options).unwrap();
///
/// let text = "scenarios: [{id: best, changes: [{indicator: a, units: [X], reach: best}]}]";
/// let scenarios = Scenario::read("s.yaml", text).unwrap();
/// let subject = Subject { framework: &framework, table: &table, options: &options, respondents: Respondents::None };
/// explore(&mut assessment, &subject, &scenarios, &Default::default(), &Replay::default(), &|_, _| true).unwrap();
/// let index = &assessment.scenarios.unwrap().outcomes["best"].elements["Index"];
/// assert_eq!(index.score.difference.get(0), Some(50.0));
/// assert_eq!(index.rank.difference, [Some(0); 3], "half of the scale is still the last place");
/// ```
///
/// # Errors
/// Names that do not exist, each with its place; a frame that cannot be kept, or figures that have no place in it; what
/// scoring the changed figures says; the observer's end.
pub fn explore(
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    scenarios: &[Scenario],
    amended: &IndexMap<String, Amended>,
    replay: &Replay,
    observer: &Observer<'_>,
) -> Result<(), ScoringError> {
    let work = Work::new(assessment, subject);
    let mut explored = Scenarios::default();
    let prepared = work.prepare(scenarios, amended)?;
    for (scenario, aim) in scenarios.iter().zip(&prepared) {
        match aim {
            Prepared::Changes(changes) => {
                let outcome = work.outcome(scenario, changes)?;
                explored.outcomes.insert(scenario.id.clone(), outcome);
            }
            Prepared::Inverse(inverse) => {
                let improvement = work.improvement(&scenario.label, inverse)?;
                explored.improvements.insert(scenario.id.clone(), improvement);
            }
        }
    }
    work.returns(&mut explored)?;
    let changes: Vec<&Changed<'_>> = prepared.iter().filter_map(Prepared::changes).collect();
    if !changes.is_empty() {
        work.intervals(&mut explored, &changes, replay, observer)?;
    }
    assessment.scenarios = Some(explored);
    assessment.recipe.scenarios = Some(scenarios.iter().map(Scenario::to_json).collect());
    Ok(())
}

/// What scenarios are held against.
pub(super) struct Work<'a> {
    pub assessment: &'a Assessment,
    pub subject: &'a Subject<'a>,
    /// The weights that the assessment came to.
    pub weights: Vec<f64>,
    /// The scores of all elements.
    scores: Vec<Vec<f64>>,
    /// The indicators as they came.
    pub natural: Vec<Vec<f64>>,
    /// The rows of each time.
    groups: Vec<Vec<usize>>,
    frame: OnceLock<FrozenFrame>,
}

enum Prepared<'a> {
    Changes(Changed<'a>),
    Inverse(&'a Inverse),
}

impl Prepared<'_> {
    fn changes(&self) -> Option<&Changed<'_>> {
        match self {
            Self::Changes(changes) => Some(changes),
            Self::Inverse(_) => None,
        }
    }
}

/// The changes of one scenario, ready to be done.
pub(super) struct Changed<'a> {
    pub id: &'a str,
    pub frame: ScenarioFrame,
    changes: &'a [Change],
    pub resolved: Resolved,
    pub amended: Option<&'a Amended>,
    /// The weights before they are changed: under `recomputed` those that the changed figures come to.
    pub weights: OnceLock<Vec<f64>>,
}

impl<'a> Work<'a> {
    fn new(assessment: &'a Assessment, subject: &'a Subject<'a>) -> Self {
        let raw = |series: &Series| series.raw().to_vec();
        Self {
            assessment,
            subject,
            weights: assessment.elements.iter().map(|element| element.weight).collect(),
            scores: assessment.scores.values().map(raw).collect(),
            natural: assessment.stages.raw.values().map(raw).collect(),
            groups: rows_by_time(subject.table),
            frame: OnceLock::new(),
        }
    }

    pub fn options(&self) -> &'a Options {
        self.subject.options
    }

    /// Looks up all names of all scenarios, so that every mistake is said at once.
    fn prepare(
        &self,
        scenarios: &'a [Scenario],
        amended: &'a IndexMap<String, Amended>,
    ) -> Result<Vec<Prepared<'a>>, ScoringError> {
        let mut problems = Vec::new();
        let mut prepared = Vec::new();
        for scenario in scenarios {
            match &scenario.aim {
                ScenarioAim::Inverse(inverse) => {
                    self.only_straight(scenario)?;
                    problems.extend(self.look_up(inverse));
                    prepared.push(Prepared::Inverse(inverse));
                }
                ScenarioAim::Changes { frame, changes } => {
                    let amended = amended.get(&scenario.id);
                    let (framework, table) = (self.subject.framework, self.subject.table);
                    match Resolved::new(changes, framework, table, self.options(), amended.is_some()) {
                        Err(found) => problems.extend(found),
                        Ok(resolved) => {
                            self.can_be_kept(scenario, *frame, &resolved)?;
                            prepared.push(Prepared::Changes(Changed {
                                id: &scenario.id,
                                frame: *frame,
                                changes,
                                resolved,
                                amended,
                                weights: OnceLock::new(),
                            }));
                        }
                    }
                }
            }
        }
        if problems.is_empty() {
            Ok(prepared)
        } else {
            Err(ScoringError::Scenarios(problems))
        }
    }

    /// Refuses what a frame cannot keep.
    fn can_be_kept(&self, scenario: &Scenario, frame: ScenarioFrame, resolved: &Resolved) -> Result<(), ScoringError> {
        let method = self.options().weights.method;
        let from_data = matches!(
            method,
            WeightMethod::Pca
                | WeightMethod::Factor
                | WeightMethod::Optimised
                | WeightMethod::Entropy
                | WeightMethod::Critic
                | WeightMethod::BenefitOfTheDoubt
        );
        let reason = match frame {
            ScenarioFrame::Frozen => self.no_frame(),
            ScenarioFrame::Recomputed if from_data && resolved.weighs() => Some(format!(
                "weights by {} are worked out from the figures, so that none can be changed: use weights: given",
                method.name()
            )),
            ScenarioFrame::Recomputed => None,
        };
        let reason = reason.or_else(|| self.weighs_too_much(resolved));
        reason.map_or(Ok(()), |message| Err(refusal(&scenario.id, message)))
    }

    /// Says so where the changed weights have no sum within some parent.
    fn weighs_too_much(&self, resolved: &Resolved) -> Option<String> {
        let mut weights = self.weights.clone();
        resolved.weigh(&mut weights);
        let too_much = |element: &&Element| {
            let children = element.children.iter();
            !children.map(|&child| weights[child]).sum::<f64>().is_finite()
        };
        let element = self.subject.framework.elements().iter().find(too_much)?;
        Some(format!("the weights within '{}' would be too large", element.id))
    }

    /// Why the frame cannot be kept, where it cannot.
    fn no_frame(&self) -> Option<String> {
        let options = self.options();
        if options.weights.method == WeightMethod::BenefitOfTheDoubt {
            return Some(
                "benefit of the doubt holds each unit against all others, so that no frame can be kept: use frame: \
                 recomputed"
                    .to_owned(),
            );
        }
        if options.aggregate.uses(AggregateMethod::Mpi) {
            return Some(
                "mpi makes z-scores at every parent, which cannot be kept: use frame: recomputed, or ampi".to_owned(),
            );
        }
        let ranks = [
            NormaliseMethod::Rank,
            NormaliseMethod::Borda,
            NormaliseMethod::PercentileRank,
        ];
        ranks.contains(&options.normalise.method).then(|| {
            format!(
                "{} has no scale that could be kept: use frame: recomputed, or another normalise",
                options.normalise.method.name()
            )
        })
    }

    /// An inverse needs scores that are sums.
    fn only_straight(&self, scenario: &Scenario) -> Result<(), ScoringError> {
        if let Some(reason) = self.no_frame() {
            return Err(refusal(&scenario.id, reason));
        }
        let aggregate = &self.options().aggregate;
        let arithmetic = |method: &AggregateMethod| *method == AggregateMethod::Arithmetic;
        let all = if aggregate.by_level.is_empty() {
            arithmetic(&aggregate.method)
        } else {
            aggregate.by_level.iter().all(arithmetic)
        };
        if all {
            return Ok(());
        }
        let message = "an inverse is worked out under arithmetic means: use aggregate: arithmetic";
        Err(refusal(&scenario.id, message.to_owned()))
    }

    fn frozen(&self) -> Result<&FrozenFrame, ScoringError> {
        if let Some(frame) = self.frame.get() {
            return Ok(frame);
        }
        let Subject { framework, table, .. } = *self.subject;
        let frame = FrozenFrame::of(framework, table, self.options(), None)?;
        Ok(self.frame.get_or_init(|| frame))
    }

    /// The figures after the changes.
    pub fn figures(&self, changed: &Changed<'_>) -> Result<(Vec<Vec<f64>>, Applied), ScoringError> {
        let mut figures = self.natural.clone();
        if let Some(amended) = changed.amended {
            for (column, (_, element, indicator)) in figures.iter_mut().zip(self.subject.framework.indicators()) {
                let series = amended.table.numbers(indicator.column(&element.id));
                *column = series.map_err(ScoringError::Table)?.raw().to_vec();
            }
        }
        let applied = changed.resolved.apply(&self.natural, &mut figures);
        for (column, values) in figures.iter().enumerate() {
            if let Some(row) = values.iter().position(|value| value.is_infinite()) {
                let none = NoPlace {
                    column,
                    row,
                    value: values[row],
                    reason: TOO_LARGE,
                };
                return Err(self.no_place(changed.id, &none));
            }
        }
        Ok((figures, applied))
    }

    fn outcome(&self, scenario: &Scenario, changed: &Changed<'_>) -> Result<Outcome, ScoringError> {
        let Subject { framework, table, .. } = *self.subject;
        let (figures, applied) = self.figures(changed)?;
        let mut notes = self.said(&applied);
        let on_scale = match changed.frame {
            ScenarioFrame::Frozen => {
                let frame = self.frozen()?;
                let columns = frame.place(&figures).map_err(|none| self.no_place(changed.id, &none))?;
                notes.extend(self.beyond(&figures, &columns));
                OnScale {
                    columns,
                    frames: frame.frames.clone(),
                }
            }
            ScenarioFrame::Recomputed => scaled(framework, table, self.options(), Some(figures))?,
        };
        let mut scores = vec![vec![f64::NAN; table.units().len()]; framework.elements().len()];
        for ((position, ..), column) in framework.indicators().zip(&on_scale.columns) {
            scores[position].clone_from(column);
        }
        let weights = if changed.frame == ScenarioFrame::Recomputed && !changed.resolved.weighs() {
            let mut said = Notes::default();
            let (options, units) = (self.options(), table.units());
            weigh_and_aggregate(framework, options, &on_scale.frames, units, &mut scores, &mut said)?.weights
        } else {
            let mut weights = self.weights.clone();
            changed.resolved.weigh(&mut weights);
            let aggregation = Aggregation::new(framework, self.options(), &on_scale.frames, table.units())?;
            aggregation.parents(&weights, &mut scores, &mut Notes::default())?;
            notes.extend(self.unweighed(&weights, &scores));
            self.weights.clone()
        };
        self.can_be_written(changed.id, &scores)?;
        // Each scenario is worked out once.
        let _ = changed.weights.set(weights);
        let elements = framework.elements().iter().zip(&self.scores).zip(&scores);
        let compared = elements.map(|((element, before), after)| {
            let ranks = &self.assessment.ranks[&element.id];
            let outcome = ElementOutcome {
                score: ComparedScores::of(before, after),
                rank: ComparedRanks::of(ranks, rank_within(&self.groups, after)),
                uncertainty: None,
            };
            (element.id.clone(), outcome)
        });
        Ok(Outcome {
            label: scenario.label.clone(),
            frame: changed.frame,
            changes: changed.changes.iter().map(Change::to_json).collect(),
            elements: compared.collect(),
            notes,
        })
    }

    /// Refuses scores that are no numbers.
    fn can_be_written(&self, scenario: &str, scores: &[Vec<f64>]) -> Result<(), ScoringError> {
        for (element, column) in self.subject.framework.elements().iter().zip(scores) {
            if let Some(row) = column.iter().position(|score| score.is_infinite()) {
                let unit = &self.assessment.units[row];
                let message = format!("the score '{}' of unit '{unit}' would be too large", element.id);
                return Err(refusal(scenario, message));
            }
        }
        Ok(())
    }

    /// The notes on elements that lose their scores because nothing below them has a weight any more.
    fn unweighed(&self, weights: &[f64], scores: &[Vec<f64>]) -> Vec<Note> {
        let mut notes = Vec::new();
        for (position, element) in self.subject.framework.elements().iter().enumerate() {
            if element.children.is_empty() || element.children.iter().any(|&child| weights[child] > 0.0) {
                continue;
            }
            let loses = |row: &usize| !self.scores[position][*row].is_nan() && scores[position][*row].is_nan();
            let rows = (0..self.assessment.units.len()).filter(loses);
            let units: Vec<String> = rows.map(|row| self.assessment.units[row].clone()).collect();
            if !units.is_empty() {
                let message = "no score in the scenario: all its children have weight 0";
                notes.push(Note::new(NoteCode::NoWeight, message).of(&element.id).at(units));
            }
        }
        notes
    }

    /// The notes on cells that were to reach a level.
    fn said(&self, applied: &Applied) -> Vec<Note> {
        let mut notes = Vec::new();
        let kinds = [
            (
                &applied.there,
                NoteCode::AlreadyThere,
                "not raised: already at that level or better",
            ),
            (
                &applied.missing,
                NoteCode::NothingToRaise,
                "not raised: the unit has no value",
            ),
        ];
        for (cells, code, message) in kinds {
            for (column, (_, element, _)) in self.subject.framework.indicators().enumerate() {
                let rows = cells.iter().filter(|(at, _)| *at == column).map(|(_, row)| *row);
                let units: Vec<String> = rows.map(|row| self.assessment.units[row].clone()).collect();
                if !units.is_empty() {
                    notes.push(Note::new(code, message).of(&element.id).at(units));
                }
            }
        }
        notes
    }

    /// The notes on changed figures that lie beyond the ends of a scale that does not hold them.
    fn beyond(&self, figures: &[Vec<f64>], columns: &[Vec<f64>]) -> Vec<Note> {
        let normalise = &self.options().normalise;
        let (low, high) = match normalise.method {
            NormaliseMethod::MinMax => (normalise.low, normalise.high),
            NormaliseMethod::DistanceToMax | NormaliseMethod::FractionOfMax => (0.0, 1.0),
            _ => return Vec::new(),
        };
        let slack = 1e-9 * (high - low);
        let mut notes = Vec::new();
        for (number, (_, element, _)) in self.subject.framework.indicators().enumerate() {
            let is_beyond = |row: &usize| {
                let changed = figures[number][*row].to_bits() != self.natural[number][*row].to_bits();
                let score = columns[number][*row];
                changed && (score > high + slack || score < low - slack)
            };
            let rows = (0..self.assessment.units.len()).filter(is_beyond);
            let units: Vec<String> = rows.map(|row| self.assessment.units[row].clone()).collect();
            if !units.is_empty() {
                let message = "beyond the best or worst unit of the assessment, and so beyond the ends of the scale";
                notes.push(Note::new(NoteCode::BeyondScale, message).of(&element.id).at(units));
            }
        }
        notes
    }

    fn no_place(&self, scenario: &str, none: &NoPlace) -> ScoringError {
        refusal(scenario, self.place_of(none))
    }

    pub fn place_of(&self, none: &NoPlace) -> String {
        let element = self.subject.framework.indicators().nth(none.column);
        let element = element.map_or("", |(_, element, _)| element.id.as_str());
        let unit = &self.assessment.units[none.row];
        if none.value.is_nan() || none.reason == TOO_LARGE {
            return format!("'{element}' of unit '{unit}': {}", none.reason);
        }
        format!("'{element}' of unit '{unit}' would be {}: {}", none.value, none.reason)
    }

    /// What an inverse names that does not exist.
    fn look_up(&self, inverse: &Inverse) -> Vec<Diagnostic> {
        let mut resolving = self.resolving();
        match self.frozen() {
            Ok(frame) => {
                inverse.target(&mut resolving, frame, &self.scores, &self.groups);
                for (name, (place, _)) in &inverse.costs {
                    let named = super::change::Named {
                        name: name.clone(),
                        place: place.clone(),
                    };
                    resolving.indicator(&named);
                }
            }
            Err(error) => {
                let place = inverse.unit.place.clone();
                resolving.problems.push(Diagnostic::error(place, error.to_string()));
            }
        }
        resolving.problems
    }

    fn resolving(&self) -> Resolving<'_> {
        Resolving {
            framework: self.subject.framework,
            table: self.subject.table,
            denominate: self.options().denominate,
            problems: Vec::new(),
        }
    }

    fn improvement(&self, label: &Text, inverse: &Inverse) -> Result<Improvement, ScoringError> {
        let mut resolving = self.resolving();
        let target = inverse.target(&mut resolving, self.frozen()?, &self.scores, &self.groups);
        let found =
            target.and_then(|target| inverse.cheapest(label, &mut resolving, &target, &self.weights, &self.scores));
        found.ok_or(ScoringError::Scenarios(resolving.problems))
    }

    /// Adds the marginal returns, or says why there are none.
    fn returns(&self, explored: &mut Scenarios) -> Result<(), ScoringError> {
        let framework = self.subject.framework;
        let mut without = |reason: String| {
            let message = format!("no marginal returns: {reason}");
            explored.notes.push(Note::new(NoteCode::NoMarginalReturns, message));
        };
        if let Some(reason) = self.no_frame() {
            without(reason);
            return Ok(());
        }
        let aggregate = &self.options().aggregate;
        if !has_returns(aggregate) {
            let reason = "the method of aggregation has no slope that belongs to one indicator of one unit";
            without(reason.to_owned());
            return Ok(());
        }
        if self.assessment.units.len().saturating_mul(self.natural.len()) > MOST_RETURNS {
            without("there are too many units and indicators".to_owned());
            return Ok(());
        }
        let frame = self.frozen()?;
        let way = Way {
            framework,
            aggregate,
            weights: &self.weights,
            scores: &self.scores,
        };
        let units = self.subject.table.units();
        let aggregation = Aggregation::new(framework, self.options(), &frame.frames, units)?;
        let parents = |scores: &mut [Vec<f64>]| aggregation.parents(&self.weights, scores, &mut Notes::default());
        explored.marginal_returns = Some(returns(&way, frame, &parents)?);
        Ok(())
    }
}

fn refusal(scenario: &str, message: String) -> ScoringError {
    ScoringError::Scenario {
        id: scenario.to_owned(),
        message,
    }
}
