//! Official figures by place and year: held against the rules of their definition, completed with what is calculated
//! from them, and kept. Sent one by one over HTTP or read from a workbook, they come through here.
//!
//! The definition is the survey whose respondents are places. Its questions are the variables, with units and ranges;
//! its calculations are figures too (a share of two others), computed anew whenever one of their parts changes.

mod fault;
mod workbook;

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
use indexmap::IndexMap;

use super::{Catalogue, StudyError};
use crate::definition::{Element, ElementId, IdentityPart, QuestionType, nearest};
use crate::expression::WallClock;
use crate::response::{Answers, Door, Form, InstanceId, Processed, Received, Value, parse_text, process};
use crate::store::{Statistic, Store, StoreError};
pub use fault::{FigureFault, FigureFaultKind, FigureField};
pub use workbook::{FigureSheet, read_figures};

/// The definition of official figures, and the places that they may be of.
#[derive(Debug)]
pub struct StatisticsRules {
    form: Option<Arc<Form>>,
    places: Vec<String>,
}

/// Figures that were checked, together with those that are calculated from them.
#[derive(Debug, Default)]
pub struct CheckedFigures {
    figures: Vec<Statistic>,
    /// What is wrong with those that were given; nothing can be kept unless it is empty.
    pub faults: Vec<FigureFault>,
}

/// What became of figures that were kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeptFigures {
    /// There was none for that variable, place and year.
    pub new: usize,
    /// There was another value, unit or source.
    pub changed: usize,
    /// It was known already.
    pub same: usize,
}

impl StatisticsRules {
    /// Reads what the store knows of official figures: the newest definition for places, and the places.
    ///
    /// # Errors
    /// What the database says, or that a definition in it can't be read.
    pub fn load(store: &Store) -> Result<Self, StudyError> {
        let catalogue = Catalogue::load(store)?;
        let definition = catalogue
            .newest_definitions()
            .into_iter()
            .find(|one| one.is_of_places());
        Ok(Self {
            form: definition.map(|definition| Form::new(definition.clone())),
            places: store.places()?.into_iter().map(|place| place.code).collect(),
        })
    }

    /// Checks figures, and works out those that are calculated from them and from what the store holds for the same
    /// place and year. Without a definition only the places are checked.
    ///
    /// # Errors
    /// What the database says; what is wrong with the figures is in the result.
    pub fn check(&self, store: &Store, given: &[Statistic], now: DateTime<Utc>) -> Result<CheckedFigures, StudyError> {
        let mut checked = CheckedFigures::default();
        let mut seen: HashMap<(&str, &str, i64), usize> = HashMap::new();
        for (index, figure) in given.iter().enumerate() {
            let key = (figure.variable.as_str(), figure.place.as_str(), figure.year);
            let first = *seen.entry(key).or_insert(index);
            let twice = (first != index).then_some((FigureField::Variable, FigureFaultKind::Twice { first }));
            let found = twice.or_else(|| self.fault_of(figure));
            checked.faults.extend(found.map(|(field, kind)| FigureFault {
                figure: index,
                field,
                kind,
            }));
        }
        checked.figures = given.to_vec();
        if let Some(form) = &self.form
            && checked.faults.is_empty()
        {
            let at = form.timezone().at(now);
            let stored = store.statistics()?;
            for ((place, year), indices) in by_place_and_year(given) {
                let known = stored.iter().filter(|one| one.place == place && one.year == year);
                let figures = indices.iter().filter_map(|index| given.get(*index));
                let processed = settle(form, known.chain(figures), at);
                checked.faults.extend(processed.problems.iter().map(|problem| {
                    let about = indices.iter().copied().find(|index| {
                        let variable = given.get(*index).and_then(|figure| form.find(&figure.variable));
                        variable.is_some_and(|question| form.path(question) == problem.path)
                    });
                    FigureFault {
                        figure: about.or(indices.first().copied()).unwrap_or_default(),
                        field: FigureField::Value,
                        kind: FigureFaultKind::Rule(Box::new(problem.clone())),
                    }
                }));
                let source = indices.first().and_then(|index| given.get(*index));
                checked.add_calculated(&processed.answers, source);
            }
        }
        Ok(checked)
    }

    fn fault_of(&self, figure: &Statistic) -> Option<(FigureField, FigureFaultKind)> {
        if !self.places.contains(&figure.place) {
            let place = figure.place.clone();
            return Some((FigureField::Place, FigureFaultKind::UnknownPlace { place }));
        }
        if !figure.value.is_finite() {
            return Some((FigureField::Value, FigureFaultKind::NotANumber));
        }
        let form = self.form.as_ref()?;
        let Some((element, _)) = variables(form).find(|(element, _)| element.name == figure.variable) else {
            let known = variables(form).map(|(element, _)| element.name.as_str());
            let kind = FigureFaultKind::UnknownVariable {
                variable: figure.variable.clone(),
                nearest: nearest(&figure.variable, known).map(str::to_owned),
            };
            return Some((FigureField::Variable, kind));
        };
        let unit = element.unit.as_ref()?;
        let is_it = unit.code == figure.unit || unit.label.iter().any(|(_, label)| label == figure.unit);
        (!is_it).then(|| {
            let kind = FigureFaultKind::WrongUnit {
                given: figure.unit.clone(),
                expected: unit_name(form, element),
            };
            (FigureField::Unit, kind)
        })
    }
}

impl CheckedFigures {
    /// Whether all of them can be kept.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }

    /// How many there are, those that are calculated included.
    pub fn count(&self) -> usize {
        self.figures.len()
    }

    /// Our own calculations take the place of figures that were given for them.
    fn add_calculated(&mut self, answers: &Answers, source: Option<&Statistic>) {
        let Some(source) = source else { return };
        let form = answers.form();
        for (element, _) in variables(form).filter(|(_, kind)| matches!(kind, QuestionType::Calculate(_))) {
            let Some(value) = answers.get(element.id).as_number().filter(|value| value.is_finite()) else {
                continue;
            };
            let is_it =
                |one: &Statistic| one.variable == element.name && one.place == source.place && one.year == source.year;
            self.figures.retain(|one| !is_it(one));
            self.figures.push(Statistic {
                variable: element.name.clone(),
                value,
                unit: unit_name(form, element),
                ..source.clone()
            });
        }
    }

    /// Keeps the figures: each in place of the one for the same variable, place and year, all of them or none.
    ///
    /// # Errors
    /// [`StoreError::Refused`] where something is wrong with them, or what the database says.
    pub fn keep(&self, store: &Store, file_hash: &str, now: DateTime<Utc>) -> Result<KeptFigures, StudyError> {
        if !self.is_sound() {
            return Err(StoreError::Refused("the figures have faults".to_owned()).into());
        }
        let stored = store.statistics()?;
        let stored: HashMap<(&str, &str, i64), &Statistic> = stored.iter().map(|one| (key(one), one)).collect();
        let mut kept = KeptFigures::default();
        let mut fresh = Vec::new();
        for figure in &self.figures {
            match stored.get(&key(figure)) {
                Some(known) if *known == figure => {
                    kept.same += 1;
                    continue;
                }
                Some(_) => kept.changed += 1,
                None => kept.new += 1,
            }
            fresh.push(figure.clone());
        }
        if !fresh.is_empty() {
            store.keep_statistics(&fresh, file_hash, now)?;
        }
        Ok(kept)
    }
}

fn key(figure: &Statistic) -> (&str, &str, i64) {
    (&figure.variable, &figure.place, figure.year)
}

/// The questions and calculations that are figures: all numbers but the year.
fn variables(form: &Form) -> impl Iterator<Item = (&Element, &QuestionType)> {
    let year = form.identity().get(IdentityPart::Year);
    form.questions().filter(move |(element, kind)| {
        let is_number = matches!(
            kind,
            QuestionType::Integer | QuestionType::Decimal | QuestionType::Range | QuestionType::Calculate(_)
        );
        is_number && Some(element.id) != year && form.repeat_around(element.id).is_none()
    })
}

/// The code of a variable's unit, or its words where it has no code.
fn unit_name(form: &Form, element: &Element) -> String {
    let Some(unit) = &element.unit else {
        return String::new();
    };
    if unit.code.is_empty() {
        unit.label.get(form.default_language()).to_owned()
    } else {
        unit.code.clone()
    }
}

fn by_place_and_year(figures: &[Statistic]) -> IndexMap<(&str, i64), Vec<usize>> {
    let mut groups: IndexMap<(&str, i64), Vec<usize>> = IndexMap::new();
    for (index, figure) in figures.iter().enumerate() {
        groups
            .entry((figure.place.as_str(), figure.year))
            .or_default()
            .push(index);
    }
    groups
}

/// The figures of one place and year as answers to their definition; later ones replace earlier ones.
fn settle<'f>(form: &Arc<Form>, figures: impl Iterator<Item = &'f Statistic>, at: DateTime<FixedOffset>) -> Processed {
    let mut answers = Answers::new(form);
    let mut unread = HashMap::new();
    let identity = |part: IdentityPart| form.identity().get(part);
    let mut read = |question: Option<ElementId>, text: &str| {
        let Some(question) = question else { return };
        match parse_text(form, question, text) {
            Ok(answer) => {
                unread.remove(&question);
                answers.set(InstanceId::ROOT, question, answer);
            }
            Err(problem) => {
                unread.insert(question, *problem);
            }
        }
    };
    for figure in figures {
        read(identity(IdentityPart::City), &figure.place);
        read(identity(IdentityPart::Year), &figure.year.to_string());
        read(identity(IdentityPart::Source), &figure.source);
        let variable = variables(form).find(|(element, _)| element.name == figure.variable);
        // What is calculated is not read: ours is used where its parts are known.
        if let Some((element, kind)) = variable
            && !matches!(kind, QuestionType::Calculate(_))
        {
            read(Some(element.id), &Value::Decimal(figure.value).to_text());
        }
    }
    let unread = unread.into_values().collect();
    process(Received::new(answers, unread, Door::Json, at), &WallClock)
}
