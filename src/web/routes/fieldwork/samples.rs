//! Samples: draw one, list them, one with its organisations, withdraw it.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{InRound, register_of};
use crate::definition::Language;
use crate::scoring::{Allocation, SampleDesign};
use crate::store;
use crate::study::jobs::{SampleTask, Task};
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::prefer::Wanted;
use crate::web::problem::{Code, Problem};
use crate::web::routes::jobs::{self, Job};
use crate::web::state::App;

/// What a sample is to be drawn by.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"allocation": "proportional", "size": 60, "minimum": 2, "reserves": 3, "seed": 2026}))]
pub struct DrawSample {
    /// proportional (to the strata), equal (in each stratum) or given (by stratum).
    #[schema(example = "proportional")]
    allocation: AllocationName,
    /// The size of the whole sample; not with given.
    #[serde(default)]
    size: Option<usize>,
    /// With given: the size in each stratum.
    #[serde(default)]
    per_stratum: Option<BTreeMap<String, usize>>,
    /// Strata that are taken whole; those of listed organisations are in any case.
    #[serde(default)]
    take_all: Vec<String>,
    /// The least of each stratum, as far as it has them.
    #[serde(default)]
    minimum: usize,
    /// How many are drawn beside the sample of each stratum, to replace who can't be asked.
    #[serde(default)]
    reserves: usize,
    /// What the drawing follows from: the same seed and register, the same sample.
    seed: u32,
}

/// How the size is spread over the strata.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllocationName {
    /// In proportion to the strata.
    Proportional,
    /// The same in each.
    Equal,
    /// As given.
    Given,
}

impl DrawSample {
    fn design(self) -> Result<SampleDesign, Problem> {
        let allocation = match (self.allocation, self.size, self.per_stratum) {
            (AllocationName::Proportional, Some(size), None) => Allocation::Proportional(size),
            (AllocationName::Equal, Some(size), None) => Allocation::Equal(size),
            (AllocationName::Given, None, Some(sizes)) => Allocation::Given(sizes),
            _ => {
                return Err(Problem::new(Code::ValueInvalid).explain(
                    "proportional 和 equal 需要 size；given 需要 per_stratum。",
                    "proportional and equal take size; given takes per_stratum.",
                ));
            }
        };
        Ok(SampleDesign {
            allocation,
            take_all: self.take_all,
            minimum: self.minimum,
            reserves: self.reserves,
            seed: u64::from(self.seed),
        })
    }
}

/// A sample.
#[derive(Serialize, ToSchema)]
pub struct Sample {
    /// The key.
    id: i64,
    /// The round.
    round: String,
    /// The seed.
    seed: u64,
    /// The whole design.
    #[schema(value_type = Object)]
    design: SampleDesign,
    /// The hash of the frame that it was drawn from.
    frame_hash: String,
    /// What was drawn from each stratum.
    strata: Vec<Stratum>,
    /// When it was drawn.
    drawn_at: DateTime<Utc>,
    /// By whom.
    drawn_by: String,
    /// When it was withdrawn.
    withdrawn_at: Option<DateTime<Utc>>,
    /// Why.
    reason: Option<String>,
    /// Its organisations, of the caller's cities; in lists null.
    members: Option<Vec<Member>>,
}

/// One stratum of a sample.
#[derive(Serialize, ToSchema)]
#[allow(clippy::struct_field_names, reason = "these are the keys of the JSON")]
pub struct Stratum {
    /// The stratum.
    stratum: String,
    /// Organisations in it: N.
    population: usize,
    /// Organisations drawn: n.
    sample: usize,
    /// Replacements drawn.
    reserves: usize,
    /// The sampling weight, N/n.
    weight: Option<f64>,
}

/// An organisation of a sample.
#[derive(Serialize, ToSchema)]
pub struct Member {
    /// The credit code.
    code: String,
    /// The name.
    name: String,
    /// The city.
    city: String,
    /// The stratum.
    stratum: String,
    /// The place in the stratum's order of drawing, from 1.
    position: i64,
    /// Whether it replaces one who can't be asked.
    reserve: bool,
    /// The sampling weight; null of a reserve.
    weight: Option<f64>,
}

/// A sample as far as the caller may see it, who may see these members; `None` where none of it is in their cities.
fn seen(caller: &Caller, mut sample: store::Sample, members: &[store::SampleMember]) -> Option<store::Sample> {
    if caller.cities.is_some() {
        let own = |stratum: &str| members.iter().any(|member| member.stratum == stratum);
        sample.strata.retain(|stratum| own(&stratum.stratum));
        if members.is_empty() {
            return None;
        }
    }
    Some(sample)
}

/// A sample as the API has it; without its organisations in lists.
pub(crate) fn shown(sample: store::Sample, members: Option<Vec<store::SampleMember>>) -> Sample {
    let strata = sample.strata.iter().map(|stratum| Stratum {
        stratum: stratum.stratum.clone(),
        population: stratum.population,
        sample: stratum.sample.len(),
        reserves: stratum.reserves.len(),
        weight: stratum.weight(),
    });
    let member = |member: store::SampleMember| Member {
        code: member.code,
        name: member.name,
        city: member.city,
        stratum: member.stratum,
        position: member.position,
        reserve: member.reserve,
        weight: member.weight,
    };
    Sample {
        strata: strata.collect(),
        id: sample.id,
        round: sample.round,
        seed: sample.design.seed,
        design: sample.design,
        frame_hash: sample.frame_hash,
        drawn_at: sample.drawn_at,
        drawn_by: sample.drawn_by,
        withdrawn_at: sample.withdrawn_at,
        reason: sample.reason,
        members: members.map(|members| members.into_iter().map(member).collect()),
    }
}

/// Draw a sample
///
/// From the organisations of the register that are in the frame, in the caller's cities. A stratum has one sample at a
/// time. With `Prefer: respond-async` it is drawn as a job.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/samples", tag = "fieldwork", request_body = DrawSample,
    params(("survey" = String, Path, description = "The survey: the respondent type", example = "enterprise"), InRound, Wanted),
    responses(
        (status = 201, description = "The sample with its organisations", body = Sample),
        (status = 202, description = "Kept as a job: `Location` says where to ask after it", body = Job),
        (status = 422, description = "The design does not fit the register")
    )
)]
pub async fn draw_sample(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    asked: web::Query<InRound>,
    language: Language,
    wanted: Wanted,
    Json(draw): Json<DrawSample>,
) -> Result<HttpResponse, Problem> {
    let design = draw.design()?;
    if wanted == Wanted::AsJob {
        let job = web::block(move || {
            let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
            let task = SampleTask {
                survey: of.survey,
                round: of.round,
                cities: caller.cities.clone(),
                design,
            };
            jobs::keep(&app, &caller, &Task::Sample(task), None)
        })
        .await??;
        return jobs::accepted(&job, language);
    }
    let (sample, members) = web::block(move || {
        let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
        let cities = caller.cities.as_deref();
        let sample = app
            .store_for(&caller)
            .draw_sample(&of, cities, &design, app.now(), None)?;
        app.store
            .sample(&of.round, &survey, sample.id, cities)
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::Created().json(shown(sample, Some(members))))
}

/// List samples
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/samples", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), InRound),
    responses((status = 200, description = "The samples, the newest first", body = Vec<Sample>))
)]
pub async fn list_samples(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    asked: web::Query<InRound>,
) -> Result<HttpResponse, Problem> {
    let samples = web::block(move || {
        let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
        let mut samples = Vec::new();
        for sample in app.store.samples(&of.round, &survey)? {
            // Who sees all cities sees all of it, whoever its members are.
            let members = match caller.cities.as_deref() {
                None => Vec::new(),
                cities => app.store.sample(&of.round, &survey, sample.id, cities)?.1,
            };
            samples.extend(seen(&caller, sample, &members).map(|sample| shown(sample, None)));
        }
        Ok::<_, Problem>(samples)
    })
    .await??;
    Ok(HttpResponse::Ok().json(samples))
}

/// One sample
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/samples/{id}", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), ("id" = i64, Path, description = "The sample"), InRound),
    responses((status = 200, description = "The sample with its organisations", body = Sample))
)]
pub async fn get_sample(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, i64)>,
    asked: web::Query<InRound>,
) -> Result<HttpResponse, Problem> {
    let (sample, members) = web::block(move || {
        let (survey, id) = path.into_inner();
        let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
        let (sample, members) = app.store.sample(&of.round, &survey, id, caller.cities.as_deref())?;
        let sample = seen(&caller, sample, &members).ok_or_else(Problem::not_found)?;
        Ok::<_, Problem>((sample, members))
    })
    .await??;
    Ok(HttpResponse::Ok().json(shown(sample, Some(members))))
}

/// Why a sample is withdrawn.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"reason": "The register had the branches of one enterprise twice"}))]
pub struct WithdrawSample {
    /// Why.
    reason: String,
}

/// Withdraw a sample
///
/// Its record stays; its strata may be drawn again.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/samples/{id}/withdraw", tag = "fieldwork", request_body = WithdrawSample,
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), ("id" = i64, Path, description = "The sample"), InRound),
    responses((status = 204, description = "Withdrawn"), (status = 403, description = "It has organisations of other cities"))
)]
pub async fn withdraw_sample(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, i64)>,
    asked: web::Query<InRound>,
    Json(WithdrawSample { reason }): Json<WithdrawSample>,
) -> Result<HttpResponse, Problem> {
    if reason.trim().is_empty() {
        return Err(Problem::new(Code::ValueInvalid).explain("请说明撤回的原因。", "Say why it is withdrawn."));
    }
    web::block(move || {
        let (survey, id) = path.into_inner();
        let of = register_of(&app, &caller, &survey, asked.round.as_deref())?;
        if caller.cities.is_some() {
            let (_, all) = app.store.sample(&of.round, &survey, id, None)?;
            let theirs = all
                .iter()
                .filter(|member| caller.may_use_city(Some(&member.city)))
                .count();
            if theirs == 0 {
                return Err(Problem::not_found());
            }
            if theirs < all.len() {
                return Err(Problem::new(Code::Forbidden));
            }
        }
        app.store_for(&caller)
            .withdraw_sample(&of, id, reason.trim(), app.now())
            .map_err(Problem::from)
    })
    .await??;
    Ok(HttpResponse::NoContent().finish())
}
