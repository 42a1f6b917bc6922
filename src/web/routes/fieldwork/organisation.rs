//! One organisation of the register: read it, change it.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{InRound, register_of};
use crate::response::Position;
use crate::store;
use crate::web::Caller;
use crate::web::body::Json;
use crate::web::preconditions::{IfMatch, tagged};
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// An organisation of the register.
#[derive(Serialize, ToSchema)]
pub struct Organisation {
    /// The unified social credit code.
    #[schema(example = "91230700827ERYRL36")]
    code: String,
    /// The name.
    name: String,
    /// The code of the city.
    #[schema(example = "230700")]
    city: String,
    /// The sector.
    sector: Option<String>,
    /// The size class.
    size: Option<String>,
    /// The stratum: the one that it was given, else that of city and size class.
    stratum: String,
    /// A weight that it has before sampling.
    weight: Option<f64>,
    /// Persons employed.
    employees: Option<i64>,
    /// False of a public body, whose answers may be shown by name.
    confidential: bool,
    /// Whether it is asked in every case.
    listed: bool,
    /// False where it no longer exists or is out of scope.
    in_frame: bool,
    /// The address.
    address: Option<String>,
    /// Degrees north.
    latitude: Option<f64>,
    /// Degrees east.
    longitude: Option<f64>,
    /// Goes up with every change.
    revision: i64,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// Who changed it.
    updated_by: String,
}

impl From<store::Organisation> for Organisation {
    fn from(organisation: store::Organisation) -> Self {
        let stratum = organisation.entry.stratum();
        let entry = organisation.entry;
        Self {
            stratum,
            code: entry.code,
            name: entry.name,
            city: entry.city,
            sector: entry.sector,
            size: entry.size,
            weight: entry.weight,
            employees: entry.employees,
            confidential: entry.confidential,
            listed: entry.listed,
            in_frame: entry.in_frame,
            address: entry.address,
            latitude: entry.position.map(|position| position.latitude),
            longitude: entry.position.map(|position| position.longitude),
            revision: organisation.revision,
            updated_at: organisation.updated_at,
            updated_by: organisation.updated_by,
        }
    }
}

/// What is to change of an organisation: what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"name": "伊春林业机械有限公司", "address": "伊春市伊美区林都大街 1 号", "size": "small", "employees": 146, "latitude": 47.7275, "longitude": 128.8405, "revision": 1}))]
pub struct ChangeOrganisation {
    /// The name.
    #[serde(default)]
    name: Option<String>,
    /// The address.
    #[serde(default)]
    address: Option<String>,
    /// The sector.
    #[serde(default)]
    sector: Option<String>,
    /// The size class.
    #[serde(default)]
    size: Option<String>,
    /// The stratum.
    #[serde(default)]
    stratum: Option<String>,
    /// Persons employed.
    #[serde(default)]
    employees: Option<i64>,
    /// Whether it belongs to those who are studied.
    #[serde(default)]
    in_frame: Option<bool>,
    /// Degrees north; with longitude.
    #[serde(default)]
    latitude: Option<f64>,
    /// Degrees east; with latitude.
    #[serde(default)]
    longitude: Option<f64>,
    /// The revision that was looked at; where it is another by now, nothing changes. `If-Match` says the same.
    #[serde(default)]
    revision: Option<i64>,
}

/// One organisation of the register
#[utoipa::path(
    get, path = "/api/v1/surveys/{survey}/register/{organisation}", tag = "fieldwork",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), ("organisation" = String, Path, description = "The credit code"), InRound),
    responses((status = 200, description = "The organisation", body = Organisation))
)]
pub async fn get_organisation(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    asked: web::Query<InRound>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (_, organisation) = web::block(move || {
        let (survey, code) = path.into_inner();
        visible(&app, &caller, &survey, asked.round.as_deref(), &code)
    })
    .await??;
    tagged(&request, &Organisation::from(organisation))
}

/// Change an organisation of the register
#[utoipa::path(
    patch, path = "/api/v1/surveys/{survey}/register/{organisation}", tag = "fieldwork", request_body = ChangeOrganisation,
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), ("organisation" = String, Path, description = "The credit code"), InRound, IfMatch),
    responses(
        (status = 200, description = "The organisation as it is now", body = Organisation),
        (status = 409, description = "It is no longer that `revision`"),
        (status = 412, description = "It was changed since the tag of `If-Match`: `changes` names the members")
    )
)]
pub async fn change_organisation(
    app: web::Data<App>,
    caller: Caller,
    path: web::Path<(String, String)>,
    asked: web::Query<InRound>,
    if_match: IfMatch,
    request: HttpRequest,
    Json(change): Json<ChangeOrganisation>,
) -> Result<HttpResponse, Problem> {
    let organisation = web::block(move || {
        let (survey, code) = path.into_inner();
        let (of, seen) = visible(&app, &caller, &survey, asked.round.as_deref(), &code)?;
        if_match.check(&Organisation::from(seen.clone()))?;
        // What was compared with the tag is what the store must still find.
        let revision = if_match.names_a_state().then_some(seen.revision);
        let mut entry = seen.entry;
        change.apply(&mut entry)?;
        app.store_for(&caller)
            .change_organisation(&of, &entry, change.revision.or(revision), app.now())
            .map_err(Problem::from)
    })
    .await??;
    tagged(&request, &Organisation::from(organisation))
}

impl ChangeOrganisation {
    fn apply(&self, entry: &mut crate::response::RegisterEntry) -> Result<(), Problem> {
        let wrong = |zh: &str, en: &str| Problem::new(Code::ValueInvalid).explain(zh, en);
        if let Some(name) = &self.name {
            if name.trim().is_empty() {
                return Err(wrong("名称不能为空。", "The name can't be empty."));
            }
            name.trim().clone_into(&mut entry.name);
        }
        for (new, old) in [
            (&self.address, &mut entry.address),
            (&self.sector, &mut entry.sector),
            (&self.size, &mut entry.size),
            (&self.stratum, &mut entry.stratum),
        ] {
            if let Some(new) = new {
                *old = Some(new.trim().to_owned()).filter(|text| !text.is_empty());
            }
        }
        if let Some(employees) = self.employees {
            if employees < 0 {
                return Err(wrong("从业人数不能为负。", "Persons employed can't be below zero."));
            }
            entry.employees = Some(employees);
        }
        entry.in_frame = self.in_frame.unwrap_or(entry.in_frame);
        if let Some(position) = Position::within_bounds(self.latitude, self.longitude, None)? {
            entry.position = Some(position);
        }
        Ok(())
    }
}

/// An organisation, where it is in one of the caller's cities.
pub(super) fn visible(
    app: &web::Data<App>,
    caller: &Caller,
    survey: &str,
    round: Option<&str>,
    code: &str,
) -> Result<(store::RegisterOf, store::Organisation), Problem> {
    let of = register_of(app, caller, survey, round)?;
    let organisation = app.store.organisation(&of.round, survey, code)?;
    if caller.may_use_city(Some(&organisation.entry.city)) {
        Ok((of, organisation))
    } else {
        Err(Problem::not_found())
    }
}
