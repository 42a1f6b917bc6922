//! What somebody in the field is told when their form has arrived.

use crate::definition::{Definition, Language};

/// What became of a form that was sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Arrival {
    /// Whether it only tries things out.
    pub test: bool,
    /// Problems and warnings.
    pub to_check: usize,
    /// Whether another response of the same organisation is there.
    pub duplicate: bool,
    /// Files that the answers name and that have not come.
    pub awaited: usize,
    /// Files that came and can't be kept: by name.
    pub unusable: Vec<String>,
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
        let mut words = match (zh, self.test) {
            (true, false) => "已收到".to_owned(),
            (true, true) => "测试答卷已收到，不计入结果".to_owned(),
            (false, false) => "Received".to_owned(),
            (false, true) => "Test received; it does not count".to_owned(),
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
        if !self.unusable.is_empty() {
            add(
                format!("未保存的文件（空文件或类型不支持）：{}。", self.unusable.join("、")),
                format!(
                    "Not kept, being empty or of a kind that is not taken: {}.",
                    self.unusable.join(", ")
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
            unusable: vec!["a.apk".to_owned()],
            ..Arrival::default()
        };
        assert_eq!(
            told(&arrival, "languages: {en: English}\n"),
            "Test received; it does not count. This organisation has another response in this round. \
             1 file is still awaited. Not kept, being empty or of a kind that is not taken: a.apk."
        );
    }
}
