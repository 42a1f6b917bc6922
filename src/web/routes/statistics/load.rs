//! Load official figures.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use super::Statistic;
use crate::definition::Language;
use crate::response::Fingerprint;
use crate::store;
use crate::study::{CheckedFigures, StatisticsRules};
use crate::web::Caller;
use crate::web::body::RawJson;
use crate::web::problem::{Code, Fault, Problem};
use crate::web::state::App;

/// What became of the figures, those included that are calculated from them.
#[derive(Serialize, ToSchema)]
pub struct Loaded {
    /// The number of figures.
    figures: usize,
    /// There was none for that variable, place and year.
    new: usize,
    /// There was another value, unit or source.
    changed: usize,
    /// They were known already.
    same: usize,
}

/// Load official figures
///
/// Each figure takes the place of the one for the same variable, place and year. All of them or none. The variables,
/// units and rules are those of the survey of places (`statistics`); what is calculated from the figures, with those
/// known already, is kept with them.
#[utoipa::path(
    post, path = "/api/v1/statistics", tag = "statistics", request_body(content = Vec<Statistic>, example = json!([{"variable": "gdp", "place": "230700", "year": 2025, "value": 338.2, "unit": "100m_cny", "source": "伊春统计年鉴 2026"}])),
    responses(
        (status = 200, description = "Loaded", body = Loaded),
        (status = 422, description = "A place, variable or unit is unknown, or a rule is broken")
    )
)]
pub async fn load_statistics(
    app: web::Data<App>,
    caller: Caller,
    language: Language,
    RawJson { bytes, value: list }: RawJson<Vec<Statistic>>,
) -> Result<HttpResponse, Problem> {
    let hash = Fingerprint::of_bytes(&bytes).to_string();
    let now = app.now();
    let loaded = web::block(move || {
        let list: Vec<store::Statistic> = list.into_iter().map(Into::into).collect();
        let checked = StatisticsRules::load(&app.store)?.check(&app.store, &list, now)?;
        if !checked.is_sound() {
            return Err(Problem::new(Code::ValueInvalid).faults(faults(&checked, &list, language)));
        }
        let kept = checked.keep(&app.store_for(&caller), &hash, now)?;
        Ok(Loaded {
            figures: checked.count(),
            new: kept.new,
            changed: kept.changed,
            same: kept.same,
        })
    })
    .await??;
    Ok(HttpResponse::Ok().json(loaded))
}

fn faults(checked: &CheckedFigures, list: &[store::Statistic], language: Language) -> Vec<Fault> {
    let faults = checked.faults.iter().map(|fault| {
        let value = list.get(fault.figure).map(|figure| match fault.field.name() {
            "place" => figure.place.clone().into(),
            "variable" => figure.variable.clone().into(),
            "unit" => figure.unit.clone().into(),
            _ => figure.value.into(),
        });
        Fault {
            path: format!("/{}/{}", fault.figure, fault.field.name()),
            code: fault.kind.code().to_owned(),
            value,
            message: fault.kind.message(language),
            ..Fault::default()
        }
    });
    faults.collect()
}
