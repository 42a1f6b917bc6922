//! Files that answers name: which ones a response says that it has.

use super::answers::Answers;
use super::value::{Answer, Value};
use crate::definition::QuestionType;

/// The longest name, in bytes: what file systems take.
const LONGEST: usize = 255;

/// A file that an answer names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedFile {
    /// The question, with instances counted from 1: `/products[2]/photo`.
    pub question: String,
    /// The question's type.
    pub question_type: QuestionType,
    /// Whether the question is about a person: then the file is too, and its name.
    pub personal: bool,
    /// The file's name: one that [`is_file_name`] takes.
    pub name: String,
}

/// Whether a text is the name of a file, and nothing but a name: no folders, no control characters, not too long.
///
/// ```
/// use innogauge::response::is_file_name;
///
/// assert!(is_file_name("1764120000000.jpg") && is_file_name("厂房照片.jpg"));
/// assert!(!is_file_name("../key") && !is_file_name("..") && !is_file_name("a\r\nb.jpg") && !is_file_name(""));
/// ```
pub fn is_file_name(text: &str) -> bool {
    let plain = |character: char| !matches!(character, '/' | '\\') && !character.is_control();
    (1..=LONGEST).contains(&text.len()) && text.chars().all(plain) && !matches!(text, "." | "..")
}

/// What other answers say that could be the name of a file: questions of one version may be of another kind in another.
pub fn texts_like_names(answers: &Answers) -> Vec<NamedFile> {
    let form = answers.form();
    let mut files = Vec::new();
    for (element, _) in form.definition().questions() {
        for instance in answers.instances_of(element.id) {
            if let Answer::Answered(Value::Text(name)) = answers.received(instance, element.id)
                && is_file_name(name)
            {
                files.push(NamedFile {
                    question: answers.path(instance, element.id),
                    question_type: QuestionType::File,
                    personal: element.is_personal(),
                    name: name.clone(),
                });
            }
        }
    }
    files
}

/// The files that answers name as they were received, in the order of the survey: also where a question turned out not
/// to be asked, so that nothing that was received is lost.
pub fn named_files(answers: &Answers) -> Vec<NamedFile> {
    let form = answers.form();
    let mut files = Vec::new();
    for (element, question_type) in form.definition().questions().filter(|(_, of)| of.is_file()) {
        for instance in answers.instances_of(element.id) {
            if let Answer::Answered(Value::File(name)) = answers.received(instance, element.id)
                && is_file_name(name)
            {
                files.push(NamedFile {
                    question: answers.path(instance, element.id),
                    question_type: question_type.clone(),
                    personal: element.is_personal(),
                    name: name.clone(),
                });
            }
        }
    }
    files
}
