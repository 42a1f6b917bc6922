//! The columns of a survey's workbook, and the mark in it that says whose it is: what a blank workbook and the
//! reading of a filled one agree on.
//!
//! Every sheet of answers has a row of codes. Its first cell is the [`Mark`]; the others are question paths without
//! the leading slash (`research/rd_inhouse`), within a repeat counted from the repeat. A question with many answers
//! has a column per choice (`partners/university`), and is also understood as one column of codes (`partners`).

use std::fmt;

use crate::definition::{ChoiceSource, Definition, Element, ElementId, Kind, MissingCode, QuestionType, Text};

/// How the questions lie in a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shape {
    /// One row per organisation, a column per question.
    #[default]
    Rows,
    /// One organisation per file, a row per question.
    Form,
}

impl Shape {
    /// The shape's name on the command line and in the mark.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Form => "form",
        }
    }
}

/// What the first cell of the row of codes says: the survey, its version, and what the sheet holds.
///
/// It stands in a cell, and not only among the properties of the file, so that it survives being saved as .csv.
///
/// ```
/// use innogauge::spreadsheet::{Mark, Part, Shape};
/// let mark = Mark::parse("innogauge:enterprise:2026.1:rows").unwrap();
/// assert_eq!((mark.survey.as_str(), mark.version.as_str()), ("enterprise", "2026.1"));
/// assert_eq!(mark.part, Part::Main(Shape::Rows));
/// assert_eq!(mark.to_string(), "innogauge:enterprise:2026.1:rows");
/// assert_eq!(Mark::parse("No."), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The survey's id.
    pub survey: String,
    /// The version that the workbook was made from.
    pub version: String,
    /// What the sheet holds.
    pub part: Part,
}

/// What a marked sheet holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The questions that are asked once.
    Main(Shape),
    /// The questions of the repeat at this path.
    Repeat(String),
}

impl Mark {
    const PREFIX: &'static str = "innogauge:";

    /// The mark in a cell's text, where it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.trim().strip_prefix(Self::PREFIX)?;
        let (survey, rest) = rest.split_once(':')?;
        let (version, part) = rest.rsplit_once(':')?;
        let part = match part {
            "rows" => Part::Main(Shape::Rows),
            "form" => Part::Main(Shape::Form),
            path if path.starts_with('/') => Part::Repeat(path.to_owned()),
            _ => return None,
        };
        Some(Self {
            survey: survey.to_owned(),
            version: version.to_owned(),
            part,
        })
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match &self.part {
            Part::Main(shape) => shape.name(),
            Part::Repeat(path) => path,
        };
        write!(f, "{}{}:{}:{part}", Self::PREFIX, self.survey, self.version)
    }
}

/// The code of the column with messages in a workbook of issues. Reading ignores it.
pub const ISSUES_CODE: &str = "innogauge:issues";

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The number of the organisation's row, which joins repeats to it.
    Key,
    /// In a nested repeat: which entry of the repeat around it, counted from 1.
    Entry(ElementId),
    /// The answer to a question.
    Question(ElementId),
    /// Whether the choice at this position among [`options`] is chosen; in a rank, at which place.
    Option(ElementId, usize),
    /// Why the question has no answer. Our own workbooks have the reason in the question's cell.
    Missing(ElementId),
    /// One number of a point. Our own workbooks have the whole point in one cell.
    Coordinate(ElementId, Coordinate),
}

/// A number of a point, in the order that XForms writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Coordinate {
    /// Degrees north.
    Latitude,
    /// Degrees east.
    Longitude,
    /// Metres above the ellipsoid.
    Altitude,
    /// How exact it is, in metres.
    Accuracy,
}

impl Target {
    /// The question that the column belongs to.
    pub fn question(self) -> Option<ElementId> {
        match self {
            Self::Question(id) | Self::Option(id, _) | Self::Missing(id) | Self::Coordinate(id, _) => Some(id),
            Self::Key | Self::Entry(_) => None,
        }
    }
}

/// A column of a sheet of answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What stands in the row of codes.
    pub code: String,
    /// What the column holds.
    pub target: Target,
}

/// The columns of one sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetColumns {
    /// The repeat whose questions these are; none for those that are asked once.
    pub repeat: Option<ElementId>,
    /// The columns, in the order of the questions; the first is the key.
    pub columns: Vec<Column>,
}

/// The sheets of a survey's workbook: first the questions that are asked once, then each repeat.
pub fn sheets(definition: &Definition) -> Vec<SheetColumns> {
    let mut sheets = vec![sheet(definition, None)];
    let repeats = definition
        .elements()
        .iter()
        .filter(|element| element.kind == Kind::Repeat);
    sheets.extend(repeats.map(|repeat| sheet(definition, Some(repeat.id))));
    sheets
}

fn sheet(definition: &Definition, repeat: Option<ElementId>) -> SheetColumns {
    let part = match repeat {
        None => Part::Main(Shape::Rows),
        Some(id) => Part::Repeat(definition.path(id).to_owned()),
    };
    let mark = Mark {
        survey: definition.survey().to_owned(),
        version: definition.version().to_owned(),
        part,
    };
    let mut columns = vec![Column {
        code: mark.to_string(),
        target: Target::Key,
    }];
    if let Some(repeat) = repeat {
        let mut around: Vec<_> = definition
            .ancestors(repeat)
            .filter(|element| element.is_repeat())
            .collect();
        around.reverse();
        columns.extend(around.into_iter().map(|outer| Column {
            code: format!("{}:{}", Mark::PREFIX.trim_end_matches(':'), outer.name),
            target: Target::Entry(outer.id),
        }));
    }
    for element in definition.elements().iter().filter(|element| is_a_column(element)) {
        if definition.repeat_around(element.id) == repeat {
            columns.extend(question_columns(definition, element, repeat));
        }
    }
    SheetColumns { repeat, columns }
}

/// Whether people answer this in a workbook: neither notes and calculations nor what only a device can send.
pub fn is_a_column(element: &Element) -> bool {
    element.companion.is_none()
        && element.read_only.is_none()
        && element
            .question_type()
            .is_some_and(|kind| kind.is_asked() && !kind.is_file())
}

fn question_columns(definition: &Definition, element: &Element, repeat: Option<ElementId>) -> Vec<Column> {
    let path = relative_path(definition, element.id, repeat);
    let options = options(definition, element);
    let by_choice = matches!(
        element.question_type(),
        Some(QuestionType::SelectMultiple(_) | QuestionType::Rank(_))
    );
    if !by_choice || options.is_empty() {
        return vec![Column {
            code: path,
            target: Target::Question(element.id),
        }];
    }
    let columns = options.iter().enumerate().map(|(position, option)| Column {
        code: format!("{path}/{}", option.name),
        target: Target::Option(element.id, position),
    });
    columns.collect()
}

/// The path of a question within its sheet, without the leading slash.
pub fn relative_path(definition: &Definition, question: ElementId, repeat: Option<ElementId>) -> String {
    let path = definition.path(question);
    let within = repeat
        .and_then(|repeat| path.strip_prefix(definition.path(repeat)))
        .unwrap_or(path);
    within.trim_start_matches('/').to_owned()
}

/// A choice or a missing code of a select, as a workbook offers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer<'d> {
    /// The code that is stored.
    pub name: &'d str,
    /// What people read.
    pub label: Text,
    /// Other words for it.
    pub aliases: Vec<&'d str>,
    /// The missing code, where it is one.
    pub missing: Option<MissingCode>,
}

/// The choices of a select with its missing codes behind them; none where they are not a list of the definition.
pub fn options<'d>(definition: &'d Definition, element: &'d Element) -> Vec<Offer<'d>> {
    let Some(select) = element.question_type().and_then(QuestionType::select) else {
        return Vec::new();
    };
    let ChoiceSource::List(name) = &select.source else {
        return Vec::new();
    };
    let Some(list) = definition.choices().get(name) else {
        return Vec::new();
    };
    let choices = list.choices().iter().map(|choice| Offer {
        name: &choice.name,
        label: choice.label.clone(),
        aliases: choice.aliases.iter().map(|alias| alias.words.as_str()).collect(),
        missing: choice.missing,
    });
    let missing = element.missing.iter().map(|code| Offer {
        name: code.code(),
        label: code.label(),
        aliases: Vec::new(),
        missing: Some(*code),
    });
    choices.chain(missing).collect()
}

/// The words by which a person picks each offer, in the order of the offers: the label, with the code where two
/// have the same label, or the code where there is none.
pub fn offer_words(offers: &[Offer<'_>], language: &str) -> Vec<String> {
    let labels: Vec<&str> = offers.iter().map(|offer| offer.label.get(language)).collect();
    let words = offers.iter().zip(&labels).map(|(offer, label)| {
        let twice = labels.iter().filter(|other| other == &label).count() > 1;
        match (label.is_empty(), twice) {
            (true, _) => offer.name.to_owned(),
            (false, true) => format!("{label} [{}]", offer.name),
            (false, false) => (*label).to_owned(),
        }
    });
    words.collect()
}
