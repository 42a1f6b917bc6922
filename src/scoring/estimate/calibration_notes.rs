//! What a reader must know of how respondents were weighted.

use super::tally::KeptRespondent;
use crate::scoring::note::{Note, NoteCode};
use crate::scoring::weighting::{Weighting, WeightingCell};

/// What is found out while groups are weighted, to be said together.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub unweighted: Vec<String>,
    pub units_lacking: Vec<String>,
    pub strata_lacking: Vec<String>,
    pub joined: Vec<String>,
    pub not_reached: Vec<String>,
    pub trimmed: Vec<String>,
    pub more_than_registered: Vec<String>,
    pub twice: Vec<String>,
}

impl Findings {
    /// Looks at the respondents of a survey without a register.
    pub fn see_weights(&mut self, survey: &str, group: &[KeptRespondent]) {
        if group.iter().all(|kept| kept.base.to_bits() == 1.0_f64.to_bits()) {
            self.unweighted.push(survey.to_owned());
        }
    }

    /// Looks for organisations that stand for themselves more than once. Those of one stratum stand next to each other.
    pub fn see_organisations(&mut self, unit: &str, group: &[KeptRespondent]) {
        let same = |pair: &&[KeptRespondent]| matches!(pair, [one, other] if one.organisation.is_some() && one.organisation == other.organisation);
        let again = group.windows(2).filter(same).count();
        if again > 0 {
            self.twice.push(format!("{unit} ({again})"));
        }
    }

    pub fn see(&mut self, weighting: &Weighting, let_go: bool) {
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

    pub fn into_notes(self) -> Vec<Note> {
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
