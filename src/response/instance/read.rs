//! Instances to answers.

use std::collections::HashSet;
use std::sync::Arc;

use super::super::answers::{Answers, InstanceId, Limits};
use super::super::form::Form;
use super::super::parse::{parse_text, shortened};
use super::super::problem::{Problem, ProblemCode};
use super::super::unknown::unknown_question;
use super::super::value::Answer;
use super::asked::AskedNode;
use super::encoding::decode;
use super::error::InstanceError;
use super::scan::{Element as Opened, Scanner, Token};
use crate::definition::{Element, ElementId, Kind, MissingCode, QuestionType, Text};

/// Of more nodes that the survey does not have, only the number is told.
const MOST_UNKNOWN: usize = 100;

/// The answers of an instance, with what was wrong when they were read.
///
/// What can't be read as an answer of its question is kept as the text that it is, with a problem. Nodes that the
/// survey does not have are problems that name them; missing nodes are not answered. Codes from the companions of
/// questions become the answers of these, and a note tells which soft checks were confirmed.
///
/// ```
/// # use innogauge::definition::Definition;
/// use innogauge::response::{Answer, Form, Value, instance};
///
/// # let yaml = "{survey: s, version: '1', title: S, questions: [{type: integer, name: persons, label: Persons}]}";
/// # let definition = Definition::from_yaml("s.yaml", yaml).map_err(|errors| errors[0].to_string())?.value;
/// let form = Form::new(definition);
/// let (answers, problems) = instance::read(br#"<data id="s"><persons>12</persons><rooms>3</rooms></data>"#, &form)?;
/// let persons = form.find("persons").ok_or("no such question")?;
/// assert_eq!(answers.get(persons), &Answer::Answered(Value::Integer(12)));
/// assert_eq!((problems.len(), problems[0].path.as_str()), (1, "/rooms"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(xml: &[u8], form: &Arc<Form>) -> Result<(Answers, Vec<Problem>), InstanceError> {
    let text = decode(xml)?;
    let (scanner, _) = Scanner::open(&text)?;
    let mut reader = Reader {
        scanner,
        answers: Answers::new(form),
        form: form.as_ref(),
        problems: Vec::new(),
        unknown: 0,
        full: HashSet::new(),
        companions: Vec::new(),
    };
    reader.read_children(InstanceId::ROOT, None)?;
    reader.take_companions();
    if reader.unknown > MOST_UNKNOWN {
        let others = (reader.unknown - MOST_UNKNOWN).to_string();
        reader
            .problems
            .push(Problem::new(ProblemCode::OtherUnknownQuestions, [others]));
    }
    let Reader {
        scanner,
        answers,
        problems,
        ..
    } = reader;
    scanner.finish()?;
    Ok((answers, problems))
}

struct Reader<'x> {
    scanner: Scanner<'x>,
    answers: Answers,
    form: &'x Form,
    problems: Vec<Problem>,
    /// How many nodes the survey does not have.
    unknown: usize,
    /// Repeats that have as many instances as they may.
    full: HashSet<(InstanceId, ElementId)>,
    /// What companions hold. Their questions may come after them.
    companions: Vec<(InstanceId, AskedNode, String)>,
}

impl Reader<'_> {
    /// Reads what lies in a group, an instance of a repeat, or the outermost element, to its end.
    fn read_children(&mut self, instance: InstanceId, parent: Option<ElementId>) -> Result<(), InstanceError> {
        loop {
            match self.scanner.next()? {
                Token::Open(node) if node.is_template() => {
                    self.scanner.text_below()?;
                }
                Token::Open(node) => self.read_node(instance, parent, &node)?,
                Token::Text(text) => {
                    if !text.trim().is_empty() {
                        self.stray_text(instance, parent, &text);
                    }
                }
                Token::Close => return Ok(()),
            }
        }
    }

    fn read_node(
        &mut self,
        instance: InstanceId,
        parent: Option<ElementId>,
        node: &Opened<'_>,
    ) -> Result<(), InstanceError> {
        let form = self.form;
        let name = node.name();
        if let Some(element) = form.child(parent, name).and_then(|id| form.get(id)) {
            return match &element.kind {
                Kind::Group => self.read_children(instance, Some(element.id)),
                Kind::Repeat => self.read_repeat(instance, element),
                Kind::Question(question_type) if question_type.has_value() => self.read_question(instance, element),
                Kind::Question(_) => self.read_unknown(instance, parent, name),
            };
        }
        match form.asked().made(parent, name) {
            Some(companion @ (AskedNode::Missing(_) | AskedNode::Confirmed(..))) => {
                let text = self.scanner.text_below()?;
                if !text.trim().is_empty() {
                    self.companions.push((instance, companion, text.trim().to_owned()));
                }
                Ok(())
            }
            Some(AskedNode::Own(_) | AskedNode::Made) => self.scanner.text_below().map(drop),
            None if name == "meta" && parent.is_none() => self.read_meta(),
            None if name == "meta" => self.scanner.text_below().map(drop), // of an entity
            None => self.read_unknown(instance, parent, name),
        }
    }

    /// Ids and names of the response are the head's; the log of the interview lies here wherever it is asked for.
    fn read_meta(&mut self) -> Result<(), InstanceError> {
        loop {
            match self.scanner.next()? {
                Token::Open(node) => {
                    let text = self.scanner.text_below()?;
                    if let Some(log) = audit(self.form, node.name()) {
                        self.take(InstanceId::ROOT, log, text.trim());
                    }
                }
                Token::Text(_) => {}
                Token::Close => return Ok(()),
            }
        }
    }

    fn read_repeat(&mut self, instance: InstanceId, element: &Element) -> Result<(), InstanceError> {
        let limits = Limits::default();
        if let Some(inner) = self.answers.add_instance(instance, element.id, limits) {
            return self.read_children(inner, Some(element.id));
        }
        if self.full.insert((instance, element.id)) {
            let most = limits.instances_of_a_repeat.min(limits.instances).to_string();
            let problem = Problem::new(ProblemCode::TooManyInstances, [element.name.clone(), most]);
            self.report(instance, element, problem);
        }
        self.scanner.text_below().map(drop)
    }

    fn read_question(&mut self, instance: InstanceId, element: &Element) -> Result<(), InstanceError> {
        let mut inner = Vec::new();
        let text = self.scanner.text(|name, text| {
            if inner.len() <= MOST_UNKNOWN {
                inner.push((name.to_owned(), text));
            }
        })?;
        for (name, text) in inner {
            self.note_unknown(instance, Some(element.id), &name, &text);
        }
        self.take(instance, element, &text);
        Ok(())
    }

    /// Takes the text of a question as its answer.
    fn take(&mut self, instance: InstanceId, element: &Element, text: &str) {
        let answer = match parse_text(self.form, element.id, text) {
            Ok(Answer::Unanswered) => return,
            Ok(answer) => answer,
            Err(problem) => {
                let path = self.answers.path(instance, element.id);
                self.problems.push(Problem { path, ..*problem });
                Answer::text(text)
            }
        };
        match self.answers.received(instance, element.id) {
            Answer::Unanswered => self.answers.set(instance, element.id, answer),
            first if *first == answer => {}
            _ => {
                let problem = Problem::new(ProblemCode::AnsweredTwice, [""; 0]);
                self.report(instance, element, problem.of(shortened(text)));
            }
        }
    }

    /// Takes what companions hold: a code stands for an answer that is not there.
    fn take_companions(&mut self) {
        let form = self.form;
        for (instance, companion, text) in std::mem::take(&mut self.companions) {
            let (AskedNode::Missing(question) | AskedNode::Confirmed(question, _)) = companion else {
                continue;
            };
            let Some(element) = form.get(question) else { continue };
            let problem = match companion {
                AskedNode::Confirmed(_, check) => element
                    .warn_if
                    .get(check)
                    .map(|check| Problem::new(ProblemCode::SoftCheckConfirmed, [check.test.source()])),
                _ => self.take_missing(instance, element, &text),
            };
            if let Some(problem) = problem {
                self.report(instance, element, problem.of(shortened(&text)));
            }
        }
    }

    fn take_missing(&mut self, instance: InstanceId, element: &Element, text: &str) -> Option<Problem> {
        let Some(code) = MissingCode::from_code(text) else {
            return Some(Problem::new(ProblemCode::UnknownMissingCode, [shortened(text)]));
        };
        if !element.missing.contains(&code) {
            return Some(Problem::new(ProblemCode::MissingCodeNotOffered, [text]));
        }
        match self.answers.received(instance, element.id) {
            Answer::Unanswered => {
                self.answers.set(instance, element.id, Answer::Missing(code));
                None
            }
            Answer::Missing(first) if *first == code => None,
            _ => Some(Problem::new(ProblemCode::MissingCodeNotAlone, [text])),
        }
    }

    fn read_unknown(
        &mut self,
        instance: InstanceId,
        parent: Option<ElementId>,
        name: &str,
    ) -> Result<(), InstanceError> {
        let text = self.scanner.text_below()?;
        self.note_unknown(instance, parent, name, &text);
        Ok(())
    }

    fn note_unknown(&mut self, instance: InstanceId, parent: Option<ElementId>, name: &str, text: &str) {
        self.unknown += 1;
        if self.unknown <= MOST_UNKNOWN {
            let problem = unknown_question(&self.answers, instance, parent, name);
            self.problems.push(problem.of(shortened(text.trim())));
        }
    }

    /// Text that stands between questions.
    fn stray_text(&mut self, instance: InstanceId, parent: Option<ElementId>, text: &str) {
        self.unknown += 1;
        if self.unknown > MOST_UNKNOWN {
            return;
        }
        let problem = Problem::new(ProblemCode::TextBetweenQuestions, [""; 0]);
        let path = parent.map_or_else(String::new, |parent| self.answers.path(instance, parent));
        let group = parent.and_then(|parent| self.form.get(parent));
        let label = group.map_or_else(Text::default, |group| group.label.clone());
        self.problems.push(problem.at(path, &label).of(shortened(text.trim())));
    }

    fn report(&mut self, instance: InstanceId, element: &Element, problem: Problem) {
        let path = self.answers.path(instance, element.id);
        self.problems.push(problem.at(path, &element.label));
    }
}

/// The question of this name that holds the log of the interview.
fn audit<'f>(form: &'f Form, name: &str) -> Option<&'f Element> {
    let found = form
        .questions()
        .find(|(element, question_type)| **question_type == QuestionType::Audit && element.name == name);
    found.map(|(element, _)| element)
}
