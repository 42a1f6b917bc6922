//! Final weights from the register: organisations for each respondent of a cell (unit, survey and size class), raked to
//! the register's firms and persons employed by size and by sector (`raking.rs`), and held within a third and three
//! times the mean of the cell.
//!
//! - A weight that a respondent brings from the sampling design is where its weight within the cell starts.
//! - Cells with fewer than 3 respondents, or none in the register, join their neighbour in size; sectors with fewer than
//!   3 are taken together. A size class that the respondent or the register does not know counts as the class that most
//!   organisations of the unit are in.
//! - Persons employed are those that the register knows; an organisation without a number counts 0 on both sides.
//! - A total that weights within the limits cannot reach is left out; where the rest cannot be reached together, first
//!   persons by sector are let go, then persons, then sectors. Organisations by size hold in any case.
//! - The institutions are a listed census: a survey of whose actor types none is confidential. Each stands for itself.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: respondents, classes and totals are counted once, when a group is made"
)]

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::raking::{Raking, Total, Workspace};
use super::resample::{Populations, class_order};
use super::tally::KeptRespondent;
use crate::scoring::framework::{Framework, parts};
use crate::scoring::note::{Note, NoteCode};
use crate::scoring::register_totals::RegisterTotals;
use crate::scoring::weighting::{Margin, Weighting, WeightingCell};

/// Fewer respondents than this are no cell of their own.
const FEWEST: usize = 3;
/// Weights are held between this and its inverse times the mean of their cell.
const MOST: f64 = 3.0;
/// A total nearer to the end of what is possible than this share of the way counts as out of reach.
const ROOM: f64 = 0.01;
/// So many times as wide are the limits of a replicate that does not reach its totals within those of the sample: one in
/// which few organisations were drawn needs more room than the sample.
const WIDER: f64 = 3.0;
/// What is let go in turn where totals cannot be reached together; the last keeps organisations by size alone.
const LEVELS: [&[Margin]; 4] = [
    &[
        Margin::OrganisationsBySector,
        Margin::EmployeesBySize,
        Margin::EmployeesBySector,
    ],
    &[Margin::OrganisationsBySector, Margin::EmployeesBySize],
    &[Margin::OrganisationsBySector],
    &[],
];

/// What the weights of all respondents were calibrated to.
#[derive(Debug, Clone, Default)]
pub(super) struct Calibration {
    groups: BTreeMap<(String, Arc<str>), Arc<Group>>,
    /// By survey, unit and sector: organisations of the register, for the share of listed bodies that answered.
    pub listed: BTreeMap<String, BTreeMap<String, BTreeMap<String, u64>>>,
    /// How the weights of each survey and unit came out.
    pub weightings: Vec<Weighting>,
    /// What a reader must know.
    pub notes: Vec<Note>,
}

/// The respondents of one survey in one unit, ready to be weighted again and again.
#[derive(Debug, Clone)]
pub(super) struct Group {
    cells: Vec<Class>,
    /// The fullest set of totals that the sample reaches, and poorer ones.
    rakings: Vec<Raking>,
    /// How many of the totals that the sample reaches follow neither from each other nor from the sizes of the cells.
    pub independent_totals: usize,
}

/// Organisations and respondents that are counted together: of some size classes, or of some sectors.
#[derive(Debug, Clone, Default)]
struct Class {
    names: Vec<String>,
    organisations: u64,
    employees: u64,
    /// Positions of respondents, in order.
    members: Vec<usize>,
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

    fn name(&self) -> String {
        self.names.join(" + ")
    }

    fn mean_weight(&self) -> f64 {
        self.organisations as f64 / self.members.len() as f64
    }
}

impl Calibration {
    /// Gives every kept respondent its final weight. `respondents` stand unit by unit, in each survey by survey, and
    /// always in the same order; surveys and units that no register has keep the weights that they came with.
    pub fn of(framework: &Framework, respondents: &mut [KeptRespondent], populations: &Populations) -> Self {
        let mut calibration = Self::default();
        let mut findings = Findings::default();
        for group in respondents.chunk_by_mut(|one, other| one.unit == other.unit && one.survey == other.survey) {
            let (unit, survey) = (group[0].unit.clone(), Arc::clone(&group[0].survey));
            let Some(register) = populations.get(&*survey) else {
                if !is_census(framework, &survey) {
                    findings.see_weights(&survey, group);
                }
                continue;
            };
            findings.see_organisations(&unit, group);
            let mut weighting = before_weights(register, &survey, &unit, group.len() as u64);
            if !is_census(framework, &survey) {
                match Group::new(group, register, &mut weighting, &mut findings) {
                    Some(made) => {
                        calibration.groups.insert((unit, survey), Arc::new(made));
                    }
                    None => findings.units_lacking.push(unit),
                }
            }
            let weights: Vec<f64> = group.iter().map(|kept| kept.weight).collect();
            weighting.set_figures(&weights);
            calibration.weightings.push(weighting);
        }
        for (survey, register) in populations {
            calibration.listed.insert(survey.clone(), register.by_sector.clone());
            for unit in register.organisations.keys() {
                let answered = |known: &Weighting| known.survey == *survey && known.unit == *unit;
                if !calibration.weightings.iter().any(answered) {
                    calibration.weightings.push(before_weights(register, survey, unit, 0));
                }
            }
        }
        calibration.notes = findings.into_notes();
        calibration
    }

    /// No calibration, for a reason.
    pub fn not_done(reason: Note) -> Self {
        Self {
            notes: vec![reason],
            ..Self::default()
        }
    }

    /// The respondents of a survey in a unit, where they were calibrated.
    pub fn group(&self, unit: &str, survey: &Arc<str>) -> Option<Arc<Group>> {
        self.groups.get(&(unit.to_owned(), Arc::clone(survey))).cloned()
    }
}

fn before_weights(register: &RegisterTotals, survey: &str, unit: &str, responses: u64) -> Weighting {
    let sizes = register.organisations.get(unit);
    let organisations: u64 = sizes.map_or(0, |sizes| sizes.values().sum());
    Weighting::new(survey, unit, organisations, responses)
}

/// Whether the survey is a listed census: the actor types that answer it are public bodies, none of them confidential.
pub(super) fn is_census(framework: &Framework, survey: &str) -> bool {
    let mut of_survey = parts(framework).filter(|(_, part)| part.survey == survey).peekable();
    of_survey.peek().is_some() && of_survey.all(|(_, part)| !part.confidential)
}

impl Group {
    /// Weights the respondents of one survey in one unit; `None`, and the weights as they were, where the register has
    /// nobody there.
    fn new(
        respondents: &mut [KeptRespondent],
        register: &RegisterTotals,
        weighting: &mut Weighting,
        findings: &mut Findings,
    ) -> Option<Self> {
        let unit = weighting.unit.clone();
        let cells = cells(respondents, register, &unit, findings)?;
        let sectors = sectors(respondents, register, &unit);
        let mut group = Self {
            cells,
            rakings: Vec::new(),
            independent_totals: 0,
        };
        let mut weights: Vec<f64> = respondents.iter().map(|kept| kept.base).collect();
        group.start(&mut weights);
        let limits = group.limits(&weights);
        let totals = totals(&group.cells, &sectors, respondents, &weights, &limits);
        group.rakings = LEVELS
            .iter()
            .map(|margins| Raking::new(&of_margins(&totals.reachable, margins), &limits))
            .collect();

        let mut work = Workspace::default();
        let reached = group
            .rakings
            .iter()
            .enumerate()
            .find_map(|(level, raking)| Some((level, raking.rake(&mut weights, 1.0, &mut work)?)));
        let level = reached.map_or(LEVELS.len() - 1, |(level, _)| level);
        group.rakings.drain(..level);
        if let Some((_, held)) = reached {
            group.rakings[0].start_from(&work);
            weighting.trimmed = held;
        }
        for (kept, weight) in respondents.iter_mut().zip(weights) {
            kept.weight = weight;
        }
        let is_in_level = |margin: Margin| margin == Margin::OrganisationsBySize || LEVELS[level].contains(&margin);
        weighting.out_of_reach = totals
            .out_of_reach
            .into_iter()
            .filter(|(margin, _)| is_in_level(*margin))
            .map(|(margin, class)| format!("{}: {class}", margin.name()))
            .collect();
        weighting.margins = totals
            .reachable
            .iter()
            .map(|(margin, _)| *margin)
            .filter(|it| is_in_level(*it))
            .collect();
        weighting.margins.dedup();
        let beyond_cells = |margin: Margin| margin != Margin::OrganisationsBySize && is_in_level(margin);
        let reached = totals
            .reachable
            .iter()
            .filter(|(margin, _)| beyond_cells(*margin))
            .count();
        // Over all sectors they sum to what they sum to over all sizes.
        let by_sector = [Margin::OrganisationsBySector, Margin::EmployeesBySector];
        let following = weighting
            .margins
            .iter()
            .filter(|margin| by_sector.contains(margin))
            .count();
        group.independent_totals = reached.saturating_sub(following);
        weighting.cells = group.cells.iter().map(cell_record).collect();
        findings.see(weighting, level > 0);
        Some(group)
    }

    /// The weights that raking starts from: those that respondents bring, scaled to the organisations of their cell.
    fn start(&self, weights: &mut [f64]) {
        for cell in &self.cells {
            let sum: f64 = cell.members.iter().map(|member| weights[*member]).sum();
            let factor = if sum > 0.0 {
                cell.organisations as f64 / sum
            } else {
                1.0
            };
            cell.members.iter().for_each(|member| weights[*member] *= factor);
        }
    }

    /// Between which factors each weight may move, from where it starts.
    fn limits(&self, starts: &[f64]) -> Vec<[f64; 2]> {
        let mut limits = vec![[1.0, 1.0]; starts.len()];
        for cell in &self.cells {
            for &member in &cell.members {
                let as_mean = cell.mean_weight() / starts[member];
                if as_mean.is_finite() {
                    limits[member] = [as_mean / MOST, as_mean * MOST];
                }
            }
        }
        limits
    }

    /// Calibrates the weights of a replicate, in the order of the respondents; whether it reached what the sample did.
    pub fn weigh(&self, weights: &mut [f64], work: &mut Workspace) -> bool {
        self.start(weights);
        let mut rakes =
            |raking: &Raking| raking.rake(weights, 1.0, work).is_some() || raking.rake(weights, WIDER, work).is_some();
        let reached = self.rakings.iter().position(&mut rakes);
        reached == Some(0)
    }
}

fn cell_record(cell: &Class) -> WeightingCell {
    WeightingCell {
        sizes: cell.names.clone(),
        organisations: cell.organisations,
        responses: cell.members.len() as u64,
    }
}

/// The size classes of a unit, the smallest first, with thin ones joined to their neighbour; `None` where the register
/// has nobody in the unit.
fn cells(
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
fn sectors(respondents: &[KeptRespondent], register: &RegisterTotals, unit: &str) -> Vec<Class> {
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

/// The totals of the register, margin by margin.
struct Totals {
    /// Those that weights within their limits can reach one by one.
    reachable: Vec<(Margin, Total)>,
    /// The classes of those that they cannot.
    out_of_reach: Vec<(Margin, String)>,
}

/// The totals of all margins of a unit; a margin of a single sector, and persons that the register has none of, are none.
fn totals(
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
fn of_margins<'t>(totals: &'t [(Margin, Total)], margins: &[Margin]) -> Vec<&'t Total> {
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

/// What is found out while groups are weighted, to be said together.
#[derive(Debug, Default)]
struct Findings {
    unweighted: Vec<String>,
    units_lacking: Vec<String>,
    strata_lacking: Vec<String>,
    joined: Vec<String>,
    not_reached: Vec<String>,
    trimmed: Vec<String>,
    more_than_registered: Vec<String>,
    twice: Vec<String>,
}

impl Findings {
    /// Looks at the respondents of a survey without a register.
    fn see_weights(&mut self, survey: &str, group: &[KeptRespondent]) {
        if group.iter().all(|kept| kept.base.to_bits() == 1.0_f64.to_bits()) {
            self.unweighted.push(survey.to_owned());
        }
    }

    /// Looks for organisations that stand for themselves more than once. Those of one stratum stand next to each other.
    fn see_organisations(&mut self, unit: &str, group: &[KeptRespondent]) {
        let same = |pair: &&[KeptRespondent]| matches!(pair, [one, other] if one.organisation.is_some() && one.organisation == other.organisation);
        let again = group.windows(2).filter(same).count();
        if again > 0 {
            self.twice.push(format!("{unit} ({again})"));
        }
    }

    fn see(&mut self, weighting: &Weighting, let_go: bool) {
        let unit = &weighting.unit;
        if let_go {
            let reached: Vec<&str> = weighting.margins.iter().map(|margin| margin.name()).collect();
            self.not_reached
                .push(format!("{unit} (reached: {})", reached.join(", ")));
        }
        if !weighting.out_of_reach.is_empty() {
            self.not_reached
                .push(format!("{unit} ({})", weighting.out_of_reach.join("; ")));
        }
        if weighting.trimmed > 0 {
            self.trimmed.push(format!("{} in {unit}", weighting.trimmed));
        }
        let short = |cell: &&WeightingCell| cell.organisations < cell.responses;
        for cell in weighting.cells.iter().filter(short) {
            self.more_than_registered
                .push(format!("{unit}/{}", cell.sizes.join(" + ")));
        }
    }

    fn into_notes(self) -> Vec<Note> {
        [
            (
                NoteCode::UnitWeights,
                "no register and no sampling weights: every respondent counts the same in",
                self.unweighted,
            ),
            (
                NoteCode::RegisterLacks,
                "units that the register does not have: their respondents keep the weights that they came with",
                self.units_lacking,
            ),
            (
                NoteCode::RegisterLacks,
                "strata with respondents that the register does not have, counted with their neighbour in size",
                self.strata_lacking,
            ),
            (
                NoteCode::RegisterLacks,
                "cells in which more answered than the register has: weights below 1",
                self.more_than_registered,
            ),
            (
                NoteCode::JoinedCells,
                "cells with fewer than 3 respondents are weighted together with their neighbour in size",
                self.joined,
            ),
            (
                NoteCode::NotCalibrated,
                "totals of the register that weights within a third and three times the mean of their cell do not reach",
                self.not_reached,
            ),
            (
                NoteCode::AnsweredTwice,
                "responses of organisations that answered before: each counts as an organisation until duplicates are resolved",
                self.twice,
            ),
            (
                NoteCode::TrimmedWeights,
                "weights held at a third or three times the mean of their cell",
                self.trimmed,
            ),
        ]
        .into_iter()
        .filter_map(|(code, message, mut names)| {
            names.sort_unstable();
            names.dedup();
            (!names.is_empty()).then(|| Note::new(code, format!("{message}: {}", names.join(", "))))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tally::KeptAuxiliary;
    use super::*;

    const SURVEY: &str = "survey: enterprise\nversion: '1'\ntitle: {en: E}\nlanguages: {en: English}\nquestions:\n  \
                          - {type: decimal, name: q, label: Q}\n";

    fn framework(confidential: bool) -> Framework {
        let definition = crate::definition::Definition::from_yaml("enterprise.yaml", SURVEY)
            .unwrap()
            .value;
        let text = format!(
            "actors:\n  firm: {{from: enterprise, confidential: {confidential}}}\nindex:\n  id: I\n  indicators:\n    \
             - {{id: x, from: firm, mean: \"${{q}}\", goalposts: [0, 1]}}\n"
        );
        Framework::from_yaml("f.yaml", &text, &[&definition]).unwrap().value
    }

    /// So many respondents of size, sector and persons employed.
    type Answered<'a> = (usize, &'a str, &'a str, u64);

    fn kept(answered: &[Answered<'_>]) -> Vec<KeptRespondent> {
        let all = answered
            .iter()
            .flat_map(|&(count, size, sector, employees)| (0..count).map(move |_| (size, sector, employees)));
        all.enumerate()
            .map(|(number, (size, sector, employees))| KeptRespondent {
                survey: "enterprise".into(),
                unit: "a".to_owned(),
                stratum: format!("a/{size}"),
                response: format!("{number:03}"),
                organisation: None,
                auxiliary: KeptAuxiliary {
                    size: size.to_owned(),
                    sector: sector.to_owned(),
                    employees: (employees > 0).then_some(employees as f64),
                },
                base: 1.0,
                weight: 1.0,
                figures: Vec::new(),
                outside_base: Vec::new(),
            })
            .collect()
    }

    fn register(organisations: &[Answered<'_>]) -> Populations {
        let mut register = RegisterTotals::default();
        for &(count, size, sector, employees) in organisations {
            for _ in 0..count {
                let known = |word| Some(word).filter(|word: &&str| !word.is_empty());
                let employees = Some(employees).filter(|employees| *employees > 0);
                register.add("a", known(size), known(sector), &format!("a/{size}"), employees);
            }
        }
        Populations::from([("enterprise".to_owned(), register)])
    }

    fn calibrated(answered: &[Answered<'_>], organisations: &[Answered<'_>]) -> (Vec<f64>, Weighting, String) {
        let mut respondents = kept(answered);
        let calibration = Calibration::of(&framework(true), &mut respondents, &register(organisations));
        let notes: Vec<&str> = calibration.notes.iter().map(|note| note.message.as_str()).collect();
        (
            respondents.iter().map(|kept| kept.weight).collect(),
            calibration.weightings[0].clone(),
            notes.join("\n"),
        )
    }

    fn close(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
        }
    }

    #[test]
    fn thin_cells_and_cells_that_the_register_lacks_join_their_neighbour_in_size() {
        let answered = [
            (4, "micro", "C", 0),
            (2, "small", "C", 0),
            (3, "medium", "C", 0),
            (3, "large", "C", 0),
        ];
        let organisations = [(40, "micro", "C", 0), (14, "small", "C", 0), (6, "medium", "C", 0)];
        let (weights, weighting, notes) = calibrated(&answered, &organisations);
        let cells: Vec<String> = weighting.cells.iter().map(|cell| cell.sizes.join("+")).collect();
        assert_eq!(cells, ["micro", "small+medium+large"]);
        close(&weights, &[[10.0; 4].as_slice(), &[2.5; 8]].concat());
        for part in ["a/small + medium", "counted with their neighbour in size: a/large"] {
            assert!(notes.contains(part), "{notes}");
        }
        assert_eq!(weighting.response_rate, Some(12.0 / 60.0));
    }

    #[test]
    fn an_unknown_size_is_the_commonest_and_thin_sectors_are_one() {
        let answered = [
            (4, "micro", "C", 0),
            (2, "", "C", 0),
            (4, "small", "F", 0),
            (1, "micro", "G", 0),
            (2, "micro", "M", 0),
            (1, "small", "", 0),
        ];
        let organisations = [
            (45, "micro", "C", 0),
            (20, "small", "F", 0),
            (5, "micro", "F", 0),
            (8, "micro", "G", 0),
            (7, "micro", "M", 0),
            (10, "small", "C", 0),
        ];
        let (weights, weighting, notes) = calibrated(&answered, &organisations);
        assert_eq!(weighting.cells.len(), 2);
        assert_eq!(weighting.cells[0].responses, 9, "two of unknown size count as micro");
        assert!(notes.contains("a/"), "{notes}");
        assert!((weights.iter().sum::<f64>() - 95.0).abs() < 1e-9);
        let of_sector = |from: usize, to: usize| weights[from..to].iter().sum::<f64>();
        assert!((of_sector(0, 6) - 55.0).abs() < 1e-9, "C");
        assert!(
            (of_sector(10, 14) - 15.0).abs() < 1e-9,
            "G, M and the one that did not say"
        );
    }

    #[test]
    fn persons_that_no_weights_reach_are_left_out_and_said_and_the_rest_holds() {
        let answered = [
            (3, "micro", "C", 4),
            (3, "micro", "F", 8),
            (3, "small", "C", 20),
            (3, "small", "F", 40),
        ];
        let organisations = [
            (20, "micro", "C", 5),
            (10, "micro", "F", 6),
            (8, "small", "C", 90),
            (6, "small", "F", 80),
        ];
        let (weights, weighting, notes) = calibrated(&answered, &organisations);
        assert!(
            weighting.out_of_reach.contains(&"employees_by_size: small".to_owned()),
            "{weighting:?}"
        );
        assert!(notes.contains("do not reach: a ("), "{notes}");
        close(&[weights[..6].iter().sum(), weights[6..].iter().sum()], &[30.0, 14.0]);
        let mean = [30.0 / 6.0, 14.0 / 6.0];
        for (number, weight) in weights.iter().enumerate() {
            let of_mean = weight / mean[number / 6];
            assert!((1.0 / 3.0 - 1e-9..3.0 + 1e-9).contains(&of_mean), "{weights:?}");
        }
    }

    #[test]
    fn a_listed_census_is_not_weighted_and_its_rate_is_said() {
        let mut respondents = kept(&[(2, "", "research", 0)]);
        let populations = register(&[(3, "", "research", 0)]);
        let calibration = Calibration::of(&framework(false), &mut respondents, &populations);
        assert!(
            respondents
                .iter()
                .all(|kept| kept.weight.to_bits() == 1.0_f64.to_bits())
        );
        let weighting = &calibration.weightings[0];
        assert_eq!(
            (weighting.organisations, weighting.responses, weighting.trimmed),
            (3, 2, 0)
        );
        assert!(weighting.cells.is_empty() && calibration.notes.is_empty());
    }

    #[test]
    fn a_unit_that_the_register_lacks_keeps_its_weights_and_one_without_answers_is_counted() {
        let mut respondents = kept(&[(4, "micro", "C", 0)]);
        for kept in &mut respondents {
            kept.unit = "b".to_owned();
        }
        let populations = register(&[(3, "micro", "C", 0)]);
        let calibration = Calibration::of(&framework(true), &mut respondents, &populations);
        assert!(
            calibration
                .notes
                .iter()
                .any(|note| note.message.ends_with("came with: b"))
        );
        let silent = calibration.weightings.iter().find(|it| it.unit == "a").unwrap();
        assert_eq!((silent.response_rate, silent.responses), (Some(0.0), 0));
    }
}
