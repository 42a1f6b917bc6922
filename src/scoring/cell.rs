//! How a city's figure of one indicator came about: how many answered, and what may be said of it.

use serde::{Deserialize, Serialize};

/// One unit's figure of one indicator.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// What may be said of it.
    pub status: CellStatus,
    /// How it came about, one part per actor type.
    pub parts: Vec<CellPart>,
    /// Its standard error as a share of it, where respondents were drawn again.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cv: Option<f64>,
}

/// What may be said of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellStatus {
    /// It rests on enough respondents.
    Published,
    /// It rests on few respondents, or its standard error is over 30 % of it.
    Flagged,
    /// An actor type that the city has did not answer enough, and is not in the figure.
    Partial,
    /// Too few respondents: it is missing.
    TooFew,
    /// Nobody who could answer exists in the unit.
    Absent,
}

/// What one actor type contributes to a figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellPart {
    /// The actor type.
    pub actor: String,
    /// Its share in the combined figure, before rescaling.
    pub share: f64,
    /// The figure of this actor type alone, also where it is too thin to be used.
    pub value: Option<f64>,
    /// Respondents of the actor type in the unit.
    pub respondents: u32,
    /// Those in the base: in scope, with all that is needed known.
    pub base: u32,
    /// Those in scope who did not know, refused, or left it empty.
    pub unknown: u32,
    /// The sum of the weights of the base.
    pub weight: f64,
    /// The largest respondent's share (0 to 1) of the numerator's total; none where the total is not above zero.
    pub largest: Option<f64>,
    /// The two largest respondents' share of it.
    pub two_largest: Option<f64>,
    /// Of listed public bodies, the share that answered, where a register was loaded.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub listed: Option<f64>,
}

impl CellPart {
    /// Whether a figure of confidential respondents would give one of them away: fewer than 3 of them, one with over
    /// 70 % of the total, or one that the second could work out to within 10 % (the p % rule).
    pub fn discloses(&self) -> bool {
        gives_away(self.base as usize, self.largest, self.two_largest)
    }
}

/// Whether a total of so many respondents would give one of them away, by the shares of the largest and of the two
/// largest: fewer than 3, one with over 70 %, or one that the second could work out to within 10 %.
pub(super) fn gives_away(count: usize, largest: Option<f64>, two_largest: Option<f64>) -> bool {
    let dominated = largest.is_some_and(|largest| largest > 0.7);
    let worked_out = match (largest, two_largest) {
        (Some(largest), Some(two)) => 1.0 - two < 0.1 * largest,
        _ => false,
    };
    count < 3 || dominated || worked_out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(base: u32, largest: f64, two_largest: f64) -> CellPart {
        CellPart {
            actor: "enterprise".into(),
            share: 1.0,
            value: Some(1.0),
            respondents: base,
            base,
            unknown: 0,
            weight: f64::from(base),
            largest: Some(largest),
            two_largest: Some(two_largest),
            listed: None,
        }
    }

    #[test]
    fn a_figure_discloses_by_number_by_dominance_and_by_what_the_second_can_work_out() {
        assert!(part(2, 0.5, 1.0).discloses());
        assert!(part(20, 0.71, 0.8).discloses());
        assert!(
            part(20, 0.6, 0.95).discloses(),
            "the rest, 0.05, is under a tenth of 0.6"
        );
        assert!(!part(20, 0.6, 0.9).discloses());
    }
}
