//! What a form has beside the questions of its definition: nodes that count repeats, and the headers of tables.

use crate::definition::assemble::assemble;
use crate::definition::companions::empty_outline;
use crate::definition::element::{Element, Kind};
use crate::definition::formula::Formula;
use crate::definition::model::{Definition, ElementId};
use crate::definition::outline::{Outline, Places};
use crate::definition::place::Position;
use crate::definition::question_type::{DataType, QuestionType};
use crate::definition::text::Text;

/// Whether a form of the definition has no such nodes.
pub(super) fn has_nothing_to_prepare(definition: &Definition) -> bool {
    let elements = definition.elements();
    elements
        .iter()
        .all(|element| element.repeat_count.is_none() && !is_table(element))
}

/// The definition with those nodes as questions.
pub(super) fn prepare(definition: &Definition) -> Definition {
    let mut preparation = Preparation {
        outline: empty_outline(definition),
        moved: Vec::with_capacity(definition.elements().len()),
        tables: Vec::new(),
    };
    for element in definition.elements() {
        preparation.element(element);
    }
    assemble(preparation.outline)
}

/// The number that tells what is made of an element from what is made of others: its row in a workbook.
fn number(element: &Element) -> u32 {
    match &element.origin.at {
        Position::Cell(address) => address.row + 1,
        Position::File | Position::LineColumn { .. } => element.id.0 + 2,
    }
}

struct Preparation {
    outline: Outline,
    /// The new ids of the elements.
    moved: Vec<ElementId>,
    /// The groups that are tables, and whether they have their header.
    tables: Vec<(ElementId, bool)>,
}

impl Preparation {
    fn element(&mut self, original: &Element) {
        let mut element = original.clone();
        let parent = element
            .parent
            .and_then(|parent| self.moved.get(parent.index()))
            .copied();
        self.count(&mut element, parent);
        let heading = table_heading(&mut element);
        self.table_header(&mut element, original, parent);
        let id = self.outline.push(element, parent, Places::default());
        self.moved.push(id);
        if let Some((label, hint)) = heading {
            self.tables.push((id, false));
            if !label.is_empty() || !hint.is_empty() {
                let name = format!("generated_table_list_label_{}", number(original));
                let mut note = Element::new(name, Kind::Question(QuestionType::Note), original.origin.clone());
                (note.label, note.hint) = (label, hint);
                self.outline.push(note, Some(id), Places::default());
            }
        }
    }

    /// A repeat is counted by a node: the one that it names, or one that is calculated before it.
    fn count(&mut self, element: &mut Element, parent: Option<ElementId>) {
        let Some(count) = element.repeat_count.clone() else {
            return;
        };
        let source = count.source().trim();
        let is_node = super::reference::reference(source).is_some_and(|(_, after)| after.is_empty());
        if is_node {
            return;
        }
        let name = format!("{}_count", element.name);
        let mut counter = Element::new(
            name.clone(),
            Kind::Question(QuestionType::Calculate(DataType::String)),
            element.origin.clone(),
        );
        counter.read_only = Formula::always(element.origin.0.clone());
        counter.calculation = Some(count);
        self.outline.push(counter, parent, Places::default());
        element.repeat_count = Formula::read(&format!("${{{name}}}"), element.origin.0.clone(), false).ok();
    }

    /// The first select of a table is preceded by one that shows the choices alone; the others show none.
    fn table_header(&mut self, element: &mut Element, original: &Element, parent: Option<ElementId>) {
        let Some((_, headed)) = self.tables.iter_mut().find(|(table, _)| Some(*table) == parent) else {
            return;
        };
        if element.question_type().and_then(QuestionType::select).is_none() {
            return;
        }
        if !*headed {
            *headed = true;
            let name = format!("reserved_name_for_field_list_labels_{}", number(original));
            let mut header = Element::new(name, element.kind.clone(), original.origin.clone());
            header.appearance = Some("label".to_owned());
            header.label = Text::plain(" ");
            self.outline.push(header, parent, Places::default());
        }
        element.appearance = Some("list-nolabel".to_owned());
    }
}

/// What a table says above its questions, where a group is one; it is put on one page.
fn table_heading(element: &mut Element) -> Option<(Text, Text)> {
    if !is_table(element) {
        return None;
    }
    let appearance = element.appearance.as_deref()?;
    let others = appearance.split_whitespace().filter(|word| *word != "table-list");
    element.appearance = Some(
        std::iter::once("field-list")
            .chain(others)
            .collect::<Vec<_>>()
            .join(" "),
    );
    Some((std::mem::take(&mut element.label), std::mem::take(&mut element.hint)))
}

/// Whether an element is a group whose questions are the rows of a table.
fn is_table(element: &Element) -> bool {
    let appearance = element.appearance.as_deref().unwrap_or_default();
    element.question_type().is_none() && appearance.split_whitespace().any(|word| word == "table-list")
}
