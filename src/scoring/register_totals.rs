//! What a register says of the whole: the totals that weights are calibrated to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The totals of one actor type in a register: the input of calibration (firms and persons employed) and of the
/// bootstrap (N of each stratum).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterTotals {
    /// Organisations by city, then by size class; a size class that is not known is `""`.
    pub organisations: BTreeMap<String, BTreeMap<String, u64>>,
    /// Organisations by city, then by sector.
    pub by_sector: BTreeMap<String, BTreeMap<String, u64>>,
    /// Persons employed by city, then by size class, as far as the register knows them.
    pub employees_by_size: BTreeMap<String, BTreeMap<String, u64>>,
    /// Persons employed by city, then by sector, as far as the register knows them.
    pub employees_by_sector: BTreeMap<String, BTreeMap<String, u64>>,
    /// Organisations by stratum: N of each.
    pub strata: BTreeMap<String, u64>,
    /// Organisations by city, then by sector and size class. They are not told: a cell may be one organisation.
    #[serde(skip)]
    pub cells: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
    /// How many organisations have no number of persons employed.
    pub without_employees: u64,
}

impl RegisterTotals {
    /// Counts an organisation.
    ///
    /// ```
    /// use innogauge::scoring::RegisterTotals;
    ///
    /// let mut totals = RegisterTotals::default();
    /// totals.add("230700", Some("small"), Some("C"), "230700/small", Some(35));
    /// assert_eq!(totals.organisations["230700"]["small"], 1);
    /// assert_eq!(totals.employees_by_sector["230700"]["C"], 35);
    /// ```
    pub fn add(&mut self, city: &str, size: Option<&str>, sector: Option<&str>, stratum: &str, employees: Option<u64>) {
        let (size, sector) = (size.unwrap_or_default(), sector.unwrap_or_default());
        let count = |table: &mut BTreeMap<String, BTreeMap<String, u64>>, column: &str, more: u64| {
            *table
                .entry(city.to_owned())
                .or_default()
                .entry(column.to_owned())
                .or_default() += more;
        };
        count(&mut self.organisations, size, 1);
        count(&mut self.by_sector, sector, 1);
        match employees {
            Some(employees) => {
                count(&mut self.employees_by_size, size, employees);
                count(&mut self.employees_by_sector, sector, employees);
            }
            None => self.without_employees += 1,
        }
        let of_city = self.cells.entry(city.to_owned()).or_default();
        let of_sector = of_city.entry(sector.to_owned()).or_default();
        *of_sector.entry(size.to_owned()).or_default() += 1;
        *self.strata.entry(stratum.to_owned()).or_default() += 1;
    }
}
