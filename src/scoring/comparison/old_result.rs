//! The earlier result of a comparison: read, checked, and made sense of.

use std::collections::HashSet;

use serde::Deserialize;

use super::error::{ComparisonError, own_version};
use crate::scoring::assessment::Assessment;
use crate::scoring::options::Options;
use crate::scoring::result_json::read_result;

/// A result file that another result is compared with.
///
/// ```
/// use innogauge::scoring::OldResult;
/// let error = OldResult::read("table.json", b"{\"rows\": []}").unwrap_err();
/// assert!(error.to_string().starts_with("table.json: is no result of innogauge (missing field"));
/// ```
#[derive(Debug, Clone)]
pub struct OldResult {
    pub(super) name: String,
    pub(super) assessment: Assessment,
    options: Options,
}

/// What can be read of a result of any version.
#[derive(Deserialize)]
struct AnyVersion {
    recipe: AnyRecipe,
}

#[derive(Deserialize)]
struct AnyRecipe {
    program_version: String,
}

impl OldResult {
    /// Reads a result file; `name` is what errors call it.
    ///
    /// # Errors
    /// Where it is no result, or one of a version that this one can't make sense of.
    pub fn read(name: &str, bytes: &[u8]) -> Result<Self, ComparisonError> {
        let any: Option<AnyVersion> = serde_json::from_slice(bytes).ok();
        let version = any.map(|any| any.recipe.program_version);
        if let Some(version) = version.as_ref().filter(|version| is_newer(version)) {
            return Err(ComparisonError::Newer {
                name: name.to_owned(),
                version: version.clone(),
            });
        }
        let unreadable = |reason: String| match &version {
            Some(version) if version != own_version() => ComparisonError::Older {
                name: name.to_owned(),
                version: version.clone(),
            },
            _ => ComparisonError::NoResult {
                name: name.to_owned(),
                reason,
            },
        };
        let assessment = read_result(bytes).map_err(|error| unreadable(error.to_string()))?;
        check(&assessment).map_err(unreadable)?;
        let options = Options::of_recipe(&assessment.recipe.options).map_err(|error| unreadable(error.to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            assessment,
            options,
        })
    }

    /// The same, known to be of a round; what the result says itself counts more.
    #[must_use]
    pub fn of_round(mut self, round: &str) -> Self {
        if self.assessment.recipe.rounds.is_empty() {
            self.assessment.recipe.rounds.push(round.to_owned());
        }
        self
    }

    /// What errors call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The result itself.
    pub fn assessment(&self) -> &Assessment {
        &self.assessment
    }

    /// The options that it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }
}

/// Whether a version is later than this program's; what is no version is not.
fn is_newer(version: &str) -> bool {
    let numbers = |version: &str| -> Option<[u64; 3]> {
        let release = version.split(['-', '+']).next()?;
        let mut numbers = release.split('.').map(str::parse);
        let mut next = || numbers.next()?.ok();
        Some([next()?, next()?, next()?])
    };
    numbers(version)
        .zip(numbers(own_version()))
        .is_some_and(|(theirs, own)| theirs > own)
}

/// Whether every column has a number for each unit. The message says which has not.
fn check(assessment: &Assessment) -> Result<(), String> {
    let units = assessment.units.len();
    if assessment.elements.is_empty() {
        return Err("it has no elements".to_owned());
    }
    let columns = (assessment
        .scores
        .iter()
        .map(|(id, column)| ("scores", id, column.len())))
    .chain(assessment.ranks.iter().map(|(id, column)| ("ranks", id, column.len())))
    .chain(
        assessment
            .stages
            .raw
            .iter()
            .map(|(id, column)| ("stages.raw", id, column.len())),
    )
    .chain(
        (assessment.stages.denominated.iter().flatten()).map(|(id, column)| ("stages.denominated", id, column.len())),
    );
    for (part, id, length) in columns {
        if length != units {
            return Err(format!("{part}.{id} has {length} numbers for {units} units"));
        }
    }
    let times = assessment.times.as_ref();
    if times.is_some_and(|times| times.len() != units) {
        return Err("it has not a time for each unit".to_owned());
    }
    let mut seen = HashSet::new();
    for (row, unit) in assessment.units.iter().enumerate() {
        if !seen.insert((unit, times.and_then(|times| times.get(row)))) {
            return Err(format!("unit '{unit}' is there twice"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::{Framework, Table, assess, result_json};

    fn result() -> serde_json::Value {
        let framework = Framework::for_table("f.yaml", "index: {id: I, indicators: [{id: x}]}")
            .unwrap()
            .value;
        let table = Table::read_csv("t.csv", "unit,x\nA,1\nB,2\n".as_bytes(), None, None).unwrap();
        let assessment = assess(&framework, &table, &Options::score()).unwrap();
        serde_json::from_slice(&result_json(&assessment).unwrap()).unwrap()
    }

    fn refused(value: &serde_json::Value) -> String {
        OldResult::read("old.json", value.to_string().as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn results_of_other_versions_are_told_from_what_is_no_result() {
        let mut value = result();
        assert!(OldResult::read("old.json", value.to_string().as_bytes()).is_ok());
        value["recipe"]["program_version"] = "99.0.0".into();
        assert!(refused(&value).starts_with("old.json: was written by innogauge 99.0.0, which is newer"));
        value["recipe"]["program_version"] = "0.0.1".into();
        assert!(
            OldResult::read("old.json", value.to_string().as_bytes()).is_ok(),
            "what can be read is taken"
        );
        value["stages"] = serde_json::json!([]);
        assert!(refused(&value).starts_with("old.json: was written by innogauge 0.0.1 and cannot be read"));
    }

    #[test]
    fn a_result_that_was_tampered_with_is_none() {
        let mut value = result();
        value["scores"]["I"] = serde_json::json!([1.0]);
        assert!(refused(&value).contains("scores.I has 1 numbers for 2 units"));
        let mut value = result();
        value["units"] = serde_json::json!(["A", "A"]);
        assert!(refused(&value).contains("unit 'A' is there twice"));
        assert!(refused(&serde_json::json!("nothing")).contains("is no result of innogauge"));
    }
}
