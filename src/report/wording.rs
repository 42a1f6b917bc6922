//! The words of reports in the languages they were asked in: one, or both beside each other.

use crate::definition::{Language, Text};

/// The languages of a report, in the order in which they stand beside each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    languages: Vec<Language>,
}

impl Wording {
    /// Words in these languages; none means English.
    pub fn new(languages: impl IntoIterator<Item = Language>) -> Self {
        let mut distinct = Vec::new();
        for language in languages {
            if !distinct.contains(&language) {
                distinct.push(language);
            }
        }
        if distinct.is_empty() {
            distinct.push(Language::English);
        }
        Self { languages: distinct }
    }

    /// Both languages, Chinese first.
    pub fn both() -> Self {
        Self::new(Language::ALL)
    }

    /// The languages.
    pub fn languages(&self) -> &[Language] {
        &self.languages
    }

    /// These words, given in Chinese and in English: `城市 City` where both are wanted.
    ///
    /// ```
    /// use innogauge::definition::Language;
    /// use innogauge::report::Wording;
    ///
    /// assert_eq!(Wording::both().say("城市", "City"), "城市 City");
    /// assert_eq!(Wording::new([Language::English]).say("城市", "City"), "City");
    /// ```
    pub fn say(&self, chinese: &str, english: &str) -> String {
        self.join(" ", |language| language.choose(chinese, english))
    }

    /// The words of a survey or framework text; said once where the languages have the same.
    pub fn text(&self, text: &Text) -> String {
        self.join(" ", |language| text.get(language.code()))
    }

    /// The same, a line for each language.
    pub fn lines(&self, text: &Text) -> String {
        self.join("\n", |language| text.get(language.code()))
    }

    fn join<'a>(&self, separator: &str, words: impl Fn(Language) -> &'a str) -> String {
        let mut said: Vec<&str> = Vec::with_capacity(self.languages.len());
        for language in &self.languages {
            let words = words(*language);
            if !words.is_empty() && !said.contains(&words) {
                said.push(words);
            }
        }
        said.join(separator)
    }
}
