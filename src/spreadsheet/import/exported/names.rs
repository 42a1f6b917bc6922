//! Which question a header of an export means: names or labels, with or without their groups, choices and coordinates
//! in columns of their own.

use std::collections::{HashMap, HashSet};

use crate::definition::{Companion, DataType, Definition, Element, ElementId, Kind, QuestionType, expand};
use crate::response::Form;

use super::super::super::layout::{self, Coordinate, Target};
use super::super::vocabulary::{Named, Vocabulary, fold};
use super::added::{Added, SEPARATORS};
use super::fault::ExportFault;

/// What a column is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Meaning {
    /// It answers a question, or a part of one.
    Answers(Target),
    /// It says again what another says, or what is decided here: an address of a file, a tick of a soft check.
    Repeats,
    /// The server added it.
    Added(Added),
}

/// What a header may mean, and where that stands in the form.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    meaning: Meaning,
    order: usize,
}

/// From the surest way to write a question to the least sure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Way {
    /// Its name with all groups.
    Path,
    /// Its name with some or none of them.
    Name,
    /// Its label with all groups, by their labels.
    LabelPath,
    /// Its label with some or none of them.
    Label,
    /// Its label without its unit, which phones show and the definition does not write, with all groups.
    BareLabelPath,
    /// The same with some or none of them.
    BareLabel,
}

const WAYS: [Way; 6] = [
    Way::Path,
    Way::Name,
    Way::LabelPath,
    Way::Label,
    Way::BareLabelPath,
    Way::BareLabel,
];

/// No header that is meant well is longer, or is split at more places: what stands in a stranger's file costs no more.
const LONGEST_HEADER: usize = 2_000;
const MOST_SPLITS: usize = 32;
/// Of longer headers no misspelling is looked for.
const LONGEST_SUGGESTED: usize = 200;

/// What a split select and its choice may have between them, beside a separator of groups.
const BEFORE_A_CHOICE: &str = " - ";

/// The endings that stand for coordinates: Central's, then Kobo's.
const COORDINATES: [(&str, &str, Coordinate); 4] = [
    ("Latitude", "_latitude", Coordinate::Latitude),
    ("Longitude", "_longitude", Coordinate::Longitude),
    ("Altitude", "_altitude", Coordinate::Altitude),
    ("Accuracy", "_precision", Coordinate::Accuracy),
];

/// The ways to write the questions of one table: of those that are asked once, or of a repeat.
pub(super) struct Names<'f> {
    form: &'f Form,
    /// The questions by their names with all groups, in the order of the form.
    paths: Vec<String>,
    /// Their labels, for those who misspelt one.
    labels: Vec<String>,
    ways: HashMap<Way, HashMap<String, Vec<Candidate>>>,
    choices: HashMap<ElementId, Vocabulary>,
}

impl<'f> Names<'f> {
    pub fn of(form: &'f Form, repeat: Option<ElementId>, language: &str) -> Self {
        let mut names = Self {
            form,
            paths: Vec::new(),
            labels: Vec::new(),
            ways: HashMap::new(),
            choices: HashMap::new(),
        };
        // A phone shows, and so a server exports, what our own keys become there.
        let shown = expand(form.definition());
        for (element, question_type) in shown.questions() {
            let around = shown.repeat_around(element.id).map(|around| shown.path(around));
            if around != repeat.map(|repeat| form.path(repeat)) {
                continue;
            }
            let Some(meaning) = meaning(form, &shown, element) else {
                continue;
            };
            let order = element.id.index();
            names
                .paths
                .push(shown.path(element.id).trim_start_matches('/').to_owned());
            names.add(&shown, element, question_type, Candidate { meaning, order });
        }
        for (element, question_type) in form.questions() {
            let by_choice = matches!(question_type, QuestionType::SelectMultiple(_) | QuestionType::Rank(_));
            if by_choice && form.repeat_around(element.id) == repeat {
                let vocabulary = Vocabulary::of(&layout::options(form, element), language);
                names.choices.insert(element.id, vocabulary);
            }
        }
        names
    }

    fn add(&mut self, shown: &Definition, element: &Element, question_type: &QuestionType, candidate: Candidate) {
        let mut steps: Vec<&Element> = shown.ancestors(element.id).collect();
        steps.reverse();
        steps.push(element);
        let words: Vec<String> = steps.iter().map(|step| step.name.clone()).collect();
        self.add_steps(&words, Way::Path, Way::Name, candidate);
        if *question_type == QuestionType::Audit {
            self.put(Way::Name, "meta/audit".to_owned(), candidate);
            self.put(Way::Name, "meta-audit".to_owned(), candidate);
        }
        let plain = std::iter::once("");
        for language in shown.languages().keys().map(String::as_str).chain(plain) {
            let exact = |text: &crate::definition::Text| {
                let words = text.exact(language).or_else(|| text.exact(""));
                words.map(ToOwned::to_owned)
            };
            self.labels.extend(exact(&element.label));
            // Where a label has no words in the language, the servers write the name.
            let words = |step: &&Element| fold(&exact(&step.label).unwrap_or_else(|| step.name.clone()));
            let labels: Vec<String> = steps.iter().map(words).collect();
            self.add_steps(&labels, Way::LabelPath, Way::Label, candidate);
            let form = self.form;
            let here = |step: &&Element| form.get(form.find_path(shown.path(step.id))?);
            let bare: Vec<String> = (steps.iter().zip(&labels))
                .map(|(step, label)| here(step).map_or_else(|| label.clone(), |step| words(&step)))
                .collect();
            if bare != labels {
                self.add_steps(&bare, Way::BareLabelPath, Way::BareLabel, candidate);
            }
        }
    }

    /// The steps joined by every separator, from the first on and from each later one on.
    fn add_steps(&mut self, steps: &[String], whole: Way, part: Way, candidate: Candidate) {
        for separator in SEPARATORS {
            for from in 0..steps.len() {
                let tail = steps.get(from..).unwrap_or_default();
                let way = if from == 0 { whole } else { part };
                self.put(way, tail.join(&separator.to_string()), candidate);
            }
        }
    }

    fn put(&mut self, way: Way, words: String, candidate: Candidate) {
        let known = self.ways.entry(way).or_default().entry(words).or_default();
        if !known.contains(&candidate) {
            known.push(candidate);
        }
    }

    /// What these words mean, written in this way.
    fn by(&self, way: Way, words: &str) -> &[Candidate] {
        let found = self.ways.get(&way).and_then(|known| match way {
            Way::Path | Way::Name => known.get(words),
            Way::LabelPath | Way::Label | Way::BareLabelPath | Way::BareLabel => known.get(&fold(words)),
        });
        found.map_or(&[], Vec::as_slice)
    }

    /// The questions that these words mean, in the surest way that means any.
    fn questions(&self, words: &str) -> impl Iterator<Item = (ElementId, usize)> {
        let found = WAYS
            .iter()
            .map(|way| self.by(*way, words))
            .find(|found| !found.is_empty());
        found
            .unwrap_or_default()
            .iter()
            .filter_map(|candidate| match candidate.meaning {
                Meaning::Answers(Target::Question(id)) => Some((id, candidate.order)),
                _ => None,
            })
    }

    /// The choices of selects that a header may mean: the question, a separator, the choice.
    fn choice_columns(&self, header: &str) -> Vec<Candidate> {
        let mut named = splits(header)
            .take(MOST_SPLITS)
            .map(|(question, choice)| self.choices_named(question, choice));
        named.find(|found| !found.is_empty()).unwrap_or_default()
    }

    fn choices_named(&self, question: &str, choice: &str) -> Vec<Candidate> {
        let mut found = Vec::new();
        for (id, order) in self.questions(question.trim()) {
            let named = self.choices.get(&id).map(|choices| choices.find(choice));
            let positions: &[usize] = match &named {
                Some(Named::One(position)) => std::slice::from_ref(position),
                Some(Named::Several(positions)) => positions,
                Some(Named::Unknown) | None => &[],
            };
            found.extend(positions.iter().map(|position| Candidate {
                meaning: Meaning::Answers(Target::Option(id, *position)),
                order,
            }));
        }
        found
    }

    /// The coordinates that a header may mean: `q-Latitude`, `_q_latitude`, `group/_q_latitude`.
    fn coordinate_columns(&self, header: &str) -> Vec<Candidate> {
        for (central, kobo, coordinate) in COORDINATES {
            let mut questions: Vec<String> = Vec::new();
            if let Some(question) = header
                .strip_suffix(central)
                .and_then(|rest| rest.strip_suffix(SEPARATORS))
            {
                questions.push(question.to_owned());
            }
            if let Some(question) = header.strip_suffix(kobo) {
                let begins =
                    |at: usize| at == 0 || question.get(..at).is_some_and(|before| before.ends_with(SEPARATORS));
                let marks = question.match_indices('_').map(|(at, _)| at).filter(|at| begins(*at));
                questions.extend(marks.filter_map(|at| {
                    let (before, after) = question.split_at_checked(at)?;
                    Some(format!("{before}{}", after.strip_prefix('_')?))
                }));
            }
            for question in questions {
                let found: Vec<Candidate> = self
                    .questions(&question)
                    .filter(|(id, _)| self.form.get(*id).is_some_and(is_point))
                    .map(|(id, order)| Candidate {
                        meaning: Meaning::Answers(Target::Coordinate(id, coordinate)),
                        order,
                    })
                    .collect();
                if !found.is_empty() {
                    return found;
                }
            }
        }
        Vec::new()
    }

    /// Kobo's addresses of files, beside the columns with their names.
    fn file_columns(&self, header: &str) -> Vec<Candidate> {
        let is_file = |id: ElementId| {
            let question_type = self.form.get(id).and_then(Element::question_type);
            question_type.is_some_and(QuestionType::is_file)
        };
        let questions = header.strip_suffix("_URL").map(|question| self.questions(question));
        let files = questions.into_iter().flatten().filter(|(id, _)| is_file(*id));
        files
            .map(|(_, order)| Candidate {
                meaning: Meaning::Repeats,
                order,
            })
            .collect()
    }

    /// What a header that stands over so many columns may mean: a list per way of reading it, the surest first.
    fn readings(&self, header: &str) -> Vec<Vec<Candidate>> {
        let mut readings: Vec<Vec<Candidate>> = WAYS.iter().map(|way| self.by(*way, header).to_vec()).collect();
        if header.len() <= LONGEST_HEADER {
            readings.push(self.choice_columns(header));
            readings.push(self.coordinate_columns(header));
            readings.push(self.file_columns(header));
        }
        readings.retain(|found| !found.is_empty());
        readings
    }

    /// Whether a header is the name of a question, for telling which repeat a table is of.
    pub fn knows(&self, header: &str) -> bool {
        !self.readings(header).is_empty()
    }

    /// What each column of a table is, in the order of the columns.
    pub fn meanings(&self, headers: &[(u16, String)]) -> Vec<(u16, Result<Meaning, ExportFault>)> {
        let mut places: HashMap<&str, Vec<usize>> = HashMap::new();
        for (position, (_, header)) in headers.iter().enumerate() {
            places.entry(header).or_default().push(position);
        }
        let mut read: Vec<Reading> = headers.iter().map(|_| Reading::Unknown).collect();
        for (header, places) in places {
            for (place, reading) in places.iter().zip(self.read(header, places.len())) {
                if let Some(slot) = read.get_mut(*place) {
                    *slot = reading;
                }
            }
        }
        settle(&mut read);
        headers
            .iter()
            .zip(read)
            .map(|((column, header), read)| (*column, self.outcome(header, read)))
            .collect()
    }

    /// What a header means that stands over so many columns, for each of them.
    fn read(&self, header: &str, columns: usize) -> Vec<Reading> {
        let added = |added| {
            vec![
                Reading::Known(Candidate {
                    meaning: Meaning::Added(added),
                    order: usize::MAX
                });
                columns
            ]
        };
        let exact = !self.by(Way::Path, header).is_empty() || !self.by(Way::Name, header).is_empty();
        if let Some(sure) = Added::for_certain(header)
            && !(exact && sure == Added::Other)
        {
            return added(sure);
        }
        if let (Some(also), false) = (Added::where_no_question(header), exact) {
            return added(also);
        }
        let readings = self.readings(header);
        // As many questions as columns: both stand in the order of the form.
        let fitting = readings.iter().find(|found| found.len() == columns);
        if let Some(found) = fitting {
            return found.iter().copied().map(Reading::Known).collect();
        }
        let Some(found) = readings.into_iter().next() else {
            return vec![Reading::Unknown; columns];
        };
        if found.len() > columns {
            return vec![Reading::Ambiguous(found); columns];
        }
        let others = match Added::where_no_question(header) {
            Some(added) => Reading::Known(Candidate {
                meaning: Meaning::Added(added),
                order: usize::MAX,
            }),
            None => Reading::Twice,
        };
        let known = found.into_iter().map(Reading::Known);
        known.chain(std::iter::repeat(others)).take(columns).collect()
    }

    fn outcome(&self, header: &str, read: Reading) -> Result<Meaning, ExportFault> {
        match read {
            Reading::Known(candidate) => Ok(candidate.meaning),
            Reading::Twice => Err(ExportFault::HeaderTwice {
                header: header.to_owned(),
            }),
            Reading::Unknown => {
                let known = self.paths.iter().chain(&self.labels).map(String::as_str);
                let nearest = Some(header)
                    .filter(|header| header.len() <= LONGEST_SUGGESTED)
                    .and_then(|header| crate::definition::nearest(header, known))
                    .map(str::to_owned);
                Err(ExportFault::UnknownHeader {
                    header: header.to_owned(),
                    nearest,
                })
            }
            Reading::Ambiguous(candidates) => {
                let questions = candidates.iter().filter_map(|candidate| match candidate.meaning {
                    Meaning::Answers(target) => target.question(),
                    Meaning::Repeats | Meaning::Added(_) => None,
                });
                let paths: Vec<&str> = questions.map(|id| self.form.path(id).trim_start_matches('/')).collect();
                Err(ExportFault::AmbiguousHeader {
                    header: header.to_owned(),
                    questions: paths.join(", "),
                })
            }
        }
    }
}

/// What stands before and after each separator of a header.
fn splits(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.char_indices().flat_map(|(at, _)| {
        let (question, rest) = header.split_at_checked(at).unwrap_or_default();
        let choices = [rest.strip_prefix(SEPARATORS), rest.strip_prefix(BEFORE_A_CHOICE)];
        choices.into_iter().flatten().map(move |choice| (question, choice))
    })
}

/// How far a column is understood.
#[derive(Debug, Clone)]
enum Reading {
    Known(Candidate),
    Ambiguous(Vec<Candidate>),
    Twice,
    Unknown,
}

impl Reading {
    /// The place in the form, where it is known and there is one.
    fn order(&self) -> Option<usize> {
        match self {
            Self::Known(candidate) => Some(candidate.order).filter(|order| *order != usize::MAX),
            _ => None,
        }
    }
}

/// Decides what may be several questions by those on both sides: exports keep the order of the form.
fn settle(read: &mut [Reading]) {
    let mut used: HashSet<usize> = read.iter().filter_map(Reading::order).collect();
    for place in 0..read.len() {
        let before = read
            .get(..place)
            .and_then(|before| before.iter().rev().find_map(Reading::order));
        let after = read
            .get(place + 1..)
            .and_then(|after| after.iter().find_map(Reading::order));
        let Some(Reading::Ambiguous(candidates)) = read.get(place) else {
            continue;
        };
        let mut fitting = candidates.iter().filter(|candidate| {
            before.is_none_or(|before| before <= candidate.order)
                && after.is_none_or(|after| candidate.order <= after)
                && !used.contains(&candidate.order)
        });
        if let (Some(only), None) = (fitting.next().copied(), fitting.next()) {
            used.insert(only.order);
            if let Some(slot) = read.get_mut(place) {
                *slot = Reading::Known(only);
            }
        }
    }
}

/// What the question of a phone is here.
fn meaning(form: &Form, shown: &Definition, element: &Element) -> Option<Meaning> {
    if let Some(id) = form.find_path(shown.path(element.id)) {
        return Some(Meaning::Answers(Target::Question(id)));
    }
    match &element.companion {
        Some(Companion::Missing { of }) => {
            let parent = element.parent.and_then(|parent| form.find_path(shown.path(parent)));
            form.child(parent, of).map(|id| Meaning::Answers(Target::Missing(id)))
        }
        Some(Companion::Warning { .. }) => Some(Meaning::Repeats),
        _ => None,
    }
}

fn is_point(element: &Element) -> bool {
    matches!(
        element.kind,
        Kind::Question(
            QuestionType::Geopoint
                | QuestionType::StartGeopoint
                | QuestionType::BackgroundGeopoint
                | QuestionType::Calculate(DataType::Geopoint)
        )
    )
}
