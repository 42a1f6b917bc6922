//! Random answers to any survey, as texts that an instance may hold. Numbers and words that a survey's rules name come
//! up often, so that the rules turn.

use std::sync::LazyLock;

use innogauge::definition::{Definition, Element, Formula, QuestionType};
use rand::seq::IndexedRandom;
use rand::{RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;
use regex::Regex;

/// Makes answers to one survey.
pub struct Filler<'d> {
    definition: &'d Definition,
    pub random: ChaCha8Rng,
    numbers: Vec<f64>,
    words: Vec<String>,
}

impl<'d> Filler<'d> {
    pub fn new(definition: &'d Definition, seed: u64) -> Self {
        static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d{1,6}(\.\d{1,3})?\b").unwrap());
        static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"'([^']{1,20})'").unwrap());
        let mut numbers = vec![0.0, 1.0, 2.0];
        let mut words: Vec<String> = ["abc", "中文", "a b", "x1", "12"].map(str::to_owned).into();
        for source in definition.elements().iter().flat_map(rules) {
            numbers.extend(
                NUMBER
                    .find_iter(source)
                    .filter_map(|found| found.as_str().parse::<f64>().ok()),
            );
            // JavaRosa takes blanks off the ends of what it opens.
            words.extend(WORD.captures_iter(source).map(|found| found[1].trim().to_owned()));
        }
        words.retain(|word| !word.is_empty());
        Self {
            definition,
            random: ChaCha8Rng::seed_from_u64(seed),
            numbers,
            words,
        }
    }

    /// An answer to a question; `None` where a client has none of its own.
    pub fn text(&mut self, element: &Element, question_type: &QuestionType) -> Option<String> {
        Some(match question_type {
            QuestionType::Integer => format!("{:.0}", self.number().floor()),
            QuestionType::Decimal => self.number().to_string(),
            QuestionType::Range => {
                let bound = |name| element.parameters.get(name).and_then(|text| text.parse::<f64>().ok());
                let (start, end) = (bound("start").unwrap_or(0.0), bound("end").unwrap_or(10.0));
                let step = bound("step").unwrap_or(1.0);
                let steps = ((end - start) / step).abs().floor();
                (start + step * (self.random.random_range(0.0..=1.0_f64) * steps).round()).to_string()
            }
            QuestionType::SelectOne(_) => self.names(element).first()?.clone(),
            QuestionType::SelectMultiple(_) => {
                let mut names = self.names(element);
                names.truncate(self.random.random_range(1..=3));
                names.join(" ")
            }
            QuestionType::Rank(_) => self.names(element).join(" "),
            QuestionType::Date | QuestionType::Today => self.date(),
            QuestionType::Time => self.clock(),
            QuestionType::DateTime | QuestionType::Start | QuestionType::End => {
                format!("{}T{}", self.date(), self.clock())
            }
            QuestionType::Geopoint | QuestionType::StartGeopoint | QuestionType::BackgroundGeopoint => self.points(1),
            QuestionType::Geotrace => self.points(2),
            QuestionType::Geoshape => self.points(4),
            QuestionType::Acknowledge => "OK".to_owned(),
            QuestionType::Calculate(_) | QuestionType::Hidden => format!("{:.0}", self.number()),
            QuestionType::XmlExternal | QuestionType::CsvExternal | QuestionType::Note => return None,
            file if file.is_file() => format!("{}.jpg", self.random.random_range(1..1_000)),
            _ => self.words.choose(&mut self.random)?.clone(),
        })
    }

    /// The choices of a question in any order, each once.
    fn names(&mut self, element: &Element) -> Vec<String> {
        let mut names: Vec<String> = match self.definition.choice_list(element.id) {
            Some(list) => list.choices().iter().map(|choice| choice.name.clone()).collect(),
            None => vec!["a".to_owned(), "b".to_owned()],
        };
        names.sort();
        names.dedup();
        rand::seq::SliceRandom::shuffle(names.as_mut_slice(), &mut self.random);
        names
    }

    fn number(&mut self) -> f64 {
        let near = *self.numbers.choose(&mut self.random).unwrap_or(&0.0);
        let step = *[0.0, 0.0, 1.0, -1.0, 0.5, 0.1, 17.0]
            .choose(&mut self.random)
            .unwrap_or(&0.0);
        // Some negative, most of them not.
        if self.random.random_bool(0.05) {
            -near - step
        } else {
            (near + step).abs()
        }
    }

    fn date(&mut self) -> String {
        let (year, month, day) = (
            self.random.random_range(1980..=2027),
            self.random.random_range(1..=12),
            self.random.random_range(1..=28),
        );
        format!("{year:04}-{month:02}-{day:02}")
    }

    fn clock(&mut self) -> String {
        let (hour, minute) = (self.random.random_range(0..24), self.random.random_range(0..60));
        format!("{hour:02}:{minute:02}:30.000+08:00")
    }

    fn points(&mut self, count: usize) -> String {
        let point = |random: &mut ChaCha8Rng| {
            let (north, east) = (random.random_range(-89..=89), random.random_range(-179..=179));
            format!("{north}.25 {east}.5 0.0 4.5")
        };
        let mut points: Vec<String> = (0..count).map(|_| point(&mut self.random)).collect();
        // An area ends where it begins.
        if let ([first, .., last], true) = (points.as_mut_slice(), count > 2) {
            last.clone_from(first);
        }
        points.join("; ")
    }
}

/// The rules of an element, as they were written.
fn rules(element: &Element) -> impl Iterator<Item = &str> {
    let formulas = [&element.relevant, &element.constraint, &element.calculation];
    let checks = element.warn_if.iter().map(|check| check.test.source());
    formulas.into_iter().flatten().map(Formula::source).chain(checks)
}
