//! What changed since an earlier result: of two rounds, or of two methods on the same data.
//!
//! In flow an assessment and the result file of an earlier one. Two rounds are scored again together, in one frame and by
//! one framework, so that their scores can be subtracted; two methods are compared as they are, by their ranks. Out flows
//! the section `comparison` of the result: changes with their intervals, what each element adds to the change of the
//! index, and how far the respondents are the same. Nothing here reads a file or a database.

mod contributions;
mod error;
mod intervals;
mod methods;
mod old_result;
mod panel;
mod pooled;
mod rounds;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

pub use contributions::Contributions;
pub use error::ComparisonError;
pub use intervals::{ChangeIntervals, Interval, SamplingDraws};
pub use old_result::OldResult;
pub use panel::{Panel, PanelChange};

use super::analyse::Subject;
use super::assessment::{Assessment, ResponseRecord};
use super::association::{Ranked, kendall, spearman};
use super::error::ScoringError;
use super::estimate::{Overlap, Resample};
use super::note::{Note, NoteCode};
use super::series::Series;
use super::table::Table;
use super::uncertainty::{Observer, Replay};
use super::weighting::Weighting;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonKind {
    /// Two rounds, scored in one frame.
    Rounds,
    /// Two ways to score the same data, each as it is.
    Methods,
}

/// What changed since an earlier result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Two rounds, or two methods.
    pub kind: ComparisonKind,
    /// What this assessment is compared with.
    pub old: ComparedWith,
    /// The units that both have, in the order of this assessment.
    pub units: Vec<String>,
    /// Where methods are compared on a long table: the time of each of those.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub times: Option<Vec<String>>,
    /// Units of the earlier result alone.
    pub only_old: Vec<String>,
    /// Units of this assessment alone.
    pub only_new: Vec<String>,
    /// The options that differ. Rounds are both scored with the new ones.
    pub differences: Vec<Difference>,
    /// The index, the dimensions and the indicators that both have.
    pub elements: IndexMap<String, ElementChange>,
    /// What each element adds to the change of the index, between rounds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub contributions: Option<Contributions>,
    /// How the intervals of the changes were made, where there are any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intervals: Option<IntervalsMade>,
    /// For each unit how many organisations answered in both rounds, where the answers are at hand.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub overlap: Option<Vec<Overlap>>,
    /// The change among the organisations that answered in both rounds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub panel: Option<Panel>,
}

/// What an assessment is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComparedWith {
    /// The hash of its framework.
    pub framework_hash: String,
    /// Its framework's version.
    pub framework_version: String,
    /// The hash of its figures.
    pub data_hash: String,
    /// Its rounds, where they are known.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub rounds: Vec<String>,
    /// The responses that it rests on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub responses: Option<ResponseRecord>,
    /// The version of the program that made it.
    pub program_version: String,
}

/// An option that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Its name, as `normalise.method`.
    pub option: String,
    /// What it was; null where it was not given.
    pub old: serde_json::Value,
    /// What it is.
    pub new: serde_json::Value,
}

/// How one element changed, for each unit that both results have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ElementChange {
    /// The score then; between rounds in the common frame.
    pub old: Series,
    /// The score now; between rounds in the common frame.
    pub new: Series,
    /// New less old; absent where the two are not on one scale.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub change: Option<Series>,
    /// The rank then, among the units that both have.
    pub old_rank: Vec<Option<u32>>,
    /// The rank now, among the units that both have.
    pub new_rank: Vec<Option<u32>>,
    /// Places gained: above 0 where the unit went up.
    pub rank_change: Vec<Option<i64>>,
    /// How far the two rankings agree.
    pub agreement: Agreement,
    /// Intervals under everything that was varied, in both rounds alike.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub both: Option<ChangeIntervals>,
    /// From who was asked alone: a confidence interval of the change.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sampling: Option<ChangeIntervals>,
    /// From the method alone: a range of robustness, of which no coverage is claimed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub method: Option<ChangeIntervals>,
}

/// How far two rankings agree, over the units that have both ranks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// How many units.
    pub units: usize,
    /// Spearman's rho; none for fewer than three units.
    pub spearman: Option<f64>,
    /// Kendall's tau-b; none for fewer than three units.
    pub kendall: Option<f64>,
    /// The mean absolute change of rank.
    pub mean_abs_rank_change: Option<f64>,
    /// The largest absolute change of rank.
    pub max_abs_rank_change: Option<u64>,
}

/// How the intervals of the changes were made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IntervalsMade {
    /// The share of the runs that each interval covers.
    pub confidence: f64,
    /// How many runs; 0 where the intervals come from those of the two results.
    pub runs: usize,
    /// The seed of what is random.
    pub seed: u64,
    /// How the respondents of the two rounds were drawn; absent where they were not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sampling: Option<SamplingDraws>,
}

/// What an assessment is compared with, and what is known of it beyond its result.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The earlier result.
    pub old: &'a OldResult,
    /// Who answered then.
    pub respondents: OldRespondents<'a>,
    /// The ids of the earlier result's units by what they are called now; others are called the same.
    pub renamed: Option<&'a IndexMap<String, String>>,
}

/// Who answered in the earlier round.
#[derive(Debug, Clone, Copy)]
pub enum OldRespondents<'a> {
    /// Nobody: a table was scored, or units that are respondents themselves.
    None,
    /// They are not at hand any more, for this reason.
    Gone(&'a str),
    /// These.
    Here {
        /// The figures that their answers make, for the earlier result's units in their order.
        table: &'a Table,
        /// They themselves, ready to be drawn again.
        resample: &'a Resample,
        /// How they stand for the organisations of their register.
        weightings: &'a [Weighting],
        /// What a reader must know of their figures.
        notes: &'a [Note],
    },
}

/// Compares an assessment with an earlier result, and adds `comparison` to it.
///
/// Results of the same figures or the same responses are two methods; all others are two rounds.
///
/// ```
/// use innogauge::scoring::{
///     Against, Framework, OldRespondents, OldResult, Options, Replay, Respondents, Subject, Table, assess, compare,
///     result_json,
/// };
/// let framework = Framework::for_table("f.yaml", "index: {id: Index, indicators: [{id: a}]}").unwrap().value;
/// let options = Options::score();
/// let table = |rows: &str| Table::read_csv("t.csv", rows.as_bytes(), None, None).unwrap();
/// let (before, now) = (table("unit,a\nX,0\nY,6\n"), table("unit,a\nX,8\nY,5\n"));
/// let old = assess(&framework, &before, &options).unwrap();
/// let old = OldResult::read("old.json", &result_json(&old).unwrap()).unwrap();
///
/// let mut assessment = assess(&framework, &now, &options).unwrap();
/// let subject =
///     Subject { framework: &framework, table: &now, options: &options, respondents: Respondents::None };
/// let against = Against { old: &old, respondents: OldRespondents::None, renamed: None };
/// compare(&mut assessment, &subject, &against, &Replay::default(), &|_, _| true).unwrap();
/// // In a frame from 0 to 8, and not from 5 to 8.
/// let index = &assessment.comparison.unwrap().elements["Index"];
/// assert_eq!((index.old.get(0), index.new.get(0)), (Some(0.0), Some(100.0)));
/// assert_eq!((index.old.get(1), index.new.get(1)), (Some(75.0), Some(62.5)));
/// assert_eq!(index.rank_change, [Some(1), Some(-1)]);
/// ```
///
/// # Errors
/// Where the two have nothing in common, cannot be scored in one frame, or the observer ends it.
pub fn compare(
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    against: &Against<'_>,
    replay: &Replay,
    observer: &Observer<'_>,
) -> Result<(), ScoringError> {
    let comparison = match comparison_kind(assessment, against.old) {
        ComparisonKind::Methods => methods::compared(assessment, subject, against)?,
        ComparisonKind::Rounds => rounds::compared(assessment, subject, against, replay, observer)?,
    };
    let version = &comparison.old.program_version;
    if *version != assessment.recipe.program_version {
        let message = format!("the result that is compared with was made by innogauge {version}");
        assessment.notes.push(Note::new(NoteCode::OtherVersion, message));
    }
    let apart = [
        ("only in the earlier result", &comparison.only_old),
        ("only in this one", &comparison.only_new),
    ];
    for (place, units) in apart.into_iter().filter(|(_, units)| !units.is_empty()) {
        let message = format!("not compared, since they are {place}; changes of rank are among the others");
        assessment
            .notes
            .push(Note::new(NoteCode::UnitsDiffer, message).at(units.clone()));
    }
    assessment.comparison = Some(comparison);
    Ok(())
}

/// What a comparison of these two is: of two methods, where both are of the same rounds and of the same figures or
/// responses.
pub fn comparison_kind(assessment: &Assessment, old: &OldResult) -> ComparisonKind {
    let (new, old) = (&assessment.recipe, &old.assessment.recipe);
    let known = !new.rounds.is_empty() && !old.rounds.is_empty();
    let same_responses = new.responses.is_some() && new.responses == old.responses;
    let same_data = new.data_hash == old.data_hash || same_responses;
    if same_data && (!known || new.rounds == old.rounds) {
        ComparisonKind::Methods
    } else {
        ComparisonKind::Rounds
    }
}

/// The indicators whose figures in these pairs of rows are not the same in both, to the last few digits.
fn figures_that_differ(before: &Assessment, after: &Assessment, rows: &[(usize, usize)]) -> Vec<String> {
    let differs = |(id, now): (&String, &Series)| {
        let then = before.stages.raw.get(id)?;
        let same = |&(old, new): &(usize, usize)| match (then.get(old), now.get(new)) {
            (Some(then), Some(now)) => (now - then).abs() <= 1e-9 * now.abs().max(then.abs()),
            (then, now) => then.is_none() && now.is_none(),
        };
        (!rows.iter().all(same)).then(|| id.clone())
    };
    after.stages.raw.iter().filter_map(differs).collect()
}

/// What both kinds say of the earlier result.
fn compared_with(old: &OldResult) -> ComparedWith {
    let recipe = &old.assessment.recipe;
    ComparedWith {
        framework_hash: recipe.framework_hash.clone(),
        framework_version: recipe.framework_version.clone(),
        data_hash: recipe.data_hash.clone(),
        rounds: recipe.rounds.clone(),
        responses: recipe.responses.clone(),
        program_version: recipe.program_version.clone(),
    }
}

/// The options that differ, but for those of the analyses.
fn differences(assessment: &Assessment, old: &OldResult) -> Vec<Difference> {
    let mut found = Vec::new();
    // Written anew, so that an option that an earlier version did not know has its default.
    let before = serde_json::to_value(old.options()).unwrap_or_default();
    differ("", &before, &assessment.recipe.options, &mut found);
    found.retain(|difference| {
        let step = difference.option.split('.').next();
        !matches!(step, Some("uncertainty" | "sensitivity"))
    });
    found
}

fn differ(path: &str, old: &serde_json::Value, new: &serde_json::Value, found: &mut Vec<Difference>) {
    use serde_json::Value;
    let nothing = Value::Null;
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            let gone = before.keys().filter(|key| !after.contains_key(*key));
            for key in after.keys().chain(gone) {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                let of = |map: &serde_json::Map<String, Value>| map.get(key).cloned().unwrap_or_default();
                differ(&below, &of(before), &of(after), found);
            }
        }
        _ if old == new => {}
        _ if path.is_empty() && (*old == nothing || *new == nothing) => {}
        _ => found.push(Difference {
            option: path.to_owned(),
            old: old.clone(),
            new: new.clone(),
        }),
    }
}

/// Says what the two frameworks do not have alike.
fn note_framework(assessment: &mut Assessment, old: &OldResult) {
    let (new, before) = (&*assessment, &old.assessment);
    if new.recipe.framework_hash == before.recipe.framework_hash {
        return;
    }
    let find = |assessment: &Assessment, id: &str| assessment.elements.iter().position(|element| element.id == id);
    let ids = |of: &Assessment, lacking: &Assessment| -> Vec<String> {
        let lacks = of
            .elements
            .iter()
            .filter(|element| find(lacking, &element.id).is_none());
        lacks.map(|element| element.id.clone()).collect()
    };
    let (added, gone) = (ids(new, before), ids(before, new));
    let (mut moved, mut weighed) = (Vec::new(), Vec::new());
    for element in &new.elements {
        let Some(other) = find(before, &element.id).and_then(|at| before.elements.get(at)) else {
            continue;
        };
        if other.parent != element.parent {
            moved.push(element.id.clone());
        } else if (other.weight - element.weight).abs() > 1e-12 * element.weight.abs() {
            weighed.push(element.id.clone());
        }
    }
    let parts = [
        ("new", added),
        ("gone", gone),
        ("moved", moved),
        ("weighed otherwise", weighed),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(_, ids)| !ids.is_empty())
        .map(|(what, ids)| format!("{what}: {}", ids.join(", ")))
        .collect();
    let what = if parts.is_empty() {
        "elements and weights are the same; labels, formulas or goalposts may differ".to_owned()
    } else {
        parts.join("; ")
    };
    let version = |version: &str| {
        if version.is_empty() {
            "–".to_owned()
        } else {
            version.to_owned()
        }
    };
    let message = format!(
        "the framework differs from that of the earlier result (version {} then, {} now): {what}",
        version(&before.recipe.framework_version),
        version(&new.recipe.framework_version)
    );
    assessment.notes.push(Note::new(NoteCode::FrameworkDiffers, message));
}

/// An element's change from scores and ranks of both.
fn element_change(
    old: Series,
    new: Series,
    one_scale: bool,
    old_rank: Vec<Option<u32>>,
    new_rank: Vec<Option<u32>>,
) -> ElementChange {
    let less = |(new, old): (Option<f64>, Option<f64>)| Some(new? - old?);
    let gained = |(old, new): (&Option<u32>, &Option<u32>)| Some(i64::from((*old)?) - i64::from((*new)?));
    ElementChange {
        change: one_scale.then(|| new.iter().zip(old.iter()).map(less).collect()),
        rank_change: old_rank.iter().zip(&new_rank).map(gained).collect(),
        agreement: agreement(&old_rank, &new_rank),
        old,
        new,
        old_rank,
        new_rank,
        both: None,
        sampling: None,
        method: None,
    }
}

fn agreement(old: &[Option<u32>], new: &[Option<u32>]) -> Agreement {
    let numbers =
        |ranks: &[Option<u32>]| -> Vec<f64> { ranks.iter().map(|rank| rank.map_or(f64::NAN, f64::from)).collect() };
    let (then, now) = (Ranked::new(&numbers(old)), Ranked::new(&numbers(new)));
    let both = || {
        old.iter()
            .zip(new)
            .filter_map(|(old, new)| Some((*old)?.abs_diff((*new)?)))
    };
    let units = both().count();
    Agreement {
        units,
        spearman: spearman(&then, &now),
        kendall: kendall(&then, &now),
        mean_abs_rank_change: (units > 0).then(|| both().map(f64::from).sum::<f64>() / units as f64),
        max_abs_rank_change: both().max().map(u64::from),
    }
}
