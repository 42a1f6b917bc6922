//! Secondary instances: the lists that a form chooses from and looks into.

use indexmap::IndexMap;

use super::Form;
use super::itext::list_in_itext;
use super::xml::Node;
use crate::definition::choices::{Choice, ChoiceList, ChoiceSource};
use crate::definition::model::{Definition, ElementId};
use crate::definition::question_type::QuestionType;

/// All of them, each once: attached files first, then the lists of the definition.
pub(super) fn instances<'d>(form: &Form<'d>) -> Vec<Node<'d>> {
    let mut sources: IndexMap<String, String> = IndexMap::new();
    for file in attached_files(form.definition) {
        sources.entry(file.name).or_insert(file.source);
    }
    let nodes = sources.iter();
    let files = nodes.map(|(name, source)| {
        Node::new("instance")
            .with("id", name.clone())
            .with("src", source.clone())
    });
    let lists = form
        .definition
        .choices()
        .values()
        .filter(|list| !list.is_external() && !form.is_searched(list.name()) && !sources.contains_key(list.name()));
    files.chain(lists.map(list_instance)).collect()
}

/// A file that expressions read as an instance.
pub(in crate::definition) struct AttachedInstance {
    /// The name of the instance.
    pub name: String,
    /// Where clients find it: `jr://file-csv/cities.csv`.
    pub source: String,
    /// What reads it.
    pub element: Option<ElementId>,
}

/// The attached files that a form reads, in document order; several may have one name.
pub(in crate::definition) fn attached_files(definition: &Definition) -> Vec<AttachedInstance> {
    let mut found = Vec::new();
    let mut last_saved = false;
    for element in definition.elements() {
        let mut add = |name: &str, source: String| {
            found.push(AttachedInstance {
                name: name.to_owned(),
                source,
                element: Some(element.id),
            });
        };
        for file in element.formulas().flat_map(|(_, formula)| pulled(formula.source())) {
            add(&file, format!("jr://file-csv/{file}.csv"));
        }
        last_saved |= element
            .formulas()
            .any(|(_, formula)| formula.source().contains("${last-saved#"));
        let Some(question_type) = element.question_type() else {
            continue;
        };
        if let Some(ChoiceSource::File(file)) = question_type.select().map(|select| &select.source) {
            let (name, extension) = file.rsplit_once('.').unwrap_or((file, ""));
            let folder = if extension == "csv" { "file-csv" } else { "file" };
            add(name, format!("jr://{folder}/{file}"));
        }
        match question_type {
            QuestionType::XmlExternal => add(&element.name, format!("jr://file/{}.xml", element.name)),
            QuestionType::CsvExternal => add(&element.name, format!("jr://file-csv/{}.csv", element.name)),
            _ => {}
        }
    }
    if last_saved {
        found.push(AttachedInstance {
            name: "__last-saved".to_owned(),
            source: "jr://instance/last-saved".to_owned(),
            element: None,
        });
    }
    found
}

/// The files that an expression looks into by `pulldata('file', …)`.
fn pulled(source: &str) -> Vec<String> {
    let calls = source.match_indices("pulldata").map(|(at, word)| at + word.len());
    let argument = |at: usize| {
        let rest = source.get(at..)?.trim_start().strip_prefix('(')?;
        let name = rest.split(',').next()?.replace(['\'', '"'], "");
        Some(name.trim().to_owned()).filter(|name| !name.is_empty())
    };
    calls.filter_map(argument).collect()
}

fn list_instance(list: &ChoiceList) -> Node<'_> {
    let translated = list_in_itext(list);
    let items = list
        .choices()
        .iter()
        .enumerate()
        .map(|(number, choice)| item(list, number, choice, translated));
    Node::new("instance")
        .with("id", list.name())
        .child(Node::new("root").children(items))
}

fn item<'d>(list: &ChoiceList, number: usize, choice: &'d Choice, translated: bool) -> Node<'d> {
    let mut item = Node::new("item");
    if translated {
        item.push(Node::new("itextId").text(format!("{}-{number}", list.name())));
    }
    item.push(Node::new("name").text(&choice.name));
    if let (false, Some(label)) = (translated, choice.label.exact("")) {
        item.push(Node::new("label").text(label));
    }
    if let Some(geometry) = &choice.geometry {
        item.push(Node::new("geometry").text(geometry));
    }
    let columns = super::in_order(&choice.columns).into_iter();
    item.children(columns.map(|(name, value)| Node::new(name).text(value)))
}
