//! Watching the fieldwork: which warnings hold this morning, and which responses are to be looked at first.
//!
//! What is worth a warning is data (`warnings.yaml`); here are the figures that its rules read.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Catalogue, StudyError};
use crate::definition::{WarningLevel, WarningRule, WarningRules, WarningScope};
use crate::response::{Quality, ReviewState};
use crate::store::{Filter, Head, Store};

/// Which responses are watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The round.
    pub round: String,
    /// The surveys.
    pub surveys: Vec<String>,
    /// The cities; `None` is all.
    pub cities: Option<Vec<String>>,
}

/// A rule that holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Warning {
    /// The rule.
    pub rule: WarningRule,
    /// The survey.
    pub survey: String,
    /// The city's code or the member's name; empty for a survey as a whole.
    pub key: String,
    /// The figures that the rule read.
    pub figures: Vec<(&'static str, f64)>,
}

/// A response that awaits a decision, and why it is to be looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// The response.
    pub head: Head,
    /// The rules that hold of it, in the order of their file, with the figures that they read.
    pub reasons: Vec<(WarningRule, Vec<(&'static str, f64)>)>,
}

impl Queued {
    /// The serious ones first, then the many, then the old.
    fn order(&self) -> (std::cmp::Reverse<usize>, std::cmp::Reverse<usize>, DateTime<Utc>, i64) {
        let serious = self
            .reasons
            .iter()
            .filter(|(rule, _)| rule.level == WarningLevel::Serious)
            .count();
        (
            std::cmp::Reverse(serious),
            std::cmp::Reverse(self.reasons.len()),
            self.head.received_at,
            self.head.id,
        )
    }
}

/// The rules of a store; none where it has no file of them.
///
/// # Errors
///
/// Where the file, as the database holds it, can't be used any more, or what the database says.
pub fn warning_rules(store: &Store) -> Result<WarningRules, StudyError> {
    let Some(file) = store.warning_rules()? else {
        return Ok(WarningRules::default());
    };
    WarningRules::from_yaml(&file.name, &file.text)
        .map(|checked| checked.value)
        .map_err(|diagnostics| StudyError::Unreadable {
            what: "the file of warnings".to_owned(),
            diagnostics,
        })
}

/// The warnings of surveys, cities and members that hold now: the serious ones first.
///
/// # Errors
///
/// What the database says, or [`warning_rules`].
pub fn warnings(
    store: &Store,
    catalogue: &Catalogue,
    watched: &Watched,
    now: DateTime<Utc>,
) -> Result<Vec<Warning>, StudyError> {
    let rules = warning_rules(store)?;
    let mut warnings = Vec::new();
    for survey in &watched.surveys {
        let groups = groups(store, watched, survey, today(catalogue, survey, now)?)?;
        for ((scope, key), group) in groups {
            let figures = group.figures();
            for rule in rules.of(scope).filter(|rule| rule.fires(&figures)) {
                warnings.push(Warning {
                    rule: rule.clone(),
                    survey: survey.clone(),
                    key: key.clone(),
                    figures: rule.read(&figures).collect(),
                });
            }
        }
    }
    warnings.sort_by_key(|warning| std::cmp::Reverse(warning.rule.level));
    Ok(warnings)
}

/// The responses that await a decision and of which a rule holds: what to look at first is first, at most so many.
///
/// # Errors
///
/// What the database says, or [`warning_rules`].
pub fn review_queue(
    store: &Store,
    watched: &Watched,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Vec<Queued>, StudyError> {
    let rules = warning_rules(store)?;
    let mut queue = Vec::new();
    for survey in &watched.surveys {
        let median = median_minutes(store, watched, survey)?;
        let waiting = Filter {
            states: Some(vec![ReviewState::Received, ReviewState::HasIssues, ReviewState::Edited]),
            ..filter(watched, survey)
        };
        store.for_each_head::<StudyError>(&waiting, |head| {
            let figures = response_figures(&head, median, now);
            let reasons: Vec<_> = rules
                .of(WarningScope::Response)
                .filter(|rule| rule.fires(&figures))
                .map(|rule| (rule.clone(), rule.read(&figures).collect()))
                .collect();
            if !reasons.is_empty() {
                queue.push(Queued { head, reasons });
            }
            Ok(())
        })?;
    }
    queue.sort_by_key(Queued::order);
    queue.truncate(limit);
    Ok(queue)
}

fn filter(watched: &Watched, survey: &str) -> Filter {
    Filter {
        round: Some(watched.round.clone()),
        cities: watched.cities.clone(),
        ..Filter::of_survey(survey)
    }
}

/// The day that it is where the survey is held.
fn today(catalogue: &Catalogue, survey: &str, now: DateTime<Utc>) -> Result<NaiveDate, StudyError> {
    let version = catalogue.survey(survey)?.version_or_newest(None)?;
    Ok(now.with_timezone(&version.form.timezone()).date_naive())
}

/// The median length of all interviews of the round, whatever the cities that are looked at.
fn median_minutes(store: &Store, watched: &Watched, survey: &str) -> Result<f64, StudyError> {
    let mut seconds = Vec::new();
    let everywhere = Filter {
        cities: None,
        ..filter(watched, survey)
    };
    store.for_each_head::<StudyError>(&everywhere, |head| {
        if head.state != ReviewState::Rejected {
            seconds.extend(head.facts.quality.seconds);
        }
        Ok(())
    })?;
    Ok(median(&mut seconds) / 60.0)
}

fn median(values: &mut [i64]) -> f64 {
    values.sort_unstable();
    let middle = values.len() / 2;
    match (values.get(middle.wrapping_sub(1)), values.get(middle)) {
        (Some(below), Some(above)) if values.len().is_multiple_of(2) => f64::midpoint(*below as f64, *above as f64),
        (_, Some(value)) => *value as f64,
        _ => f64::NAN,
    }
}

fn share(part: i64, whole: i64) -> f64 {
    if whole > 0 {
        part as f64 / whole as f64
    } else {
        f64::NAN
    }
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// In the order of the figures of [`WarningScope::Response`].
fn response_figures(head: &Head, median: f64, now: DateTime<Utc>) -> [f64; 12] {
    let quality = &head.facts.quality;
    [
        head.facts.problems as f64,
        head.facts.warnings as f64,
        truth(head.duplicate),
        truth(head.branched),
        truth(head.returned),
        quality.seconds.map_or(f64::NAN, |seconds| seconds as f64 / 60.0),
        median,
        share(quality.missing(), quality.asked),
        share(quality.dont_know, quality.asked),
        share(quality.straight_lined, quality.grids),
        truth(quality.position.is_some()),
        (now - head.updated_at).num_hours() as f64 / 24.0,
    ]
}

/// What is added up over the responses of a survey, a city or a member.
#[derive(Debug, Default)]
struct Group {
    target: Option<i64>,
    received: i64,
    approved: i64,
    returned: i64,
    has_issues: i64,
    rejected: i64,
    duplicates: i64,
    yesterday: i64,
    days_since_last: Option<i64>,
    seconds: Vec<i64>,
    asked: i64,
    missing: i64,
    dont_know: i64,
    grids: i64,
    straight_lined: i64,
    unlocated: i64,
    compared: i64,
    agreed: i64,
}

impl Group {
    fn add(&mut self, head: &Head, today: NaiveDate) {
        if head.state == ReviewState::Rejected {
            self.rejected += 1;
            return;
        }
        self.received += 1;
        self.approved += i64::from(head.state == ReviewState::Approved);
        self.has_issues += i64::from(head.state == ReviewState::HasIssues);
        self.returned += i64::from(head.returned);
        self.duplicates += i64::from(head.duplicate);
        self.add_quality(&head.facts.quality);
        if let Some(day) = head.facts.quality.day {
            let days = (today - day).num_days();
            self.yesterday += i64::from(days == 1);
            self.days_since_last = Some(self.days_since_last.map_or(days, |least| least.min(days)));
        }
    }

    fn add_quality(&mut self, quality: &Quality) {
        self.seconds.extend(quality.seconds);
        self.asked += quality.asked;
        self.missing += quality.missing();
        self.dont_know += quality.dont_know;
        self.grids += quality.grids;
        self.straight_lined += quality.straight_lined;
        self.unlocated += i64::from(quality.position.is_none());
    }

    /// In the order of the figures of [`WarningScope::Survey`].
    fn figures(mut self) -> [f64; 15] {
        let known = |count: Option<i64>| count.map_or(f64::NAN, |count| count as f64);
        [
            known(self.target),
            self.received as f64,
            self.approved as f64,
            self.returned as f64,
            self.has_issues as f64,
            self.rejected as f64,
            self.duplicates as f64,
            self.yesterday as f64,
            known(self.days_since_last),
            median(&mut self.seconds) / 60.0,
            share(self.missing, self.asked),
            share(self.dont_know, self.asked),
            share(self.straight_lined, self.grids),
            share(self.unlocated, self.received),
            share(self.agreed, self.compared),
        ]
    }
}

type Groups = BTreeMap<(WarningScope, String), Group>;

fn groups(store: &Store, watched: &Watched, survey: &str, today: NaiveDate) -> Result<Groups, StudyError> {
    let mut groups = Groups::new();
    let keys = |city: Option<&str>, member: Option<&str>| {
        [
            Some((WarningScope::Survey, String::new())),
            city.map(|city| (WarningScope::City, city.to_owned())),
            member.map(|member| (WarningScope::Member, member.to_owned())),
        ]
    };
    store.for_each_head::<StudyError>(&filter(watched, survey), |head| {
        let keys = keys(head.facts.identity.city.as_deref(), head.sender.as_deref());
        for key in keys.into_iter().flatten() {
            groups.entry(key).or_default().add(&head, today);
        }
        Ok(())
    })?;
    let within = |city: &str| {
        watched
            .cities
            .as_ref()
            .is_none_or(|cities| cities.iter().any(|one| one == city))
    };
    for place in store.places()?.iter().filter(|place| within(&place.code)) {
        if let Some(target) = place.fieldwork.get(survey) {
            for key in keys(Some(&place.code), None).into_iter().flatten() {
                *groups.entry(key).or_default().target.get_or_insert(0) += i64::from(*target);
            }
        }
    }
    for check in store.backchecks(&watched.round, Some(survey))? {
        for response in check.responses {
            let city = response.drawn.city.as_deref();
            if watched.cities.is_some() && !city.is_some_and(within) {
                continue;
            }
            let Some(agreement) = &response.agreement else { continue };
            for key in keys(city, Some(&response.drawn.member)).into_iter().flatten() {
                let group = groups.entry(key).or_default();
                group.compared += i64::try_from(agreement.len()).unwrap_or(i64::MAX);
                group.agreed += agreement.values().map(|same| i64::from(*same)).sum::<i64>();
            }
        }
    }
    Ok(groups)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_lies_in_the_middle() {
        assert!(median(&mut []).is_nan());
        assert!((median(&mut [3, 1, 2]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&mut [4, 1, 2, 3]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn the_figures_are_as_many_as_the_rules_know() {
        assert_eq!(Group::default().figures().len(), WarningScope::Member.figures().len());
        assert_eq!(12, WarningScope::Response.figures().len());
    }
}
