//! The program's own words in a workbook, in Chinese and English.

use crate::definition::{DataType, Definition, Element, Language, QuestionType};

/// What stands in the cell of a choice that is true.
pub(super) const TICK: &str = "√";

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(Language);

impl Words {
    /// Chinese for `zh`, else English.
    pub fn in_language(tag: &str) -> Self {
        Self(Language::from_tag(tag).unwrap_or_default())
    }

    pub fn language(self) -> Language {
        self.0
    }

    /// The one of these two that is in this language.
    pub fn choose<'w>(self, chinese: &'w str, english: &'w str) -> &'w str {
        self.0.choose(chinese, english)
    }

    /// Words in a row, with the comma of the language.
    pub fn list<S: AsRef<str>>(self, words: impl IntoIterator<Item = S>) -> String {
        let words: Vec<String> = words.into_iter().map(|word| word.as_ref().to_owned()).collect();
        words.join(self.choose("、", ", "))
    }

    /// A text in brackets of the language.
    pub fn in_brackets(self, text: &str) -> String {
        self.0.choose(format!("（{text}）"), format!(" ({text})"))
    }

    pub fn guide(self) -> &'static str {
        self.0.choose("填写说明", "Guide")
    }

    pub fn answers(self) -> &'static str {
        self.0.choose("填报表", "Answers")
    }

    pub fn key(self) -> &'static str {
        self.0.choose("序号", "No.")
    }

    /// How a question is answered, in two or three words.
    pub fn how(self, definition: &Definition, element: &Element) -> String {
        let Some(kind) = element.question_type() else {
            return String::new();
        };
        let how = match kind {
            QuestionType::Integer => self.choose("整数", "Whole number"),
            QuestionType::Decimal | QuestionType::Calculate(DataType::Decimal) => self.choose("数字", "Number"),
            QuestionType::Range => {
                let bound = |key: &str| element.parameters.get(key).cloned().unwrap_or_default();
                let (start, end) = (bound("start"), bound("end"));
                return self.0.choose(
                    format!("{start} 至 {end} 的数字"),
                    format!("Number from {start} to {end}"),
                );
            }
            QuestionType::SelectOne(_) if definition.choice_list(element.id).is_some() => {
                self.choose("从列表选择", "Choose from the list")
            }
            QuestionType::SelectMultiple(_) => self.choose("可多选", "Any number"),
            QuestionType::Rank(_) => self.choose("按顺序填 1、2、3…", "Rank: 1, 2, 3 …"),
            QuestionType::Date => self.choose("日期，如 2026-03-31", "Date, such as 2026-03-31"),
            QuestionType::Time => self.choose("时间，如 08:30", "Time, such as 08:30"),
            QuestionType::DateTime => self.choose(
                "日期和时间，如 2026-03-31 08:30",
                "Date and time, such as 2026-03-31 08:30",
            ),
            QuestionType::Geopoint => self.choose("纬度 经度", "Latitude longitude"),
            QuestionType::Geotrace | QuestionType::Geoshape => {
                self.choose("纬度 经度; 纬度 经度; …", "Latitude longitude; latitude longitude; …")
            }
            QuestionType::Acknowledge => self.choose("确认请打 √", "√ to confirm"),
            _ => self.choose("文字", "Text"),
        };
        how.to_owned()
    }

    /// Why Excel refuses what was typed, where the survey has no words of its own for it.
    pub fn refusal(self, element: &Element) -> &'static str {
        match element.question_type() {
            Some(QuestionType::Integer) => {
                self.choose("请填写整数，不带单位。", "Give a whole number, without the unit.")
            }
            Some(QuestionType::Decimal | QuestionType::Range) => {
                self.choose("请填写数字，不带单位。", "Give a number, without the unit.")
            }
            Some(QuestionType::Date | QuestionType::DateTime) => self.choose(
                "请填写真实日期，如 2026-03-31。",
                "Give a real date, such as 2026-03-31.",
            ),
            Some(QuestionType::Time) => self.choose("请填写时间，如 08:30。", "Give a time, such as 08:30."),
            Some(QuestionType::SelectMultiple(_) | QuestionType::Acknowledge) => {
                self.choose("请打 √ 或留空。", "Give √ or leave it empty.")
            }
            Some(QuestionType::SelectOne(_)) => self.choose("请从列表中选择。", "Choose one from the list."),
            Some(QuestionType::Rank(_)) => self.choose("请填写名次：1、2、3…", "Give the place: 1, 2, 3 …"),
            _ => self.choose("内容过长。", "This is too long."),
        }
    }
}
