//! The earlier result that an assessment is compared with, and the responses of its round where they are still there.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::assessment::{estimate, merged, states, tally_survey};
use super::progress::Watch;
use super::sample::Sample;
use super::scenarios::AnswerScenarios;
use super::{Catalogue, StudyError};
use crate::scoring::{
    Against, Assessment, ComparisonKind, Estimates, Framework, Observer, OldRespondents, OldResult, Options, Origin,
    Replay, Resample, RespondentUnit, Subject, Table, compare, comparison_kind,
};
use crate::store::{Filter, Store, StoreError};

/// What an assessment is to be compared with.
#[derive(Debug, Clone)]
pub enum CompareWith {
    /// A result file.
    Result(Box<OldResult>),
    /// An assessment that the store holds.
    Kept(i64),
}

impl CompareWith {
    /// Finds the earlier result.
    ///
    /// # Errors
    /// Where there is none, or it can't be read.
    pub(super) fn find(&self, store: &Store) -> Result<OldResult, StudyError> {
        match self {
            Self::Result(old) => Ok(OldResult::clone(old)),
            Self::Kept(id) => {
                let kept = store.assessment(*id).map_err(|error| match error {
                    StoreError::NotFound { .. } => StudyError::Refused {
                        zh: format!("没有编号为 {id} 的评价可供比较；编号见评价列表。"),
                        en: format!(
                            "there is no assessment {id} to compare with: the list of assessments has their numbers"
                        ),
                    },
                    error => error.into(),
                })?;
                let old = OldResult::read(&format!("assessment {id}"), kept.result.as_bytes());
                Ok(old
                    .map_err(crate::scoring::ScoringError::from)?
                    .of_round(&kept.summary.round))
            }
        }
    }
}

/// An earlier result beside what it is compared in.
pub(super) struct Earlier<'a> {
    pub store: &'a Store,
    pub catalogue: &'a Catalogue,
    pub framework: &'a Framework,
    pub options: &'a Options,
    pub surveys: &'a [&'a str],
    /// The round that is assessed.
    pub round: &'a str,
    pub old: OldResult,
}

/// The respondents of the earlier round.
enum Then {
    NotNeeded,
    Gone(String),
    Here(Box<(Estimates, Resample)>),
}

impl Earlier<'_> {
    /// Adds the comparison to an assessment.
    pub fn compare(
        &self,
        assessment: &mut Assessment,
        subject: &Subject<'_>,
        observer: &Observer<'_>,
        watch: &dyn Watch,
    ) -> Result<(), StudyError> {
        let by_organisation = self.options.responses.unit == RespondentUnit::Organisation;
        let rounds = comparison_kind(assessment, &self.old) == ComparisonKind::Rounds;
        let renamed = if rounds && by_organisation {
            self.renamed()?
        } else {
            IndexMap::new()
        };
        let then = if rounds && !by_organisation {
            self.respondents(watch)?
        } else {
            Then::NotNeeded
        };
        let against = Against {
            old: &self.old,
            respondents: match &then {
                Then::NotNeeded => OldRespondents::None,
                Then::Gone(reason) => OldRespondents::Gone(reason),
                Then::Here(here) => OldRespondents::Here {
                    table: &here.0.table,
                    resample: &here.1,
                    weightings: &here.0.weightings,
                    notes: &here.0.notes,
                },
            },
            renamed: Some(&renamed),
        };
        Ok(compare(assessment, subject, &against, &Replay::default(), observer)?)
    }

    fn old_round(&self) -> Option<&str> {
        match self.old.assessment().recipe.rounds.as_slice() {
            [round] => Some(round),
            _ => None,
        }
    }

    /// The responses that the earlier result counted, estimated by the framework of now. The official figures stay those
    /// of the earlier result: the store has newer ones.
    fn respondents(&self, watch: &dyn Watch) -> Result<Then, StudyError> {
        let gone = |reason: String| Ok(Then::Gone(reason));
        let recipe = &self.old.assessment().recipe;
        let (Some(round), Some(counted)) = (self.old_round(), &recipe.responses) else {
            return gone("the earlier result does not say which responses it counts".to_owned());
        };
        if !self.store.rounds()?.iter().any(|known| known.round == round) {
            return gone(format!("the database has no round '{round}'"));
        }
        let states = states(self.old.options())?;
        let sample = Sample::of(self.store, round, self.surveys, self.options, true)?;
        let unchanged = AnswerScenarios::new(&[], self.catalogue, self.surveys)?;
        let mut tallies = Vec::new();
        for survey in self.surveys {
            let filter = Filter {
                round: Some(round.to_owned()),
                states: Some(states.clone()),
                ..Filter::of_survey(survey)
            };
            tallies.extend(tally_survey(
                self.store,
                self.catalogue,
                self.framework,
                &filter,
                (&sample, &unchanged),
                watch,
            )?);
        }
        let (tally, _) = merged(tallies);
        let Some(mut tally) = tally.filter(|tally| tally.responses_hash() == counted.hash) else {
            return gone(format!(
                "the responses of round '{round}' are not those any more that the earlier result counts"
            ));
        };
        tally.calibrate(self.framework, sample.populations());
        let units = &self.old.assessment().units;
        let official = self.official(units);
        let (estimates, resample) = estimate(self.framework, &tally, units, &official, self.options, &sample)?;
        match resample {
            Some(resample) => Ok(Then::Here(Box::new((estimates, resample)))),
            None => gone("there are too many of them".to_owned()),
        }
    }

    /// The official figures of the earlier result.
    fn official(&self, units: &[String]) -> Table {
        let table = Table::new("the earlier result", units.to_vec());
        self.framework
            .indicators()
            .filter(|(_, _, indicator)| !matches!(indicator.origin, Origin::Answers { .. }))
            .filter_map(|(_, element, indicator)| {
                let figures = self.old.assessment().stages.raw.get(&element.id)?;
                Some((indicator.column(&element.id), figures))
            })
            .fold(table, |table, (column, figures)| table.with_numbers(column, figures))
    }

    /// The responses of the earlier round by that of this round which the same organisation gave.
    fn renamed(&self) -> Result<IndexMap<String, String>, StudyError> {
        let (Some(old), [survey]) = (self.old_round(), self.surveys) else {
            return Ok(IndexMap::new());
        };
        let by_code = |round: &str, options: &Options| -> Result<HashMap<String, String>, StudyError> {
            let filter = Filter {
                round: Some(round.to_owned()),
                states: Some(states(options)?),
                ..Filter::of_survey(survey)
            };
            let mut found = HashMap::new();
            self.store.for_each_response::<StoreError>(&filter, |response| {
                if let Some(code) = response.identity.code {
                    found.entry(code).or_insert(response.instance_id);
                }
                Ok(())
            })?;
            Ok(found)
        };
        let now = by_code(self.round, self.options)?;
        let mut then: Vec<(String, String)> = by_code(old, self.old.options())?.into_iter().collect();
        then.sort_unstable();
        let joined = then
            .into_iter()
            .filter_map(|(code, before)| Some((before, now.get(&code)?.clone())));
        Ok(joined.collect())
    }
}
