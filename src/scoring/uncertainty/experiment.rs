//! An assessment that can be repeated with anything changed, in microseconds: what does not vary is worked out once.
//!
//! Imputing, treating and normalising are done once for each combination of their alternatives; a run then only
//! weights, aggregates and ranks. Where respondents are drawn again, each run has a table of its own.

#![allow(
    clippy::indexing_slicing,
    reason = "alternatives, elements and columns are counted once, when the experiment is set up"
)]

use std::collections::HashMap;
use std::sync::OnceLock;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::draw::{Draw, Factor, Purpose, item, random, uniforms};
use super::gather::rank_change;
use super::replay::{Replay, Sets};
use super::tree::{BelowZero, Tree, rank_into};
use crate::scoring::aggregate::Aggregation;
use crate::scoring::error::ScoringError;
use crate::scoring::estimate::Replicates;
use crate::scoring::framework::Framework;
use crate::scoring::note::Notes;
use crate::scoring::options::{
    Aggregate, AggregateMethod, Normalise, NormaliseMethod, Options, UncertaintyOptions, Vary,
};
use crate::scoring::run::{OnScale, rows_by_time, scaled};
use crate::scoring::table::Table;
use crate::scoring::weights::{Panel, scored_children};

/// How many replicates of weights and respondents there are where a uniform number chooses among them.
const REPLICATES: usize = 1000;
/// Tables of replicates are kept where all of them have no more numbers than this: 160 MB.
const MOST_SHARED: usize = 20_000_000;
/// How often a run is drawn anew where its combination is refused.
const ATTEMPTS: usize = 1000;

/// What is repeated.
pub(in crate::scoring) struct Experiment<'a> {
    pub framework: &'a Framework,
    pub table: &'a Table,
    pub options: &'a Options,
    pub vary: &'a Vary,
    seed: u64,
    resample: Option<&'a dyn Replicates>,
    sets: Option<Sets>,
    /// The experts, where they are drawn again.
    panel: Option<Panel>,
    pub groups: Vec<Vec<usize>>,
    pub tree: Tree,
    weights: Vec<f64>,
    /// The positions of the indicators that count.
    counted: Vec<usize>,
    variants: Vec<OnceLock<Result<Variant, String>>>,
    pub refused: Vec<RefusedCombination>,
    refusals: HashMap<Draw, String>,
    /// Tables of the first replicates of the respondents, which several runs share.
    replicates: Vec<OnceLock<Vec<Vec<f64>>>>,
}

/// The indicators on the common scale.
struct Variant {
    on_scale: OnScale,
    /// What the means sum, for each way to aggregate.
    terms: Vec<OnceLock<Option<Vec<Vec<f64>>>>>,
}

/// Alternatives that cannot go together, and why; a step that is not named is any of its alternatives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedCombination {
    /// The way to impute.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub impute: Option<String>,
    /// The treatment.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub treat: Option<String>,
    /// The scale.
    pub normalise: String,
    /// The way to aggregate.
    pub aggregate: String,
    /// Why.
    pub reason: String,
}

/// Makes the scores of a run, element after element of the tree.
pub(in crate::scoring) type Making<'a> = dyn Fn(Draw, &mut [f64]) -> Result<(), String> + Sync + 'a;

/// What a thread works with.
#[derive(Default)]
pub(super) struct Scratch {
    order: Vec<(f64, usize)>,
}

/// What a thread works with that wants the index alone.
pub(in crate::scoring) struct IndexScratch {
    all: Vec<f64>,
    order: Vec<(f64, usize)>,
}

impl<'a> Experiment<'a> {
    /// Sets an experiment up, and tries every combination of alternatives once; `weights` are those that the nominal
    /// assessment came to, by whatever method, in the framework's order.
    ///
    /// # Errors
    /// Where a way to aggregate or a file that is replayed does not fit the framework, or no combination is possible.
    pub fn new(
        framework: &'a Framework,
        table: &'a Table,
        options: &'a Options,
        uncertainty: &'a UncertaintyOptions,
        weights: Vec<f64>,
        resample: Option<&'a dyn Replicates>,
        replay: &Replay,
    ) -> Result<Self, ScoringError> {
        let vary = &uncertainty.vary;
        for aggregate in &vary.aggregate {
            let aggregated = Options {
                aggregate: aggregate.clone(),
                ..options.clone()
            };
            Aggregation::new(framework, &aggregated, &[], table.units())?;
        }
        let counts = |list: usize| list + 1;
        let redraws = vary.weights.as_ref().is_some_and(|weights| weights.experts.is_some());
        let experts = options.weights.experts.as_ref().filter(|_| redraws);
        let panel = experts
            .map(|experts| Panel::new(framework, &options.weights, experts))
            .transpose()?;
        let combinations = counts(vary.impute.len()) * counts(vary.treat.len()) * counts(vary.normalise.len());
        let mut experiment = Self {
            counted: framework
                .indicators()
                .map(|(position, ..)| position)
                .filter(|position| weights[*position] > 0.0)
                .collect(),
            sets: replay
                .weight_sets
                .as_ref()
                .map(|sets| sets.fit(framework, &weights))
                .transpose()?,
            panel,
            framework,
            table,
            options,
            vary,
            seed: uncertainty.seed,
            resample,
            groups: rows_by_time(table),
            tree: Tree::new(framework, table.units().len()),
            weights,
            variants: (0..combinations).map(|_| OnceLock::new()).collect(),
            refused: Vec::new(),
            refusals: HashMap::new(),
            replicates: Vec::new(),
        };
        let numbers = table.units().len() * framework.indicators().count();
        if resample.is_some() && numbers * REPLICATES <= MOST_SHARED {
            experiment.replicates.resize_with(REPLICATES, OnceLock::new);
        }
        experiment.try_combinations()?;
        Ok(experiment)
    }

    pub fn units(&self) -> usize {
        self.table.units().len()
    }

    /// How many numbers a run makes: a score for each element above the indicators and each unit.
    pub fn width(&self) -> usize {
        self.tree.len() * self.units()
    }

    /// How many alternatives a factor has; 0 where it is not varied.
    pub fn alternatives(&self, factor: Factor) -> usize {
        match factor {
            Factor::Impute => self.vary.impute.len(),
            Factor::Treat => self.vary.treat.len(),
            Factor::Normalise => self.vary.normalise.len(),
            Factor::Aggregate => self.vary.aggregate.len(),
            Factor::Weights => match (&self.sets, &self.vary.weights) {
                (Some(sets), _) => sets.len(),
                (None, Some(_)) => REPLICATES,
                (None, None) => 0,
            },
            Factor::DropOne if self.vary.drop_one => self.counted.len() + 1,
            Factor::DropOne => 0,
            Factor::Sampling => self.resample.map_or(0, |_| REPLICATES),
        }
    }

    /// The factors that are varied.
    pub fn factors(&self) -> Vec<Factor> {
        Factor::ALL
            .into_iter()
            .filter(|factor| self.alternatives(*factor) > 0)
            .collect()
    }

    /// What a run takes whose factors have these uniform numbers.
    pub fn draw_by(&self, uniforms: &[(Factor, f64)]) -> Draw {
        let mut draw = Draw::default();
        for &(factor, uniform) in uniforms {
            draw.set(factor, item(uniform, self.alternatives(factor)));
        }
        draw
    }

    /// Run number `run` of a plain Monte Carlo analysis: each alternative is as likely as the others, and combinations
    /// that were refused are drawn anew.
    pub fn draw(&self, run: u64) -> Draw {
        let mut random = random(self.seed, Purpose::Alternatives, run);
        let mut draw = Draw::default();
        for _ in 0..ATTEMPTS {
            let uniforms = uniforms(&mut random);
            let varied = Factor::ALL.into_iter().zip(uniforms);
            let varied: Vec<_> = varied.filter(|(factor, _)| self.alternatives(*factor) > 0).collect();
            draw = self.draw_by(&varied);
            if self.refusal(draw).is_none() {
                break;
            }
        }
        if self.sets.is_none() && self.vary.weights.is_some() {
            draw.weights = Some(run);
        }
        draw.respondents = self.resample.map(|_| run);
        draw
    }

    /// Why the combination of a run is refused, where it is.
    pub fn refusal(&self, draw: Draw) -> Option<&str> {
        self.refusals.get(&combination(draw)).map(String::as_str)
    }

    /// Whether the scores of a run are on the scale of the nominal ones.
    pub fn is_on_nominal_scale(&self, draw: Draw) -> bool {
        let normalised = draw.normalise.map(|item| &self.vary.normalise[item]);
        normalised.is_none_or(|normalise| same_scale(normalise, &self.options.normalise))
            && same_kind(self.aggregate_of(draw), &self.options.aggregate)
    }

    /// The scores of a run, element after element of the tree, as `make` makes them, and their ranks.
    pub(super) fn run(
        &self,
        make: &Making<'_>,
        draw: Draw,
        scratch: &mut Scratch,
        scores: &mut [f64],
        ranks: &mut [u32],
    ) -> Result<(), String> {
        let made = make(draw, scores);
        if made.is_err() {
            scores.fill(f64::NAN);
        }
        let units = self.units();
        for (scores, ranks) in scores.chunks(units).zip(ranks.chunks_mut(units)) {
            rank_into(&self.groups, scores, &mut scratch.order, ranks);
        }
        made
    }

    /// What a thread works with that wants the index alone.
    pub fn index_scratch(&self) -> IndexScratch {
        IndexScratch {
            all: vec![0.0; self.width()],
            order: Vec::new(),
        }
    }

    /// Scores and ranks of the index alone under given weights, and the mean absolute change of rank.
    pub fn index(
        &self,
        draw: Draw,
        weights: &[f64],
        scratch: &mut IndexScratch,
        nominal: &[Option<u32>],
        scores: &mut [f64],
        ranks: &mut [u32],
    ) -> Result<Option<f64>, String> {
        self.scores(draw, weights, &mut scratch.all)?;
        scores.copy_from_slice(&scratch.all[self.width() - self.units()..]);
        rank_into(&self.groups, scores, &mut scratch.order, ranks);
        Ok(rank_change(nominal, ranks))
    }

    /// The scores of a run under given weights.
    pub fn scores(&self, draw: Draw, weights: &[f64], scores: &mut [f64]) -> Result<(), String> {
        let options = self.aggregate_of(draw);
        self.check(draw)?;
        if let Some(columns) = self.replicate(draw) {
            let on_scale = scaled(self.framework, self.table, &self.options_of(draw), Some(columns));
            let on_scale = on_scale.map_err(|error| error.to_string())?;
            let terms = self.tree.terms(options, &on_scale.columns);
            return self.aggregate(draw, weights, &on_scale, terms.as_deref(), scores);
        }
        let variant = self.variant(draw).as_ref().map_err(Clone::clone)?;
        let way = draw.aggregate.unwrap_or(self.vary.aggregate.len());
        let terms = variant.terms[way].get_or_init(|| self.tree.terms(options, &variant.on_scale.columns));
        self.aggregate(draw, weights, &variant.on_scale, terms.as_deref(), scores)
    }

    /// Whether a run's steps go together.
    pub fn check(&self, draw: Draw) -> Result<(), String> {
        let adjusted = self.aggregate_of(draw).uses(AggregateMethod::Ampi);
        if adjusted && self.normalise_of(draw).method != NormaliseMethod::Goalposts {
            return Err("ampi works on fixed goalposts: only normalise: goalposts goes with it".to_owned());
        }
        Ok(())
    }

    /// The indicators' columns of a run's respondents; none where they are not drawn again.
    pub fn replicate(&self, draw: Draw) -> Option<Vec<Vec<f64>>> {
        let (replicate, resample) = (draw.respondents?, self.resample?);
        let drawn = || self.redraw(resample, replicate);
        let shared = usize::try_from(replicate)
            .ok()
            .and_then(|number| self.replicates.get(number));
        Some(shared.map_or_else(drawn, |shared| shared.get_or_init(drawn).clone()))
    }

    /// The columns that other answers of the same respondents have in a replicate.
    pub fn redraw(&self, resample: &dyn Replicates, replicate: u64) -> Vec<Vec<f64>> {
        resample.replicate(&mut random(self.seed, Purpose::Respondents, replicate))
    }

    /// Scores of indicators that are on the scale already, element after element of the tree.
    pub fn aggregate(
        &self,
        draw: Draw,
        weights: &[f64],
        OnScale { columns, frames }: &OnScale,
        terms: Option<&[Vec<f64>]>,
        scores: &mut [f64],
    ) -> Result<(), String> {
        let options = self.aggregate_of(draw);
        if Tree::makes(options) {
            let below_zero = |BelowZero { element }: BelowZero| {
                let name = &self.framework.elements()[element].id;
                format!("'{name}' has values below 0, which {} does not take", way(options))
            };
            return self
                .tree
                .scores(options, weights, columns, terms, scores)
                .map_err(below_zero);
        }
        let mut whole = vec![vec![f64::NAN; self.units()]; self.framework.elements().len()];
        for ((position, ..), column) in self.framework.indicators().zip(columns) {
            whole[position].clone_from(column);
        }
        let options = self.options_of(draw);
        Aggregation::new(self.framework, &options, frames, self.table.units())
            .and_then(|aggregation| aggregation.parents(weights, &mut whole, &mut Notes::default()))
            .map_err(|error| error.to_string())?;
        for (slot, element) in scores.chunks_mut(self.units()).zip(self.tree.elements()) {
            slot.copy_from_slice(&whole[element]);
        }
        Ok(())
    }

    /// The weights of a run. Means rescale them within their parent.
    pub fn weights_of(&self, draw: Draw) -> Vec<f64> {
        self.varied_weights(draw, &self.weights, |_| ())
    }

    /// The weights of a run in which the nominal ones are others, and are changed after sets or experts are drawn and before
    /// they are varied.
    pub fn varied_weights(&self, draw: Draw, nominal: &[f64], change: impl Fn(&mut [f64])) -> Vec<f64> {
        let mut weights = nominal.to_vec();
        match (draw.weights, &self.sets, &self.vary.weights) {
            (Some(set), Some(sets), _) => {
                weights.clone_from(
                    sets.get(usize::try_from(set).unwrap_or(usize::MAX))
                        .unwrap_or(&self.weights),
                );
                change(&mut weights);
            }
            (Some(replicate), None, Some(vary)) => {
                let mut random = random(self.seed, Purpose::Weights, replicate);
                let elements = self.framework.elements();
                let uniforms: Vec<f64> = elements.iter().map(|_| random.random()).collect();
                self.redraw_experts(&mut random, &mut weights);
                change(&mut weights);
                for ((weight, element), uniform) in weights.iter_mut().zip(elements).zip(uniforms) {
                    if vary.levels.has(element.level) {
                        *weight *= 1.0 + vary.relative * (2.0 * uniform - 1.0);
                    }
                }
            }
            _ => change(&mut weights),
        }
        if let Some(position) = draw.dropped.and_then(|dropped| self.counted.get(dropped)) {
            weights[*position] = 0.0;
            self.tree.prune(&mut weights);
        }
        weights
    }

    /// Puts the weights of experts who are drawn again in the place of the nominal ones.
    fn redraw_experts(&self, random: &mut ChaCha8Rng, weights: &mut [f64]) {
        let Some(panel) = &self.panel else { return };
        for (parent, drawn) in panel.redrawn(random, self.options.weights.combine) {
            if self.options.weights.are_within(&self.framework.elements()[parent].id) {
                for (child, weight) in scored_children(self.framework, parent).into_iter().zip(drawn) {
                    weights[child] = weight;
                }
            }
        }
    }

    /// The nominal weights without one element, and without what then has nothing below it.
    pub fn weights_without(&self, element: usize) -> Vec<f64> {
        let mut weights = self.weights.clone();
        weights[element] = 0.0;
        self.tree.prune(&mut weights);
        weights
    }

    /// The weights of the nominal assessment, in the framework's order.
    pub fn nominal_weights(&self) -> &[f64] {
        &self.weights
    }

    fn aggregate_of(&self, draw: Draw) -> &Aggregate {
        draw.aggregate
            .map_or(&self.options.aggregate, |item| &self.vary.aggregate[item])
    }

    fn normalise_of(&self, draw: Draw) -> &Normalise {
        draw.normalise
            .map_or(&self.options.normalise, |item| &self.vary.normalise[item])
    }

    /// The options of a run's steps.
    pub fn options_of(&self, draw: Draw) -> Options {
        let mut options = Options {
            uncertainty: None,
            ..self.options.clone()
        };
        if let Some(item) = draw.impute {
            options.impute.clone_from(&self.vary.impute[item]);
        }
        if let Some(item) = draw.treat {
            options.treat.clone_from(&self.vary.treat[item]);
        }
        options.normalise.clone_from(self.normalise_of(draw));
        options.aggregate.clone_from(self.aggregate_of(draw));
        options
    }

    /// How many ways there are to impute, treat and normalise, the nominal ones included.
    pub fn ways(&self) -> usize {
        self.variants.len()
    }

    /// The number of a run's way to impute, treat and normalise.
    pub fn way_of(&self, draw: Draw) -> usize {
        let (impute, treat, normalise) = (&self.vary.impute, &self.vary.treat, &self.vary.normalise);
        let mut number = draw.impute.unwrap_or(impute.len());
        number = number * (treat.len() + 1) + draw.treat.unwrap_or(treat.len());
        number * (normalise.len() + 1) + draw.normalise.unwrap_or(normalise.len())
    }

    fn variant(&self, draw: Draw) -> &Result<Variant, String> {
        self.variants[self.way_of(draw)].get_or_init(|| {
            let on_scale = scaled(self.framework, self.table, &self.options_of(draw), None);
            on_scale
                .map(|on_scale| Variant {
                    on_scale,
                    terms: (0..=self.vary.aggregate.len()).map(|_| OnceLock::new()).collect(),
                })
                .map_err(|error| error.to_string())
        })
    }

    /// Every combination of the alternatives, once: those that cannot be done are refused.
    fn try_combinations(&mut self) -> Result<(), ScoringError> {
        let mut scores = vec![0.0; self.width()];
        let all = self.combinations();
        for &draw in &all {
            if let Err(reason) = self.scores(draw, &self.weights, &mut scores) {
                self.refusals.insert(draw, reason);
            }
        }
        let first = all.first().and_then(|draw| self.refusals.get(draw));
        if let (true, Some(reason)) = (self.refusals.len() == all.len(), first) {
            return Err(ScoringError::NothingPossible { reason: reason.clone() });
        }
        let mut refused: Vec<RefusedCombination> = Vec::new();
        for draw in all {
            let Some(reason) = self.refusals.get(&draw) else {
                continue;
            };
            let combination = self.named(draw, reason.clone());
            if !refused.contains(&combination) {
                refused.push(combination);
            }
        }
        self.refused = refused;
        Ok(())
    }

    fn combinations(&self) -> Vec<Draw> {
        let items = |count: usize| -> Vec<Option<usize>> {
            if count == 0 {
                vec![None]
            } else {
                (0..count).map(Some).collect()
            }
        };
        let mut all = Vec::new();
        for impute in items(self.vary.impute.len()) {
            for treat in items(self.vary.treat.len()) {
                for normalise in items(self.vary.normalise.len()) {
                    for aggregate in items(self.vary.aggregate.len()) {
                        all.push(Draw {
                            impute,
                            treat,
                            normalise,
                            aggregate,
                            ..Draw::default()
                        });
                    }
                }
            }
        }
        all
    }

    /// A refused combination in words. How it imputes and treats is said only where another way would do.
    fn named(&self, draw: Draw, reason: String) -> RefusedCombination {
        let same = |other: &&Draw| other.normalise == draw.normalise && other.aggregate == draw.aggregate;
        let all = self.combinations();
        let always = all.iter().filter(same).all(|other| self.refusals.contains_key(other));
        let options = self.options_of(draw);
        RefusedCombination {
            impute: (!always).then(|| options.impute.method.name().to_owned()),
            treat: (!always).then(|| options.treat.method.name().to_owned()),
            normalise: options.normalise.method.name().to_owned(),
            aggregate: way(self.aggregate_of(draw)),
            reason,
        }
    }
}

/// The part of a run that decides whether it is possible.
fn combination(draw: Draw) -> Draw {
    Draw {
        weights: None,
        dropped: None,
        respondents: None,
        ..draw
    }
}

fn way(options: &Aggregate) -> String {
    if options.by_level.is_empty() {
        return options.method.name().to_owned();
    }
    let names: Vec<&str> = options.by_level.iter().map(|method| method.name()).collect();
    names.join(", then ")
}

/// Whether the scores that two ways to score give are numbers on one scale.
pub(in crate::scoring) fn on_one_scale(one: &Options, other: &Options) -> bool {
    same_scale(&one.normalise, &other.normalise) && same_kind(&one.aggregate, &other.aggregate)
}

/// Whether the scores of two ways to aggregate are numbers of one kind: means keep the scale of what they are of, the
/// others have one of their own.
fn same_kind(one: &Aggregate, other: &Aggregate) -> bool {
    let kind = |options: &Aggregate, level: usize| {
        let method = options.by_level.get(level).copied().unwrap_or(options.method);
        let own = matches!(
            method,
            AggregateMethod::Copeland | AggregateMethod::Mpi | AggregateMethod::Ampi
        );
        own.then_some(method)
    };
    let levels = one.by_level.len().max(other.by_level.len()).max(1);
    (0..levels).all(|level| kind(one, level) == kind(other, level))
}

/// Whether scores of two ways to normalise can be compared as numbers: the same method between the same ends.
#[allow(clippy::float_cmp, reason = "the ends are as they were written")]
fn same_scale(one: &Normalise, other: &Normalise) -> bool {
    one.method == other.method
        && match one.method {
            NormaliseMethod::MinMax | NormaliseMethod::Goalposts | NormaliseMethod::PercentileRank => {
                one.low == other.low && one.high == other.high
            }
            NormaliseMethod::ZScore => one.mean == other.mean && one.sd == other.sd,
            NormaliseMethod::DistanceToReference => one.reference == other.reference,
            _ => true,
        }
}
