//! Instances: lists and attached files by names that are told apart.

use std::collections::HashMap;

use super::Subject;
use crate::definition::place::{Diagnostic, Place};
use crate::definition::xform::attached_files;

pub(super) fn check(subject: &Subject<'_>, found: &mut Vec<Diagnostic>) {
    let definition = subject.definition;
    let lists = definition.choices().values().filter(|list| !list.is_external());
    let lists = lists.map(|list| {
        (
            list.name().to_owned(),
            format!("the list '{}'", list.name()),
            list.origin().0.clone(),
        )
    });
    let files = attached_files(definition).into_iter().map(|file| {
        let place = file
            .element
            .and_then(|id| definition.get(id))
            .map(|element| subject.place(element, "type"));
        (file.name, file.source, place.unwrap_or_else(|| subject.file.clone()))
    });
    let mut seen: HashMap<String, (String, Place)> = HashMap::new();
    for (name, source, place) in files.chain(lists) {
        match seen.get(&name) {
            Some((first, _)) if *first != source => found.push(
                Diagnostic::error(
                    place,
                    format!("expressions can't tell {source} from {first}: both are instance('{name}')"),
                )
                .with_help("give one of them another name"),
            ),
            Some(_) => {}
            None => {
                seen.insert(name, (source, place));
            }
        }
    }
}
