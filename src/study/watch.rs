//! Watching the fieldwork: which warnings hold this morning, and which responses are to be looked at first.
//!
//! What is worth a warning is data (`warnings.yaml`); here are the figures that its rules read.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};

use super::{Catalogue, StudyError};
use crate::definition::{StudyPlace, WarningLevel, WarningRule, WarningRules, WarningScope};
use crate::response::{Position, Quality, ReviewState};
use crate::scoring::median;
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
        let addresses = Addresses::of(store, watched, survey)?;
        let waiting = Filter {
            states: Some(vec![ReviewState::Received, ReviewState::HasIssues, ReviewState::Edited]),
            ..filter(watched, survey)
        };
        store.for_each_head::<StudyError>(&waiting, |head| {
            let figures = response_figures(&head, median, addresses.metres_to(&head), now);
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

/// Where the organisations of a survey's register are.
struct Addresses(HashMap<String, Position>);

impl Addresses {
    fn of(store: &Store, watched: &Watched, survey: &str) -> Result<Self, StudyError> {
        Ok(Self(store.register_positions(&watched.round, survey)?))
    }

    /// How far from its organisation's address an interview was, in metres, where both are known.
    fn metres_to(&self, head: &Head) -> Option<f64> {
        let address = self.0.get(head.facts.identity.code.as_ref()?)?;
        Some(address.metres_to(head.facts.quality.position.as_ref()?))
    }
}

/// How many responses are to be collected, by city: as was set for the round, else as the places say.
fn targets(store: &Store, round: &str, survey: &str) -> Result<Vec<(String, i64)>, StudyError> {
    let set = store.targets(round, survey)?;
    if set.is_empty() {
        let of_places = |place: StudyPlace| Some((place.code, i64::from(*place.fieldwork.get(survey)?)));
        return Ok(store.places()?.into_iter().filter_map(of_places).collect());
    }
    Ok(set.into_iter().map(|target| (target.city, target.count)).collect())
}

/// The day that it is where the survey is held.
fn today(catalogue: &Catalogue, survey: &str, now: DateTime<Utc>) -> Result<NaiveDate, StudyError> {
    let version = catalogue.survey(survey)?.version_or_newest(None)?;
    Ok(version.form.timezone().at(now).date_naive())
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
            seconds.extend(head.facts.quality.seconds.map(|seconds| seconds as f64));
        }
        Ok(())
    })?;
    Ok(median(&seconds).unwrap_or(f64::NAN) / 60.0)
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
fn response_figures(head: &Head, median: f64, metres: Option<f64>, now: DateTime<Utc>) -> [f64; 13] {
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
        metres.unwrap_or(f64::NAN),
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
    seconds: Vec<f64>,
    metres: Vec<f64>,
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
    fn add(&mut self, head: &Head, metres: Option<f64>, today: NaiveDate) {
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
        self.metres.extend(metres);
        if let Some(day) = head.facts.quality.day {
            let days = (today - day).num_days();
            self.yesterday += i64::from(days == 1);
            self.days_since_last = Some(self.days_since_last.map_or(days, |least| least.min(days)));
        }
    }

    fn add_quality(&mut self, quality: &Quality) {
        self.seconds.extend(quality.seconds.map(|seconds| seconds as f64));
        self.asked += quality.asked;
        self.missing += quality.missing();
        self.dont_know += quality.dont_know;
        self.grids += quality.grids;
        self.straight_lined += quality.straight_lined;
        self.unlocated += i64::from(quality.position.is_none());
    }

    /// In the order of the figures of [`WarningScope::Survey`].
    fn figures(self) -> [f64; 16] {
        let known = |count: Option<i64>| count.map_or(f64::NAN, |count| count as f64);
        let middle = |values: &[f64]| median(values).unwrap_or(f64::NAN);
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
            middle(&self.seconds) / 60.0,
            share(self.missing, self.asked),
            share(self.dont_know, self.asked),
            share(self.straight_lined, self.grids),
            share(self.unlocated, self.received),
            middle(&self.metres),
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
    let addresses = Addresses::of(store, watched, survey)?;
    store.for_each_head::<StudyError>(&filter(watched, survey), |head| {
        let metres = addresses.metres_to(&head);
        let keys = keys(head.facts.identity.city.as_deref(), head.sender.as_deref());
        for key in keys.into_iter().flatten() {
            groups.entry(key).or_default().add(&head, metres, today);
        }
        Ok(())
    })?;
    let within = |city: &str| {
        watched
            .cities
            .as_ref()
            .is_none_or(|cities| cities.iter().any(|one| one == city))
    };
    for (city, target) in targets(store, &watched.round, survey)? {
        for key in keys(Some(&city), None).into_iter().flatten().filter(|_| within(&city)) {
            *groups.entry(key).or_default().target.get_or_insert(0) += target;
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
    fn the_figures_are_as_many_as_the_rules_know() {
        assert_eq!(Group::default().figures().len(), WarningScope::Member.figures().len());
        assert_eq!(13, WarningScope::Response.figures().len());
    }
}
