//! What a reader must know of the scales: which agree too little, and which items seem to be turned round.

use super::{ScaleGroup, ScaleReliability, Scales};
use crate::scoring::note::{Note, NoteCode};

/// A note per scale that is weak somewhere, and per scale with an item that is probably reversed.
pub(in crate::scoring) fn notes(scales: &Scales) -> Vec<Note> {
    let of = |(id, groups): (&String, &Vec<ScaleGroup>)| {
        let notes = [
            note(
                NoteCode::WeakScale,
                "the items agree little",
                groups,
                ScaleReliability::weakness,
            ),
            note(
                NoteCode::ReversedItem,
                "probably reverse-coded: the item falls where the others rise",
                groups,
                ScaleReliability::reversed,
            ),
        ];
        notes.map(|note| note.map(|note| note.of(id)))
    };
    scales.iter().flat_map(of).flatten().collect()
}

fn note(
    code: NoteCode,
    message: &str,
    groups: &[ScaleGroup],
    said: fn(&ScaleReliability) -> Option<String>,
) -> Option<Note> {
    let said: Vec<String> = groups
        .iter()
        .filter_map(|group| Some(format!("{} ({})", said(group.reliability()?)?, who(group))))
        .collect();
    (!said.is_empty()).then(|| Note::new(code, format!("{message}: {}", said.join("; "))))
}

fn who(group: &ScaleGroup) -> String {
    let language = match group.language.as_deref() {
        None => String::new(),
        Some("") => " in a language that is not known".to_owned(),
        Some(language) => format!(" in {language}"),
    };
    format!("{} of {}{language}", group.n, group.actor)
}
