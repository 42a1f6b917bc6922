//! Profiles of a bare table, held against figures that the test works out in its own way.

use std::fmt::Write as _;

use innogauge::scoring::{
    Assessment, Framework, Options, PeerStanding, Respondents, Standing, Subject, Table, ToldBy, assess, profile,
};

const FRAMEWORK: &str = "index: {id: Index, children: [\
    {id: A, indicators: [{id: a1}, {id: a2, direction: -1}, {id: a3}]}, \
    {id: B, indicators: [{id: b1}, {id: b2}, {id: b3}, {id: b4}]}, \
    {id: C, indicators: [{id: c1}, {id: aside, weight: 0}]}]}";

fn profiled(units: u32) -> Assessment {
    let mut csv = String::from("unit,a1,a2,a3,b1,b2,b3,b4,c1,aside\n");
    for unit in 0..units {
        let cell = |n: u32| (unit * 37 * n + n * n * 11 + unit * unit * 3) % 101;
        let cells: Vec<String> = (1..=9).map(|n| cell(n).to_string()).collect();
        writeln!(csv, "u{unit},{}", cells.join(",")).unwrap();
    }
    profiled_of(FRAMEWORK, &csv, "profiles: true")
}

fn profiled_of(framework: &str, csv: &str, options: &str) -> Assessment {
    let framework = Framework::for_table("f.yaml", framework).unwrap().value;
    let table = Table::read_csv("t.csv", csv.as_bytes(), None, None).unwrap();
    let options = Options::read("o.yaml", options, Options::score()).unwrap();
    let mut assessment = assess(&framework, &table, &options).unwrap();
    let subject = Subject {
        framework: &framework,
        table: &table,
        options: &options,
        respondents: Respondents::None,
    };
    profile(&mut assessment, &subject, &[], &|_, _| true).unwrap();
    assessment
}

fn column(assessment: &Assessment, id: &str) -> Vec<f64> {
    assessment.scores[id].iter().map(Option::unwrap).collect()
}

#[test]
fn strengths_and_weaknesses_are_the_ranks_at_the_ends_on_their_side_of_the_median() {
    let assessment = profiled(11);
    let profiles = assessment.profiles.as_ref().unwrap();
    assert_eq!((profiles.told_by, profiles.confidence), (ToldBy::GapAlone, None));
    assert!(
        assessment
            .notes
            .iter()
            .any(|note| note.message.contains("not told from chance"))
    );
    let scored = ["a1", "a2", "a3", "b1", "b2", "b3", "b4", "c1"];
    for (unit, profile) in profiles.units.iter().enumerate() {
        let mut all: Vec<(f64, u32, usize, &str)> = Vec::new();
        for id in scored {
            let scores = column(&assessment, id);
            let mut sorted = scores.clone();
            sorted.sort_by(f64::total_cmp);
            let above = scores.iter().filter(|score| **score > scores[unit]).count();
            let below = scores.iter().filter(|score| **score < scores[unit]).count();
            all.push((scores[unit] - sorted[5], u32::try_from(above).unwrap() + 1, below, id));
        }
        let check = |found: &[Standing], sign: f64| {
            let mut expected: Vec<_> = all.iter().filter(|(gap, ..)| gap * sign > 0.0).collect();
            expected.sort_by(|one, other| {
                let by_rank = if sign > 0.0 {
                    one.1.cmp(&other.1)
                } else {
                    one.2.cmp(&other.2)
                };
                by_rank.then((other.0 * sign).total_cmp(&(one.0 * sign)))
            });
            expected.truncate(5);
            assert_eq!(found.len(), expected.len());
            for (found, (gap, rank, _, id)) in found.iter().zip(expected) {
                assert_eq!(
                    (found.indicator.as_str(), found.rank, found.of, found.interval),
                    (*id, *rank, 11, None)
                );
                assert!((found.gap - gap).abs() < 1e-9);
            }
        };
        check(&profile.strengths, 1.0);
        check(&profile.weaknesses, -1.0);
    }
}

#[test]
fn a_shared_last_place_is_the_last_place() {
    let ids = ["x0", "x1", "x2", "x3", "x4", "x5", "tie"];
    let indicators: Vec<String> = ids
        .iter()
        .map(|id| format!("{{id: {id}, goalposts: [0, 100]}}"))
        .collect();
    let framework = format!("index: {{id: Index, indicators: [{}]}}", indicators.join(", "));
    let mut csv = format!("unit,{}\n", ids.join(","));
    // Four of ten are held at 0 in `tie`; u1 is the last but one in all others.
    for unit in 0..10 {
        let tie = if unit < 4 { -5 * unit } else { 60 + unit };
        writeln!(csv, "u{unit},{}{tie}", format!("{},", 50 + 3 * unit).repeat(6)).unwrap();
    }
    let assessment = profiled_of(&framework, &csv, "{normalise: goalposts, profiles: true}");
    let worst = &assessment.profiles.unwrap().units[1].weaknesses[0];
    assert_eq!((worst.indicator.as_str(), worst.rank, worst.of), ("tie", 7, 10));
}

#[test]
fn peers_are_the_five_nearest_in_dimension_scores() {
    let assessment = profiled(11);
    let dimensions = ["A", "B", "C"].map(|id| (id, column(&assessment, id)));
    for (unit, profile) in assessment.profiles.as_ref().unwrap().units.iter().enumerate() {
        let peers = profile.peers.as_ref().unwrap();
        let distance = |other: usize| {
            let squares = dimensions
                .iter()
                .map(|(_, column)| (column[unit] - column[other]).powi(2));
            (squares.sum::<f64>() / 3.0).sqrt()
        };
        let mut others: Vec<usize> = (0..11).filter(|other| *other != unit).collect();
        others.sort_by(|one, other| distance(*one).total_cmp(&distance(*other)));
        let expected: Vec<String> = others.iter().take(5).map(|other| format!("u{other}")).collect();
        assert_eq!(peers.units, expected);
        assert!((peers.distances[4] - distance(others[4])).abs() < 1e-9);
        for (id, column) in &dimensions {
            let theirs: Vec<f64> = others.iter().take(5).map(|other| column[*other]).collect();
            let mean = theirs.iter().sum::<f64>() / 5.0;
            let sd = (theirs.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / 4.0).sqrt();
            let against = &peers.dimensions[*id];
            assert!((against.mean.unwrap() - mean).abs() < 1e-9 && (against.sd.unwrap() - sd).abs() < 1e-9);
            let expected = match column[unit] - mean {
                off if off > sd => PeerStanding::Above,
                off if off < -sd => PeerStanding::Below,
                _ => PeerStanding::Within,
            };
            assert_eq!(against.stands, Some(expected));
        }
    }
}

#[test]
fn more_than_a_thousand_units_have_no_profiles_and_it_is_said() {
    let assessment = profiled(1001);
    assert!(assessment.profiles.is_none());
    assert!(
        assessment
            .notes
            .iter()
            .any(|note| note.message.contains("profiles are made of up to 1000 units"))
    );
}
