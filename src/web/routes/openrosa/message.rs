//! What somebody in the field is told when their form has arrived.

use crate::definition::{Definition, Language};

/// What a form that was sent found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Standing {
    /// It is stored as it was sent, now or before.
    #[default]
    Stored,
    /// It is a test, and the same form counts already.
    Counts,
    /// Consent to it was withdrawn after it came.
    Withdrawn,
}

/// What became of a form that was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Whether it only tries things out.
    pub test: bool,
    /// What it found.
    pub standing: Standing,
    /// Problems and warnings.
    pub to_check: usize,
    /// Whether another response of the same organisation is there.
    pub duplicate: bool,
    /// Files that the answers name and that have not come.
    pub awaited: usize,
    /// Files that came and are empty: by name.
    pub empty: Vec<String>,
    /// Files that came, are named nowhere in the form, and are not kept: by name.
    pub left_over: Vec<String>,
}

impl Arrival {
    /// In the survey's default language, where the program speaks it, else in both.
    pub fn message(&self, definition: &Definition) -> String {
        match Language::from_tag(definition.default_language()) {
            Some(language) => self.words(language),
            None => format!("{}\n{}", self.words(Language::Chinese), self.words(Language::English)),
        }
    }

    fn words(&self, language: Language) -> String {
        let zh = language == Language::Chinese;
        let told = |chinese: &str, english: &str| if zh { chinese } else { english }.to_owned();
        let mut words = match (self.standing, self.test) {
            (Standing::Withdrawn, _) => {
                return told(
                    "此前已收到，受访者其后撤回了同意，此次未保存任何内容。",
                    "Received before; consent was withdrawn since, and nothing was stored now.",
                );
            }
            (Standing::Counts, _) => {
                return told(
                    "同一答卷已作为正式答卷保存，此次测试未作任何更改。",
                    "The same form is stored already and counts; this test changed nothing.",
                );
            }
            (Standing::Stored, false) => told("已收到", "Received"),
            (Standing::Stored, true) => told("测试答卷已收到，不计入结果", "Test received; it does not count"),
        };
        let to_check = match (zh, self.to_check) {
            (_, 0) => String::new(),
            (true, count) => format!("，有 {count} 处需要核对"),
            (false, 1) => ", 1 point to check".to_owned(),
            (false, count) => format!(", {count} points to check"),
        };
        words.push_str(&to_check);
        words.push(if zh { '。' } else { '.' });
        let mut add = |chinese: String, english: String| {
            if zh {
                words.push_str(&chinese);
            } else {
                words.push(' ');
                words.push_str(&english);
            }
        };
        if self.duplicate {
            add(
                "该单位在本轮已有另一份答卷。".to_owned(),
                "This organisation has another response in this round.".to_owned(),
            );
        }
        if self.awaited > 0 {
            let (count, files) = (self.awaited, if self.awaited == 1 { "file is" } else { "files are" });
            add(
                format!("还有 {count} 个附件未收到。"),
                format!("{count} {files} still awaited."),
            );
        }
        if !self.empty.is_empty() {
            add(
                format!("未保存的空文件：{}。", self.empty.join("、")),
                format!("Not kept, being empty: {}.", self.empty.join(", ")),
            );
        }
        if !self.left_over.is_empty() {
            add(
                format!("答卷中没有提到、未保存的文件：{}。", self.left_over.join("、")),
                format!(
                    "Not kept, being named nowhere in the form: {}.",
                    self.left_over.join(", ")
                ),
            );
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(arrival: &Arrival, languages: &str) -> String {
        let yaml =
            format!("survey: s\nversion: '1'\ntitle: S\n{languages}questions:\n- {{type: text, name: a, label: A}}\n");
        arrival.message(&Definition::from_yaml("s.yaml", &yaml).unwrap().value)
    }

    #[test]
    fn the_message_is_in_the_language_of_the_survey() {
        let arrival = Arrival {
            to_check: 2,
            ..Arrival::default()
        };
        assert_eq!(
            told(&arrival, "languages: {zh: 中文, en: English}\n"),
            "已收到，有 2 处需要核对。"
        );
        assert_eq!(
            told(&arrival, "languages: {en: English}\n"),
            "Received, 2 points to check."
        );
        assert_eq!(
            told(&Arrival::default(), "languages: {fr: Français}\n"),
            "已收到。\nReceived."
        );
    }

    #[test]
    fn what_is_missing_and_what_was_not_kept_is_told() {
        let arrival = Arrival {
            test: true,
            duplicate: true,
            awaited: 1,
            empty: vec!["a.jpg".to_owned()],
            left_over: vec!["b.jpg".to_owned()],
            ..Arrival::default()
        };
        assert_eq!(
            told(&arrival, "languages: {en: English}\n"),
            "Test received; it does not count. This organisation has another response in this round. \
             1 file is still awaited. Not kept, being empty: a.jpg. Not kept, being named nowhere in the form: b.jpg."
        );
    }
}
