//! Back-checks: drawing the responses that are asked again, and comparing what is answered then.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{Catalogue, StudyError};
use crate::response::{Answers, ReviewState, differences};
use crate::store::{Backcheck, DrawnResponse, Filter, NewBackcheck, Store};

/// What is to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct BackcheckRequest {
    /// The round.
    pub round: String,
    /// The survey.
    pub survey: String,
    /// The cities; `None` is all.
    pub cities: Option<Vec<String>>,
    /// The share of each member's live responses, above 0, at most 1; at least one of each.
    pub share: f64,
    /// What the drawing follows from: the same responses and seed, the same sample.
    pub seed: i64,
    /// The paths of the questions that are asked again.
    pub questions: Vec<String>,
    /// Who draws.
    pub drawn_by: String,
}

/// Draws a sample of responses per member, and keeps it.
///
/// # Errors
///
/// [`StudyError::Refused`] for a share out of range, or a question that the survey does not have, or one in a repeat;
/// what the database says.
pub fn draw_backcheck(
    store: &Store,
    catalogue: &Catalogue,
    request: &BackcheckRequest,
    now: DateTime<Utc>,
) -> Result<i64, StudyError> {
    let refused = |zh: String, en: String| StudyError::Refused { zh, en };
    if !(request.share > 0.0 && request.share <= 1.0) {
        return Err(refused(
            format!("抽查比例 {} 不正确：应大于 0，不超过 1。", request.share),
            format!("{} is no share: write more than 0, at most 1.", request.share),
        ));
    }
    if request.questions.is_empty() {
        return Err(refused(
            "请列出回访时要核对的题目。".to_owned(),
            "Name the questions that are asked again.".to_owned(),
        ));
    }
    let definition = &catalogue.survey(&request.survey)?.version_or_newest(None)?.definition;
    for path in &request.questions {
        let single = definition
            .questions()
            .any(|(element, _)| definition.repeat_around(element.id).is_none() && definition.path(element.id) == *path);
        if !single {
            return Err(refused(
                format!(
                    "“{path}”不是问卷“{}”中重复组以外的题目。请按 /turnover 的形式写题目路径。",
                    request.survey
                ),
                format!(
                    "'{path}' is no question of '{}' outside its repeats: write a path as /turnover.",
                    request.survey
                ),
            ));
        }
    }
    let mut by_member: BTreeMap<String, Vec<DrawnResponse>> = BTreeMap::new();
    let live = Filter {
        round: Some(request.round.clone()),
        cities: request.cities.clone(),
        states: Some(vec![
            ReviewState::Received,
            ReviewState::HasIssues,
            ReviewState::Edited,
            ReviewState::Approved,
        ]),
        ..Filter::of_survey(&request.survey)
    };
    store.for_each_head::<StudyError>(&live, |head| {
        if let Some(member) = head.sender {
            by_member.entry(member.clone()).or_default().push(DrawnResponse {
                instance_id: head.instance_id,
                member,
                city: head.facts.identity.city,
            });
        }
        Ok(())
    })?;
    let responses: Vec<DrawnResponse> = by_member
        .into_values()
        .flat_map(|responses| drawn(responses, request.share, request.seed))
        .collect();
    if responses.is_empty() {
        return Err(refused(
            "没有可供回访的答卷。".to_owned(),
            "No member has sent a response that could be checked back.".to_owned(),
        ));
    }
    Ok(store.keep_backcheck(
        &NewBackcheck {
            round: request.round.clone(),
            survey: request.survey.clone(),
            seed: request.seed,
            share: request.share,
            questions: request.questions.clone(),
            responses,
            drawn_by: request.drawn_by.clone(),
        },
        now,
    )?)
}

/// A share of the responses, rounded up: in an order that follows from the seed and each response's own name alone, so
/// that a response that came or went leaves the others as they were.
fn drawn(mut responses: Vec<DrawnResponse>, share: f64, seed: i64) -> Vec<DrawnResponse> {
    responses.sort_by_cached_key(|drawn| {
        let mut hash = Sha256::new();
        hash.update(seed.to_le_bytes());
        hash.update(&drawn.instance_id);
        let digest: [u8; 32] = hash.finalize().into();
        digest
    });
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count is between 0 and the count"
    )]
    let wanted = (responses.len() as f64 * share).ceil() as usize;
    responses.truncate(wanted);
    responses
}

/// Compares what was answered the second time, nested as the survey is, with the response as it is now, on the
/// questions of the sample; and keeps whether each agreed, not what was answered.
///
/// # Errors
///
/// Where there is no such response in the sample, or what the database says.
pub fn check_back(
    store: &Store,
    catalogue: &Catalogue,
    check: &Backcheck,
    instance_id: &str,
    again: &Value,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<BTreeMap<String, bool>, StudyError> {
    let (head, mut version) = store.response(&check.survey, instance_id)?;
    store.open_personal(&check.survey, &mut version)?;
    let form = &catalogue
        .survey(&check.survey)?
        .version(&version.definition_version)?
        .form;
    let kept: Value = version.answers.read()?;
    // What is wrong with an answer is none of the comparison's business: it then differs.
    let (kept, _) = Answers::from_json(form, &kept);
    let (again, _) = Answers::from_json(form, again);
    let changed = differences(&kept, &again);
    let agreement: BTreeMap<String, bool> = check
        .questions
        .iter()
        .map(|path| (path.clone(), !changed.iter().any(|one| one.path == *path)))
        .collect();
    store.note_backcheck(check.id, &head.instance_id, &agreement, actor, now)?;
    Ok(agreement)
}

/// How often answers agreed, of those that were compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Agreement {
    /// How many were compared.
    pub compared: u32,
    /// How many agreed.
    pub agreed: u32,
}

impl Agreement {
    fn add(&mut self, same: bool) {
        self.compared += 1;
        self.agreed += u32::from(same);
    }
}

/// The agreement of a sample by member and by question.
pub fn agreement(check: &Backcheck) -> (BTreeMap<String, Agreement>, BTreeMap<String, Agreement>) {
    let (mut members, mut questions) = (BTreeMap::new(), BTreeMap::new());
    for response in &check.responses {
        for (question, same) in response.agreement.iter().flatten() {
            let by_member: &mut Agreement = members.entry(response.drawn.member.clone()).or_default();
            by_member.add(*same);
            let by_question: &mut Agreement = questions.entry(question.clone()).or_default();
            by_question.add(*same);
        }
    }
    (members, questions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn responses(count: usize) -> Vec<DrawnResponse> {
        let response = |number| DrawnResponse {
            instance_id: format!("uuid:{number}"),
            member: "li".to_owned(),
            city: None,
        };
        (0..count).map(response).collect()
    }

    #[test]
    fn a_sample_follows_from_its_seed_and_is_at_least_one() {
        assert_eq!(drawn(responses(3), 0.1, 7).len(), 1);
        assert_eq!(drawn(responses(40), 0.1, 7).len(), 4);
        let mut other_order = responses(40);
        other_order.reverse();
        assert_eq!(drawn(responses(40), 0.1, 7), drawn(other_order, 0.1, 7));
        assert_ne!(drawn(responses(40), 0.1, 7), drawn(responses(40), 0.1, 8));
    }
}
