//! Two ways to score the same data: both as they are, by their ranks.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::error::ComparisonError;
use super::{
    Against, Comparison, ComparisonKind, OldResult, compared_with, differences, element_change, figures_that_differ,
    note_framework,
};
use crate::scoring::analyse::Subject;
use crate::scoring::assessment::Assessment;
use crate::scoring::note::{Note, NoteCode};
use crate::scoring::series::Series;
use crate::scoring::uncertainty::on_one_scale;

/// A row: the unit, and its time in long tables.
type Row<'a> = (&'a str, Option<&'a str>);

fn rows(assessment: &Assessment) -> Vec<Row<'_>> {
    let time = |row: usize| assessment.times.as_ref().and_then(|times| times.get(row));
    let units = assessment.units.iter().enumerate();
    units
        .map(|(row, unit)| (unit.as_str(), time(row).map(String::as_str)))
        .collect()
}

/// Says where the same responses make other figures now.
fn note_figures(assessment: &mut Assessment, old: &OldResult, pairs: &[(usize, usize)]) {
    if assessment.recipe.data_hash == old.assessment.recipe.data_hash {
        return;
    }
    let indicators = figures_that_differ(&old.assessment, assessment, pairs);
    if !indicators.is_empty() {
        let message = format!(
            "the same responses, but other figures of {}: the register, weights or official figures have changed since",
            indicators.join(", ")
        );
        assessment.notes.push(Note::new(NoteCode::EstimatedAgain, message));
    }
}

pub(super) fn compared(
    assessment: &mut Assessment,
    subject: &Subject<'_>,
    against: &Against<'_>,
) -> Result<Comparison, ComparisonError> {
    let old = against.old;
    let (then, now) = (rows(&old.assessment), rows(assessment));
    let place: HashMap<Row<'_>, usize> = then.iter().enumerate().map(|(at, row)| (*row, at)).collect();
    let here: HashMap<Row<'_>, usize> = now.iter().enumerate().map(|(at, row)| (*row, at)).collect();
    let pairs: Vec<(usize, usize)> = now
        .iter()
        .enumerate()
        .filter_map(|(new, row)| Some((*place.get(row)?, new)))
        .collect();
    if pairs.is_empty() {
        return Err(ComparisonError::NoCommonUnit {
            name: old.name.clone(),
            theirs: old.assessment.units.clone(),
            ours: assessment.units.clone(),
        });
    }
    let one_scale = on_one_scale(old.options(), subject.options);
    let mut elements = IndexMap::new();
    for (id, new) in &assessment.scores {
        let (Some(before), Some(old_ranks)) = (old.assessment.scores.get(id), old.assessment.ranks.get(id)) else {
            continue;
        };
        let Some(new_ranks) = assessment.ranks.get(id) else {
            continue;
        };
        let scores = |of: &Series, row: fn(&(usize, usize)) -> usize| -> Series {
            pairs.iter().map(|pair| of.get(row(pair))).collect()
        };
        let ranks = |of: &[Option<u32>], row: fn(&(usize, usize)) -> usize| -> Vec<Option<u32>> {
            pairs.iter().map(|pair| of.get(row(pair)).copied().flatten()).collect()
        };
        let change = element_change(
            scores(before, |pair| pair.0),
            scores(new, |pair| pair.1),
            one_scale,
            ranks(old_ranks, |pair| pair.0),
            ranks(new_ranks, |pair| pair.1),
        );
        elements.insert(id.clone(), change);
    }
    if elements.is_empty() {
        return Err(ComparisonError::NoCommonElement {
            name: old.name.clone(),
            theirs: old
                .assessment
                .elements
                .iter()
                .map(|element| element.id.clone())
                .collect(),
        });
    }
    let named = |row: &Row<'_>| match row.1 {
        Some(time) => format!("{} {time}", row.0),
        None => row.0.to_owned(),
    };
    let comparison = Comparison {
        kind: ComparisonKind::Methods,
        old: compared_with(old),
        units: pairs
            .iter()
            .filter_map(|(_, new)| Some(now.get(*new)?.0.to_owned()))
            .collect(),
        times: assessment.times.as_ref().map(|times| {
            let time = |(_, new): &(usize, usize)| times.get(*new).cloned().unwrap_or_default();
            pairs.iter().map(time).collect()
        }),
        only_old: then.iter().filter(|row| !here.contains_key(*row)).map(named).collect(),
        only_new: now.iter().filter(|row| !place.contains_key(*row)).map(named).collect(),
        differences: differences(assessment, old),
        elements,
        contributions: None,
        intervals: None,
        overlap: None,
        panel: None,
    };
    note_figures(assessment, old, &pairs);
    note_framework(assessment, old);
    Ok(comparison)
}
