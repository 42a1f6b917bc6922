//! Weights that reach given totals and move as little as they can: generalised raking (J.-C. Deville and C.-E. Särndal,
//! Calibration estimators in survey sampling, JASA 87, 1992), of which the proportional fitting of W. E. Deming and F. F.
//! Stephan (1940) is the case in which all totals are counts.
//!
//! The weight of a respondent is `d · exp(x · λ)`, held within limits of its own, where d is where it starts and x what it
//! adds to each total; λ solves the totals by Newton's method with halved steps. Totals that follow from others (sizes and sectors both sum
//! to all organisations) are passed over. Held limits are the truncated case of Deville, Särndal and Sautory (JASA 88,
//! 1993).

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: respondents and totals are counted once, when a raking is made"
)]

/// Totals are reached to this share of themselves.
const TOLERANCE: f64 = 1e-11;
/// After so many steps the totals cannot be reached.
const MOST_STEPS: u32 = 40;
/// A step is halved so often at most.
const MOST_HALVINGS: u32 = 12;
/// A total of which less than this share is left when others are taken out follows from those.
const DEPENDENT: f64 = 1e-9;

/// What a respondent adds to a total.
#[derive(Debug, Clone, Copy)]
struct Term {
    total: usize,
    amount: f64,
}

/// The totals that the weights of a group of respondents are to reach.
#[derive(Debug, Clone, Default)]
pub(super) struct Raking {
    totals: Vec<f64>,
    terms: Vec<Term>,
    /// Where the terms of each respondent end.
    ends: Vec<usize>,
    /// Between which factors the weight of each respondent is held.
    limits: Vec<[f64; 2]>,
    /// λ of the sample itself: where replicates of it start.
    start: Vec<f64>,
}

/// A total, and what respondents add to it.
#[derive(Debug, Clone)]
pub(super) struct Total {
    /// The total; above 0.
    pub total: f64,
    /// Respondents by their position, in order, with what each adds.
    pub members: Vec<(usize, f64)>,
}

/// Room to work in, which is used again and again.
#[derive(Debug, Clone, Default)]
pub(super) struct Workspace {
    lambda: Vec<f64>,
    before: Vec<f64>,
    weights: Vec<f64>,
    held: Vec<bool>,
    /// What is missing of each total, as a share of it.
    missing: Vec<f64>,
    matrix: Vec<f64>,
    step: Vec<f64>,
}

impl Raking {
    /// A raking of respondents with these limits of their factors to these totals.
    pub fn new(totals: &[&Total], limits: &[[f64; 2]]) -> Self {
        let mut of_each: Vec<Vec<Term>> = vec![Vec::new(); limits.len()];
        for (number, total) in totals.iter().enumerate() {
            for &(member, amount) in &total.members {
                of_each[member].push(Term {
                    total: number,
                    // Totals are solved as shares of themselves, so that firms and persons are of one size.
                    amount: amount / total.total,
                });
            }
        }
        let mut raking = Self {
            totals: vec![1.0; totals.len()],
            limits: limits.to_vec(),
            start: vec![0.0; totals.len()],
            ..Self::default()
        };
        for terms in of_each {
            raking.terms.extend(terms);
            raking.ends.push(raking.terms.len());
        }
        raking
    }

    /// Rakes the weights; `None`, and the weights as they were, where the totals cannot be reached within limits that are
    /// so many times as wide as those of the raking.
    ///
    /// Gives how many weights are held at a limit.
    pub fn rake(&self, weights: &mut [f64], wider: f64, work: &mut Workspace) -> Option<usize> {
        work.lambda.clone_from(&self.start);
        let mut misfit = self.weigh(weights, wider, work);
        for _ in 0..MOST_STEPS {
            if work.missing.iter().all(|missing| missing.abs() <= TOLERANCE) {
                weights.copy_from_slice(&work.weights);
                return Some(work.held.iter().filter(|held| **held).count());
            }
            self.find_step(work);
            work.before.clone_from(&work.lambda);
            let nearer = (0..MOST_HALVINGS).find_map(|halvings| {
                let share = 0.5_f64.powi(halvings.cast_signed());
                for ((lambda, before), step) in work.lambda.iter_mut().zip(&work.before).zip(&work.step) {
                    *lambda = before + share * step;
                }
                let now = self.weigh(weights, wider, work);
                (now < misfit).then_some(now)
            });
            misfit = nearer?;
        }
        None
    }

    /// Keeps the solution that was just found as the start of those that follow.
    pub fn start_from(&mut self, work: &Workspace) {
        self.start.clone_from(&work.lambda);
    }

    fn terms_of(&self, respondent: usize) -> &[Term] {
        let start = if respondent == 0 { 0 } else { self.ends[respondent - 1] };
        &self.terms[start..self.ends[respondent]]
    }

    /// The weights under λ and what they miss of each total; gives the sum of squares of what is missing.
    fn weigh(&self, from: &[f64], wider: f64, work: &mut Workspace) -> f64 {
        work.weights.clear();
        work.held.clear();
        work.missing.clone_from(&self.totals);
        for (respondent, (&weight, &[least, most])) in from.iter().zip(&self.limits).enumerate() {
            let terms = self.terms_of(respondent);
            let power: f64 = terms.iter().map(|term| work.lambda[term.total] * term.amount).sum();
            let free = power.exp();
            let factor = free.clamp(least / wider, most * wider);
            let weight = weight * factor;
            for term in terms {
                work.missing[term.total] -= weight * term.amount;
            }
            work.weights.push(weight);
            work.held.push(factor.to_bits() != free.to_bits());
        }
        work.missing.iter().map(|missing| missing * missing).sum()
    }

    /// Newton's step: the matrix of weights · x · x' over those that are not held, solved for what is missing.
    fn find_step(&self, work: &mut Workspace) {
        let n = self.totals.len();
        work.matrix.clear();
        work.matrix.resize(n * n, 0.0);
        for (respondent, (weight, held)) in work.weights.iter().zip(&work.held).enumerate() {
            if *held {
                continue;
            }
            let terms = self.terms_of(respondent);
            for (position, one) in terms.iter().enumerate() {
                for other in &terms[..=position] {
                    // Terms stand in the order of their totals: this is the lower triangle.
                    work.matrix[one.total * n + other.total] += weight * one.amount * other.amount;
                }
            }
        }
        work.step.clone_from(&work.missing);
        solve(&mut work.matrix, &mut work.step);
    }
}

/// Solves a symmetric system, given by its lower triangle, by Cholesky's method; an unknown that follows from those before it is 0.
fn solve(matrix: &mut [f64], values: &mut [f64]) {
    let n = values.len();
    for j in 0..n {
        let whole = matrix[j * n + j];
        let (above, below) = matrix.split_at_mut((j + 1) * n);
        let own = &mut above[j * n..];
        let left = whole - own[..j].iter().map(|it| it * it).sum::<f64>();
        let pivot = if left > DEPENDENT * whole { left.sqrt() } else { 0.0 };
        own[j] = pivot;
        for row in below.chunks_mut(n) {
            let product: f64 = row[..j].iter().zip(&own[..j]).map(|(one, other)| one * other).sum();
            row[j] = if pivot > 0.0 { (row[j] - product) / pivot } else { 0.0 };
        }
    }
    for j in 0..n {
        let pivot = matrix[j * n + j];
        let known: f64 = (0..j).map(|k| matrix[j * n + k] * values[k]).sum();
        values[j] = if pivot > 0.0 { (values[j] - known) / pivot } else { 0.0 };
    }
    for j in (0..n).rev() {
        let pivot = matrix[j * n + j];
        let known: f64 = (j + 1..n).map(|i| matrix[i * n + j] * values[i]).sum();
        values[j] = if pivot > 0.0 { (values[j] - known) / pivot } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(total: f64, members: &[(usize, f64)]) -> Total {
        Total {
            total,
            members: members.to_vec(),
        }
    }

    fn raked(totals: &[Total], weights: &[f64], limits: [f64; 2]) -> Option<(Vec<f64>, usize)> {
        let raking = Raking::new(&totals.iter().collect::<Vec<_>>(), &vec![limits; weights.len()]);
        let mut found = weights.to_vec();
        let held = raking.rake(&mut found, 1.0, &mut Workspace::default())?;
        Some((found, held))
    }

    /// Six respondents in a table of two rows by two columns.
    fn two_margins() -> [Total; 4] {
        [
            total(60.0, &[(0, 1.0), (1, 1.0), (2, 1.0)]),
            total(40.0, &[(3, 1.0), (4, 1.0), (5, 1.0)]),
            total(30.0, &[(0, 1.0), (3, 1.0), (4, 1.0)]),
            total(70.0, &[(1, 1.0), (2, 1.0), (5, 1.0)]),
        ]
    }

    #[test]
    fn counts_are_fitted_as_by_deming_and_stephan() {
        let totals = two_margins();
        let mut fitted = [10.0, 12.0, 14.0, 16.0, 18.0, 20.0];
        for _ in 0..500 {
            for Total { total, members } in &totals {
                let sum: f64 = members.iter().map(|(member, _)| fitted[*member]).sum();
                for (member, _) in members {
                    fitted[*member] *= total / sum;
                }
            }
        }
        let (found, held) = raked(&totals, &[10.0, 12.0, 14.0, 16.0, 18.0, 20.0], [0.0, 1e9]).unwrap();
        assert_eq!(held, 0);
        for (found, expected) in found.iter().zip(fitted) {
            assert!((found - expected).abs() < 1e-9, "{found} is not {expected}");
        }
    }

    #[test]
    fn persons_employed_are_reached_beside_firms_and_limits_hold() {
        let staff = [3.0, 8.0, 20.0, 5.0, 9.0, 40.0];
        let mut totals = two_margins().to_vec();
        totals.push(total(1600.0, &(0..6).map(|it| (it, staff[it])).collect::<Vec<_>>()));
        let weights = [20.0, 20.0, 20.0, 40.0 / 3.0, 40.0 / 3.0, 40.0 / 3.0];
        for limits in [[0.0, 1e9], [0.5, 1.55]] {
            let (found, held) = raked(&totals, &weights, limits).unwrap();
            assert_eq!(held > 0, limits[0] > 0.0, "{found:?}");
            for Total { total, members } in &totals {
                let sum: f64 = members.iter().map(|(member, amount)| found[*member] * amount).sum();
                assert!((sum / total - 1.0).abs() < 1e-10, "{sum} is not {total}");
            }
            for (found, weight) in found.iter().zip(weights) {
                assert!(found / weight >= limits[0] - 1e-12 && found / weight <= limits[1] + 1e-12);
            }
        }
    }

    #[test]
    fn totals_out_of_reach_leave_the_weights_as_they_are() {
        let totals = [total(30.0, &[(0, 1.0), (1, 1.0)]), total(500.0, &[(0, 4.0), (1, 9.0)])];
        assert!(raked(&totals, &[15.0, 15.0], [1.0 / 3.0, 3.0]).is_none());
    }
}
