//! The analyses beside an assessment: how uncertain it is, and what it is sensitive to.

use super::assessment::Assessment;
use super::error::ScoringError;
use super::estimate::{Replicates, Resample, add_precision};
use super::framework::Framework;
use super::note::{Note, NoteCode};
use super::options::{Options, UncertaintyOptions, Vary, WeightMethod};
use super::table::Table;
use super::uncertainty::{Experiment, MOST_SCORES, Observer, Replay};
use super::{sensitivity, uncertainty};

/// Fewer runs than this are no analysis.
const FEWEST_RUNS: usize = 100;

/// The seed of replicates where the options have none.
const SEED: u64 = 1;

/// Why benefit of the doubt is not varied.
pub(super) const EACH_UNIT_ITS_OWN: &str = "benefit of the doubt weighs each unit by a linear programme of its own, \
                                            which is not done again in every run: use other weights";

/// What was assessed, and how.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The framework.
    pub framework: &'a Framework,
    /// The table.
    pub table: &'a Table,
    /// The options, those of the analyses included.
    pub options: &'a Options,
    /// Who answered.
    pub respondents: Respondents<'a>,
}

/// Who can be drawn again.
#[derive(Debug, Clone, Copy)]
pub enum Respondents<'a> {
    /// There are none: a table was given.
    None,
    /// They cannot be drawn again, for this reason.
    Fixed(&'static str),
    /// These.
    Drawn(&'a Resample),
}

/// Does the analyses that the options ask for, and adds them to the assessment; where respondents can be drawn again,
/// the precision of every figure in any case.
///
/// `observer` is told from any thread how many of how many runs are done, and ends them by answering `false`.
///
/// ```
/// use innogauge::scoring::{Framework, Options, Replay, Respondents, Subject, Table, analyse, assess};
/// let framework = Framework::for_table("f.yaml", "index: {id: Index, indicators: [{id: a}, {id: b}]}").unwrap().value;
/// let table = Table::read_csv("t.csv", "unit,a,b\nX,0,10\nY,5,30\nZ,10,20\n".as_bytes(), None, None).unwrap();
/// let text = "uncertainty: {runs: 200, vary: {weights: {relative: 0.25}}}";
/// let options = Options::read("options.yaml", text, Options::score()).unwrap();
/// let mut assessment = assess(&framework, &table, &options).unwrap();
///
/// let subject = Subject { framework: &framework, table: &table, options: &options, respondents: Respondents::None };
/// analyse(&mut assessment, &subject, &Replay::default(), &|_, _| true).unwrap();
/// let index = &assessment.uncertainty.unwrap().elements["Index"];
/// let (low, high) = index.score.interval().unwrap();
/// assert!(low.get(1) < Some(75.0) && high.get(1) > Some(75.0));
/// ```
///
/// # Errors
/// Where what is to be varied or replayed does not fit what is assessed, or the observer ends it.
pub fn analyse(
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    replay: &Replay,
    observer: &Observer<'_>,
) -> Result<(), ScoringError> {
    let Options {
        influence, standardise, ..
    } = *subject.options;
    for (option, asked) in [("influence", influence), ("standardise", standardise)] {
        if asked && matches!(subject.respondents, Respondents::None) {
            return Err(ScoringError::NeedsRespondents { option });
        }
    }
    if let Respondents::Drawn(resample) = subject.respondents {
        let seed = subject.options.uncertainty.as_ref().map_or(SEED, |asked| asked.seed);
        add_precision(assessment, subject.framework, resample, seed);
    }
    let by_unit = subject.options.weights.method == WeightMethod::BenefitOfTheDoubt;
    let Some(asked) = &subject.options.uncertainty else {
        if by_unit && !matches!(subject.respondents, Respondents::None) {
            let message = format!("no uncertainty: {EACH_UNIT_ITS_OWN}");
            assessment.notes.push(Note::new(NoteCode::NotVaried, message));
        }
        return Ok(());
    };
    if by_unit {
        return Err(ScoringError::NothingPossible {
            reason: EACH_UNIT_ITS_OWN.to_owned(),
        });
    }
    for (option, asked, given) in [
        ("design", asked.design.is_some(), replay.design.is_some()),
        ("weight_sets", asked.weight_sets.is_some(), replay.weight_sets.is_some()),
    ] {
        if asked && !given {
            return Err(ScoringError::NoFile { option });
        }
    }
    let mut asked = asked.clone();
    let resample = resample(&mut asked, subject.respondents, assessment)?;
    if asked.vary == Vary::default() && replay.weight_sets.is_none() {
        return Ok(());
    }
    let experiment = Experiment::new(
        subject.framework,
        subject.table,
        subject.options,
        &asked,
        assessment.elements.iter().map(|element| element.weight).collect(),
        resample.map(|resample| resample as &dyn Replicates),
        replay,
    )?;
    let runs = match &replay.design {
        Some(_) => Some(asked.runs),
        None => fitting(asked.runs, experiment.width(), assessment),
    };
    if let Some(runs) = runs {
        uncertainty::analyse(assessment, &experiment, &asked, runs, resample, replay, observer)?;
    }
    match subject.options.sensitivity {
        Some(options) => sensitivity::analyse(assessment, &experiment, &asked, options, observer),
        None => Ok(()),
    }
}

/// The respondents to be drawn again, where that was asked for.
fn resample<'a>(
    asked: &mut UncertaintyOptions,
    respondents: Respondents<'a>,
    assessment: &mut Assessment,
) -> Result<Option<&'a Resample>, ScoringError> {
    match (asked.vary.respondents, respondents) {
        (None, _) => Ok(None),
        (Some(_), Respondents::Drawn(resample)) => Ok(Some(resample)),
        (Some(_), Respondents::None) => Err(ScoringError::NoRespondents),
        (Some(_), Respondents::Fixed(reason)) => {
            asked.vary.respondents = None;
            let message = format!("respondents are not drawn again: {reason}");
            assessment.notes.push(Note::new(NoteCode::NotVaried, message));
            Ok(None)
        }
    }
}

/// As many of the runs as can be kept; none where those are too few.
fn fitting(runs: usize, each: usize, assessment: &mut Assessment) -> Option<usize> {
    let kept = as_many(runs, each);
    let message = match kept {
        Some(kept) if kept == runs => return Some(runs),
        Some(kept) => format!("{kept} runs instead of {runs}: the scores of more cannot be kept"),
        None => "no uncertainty: the scores of so many units and elements cannot be kept for enough runs".to_owned(),
    };
    assessment.notes.push(Note::new(NoteCode::NotVaried, message));
    kept
}

/// So many of the runs, of which each makes so many scores, as can be kept; none where those are too few.
pub(super) fn as_many(runs: usize, each: usize) -> Option<usize> {
    let most = MOST_SCORES / each.max(1);
    (runs <= most || most >= FEWEST_RUNS).then_some(runs.min(most))
}
