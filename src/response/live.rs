//! Lists that change while a round goes on: the study makes them for each phone, so that what a phone found in one can't
//! be found again later.

use crate::expression::Expression;

/// The organisations of the register that somebody may visit.
pub const ORGANISATIONS: &str = "organisations";
/// What an organisation answered in the round before.
pub const LAST_ROUND: &str = "last_round";

/// Whether a calculation looks into such a list: it is kept as a form client sent it.
pub(super) fn looks_into_live_list(calculation: &Expression) -> bool {
    let mut lists = calculation.looked_up().into_iter().map(|looked_up| looked_up.list);
    lists.any(|list| list == ORGANISATIONS || list == LAST_ROUND)
}
