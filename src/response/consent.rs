//! What a respondent was asked to agree to, and what they said.

use serde::{Deserialize, Serialize};

use super::answers::Answers;
use crate::definition::{Definition, Element, QuestionType};

/// The consent that came with a response: the words of its version in the survey's first language, and the answer to
/// them. It stands by itself, whatever becomes of the definition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// The words: the notes above the question in its group, the question, its hint.
    pub text: String,
    /// The language that these words are in.
    pub language: String,
    /// The version of the definition that has them.
    pub version: String,
    /// The answer; `None` where none was given.
    pub answer: Option<String>,
}

impl Consent {
    /// The consent in these answers, where the survey asks for it (`identity: {consent: …}`), as it reads in the first
    /// language of the survey.
    pub fn of(answers: &Answers) -> Option<Self> {
        let definition = answers.form().definition();
        let question = definition.get(definition.identity().consent()?)?;
        let language = definition.default_language();
        Some(Self {
            text: shown(definition, question, language),
            language: language.to_owned(),
            version: definition.version().to_owned(),
            answer: answers
                .get(question.id)
                .value()
                .map(|value| value.to_text().to_string()),
        })
    }
}

fn shown(definition: &Definition, question: &Element, language: &str) -> String {
    let siblings = definition.children(question.parent).iter();
    let notes = siblings
        .take_while(|id| **id != question.id)
        .filter_map(|id| definition.get(*id))
        .filter(|element| element.question_type() == Some(&QuestionType::Note))
        .map(|note| note.label.get(language));
    let own = [&question.label, &question.hint, &question.guidance_hint].map(|text| text.get(language));
    let words: Vec<&str> = notes.chain(own).filter(|words| !words.is_empty()).collect();
    words.join("\n")
}
