//! Scoring what a store holds, and keeping the record of it.

use std::collections::HashMap;
use std::iter;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use chrono::{DateTime, Utc};
use indexmap::IndexMap;

use super::comparison::{CompareWith, Earlier};
use super::progress::{Progress, Stage, Unwatched, Watch};
use super::roll_up::add_roll_ups;
use super::sample::Sample;
use super::scenarios::AnswerScenarios;
use super::{Catalogue, StudyError, organisations};
use crate::definition::{PlaceKind, StudyPlace};
use crate::response::ReviewState;
use crate::scoring::{
    self, Amended, Assessment, Estimates, Estimator, Framework, Grouping, Intake, Options, Replay, Resample,
    Respondent, RespondentUnit, Respondents, ResponseRecord, Responses, Scenario, ScoringError, Series, Subject, Table,
    Tally, assess_estimates, result_json,
};
use crate::store::{EndsJob, Filter, NewAssessment, Store, StoredFramework, Streamed};

/// Responses that go to a worker at once.
const BATCH: usize = 512;
/// Batches that wait for a worker.
const WAITING: usize = 8;

/// What is to be assessed, and how.
#[derive(Debug, Clone)]
pub struct AssessmentRequest {
    /// What its maker calls it.
    pub name: String,
    /// The round whose responses count; the only open one where none is named.
    pub round: Option<String>,
    /// How to score.
    pub options: Options,
    /// The earlier result that it is compared with.
    pub compare: Option<CompareWith>,
    /// What else is to be worked out: scores and ranks if some things were other than they are. Where it is absent,
    /// nothing; where it lists none, marginal returns alone.
    pub scenarios: Option<Vec<Scenario>>,
    /// Who makes it.
    pub made_by: String,
}

/// An assessment that was made and kept.
#[derive(Debug, Clone)]
pub struct Assessed {
    /// Its key in the store.
    pub id: i64,
    /// The scores.
    pub assessment: Assessment,
}

/// Scores the responses of a round by the current framework, and keeps the record.
///
/// Memory does not grow with the number of responses, and the result does not depend on the number of threads.
///
/// # Errors
///
/// Where there is no framework, no single round, nothing to score, or where scoring or the database refuses.
pub fn assess(store: &Store, request: &AssessmentRequest, now: DateTime<Utc>) -> Result<Assessed, StudyError> {
    assess_watched(store, request, now, &Unwatched)
}

/// The same, watched by somebody who may end it.
///
/// # Errors
///
/// As [`assess`]; [`StudyError::Cancelled`].
pub fn assess_watched(
    store: &Store,
    request: &AssessmentRequest,
    now: DateTime<Utc>,
    watch: &dyn Watch,
) -> Result<Assessed, StudyError> {
    let catalogue = Catalogue::load(store)?;
    let stored = store.current_framework()?.ok_or(StudyError::NoFramework)?;
    let framework = compile(&stored, &catalogue)?;
    let round = match &request.round {
        Some(round) => round.clone(),
        None => catalogue.open_round(None)?.to_owned(),
    };
    let states = states(&request.options)?;
    let old = request.compare.as_ref().map(|with| with.find(store)).transpose()?;

    let options = &request.options;
    let surveys = surveys(&framework, &catalogue, &options.responses)?;
    let filter = |survey: &str| Filter {
        round: Some(round.clone()),
        states: Some(states.clone()),
        ..Filter::of_survey(survey)
    };
    let mut tallies = Vec::new();
    let sample = Sample::of(store, &round, &surveys, options, old.is_some())?;
    let changed = AnswerScenarios::new(request.scenarios.as_deref().unwrap_or_default(), &catalogue, &surveys)?;
    for survey in &surveys {
        tallies.extend(tally_survey(
            store,
            &catalogue,
            &framework,
            &filter(survey),
            (&sample, &changed),
            watch,
        )?);
    }
    let (tally, mut amended) = merged(tallies);
    let tally = tally.filter(|tally| tally.responses() > 0);
    let mut tally = tally.ok_or_else(|| StudyError::NothingToScore {
        round: round.clone(),
        states: options.responses.states.clone(),
    })?;
    for tally in iter::once(&mut tally).chain(&mut amended) {
        tally.calibrate(&framework, sample.populations());
    }
    watch.see(Progress {
        stage: Stage::Scoring,
        done: 0,
        of: None,
    })?;
    let earlier = old.map(|old| Earlier {
        store,
        catalogue: &catalogue,
        framework: &framework,
        options,
        surveys: &surveys,
        round: &round,
        old,
    });
    let course = Course {
        round: &round,
        earlier: earlier.as_ref(),
        scenarios: request.scenarios.as_deref(),
        changed: &changed,
        watch,
    };
    if options.standardise && options.responses.unit == RespondentUnit::Organisation {
        return Err(ScoringError::NeedsPlaces { option: "standardise" }.into());
    }
    let unit = (options.responses.unit, surveys.as_slice());
    let (assessment, responses) = if let (RespondentUnit::Organisation, [survey]) = unit {
        let organisations = organisations::read(store, &catalogue, &framework, &filter(survey), survey, &changed)?;
        let table = organisations.table;
        let responses = ResponseRecord {
            count: tally.responses(),
            hash: tally.responses_hash(),
        };
        let mut assessment = scoring::assess(&framework, &table, options)?;
        assessment.recipe.responses = Some(responses.clone());
        assessment.tell_scales(scoring::scales(&framework, &tally, &tally.units()));
        let subject = Subject {
            framework: &framework,
            table: &table,
            options,
            respondents: Respondents::Fixed("each unit is a respondent"),
        };
        let without_resample = |table| Amended { table, resample: None };
        let amended = organisations.amended.into_iter().map(without_resample).collect();
        analyse(&mut assessment, &subject, course, amended, &organisations.groupings)?;
        (assessment, responses)
    } else {
        cities(store, &framework, (&tally, &amended), options, &sample, course)?
    };

    let unreadable = |error: serde_json::Error| StudyError::DamagedAssessment {
        id: 0,
        error: error.to_string(),
    };
    let described = |id: &i64| serde_json::json!({ "assessment": id });
    let ends = watch.claim().map(|claim| EndsJob {
        claim,
        outcome: &described,
    });
    let id = store.keep_assessment_ending(
        &NewAssessment {
            name: request.name.clone(),
            round,
            framework_hash: stored.hash,
            responses: i64::try_from(responses.count).unwrap_or(i64::MAX),
            responses_hash: responses.hash,
            recipe: serde_json::to_string(&assessment.recipe).map_err(unreadable)?,
            result: String::from_utf8_lossy(&result_json(&assessment).map_err(unreadable)?).into_owned(),
            created_by: request.made_by.clone(),
        },
        now,
        ends.as_ref(),
    )?;
    Ok(Assessed { id, assessment })
}

/// The surveys whose responses count: all that the framework reads, or the one whose organisations are scored.
fn surveys<'f>(
    framework: &'f Framework,
    catalogue: &'f Catalogue,
    options: &'f Responses,
) -> Result<Vec<&'f str>, StudyError> {
    let all = framework.surveys();
    match (options.unit, &options.survey) {
        (RespondentUnit::City, _) => Ok(all),
        (RespondentUnit::Organisation, None) => Ok(all.into_iter().take(1).collect()),
        (RespondentUnit::Organisation, Some(survey)) => Ok(vec![catalogue.survey(survey)?.survey.as_str()]),
    }
}

/// Cities as units: the answers of their organisations aggregated, and official figures beside them.
fn cities(
    store: &Store,
    framework: &Framework,
    (tally, amended): (&Tally, &[Tally]),
    options: &Options,
    sample: &Sample,
    course: Course<'_>,
) -> Result<(Assessment, ResponseRecord), StudyError> {
    let units = units(store, tally)?;
    let statistics = statistics(store, &units)?;
    let estimate = |tally| estimate(framework, tally, &units, &statistics, options, sample);
    let (estimates, resample) = estimate(tally)?;
    let mut assessment = assess_estimates(framework, &estimates, options)?;
    let respondents = resample
        .as_ref()
        .map_or(Respondents::Fixed("there are too many of them"), Respondents::Drawn);
    let subject = Subject {
        framework,
        table: &estimates.table,
        options,
        respondents,
    };
    let amended = amended.iter().map(|tally| {
        let (Estimates { table, .. }, resample) = estimate(tally)?;
        Ok(Amended { table, resample })
    });
    let amended = amended.collect::<Result<_, ScoringError>>()?;
    analyse(&mut assessment, &subject, course, amended, &[])?;
    add_roll_ups(store, &mut assessment, &subject, tally)?;
    if options.standardise {
        scoring::standardise(&mut assessment, &subject, tally, sample.populations());
    }
    if options.influence {
        scoring::influence(&mut assessment, &subject, tally, sample.populations())?;
    }
    assessment.notes.extend(sample.note());
    let responses = ResponseRecord {
        count: estimates.responses,
        hash: estimates.responses_hash,
    };
    Ok((assessment, responses))
}

/// The figures of units, and their respondents ready to be drawn again where these were kept and are not too many.
pub(super) fn estimate(
    framework: &Framework,
    tally: &Tally,
    units: &[String],
    official: &Table,
    options: &Options,
    sample: &Sample,
) -> Result<(Estimates, Option<Resample>), ScoringError> {
    let estimates = Estimates::new(framework, tally, units, Some(official), &options.responses)?;
    let drawn = || Resample::new(framework, tally, &estimates.table, options, sample.populations());
    let resample = sample.is_drawn().then(drawn).flatten();
    Ok((estimates, resample))
}

/// What an assessment goes through beside the scoring.
#[derive(Clone, Copy)]
struct Course<'a> {
    round: &'a str,
    earlier: Option<&'a Earlier<'a>>,
    scenarios: Option<&'a [Scenario]>,
    /// The scenarios that change answers.
    changed: &'a AnswerScenarios<'a>,
    watch: &'a dyn Watch,
}

/// The analyses beside an assessment, its comparison, profiles and scenarios, watched. `amended` is what each scenario that
/// changes answers comes to, in their order; `groupings` are the groups of organisations, where these are the units.
fn analyse(
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    course: Course<'_>,
    amended: Vec<Amended>,
    groupings: &[Grouping],
) -> Result<(), StudyError> {
    assessment.recipe.rounds = vec![course.round.to_owned()];
    let ended = Mutex::new(None);
    let observer = |done: u64, of: u64| {
        let progress = Progress {
            stage: Stage::Scoring,
            done,
            of: Some(of),
        };
        let seen = course.watch.see(progress);
        let goes_on = seen.is_ok();
        if let Err(error) = seen {
            *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
        goes_on
    };
    let replay = Replay::default();
    let all = || -> Result<(), StudyError> {
        scoring::analyse(assessment, subject, &replay, &observer)?;
        if let Some(earlier) = course.earlier {
            earlier.compare(assessment, subject, &observer, course.watch)?;
        }
        if subject.options.profiles {
            scoring::profile(assessment, subject, groupings, &observer)?;
        }
        let Some(scenarios) = course.scenarios else {
            return Ok(());
        };
        let amended = course.changed.ids().map(str::to_owned).zip(amended).collect();
        scoring::explore(assessment, subject, scenarios, &amended, &replay, &observer)?;
        for (number, id) in course.changed.ids().enumerate() {
            let outcome = assessment
                .scenarios
                .as_mut()
                .and_then(|explored| explored.outcomes.get_mut(id));
            if let Some(outcome) = outcome {
                outcome.notes.extend(course.changed.note(number));
            }
        }
        Ok(())
    };
    match all() {
        Err(StudyError::Scoring(ScoringError::Stopped)) => Err(ended
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .unwrap_or(StudyError::Cancelled)),
        other => other,
    }
}

/// A stored framework, compiled against the newest definitions.
pub(super) fn compile(stored: &StoredFramework, catalogue: &Catalogue) -> Result<Framework, StudyError> {
    match Framework::from_yaml(&stored.file_name, &stored.source, &catalogue.newest_definitions()) {
        Ok(checked) => Ok(checked.value),
        Err(diagnostics) => Err(StudyError::Unreadable {
            what: format!("framework {}", stored.file_name),
            diagnostics,
        }),
    }
}

/// The review states that count, as the options name them.
pub(super) fn states(options: &Options) -> Result<Vec<ReviewState>, StudyError> {
    let known = |state: &String| {
        ReviewState::from_name(state).ok_or_else(|| StudyError::UnknownState {
            state: state.clone(),
            known: ReviewState::ALL.map(ReviewState::name).to_vec(),
        })
    };
    options.responses.states.iter().map(known).collect()
}

/// The places of the study by code.
pub(super) fn places(store: &Store) -> Result<IndexMap<String, StudyPlace>, StudyError> {
    let by_code = |place: StudyPlace| (place.code.clone(), place);
    Ok(store.places()?.into_iter().map(by_code).collect())
}

/// The codes of the places that are ranked, in their order.
///
/// # Errors
///
/// What the database says.
pub fn target_places(store: &Store) -> Result<Vec<String>, StudyError> {
    let places = places(store)?.into_values();
    let targets = places.filter(|place| place.kind == PlaceKind::Target);
    Ok(targets.map(|place| place.code).collect())
}

/// The units to be ranked: the study's target places, else every city that somebody answered from.
fn units(store: &Store, tally: &Tally) -> Result<Vec<String>, StudyError> {
    let targets = target_places(store)?;
    if targets.is_empty() {
        return Ok(tally.units().into_iter().map(str::to_owned).collect());
    }
    Ok(targets)
}

/// Official figures as a table: of each variable and place, the figure of the latest year.
pub(super) fn statistics(store: &Store, units: &[String]) -> Result<Table, StudyError> {
    let mut latest: IndexMap<String, HashMap<String, (i64, f64)>> = IndexMap::new();
    for figure in store.statistics()? {
        let of_variable = latest.entry(figure.variable).or_default();
        let kept = of_variable.entry(figure.place).or_insert((figure.year, figure.value));
        if figure.year >= kept.0 {
            *kept = (figure.year, figure.value);
        }
    }
    let table = Table::new("the official statistics", units.to_vec());
    Ok(latest.into_iter().fold(table, |table, (variable, figures)| {
        let series: Series = units
            .iter()
            .map(|unit| figures.get(unit).map(|(_, value)| *value))
            .collect();
        table.with_numbers(variable, &series)
    }))
}

/// Reads a survey's responses on this thread and tallies them on as many others as there are processors.
pub(super) fn tally_survey(
    store: &Store,
    catalogue: &Catalogue,
    framework: &Framework,
    filter: &Filter,
    (sample, changed): (&Sample, &AnswerScenarios<'_>),
    watch: &dyn Watch,
) -> Result<Vec<Vec<Tally>>, StudyError> {
    let survey = filter.survey.as_deref().unwrap_or_default();
    let intakes: HashMap<&str, Arc<Intake>> = catalogue
        .definitions_of(survey)
        .map(|definition| (definition.version(), Arc::new(Intake::new(framework, definition))))
        .collect();
    let newest = Arc::new(Intake::new(framework, &catalogue.newest(survey)?.definition));
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let (senders, handles): (Vec<_>, Vec<_>) = (0..workers)
            .map(|_| {
                let (sender, batches) = sync_channel::<Vec<Streamed>>(WAITING);
                let (intakes, newest) = (&intakes, &newest);
                let tallying = move || Tallying::new(framework, intakes, newest, sample);
                let of_survey = move || tally_batches(&tallying, sample, (survey, changed), &batches);
                (sender, scope.spawn(of_survey))
            })
            .unzip();
        let read = read_in_batches(store, filter, &senders, watch);
        drop(senders);
        let tallies = handles.into_iter().map(|handle| match handle.join() {
            Ok(tally) => tally,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        let tallies: Vec<Vec<Tally>> = tallies.collect();
        read.map(|()| tallies)
    })
}

/// The tally of all responses, and that of each scenario that changes them.
pub(super) fn merged(tallies: Vec<Vec<Tally>>) -> (Option<Tally>, Vec<Tally>) {
    let merged = tallies.into_iter().reduce(|mut all, tallies| {
        for (all, tally) in all.iter_mut().zip(tallies) {
            all.merge(tally);
        }
        all
    });
    let mut merged = merged.unwrap_or_default().into_iter();
    (merged.next(), merged.collect())
}

/// Hands the responses to the workers in turn.
fn read_in_batches(
    store: &Store,
    filter: &Filter,
    workers: &[SyncSender<Vec<Streamed>>],
    watch: &dyn Watch,
) -> Result<(), StudyError> {
    let mut turn = workers.iter().cycle();
    let mut batch = Vec::with_capacity(BATCH);
    let mut hand_over = |batch: Vec<Streamed>| {
        if let Some(worker) = turn.next() {
            // A worker that is gone has panicked, which joining it reports.
            drop(worker.send(batch));
        }
    };
    let mut done = 0;
    store.for_each_response::<StudyError>(filter, |response| {
        batch.push(response);
        if batch.len() == BATCH {
            done += BATCH as u64;
            watch.see(Progress {
                stage: Stage::ReadingResponses,
                done,
                of: None,
            })?;
            hand_over(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)));
        }
        Ok(())
    })?;
    hand_over(batch);
    Ok(())
}

/// Makes an estimator of one version.
type Making<'a> = Box<dyn Fn(&Arc<Intake>) -> Estimator + 'a>;

/// Estimators of all versions of a survey.
struct Tallying<'a> {
    intakes: &'a HashMap<&'a str, Arc<Intake>>,
    estimators: HashMap<&'a str, Estimator>,
    /// Of versions that there are no more.
    unknown: Estimator,
    make: Making<'a>,
}

impl<'a> Tallying<'a> {
    fn new(
        framework: &'a Framework,
        intakes: &'a HashMap<&'a str, Arc<Intake>>,
        newest: &Arc<Intake>,
        sample: &Sample,
    ) -> Self {
        let kept = sample.is_kept();
        let make = move |intake: &Arc<Intake>| {
            let estimator = Estimator::new(framework, intake);
            if kept {
                estimator.keeping_respondents()
            } else {
                estimator
            }
        };
        Self {
            intakes,
            estimators: HashMap::new(),
            unknown: make(newest),
            make: Box::new(make),
        }
    }

    fn add(&mut self, version: &str, respondent: &Respondent<'_>) {
        let taking = match self.intakes.get_key_value(version) {
            Some((version, intake)) => self.estimators.entry(version).or_insert_with(|| (self.make)(intake)),
            None => &mut self.unknown,
        };
        taking.add(respondent);
    }

    fn finish(self) -> Tally {
        let mut tally = self.unknown.finish();
        for estimator in self.estimators.into_values() {
            tally.merge(estimator.finish());
        }
        tally
    }
}

/// Tallies batches until there are no more: the responses as they are, then as each scenario changes them.
fn tally_batches<'a>(
    tallying: &dyn Fn() -> Tallying<'a>,
    sample: &Sample,
    (survey, changed): (&str, &AnswerScenarios<'_>),
    batches: &Receiver<Vec<Streamed>>,
) -> Vec<Tally> {
    let mut as_they_are = tallying();
    let mut as_changed: Vec<Tallying<'a>> = (0..changed.len()).map(|_| tallying()).collect();
    for response in batches.iter().flatten() {
        let unit = sample.place(survey, &response.identity);
        let stratum = sample.stratum(survey, &response.identity);
        let respondent = Respondent {
            response: &response.instance_id,
            organisation: response.identity.code.as_deref(),
            unit,
            stratum: &stratum,
            auxiliary: sample.auxiliary(survey, &response.identity),
            weight: response.identity.weight,
            answers: response.answers.0.as_bytes(),
        };
        as_they_are.add(&response.definition_version, &respondent);
        for (scenario, tallying) in as_changed.iter_mut().enumerate() {
            let amended = changed.amended(scenario, survey, unit, &response);
            let answers = amended.as_deref().unwrap_or(respondent.answers);
            tallying.add(&response.definition_version, &Respondent { answers, ..respondent });
        }
    }
    iter::once(as_they_are)
        .chain(as_changed)
        .map(Tallying::finish)
        .collect()
}
