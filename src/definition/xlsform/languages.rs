//! The languages of an XLSForm: `label::中文 (zh)` names one, `label` alone none.

use indexmap::IndexMap;

use crate::definition::text::Text;

/// The languages that headers name, by their codes.
#[derive(Debug, Clone, Default)]
pub(super) struct Languages {
    names: IndexMap<String, String>,
    default: Option<String>,
}

impl Languages {
    /// The languages of a form whose settings name this default language.
    pub fn new(default: Option<&str>) -> Self {
        let mut languages = Self::default();
        // pyxform's own word for the unnamed language.
        languages.default = default
            .filter(|default| *default != "default")
            .map(|default| languages.code(default));
        languages
    }

    /// The code of a language as it is written: `zh` of `中文 (zh)`, and `English` of `English`.
    ///
    /// Where another language has that code already, the whole is the code.
    pub fn code(&mut self, written: &str) -> String {
        let (name, code) = split(written).unwrap_or((written, written));
        // What is written otherwise (`English(en)`) is kept whole: clients know the language by all of it.
        let usual = name == code || written == format!("{name} ({code})");
        let name = if usual { name } else { written };
        let taken = self.names.get(code).is_some_and(|known| known != name && known != code);
        if taken && code != name {
            self.names.insert(written.to_owned(), written.to_owned());
            return written.to_owned();
        }
        let known = self.names.entry(code.to_owned()).or_insert_with(|| name.to_owned());
        if known == code {
            name.clone_into(known);
        }
        code.to_owned()
    }

    /// Words with the languages of their columns. Words without one belong to the default language, where there are
    /// others in named ones; alone they are the same in every language.
    pub fn text(&self, words: &[(Option<&str>, &str)]) -> Text {
        let named = words.iter().any(|(language, _)| language.is_some());
        let default = self.default.as_deref().filter(|_| named).unwrap_or_default();
        let mut text = Text::default();
        for (language, words) in words {
            // The words of a column that names the default language are its own.
            if language.is_some() || text.exact(default).is_none() {
                text.insert(language.unwrap_or(default), *words);
            }
        }
        text
    }

    /// Codes with names, the default first.
    pub fn into_names(mut self) -> IndexMap<String, String> {
        if let Some(at) = self.default.and_then(|default| self.names.get_index_of(&default)) {
            self.names.move_index(at, 0);
        }
        self.names
    }
}

/// How a language is written in headers and XForms: `中文 (zh)`, and `English` where that is the code as well.
pub(in crate::definition) fn written(code: &str, name: &str) -> String {
    if code == name || name.ends_with(&format!("({code})")) {
        name.to_owned()
    } else {
        format!("{name} ({code})")
    }
}

/// Name and code of `中文 (zh)`.
fn split(written: &str) -> Option<(&str, &str)> {
    let (name, code) = written.strip_suffix(')')?.rsplit_once('(')?;
    let (name, code) = (name.trim(), code.trim());
    let fits = !name.is_empty() && !code.is_empty() && !code.contains(char::is_whitespace);
    fits.then_some((name, code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_its_code() {
        let mut languages = Languages::new(Some("English (en)"));
        assert_eq!(languages.code("中文 (zh)"), "zh");
        assert_eq!(languages.code("en"), "en");
        assert_eq!(languages.code("British (en)"), "British (en)", "the code is taken");
        let names: Vec<_> = languages.clone().into_names().into_iter().collect();
        let pair = |code: &str, name: &str| (code.to_owned(), name.to_owned());
        assert_eq!(
            names,
            [
                pair("en", "English"),
                pair("zh", "中文"),
                pair("British (en)", "British (en)")
            ]
        );
    }

    #[test]
    fn the_column_of_the_default_language_is_its_own() {
        let languages = Languages::new(Some("en"));
        assert_eq!(
            languages.text(&[(None, "City"), (Some("en"), "Town")]),
            Text::from_iter([("en", "Town")])
        );
    }

    #[test]
    fn words_without_a_language_are_in_the_default_one_beside_others() {
        let languages = Languages::new(Some("English (en)"));
        assert_eq!(
            languages.text(&[(None, "City"), (Some("zh"), "城市")]),
            Text::from_iter([("en", "City"), ("zh", "城市")])
        );
        assert_eq!(languages.text(&[(None, "City")]), Text::plain("City"));
        let languages = Languages::default();
        assert_eq!(
            languages.text(&[(None, "City"), (Some("zh"), "城市")]),
            Text::from_iter([("", "City"), ("zh", "城市")])
        );
    }
}
