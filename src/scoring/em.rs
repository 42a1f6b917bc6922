//! Expectation-maximisation for a multivariate normal distribution with holes: the means and covariances under which what is
//! there is most likely, and the conditional means that they put into the holes (Dempster, Laird and Rubin 1977, Journal of the
//! Royal Statistical Society B 39:1; Little and Rubin 2002, Statistical Analysis with Missing Data, ch. 11).

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: rows and columns are counted from the columns that they index"
)]

use std::collections::BTreeMap;

use nalgebra::{Cholesky, DMatrix, DVector};

use super::numbers::{mean, standard_deviation};

/// More columns than this take too long.
pub(super) const MOST_COLUMNS: usize = 50;

/// Steps after which estimates that still move are given up.
pub(super) const STEPS: usize = 10_000;

/// Estimates that move by no more than this, in standard deviations, have settled.
const SETTLED: f64 = 1e-11;

/// A column of which the others leave no more than this share of the variance is made of them.
const DEPENDENT: f64 = 1e-10;

/// Why holes cannot be filled.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// There are more columns than [`MOST_COLUMNS`].
    TooManyColumns,
    /// So many rows have all columns, of so many that are needed.
    TooFewComplete { complete: usize, needed: usize },
    /// A column follows from the others.
    Dependent,
    /// The estimates still move after [`STEPS`].
    NotSettled,
}

/// Fills the holes of columns that vary; a row without any value stays as it is.
///
/// # Errors
/// Where the distribution cannot be estimated. Complete rows must be more than the columns: fewer have a covariance
/// matrix without an inverse, and then a likelihood without a greatest value.
pub(super) fn fill(columns: &mut [&mut Vec<f64>]) -> Result<(), Failure> {
    let rows = columns.first().map_or(0, |column| column.len());
    let mut patterns: BTreeMap<Vec<bool>, Vec<usize>> = BTreeMap::new();
    for row in 0..rows {
        let present: Vec<bool> = columns.iter().map(|column| !column[row].is_nan()).collect();
        if present.contains(&true) {
            patterns.entry(present).or_default().push(row);
        }
    }
    if patterns.keys().all(|present| !present.contains(&false)) {
        return Ok(());
    }
    if columns.len() > MOST_COLUMNS {
        return Err(Failure::TooManyColumns);
    }
    let scales: Vec<Scale> = columns.iter().map(|column| Scale::of(column)).collect();
    let patterns: Vec<Pattern> = patterns
        .into_iter()
        .map(|(present, rows)| Pattern::new(&present, rows, columns, &scales))
        .collect();
    let found = estimate(&patterns, columns.len())?;
    for pattern in &patterns {
        let regression = Regression::of(pattern, &found)?;
        for &row in &pattern.rows {
            let filled = &regression.offset + &regression.slopes * pattern.values(row, columns, &scales);
            for &column in &pattern.missing {
                columns[column][row] = scales[column].natural(filled[column]);
            }
        }
    }
    Ok(())
}

/// Where a column lies: it is estimated in standard deviations from its mean, which changes no conditional mean.
struct Scale {
    mean: f64,
    sd: f64,
}

impl Scale {
    fn of(column: &[f64]) -> Self {
        Self {
            mean: mean(column).unwrap_or(0.0),
            sd: standard_deviation(column).filter(|sd| *sd > 0.0).unwrap_or(1.0),
        }
    }

    fn standard(&self, value: f64) -> f64 {
        (value - self.mean) / self.sd
    }

    fn natural(&self, value: f64) -> f64 {
        self.mean + value * self.sd
    }
}

/// The rows that have the same columns, and all that the estimates need of them.
struct Pattern {
    present: Vec<usize>,
    missing: Vec<usize>,
    rows: Vec<usize>,
    /// The sum of the present values.
    sum: DVector<f64>,
    /// The sum of their products.
    products: DMatrix<f64>,
}

impl Pattern {
    fn new(has: &[bool], rows: Vec<usize>, columns: &[&mut Vec<f64>], scales: &[Scale]) -> Self {
        let (present, missing): (Vec<usize>, Vec<usize>) = (0..has.len()).partition(|&column| has[column]);
        let mut pattern = Self {
            sum: DVector::zeros(present.len()),
            products: DMatrix::zeros(present.len(), present.len()),
            present,
            missing,
            rows,
        };
        for &row in &pattern.rows {
            let values = pattern.values(row, columns, scales);
            pattern.products += &values * values.transpose();
            pattern.sum += values;
        }
        pattern
    }

    fn values(&self, row: usize, columns: &[&mut Vec<f64>], scales: &[Scale]) -> DVector<f64> {
        let value = |&column: &usize| scales[column].standard(columns[column][row]);
        DVector::from_iterator(self.present.len(), self.present.iter().map(value))
    }

    fn count(&self) -> f64 {
        self.rows.len() as f64
    }
}

/// The means and the covariances (over n) of all columns.
struct Normal {
    mean: DVector<f64>,
    covariance: DMatrix<f64>,
}

impl Normal {
    /// By the sums of values and of their products over so many rows.
    fn by_sums(sum: DVector<f64>, products: DMatrix<f64>, count: f64) -> Self {
        let mean = sum / count;
        let covariance = products / count - &mean * mean.transpose();
        Self {
            covariance: (&covariance + covariance.transpose()) / 2.0,
            mean,
        }
    }

    /// How far the two are apart at most.
    fn away(&self, other: &Self) -> f64 {
        let means = (&self.mean - &other.mean).amax();
        means.max((&self.covariance - &other.covariance).amax())
    }
}

/// What all columns of a pattern's rows are expected to be, given those that are there: the offset and the slopes by which
/// they follow, and the covariance that is left. What is there follows from itself.
struct Regression {
    offset: DVector<f64>,
    slopes: DMatrix<f64>,
    rest: DMatrix<f64>,
}

impl Regression {
    fn of(pattern: &Pattern, normal: &Normal) -> Result<Self, Failure> {
        let across = normal.covariance.select_columns(&pattern.present);
        let among = across.select_rows(&pattern.present);
        let variances = among.diagonal();
        let factor = Cholesky::new(among).ok_or(Failure::Dependent)?;
        let left = factor.l_dirty().diagonal().map(|root| root * root);
        if left
            .iter()
            .zip(&variances)
            .any(|(left, variance)| *left <= DEPENDENT * variance)
        {
            return Err(Failure::Dependent);
        }
        let slopes = factor.solve(&across.transpose()).transpose();
        Ok(Self {
            offset: &normal.mean - &slopes * normal.mean.select_rows(&pattern.present),
            rest: &normal.covariance - &slopes * across.transpose(),
            slopes,
        })
    }
}

/// The most likely distribution, from that of the complete rows on.
fn estimate(patterns: &[Pattern], columns: usize) -> Result<Normal, Failure> {
    let complete = patterns.iter().find(|pattern| pattern.missing.is_empty());
    let (count, needed) = (complete.map_or(0, |pattern| pattern.rows.len()), columns + 1);
    let Some(complete) = complete.filter(|_| count >= needed) else {
        return Err(Failure::TooFewComplete {
            complete: count,
            needed,
        });
    };
    let mut found = Normal::by_sums(complete.sum.clone(), complete.products.clone(), complete.count());
    for _ in 0..STEPS {
        let next = step(patterns, &found)?;
        let away = next.away(&found);
        found = next;
        if away <= SETTLED {
            return Ok(found);
        }
    }
    Err(Failure::NotSettled)
}

/// One step: what sums and products are expected to be under an estimate, and the estimate that these make.
fn step(patterns: &[Pattern], normal: &Normal) -> Result<Normal, Failure> {
    let columns = normal.mean.len();
    let (mut sum, mut products) = (DVector::zeros(columns), DMatrix::zeros(columns, columns));
    let mut rows = 0.0;
    for pattern in patterns {
        let Regression { offset, slopes, rest } = Regression::of(pattern, normal)?;
        let count = pattern.count();
        let followed = &slopes * &pattern.sum;
        let crossed = &followed * offset.transpose();
        products += &slopes * &pattern.products * slopes.transpose();
        products += &crossed + crossed.transpose();
        products += &offset * offset.transpose() * count + rest * count;
        sum += offset * count + followed;
        rows += count;
    }
    Ok(Normal::by_sums(sum, products, rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: f64 = f64::NAN;

    fn holed() -> Vec<Vec<f64>> {
        vec![
            vec![
                7.0, 1.0, 11.0, 11.0, 7.0, 11.0, 3.0, 1.0, 2.0, MISSING, MISSING, MISSING, MISSING,
            ],
            vec![
                26.0, 29.0, 56.0, 31.0, 52.0, 55.0, 71.0, 31.0, 54.0, MISSING, MISSING, MISSING, MISSING,
            ],
            vec![6.0, 15.0, 8.0, 8.0, 6.0, 9.0, 17.0, 22.0, 18.0, 4.0, 23.0, 9.0, 8.0],
            vec![
                60.0, 52.0, 20.0, 47.0, 33.0, 22.0, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING, MISSING,
            ],
            vec![
                78.5, 74.3, 104.3, 87.6, 95.9, 109.2, 102.7, 72.5, 93.1, 115.9, 83.8, 113.3, 109.4,
            ],
        ]
    }

    fn fill_all(columns: &mut [Vec<f64>]) -> Result<(), Failure> {
        fill(&mut columns.iter_mut().collect::<Vec<_>>())
    }

    fn filled(columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let mut columns = columns.to_vec();
        fill_all(&mut columns).unwrap();
        columns
    }

    #[test]
    fn conditional_means_are_those_of_another_implementation() {
        // The cement data with the holes of Rubin (1976), the example of Little and Rubin (2002, ch. 7). The figures are
        // of an EM in numpy that goes row by row from means of 0 and the identity matrix until it moves by less than 1e-13:
        // B = S[h, o] @ inv(S[o, o]); F[h] = m[h] + B @ (F[o] - m[o]); C[h, h] += S[h, h] - B @ S[o, h];
        // m = F.mean(0); S = cov(F) + C / n.
        let found = filled(&holed());
        for (column, row, expected) in [
            (3, 6, 0.879_810_44),
            (3, 7, 37.907_987_86),
            (3, 8, 19.904_757_89),
            (0, 9, 12.890_665_17),
            (1, 9, 65.839_072_69),
            (3, 9, 14.453_701_53),
            (0, 10, -0.468_603_39),
            (1, 10, 48.196_242_17),
            (3, 10, 20.831_056_99),
            (0, 12, 10.105_299_72),
            (1, 12, 62.428_594_21),
            (3, 12, 15.445_977_48),
        ] {
            let value = found[column][row];
            assert!(
                (value - expected).abs() < 1e-6,
                "{column} {row}: {value} is not {expected}"
            );
        }
        let mean = |column: usize| found[column].iter().sum::<f64>() / 13.0;
        for (column, expected) in [(0, 6.655_165_85), (1, 49.965_259_12), (3, 27.047_089_04)] {
            assert!((mean(column) - expected).abs() < 1e-6);
        }
        assert_eq!(found[2], holed()[2], "what is there stays");
    }

    #[test]
    fn neither_the_order_of_rows_nor_the_unit_of_measure_changes_anything() {
        let expected = filled(&holed());
        let turned = |column: &Vec<f64>| column.iter().rev().map(|value| value * 1e6 - 3.0).collect();
        let found = filled(&holed().iter().map(turned).collect::<Vec<Vec<f64>>>());
        for (found, expected) in found.iter().zip(&expected) {
            for (found, expected) in found.iter().rev().zip(expected) {
                assert!(
                    ((found + 3.0) / 1e6 - expected).abs() < 1e-8,
                    "{found} is not {expected}"
                );
            }
        }
    }

    #[test]
    fn a_row_without_any_value_stays_empty_and_counts_for_nothing() {
        let mut columns = holed();
        for column in &mut columns {
            column.insert(4, MISSING);
        }
        let mut found = filled(&columns);
        for column in &mut found {
            assert!(column.remove(4).is_nan());
        }
        assert_eq!(found, filled(&holed()));
    }

    #[test]
    fn what_cannot_be_estimated_is_refused() {
        let mut few = holed();
        few[0][0] = MISSING;
        let (complete, needed) = (5, 6);
        assert_eq!(fill_all(&mut few), Err(Failure::TooFewComplete { complete, needed }));

        let one = vec![1.0, 2.0, 4.0, 3.0, 7.0, MISSING];
        let other = vec![3.0, 1.0, 2.0, 9.0, 4.0, 5.0];
        let sum = one.iter().zip(&other).map(|(one, other)| one + 2.0 * other).collect();
        assert_eq!(fill_all(&mut [one, other, sum]), Err(Failure::Dependent));

        let rows = |column: usize| (0..60).map(move |row| f64::from((row * row * 7 + row) % 61) + column as f64);
        let mut many: Vec<Vec<f64>> = (0..=MOST_COLUMNS).map(|column| rows(column).collect()).collect();
        many[0][0] = MISSING;
        assert_eq!(fill_all(&mut many), Err(Failure::TooManyColumns));
    }

    #[test]
    fn nothing_is_estimated_where_there_is_nothing_to_fill() {
        let mut columns = [vec![1.0, 2.0, MISSING], vec![2.0, 4.0, MISSING]];
        assert_eq!(fill_all(&mut columns), Ok(()));
        assert!(columns.iter().all(|column| column[2].is_nan()));
    }
}
