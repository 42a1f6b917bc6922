//! Size classes and sectors of a unit: organisations of the register beside the respondents who stand for them, with thin
//! ones taken together.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: respondents, classes and totals are counted once, when a group is made"
)]

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::calibration_notes::Findings;
use super::resample::class_order;
use super::tally::KeptRespondent;
use crate::scoring::register_totals::RegisterTotals;

/// Fewer respondents than this are no cell of their own.
const FEWEST: usize = 3;

/// Organisations and respondents that are counted together: of some size classes, or of some sectors.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    pub names: Vec<String>,
    pub organisations: u64,
    pub employees: u64,
    /// Positions of respondents, in order.
    pub members: Vec<usize>,
}

impl Class {
    fn is_thin(&self) -> bool {
        self.members.len() < FEWEST || self.organisations == 0
    }

    fn is_unknown(&self) -> bool {
        matches!(self.names.as_slice(), [name] if name.is_empty())
    }

    fn join(&mut self, other: Self) {
        self.names.extend(other.names);
        self.organisations += other.organisations;
        self.employees += other.employees;
        self.members.extend(other.members);
        self.members.sort_unstable();
    }

    pub fn name(&self) -> String {
        self.names.join(" + ")
    }

    pub fn mean_weight(&self) -> f64 {
        self.organisations as f64 / self.members.len() as f64
    }
}

/// The size classes of a unit, the smallest first, with thin ones joined to their neighbour; `None` where the register
/// has nobody in the unit.
pub(super) fn cells(
    respondents: &[KeptRespondent],
    register: &RegisterTotals,
    unit: &str,
    findings: &mut Findings,
) -> Option<Vec<Class>> {
    let sizes = register.organisations.get(unit)?;
    let in_register = |size: &str| sizes.get(size).is_some_and(|count| *count > 0);
    let by_count = |(size, count): &(&String, &u64)| (!size.is_empty(), **count, Reverse(class_order(size)));
    let (commonest, _) = sizes.iter().filter(|(_, count)| **count > 0).max_by_key(by_count)?;
    let mut classes: BTreeMap<(u32, &str), Class> = BTreeMap::new();
    let class = |size: &str, organisations: u64| Class {
        names: vec![size.to_owned()],
        organisations,
        employees: count_of(&register.employees_by_size, unit, size),
        members: Vec::new(),
    };
    for (size, organisations) in sizes {
        classes.insert((class_order(size), size), class(size, *organisations));
    }
    for (member, kept) in respondents.iter().enumerate() {
        let own = kept.auxiliary.size.as_str();
        if !in_register(own) {
            findings.strata_lacking.push(format!("{unit}/{own}"));
        }
        let size = if own.is_empty() && !in_register(own) {
            commonest
        } else {
            own
        };
        let of_size = classes
            .entry((class_order(size), size))
            .or_insert_with(|| class(size, 0));
        of_size.members.push(member);
    }
    let mut cells: Vec<Class> = classes.into_values().collect();
    while let Some(thin) = cells.iter().position(Class::is_thin).filter(|_| cells.len() > 1) {
        let neighbour = neighbour(&cells, thin, commonest);
        let (first, second) = (thin.min(neighbour), thin.max(neighbour));
        let other = cells.remove(second);
        cells[first].join(other);
    }
    let joined = cells
        .iter()
        .filter(|cell| cell.names.len() > 1 && !cell.members.is_empty());
    findings
        .joined
        .extend(joined.map(|cell| format!("{unit}/{}", cell.name())));
    Some(cells)
}

/// The cell that a thin one joins: the next larger, or the next smaller where it is the largest; organisations of unknown
/// size stand for no class, and join the commonest.
fn neighbour(cells: &[Class], thin: usize, commonest: &str) -> usize {
    if cells[thin].is_unknown() {
        let holds = |cell: &Class| cell.names.iter().any(|name| name == commonest);
        return cells.iter().position(holds).filter(|it| *it != thin).unwrap_or(0);
    }
    match cells.get(thin + 1) {
        Some(next) if !next.is_unknown() || thin == 0 => thin + 1,
        _ => thin - 1,
    }
}

/// The sectors of a unit; those that are thin are taken together, and where that is still thin, with the sector that has
/// the fewest respondents.
pub(super) fn sectors(respondents: &[KeptRespondent], register: &RegisterTotals, unit: &str) -> Vec<Class> {
    let mut classes: BTreeMap<&str, Class> = BTreeMap::new();
    for (sector, organisations) in register.by_sector.get(unit).into_iter().flatten() {
        let class = Class {
            names: vec![sector.clone()],
            organisations: *organisations,
            employees: count_of(&register.employees_by_sector, unit, sector),
            members: Vec::new(),
        };
        classes.insert(sector, class);
    }
    for (member, kept) in respondents.iter().enumerate() {
        let sector = kept.auxiliary.sector.as_str();
        let class = classes.entry(sector).or_default();
        if class.names.is_empty() {
            class.names = vec![sector.to_owned()];
        }
        class.members.push(member);
    }
    let (thin, mut kept): (Vec<Class>, Vec<Class>) = classes.into_values().partition(Class::is_thin);
    let rest = thin.into_iter().reduce(|mut rest, other| {
        rest.join(other);
        rest
    });
    match (rest, kept.iter_mut().min_by_key(|sector| sector.members.len())) {
        (Some(rest), Some(fewest)) if rest.is_thin() => fewest.join(rest),
        (Some(rest), _) => kept.push(rest),
        (None, _) => {}
    }
    kept
}

fn count_of(table: &BTreeMap<String, BTreeMap<String, u64>>, unit: &str, class: &str) -> u64 {
    table
        .get(unit)
        .and_then(|classes| classes.get(class))
        .copied()
        .unwrap_or(0)
}
