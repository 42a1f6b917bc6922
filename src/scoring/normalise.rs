//! Bringing indicators to one scale on which more is better.
//!
//! x is the value times the indicator's direction. An indicator in which all units are equal says nothing about
//! them: they all get the middle of the scale (the mean, under z-scores), and it is noted.

#![allow(
    clippy::indexing_slicing,
    reason = "a numeric kernel: rows come from the frame, which covers the columns"
)]

use super::error::ScoringError;
use super::framework::{Element, Indicator};
use super::note::{Note, NoteCode, Notes};
use super::numbers::{Centre, extremes, is_constant, standard_deviation, ties};
use super::options::{Normalise, NormaliseMethod};
use super::rank::ranks_up;

/// One indicator to be normalised.
pub(super) struct Subject<'a> {
    /// Its element, for messages.
    pub element: &'a Element,
    /// What the framework says of it.
    pub indicator: &'a Indicator,
    /// Its target for each unit, where the method needs one.
    pub target: Option<&'a [f64]>,
    /// The units' ids, for messages.
    pub units: &'a [String],
    /// The rows of the reference unit.
    pub reference: &'a [usize],
}

/// Normalises one column within one frame, in place.
pub(super) fn normalise(
    options: &Normalise,
    subject: &Subject<'_>,
    column: &mut [f64],
    rows: &[usize],
    notes: &mut Notes,
) -> Result<(), ScoringError> {
    let mut x: Vec<f64> = rows.iter().map(|&row| column[row]).collect();
    if x.iter().all(|value| value.is_nan()) {
        return Ok(());
    }
    transform(subject, &mut x, rows)?;
    let direction = subject.indicator.direction.sign();
    let natural = x.clone();
    for value in &mut x {
        *value *= direction;
    }
    let name = subject.element.id.as_str();
    match options.method {
        NormaliseMethod::MinMax => between_extremes(options.low, options.high, &mut x, name, notes),
        NormaliseMethod::DistanceToMax => between_extremes(0.0, 1.0, &mut x, name, notes),
        NormaliseMethod::ZScore => z_score(options, &mut x, name, notes),
        NormaliseMethod::Goalposts => goalposts(options, subject, &natural, &mut x, rows, notes)?,
        NormaliseMethod::DistanceToTarget => to_target(options, subject, &mut x, rows, notes)?,
        NormaliseMethod::DistanceToReference => to_reference(options, subject, &mut x, rows, notes),
        NormaliseMethod::FractionOfMax => fraction_of_max(subject, &natural, &mut x, rows)?,
        NormaliseMethod::Rank => counting_up(&mut x, |rank, _| rank),
        NormaliseMethod::Borda => counting_up(&mut x, |rank, _| rank - 1.0),
        NormaliseMethod::PercentileRank => counting_up(&mut x, |rank, n| {
            let share = if n > 1.0 { (rank - 1.0) / (n - 1.0) } else { 0.5 };
            options.low + share * (options.high - options.low)
        }),
    }
    for (&row, value) in rows.iter().zip(x) {
        column[row] = if value.is_finite() { value } else { f64::NAN };
    }
    Ok(())
}

/// Figures beyond this are refused: sums and differences of them would not be numbers any more.
const LARGEST: f64 = 1e300;

/// ln, log10 or square root of values that have one.
fn transform(subject: &Subject<'_>, x: &mut [f64], rows: &[usize]) -> Result<(), ScoringError> {
    let transform = subject.indicator.transform;
    for (value, &row) in x.iter_mut().zip(rows) {
        if value.is_nan() {
            continue;
        }
        let transformed = transform.apply(*value);
        if !transformed.is_finite() {
            return Err(ScoringError::Unsuitable {
                method: transform.name(),
                element: subject.element.id.clone(),
                unit: subject.units[row].clone(),
                value: *value,
                rule: "a logarithm needs values above 0, a square root none below 0",
            });
        }
        if transformed.abs() > LARGEST {
            return Err(ScoringError::TooLarge {
                element: subject.element.id.clone(),
                unit: subject.units[row].clone(),
                value: transformed,
                most: LARGEST,
            });
        }
        *value = transformed;
    }
    Ok(())
}

fn constant(name: &str, notes: &mut Notes) {
    notes.push(
        Note::new(
            NoteCode::Constant,
            "all units are equal: each gets the middle of the scale",
        )
        .of(name),
    );
}

fn between_extremes(low: f64, high: f64, x: &mut [f64], name: &str, notes: &mut Notes) {
    let Some((worst, best)) = extremes(x) else { return };
    if is_constant(x) {
        constant(name, notes);
        set(x, f64::midpoint(low, high));
        return;
    }
    for value in x {
        *value = low + (*value - worst) / (best - worst) * (high - low);
    }
}

fn z_score(options: &Normalise, x: &mut [f64], name: &str, notes: &mut Notes) {
    let (Some(centre), false) = (Centre::of(x), is_constant(x)) else {
        constant(name, notes);
        return set(x, options.mean);
    };
    let Some(deviation) = standard_deviation(x) else { return };
    for value in x {
        *value = options.mean + options.sd * centre.deviation(*value) / deviation;
    }
}

fn set(x: &mut [f64], to: f64) {
    for value in x.iter_mut().filter(|value| !value.is_nan()) {
        *value = to;
    }
}

fn goalposts(
    options: &Normalise,
    subject: &Subject<'_>,
    natural: &[f64],
    x: &mut [f64],
    rows: &[usize],
    notes: &mut Notes,
) -> Result<(), ScoringError> {
    let lacks = |what| ScoringError::IndicatorLacks {
        indicator: subject.element.id.clone(),
        what,
        method: NormaliseMethod::Goalposts.name(),
    };
    let [low, high] = subject.indicator.goalposts.ok_or_else(|| lacks("goalposts"))?;
    let transform = subject.indicator.transform;
    let (low, high) = (transform.apply(low), transform.apply(high));
    if !(low.is_finite() && high.is_finite() && low < high) {
        return Err(lacks("goalposts that its transform can be applied to"));
    }
    let mut capped = Vec::new();
    for ((score, value), &row) in x.iter_mut().zip(natural).zip(rows) {
        let share = (value - low) / (high - low);
        if options.cap && !(0.0..=1.0).contains(&share) && !share.is_nan() {
            capped.push(subject.units[row].clone());
        }
        let share = if options.cap { share.clamp(0.0, 1.0) } else { share };
        let share = if subject.indicator.direction.sign() < 0.0 {
            1.0 - share
        } else {
            share
        };
        *score = options.low + share * (options.high - options.low);
    }
    let units = natural.iter().filter(|value| !value.is_nan()).count();
    let name = subject.element.id.as_str();
    if capped.len() * 5 > units {
        let message = format!("{} of {units} units lie beyond the goalposts: check them", capped.len());
        notes.push(Note::new(NoteCode::ManyCapped, message).of(name).at(capped));
    } else if !capped.is_empty() {
        notes.push(
            Note::new(NoteCode::Capped, "beyond a goalpost, held at it")
                .of(name)
                .at(capped),
        );
    }
    Ok(())
}

fn to_target(
    options: &Normalise,
    subject: &Subject<'_>,
    x: &mut [f64],
    rows: &[usize],
    notes: &mut Notes,
) -> Result<(), ScoringError> {
    let lacks = || ScoringError::IndicatorLacks {
        indicator: subject.element.id.clone(),
        what: "target",
        method: NormaliseMethod::DistanceToTarget.name(),
    };
    let targets = subject.target.ok_or_else(lacks)?;
    let Some((worst, _)) = extremes(x) else { return Ok(()) };
    let (transform, direction) = (subject.indicator.transform, subject.indicator.direction.sign());
    let (mut reached, mut capped) = (Vec::new(), Vec::new());
    for (value, &row) in x.iter_mut().zip(rows).filter(|(value, _)| !value.is_nan()) {
        let target = transform.apply(targets[row]) * direction;
        let unit = || subject.units[row].clone();
        *value = if target <= worst {
            reached.push(unit());
            1.0
        } else {
            let share = (*value - worst) / (target - worst);
            if options.cap && share > 1.0 {
                capped.push(unit());
                1.0
            } else {
                share
            }
        };
    }
    let name = subject.element.id.as_str();
    if !reached.is_empty() {
        let message = "the target is no better than the worst unit: every unit has reached it";
        notes.push(Note::new(NoteCode::NothingToReach, message).of(name).at(reached));
    }
    if !capped.is_empty() {
        notes.push(
            Note::new(NoteCode::Capped, "beyond the target, held at it")
                .of(name)
                .at(capped),
        );
    }
    Ok(())
}

fn to_reference(options: &Normalise, subject: &Subject<'_>, x: &mut [f64], rows: &[usize], notes: &mut Notes) {
    let name = subject.element.id.as_str();
    let at = rows.iter().position(|row| subject.reference.contains(row));
    let reference = at.map_or(f64::NAN, |position| x[position]);
    let Some((worst, _)) = extremes(x) else { return };
    if reference.is_nan() {
        notes.push(
            Note::new(
                NoteCode::NothingToReach,
                "the reference unit has no value: no unit gets one",
            )
            .of(name),
        );
        return x.fill(f64::NAN);
    }
    let lowest = ties(reference, worst);
    if lowest {
        let message = "the reference unit is itself the worst: units tied with it get 0, the others 1";
        notes.push(Note::new(NoteCode::NothingToReach, message).of(name));
    }
    let mut capped = Vec::new();
    for (value, &row) in x.iter_mut().zip(rows).filter(|(value, _)| !value.is_nan()) {
        if lowest {
            *value = if ties(*value, reference) { 0.0 } else { 1.0 };
            continue;
        }
        *value = 1.0 - (reference - *value) / (reference - worst);
        if options.cap && *value > 1.0 {
            *value = 1.0;
            capped.push(subject.units[row].clone());
        }
    }
    if !capped.is_empty() {
        notes.push(
            Note::new(NoteCode::Capped, "better than the reference, held at it")
                .of(name)
                .at(capped),
        );
    }
}

fn fraction_of_max(subject: &Subject<'_>, natural: &[f64], x: &mut [f64], rows: &[usize]) -> Result<(), ScoringError> {
    let Some((least, greatest)) = extremes(natural) else {
        return Ok(());
    };
    let downwards = subject.indicator.direction.sign() < 0.0;
    let refuse = |offending: f64, rule| ScoringError::Unsuitable {
        method: NormaliseMethod::FractionOfMax.name(),
        element: subject.element.id.clone(),
        unit: natural
            .iter()
            .position(|value| ties(*value, offending))
            .map_or_else(String::new, |position| subject.units[rows[position]].clone()),
        value: offending,
        rule,
    };
    if downwards && least <= 0.0 {
        return Err(refuse(
            least,
            "of an indicator of direction -1 every value must be above 0",
        ));
    }
    if !downwards && greatest <= 0.0 {
        return Err(refuse(greatest, "the greatest value must be above 0"));
    }
    for (score, value) in x.iter_mut().zip(natural) {
        *score = if downwards { least / value } else { value / greatest };
    }
    Ok(())
}

/// Ranks that count up from the worst, made into scores; ties take the smallest.
fn counting_up(x: &mut [f64], score: impl Fn(f64, f64) -> f64) {
    let ranks = ranks_up(x);
    let n = ranks.iter().flatten().count() as f64;
    for (value, rank) in x.iter_mut().zip(ranks) {
        *value = rank.map_or(f64::NAN, |rank| score(f64::from(rank), n));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::{Framework, Options, Target};

    const MISSING: f64 = f64::NAN;

    fn scored(settings: &str, indicator: &str, column: &[f64]) -> Result<(Vec<f64>, Vec<Note>), ScoringError> {
        let yaml = format!("index: {{id: I, indicators: [{{id: x, {indicator}}}]}}");
        let framework = Framework::for_table("f.yaml", &yaml).unwrap().value;
        let options = Options::read("o.yaml", &format!("normalise: {settings}"), Options::score())
            .unwrap()
            .normalise;
        let units: Vec<String> = (0..column.len()).map(|unit| format!("u{unit}")).collect();
        let element = &framework.elements()[1];
        let indicator = element.indicator.as_ref().unwrap();
        let target = indicator
            .target
            .as_ref()
            .and_then(Target::number)
            .map(|target| vec![target; column.len()]);
        let reference: Vec<usize> = options
            .reference
            .iter()
            .filter_map(|id| units.iter().position(|unit| unit == id))
            .collect();
        let subject = Subject {
            element,
            indicator,
            target: target.as_deref(),
            units: &units,
            reference: &reference,
        };
        let rows: Vec<usize> = (0..column.len()).collect();
        let (mut column, mut notes) = (column.to_vec(), Notes::default());
        normalise(&options, &subject, &mut column, &rows, &mut notes)?;
        Ok((column, notes.into_list()))
    }

    fn scores(settings: &str, indicator: &str, column: &[f64]) -> Vec<f64> {
        scored(settings, indicator, column).unwrap().0
    }

    fn same(found: &[f64], expected: &[f64]) {
        let equal = |(one, other): (&f64, &f64)| (one - other).abs() < 1e-12 || (one.is_nan() && other.is_nan());
        assert!(
            found.len() == expected.len() && found.iter().zip(expected).all(equal),
            "{found:?} is not {expected:?}"
        );
    }

    #[test]
    fn min_max_runs_from_the_worst_to_the_best_and_direction_turns_it_round() {
        same(
            &scores("min_max", "direction: 1", &[1.0, 3.0, MISSING, 2.0]),
            &[0.0, 100.0, MISSING, 50.0],
        );
        same(
            &scores("{method: min_max, low: 1, high: 3}", "direction: -1", &[1.0, 3.0, 2.0]),
            &[3.0, 1.0, 2.0],
        );
    }

    #[test]
    fn z_scores_use_the_deviation_with_n_minus_1() {
        same(
            &scores("{method: z_score, mean: 10, sd: 2}", "direction: 1", &[1.0, 2.0, 3.0]),
            &[8.0, 10.0, 12.0],
        );
    }

    #[test]
    fn a_constant_indicator_is_put_in_the_middle_and_noted_and_one_unit_is_constant() {
        for (settings, middle) in [("min_max", 50.0), ("z_score", 0.0), ("distance_to_max", 0.5)] {
            let (column, notes) = scored(settings, "direction: 1", &[7.0, 7.0, MISSING]).unwrap();
            same(&column, &[middle, middle, MISSING]);
            assert_eq!(notes[0].code, NoteCode::Constant);
            same(&scores(settings, "direction: -1", &[7.0]), &[middle]);
        }
    }

    #[test]
    fn goalposts_are_natural_for_either_direction_and_hold_what_lies_beyond() {
        let posts = "goalposts: [0, 4], direction: -1";
        let (column, notes) = scored("goalposts", posts, &[1.0, 0.0, 5.0, 4.0, 3.0]).unwrap();
        same(&column, &[75.0, 100.0, 0.0, 0.0, 25.0]);
        assert_eq!(
            (notes[0].code, notes[0].units.as_slice()),
            (NoteCode::Capped, ["u2".to_owned()].as_slice())
        );
        same(&scores("{method: goalposts, cap: false}", posts, &[5.0]), &[-25.0]);
        let error = scored("goalposts", "direction: 1", &[1.0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "indicator 'x' has no goalposts, which the method goalposts needs"
        );
    }

    #[test]
    fn distances_are_shares_of_the_way_from_the_worst() {
        same(
            &scores("distance_to_target", "target: 3", &[1.0, 2.0, 5.0]),
            &[0.0, 0.5, 1.0],
        );
        same(
            &scores(
                "{method: distance_to_target, cap: false}",
                "target: 3",
                &[1.0, 2.0, 5.0],
            ),
            &[0.0, 0.5, 2.0],
        );
        same(
            &scores("distance_to_target", "target: 3, direction: -1", &[5.0, 4.0, 1.0]),
            &[0.0, 0.5, 1.0],
        );
        same(
            &scores("distance_to_max", "direction: -1", &[5.0, 4.0, 1.0]),
            &[0.0, 0.25, 1.0],
        );
        same(
            &scores(
                "{method: distance_to_reference, reference: u1}",
                "direction: 1",
                &[1.0, 3.0, 2.0, 9.0],
            ),
            &[0.0, 1.0, 0.5, 1.0],
        );
    }

    #[test]
    fn a_reference_that_is_the_worst_gives_0_to_its_ties_and_1_to_the_others() {
        let (column, notes) = scored(
            "{method: distance_to_reference, reference: u0}",
            "direction: 1",
            &[1.0, 1.0, 2.0],
        )
        .unwrap();
        same(&column, &[0.0, 0.0, 1.0]);
        assert_eq!(notes[0].code, NoteCode::NothingToReach);
    }

    #[test]
    fn a_fraction_of_the_best_refuses_values_that_have_none() {
        same(&scores("fraction_of_max", "direction: 1", &[1.0, 4.0]), &[0.25, 1.0]);
        same(&scores("fraction_of_max", "direction: -1", &[1.0, 4.0]), &[1.0, 0.25]);
        let error = scored("fraction_of_max", "direction: -1", &[3.0, 0.0])
            .unwrap_err()
            .to_string();
        assert!(error.contains("unit 'u1' is 0"), "{error}");
    }

    #[test]
    fn ranks_count_up_from_the_worst() {
        let column = [5.0, 7.0, 5.0, 9.0, MISSING];
        same(&scores("rank", "direction: 1", &column), &[1.0, 3.0, 1.0, 4.0, MISSING]);
        same(
            &scores("borda", "direction: -1", &column),
            &[2.0, 1.0, 2.0, 0.0, MISSING],
        );
        same(
            &scores("percentile_rank", "direction: 1", &column),
            &[0.0, 200.0 / 3.0, 0.0, 100.0, MISSING],
        );
    }

    #[test]
    fn a_transform_is_applied_to_values_and_goalposts_alike() {
        same(
            &scores("goalposts", "goalposts: [1, 100], transform: log10", &[10.0]),
            &[50.0],
        );
        let error = scored("min_max", "transform: ln", &[1.0, 0.0]).unwrap_err().to_string();
        assert!(error.contains("a logarithm needs values above 0"), "{error}");
    }
}
