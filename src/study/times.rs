//! How long interviews and their questions took.

use super::{Catalogue, StudyError, Watched};
use crate::definition::Element;
use crate::response::{InterviewLog, Problem, QuestionTime, TimesOfMany, element_at};
use crate::scoring::median;
use crate::store::{Head, Store};

/// What tells how long an interview took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// Its log: the pauses are left out.
    Log,
    /// Its start and end.
    Clock,
}

/// How long an interview took.
#[derive(Debug, Clone, PartialEq)]
pub struct InterviewTimes {
    /// In seconds, where it is known.
    pub seconds: Option<i64>,
    /// By what.
    pub source: Option<TimeSource>,
    /// The questions that were timed, in the order in which they were asked.
    pub questions: Vec<QuestionTime>,
    /// What is wrong with the log.
    pub findings: Vec<Problem>,
}

/// How long a question took over many interviews.
#[derive(Debug, Clone, PartialEq)]
pub struct MedianTime {
    /// The path of the question, or of a group whose questions share a screen.
    pub path: String,
    /// In how many interviews it was timed.
    pub interviews: usize,
    /// The median of its time in an interview, in seconds.
    pub median_seconds: f64,
}

/// How long the interview of a response took, and each of its questions.
///
/// # Errors
///
/// What the database says.
pub fn interview_times(store: &Store, catalogue: &Catalogue, head: &Head) -> Result<InterviewTimes, StudyError> {
    let form = &catalogue.survey(&head.survey)?.version(&head.definition_version)?.form;
    let mut times = InterviewTimes {
        seconds: head.facts.quality.seconds,
        source: head.facts.quality.seconds.map(|_| TimeSource::Clock),
        questions: Vec::new(),
        findings: Vec::new(),
    };
    let Some(of) = store.interview_log(head)? else {
        return Ok(times);
    };
    if let Some(seconds) = of.log.seconds() {
        times.seconds = Some(seconds);
        times.source = Some(TimeSource::Log);
    }
    times.questions = of.log.questions(form);
    let holder = element_at(form.definition(), &of.question);
    let label = holder.map(|holder: &Element| holder.label.clone()).unwrap_or_default();
    times.findings = of.log.findings(form, &of.question, &label);
    Ok(times)
}

/// The median times of the questions of a survey over the interviews of a round whose logs came, in the order of the
/// newest version.
///
/// # Errors
///
/// What the database says.
pub fn median_times(
    store: &Store,
    catalogue: &Catalogue,
    watched: &Watched,
    survey: &str,
) -> Result<Vec<MedianTime>, StudyError> {
    let form = &catalogue.newest(survey)?.form;
    let logs = store.interview_logs(&watched.round, survey, watched.cities.as_deref())?;
    let mut times = TimesOfMany::default();
    for log in &logs {
        times.add(&InterviewLog::questions(log, form));
    }
    let of = |(element, milliseconds): (&Element, &[f64])| {
        Some(MedianTime {
            path: form.path(element.id).to_owned(),
            interviews: milliseconds.len(),
            median_seconds: median(milliseconds)? / 1_000.0,
        })
    };
    Ok(times.in_order(form.definition()).filter_map(of).collect())
}
