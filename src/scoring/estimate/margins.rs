//! The totals of the register that weights are to reach, and which of them they can.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: respondents, classes and totals are counted once, when a group is made"
)]

use super::classes::Class;
use super::raking::Total;
use super::tally::KeptRespondent;
use crate::scoring::weighting::Margin;

/// A total nearer to the end of what is possible than this share of the way counts as out of reach.
const ROOM: f64 = 0.01;

/// The totals of the register, margin by margin.
pub(super) struct Totals {
    /// Those that weights within their limits can reach one by one.
    pub reachable: Vec<(Margin, Total)>,
    /// The classes of those that they cannot.
    pub out_of_reach: Vec<(Margin, String)>,
}

/// The totals of all margins of a unit; a margin of a single sector, and persons that the register has none of, are none.
pub(super) fn totals(
    cells: &[Class],
    sectors: &[Class],
    respondents: &[KeptRespondent],
    starts: &[f64],
    limits: &[[f64; 2]],
) -> Totals {
    let sectors = if sectors.len() > 1 { sectors } else { &[] };
    let has_persons = cells.iter().any(|cell| cell.employees > 0);
    let mut totals = Totals {
        reachable: Vec::new(),
        out_of_reach: Vec::new(),
    };
    for (margin, classes) in [
        (Margin::OrganisationsBySize, cells),
        (Margin::OrganisationsBySector, sectors),
        (Margin::EmployeesBySize, cells),
        (Margin::EmployeesBySector, sectors),
    ] {
        let counts_persons = matches!(margin, Margin::EmployeesBySize | Margin::EmployeesBySector);
        for class in classes.iter().filter(|_| has_persons || !counts_persons) {
            let adds = |member: &usize| {
                let employees = respondents[*member].auxiliary.employees.unwrap_or(0.0);
                (*member, if counts_persons { employees } else { 1.0 })
            };
            let total = Total {
                total: if counts_persons {
                    class.employees
                } else {
                    class.organisations
                } as f64,
                members: class.members.iter().map(adds).collect(),
            };
            if is_within_reach(&total, class.organisations as f64, starts, limits) {
                totals.reachable.push((margin, total));
            } else {
                totals.out_of_reach.push((margin, class.name()));
            }
        }
    }
    totals
}

/// Those totals that belong to organisations by size or to one of these margins.
pub(super) fn of_margins<'t>(totals: &'t [(Margin, Total)], margins: &[Margin]) -> Vec<&'t Total> {
    totals
        .iter()
        .filter(|(margin, _)| *margin == Margin::OrganisationsBySize || margins.contains(margin))
        .map(|(_, total)| total)
        .collect()
}

/// Whether weights within their limits that sum to the organisations of a class can reach its total, with a little room.
fn is_within_reach(total: &Total, organisations: f64, starts: &[f64], limits: &[[f64; 2]]) -> bool {
    let mut members = total.members.clone();
    members.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let least = |member: usize| starts[member] * limits[member][0];
    let room = |member: usize| starts[member] * (limits[member][1] - limits[member][0]);
    let all_least: f64 = members.iter().map(|(member, _)| least(*member)).sum();
    let all_room: f64 = members.iter().map(|(member, _)| room(*member)).sum();
    let free = organisations - all_least;
    if free < 0.0 || free > all_room || total.total <= 0.0 {
        return false;
    }
    let reached = |members: &mut dyn Iterator<Item = &(usize, f64)>| -> f64 {
        let mut left = free;
        members
            .map(|(member, amount)| {
                let more = left.min(room(*member));
                left -= more;
                (least(*member) + more) * amount
            })
            .sum()
    };
    let (lowest, highest) = (reached(&mut members.iter()), reached(&mut members.iter().rev()));
    let margin = ROOM * (highest - lowest) - 1e-9 * total.total;
    total.total >= lowest + margin && total.total <= highest - margin
}
