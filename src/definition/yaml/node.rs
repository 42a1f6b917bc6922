//! A YAML document as a tree in which every node knows its place.
//!
//! Scalars are taken by their text, never by their YAML type: `2026.10`, `no` and `01` stay as they are written.

use std::collections::HashMap;
use std::sync::Arc;

use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, Span};

use crate::definition::place::{Diagnostic, Place, Position};

/// Nodes that aliases may add to a document. Definitions have some thousands; "billion laughs" has billions.
const MOST_NODES: usize = 500_000;

/// A node of a YAML document.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// What the node is.
    pub value: Value,
    file: Arc<str>,
    line: u32,
    column: u32,
    /// Where a scalar stands in the file exactly as it reads: the column of its first character.
    verbatim_column: Option<u32>,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Text. What was left out (`label:` and no more) is empty text.
    Scalar(String),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values in the order of the file, each key once.
    Mapping(Vec<(Node, Node)>),
}

impl Node {
    /// Reads one YAML document.
    ///
    /// Returns the tree with what is wrong in it (a key given twice is: the first is kept), or no tree where the text
    /// is no YAML. A syntax error ends the reading, since what follows it can't be told apart.
    pub fn parse(file: &str, text: &str) -> (Option<Self>, Vec<Diagnostic>) {
        let mut builder = Builder {
            file: file.into(),
            text,
            anchors: HashMap::new(),
            nodes: 0,
            diagnostics: Vec::new(),
            parser: Parser::new_from_str(text),
        };
        let root = builder.document();
        let mut diagnostics = builder.diagnostics;
        match root {
            Ok(root) => (root, diagnostics),
            Err(diagnostic) => {
                diagnostics.push(*diagnostic);
                (None, diagnostics)
            }
        }
    }

    /// Where the node begins.
    pub fn place(&self) -> Place {
        self.place_at(0)
    }

    /// Where this byte of a scalar's text stands, as far as that can be told (else where the scalar begins).
    pub fn place_at(&self, offset: usize) -> Place {
        let column = match (&self.value, self.verbatim_column) {
            (Value::Scalar(text), Some(start)) if offset > 0 => {
                let before = text.get(..offset).map_or(0, |before| before.chars().count());
                start.saturating_add(u32::try_from(before).unwrap_or(0))
            }
            _ => self.column,
        };
        Place {
            file: Arc::clone(&self.file),
            at: Position::LineColumn {
                line: self.line,
                column,
            },
        }
    }

    /// Where a scalar's text begins, and whether it stands there exactly as it reads.
    pub fn text_start(&self) -> (Place, bool) {
        let column = self.verbatim_column.unwrap_or(self.column);
        let at = Position::LineColumn {
            line: self.line,
            column,
        };
        (
            Place {
                file: Arc::clone(&self.file),
                at,
            },
            self.verbatim_column.is_some(),
        )
    }

    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            Value::Sequence(_) | Value::Mapping(_) => None,
        }
    }

    /// What the node is, in words for messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Scalar(text) if text.is_empty() => "nothing",
            Value::Scalar(_) => "a text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }

    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar(_) => 0,
            Value::Sequence(items) => items.iter().map(Self::size).sum(),
            Value::Mapping(entries) => entries.iter().map(|(key, value)| key.size() + value.size()).sum(),
        }
    }
}

/// Boxed: the error is far larger than what most steps return.
type Step<T> = Result<T, Box<Diagnostic>>;

struct Builder<'t> {
    file: Arc<str>,
    text: &'t str,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    diagnostics: Vec<Diagnostic>,
    parser: Parser<'t, serde_saphyr::granit_parser::StrInput<'t>>,
}

impl<'t> Builder<'t> {
    fn document(&mut self) -> Step<Option<Node>> {
        let mut root = None;
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::StreamEnd | Event::DocumentStart(..) | Event::DocumentEnd => {}
                _ if root.is_some() => {
                    return Err(self.error(
                        &span,
                        "a second YAML document in one file",
                        "put it into a file of its own",
                    ));
                }
                event => root = Some(self.node(event, span)?),
            }
        }
        Ok(root)
    }

    /// The next event that is no comment.
    fn next(&mut self) -> Step<Option<(Event<'t>, Span)>> {
        loop {
            match self.parser.next_event() {
                None => return Ok(None),
                Some(Ok((Event::Comment(..) | Event::Anchor(..), _))) => {}
                Some(Ok(event)) => return Ok(Some(event)),
                Some(Err(error)) => {
                    let (line, column) = (number(error.marker().line()), number(error.marker().col() + 1));
                    let diagnostic = Diagnostic::error(
                        Place::line(Arc::clone(&self.file), line, column),
                        format!("not YAML: {}", error.info().lines().next().unwrap_or("syntax error")),
                    );
                    return Err(Box::new(match self.syntax_help(line) {
                        Some(help) => diagnostic.with_help(help),
                        None => diagnostic,
                    }));
                }
            }
        }
    }

    fn following(&mut self, start: &Span) -> Step<(Event<'t>, Span)> {
        match self.next()? {
            Some(event) => Ok(event),
            None => Err(self.error(start, "the file ends in the middle of this", "close it")),
        }
    }

    fn node(&mut self, event: Event<'t>, span: Span) -> Step<Node> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            return Err(self.error(&span, "the file is too large", "split it, or use fewer YAML aliases"));
        }
        let mut node = Node {
            value: Value::Scalar(String::new()),
            file: Arc::clone(&self.file),
            line: number(span.start.line()),
            column: number(span.start.col() + 1),
            verbatim_column: None,
        };
        let anchor = match event {
            Event::Scalar(text, style, anchor, _) => {
                let empty = style == ScalarStyle::Plain && span.is_empty();
                node.verbatim_column = self.verbatim_column(&span, style, &text);
                node.value = Value::Scalar(if empty { String::new() } else { text.into_owned() });
                anchor
            }
            Event::SequenceStart(_, anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.following(&span)? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => items.push(self.node(event, span)?),
                    }
                }
                node.value = Value::Sequence(items);
                anchor
            }
            Event::MappingStart(_, anchor, _) => {
                node.value = Value::Mapping(self.mapping(&span)?);
                anchor
            }
            Event::Alias(target) => return self.alias(target, &span),
            _ => {
                return Err(self.error(
                    &span,
                    "not YAML that a definition can hold",
                    "write plain mappings and lists",
                ));
            }
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn mapping(&mut self, start: &Span) -> Step<Vec<(Node, Node)>> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        let mut lines: HashMap<String, u32> = HashMap::new();
        loop {
            let key = match self.following(start)? {
                (Event::MappingEnd, _) => return Ok(entries),
                (event, span) => self.node(event, span)?,
            };
            let (event, span) = self.following(start)?;
            let value = self.node(event, span)?;
            let Some(name) = key.text() else {
                self.diagnostics.push(
                    Diagnostic::error(key.place(), format!("a key that is {}", key.kind()))
                        .with_help("an expression, or a text with { } in it, needs quotes: \"${turnover} > 0\""),
                );
                continue;
            };
            if let Some(line) = lines.get(name) {
                self.diagnostics.push(
                    Diagnostic::error(key.place(), format!("the key '{name}' is given twice"))
                        .with_help(format!("it stands in line {line} already: keep one of the two")),
                );
                continue;
            }
            lines.insert(name.to_owned(), key.line);
            entries.push((key, value));
        }
    }

    fn alias(&mut self, target: usize, span: &Span) -> Step<Node> {
        let Some(node) = self.anchors.get(&target) else {
            return Err(self.error(span, "an alias inside of what it stands for", "write it out"));
        };
        self.nodes = self.nodes.saturating_add(node.size());
        if self.nodes > MOST_NODES {
            return Err(self.error(
                span,
                "YAML aliases make the file too large",
                "write it out, or use fewer of them",
            ));
        }
        Ok(node.clone())
    }

    /// The column of a scalar's first character, where its text stands in one line exactly as it reads.
    fn verbatim_column(&self, span: &Span, style: ScalarStyle, text: &str) -> Option<u32> {
        let quotes = match style {
            ScalarStyle::Plain => 0,
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => 1,
            ScalarStyle::Literal | ScalarStyle::Folded => return None,
        };
        let source = self.text.get(span.byte_range()?)?;
        let inner = source.get(quotes..source.len().checked_sub(quotes)?)?;
        (inner == text).then(|| number(span.start.col() + 1 + quotes))
    }

    fn syntax_help(&self, line: u32) -> Option<&'static str> {
        let lines = self
            .text
            .lines()
            .skip(usize::try_from(line).ok()?.saturating_sub(2))
            .take(2);
        let near: Vec<&str> = lines.collect();
        if near
            .iter()
            .any(|line| line.contains('\t') && line.trim_start_matches(' ').starts_with('\t'))
        {
            return Some("indent with spaces, not with tabs");
        }
        near.iter().any(|line| line.contains("${") || line.contains(": >") || line.contains("= ")).then_some(
            "an expression inside { }, or with ': ' in it, or starting with '>' needs quotes: {relevant: \"${has_rd} = 1\"}",
        )
    }

    #[allow(clippy::unnecessary_box_returns, reason = "it is the error of every step")]
    fn error(&self, span: &Span, message: &str, help: &str) -> Box<Diagnostic> {
        let place = Place::line(
            Arc::clone(&self.file),
            number(span.start.line()),
            number(span.start.col() + 1),
        );
        Box::new(Diagnostic::error(place, message).with_help(help))
    }
}

fn number(size: usize) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> (Option<Node>, Vec<String>) {
        let (node, diagnostics) = Node::parse("f.yaml", text);
        (node, diagnostics.iter().map(ToString::to_string).collect())
    }

    fn texts(node: &Node) -> Vec<String> {
        match &node.value {
            Value::Scalar(text) => vec![format!("{text}@{}", node.place())],
            Value::Sequence(items) => items.iter().flat_map(texts).collect(),
            Value::Mapping(entries) => entries
                .iter()
                .flat_map(|(key, value)| texts(key).into_iter().chain(texts(value)))
                .collect(),
        }
    }

    #[test]
    fn scalars_keep_their_text_and_place() {
        let (node, errors) = parse("version: 2026.10\nchoices: {no: 01, 1: ~}\nlabel:\n");
        assert!(errors.is_empty());
        assert_eq!(
            texts(&node.unwrap()),
            [
                "version@f.yaml:1:1",
                "2026.10@f.yaml:1:10",
                "choices@f.yaml:2:1",
                "no@f.yaml:2:11",
                "01@f.yaml:2:15",
                "1@f.yaml:2:19",
                "~@f.yaml:2:22",
                "label@f.yaml:3:1",
                "@f.yaml:3:6"
            ]
        );
    }

    #[test]
    fn an_offset_within_a_text_has_its_own_column() {
        let (node, _) = parse("zh: 城市 ${b}\nquoted: \"a ${b}\"\nblock: >-\n  a ${b}\n");
        let Value::Mapping(entries) = node.unwrap().value else {
            panic!()
        };
        assert_eq!(entries[0].1.place_at(7).to_string(), "f.yaml:1:8");
        assert_eq!(entries[1].1.place_at(2).to_string(), "f.yaml:2:12");
        assert_eq!(entries[2].1.place_at(2).to_string(), entries[2].1.place().to_string());
    }

    #[test]
    fn a_key_given_twice_is_an_error_and_the_first_counts() {
        let (node, errors) = parse("a: 1\nb: 2\na: 3\n");
        assert_eq!(
            errors,
            ["f.yaml:3:1: error: the key 'a' is given twice\n  help: it stands in line 1 already: keep one of the two"]
        );
        assert_eq!(texts(&node.unwrap()).len(), 4);
    }

    #[test]
    fn aliases_are_written_out_but_no_bomb_goes_off() {
        let (node, errors) = parse("a: &x [1, 2]\nb: *x\n");
        assert!(errors.is_empty());
        assert_eq!(texts(&node.unwrap()).len(), 6);

        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let item = format!("*a{}", level - 1);
            bomb = bomb + &format!("a{level}: &a{level} [{}]", [item.as_str(); 9].join(", ")) + "\n";
        }
        let (node, errors) = parse(&bomb);
        assert!(node.is_none());
        assert!(errors[0].contains("YAML aliases make the file too large"), "{errors:?}");
    }

    #[test]
    fn an_unquoted_expression_that_breaks_the_syntax_is_explained() {
        for text in [
            "- {type: text, relevant: ${a} = 1}\n",
            "relevant: >= ${a}\n",
            "a: ${b}: c\n",
        ] {
            let (_, errors) = parse(text);
            assert!(
                errors.iter().any(|error| error.contains("needs quotes")),
                "{text}: {errors:?}"
            );
        }
    }
}
