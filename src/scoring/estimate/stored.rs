//! The fast way from a stored response to the answers that indicators read: the canonical JSON is read once, and what
//! no indicator asks for is skipped without being kept.
//!
//! What is absent was not asked, what is null was not answered, `{"missing": code}` is a reason instead of an answer.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::row::{Entry, Question, Row};
use crate::definition::MissingCode;

/// Where the questions stand in the JSON.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    members: Vec<(Box<str>, Member)>,
}

#[derive(Debug, Clone)]
enum Member {
    Question(usize),
    Group(Layout),
    Repeat(Layout),
}

/// A step on the way to a question: the name of a group or repeat.
pub(super) struct Step<'a> {
    pub name: &'a str,
    pub repeat: bool,
}

impl Layout {
    /// Adds a question with the groups and repeats around it, outermost first.
    pub fn insert(&mut self, around: &[Step<'_>], question: &str, slot: usize) {
        let Some((step, rest)) = around.split_first() else {
            self.members.push((question.into(), Member::Question(slot)));
            return;
        };
        let position = self
            .members
            .iter()
            .position(|(name, _)| **name == *step.name)
            .unwrap_or_else(|| {
                let member = if step.repeat {
                    Member::Repeat(Self::default())
                } else {
                    Member::Group(Self::default())
                };
                self.members.push((step.name.into(), member));
                self.members.len() - 1
            });
        if let Some((_, Member::Group(inner) | Member::Repeat(inner))) = self.members.get_mut(position) {
            inner.insert(rest, question, slot);
        }
    }

    fn find(&self, name: &str) -> Option<&Member> {
        self.members
            .iter()
            .find(|(candidate, _)| **candidate == *name)
            .map(|(_, member)| member)
    }

    /// The questions of one instance that the JSON did not name were not asked in it.
    fn fill_instance(&self, questions: &[Question], row: &mut Row, instance: usize) {
        for (_, member) in &self.members {
            match member {
                Member::Question(slot) => {
                    if let (Some(question), Some(entries)) = (questions.get(*slot), row.repeated.get(*slot))
                        && entries.len() <= instance
                    {
                        row.set(*slot, question, Entry::NotAsked);
                    }
                }
                Member::Group(inner) => inner.fill_instance(questions, row, instance),
                // Instances within an instance follow each other: there is nothing to be lined up.
                Member::Repeat(_) => {}
            }
        }
    }
}

/// Reads the canonical JSON of one response into a row.
pub(super) fn read(
    layout: &Layout,
    questions: &[Question],
    json: &[u8],
    row: &mut Row,
) -> Result<(), serde_json::Error> {
    row.clear();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    Group { layout, questions, row }.deserialize(&mut deserializer)?;
    deserializer.end()
}

struct Group<'a> {
    layout: &'a Layout,
    questions: &'a [Question],
    row: &'a mut Row,
}

impl<'de> DeserializeSeed<'de> for Group<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Group<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of answers")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { layout, questions, row } = self;
        while let Some(member) = map.next_key_seed(Key(layout))? {
            match member {
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
                Some(Member::Group(layout)) => map.next_value_seed(Group { layout, questions, row })?,
                Some(Member::Repeat(layout)) => map.next_value_seed(Repeat(Group { layout, questions, row }))?,
                Some(Member::Question(slot)) => {
                    let Some(question) = questions.get(*slot) else { continue };
                    let entry = map.next_value_seed(Value { question, row })?;
                    row.set(*slot, question, entry);
                }
            }
        }
        Ok(())
    }
}

struct Repeat<'a>(Group<'a>);

impl<'de> DeserializeSeed<'de> for Repeat<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Repeat<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of instances")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Group { layout, questions, row } = self.0;
        let mut instance = 0;
        while items.next_element_seed(Group { layout, questions, row })?.is_some() {
            layout.fill_instance(questions, row, instance);
            instance += 1;
        }
        Ok(())
    }
}

/// A key, looked up without being kept.
struct Key<'a>(&'a Layout);

impl<'de, 'a> DeserializeSeed<'de> for Key<'a> {
    type Value = Option<&'a Member>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Key<'a> {
    type Value = Option<&'a Member>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a question")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.find(name))
    }
}

/// The answer to one question.
struct Value<'a> {
    question: &'a Question,
    row: &'a mut Row,
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = Entry;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Entry, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_unit<E>(self) -> Result<Entry, E> {
        Ok(Entry::Unanswered)
    }

    fn visit_bool<E>(self, answer: bool) -> Result<Entry, E> {
        Ok(self.row.keep(if answer { "true" } else { "false" }))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Entry, E> {
        Ok(Entry::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Entry, E> {
        Ok(Entry::Number(number as f64))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Entry, E> {
        Ok(Entry::Number(number))
    }

    fn visit_str<E>(self, words: &str) -> Result<Entry, E> {
        if words.is_empty() {
            return Ok(Entry::Unanswered);
        }
        let code = self.question.missing.iter().find(|code| code.code() == words);
        Ok(code.map_or_else(|| self.row.keep(words), |code| Entry::Missing(*code)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut choices: A) -> Result<Entry, A::Error> {
        let start = self.row.text.len();
        while let Some(choice) = choices.next_element::<std::borrow::Cow<'de, str>>()? {
            if self.row.text.len() > start {
                self.row.text.push(' ');
            }
            self.row.text.push_str(&choice);
        }
        let words = self.row.words(start, self.row.text.len());
        let code = self.question.missing.iter().find(|code| code.code() == words);
        Ok(code.map_or(
            Entry::Text {
                start,
                end: self.row.text.len(),
            },
            |code| Entry::Missing(*code),
        ))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let mut entry = Entry::Unanswered;
        while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            if key == "missing" {
                let code = map.next_value::<std::borrow::Cow<'de, str>>()?;
                if let Some(code) = MissingCode::from_code(&code) {
                    entry = Entry::Missing(code);
                }
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(name: &str, repeated: bool) -> Question {
        Question {
            name: name.into(),
            repeated,
            numeric: true,
            missing: vec![MissingCode::Refused],
        }
    }

    fn read_one(json: &str) -> (Vec<Entry>, Vec<Entry>, String) {
        let questions = [question("a", false), question("b", false), question("x", true)];
        let mut layout = Layout::default();
        layout.insert(&[], "a", 0);
        layout.insert(
            &[Step {
                name: "g",
                repeat: false,
            }],
            "b",
            1,
        );
        let around = [
            Step {
                name: "g",
                repeat: false,
            },
            Step {
                name: "r",
                repeat: true,
            },
        ];
        layout.insert(&around, "x", 2);
        let mut row = Row::new(questions.len());
        read(&layout, &questions, json.as_bytes(), &mut row).unwrap();
        (row.single[..2].to_vec(), row.repeated[2].clone(), row.text)
    }

    #[test]
    fn every_status_of_an_answer_is_told_apart() {
        let (single, repeated, _) = read_one(r#"{"z": {"deep": [1, {"a": 2}]}, "a": 1.5, "g": {"b": null}}"#);
        assert_eq!(single, [Entry::Number(1.5), Entry::Unanswered]);
        assert!(repeated.is_empty());
        let (single, ..) = read_one(r#"{"g": {"b": {"missing": "dont_know"}}}"#);
        assert_eq!(single, [Entry::NotAsked, Entry::Missing(MissingCode::DontKnow)]);
        let (single, _, text) = read_one(r#"{"a": "refused", "g": {"b": ["x", "y"]}}"#);
        assert_eq!(single[0], Entry::Missing(MissingCode::Refused));
        assert_eq!(text, "x y");
    }

    #[test]
    fn instances_of_a_repeat_stay_lined_up_where_one_was_not_asked() {
        let (_, repeated, _) = read_one(r#"{"g": {"r": [{"x": 1}, {}, {"x": 3}]}}"#);
        assert_eq!(repeated, [Entry::Number(1.0), Entry::NotAsked, Entry::Number(3.0)]);
    }
}
