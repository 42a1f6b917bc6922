//! Words in the columns of their languages.

use crate::definition::choices::ChoiceList;
use crate::definition::model::Definition;
use crate::definition::text::Text;
use crate::definition::xlsform::exact::through_cell;
use crate::definition::xlsform::languages::written;

/// The languages that have columns: their codes, and how headers name them. The unnamed one is `""`.
pub(super) struct Columns(Vec<(String, String)>);

impl Columns {
    /// The columns of a definition. The unnamed language has one where words in it stand beside others in named ones,
    /// or where no language is named; words that are the same in every language stand in each column, since pyxform
    /// shows words without a language in one language alone.
    pub fn of(definition: &Definition) -> Self {
        let named = definition.languages().iter();
        let named: Vec<(String, String)> = named.map(|(code, name)| (code.clone(), written(code, name))).collect();
        let unnamed =
            named.is_empty() || texts(definition).any(|text| text.exact("").is_some() && text.iter().count() > 1);
        let unnamed = unnamed.then(|| (String::new(), String::new()));
        Self(unnamed.into_iter().chain(named).collect())
    }

    /// How the default language is named in the settings, unless it is the unnamed one.
    pub fn default_language(&self) -> Option<&str> {
        self.0
            .first()
            .map(|(_, name)| name.as_str())
            .filter(|name| !name.is_empty())
    }

    /// The headers of a key in all languages.
    pub fn headers(&self, key: &str) -> Vec<String> {
        self.0.iter().map(|(_, name)| header(key, name)).collect()
    }

    /// The cells of a text under the headers of a key.
    pub fn cells(&self, key: &str, text: &Text) -> Vec<(String, String)> {
        let everywhere = text.exact("").filter(|_| text.iter().count() == 1);
        let words = |code: &str| text.exact(code).or(everywhere);
        self.0
            .iter()
            .filter_map(|(code, name)| Some((header(key, name), words(code)?.to_owned())))
            .collect()
    }

    /// Whether the text comes back from its cells as it is.
    pub fn keep(&self, text: &Text) -> bool {
        let named = self.0.iter().any(|(code, _)| !code.is_empty());
        text.iter().all(|(language, words)| {
            (!language.is_empty() || !named || text.iter().count() > 1)
                && !words.is_empty()
                && words == through_cell(words)
        })
    }
}

fn header(key: &str, language: &str) -> String {
    if language.is_empty() {
        key.to_owned()
    } else {
        format!("{key}::{language}")
    }
}

/// All texts that stand in sheets with languages.
fn texts(definition: &Definition) -> impl Iterator<Item = &Text> {
    let elements = definition.elements().iter().flat_map(|element| {
        let texts = element.texts().map(|(_, text)| text);
        texts.chain(element.media.values())
    });
    let choices = definition.choices().values().flat_map(ChoiceList::choices);
    elements.chain(choices.flat_map(|choice| std::iter::once(&choice.label).chain(choice.media.values())))
}
