//! Actions: what a client does when a form is opened, a repeat added, or an answer changed.

use super::Form;
use super::reference::Standpoint;
use super::xml::Node;
use crate::definition::element::{DefaultValue, Element};
use crate::definition::model::ElementId;
use crate::definition::question_type::QuestionType;

const FIRST_LOAD: &str = "odk-instance-first-load";
const NEW_REPEAT: &str = "odk-new-repeat";
const CHANGED: &str = "xforms-value-changed";

/// An action at a node.
pub(super) fn action<'d>(name: &'static str, path: String, event: &'static str) -> Node<'d> {
    Node::new(name).with("ref", path).with("event", event)
}

/// What is done when the form is opened, for one element.
pub(super) fn on_load<'d>(form: &Form<'d>, element: &'d Element) -> Vec<Node<'d>> {
    let mut actions: Vec<Node<'_>> = default(form, element, FIRST_LOAD).into_iter().collect();
    let path = || form.paths.absolute(element.id);
    match element.question_type() {
        Some(QuestionType::StartGeopoint) => actions.push(action("odk:setgeopoint", path(), FIRST_LOAD)),
        Some(QuestionType::BackgroundAudio) => {
            let mut record = action("odk:recordaudio", path(), "odk-instance-load");
            if let Some(quality) = element.parameters.get("quality") {
                record.set("odk:quality", quality);
            }
            actions.push(record);
        }
        _ => {}
    }
    actions
}

/// A default that is calculated.
fn default<'d>(form: &Form<'d>, element: &'d Element, event: &'static str) -> Option<Node<'d>> {
    let Some(DefaultValue::Dynamic(formula)) = &element.default else {
        return None;
    };
    let from = Standpoint::of(form.definition, element.id);
    let value = form.paths.expression(formula.source(), &from);
    Some(action("setvalue", form.paths.absolute(element.id), event).with("value", value))
}

/// What is done when a repeat is added: the defaults of what lies in it, but not in another repeat within.
pub(super) fn on_new_repeat<'d>(form: &Form<'d>, repeat: ElementId) -> Vec<Node<'d>> {
    let inside = form
        .definition
        .elements()
        .iter()
        .filter(|element| form.definition.repeat_around(element.id) == Some(repeat));
    let mut actions: Vec<Node<'_>> = inside
        .filter_map(|element| default(form, element, NEW_REPEAT))
        .collect();
    actions.extend(super::entities::on_new_repeat(form, repeat));
    actions
}

/// What is done when the answer to a question changes: the questions that it triggers are calculated.
pub(super) fn on_change<'d>(form: &Form<'d>, question: &Element) -> Vec<Node<'d>> {
    let from = Standpoint::of(form.definition, question.id);
    let by_question = |element: &&&Element| {
        let mut triggers = element.trigger.iter();
        triggers.any(|trigger| trigger.depends_on().contains(&question.id))
    };
    let elements = form.triggered.iter().filter(by_question);
    elements
        .map(|element| {
            let path = form.paths.absolute(element.id);
            if element.question_type() == Some(&QuestionType::BackgroundGeopoint) {
                return action("odk:setgeopoint", path, CHANGED);
            }
            let set = action("setvalue", path, CHANGED);
            match &element.calculation {
                Some(formula) => set.with("value", form.paths.expression(formula.source(), &from)),
                None => set,
            }
        })
        .collect()
}
