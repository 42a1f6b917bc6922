//! What one respondent says to a scale: the mean of the items that are known, where these are two thirds of all.
//!
//! The mean of what was answered stands for the whole scale, which leaves out an item as if it were the mean of the
//! others. That is common practice for few gaps (Schafer and Graham 2002, Psychological Methods 7:147); from two
//! thirds down the respondent is not known.

use super::formula::Outcome;
use super::intake::Figure;

/// The items of a scale: the numbers of their formulas, none of one that this version of the survey cannot answer.
#[derive(Debug, Clone)]
pub(super) struct Scale(pub Vec<Option<usize>>);

impl Scale {
    /// The figure of a respondent from the outcomes of the items. Who has no item in scope is out of scope.
    pub fn figure(&self, mut outcome: impl FnMut(usize) -> Outcome) -> Figure {
        let (mut sum, mut known, mut out_of_scope) = (0.0, 0_usize, 0_usize);
        for item in &self.0 {
            match item.map_or(Outcome::Unknown, &mut outcome) {
                Outcome::Known(value) => {
                    sum += value;
                    known += 1;
                }
                Outcome::OutOfScope => out_of_scope += 1,
                Outcome::Unknown => {}
            }
        }
        if out_of_scope == self.0.len() {
            Figure::OutOfScope
        } else if 3 * known < 2 * self.0.len() {
            Figure::Unknown
        } else {
            Figure::Known {
                of: sum / known as f64,
                over: 1.0,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figure of a scale of which some items are known, as their own numbers, and some are out of scope.
    fn figure(items: usize, known: &[usize], out_of_scope: &[usize]) -> Figure {
        let outcome = |item: usize| match item {
            _ if known.contains(&item) => Outcome::Known(item as f64),
            _ if out_of_scope.contains(&item) => Outcome::OutOfScope,
            _ => Outcome::Unknown,
        };
        Scale((0..items).map(Some).collect()).figure(outcome)
    }

    #[test]
    fn two_thirds_of_the_items_are_enough_and_fewer_are_not() {
        let known = |of: f64| Figure::Known { of, over: 1.0 };
        for (items, enough) in [(2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5), (9, 6)] {
            let answered: Vec<usize> = (0..enough).collect();
            assert_eq!(
                figure(items, &answered, &[]),
                known((enough - 1) as f64 / 2.0),
                "{items}"
            );
            assert_eq!(figure(items, &answered[1..], &[]), Figure::Unknown, "{items}");
        }
    }

    #[test]
    fn an_item_that_does_not_apply_is_not_known_and_who_has_none_that_does_is_out_of_scope() {
        assert_eq!(figure(3, &[], &[0, 1, 2]), Figure::OutOfScope);
        assert_eq!(figure(3, &[0], &[1, 2]), Figure::Unknown);
        assert_eq!(figure(3, &[0, 1], &[2]), Figure::Known { of: 0.5, over: 1.0 });
    }

    #[test]
    fn an_item_that_a_version_does_not_ask_counts_as_not_answered() {
        let scale = Scale(vec![Some(0), None, Some(1)]);
        assert_eq!(
            scale.figure(|_| Outcome::Known(2.0)),
            Figure::Known { of: 2.0, over: 1.0 }
        );
        let scale = Scale(vec![Some(0), None, None]);
        assert_eq!(scale.figure(|_| Outcome::Known(2.0)), Figure::Unknown);
    }
}
