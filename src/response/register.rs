//! An entry of the register: an organisation that a round of a survey could ask.

use serde::{Deserialize, Serialize};

use super::quality::Position;

/// An organisation as the register has it. Its code has been checked, its city, sector and size are the survey's codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegisterEntry {
    /// The unified social credit code: what its response is recognised by.
    pub code: String,
    /// The name.
    pub name: String,
    /// The code of the city.
    pub city: String,
    /// The sector.
    pub sector: Option<String>,
    /// The size class.
    pub size: Option<String>,
    /// The stratum, where it is not that of city and size.
    pub stratum: Option<String>,
    /// A weight that it has before sampling, where it stands for others; above zero.
    pub weight: Option<f64>,
    /// Persons employed.
    pub employees: Option<i64>,
    /// False of a public body, whose answers may be shown by name.
    pub confidential: bool,
    /// Whether it is asked in every case, as in a census.
    pub listed: bool,
    /// False where it no longer exists or does not belong to those who are studied: it is not drawn or counted.
    pub in_frame: bool,
    /// The address.
    pub address: Option<String>,
    /// Where it is.
    pub position: Option<Position>,
}

impl RegisterEntry {
    /// What the stratum of a city's listed organisations ends in: they are drawn in every case.
    pub const LISTED: &'static str = "listed";

    /// Its stratum: the one that it was given, else its city and size, or its city and [`Self::LISTED`].
    ///
    /// ```
    /// # let entry: innogauge::response::RegisterEntry = serde_json::from_value(serde_json::json!({
    /// #     "code": "91110000600037341L", "name": "A", "city": "230700", "size": "small",
    /// #     "confidential": true, "listed": false, "in_frame": true})).unwrap();
    /// assert_eq!(entry.stratum(), "230700/small");
    /// ```
    pub fn stratum(&self) -> String {
        match (&self.stratum, &self.size) {
            (Some(stratum), _) => stratum.clone(),
            _ if self.listed => format!("{}/{}", self.city, Self::LISTED),
            (None, Some(size)) => format!("{}/{size}", self.city),
            (None, None) => self.city.clone(),
        }
    }

    /// What a response of this organisation has in common with it.
    pub fn key(&self) -> String {
        format!("code:{}", self.code)
    }
}
