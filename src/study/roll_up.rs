//! Roll-ups of the study's places, beside the ranking.

use super::StudyError;
use super::assessment::statistics;
use crate::definition::{StudyPlace, roll_ups};
use crate::scoring::{Assessment, Subject, Tally, Together, roll_up};
use crate::store::Store;

/// Scores each place together with the places that roll up into it, and adds that to the assessment of cities.
pub(super) fn add_roll_ups(
    store: &Store,
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    tally: &Tally,
) -> Result<(), StudyError> {
    let places = store.places()?;
    let together: Vec<Together> = roll_ups(&places.iter().collect::<Vec<&StudyPlace>>())
        .into_iter()
        .map(|found| Together {
            place: found.place,
            parts: found.parts,
            figures_include_parts: found.figures_include_parts,
        })
        .collect();
    let units: Vec<String> = together.iter().map(|group| group.place.clone()).collect();
    let official = statistics(store, &units)?;
    Ok(roll_up(assessment, subject, tally, &together, &official)?)
}
