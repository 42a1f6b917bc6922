//! Figures of a unit without one of its respondents, as if it had never answered.
//!
//! Where weights are calibrated to a register, those of the others are calibrated again, so that the figures are those of
//! an assessment of the same answers but one.

#![allow(
    clippy::indexing_slicing,
    reason = "parts are those of the framework, respondents those of the unit"
)]

use std::collections::BTreeMap;

use super::calibrate::Calibration;
use super::estimates::figures;
use super::resample::Populations;
use super::tally::{KeptRespondent, KnownFigure, PartTotal, Tally};
use crate::scoring::framework::{Framework, MeasureKind, Part, parts};
use crate::scoring::numbers::ties;
use crate::scoring::options::Responses;

/// The respondents of a tally by unit, ready to be left out one by one.
pub(in crate::scoring) struct LeaveOut<'a> {
    framework: &'a Framework,
    tally: &'a Tally,
    populations: &'a Populations,
    options: &'a Responses,
    parts: Vec<&'a Part>,
    /// In the order in which weights are calibrated.
    by_unit: BTreeMap<&'a str, Vec<&'a KeptRespondent>>,
}

/// The respondent that adds most to the numerator of a figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::scoring) struct Largest {
    /// Its number among the respondents of the unit.
    pub respondent: usize,
    /// Its share of the weighted numerator; of the weight in a median.
    pub share: f64,
}

impl<'a> LeaveOut<'a> {
    /// `None` where the tally has not kept its respondents.
    pub fn new(
        framework: &'a Framework,
        tally: &'a Tally,
        populations: &'a Populations,
        options: &'a Responses,
    ) -> Option<Self> {
        Some(Self {
            framework,
            tally,
            populations,
            options,
            parts: parts(framework).map(|(_, part)| part).collect(),
            by_unit: tally.kept_by_unit()?,
        })
    }

    /// The instance id of a respondent's response.
    pub fn response(&self, unit: &str, respondent: usize) -> &str {
        let respondents = self.by_unit.get(unit).map_or(&[][..], Vec::as_slice);
        respondents.get(respondent).map_or("", |kept| kept.response.as_str())
    }

    /// By part the respondent of a unit with the greatest weighted contribution to the numerator (in a median the greatest
    /// weight), of equal ones the first by its response; none where the total is not above 0.
    pub fn largest(&self, unit: &str) -> Vec<Option<Largest>> {
        let mut greatest: Vec<Option<(f64, usize)>> = vec![None; self.parts.len()];
        let respondents = self.by_unit.get(unit).map_or(&[][..], Vec::as_slice);
        for (number, kept) in respondents.iter().enumerate() {
            for figure in &kept.figures {
                let amount = self.amount(kept, figure);
                let is_greater = greatest[figure.part].is_none_or(|(most, other)| {
                    amount > most || (ties(amount, most) && kept.response < respondents[other].response)
                });
                if is_greater {
                    greatest[figure.part] = Some((amount, number));
                }
            }
        }
        let totals = self.tally.find(unit).unwrap_or_default();
        let share = |(part, greatest): (usize, Option<(f64, usize)>)| {
            let (amount, respondent) = greatest?;
            let total = totals.get(part)?;
            let total = match self.parts[part].measure.kind {
                MeasureKind::Median => total.weight.value(),
                _ => total.of.value(),
            };
            let share = amount / total;
            (total > 0.0 && amount > 0.0 && share.is_finite()).then_some(Largest { respondent, share })
        };
        greatest.into_iter().enumerate().map(share).collect()
    }

    fn amount(&self, kept: &KeptRespondent, figure: &KnownFigure) -> f64 {
        match self.parts[figure.part].measure.kind {
            MeasureKind::Median => kept.weight,
            _ => (kept.weight * figure.of).abs(),
        }
    }

    /// The figures of a unit without one of its respondents, by indicator, NaN where one is missing; `None` of those that are
    /// not computed from answers.
    pub fn without(&self, unit: &str, respondent: usize) -> Vec<Option<f64>> {
        let mut totals = self.tally.find(unit).unwrap_or_default().to_vec();
        let respondents = self.by_unit.get(unit).map_or(&[][..], Vec::as_slice);
        if let Some(left) = respondents.get(respondent) {
            self.take_out(&mut totals, left, respondents);
        }
        let figures = figures(self.framework, &totals, self.options).into_iter();
        figures
            .map(|figure| figure.map(|figure| figure.value.unwrap_or(f64::NAN)))
            .collect()
    }

    /// Makes the totals of the survey that a respondent answered anew, without it.
    fn take_out(&self, totals: &mut [PartTotal], left: &KeptRespondent, respondents: &[&KeptRespondent]) {
        for figure in &left.figures {
            totals[figure.part].respondents -= 1;
            totals[figure.part].base -= 1;
        }
        for part in &left.outside_base {
            totals[*part as usize].respondents -= 1;
        }
        let others = respondents
            .iter()
            .filter(|kept| kept.survey == left.survey && kept.response != left.response);
        let others: Vec<&KeptRespondent> = others.copied().collect();
        for (total, part) in totals.iter_mut().zip(&self.parts) {
            if part.survey == *left.survey {
                total.unweigh();
            }
        }
        for (kept, weight) in others.iter().zip(self.weights(&others)) {
            for figure in &kept.figures {
                let kind = self.parts[figure.part].measure.kind;
                totals[figure.part].weigh(kind, figure.of, figure.over, weight);
            }
        }
    }

    /// The weights of these respondents of one survey in one unit, if they were all.
    fn weights(&self, respondents: &[&KeptRespondent]) -> Vec<f64> {
        if self.populations.is_empty() {
            return respondents.iter().map(|kept| kept.weight).collect();
        }
        let mut copies: Vec<KeptRespondent> = respondents.iter().map(|kept| kept.without_figures()).collect();
        Calibration::of(self.framework, &mut copies, self.populations);
        copies.into_iter().map(|kept| kept.weight).collect()
    }
}
