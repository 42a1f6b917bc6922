//! Taking in responses, one by one, on as many threads as there are.

use std::sync::Arc;

use super::intake::{Figure, Intake, Scratch};
use super::row::{Entry, Row};
use super::tally::{KeptRespondent, KnownFigure, Tally};
use crate::scoring::framework::{Framework, MeasureKind, parts};

/// One response as the store holds it.
#[derive(Debug, Clone, Copy)]
pub struct Respondent<'a> {
    /// Which response and which version of it: what the assessment's record names, such as `uuid:…@3`.
    pub response: &'a str,
    /// The credit code of the organisation; `None` where that is not known. It joins the responses of two rounds.
    pub organisation: Option<&'a str>,
    /// The unit that it counts for: a city's code.
    pub unit: &'a str,
    /// The stratum that it was drawn from; empty where that is not known.
    pub stratum: &'a str,
    /// What calibration goes by.
    pub auxiliary: Auxiliary<'a>,
    /// Its sampling weight. Where it is `None`, the answer to the question that the definition names as the weight
    /// counts, and 1 where there is none.
    pub weight: Option<f64>,
    /// The answers in force as canonical JSON: what is absent was not asked, what is null was not answered.
    pub answers: &'a [u8],
}

/// What the register has of a respondent, in the classes that the register's totals are counted by; what it does not
/// have, as the respondent says it. All of it may be unknown.
#[derive(Debug, Clone, Copy, Default)]
pub struct Auxiliary<'a> {
    /// The size class; empty where it is not known.
    pub size: &'a str,
    /// The sector; empty where it is not known.
    pub sector: &'a str,
    /// Persons employed.
    pub employees: Option<u64>,
}

/// Accumulates the responses to one definition. What it keeps does not grow with their number (but for medians, which
/// keep a number and a weight of each).
///
/// Sums are exact, so that [`Tally::merge`] gives the same bits in any order and on any number of threads.
pub struct Estimator {
    intake: Arc<Intake>,
    row: Row,
    scratch: Scratch,
    tally: Tally,
}

impl Estimator {
    /// An estimator that has seen nobody.
    pub fn new(framework: &Framework, intake: &Arc<Intake>) -> Self {
        Self {
            row: Row::new(intake.questions.len()),
            scratch: Scratch::default(),
            tally: Tally::new(parts(framework).count()),
            intake: Arc::clone(intake),
        }
    }

    /// Keeps what each respondent says beside the totals, so that respondents can be drawn again; of more respondents
    /// than [`Tally::MOST_KEPT`] nothing is kept.
    #[must_use]
    pub fn keeping_respondents(mut self) -> Self {
        self.tally.keep();
        self
    }

    /// Takes in one response. One that cannot be used (no JSON, a weight below zero) is counted and left out.
    pub fn add(&mut self, respondent: &Respondent<'_>) {
        let Self {
            intake,
            row,
            scratch,
            tally,
        } = self;
        let read = intake.read(respondent.answers, row);
        let given = respondent.weight.or_else(|| weight_of(intake, row));
        let weight = given.unwrap_or(1.0);
        if read.is_err() || !(0.0..=1e9).contains(&weight) {
            tally.count_unreadable();
            return;
        }
        tally.count(respondent.response, given.is_some());
        let mut kept = tally.is_keeping().then(|| (Vec::new(), Vec::new()));
        let totals = tally.unit(respondent.unit);
        let language = intake.language(row);
        intake.figures(row, scratch, |part, figure, items| {
            if let Some(total) = totals.get_mut(part.number) {
                total.add(part.kind, figure, weight);
                if !items.is_empty() {
                    total.items.add(language, items);
                }
            }
            let Some((figures, outside_base)) = &mut kept else {
                return;
            };
            match figure {
                Figure::Known { of, over } => figures.push(KnownFigure {
                    part: part.number,
                    of,
                    over,
                }),
                Figure::Unknown | Figure::OutOfScope => outside_base.extend(u32::try_from(part.number)),
                Figure::OtherActor => {}
            }
        });
        if let Some((figures, outside_base)) = kept {
            tally.keep_respondent(KeptRespondent {
                survey: Arc::clone(&intake.survey),
                unit: respondent.unit.to_owned(),
                stratum: respondent.stratum.to_owned(),
                response: respondent.response.to_owned(),
                auxiliary: respondent.auxiliary.into(),
                base: weight,
                organisation: respondent.organisation.map(str::to_owned),
                weight,
                figures,
                outside_base,
            });
        }
    }

    /// What was accumulated.
    pub fn finish(self) -> Tally {
        self.tally
    }
}

/// The answer to the question that holds the sampling weight.
fn weight_of(intake: &Intake, row: &Row) -> Option<f64> {
    match row.entries(intake.weight?, &intake.questions) {
        [Entry::Number(weight)] => Some(*weight),
        _ => None,
    }
}

/// The figures of single organisations: their own values, for profiles against peers.
pub struct Profiler {
    intake: Arc<Intake>,
    row: Row,
    scratch: Scratch,
    measures: Vec<(usize, MeasureKind, f64)>,
    indicators: usize,
}

impl Profiler {
    /// A profiler of the responses to one definition.
    pub fn new(framework: &Framework, intake: &Arc<Intake>) -> Self {
        let positions: Vec<usize> = framework.indicators().map(|(position, ..)| position).collect();
        let measures = parts(framework)
            .filter_map(|(element, part)| {
                let indicator = positions.iter().position(|position| *position == element)?;
                Some((indicator, part.measure.kind, part.measure.scale))
            })
            .collect();
        Self {
            row: Row::new(intake.questions.len()),
            scratch: Scratch::default(),
            measures,
            indicators: positions.len(),
            intake: Arc::clone(intake),
        }
    }

    /// An organisation's value of every indicator, in the framework's order: its own ratio or value, 100 (or the
    /// measure's scale) where a condition holds and 0 where not. `None` where the answers cannot be read.
    pub fn values(&mut self, answers: &[u8]) -> Option<Vec<Option<f64>>> {
        let Self {
            intake,
            row,
            scratch,
            measures,
            indicators,
        } = self;
        intake.read(answers, row).ok()?;
        let mut values = vec![None; *indicators];
        intake.figures(row, scratch, |part, figure, _| {
            let (Figure::Known { of, over }, Some((indicator, kind, scale))) = (figure, measures.get(part.number))
            else {
                return;
            };
            let value = if kind.is_quotient() { of / over } else { of } * scale;
            if let (Some(slot), true) = (values.get_mut(*indicator), value.is_finite()) {
                *slot = Some(value);
            }
        });
        Some(values)
    }
}
