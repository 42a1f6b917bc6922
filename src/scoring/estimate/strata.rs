//! The strata that respondents are drawn again from: who stands together, and out of how many.

#![allow(
    clippy::indexing_slicing,
    reason = "respondents and strata are counted once, when the sample is made ready"
)]

use std::ops::Range;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;

use super::resample::Populations;
use super::tally::KeptRespondent;
use crate::scoring::note::{Note, NoteCode};

/// Respondents that were drawn from one stratum, next to each other.
#[derive(Debug, Clone)]
pub(super) struct Stratum {
    pub members: Range<usize>,
    /// sqrt(1 - n / N).
    pub lambda: f64,
}

/// Draws n - 1 of the n respondents of a stratum.
pub(super) fn draw_alone(stratum: &Stratum, times: &mut [u32], random: &mut ChaCha8Rng) {
    let members = &mut times[stratum.members.clone()];
    for _ in 1..members.len() {
        members[random.random_range(0..members.len())] += 1;
    }
}

/// A stratum while its neighbours may still join it.
pub(super) struct Drawn {
    pub members: Range<usize>,
    /// N; none where it is not known.
    pub population: Option<u64>,
    pub names: Vec<String>,
}

impl Drawn {
    fn is_single(&self) -> bool {
        self.members.len() == 1 && self.population != Some(1)
    }

    fn join(&mut self, other: Self) {
        self.members = self.members.start.min(other.members.start)..self.members.end.max(other.members.end);
        self.population = self.population.zip(other.population).map(|(one, other)| one + other);
        self.names.extend(other.names);
    }
}

/// The strata of all units, in the order of the respondents, and what a reader must know of them.
pub(super) fn strata(
    respondents: &[(usize, &KeptRespondent)],
    populations: &Populations,
    units: &[String],
    notes: &mut Vec<Note>,
) -> Vec<Stratum> {
    let mut strata = Vec::new();
    let (mut joined, mut alone, mut unknown, mut short) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut start = 0;
    for of_unit in respondents.chunk_by(|(unit, one), (other, two)| unit == other && one.survey == two.survey) {
        let register = of_unit.first().and_then(|(_, kept)| populations.get(&*kept.survey));
        let mut drawn: Vec<Drawn> = Vec::new();
        for of_stratum in of_unit.chunk_by(|(_, one), (_, other)| one.stratum == other.stratum) {
            let members = start..start + of_stratum.len();
            start = members.end;
            let name = of_stratum
                .first()
                .map(|(_, kept)| kept.stratum.clone())
                .unwrap_or_default();
            let population = register.and_then(|register| register.strata.get(&name).copied());
            if register.is_some() && population.is_none() {
                unknown.push(name.clone());
            }
            if population.is_some_and(|population| population < members.len() as u64) {
                short.push(name.clone());
            }
            drawn.push(Drawn {
                members,
                population,
                names: vec![name],
            });
        }
        while let Some(single) = drawn.iter().position(Drawn::is_single) {
            if drawn.len() == 1 {
                let unit = of_unit.first().and_then(|(unit, _)| units.get(*unit));
                alone.extend(unit.cloned());
                drawn.clear();
                break;
            }
            // The next larger size, or the next smaller where it is the largest.
            let at = if single + 1 < drawn.len() { single } else { single - 1 };
            let other = drawn.remove(at + 1);
            drawn[at].join(other);
            joined.push(drawn[at].names.join(" + "));
        }
        strata.extend(drawn.into_iter().filter_map(stratum));
    }
    say(
        notes,
        NoteCode::SingleStratum,
        "strata with one respondent are drawn together with their neighbour in size",
        joined,
    );
    say(
        notes,
        NoteCode::SingleStratum,
        "units with one respondent of a survey: its sampling error is not known",
        alone,
    );
    say(
        notes,
        NoteCode::UnknownPopulation,
        "strata that the register does not have: drawn as from a very large one",
        unknown,
    );
    say(
        notes,
        NoteCode::UnknownPopulation,
        "strata of which more answered than the register has: taken as complete",
        short,
    );
    notes.extend(without_register(respondents, populations));
    strata
}

/// `None` where the stratum has no sampling error.
pub(super) fn stratum(drawn: Drawn) -> Option<Stratum> {
    let n = drawn.members.len();
    let sampled = drawn.population.map_or(0.0, |population| n as f64 / population as f64);
    let lambda = (1.0 - sampled.min(1.0)).sqrt();
    (n > 1 && lambda > 0.0).then_some(Stratum {
        members: drawn.members,
        lambda,
    })
}

fn say(notes: &mut Vec<Note>, code: NoteCode, message: &str, mut names: Vec<String>) {
    if !names.is_empty() {
        names.dedup();
        notes.push(Note::new(code, format!("{message}: {}", names.join(", "))));
    }
}

fn without_register(respondents: &[(usize, &KeptRespondent)], populations: &Populations) -> Option<Note> {
    let mut surveys: Vec<&str> = respondents.iter().map(|(_, kept)| &*kept.survey).collect();
    surveys.sort_unstable();
    surveys.dedup();
    surveys.retain(|survey| !populations.contains_key(*survey));
    (!surveys.is_empty()).then(|| {
        let message = format!(
            "no register for {}: respondents are drawn again as from very large strata, so that intervals are rather too wide",
            surveys.join(", ")
        );
        Note::new(NoteCode::UnknownPopulation, message)
    })
}

#[cfg(test)]
mod tests {
    use super::super::tally::KeptAuxiliary;
    use super::*;
    use crate::scoring::register_totals::RegisterTotals;

    fn kept(survey: &str, stratum: &str, number: usize) -> KeptRespondent {
        KeptRespondent {
            survey: survey.into(),
            unit: "a".to_owned(),
            stratum: stratum.to_owned(),
            response: format!("uuid:{number}"),
            auxiliary: KeptAuxiliary::default(),
            base: 1.0,
            organisation: None,
            weight: 1.0,
            figures: Vec::new(),
            outside_base: Vec::new(),
        }
    }

    #[test]
    fn a_stratum_of_one_joins_its_neighbour_in_size_and_what_the_register_lacks_is_said() {
        let respondents: Vec<KeptRespondent> = [("a/micro", 3), ("a/small", 1), ("a/large", 2), ("a/odd", 2)]
            .iter()
            .flat_map(|(stratum, n)| (0..*n).map(move |number| kept("enterprise", stratum, number)))
            .chain([kept("institution", "a/listed", 0)])
            .collect();
        let mut register = RegisterTotals::default();
        for (stratum, population) in [("a/micro", 50), ("a/small", 9), ("a/large", 2)] {
            register.strata.insert(stratum.to_owned(), population);
        }
        let populations = Populations::from([("enterprise".to_owned(), register)]);
        let sorted: Vec<(usize, &KeptRespondent)> = respondents.iter().map(|kept| (0, kept)).collect();
        let mut notes = Vec::new();
        let strata = strata(&sorted, &populations, &["a".to_owned()], &mut notes);
        // The large ones are 2 of 2, but with the small one they are 3 of 11.
        let found: Vec<(Range<usize>, f64)> = strata.iter().map(|it| (it.members.clone(), it.lambda)).collect();
        let expected = [(0..3, 3.0 / 50.0), (3..6, 3.0 / 11.0), (6..8, 0.0)];
        for ((members, lambda), (expected_members, sampled)) in found.iter().zip(&expected) {
            assert_eq!(members, expected_members);
            assert!((lambda - (1.0_f64 - sampled).sqrt()).abs() < 1e-12);
        }
        assert_eq!(found.len(), expected.len(), "the only institution is not drawn again");
        let said: Vec<&str> = notes.iter().map(|note| note.message.as_str()).collect();
        let said = said.join("\n");
        for part in [
            "a/small + a/large",
            "does not have: drawn as from a very large one: a/odd",
            "no register for institution",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }
}
