//! One column of numbers, one per unit, where each may be missing.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeSeq, Serializer};

/// A number per unit, in the units' order; a missing one is `None`.
///
/// Inside, a missing number is kept as NaN, so that columns stay dense; nothing outside ever sees that NaN.
/// In JSON a missing number is `null`.
///
/// ```
/// use innogauge::scoring::Series;
/// let series: Series = [Some(1.0), None].into_iter().collect();
/// assert_eq!(series.get(0), Some(1.0));
/// assert_eq!(series.get(1), None);
/// assert_eq!(serde_json::to_string(&series).unwrap(), "[1.0,null]");
/// ```
#[derive(Debug, Clone, Default)]
pub struct Series(Vec<f64>);

impl Series {
    /// A series from numbers of which the not finite ones are missing.
    pub fn from_numbers(mut numbers: Vec<f64>) -> Self {
        for number in &mut numbers {
            if !number.is_finite() {
                *number = f64::NAN;
            }
        }
        Self(numbers)
    }

    /// A series of missing values.
    pub fn missing(units: usize) -> Self {
        Self(vec![f64::NAN; units])
    }

    /// The number of a unit; `None` where it is missing or there is no such unit.
    pub fn get(&self, unit: usize) -> Option<f64> {
        self.0.get(unit).copied().filter(|number| !number.is_nan())
    }

    /// How many units the series covers.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it covers no unit.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Every unit's number.
    pub fn iter(&self) -> impl Iterator<Item = Option<f64>> + '_ {
        self.0.iter().map(|number| (!number.is_nan()).then_some(*number))
    }

    /// The numbers that are there.
    pub fn present(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().copied().filter(|number| !number.is_nan())
    }

    /// The numbers for the kernels of this module, NaN where missing.
    pub(super) fn raw(&self) -> &[f64] {
        &self.0
    }
}

impl FromIterator<Option<f64>> for Series {
    fn from_iter<I: IntoIterator<Item = Option<f64>>>(numbers: I) -> Self {
        Self::from_numbers(numbers.into_iter().map(|number| number.unwrap_or(f64::NAN)).collect())
    }
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Serialize for Series {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut sequence = serializer.serialize_seq(Some(self.0.len()))?;
        for number in self.iter() {
            sequence.serialize_element(&number)?;
        }
        sequence.end()
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<Option<f64>>::deserialize(deserializer).map(|numbers| numbers.into_iter().collect())
    }
}
