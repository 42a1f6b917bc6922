//! Printing a tree as YAML: what is short on one line, all else with a line for each key.

use std::fmt::Write as _;

/// How wide a line may be.
const WIDTH: usize = 120;

/// How many keys a question on one line has at most.
const KEYS_IN_LINE: usize = 4;

/// A tree to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Out {
    /// Text, in quotes where it needs them.
    Words(String),
    /// Text in quotes, whatever it is.
    Quoted(String),
    /// Text that is written without quotes.
    Bare(&'static str),
    List(Vec<Out>),
    Map(Vec<(String, Out)>),
    /// A mapping on one line, however long it is.
    Line(Vec<(String, Out)>),
    /// A mapping or list with a line for each of its entries, however short it is; between entries that hold others is
    /// an empty line.
    Block(Box<Out>),
}

impl Out {
    pub const TRUE: Self = Self::Bare("true");

    pub fn words(words: &str) -> Self {
        Self::Words(words.to_owned())
    }

    pub fn block(self) -> Self {
        Self::Block(Box::new(self))
    }

    /// The document of a mapping.
    pub fn document(&self) -> String {
        let mut text = String::new();
        self.lines(0, &mut text);
        text.trim_start_matches('\n').to_owned()
    }

    /// On one line, within brackets where there are any.
    fn flow(&self) -> Option<String> {
        match self {
            Self::Words(words) => scalar(words, true),
            Self::Quoted(words) => Some(quoted(words)),
            Self::Bare(words) => Some((*words).to_owned()),
            Self::List(items) => {
                let items: Option<Vec<String>> = items.iter().map(Self::flow).collect();
                Some(format!("[{}]", items?.join(", ")))
            }
            Self::Map(entries) | Self::Line(entries) => {
                let entry = |(key, value): &(String, Self)| Some(format!("{}: {}", key_of(key, true), value.flow()?));
                let entries: Option<Vec<String>> = entries.iter().map(entry).collect();
                Some(format!("{{{}}}", entries?.join(", ")))
            }
            Self::Block(inner) if inner.is_empty() => inner.flow(),
            Self::Block(_) => None,
        }
    }

    /// Whether this is a group or repeat with questions.
    fn holds(&self) -> bool {
        match self {
            Self::Map(entries) => entries
                .iter()
                .any(|(key, value)| key == "questions" && !value.is_empty()),
            _ => false,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Words(_) | Self::Quoted(_) | Self::Bare(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Map(entries) | Self::Line(entries) => entries.is_empty(),
            Self::Block(inner) => inner.is_empty(),
        }
    }

    /// What follows `key:` or `-`, at an indentation, up to and with the end of the line.
    fn after(&self, indent: usize, used: usize, text: &mut String) {
        match self {
            Self::Words(words) => match scalar(words, false) {
                Some(words) => _ = writeln!(text, " {words}"),
                None => literal(words, indent, text),
            },
            Self::Quoted(words) => _ = writeln!(text, " {}", quoted(words)),
            Self::Bare(words) => _ = writeln!(text, " {words}"),
            Self::Line(_) => _ = writeln!(text, " {}", self.flow().unwrap_or_default()),
            Self::List(_) | Self::Map(_) | Self::Block(_) => {
                if let Some(line) = self.flow().filter(|line| used + 1 + line.chars().count() <= WIDTH) {
                    _ = writeln!(text, " {line}");
                } else {
                    text.push('\n');
                    self.lines(indent, text);
                }
            }
        }
    }

    /// A line for each entry.
    fn lines(&self, indent: usize, text: &mut String) {
        let (inner, spaced) = match self {
            Self::Block(inner) => (inner.as_ref(), true),
            other => (other, false),
        };
        let margin = " ".repeat(indent);
        match inner {
            Self::Map(entries) => {
                for (number, (key, value)) in entries.iter().enumerate() {
                    let holds = matches!(value, Self::Block(_)) && !value.is_empty();
                    if spaced && holds && number > 0 {
                        text.push('\n');
                    }
                    let key = key_of(key, false);
                    _ = write!(text, "{margin}{key}:");
                    value.after(indent + 2, indent + key.chars().count() + 1, text);
                }
            }
            Self::List(items) => {
                for (number, item) in items.iter().enumerate() {
                    if spaced && item.holds() && number > 0 {
                        text.push('\n');
                    }
                    _ = write!(text, "{margin}-");
                    item.item(indent + 2, text);
                }
            }
            Self::Words(_) | Self::Quoted(_) | Self::Bare(_) | Self::Line(_) | Self::Block(_) => {}
        }
    }

    /// An item of a list after its hyphen.
    fn item(&self, indent: usize, text: &mut String) {
        let Self::Map(entries) = self else {
            return self.after(indent, indent, text);
        };
        let line = self
            .flow()
            .filter(|line| entries.len() <= KEYS_IN_LINE && indent + line.chars().count() <= WIDTH);
        if let Some(line) = line {
            _ = writeln!(text, " {line}");
            return;
        }
        // The first key stands in the line of the hyphen.
        let mut lines = String::new();
        self.lines(indent, &mut lines);
        _ = write!(text, " {}", lines.trim_start_matches([' ', '\n']));
    }
}

fn key_of(key: &str, flow: bool) -> String {
    scalar(key, flow).unwrap_or_else(|| quoted(key))
}

/// A scalar on one line: plain where that is safe, else in quotes; `None` where it is better written as lines of its own.
fn scalar(words: &str, flow: bool) -> Option<String> {
    if words.contains('\n') && !flow && is_literal(words) {
        return None;
    }
    if is_plain(words, flow) {
        return Some(words.to_owned());
    }
    let printable = !words.chars().any(char::is_control);
    if printable && words.contains(['"', '\\']) {
        return Some(format!("'{}'", words.replace('\'', "''")));
    }
    Some(quoted(words))
}

/// Whether text can stand without quotes, and looks like text to any reader of YAML.
fn is_plain(words: &str, flow: bool) -> bool {
    const SEEM_OTHER: [&str; 9] = ["yes", "no", "true", "false", "on", "off", "null", "y", "n"];
    let Some(first) = words.chars().next() else {
        return false;
    };
    let begins = first.is_alphanumeric() || matches!(first, '$' | '.' | '/' | '_' | '(' | '（' | '“' | '《' | '+');
    let in_brackets = ['{', '}', '[', ']', ','];
    begins
        && !words.ends_with([' ', ':', '\u{a0}'])
        && !words.contains(": ")
        && !words.contains(" #")
        && !words
            .chars()
            .any(|character| character.is_control() || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}'))
        && !SEEM_OTHER.contains(&words.to_lowercase().as_str())
        && !matches!(words, "..." | "---")
        && !(flow && (words.contains(in_brackets) || words.contains(':') || words.contains('#')))
}

/// Text in double quotes.
fn quoted(words: &str) -> String {
    let mut text = String::from('"');
    for character in words.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            other if other.is_control() || matches!(other, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                _ = write!(text, "\\u{:04x}", u32::from(other));
            }
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// Whether several lines can be written one by one.
fn is_literal(words: &str) -> bool {
    words.trim() == words
        && !words
            .chars()
            .any(|character| character.is_control() && character != '\n')
        && words.lines().all(|line| line.trim_end() == line)
        && !words.contains(['\u{2028}', '\u{2029}', '\u{feff}', '\u{85}'])
}

fn literal(words: &str, indent: usize, text: &mut String) {
    text.push_str(" |-\n");
    for line in words.lines() {
        if line.is_empty() {
            text.push('\n');
        } else {
            _ = writeln!(text, "{}{line}", " ".repeat(indent));
        }
    }
}
