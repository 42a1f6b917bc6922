//! What a reader of a result must know about how a number came about.

use serde::{Deserialize, Serialize};

/// The kinds of notes; stable names, so that a workbook can say them in its own language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoteCode {
    /// Columns of the table that nothing names.
    CarriedColumns,
    /// A denominator that is missing or zero.
    NoDenominator,
    /// A value that could not be imputed.
    NotImputed,
    /// A unit that was left out for having too little data.
    ScreenedOut,
    /// A limit that was lowered because the table is small.
    LimitLowered,
    /// Winsorising that would have made all units equal.
    WinsorisingStopped,
    /// An indicator in which all units are equal: it says nothing about them.
    Constant,
    /// An indicator without any value.
    AllMissing,
    /// Values beyond a goalpost, target or reference that were held at it.
    Capped,
    /// Goalposts that hold back more than a fifth of the units.
    ManyCapped,
    /// A target or reference that is no better than the worst unit.
    NothingToReach,
    /// A zero under a geometric or harmonic mean, which makes the parent's score 0.
    ZeroScore,
    /// A parent whose children all have weight 0.
    NoWeight,
    /// A child to which a method gives weight 0.
    ZeroWeight,
    /// Children that a method of weighting says nothing about: they keep the weights that were given.
    GivenWeights,
    /// Weights under which the importance of the children is as wanted.
    OptimisedWeights,
    /// Weights that bring the importance of the children as near to what is wanted as they can.
    NotOptimised,
    /// An expert whose comparisons contradict one another.
    InconsistentExpert,
    /// Something that is not made of so many units.
    TooManyUnits,
    /// A cell that rests on few respondents.
    FewRespondents,
    /// A cell that is missing because too few respondents are in its base.
    TooFewRespondents,
    /// An actor type that exists in a city, but did not answer enough to be counted.
    PartlyAnswered,
    /// An actor type that a city does not have.
    ActorAbsent,
    /// Responses that belong to no unit.
    WithoutUnit,
    /// Responses whose answers or weight cannot be read.
    Unreadable,
    /// Sampling weights were not given: every respondent counts the same.
    UnitWeights,
    /// Units or strata with respondents that the register does not have, or has fewer of.
    RegisterLacks,
    /// Cells of the weighting that were put together because few answered.
    JoinedCells,
    /// Totals of the register that the weights do not reach.
    NotCalibrated,
    /// Weights that were held at a limit.
    TrimmedWeights,
    /// Figures whose sampling error is over 30 % of themselves.
    Imprecise,
    /// An indicator in which cities differ less than sampling alone makes them: it ranks noise.
    RanksNoise,
    /// A scale whose items agree little among some respondents: alpha under 0.6.
    WeakScale,
    /// An item of a scale that falls where the others rise: it is probably worded the other way round.
    ReversedItem,
    /// A stratum with one respondent, which tells nothing of its spread.
    SingleStratum,
    /// Strata whose number of organisations is not known, or said to be less than answered.
    UnknownPopulation,
    /// Something that was asked to be varied and is not.
    NotVaried,
    /// Runs of an analysis without a score.
    RunsWithoutScore,
    /// A number that was rounded up.
    RoundedUp,
    /// Organisations that count as often as they answered.
    AnsweredTwice,
    /// Two rounds of which one alone is weighted to a register.
    WeightedInOneRound,
    /// An earlier result that another version of the program made.
    OtherVersion,
    /// Units that only one of two results has.
    UnitsDiffer,
    /// Two results of frameworks that are not the same.
    FrameworkDiffers,
    /// Scores that differ since two rounds are measured in one frame.
    CommonFrame,
    /// A change whose parts are not worked out.
    NotDecomposed,
    /// Changes without intervals.
    NoChangeIntervals,
    /// Intervals of changes as of samples that have nobody in common.
    IndependentSamples,
    /// Figures of an earlier result that its responses do not make any more.
    EstimatedAgain,
    /// No change among the organisations in both rounds.
    NoPanel,
    /// A figure that a scenario was to raise to a level that it has already.
    AlreadyThere,
    /// A figure that a scenario was to raise, and that is missing.
    NothingToRaise,
    /// A figure of a scenario that lies beyond the ends of a scale that is kept.
    BeyondScale,
    /// An indicator that an inverse was to improve, and that cannot be improved.
    NotImproved,
    /// Marginal returns that cannot be had.
    NoMarginalReturns,
    /// Strengths and weaknesses that are not told from chance.
    NotTold,
    /// Responses that count in a place which lies in the one that they name.
    LowestPlace,
    /// Official figures of a place with its parts, which are not known.
    OfficialUnknown,
    /// What has no score beside the units.
    NotBeside,
    /// Units whose index rests on a single respondent.
    Influential,
    /// Influence of single respondents that is not worked out.
    NoInfluence,
    /// Figures that are not standardised.
    NotStandardised,
    /// Sectors and size classes of a unit that are taken together for a standardised figure.
    StructureCollapsed,
}

/// One note.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Note {
    /// What kind of note it is.
    pub code: NoteCode,
    /// The element it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub element: Option<String>,
    /// The units it is about.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub units: Vec<String>,
    /// The note as a sentence.
    pub message: String,
}

impl Note {
    pub(super) fn new(code: NoteCode, message: impl Into<String>) -> Self {
        Self {
            code,
            element: None,
            units: Vec::new(),
            message: message.into(),
        }
    }

    pub(super) fn of(mut self, element: &str) -> Self {
        self.element = Some(element.to_owned());
        self
    }

    pub(super) fn at(mut self, units: Vec<String>) -> Self {
        self.units = units;
        self
    }
}

/// Notes while they are gathered.
#[derive(Debug, Default)]
pub(super) struct Notes(Vec<Note>);

impl Notes {
    pub(super) fn push(&mut self, note: Note) {
        self.0.push(note);
    }

    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The notes in the order in which they came about.
    pub(super) fn into_list(self) -> Vec<Note> {
        self.0
    }
}
