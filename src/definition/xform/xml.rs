//! A small tree of XML, and its text: the same tree always gives the same bytes.

use std::borrow::Cow;

/// An element. Most of its words are those of the definition that it is written from, and are not copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node<'w> {
    name: Cow<'w, str>,
    attributes: Vec<(Cow<'w, str>, Cow<'w, str>)>,
    content: Vec<Content<'w>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Content<'w> {
    Node(Node<'w>),
    Text(Cow<'w, str>),
}

impl<'w> Node<'w> {
    /// An empty element.
    pub fn new(name: impl Into<Cow<'w, str>>) -> Self {
        Self {
            name: name.into(),
            attributes: Vec::new(),
            content: Vec::new(),
        }
    }

    /// The same with an attribute; one of that name is replaced.
    #[must_use]
    pub fn with(mut self, name: impl Into<Cow<'w, str>>, value: impl Into<Cow<'w, str>>) -> Self {
        self.set(name, value);
        self
    }

    /// The same with text at its end.
    #[must_use]
    pub fn text(mut self, text: impl Into<Cow<'w, str>>) -> Self {
        self.push_text(text);
        self
    }

    /// The same with an element at its end.
    #[must_use]
    pub fn child(mut self, node: Self) -> Self {
        self.push(node);
        self
    }

    /// The same with elements at its end.
    #[must_use]
    pub fn children(mut self, nodes: impl IntoIterator<Item = Self>) -> Self {
        self.content.extend(nodes.into_iter().map(Content::Node));
        self
    }

    /// Sets an attribute.
    pub fn set(&mut self, name: impl Into<Cow<'w, str>>, value: impl Into<Cow<'w, str>>) {
        let (name, value) = (name.into(), value.into());
        match self.attributes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => add(&mut self.attributes, (name, value)),
        }
    }

    /// Adds an element at the end.
    pub fn push(&mut self, node: Self) {
        add(&mut self.content, Content::Node(node));
    }

    /// Adds text at the end.
    pub fn push_text(&mut self, text: impl Into<Cow<'w, str>>) {
        let text = text.into();
        if !text.is_empty() {
            add(&mut self.content, Content::Text(text));
        }
    }

    /// How many attributes it has.
    pub fn attributes(&self) -> usize {
        self.attributes.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.content.is_empty()
    }

    /// The document whose root this is.
    pub fn document(&self) -> String {
        let mut text = String::from("<?xml version=\"1.0\"?>\n");
        self.write(&mut text, Some(0));
        text
    }

    /// Writes the element; `depth` is how far it is indented, where line breaks mean nothing.
    fn write(&self, text: &mut String, depth: Option<usize>) {
        let indent = |text: &mut String, more: usize| {
            if let Some(depth) = depth {
                text.extend(std::iter::repeat_n("  ", depth + more));
            }
        };
        indent(text, 0);
        text.push('<');
        text.push_str(&self.name);
        for (name, value) in &self.attributes {
            for part in [" ", name, "=\""] {
                text.push_str(part);
            }
            push_escaped(text, value, attribute_reference);
            text.push('"');
        }
        if self.content.is_empty() {
            text.push_str("/>");
        } else {
            text.push('>');
            let mixed = self.content.iter().any(|content| matches!(content, Content::Text(_)));
            let inner = depth.filter(|_| !mixed).map(|depth| depth + 1);
            if inner.is_some() {
                text.push('\n');
            }
            for content in &self.content {
                match content {
                    Content::Node(node) => node.write(text, inner),
                    Content::Text(words) => push_escaped(text, words, reference),
                }
            }
            if inner.is_some() {
                indent(text, 0);
            }
            for part in ["</", &self.name, ">"] {
                text.push_str(part);
            }
        }
        if depth.is_some() {
            text.push('\n');
        }
    }
}

/// Adds to what mostly has one entry: a vector begins with room for four, which would be most of the memory of a form.
fn add<T>(list: &mut Vec<T>, entry: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(entry);
}

/// Adds words, with what stands for some of their characters in their stead.
fn push_escaped(text: &mut String, words: &str, instead: impl Fn(char) -> Option<&'static str>) {
    let mut rest = words;
    while let Some((at, character, reference)) = rest
        .bytes()
        .enumerate()
        .filter(|(_, byte)| may_have_reference(*byte))
        .find_map(|(at, _)| {
            let character = rest.get(at..)?.chars().next()?;
            Some((at, character, instead(character)?))
        })
    {
        let (plain, from) = rest.split_at(at);
        text.push_str(plain);
        text.push_str(reference);
        rest = from.strip_prefix(character).unwrap_or_default();
    }
    text.push_str(rest);
}

/// Whether something may stand for a character that begins with this byte: most text is passed over by its bytes.
const fn may_have_reference(byte: u8) -> bool {
    // U+F000 and on begin with EF, among them U+FFFE and U+FFFF.
    matches!(byte, ..b' ' | b'"' | b'&' | b'<' | b'>' | 0x7f | 0xef)
}

/// What stands for a character in text, where it is not itself: nothing for those that XML 1.0 has no way to write.
fn reference(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        // A bare one would be read as a line break.
        '\r' => Some("&#13;"),
        '\t' | '\n' | ' '..='\u{7e}' | '\u{80}'..='\u{fffd}' | '\u{10000}'.. => None,
        _ => Some(""),
    }
}

/// The same in the value of an attribute.
fn attribute_reference(character: char) -> Option<&'static str> {
    match character {
        '"' => Some("&quot;"),
        // A bare one would be read as a space.
        '\n' => Some("&#10;"),
        character => reference(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_is_written_as_itself_or_as_what_stands_for_it() {
        for character in '\0'..=char::MAX {
            for instead in [reference, attribute_reference] {
                let mut text = String::new();
                push_escaped(&mut text, &format!("企{character}a"), instead);
                let itself = character.to_string();
                assert_eq!(text, format!("企{}a", instead(character).unwrap_or(&itself)));
            }
        }
    }

    #[test]
    fn text_is_kept_as_it_is_and_all_else_is_indented() {
        let label = Node::new("label")
            .text("a <b> ")
            .child(Node::new("output").with("value", "\"x\" & y"));
        let document = Node::new("h:html").child(label).child(Node::new("empty")).document();
        assert_eq!(
            document,
            "<?xml version=\"1.0\"?>\n<h:html>\n  <label>a &lt;b&gt; <output value=\"&quot;x&quot; &amp; y\"/></label>\n  <empty/>\n</h:html>\n"
        );
        assert_eq!(
            Node::new("a").text("b\u{1}c\r\n").document(),
            "<?xml version=\"1.0\"?>\n<a>bc&#13;\n</a>\n"
        );
    }
}
