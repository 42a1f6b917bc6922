//! Synthetic enterprises and institutions.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::city::{City, normal};
use crate::response::CreditCode;

/// The characters of unified social credit codes.
const CODE_CHARACTERS: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";
/// The sections that enterprises are drawn from, with their shares in hundredths; mining comes on top.
const SECTIONS: [(&str, u32); 9] = [
    ("A", 12),
    ("C", 38),
    ("D", 6),
    ("E", 8),
    ("F", 14),
    ("G", 6),
    ("H", 6),
    ("I", 6),
    ("M", 4),
];

/// What kind of organisation answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An enterprise.
    Enterprise,
    /// An institution of this actor type.
    Institution(&'static str),
}

impl Kind {
    /// Institutions of all actor types in turn.
    pub fn institution(turn: usize) -> Self {
        const ACTORS: [&str; 5] = ["research", "government", "finance", "incubator", "intermediary"];
        Self::Institution(ACTORS.get(turn % ACTORS.len()).copied().unwrap_or("research"))
    }
}

/// A synthetic organisation: what its answers are drawn from.
#[derive(Debug, Clone)]
pub struct Organisation {
    /// What kind it is.
    pub kind: Kind,
    /// The code of its city.
    pub city: String,
    /// Its name, which says that it is synthetic.
    pub name: String,
    /// Its credit code.
    pub credit_code: String,
    /// Its section of GB/T 4754.
    pub section: &'static str,
    /// Persons employed.
    pub employees: f64,
    /// Turnover (of an institution: its budget) in 10,000 CNY.
    pub turnover: f64,
    /// How innovative it is: larger ones are more so, and cities differ.
    pub innovation: f64,
    /// How green it is.
    pub green: f64,
    /// The language that it answers in: every ninth is foreign-invested, and answers in English.
    pub language: &'static str,
    /// Whether one of its answers is to break a rule.
    pub careless: bool,
}

impl Organisation {
    /// Draws an organisation.
    pub fn new(number: usize, kind: Kind, city: &City, random: &mut ChaCha8Rng) -> Self {
        // Research bodies are larger than most enterprises.
        let middle = if kind == Kind::Institution("research") {
            5.0
        } else {
            3.7
        };
        let employees = normal(random, middle, 1.1).exp().round().clamp(10.0, 8_000.0);
        let turnover = (employees * normal(random, 4.0, 0.6).exp()).round();
        let size = (employees / 40.0).ln() * 0.35;
        let words = match kind {
            Kind::Enterprise => "合成示例企业 Synthetic enterprise",
            Kind::Institution(_) => "合成示例机构 Synthetic institution",
        };
        Self {
            kind,
            city: city.code.clone(),
            name: format!("{words} {:04}", number + 1),
            credit_code: credit_code(kind, &city.code, random),
            section: section(city, random),
            employees,
            turnover,
            innovation: city.innovation + size + normal(random, 0.0, 0.8),
            green: city.green + normal(random, 0.0, 0.8),
            language: if number % 9 == 4 { "en" } else { "zh" },
            careless: random.random_bool(0.025),
        }
    }
}

fn section(city: &City, random: &mut ChaCha8Rng) -> &'static str {
    if random.random_bool(0.35 * city.resource) {
        return "B";
    }
    let mut draw = random.random_range(0..100);
    for (section, share) in SECTIONS {
        if draw < share {
            return section;
        }
        draw -= share;
    }
    "C"
}

/// A code of the right shape and check character; its organisation part is random.
fn credit_code(kind: Kind, city: &str, random: &mut ChaCha8Rng) -> String {
    let authority = if kind == Kind::Enterprise { "91" } else { "12" };
    let organisation: String = (0..9)
        .filter_map(|_| {
            CODE_CHARACTERS
                .chars()
                .nth(random.random_range(0..CODE_CHARACTERS.len()))
        })
        .collect();
    let body = format!("{authority}{city}{organisation}");
    let candidates = CODE_CHARACTERS.chars().map(|check| format!("{body}{check}"));
    candidates
        .clone()
        .find(|code| CreditCode::parse(code).is_ok())
        .unwrap_or(body)
}
