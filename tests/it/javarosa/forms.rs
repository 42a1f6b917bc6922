//! Random forms: groups, repeats, selects with filters, missing codes, soft checks, and rules over the functions that
//! the language has.

use innogauge::definition::Definition;
use rand::seq::IndexedRandom;
use rand::{RngExt as _, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value as Json, json};

/// How deep expressions go.
const DEPTH: usize = 3;

/// A form that passed every check. Of the first that a seed gives some do not (two dates that are never compared, a rule
/// that can only be false); then the next is taken.
pub fn form(seed: u64) -> Definition {
    let mut errors = String::new();
    for attempt in 0..50 {
        let text = Maker::new(seed * 1_000 + attempt).form(seed).to_string();
        match Definition::from_yaml("generated.yaml", &text) {
            Ok(checked) => return checked.value,
            Err(found) => {
                let found = found.iter().filter(|one| one.is_error());
                errors = found.map(ToString::to_string).collect::<Vec<_>>().join("\n");
            }
        }
    }
    panic!("no form of seed {seed} is accepted: {errors}");
}

/// What a question's answers are to expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Number,
    Text,
    One,
    Many,
    Date,
}

#[derive(Debug, Clone)]
struct Known {
    name: String,
    path: String,
    kind: Kind,
    /// The number of the repeat that it lies in.
    repeat: Option<usize>,
}

/// Where something stands.
#[derive(Debug, Clone)]
struct Place {
    path: String,
    repeat: Option<usize>,
    /// Whether it is directly in an entry of that repeat.
    is_entry: bool,
    depth: usize,
}

struct Maker {
    random: ChaCha8Rng,
    known: Vec<Known>,
    repeats: usize,
    names: usize,
}

impl Maker {
    fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            known: Vec::new(),
            repeats: 0,
            names: 0,
        }
    }

    fn form(mut self, seed: u64) -> Json {
        let top = Place {
            path: "/data".to_owned(),
            repeat: None,
            is_entry: false,
            depth: 0,
        };
        // So that expressions have something to read.
        let mut questions = vec![
            self.question(&top, Kind::Number),
            self.question(&top, Kind::Text),
            self.question(&top, Kind::One),
        ];
        questions.extend(self.elements(&top, 10));
        json!({
            "survey": format!("generated_{seed}"), "version": "1", "title": "Generated",
            "choices": {
                "colour": [
                    {"name": "red", "label": "Red", "warm": "yes", "rank": "1"},
                    {"name": "orange", "label": "Orange", "warm": "yes", "rank": "2"},
                    {"name": "blue", "label": "Blue", "warm": "no", "rank": "3"},
                    {"name": "grey", "label": "Grey", "warm": "no", "rank": "4"},
                ],
                "yes_no": [{"name": "1", "label": "Yes"}, {"name": "0", "label": "No"}],
            },
            "questions": questions,
        })
    }

    fn elements(&mut self, place: &Place, count: usize) -> Vec<Json> {
        let mut elements = Vec::new();
        for _ in 0..count {
            let element = match self.random.random_range(0..12) {
                0 | 1 if place.depth < 2 => self.group(place),
                2 if place.depth < 2 && place.repeat.is_none() => self.repeat(place),
                3..=5 => self.calculation(place),
                _ => {
                    let kinds = [
                        Kind::Number,
                        Kind::Number,
                        Kind::Text,
                        Kind::One,
                        Kind::Many,
                        Kind::Date,
                    ];
                    let kind = *kinds.choose(&mut self.random).unwrap();
                    self.question(place, kind)
                }
            };
            elements.push(element);
        }
        elements
    }

    fn name(&mut self, letter: char) -> String {
        self.names += 1;
        format!("{letter}{}", self.names)
    }

    fn group(&mut self, place: &Place) -> Json {
        let name = self.name('g');
        let mut group = Map::new();
        group.insert("type".to_owned(), json!("group"));
        group.insert("label".to_owned(), json!(name));
        if self.random.random_bool(0.5) {
            group.insert("relevant".to_owned(), json!(self.boolean(place, DEPTH)));
        }
        let inside = Place {
            path: format!("{}/{name}", place.path),
            repeat: place.repeat,
            is_entry: false,
            depth: place.depth + 1,
        };
        let count = self.random.random_range(2..5);
        group.insert("questions".to_owned(), json!(self.elements(&inside, count)));
        group.insert("name".to_owned(), json!(name));
        Json::Object(group)
    }

    fn repeat(&mut self, place: &Place) -> Json {
        let name = self.name('r');
        self.repeats += 1;
        let mut repeat = Map::new();
        repeat.insert("type".to_owned(), json!("repeat"));
        repeat.insert("label".to_owned(), json!(name));
        if self.random.random_bool(0.3) {
            repeat.insert("relevant".to_owned(), json!(self.boolean(place, 1)));
        }
        if self.random.random_bool(0.3) {
            let text = self.any(place, Kind::Text);
            repeat.insert("repeat_count".to_owned(), json!(format!("string-length({text}) mod 4")));
        }
        let inside = Place {
            path: format!("{}/{name}", place.path),
            repeat: Some(self.repeats),
            is_entry: true,
            depth: place.depth + 1,
        };
        let mut questions = vec![self.question(&inside, Kind::Number)];
        let count = self.random.random_range(2..5);
        questions.extend(self.elements(&inside, count));
        repeat.insert("questions".to_owned(), json!(questions));
        repeat.insert("name".to_owned(), json!(name));
        Json::Object(repeat)
    }

    fn calculation(&mut self, place: &Place) -> Json {
        let name = self.name('c');
        let (kind, calculation, data_type) = match self.random.random_range(0..10) {
            0..=4 => (Kind::Number, self.number(place, DEPTH), "decimal"),
            5 => (Kind::Number, self.number(place, DEPTH), "int"),
            6 => (
                Kind::Number,
                format!("if({}, 1, 0)", self.boolean(place, DEPTH)),
                "string",
            ),
            _ => (Kind::Text, self.text(place, DEPTH), "string"),
        };
        let mut question = Map::new();
        question.insert("type".to_owned(), json!("calculate"));
        question.insert("name".to_owned(), json!(name));
        question.insert("data_type".to_owned(), json!(data_type));
        question.insert("calculation".to_owned(), json!(calculation));
        if self.random.random_bool(0.2) {
            question.insert("relevant".to_owned(), json!(self.boolean(place, 1)));
        }
        self.know(place, name, kind);
        Json::Object(question)
    }

    fn know(&mut self, place: &Place, name: String, kind: Kind) {
        self.known.push(Known {
            path: format!("{}/{name}", place.path),
            name,
            kind,
            repeat: place.repeat,
        });
    }

    fn question(&mut self, place: &Place, kind: Kind) -> Json {
        let name = self.name('q');
        let mut question = Map::new();
        let mut set = |key: &str, value: Json| {
            question.insert(key.to_owned(), value);
        };
        set("name", json!(name));
        set("label", json!(name));
        let yes_no = kind == Kind::One && self.random.random_bool(0.3);
        let list = if yes_no { "yes_no" } else { "colour" };
        set(
            "type",
            match kind {
                Kind::Number if self.random.random_bool(0.5) => json!("integer"),
                Kind::Number => json!("decimal"),
                Kind::Text => json!("text"),
                Kind::One => json!(format!("select_one {list}")),
                Kind::Many => json!(format!("select_multiple {list}")),
                Kind::Date => json!("date"),
            },
        );
        if self.random.random_bool(0.3) && !self.known.is_empty() {
            set("relevant", json!(self.boolean(place, DEPTH)));
        }
        if self.random.random_bool(0.3) {
            set("required", json!("true"));
        } else if self.random.random_bool(0.1) && !self.known.is_empty() {
            set("required", json!(self.boolean(place, 1)));
        }
        if self.random.random_bool(0.4) {
            set("constraint", json!(self.constraint(place, kind)));
            set("constraint_message", json!("Broken."));
        }
        if self.random.random_bool(0.3) {
            set("missing", json!(["dont_know", "refused"]));
        }
        if kind == Kind::Number && self.random.random_bool(0.3) {
            set(
                "warn_if",
                json!([{"test": self.constraint(place, kind), "message": "Sure?"}]),
            );
        }
        if !yes_no && matches!(kind, Kind::One | Kind::Many) && self.random.random_bool(0.5) && !self.known.is_empty() {
            set("choice_filter", json!(self.filter(place)));
        }
        let named = Json::Object(question);
        self.know(place, name, kind);
        named
    }

    fn filter(&mut self, place: &Place) -> String {
        match self.random.random_range(0..4) {
            0 => format!("warm = if({}, 'yes', 'no')", self.boolean(place, 1)),
            1 => format!("rank <= {}", self.known_or(place, Kind::Number, "3")),
            2 => format!("warm = 'yes' or name = {}", self.known_or(place, Kind::One, "'blue'")),
            _ => format!("rank > 1 and {}", self.boolean(place, 1)),
        }
    }

    fn constraint(&mut self, place: &Place, kind: Kind) -> String {
        let bound = self.literal();
        let other = self.reference(place, kind);
        match (kind, self.random.random_range(0..4)) {
            (Kind::Number, 0) => format!(". > {bound}"),
            (Kind::Number, 1) => format!(". >= {bound} and . < 100"),
            (Kind::Number, 2) => match other {
                Some(other) => format!("{other} = '' or . <= {other}"),
                None => format!(". != {bound}"),
            },
            (Kind::Number, _) => format!(". mod 2 = 0 or . = {bound}"),
            (Kind::Text, 0) => "string-length(.) > 2".to_owned(),
            (Kind::Text, 1) => "regex(., '^[a-z0-9 ]+$')".to_owned(),
            (Kind::Text, 2) => "not(contains(., 'b'))".to_owned(),
            (Kind::Text, _) => "starts-with(., 'a') or ends-with(., '1')".to_owned(),
            (Kind::One, 0 | 1) => ". != 'blue'".to_owned(),
            (Kind::One, _) => ". = 'red' or . = '1' or . = 'grey'".to_owned(),
            (Kind::Many, 0) => "count-selected(.) <= 2".to_owned(),
            (Kind::Many, 1) => "not(selected(., 'red') and selected(., 'blue'))".to_owned(),
            (Kind::Many, _) => "selected-at(., 0) != 'grey'".to_owned(),
            (Kind::Date, 0) => ". > date('2000-01-01')".to_owned(),
            (Kind::Date, 1) => ". <= today()".to_owned(),
            (Kind::Date, _) => ". >= date('1990-06-15') and . < date('2026-01-01')".to_owned(),
        }
    }

    /// A question of this kind that can be read here by its name.
    fn reference(&mut self, place: &Place, kind: Kind) -> Option<String> {
        let readable: Vec<&Known> = self
            .known
            .iter()
            .filter(|known| known.kind == kind && (known.repeat.is_none() || known.repeat == place.repeat))
            .collect();
        readable
            .choose(&mut self.random)
            .map(|known| format!("${{{}}}", known.name))
    }

    fn known_or(&mut self, place: &Place, kind: Kind, other: &str) -> String {
        self.reference(place, kind).unwrap_or_else(|| other.to_owned())
    }

    fn any(&mut self, place: &Place, kind: Kind) -> String {
        let literal = match kind {
            Kind::Number => self.literal(),
            Kind::Text => self.word(),
            Kind::One | Kind::Many => "'red'".to_owned(),
            Kind::Date => "'2020-02-29'".to_owned(),
        };
        self.known_or(place, kind, &literal)
    }

    /// The path of all nodes of a question in a repeat that is not around.
    fn repeated(&mut self, place: &Place) -> Option<String> {
        let outside: Vec<&Known> = self
            .known
            .iter()
            .filter(|known| known.kind == Kind::Number && known.repeat.is_some() && known.repeat != place.repeat)
            .collect();
        outside.choose(&mut self.random).map(|known| known.path.clone())
    }

    /// A number that is not negative, also where what it is made of is empty.
    fn certain(&mut self, place: &Place) -> String {
        format!("abs(coalesce({}, {}))", self.any(place, Kind::Number), self.literal())
    }

    fn literal(&mut self) -> String {
        let numbers = ["0", "1", "2", "3", "5", "10", "0.5", "2.5", "100"];
        (*numbers.choose(&mut self.random).unwrap()).to_owned()
    }

    fn word(&mut self) -> String {
        let words = ["'abc'", "'a b'", "'12'", "'中文'", "'x1'"];
        (*words.choose(&mut self.random).unwrap()).to_owned()
    }

    fn number(&mut self, place: &Place, depth: usize) -> String {
        if depth == 0 {
            return if self.random.random_bool(0.3) {
                self.literal()
            } else {
                self.any(place, Kind::Number)
            };
        }
        let deeper = depth - 1;
        match self.random.random_range(0..24) {
            0..=3 => {
                let operator = ["+", "-", "*"].choose(&mut self.random).copied().unwrap();
                format!(
                    "({} {operator} {})",
                    self.number(place, deeper),
                    self.number(place, deeper)
                )
            }
            4 => format!(
                "{} div {}",
                self.any(place, Kind::Number),
                ["2", "3", "900000", "0.7"].choose(&mut self.random).unwrap()
            ),
            5 => format!(
                "{} mod {}",
                self.any(place, Kind::Number),
                ["2", "3", "2.5"].choose(&mut self.random).unwrap()
            ),
            6 => format!(
                "round({}, {})",
                self.number(place, deeper),
                self.random.random_range(0..4)
            ),
            7 => format!("int({})", self.number(place, deeper)),
            8 => format!("abs({})", self.number(place, deeper)),
            9 => format!(
                "if({}, {}, {})",
                self.boolean(place, deeper),
                self.number(place, deeper),
                self.number(place, deeper)
            ),
            10 => format!("coalesce({}, {})", self.any(place, Kind::Number), self.literal()),
            11 => format!("string-length({})", self.text(place, deeper)),
            12 => format!("count-selected({})", self.any(place, Kind::Many)),
            13 => format!("max({}, {})", self.certain(place), self.certain(place)),
            14 => format!("min({}, {})", self.certain(place), self.certain(place)),
            15 => format!("pow({}, 2)", self.any(place, Kind::Number)),
            16 => format!("sqrt(abs({}))", self.number(place, deeper)),
            17 => format!("number(substr({}, 0, 3))", self.any(place, Kind::Text)),
            18 => format!("int(decimal-date-time(date({})))", self.any(place, Kind::Date)),
            19 => format!(
                "(log10(abs({}) + 1) + sin({}))",
                self.any(place, Kind::Number),
                self.any(place, Kind::Number)
            ),
            20..=22 => match self.repeated(place) {
                Some(path) => {
                    let of = ["sum", "count", "max", "min", "count-non-empty"]
                        .choose(&mut self.random)
                        .unwrap();
                    format!("{of}({path}[. != ''])")
                }
                None => self.any(place, Kind::Number),
            },
            _ if place.is_entry => "position(..)".to_owned(),
            _ => format!("-{}", self.any(place, Kind::Number)),
        }
    }

    fn text(&mut self, place: &Place, depth: usize) -> String {
        if depth == 0 {
            return if self.random.random_bool(0.3) {
                self.word()
            } else {
                self.any(place, Kind::Text)
            };
        }
        let deeper = depth - 1;
        match self.random.random_range(0..13) {
            0 => format!(
                "concat({}, '-', {})",
                self.text(place, deeper),
                self.any(place, Kind::Number)
            ),
            1 => format!("substr({}, 0, 2)", self.text(place, deeper)),
            2 => format!("substring-before({}, 'b')", self.text(place, deeper)),
            3 => format!("substring-after({}, 'a')", self.text(place, deeper)),
            4 => format!(
                "if({}, {}, {})",
                self.boolean(place, deeper),
                self.text(place, deeper),
                self.text(place, deeper)
            ),
            5 => format!("translate({}, 'abc', 'AB')", self.text(place, deeper)),
            6 => format!("normalize-space({})", self.text(place, deeper)),
            7 => format!("format-date(date({}), '%Y-%m-%d')", self.any(place, Kind::Date)),
            8 => format!(
                "selected-at({}, {})",
                self.any(place, Kind::Many),
                self.random.random_range(0..3)
            ),
            9 => match self.repeated(place) {
                Some(path) => format!("join(',', {path}[. != ''])"),
                None => self.any(place, Kind::Text),
            },
            10 => format!("coalesce({}, {})", self.any(place, Kind::Text), self.word()),
            11 => format!("string({})", self.any(place, Kind::One)),
            _ => format!("digest({}, 'MD5', 'hex')", self.any(place, Kind::Text)),
        }
    }

    fn boolean(&mut self, place: &Place, depth: usize) -> String {
        let deeper = depth.saturating_sub(1);
        let compare = [">", "<", ">=", "<=", "=", "!="]
            .choose(&mut self.random)
            .copied()
            .unwrap();
        match self.random.random_range(0..if depth == 0 { 8 } else { 14 }) {
            0 => format!("{} {compare} {}", self.any(place, Kind::Number), self.literal()),
            1 => format!("{} != ''", self.any(place, Kind::Number)),
            2 => format!("{} = {}", self.any(place, Kind::Text), self.word()),
            3 => format!("{} = 'red'", self.any(place, Kind::One)),
            4 => format!("selected({}, 'blue')", self.any(place, Kind::Many)),
            5 => format!("count-selected({}) {compare} 2", self.any(place, Kind::Many)),
            6 => format!("date({}) {compare} date('2005-05-05')", self.any(place, Kind::Date)),
            7 => format!("contains({}, 'b')", self.any(place, Kind::Text)),
            8 => format!("not({})", self.boolean(place, deeper)),
            9 => format!("({} and {})", self.boolean(place, deeper), self.boolean(place, deeper)),
            10 => format!("({} or {})", self.boolean(place, deeper), self.boolean(place, deeper)),
            11 => format!("regex({}, '^[a-z ]+$')", self.text(place, deeper)),
            12 => format!(
                "{} {compare} {}",
                self.number(place, deeper),
                self.number(place, deeper)
            ),
            _ => format!("string-length({}) {compare} 2", self.text(place, deeper)),
        }
    }
}
