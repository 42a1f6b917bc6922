//! Official figures by place and year.

mod list;
mod load;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::store;
use crate::web::mount::Routes;
use crate::web::rights::Act;

pub(super) fn mount(routes: &mut Routes) {
    routes
        .mount(Act::ReadStatistics, list::__path_list_statistics, list::list_statistics)
        .mount(Act::LoadStatistics, load::__path_load_statistics, load::load_statistics);
}

/// One official figure.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Statistic {
    /// What it measures.
    #[schema(example = "gdp")]
    variable: String,
    /// The place's code.
    #[schema(example = "230700")]
    place: String,
    /// The year that it is for.
    #[schema(example = 2025)]
    year: i64,
    /// The figure, in its unit.
    value: f64,
    /// Its unit.
    #[schema(example = "100m_cny")]
    unit: String,
    /// Where it was published.
    source: String,
}

impl From<store::Statistic> for Statistic {
    fn from(one: store::Statistic) -> Self {
        let store::Statistic {
            variable,
            place,
            year,
            value,
            unit,
            source,
        } = one;
        Self {
            variable,
            place,
            year,
            value,
            unit,
            source,
        }
    }
}

impl From<Statistic> for store::Statistic {
    fn from(one: Statistic) -> Self {
        let Statistic {
            variable,
            place,
            year,
            value,
            unit,
            source,
        } = one;
        Self {
            variable,
            place,
            year,
            value,
            unit,
            source,
        }
    }
}
