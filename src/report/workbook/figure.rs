//! One figure of an indicator, as the sheets that show figures mark it.

use super::sheet::Cell;
use crate::scoring::{self, CellStatus};

/// A figure in natural units: hidden (`□`), marked (`*`) where it rests on few respondents or part of the actors, or
/// missing. `cell` is how it came about; none where it is not computed from answers.
pub(super) fn figure(value: Option<f64>, cell: Option<&scoring::Cell>, is_hidden: bool) -> Cell {
    match (value, cell) {
        (Some(_), _) if is_hidden => Cell::Text("□".to_owned()),
        (Some(value), Some(cell)) if matches!(cell.status, CellStatus::Flagged | CellStatus::Partial) => {
            Cell::Flagged(value)
        }
        (value, _) => Cell::Value(value),
    }
}
