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

use std::collections::BTreeMap;
use std::sync::Arc;

use super::calibration_notes::Findings;
use super::classes::{Class, cells, sectors};
use super::margins::{of_margins, totals};
use super::raking::{Raking, Workspace};
use super::resample::Populations;
use super::tally::KeptRespondent;
use crate::scoring::framework::{Framework, parts};
use crate::scoring::note::Note;
use crate::scoring::register_totals::RegisterTotals;
use crate::scoring::weighting::{Margin, Weighting, WeightingCell};

/// Weights are held between this and its inverse times the mean of their cell.
const MOST: f64 = 3.0;
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
