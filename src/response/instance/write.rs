//! Answers to instances.

use super::super::answers::{Answers, InstanceId};
use super::super::value::Answer;
use super::asked::{Asked, AskedNode};
use crate::definition::{ElementId, InstanceNodes, Kind, QuestionType, XmlNode};

/// What an instance that is written says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    /// The id of the response.
    pub instance_id: &'a str,
    /// The id of the version that it edits.
    pub deprecated_id: Option<&'a str>,
}

/// A response as an instance, for editing: what was received, whether or not it is in force, in the nodes that a form
/// client has for it. Confirmations of soft checks are asked for again, and no entities are made once more.
///
/// Reading it gives equal answers.
///
/// ```
/// # use innogauge::definition::Definition;
/// use innogauge::response::{Answers, Form, instance};
///
/// # let yaml = "{survey: s, version: '1', title: S, questions: [{type: integer, name: persons, label: Persons, missing: [refused]}]}";
/// # let definition = Definition::from_yaml("s.yaml", yaml).map_err(|errors| errors[0].to_string())?.value;
/// let form = Form::new(definition);
/// let (answers, _) = Answers::from_json(&form, &serde_json::json!({"persons": {"missing": "refused"}}));
/// let names = instance::Names { instance_id: "uuid:2", deprecated_id: Some("uuid:1") };
/// let xml = instance::write(&answers, &names);
/// assert!(xml.contains("<persons/>\n  <persons_missing>refused</persons_missing>"));
/// assert!(xml.contains("<deprecatedID>uuid:1</deprecatedID>"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn write(answers: &Answers, names: &Names<'_>) -> String {
    let form = answers.form();
    let asked = form.asked();
    let writer = Writer {
        answers,
        asked,
        nodes: InstanceNodes::of(asked.definition(), form.root_name()),
    };
    let root = writer.nodes.root().children(writer.children(InstanceId::ROOT, None));
    root.child(writer.meta(names)).document()
}

struct Writer<'a> {
    answers: &'a Answers,
    asked: &'a Asked,
    nodes: InstanceNodes<'a>,
}

impl<'a> Writer<'a> {
    /// The nodes in a group, an instance of a repeat, or the outermost element; `parent` is of the survey as it is asked.
    fn children(&self, instance: InstanceId, parent: Option<ElementId>) -> Vec<XmlNode<'a>> {
        let definition = self.asked.definition();
        let mut nodes = Vec::new();
        for element in definition.children(parent).iter().filter_map(|id| definition.get(*id)) {
            let node = self.nodes.node(element);
            match (&element.kind, self.asked.node(element.id)) {
                (Kind::Group, _) => nodes.push(node.children(self.children(instance, Some(element.id)))),
                (Kind::Repeat, AskedNode::Own(id)) => {
                    for inner in self.answers.repeated(instance, id) {
                        nodes.push(node.clone().children(self.children(*inner, Some(element.id))));
                    }
                }
                (Kind::Repeat, _) => {}
                (Kind::Question(question_type), _)
                    if !question_type.has_value() || *question_type == QuestionType::Audit => {}
                (Kind::Question(_), AskedNode::Own(id)) => nodes.push(node.text(self.text(instance, id))),
                (Kind::Question(_), AskedNode::Missing(id)) => nodes.push(node.text(self.code(instance, id))),
                (Kind::Question(_), AskedNode::Confirmed(..) | AskedNode::Made) => nodes.push(node),
            }
        }
        nodes
    }

    fn text(&self, instance: InstanceId, question: ElementId) -> String {
        match self.answers.received(instance, question) {
            Answer::Missing(code) if self.is_select(question) => code.code().to_owned(),
            Answer::Answered(value) => value.to_text().into_owned(),
            Answer::Missing(_) | Answer::Unanswered | Answer::NotAsked => String::new(),
        }
    }

    fn code(&self, instance: InstanceId, question: ElementId) -> String {
        match self.answers.received(instance, question) {
            Answer::Missing(code) => code.code().to_owned(),
            Answer::Answered(_) | Answer::Unanswered | Answer::NotAsked => String::new(),
        }
    }

    fn is_select(&self, question: ElementId) -> bool {
        let element = self.answers.form().get(question);
        let question_type = element.and_then(|element| element.question_type());
        question_type.is_some_and(|question_type| question_type.select().is_some())
    }

    fn meta(&self, names: &Names<'a>) -> XmlNode<'a> {
        let form = self.answers.form();
        let logs = form
            .questions()
            .filter(|(_, question_type)| **question_type == QuestionType::Audit)
            .map(|(element, _)| XmlNode::new(&element.name).text(self.text(InstanceId::ROOT, element.id)));
        let mut meta = XmlNode::new("meta")
            .children(logs)
            .child(XmlNode::new("instanceID").text(names.instance_id));
        if let Some(id) = names.deprecated_id {
            meta.push(XmlNode::new("deprecatedID").text(id));
        }
        if form.settings().instance_name.is_some() {
            meta.push(XmlNode::new("instanceName"));
        }
        meta
    }
}
