//! The notes on scales in the report's languages: which agree too little among whom, and which items seem turned round.

use super::{Context, scales};
use crate::definition::{Language, Text};
use crate::scoring::{Note, NoteCode, ScaleGroup, ScaleReliability};

/// The figures behind a note on a scale, with those who answered: `alpha 0.45 (490 of Enterprises in English)`. None for
/// a note of another kind, and where the edition tells none of these figures.
pub(super) fn figures(context: &Context<'_>, note: &Note) -> Option<String> {
    let said: fn(&ScaleReliability) -> Option<String> = match note.code {
        NoteCode::WeakScale => ScaleReliability::weakness,
        NoteCode::ReversedItem => ScaleReliability::reversed,
        _ => return None,
    };
    let told = scales::told(context);
    let groups = told.get(note.element.as_ref()?)?.iter();
    let lines = groups.filter_map(|group| Some(format!("{} ({})", said(group.reliability()?)?, who(context, group))));
    let lines: Vec<String> = lines.collect();
    (!lines.is_empty()).then(|| lines.join("; "))
}

/// Whether a note is about a scale.
pub(super) fn is_about_scale(note: &Note) -> bool {
    matches!(note.code, NoteCode::WeakScale | NoteCode::ReversedItem)
}

/// The respondents of a group.
fn who(context: &Context<'_>, group: &ScaleGroup) -> String {
    let actor = context.report.framework.actors().get(&group.actor);
    let answered_in = scales::language(context, group);
    let in_language = |language: Language| {
        let actor = actor.map_or(group.actor.as_str(), |actor| actor.label.get(language.code()));
        let n = group.n;
        match (language, group.language.as_deref()) {
            (Language::Chinese, None) => format!("{actor}，{n}份"),
            (Language::Chinese, Some("")) => format!("{actor}，语言未注明，{n}份"),
            (Language::Chinese, Some(_)) => format!("{actor}，{answered_in}，{n}份"),
            (Language::English, None) => format!("{n} of {actor}"),
            (Language::English, Some("")) => format!("{n} of {actor} in a language that is not known"),
            (Language::English, Some(_)) => format!("{n} of {actor} in {answered_in}"),
        }
    };
    let texts = Language::ALL.map(|language| (language.code(), in_language(language)));
    context.wording.text(&Text::from_iter(texts))
}
