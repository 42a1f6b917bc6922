//! The change among the organisations that answered in both rounds: what did not come about by others answering.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::intervals::ChangeIntervals;
use super::rounds::{Drawing, changes};
use crate::scoring::assessment::Assessment;
use crate::scoring::error::ScoringError;
use crate::scoring::estimate::{BothRounds, Paired};
use crate::scoring::note::{Note, NoteCode};
use crate::scoring::run::assess;
use crate::scoring::series::Series;

use super::pooled::Pooled;

/// The change among the organisations that answered in both rounds.
///
/// Both rounds of those organisations are scored in one frame, which is that of the comparison where goalposts are fixed,
/// and one of their own where the frame follows from the figures. The figures of a unit with fewer of them than an
/// indicator needs are missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// The index and the dimensions.
    pub elements: IndexMap<String, PanelChange>,
}

/// How one element changed among the organisations in both rounds, for each unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelChange {
    /// Their score then.
    pub old: Series,
    /// Their score now.
    pub new: Series,
    /// New less old.
    pub change: Series,
    /// A confidence interval of the change, where respondents were drawn again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sampling: Option<ChangeIntervals>,
}

/// The change of the panel; none where nobody of it, or too few, answered in both rounds.
pub(super) fn panel(
    assessment: &mut Assessment,
    pooled: &Pooled,
    paired: &Paired<'_>,
    drawing: &Drawing<'_>,
) -> Result<Option<Panel>, ScoringError> {
    let columns = BothRounds::panel(paired, drawing.scaling(assessment));
    let table = columns.table(&pooled.framework, &pooled.table);
    let both = match assess(&pooled.framework, &table, &pooled.options) {
        Ok(both) => both,
        // What all respondents' figures allow, a part of them need not: weights from data, logarithms.
        Err(error) => {
            let message = format!("the organisations in both rounds cannot be scored alone: {error}");
            assessment.notes.push(Note::new(NoteCode::NoPanel, message));
            return Ok(None);
        }
    };
    let found = changes(&both, &pooled.pairs);
    let index = pooled
        .framework
        .elements()
        .first()
        .and_then(|index| found.get(&index.id));
    if index.is_none_or(|index| index.change.iter().all(|change| change.present().next().is_none())) {
        let message = "too few organisations answered in both rounds to score them alone";
        assessment.notes.push(Note::new(NoteCode::NoPanel, message));
        return Ok(None);
    }
    let mut sampling = drawing.sampling_of(&both, &columns)?;
    let parents = pooled
        .framework
        .elements()
        .iter()
        .filter(|element| element.indicator.is_none());
    let elements = parents.filter_map(|element| {
        let change = found.get(&element.id)?;
        Some((
            element.id.clone(),
            PanelChange {
                old: change.old.clone(),
                new: change.new.clone(),
                change: change.change.clone()?,
                sampling: sampling.shift_remove(&element.id),
            },
        ))
    });
    Ok(Some(Panel {
        elements: elements.collect(),
    }))
}
