//! The elements and texts of a document one after the other, under limits on depth and number.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::error::InstanceError;

/// How deep elements may be nested. Surveys are far below, and reading goes one call deeper for each.
const MOST_DEPTH: usize = 100;

/// UTF-16 units that are the first half of a character.
const HIGH_SURROGATES: RangeInclusive<u32> = 0xD800..=0xDBFF;
/// Those that are the second half.
const LOW_SURROGATES: RangeInclusive<u32> = 0xDC00..=0xDFFF;

/// How many elements a document may have.
const MOST_NODES: usize = 500_000;

/// What comes next in a document.
#[derive(Debug)]
pub(super) enum Token<'x> {
    /// An element begins. Every one is followed by a [`Token::Close`] of its own.
    Open(Element<'x>),
    /// Text, or a part of it.
    Text(Cow<'x, str>),
    /// The innermost element ends.
    Close,
}

/// The beginning of an element.
#[derive(Debug)]
pub(super) struct Element<'x>(BytesStart<'x>);

impl Element<'_> {
    /// The name without a prefix.
    pub fn name(&self) -> &str {
        local(self.0.name().into_inner())
    }

    /// The value of the attribute of this name: the one without a prefix before one with.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let value = |plain: bool| {
            let fits = |key: &str| {
                if plain {
                    key == name
                } else {
                    key != name && local(key) == name
                }
            };
            let mut attributes = self.0.attributes().flatten();
            attributes.find(|attribute| fits(attribute.key.into_inner()) && !is_declaration(attribute.key.into_inner()))
        };
        let found = value(true).or_else(|| value(false))?;
        found
            .normalized_value(XmlVersion::Implicit1_0)
            .ok()
            .map(Cow::into_owned)
    }

    /// The default namespace that it declares.
    pub fn default_namespace(&self) -> Option<String> {
        let mut attributes = self.0.attributes().flatten();
        let found = attributes.find(|attribute| attribute.key.into_inner() == "xmlns")?;
        found
            .normalized_value(XmlVersion::Implicit1_0)
            .ok()
            .map(Cow::into_owned)
    }

    /// Whether it is the template of a repeat (`jr:template`), from which clients make entries: it holds no answers.
    pub fn is_template(&self) -> bool {
        let is_mark = |key: &str| key.split_once(':').is_some_and(|(_, name)| name == "template");
        let mut attributes = self.0.attributes().flatten();
        attributes.any(|attribute| is_mark(attribute.key.into_inner()))
    }
}

/// A name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn is_declaration(name: &str) -> bool {
    name.starts_with("xmlns:")
}

/// The UTF-16 unit that a reference names, where it is one of these.
fn surrogate(reference: &BytesRef<'_>, units: RangeInclusive<u32>) -> Option<u32> {
    let content = reference.xml10_content();
    let number = content.strip_prefix('#')?;
    let unit = match number.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    unit.ok().filter(|unit| units.contains(unit))
}

/// Reads a document from its beginning.
pub(super) struct Scanner<'x> {
    text: &'x str,
    reader: Reader<&'x [u8]>,
    depth: usize,
    nodes: usize,
}

impl<'x> Scanner<'x> {
    /// The beginning of a document, and its outermost element.
    pub fn open(text: &'x str) -> Result<(Self, Element<'x>), InstanceError> {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        let mut scanner = Self {
            text,
            reader,
            depth: 0,
            nodes: 0,
        };
        // No database can hold it, and no XML either.
        if let Some(at) = text.find('\0') {
            return Err(scanner.not_xml(at, "a character that XML does not have"));
        }
        match scanner.token()? {
            Some(Token::Open(root)) => Ok((scanner, root)),
            _ => Err(scanner.not_xml(scanner.here(), "there is no element")),
        }
    }

    /// What comes next in the innermost open element.
    pub fn next(&mut self) -> Result<Token<'x>, InstanceError> {
        match self.token()? {
            Some(token) => Ok(token),
            None => Err(self.not_xml(self.here(), "it ends too early")),
        }
    }

    /// All text of the innermost open element up to its end; elements in it are handed over with their own text.
    pub fn text(&mut self, mut inner: impl FnMut(&str, String)) -> Result<String, InstanceError> {
        let mut text: Cow<'x, str> = Cow::Borrowed("");
        loop {
            match self.next()? {
                Token::Text(part) if text.is_empty() => text = part,
                Token::Text(part) => text.to_mut().push_str(&part),
                Token::Open(element) => inner(element.name(), self.text_below()?),
                Token::Close => return Ok(text.into_owned()),
            }
        }
    }

    /// Passes over the innermost open element; gives all text in it, also of elements within.
    pub fn text_below(&mut self) -> Result<String, InstanceError> {
        let mut text = String::new();
        let mut open = 1;
        while open > 0 {
            match self.next()? {
                Token::Text(part) => text.push_str(&part),
                Token::Open(_) => open += 1,
                Token::Close => open -= 1,
            }
        }
        Ok(text)
    }

    /// Checks that nothing follows the outermost element.
    pub fn finish(mut self) -> Result<(), InstanceError> {
        match self.token()? {
            None => Ok(()),
            Some(_) => Err(self.not_xml(self.here(), "something follows the outermost element")),
        }
    }

    /// The next token; `None` at the end. Outside of the outermost element blank text is passed over.
    fn token(&mut self) -> Result<Option<Token<'x>>, InstanceError> {
        loop {
            let at = self.here();
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let at = usize::try_from(self.reader.error_position()).unwrap_or(at);
                    return Err(self.not_xml(at, &error.to_string()));
                }
            };
            let text = match event {
                Event::Start(start) => return self.start(start, at).map(Some),
                Event::End(_) => {
                    self.depth -= 1;
                    return Ok(Some(Token::Close));
                }
                Event::Text(text) => text.xml10_content(),
                Event::CData(text) => text.xml10_content(),
                Event::GeneralRef(reference) => match surrogate(&reference, HIGH_SURROGATES) {
                    Some(high) => self.second_half(high, at)?,
                    None => self.resolve(&reference, at)?,
                },
                Event::DocType(_) => {
                    let (line, column) = self.place(at);
                    return Err(InstanceError::Doctype { line, column });
                }
                Event::Eof if self.depth > 0 => return Err(self.not_xml(at, "it ends too early")),
                Event::Eof => return Ok(None),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            };
            if self.depth > 0 {
                return Ok(Some(Token::Text(text)));
            }
            if !text.trim().is_empty() {
                return Err(self.not_xml(at, "there is text outside of the outermost element"));
            }
        }
    }

    fn start(&mut self, start: BytesStart<'x>, at: usize) -> Result<Token<'x>, InstanceError> {
        self.depth += 1;
        self.nodes += 1;
        if self.depth > MOST_DEPTH {
            let (line, column) = self.place(at);
            return Err(InstanceError::TooDeep {
                line,
                column,
                most: MOST_DEPTH,
            });
        }
        if self.nodes > MOST_NODES {
            return Err(InstanceError::TooManyNodes { most: MOST_NODES });
        }
        for attribute in start.attributes() {
            let value = attribute
                .map_err(quick_xml::Error::from)
                .and_then(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0).map(drop));
            value.map_err(|error| self.not_xml(at, &error.to_string()))?;
        }
        Ok(Token::Open(Element(start)))
    }

    /// The character whose second half comes next: XML has no halves, but writers of XML on older phones send an emoji
    /// as the two references to its UTF-16 units.
    fn second_half(&mut self, high: u32, at: usize) -> Result<Cow<'x, str>, InstanceError> {
        let character = match self.reader.read_event() {
            Ok(Event::GeneralRef(reference)) => surrogate(&reference, LOW_SURROGATES)
                .map(|low| 0x1_0000 + ((high - HIGH_SURROGATES.start()) << 10) + (low - LOW_SURROGATES.start()))
                .and_then(char::from_u32),
            _ => None,
        };
        character
            .map(|character| Cow::Owned(character.to_string()))
            .ok_or_else(|| self.not_xml(at, "half of a character"))
    }

    /// The character that a reference stands for. Only those of XML itself are known: there is no document type.
    fn resolve(&self, reference: &BytesRef<'_>, at: usize) -> Result<Cow<'x, str>, InstanceError> {
        let character = reference
            .resolve_char_ref()
            .map_err(|error| self.not_xml(at, &error.to_string()))?;
        match character {
            Some('\0') => Err(self.not_xml(at, "a character that XML does not have")),
            Some(character) => Ok(Cow::Owned(character.to_string())),
            None => {
                let name = reference.xml10_content();
                let known = resolve_predefined_entity(&name);
                known
                    .map(Cow::Borrowed)
                    .ok_or_else(|| self.not_xml(at, &format!("the entity '&{name};' is not known")))
            }
        }
    }

    fn here(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    fn not_xml(&self, at: usize, reason: &str) -> InstanceError {
        let (line, column) = self.place(at);
        InstanceError::NotXml {
            line,
            column,
            reason: reason.to_owned(),
        }
    }

    /// Line and column of a byte.
    fn place(&self, at: usize) -> (usize, usize) {
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}
