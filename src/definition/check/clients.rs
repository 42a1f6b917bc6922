//! What each client can't ask.

use super::Subject;
use crate::definition::element::{DefaultValue, Element};
use crate::definition::model::Definition;
use crate::definition::place::Diagnostic;
use crate::definition::question_type::QuestionType;

/// A way to answer a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Client {
    /// The web form (`@getodk/web-forms` 0.22).
    WebForm,
    /// The spreadsheet that enterprises fill in.
    Spreadsheet,
}

impl Client {
    /// How messages name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::WebForm => "the web form",
            Self::Spreadsheet => "the spreadsheet",
        }
    }
}

/// Whether a client can't ask this question, or only in part: what it lacks.
pub fn cannot_ask(client: Client, element: &Element) -> Option<&'static str> {
    let question_type = element.question_type()?;
    match (client, question_type) {
        (Client::WebForm, QuestionType::DateTime) => Some("a date with a time"),
        (_, QuestionType::Audio) => Some("sound"),
        (_, QuestionType::Video) => Some("film"),
        (_, QuestionType::File) => Some("files"),
        (Client::Spreadsheet, QuestionType::Image) => Some("pictures"),
        (Client::WebForm, QuestionType::Barcode) => Some("barcodes"),
        (_, QuestionType::Audit) => Some("the log of the interview"),
        (_, QuestionType::BackgroundAudio) => Some("sound in the background"),
        (Client::WebForm, _) => match &element.default {
            Some(DefaultValue::Dynamic(formula)) if formula.source().contains("${last-saved#") => {
                Some("what was answered the last time")
            }
            _ => None,
        },
        (Client::Spreadsheet, _) => None,
    }
}

/// Whether leaving the question out makes every response incomplete.
fn is_required(element: &Element) -> bool {
    element.required.is_some()
}

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for client in [Client::WebForm, Client::Spreadsheet] {
        check_client(subject.definition, client, subject, found);
    }
    let guided: Vec<&str> = subject
        .definition
        .elements()
        .iter()
        .filter(|element| !element.guidance_hint.is_empty())
        .map(|element| element.name.as_str())
        .collect();
    if let Some(first) = guided.first() {
        let others = guided.len() - 1;
        let which = if others == 0 {
            format!("'{first}'")
        } else {
            format!("'{first}' and {others} more")
        };
        found.push(
            Diagnostic::warning(
                subject.top("questions"),
                format!("the web form does not show the guidance of {which}"),
            )
            .with_help("what everyone must read belongs into the hint"),
        );
    }
}

fn check_client(definition: &Definition, client: Client, subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    for element in definition.elements() {
        let Some(lacks) = cannot_ask(client, element) else {
            continue;
        };
        let help = if is_required(element) {
            format!("it is required: {} can't be opened for this survey", client.name())
        } else {
            "it stays unanswered there".to_owned()
        };
        found.push(
            Diagnostic::warning(
                subject.place(element, "type"),
                format!("{} can't ask '{}': it has no {lacks}", client.name(), element.name),
            )
            .with_help(help),
        );
    }
}
