//! Text for people: a label, a hint or a message in each language of the survey.

use serde::{Deserialize, Serialize};
use vecmap::VecMap;

/// Words in one or more languages, by language code.
///
/// The code `""` is XLSForm's unnamed language: what a plain string label means.
///
/// ```
/// use innogauge::definition::Text;
///
/// let label = Text::from_iter([("zh", "城市"), ("en", "City")]);
/// assert_eq!(label.get("en"), "City");
/// assert_eq!(label.get("fr"), "城市", "a language that is missing falls back to the first");
/// assert_eq!(Text::plain("City").get("zh"), "City");
/// ```
///
/// Two are equal that say the same in the same languages, in whatever order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(VecMap<String, String>);

impl Text {
    /// The same words in every language.
    pub fn plain(words: impl Into<String>) -> Self {
        Self::from_iter([("", words.into())])
    }

    /// The words in this language, else in the unnamed language, else in the first, else nothing.
    pub fn get(&self, language: &str) -> &str {
        self.exact(language)
            .or_else(|| self.exact(""))
            .or_else(|| self.iter().next().map(|(_, words)| words))
            .unwrap_or_default()
    }

    /// The words in exactly this language.
    pub fn exact(&self, language: &str) -> Option<&str> {
        self.0.get(language).map(String::as_str)
    }

    /// Sets the words of one language.
    pub fn insert(&mut self, language: impl Into<String>, words: impl Into<String>) {
        self.0.insert(language.into(), words.into());
    }

    /// Whether there are no words at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Language codes and words, in the order they were written.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(language, words)| (language.as_str(), words.as_str()))
    }

    /// The same text with its words in each language changed.
    #[must_use]
    pub fn map(&self, mut change: impl FnMut(&str, &str) -> String) -> Self {
        self.iter()
            .map(|(language, words)| (language, change(language, words)))
            .collect()
    }
}

impl<L: Into<String>, W: Into<String>> FromIterator<(L, W)> for Text {
    fn from_iter<I: IntoIterator<Item = (L, W)>>(words: I) -> Self {
        let words = words.into_iter();
        Self(words.map(|(language, words)| (language.into(), words.into())).collect())
    }
}
