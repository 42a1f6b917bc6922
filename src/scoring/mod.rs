//! The framework, indicators, and the assessment: pure functions on numbers.
//!
//! In flow a framework, a table of units by indicators (read from a file, or computed from answers), and options;
//! out flows an [`Assessment`] with scores, ranks, everything in between and the recipe to do it again. There is a
//! file per step of the method, in the order of [`Options`]: denominate, impute, screen, treat, normalise, weight,
//! aggregate, rank. Nothing here reads a clock, a file or a database, and the same input gives the same bytes.

mod aggregate;
mod analyse;
mod assessment;
mod association;
mod beside;
mod box_cox;
mod cell;
mod comparison;
mod complete;
mod components;
mod copeland;
mod correlations;
mod coverage;
mod denominate;
mod disclosure;
mod em;
mod error;
mod estimate;
mod framework;
mod importance;
mod impute;
mod influence;
mod mazziotta_pareto;
mod normalise;
mod note;
mod numbers;
mod options;
mod profile;
mod publication;
mod rank;
#[cfg(test)]
mod recorded;
mod register_totals;
mod reliability;
mod result_csv;
mod result_json;
mod roll_up;
mod run;
mod sample;
mod scales;
mod scenario;
mod screen;
mod sensitivity;
mod series;
mod standardised;
mod statistics;
mod table;
mod treat;
mod uncertainty;
mod weighting;
mod weights;

pub use analyse::{Respondents, Subject, analyse};
pub use assessment::{Assessment, Recipe, ResponseRecord, ScoredElement, Stages};
pub use cell::{Cell, CellPart, CellStatus};
pub use comparison::{
    Against, Agreement, ChangeIntervals, ComparedWith, Comparison, ComparisonError, ComparisonKind, Contributions,
    Difference, ElementChange, Interval, IntervalsMade, OldRespondents, OldResult, Panel, PanelChange, SamplingDraws,
    compare, comparison_kind,
};
pub use correlations::{CorrelationTable, Correlations, GroupStructure, PairFlag, PairKind};
pub use disclosure::{Hidden, hidden_figures};
pub use error::{ScoringError, TableProblem};
pub use estimate::{
    Auxiliary, Estimates, Estimator, Intake, Overlap, Populations, Profiler, Resample, Respondent, Signal, Tally,
};
pub use framework::{
    Absent, Actor, Basis, Direction, Element, Formulas, Framework, Indicator, Measure, MeasureKind, NotAsked, Origin,
    Part, Target, Transform, Written,
};
pub use influence::{Influence, LargestRespondent, LeftOut, influence};
pub use note::{Note, NoteCode};
pub use numbers::median;
pub use options::{
    Aggregate, AggregateMethod, Combine, Experts, Frame, Impute, ImputeMethod, Levels, Normalise, NormaliseMethod,
    Options, Redrawing, RespondentUnit, Responses, Screen, ScreenMethod, SensitivityOptions, Treat, TreatMethod,
    UncertaintyOptions, Vary, WeightMethod, Weights, WeightsVary,
};
pub use profile::{
    AgainstPeers, Group, GroupedBy, Grouping, PeerStanding, Peers, Profile, Profiles, Standing, ToldBy, profile,
};
pub use publication::{for_publication, is_small_count, public_note};
pub use register_totals::RegisterTotals;
pub use result_csv::result_csv;
pub use result_json::{read_result, result_json};
pub use roll_up::{HiddenRollUps, RollUps, Together, hidden_roll_ups, roll_up};
pub use run::{assess, assess_estimates};
pub use sample::{Allocation, DrawnStratum, SampleDesign, SampleError, draw_sample};
pub use scales::{
    NotWorkedOut, OmegaRemark, ScaleGroup, ScaleItem, ScaleOutcome, ScaleReliability, Scales, public_scales, scales,
};
pub use scenario::{
    Amended, Amendment, AnswerEdit, Change, ChangedAnswer, ComparedRanks, ComparedScores, DifferenceIntervals, Edit,
    ElementOutcome, Improvement, ImprovementTarget, Inverse, InverseTarget, Level, MarginalReturn, MarginalReturns,
    Move, Named, Outcome, Region, Scenario, ScenarioAim, ScenarioFrame, Scenarios, Scope, Step, StepBasis, explore,
};
pub use sensitivity::{Indices, Removal, Sensitivity, Sums, Swing};
pub use series::Series;
pub use standardised::{Standardised, Structure, StructureFrom, standardise};
pub use statistics::IndicatorStatistics;
pub use table::Table;
pub use treat::Treatment;
pub use uncertainty::{
    Design, ElementUncertainty, Intervals, Observer, RefusedCombination, Replay, Replayed, Spread, Uncertainty,
    WeightSets,
};
pub use weighting::{Margin, Weighting, WeightingCell};
pub use weights::{Expert, ExpertSpread, ExpertWeights};
