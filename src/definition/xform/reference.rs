//! `${name}` as the path that XPath has for it.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::xml::Node;
use crate::definition::element::Element;
use crate::definition::model::{Definition, ElementId};

/// The paths of a form.
pub(super) struct Paths<'d> {
    pub definition: &'d Definition,
    /// The name of the root element.
    pub root: &'d str,
}

/// Where an expression stands: what paths in it are relative to.
#[derive(Debug, Clone, Default)]
pub(super) struct Standpoint {
    /// What holds it, nearest first.
    containers: SmallVec<[ElementId; 4]>,
    /// Steps up to the nearest of them.
    steps: usize,
    /// Whether paths begin at the current question and not at the context node, as in predicates.
    current: bool,
}

impl Standpoint {
    /// In an element.
    pub fn of(definition: &Definition, id: ElementId) -> Self {
        Self {
            containers: definition.ancestors(id).map(|element| element.id).collect(),
            steps: 1,
            current: false,
        }
    }

    /// In what an entity has in a container's `meta`.
    pub fn of_entity(definition: &Definition, container: Option<ElementId>) -> Self {
        let around = container.map(|id| {
            std::iter::once(id)
                .chain(definition.ancestors(id).map(|element| element.id))
                .collect()
        });
        Self {
            containers: around.unwrap_or_default(),
            steps: 3,
            current: false,
        }
    }

    /// In the form's own metadata or its choices: all paths are absolute.
    pub fn top() -> Self {
        Self::default()
    }

    /// The same within a predicate.
    #[must_use]
    pub fn in_predicate(mut self) -> Self {
        self.current = true;
        self
    }
}

impl Paths<'_> {
    /// The path of an element from the root: `/data/research/has_rd`.
    pub fn absolute(&self, id: ElementId) -> String {
        ["/", self.root, self.definition.path(id)].concat()
    }

    /// The path of a group or repeat, or of the root.
    pub fn container(&self, id: Option<ElementId>) -> String {
        id.map_or_else(|| format!("/{}", self.root), |id| self.absolute(id))
    }

    /// An expression with paths for its names.
    pub fn expression<'s>(&self, source: &'s str, from: &Standpoint) -> Cow<'s, str> {
        if !source.contains("${") {
            return source.into();
        }
        let mut scan = Scan::default();
        let mut written = String::with_capacity(source.len() + 32);
        let mut rest = source;
        while let Some(first) = rest.chars().next() {
            let quoted = scan.quotes_question(&written);
            let named = reference(rest).filter(|(_, after)| match quoted {
                Some(quote) => after.starts_with(quote),
                None => !scan.in_literal(),
            });
            if let Some((name, after)) = named {
                written.push_str(&self.named(name, from, &scan));
                rest = after;
            } else {
                scan.step(first, &written);
                written.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        written.into()
    }

    /// Text for people, with the values of the questions that it names. True where it names any.
    pub fn words<'t>(&self, text: impl Into<Cow<'t, str>>, from: &Standpoint, into: &mut Node<'t>) -> bool {
        let text = text.into();
        if !may_have_output(&text) {
            into.push_text(text);
            return false;
        }
        let mut names_any = false;
        let mut rest: &str = &text;
        let mut plain = String::new();
        while let Some(first) = rest.chars().next() {
            let found = match instance_path(rest) {
                Some(length) => rest
                    .split_at_checked(length)
                    .map(|(path, after)| (self.expression(path, from).into_owned(), after)),
                None => reference(rest).map(|(name, after)| (self.named(name, from, &Scan::default()), after)),
            };
            if let Some((value, after)) = found {
                into.push_text(std::mem::take(&mut plain));
                into.push(Node::new("output").with("value", value));
                names_any = true;
                rest = after;
            } else {
                plain.push(first);
                rest = rest.get(first.len_utf8()..).unwrap_or_default();
            }
        }
        into.push_text(plain);
        names_any
    }

    /// The path of a named question, in spaces so that it stands apart from what is around it.
    fn named(&self, name: &str, from: &Standpoint, scan: &Scan) -> String {
        let (last_saved, name) = match name.strip_prefix("last-saved#") {
            Some(name) => (true, name),
            None => (false, name),
        };
        let Some(id) = self.definition.find(name) else {
            // The one name that is no question's.
            return format!(" /{}/meta/{name} ", self.root);
        };
        if last_saved {
            return format!(" instance('__last-saved'){} ", self.absolute(id));
        }
        if scan.wants_whole_path() {
            return format!(" {} ", self.absolute(id));
        }
        match self.relative(id, from) {
            Some(path) if from.current || scan.in_predicate_of_instance() => format!(" current()/{path} "),
            Some(path) => format!(" {path} "),
            None => format!(" {} ", self.absolute(id)),
        }
    }

    /// The path from a standpoint to an element in the same repeat, through what is nearest around both.
    fn relative(&self, to: ElementId, from: &Standpoint) -> Option<String> {
        let around: Vec<ElementId> = self.definition.ancestors(to).map(|element| element.id).collect();
        let shared = |id: &&ElementId| around.contains(id);
        let is_repeat = |id: &&ElementId| self.definition.get(**id).is_some_and(Element::is_repeat);
        from.containers.iter().filter(shared).find(is_repeat)?;
        let nearest = from.containers.iter().find(shared)?;
        let at = from.containers.iter().position(|id| id == nearest)?;
        Some(self.steps(at + from.steps, Some(*nearest), to))
    }

    /// So many steps up to a container, and down to an element in it.
    fn steps(&self, up: usize, container: Option<ElementId>, to: ElementId) -> String {
        let whole = self.definition.path(to);
        let above = container.map_or("", |id| self.definition.path(id));
        let down = whole.strip_prefix(above).unwrap_or(whole);
        format!("{}{down}", vec![".."; up].join("/"))
    }

    /// The instances of a repeated question as the choices of another: the repeat's path, and the question's name in it.
    pub fn repeated(&self, question: ElementId, from: &Standpoint) -> (String, String) {
        let path = self.repeated_path(question, from);
        let (nodes, name) = path.rsplit_once('/').unwrap_or(("", path.as_str()));
        (nodes.to_owned(), name.to_owned())
    }

    /// The path of a repeated question, from outside of the nearest repeat that it shares with the standpoint, so that a
    /// condition can be put after it.
    pub fn repeated_path(&self, question: ElementId, from: &Standpoint) -> String {
        let definition = self.definition;
        let repeats = |ids: Vec<ElementId>| -> Vec<ElementId> {
            let is_repeat = |id: &ElementId| definition.get(*id).is_some_and(Element::is_repeat);
            ids.into_iter().filter(is_repeat).collect()
        };
        let of_target = repeats(definition.ancestors(question).map(|element| element.id).collect());
        let of_source = repeats(from.containers.to_vec());
        let Some(shared) = of_source.iter().find(|id| of_target.contains(id)).copied() else {
            return self.absolute(question);
        };
        let inside_another = definition.repeat_around(shared).is_some();
        let beside = of_target.first() == Some(&shared) && (!inside_another || of_source.first() != Some(&shared));
        if beside {
            let at = from.containers.iter().position(|id| *id == shared).unwrap_or(0);
            let parent = definition.get(shared).and_then(|element| element.parent);
            return self.steps(at + from.steps + 1, parent, question);
        }
        self.relative(question, from).unwrap_or_else(|| self.absolute(question))
    }
}

/// The name of a `${name}` that a text begins with, and what follows it.
pub(super) fn reference(text: &str) -> Option<(&str, &str)> {
    let (name, after) = text.strip_prefix("${")?.split_once('}')?;
    let name = name.trim();
    let bare = name.strip_prefix("last-saved#").unwrap_or(name);
    crate::definition::check::is_name(bare).then_some((name, after))
}

/// Whether a text names a question, or looks into an instance.
pub(super) fn has_output(text: &str) -> bool {
    may_have_output(text)
        && text.char_indices().any(|(at, _)| {
            let rest = text.get(at..).unwrap_or_default();
            reference(rest).is_some() || instance_path(rest).is_some()
        })
}

/// Whether a text has what names begin with: most have not, and need no closer look.
fn may_have_output(text: &str) -> bool {
    text.contains("${") || text.contains("instance(")
}

/// The length of an expression `instance('list')/path[…]/…` that a text begins with. Outside of predicates it ends at a
/// space.
fn instance_path(text: &str) -> Option<usize> {
    let rest = text.strip_prefix("instance(")?;
    let literal = rest.strip_prefix(['\'', '"'])?;
    let quote = rest.chars().next()?;
    let after = literal.get(literal.find(quote)? + 1..)?.strip_prefix(")/")?;
    let start = text.len() - after.len();
    let mut depth = 0_usize;
    for (at, character) in after.char_indices() {
        match character {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ if depth == 0 && character.is_whitespace() => return Some(start + at),
            _ => {}
        }
    }
    Some(text.len())
}

/// What stands around a place in an expression.
#[derive(Debug, Default)]
struct Scan {
    literal: Option<char>,
    instance: bool,
    open: Vec<Opened>,
}

#[derive(Debug)]
enum Opened {
    Predicate,
    /// A parenthesis; of a call of `indexed-repeat` the number of the argument, from 0.
    Call(Option<usize>),
    /// The parenthesis of a call of `jr:choice-name`, whose second argument is a path in quotes.
    ChoiceName,
}

impl Scan {
    fn in_literal(&self) -> bool {
        self.literal.is_some()
    }

    fn step(&mut self, character: char, before: &str) {
        match (self.literal, character) {
            (Some(quote), _) if quote == character => self.literal = None,
            (None, '\'' | '"') => self.literal = Some(character),
            (None, '[') => self.open.push(Opened::Predicate),
            (None, '(') => {
                self.instance |= before.ends_with("instance");
                self.open.push(if before.ends_with("jr:choice-name") {
                    Opened::ChoiceName
                } else {
                    Opened::Call(before.ends_with("indexed-repeat").then_some(0))
                });
            }
            (None, ']' | ')') => {
                self.open.pop();
            }
            (None, ',') => {
                if let Some(Opened::Call(Some(argument))) = self.open.last_mut() {
                    *argument += 1;
                }
            }
            _ => {}
        }
    }

    /// The quotation mark that was just opened where a question may stand in quotes, as in `jr:choice-name(…, '${name}')`.
    fn quotes_question(&self, before: &str) -> Option<char> {
        let is_in_call = matches!(self.open.last(), Some(Opened::ChoiceName));
        self.literal.filter(|quote| is_in_call && before.ends_with(*quote))
    }

    /// Whether this is an argument of `indexed-repeat` that names nodes, or in quotes: it takes whole paths.
    fn wants_whole_path(&self) -> bool {
        self.in_literal() || matches!(self.open.last(), Some(Opened::Call(Some(0 | 1 | 3 | 5))))
    }

    /// Whether this is the predicate of a path into an instance, where the context is another.
    fn in_predicate_of_instance(&self) -> bool {
        self.instance && self.open.iter().any(|opened| matches!(opened, Opened::Predicate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition() -> Definition {
        let yaml = "survey: s\nversion: '1'\ntitle: T\nquestions:\n- {type: text, name: top, label: A}\n- type: repeat\n  name: r\n  label: R\n  questions:\n  - {type: text, name: a, label: A}\n  - type: group\n    name: g\n    label: G\n    questions:\n    - {type: text, name: b, label: B}\n";
        Definition::from_yaml("s.yaml", yaml).unwrap().value
    }

    #[test]
    fn names_are_paths_from_where_they_stand() {
        let definition = definition();
        let paths = Paths {
            definition: &definition,
            root: "data",
        };
        let b = Standpoint::of(&definition, definition.find("b").unwrap());
        assert_eq!(paths.expression("${a} = ${top}", &b), " ../../a  =  /data/top ");
        assert_eq!(
            paths.expression("instance('x')/root/item[name = ${a}]/label", &b),
            "instance('x')/root/item[name =  current()/../../a ]/label"
        );
        assert_eq!(
            paths.expression("indexed-repeat(${a}, ${r}, 1) + '${a}'", &b),
            "indexed-repeat( /data/r/a ,  /data/r , 1) + '${a}'"
        );
        assert_eq!(
            paths.expression(
                "jr:choice-name(${a}, '${a}') = '${a}' or jr:choice-name('${a} ', \"${top}\")",
                &b
            ),
            "jr:choice-name( ../../a , ' /data/r/a ') = '${a}' or jr:choice-name('${a} ', \" /data/top \")"
        );
        let top = Standpoint::of(&definition, definition.find("top").unwrap());
        assert_eq!(paths.expression("sum(${a})", &top), "sum( /data/r/a )");
        assert_eq!(
            paths.repeated(definition.find("a").unwrap(), &top),
            ("/data/r".to_owned(), "a".to_owned())
        );
        assert_eq!(
            paths.repeated(definition.find("a").unwrap(), &b),
            ("../../../r".to_owned(), "a".to_owned())
        );
    }

    #[test]
    fn words_hold_the_answers_that_they_name() {
        let definition = definition();
        let paths = Paths {
            definition: &definition,
            root: "data",
        };
        let mut label = Node::new("label");
        assert!(paths.words("Dear ${top}, <you>", &Standpoint::top(), &mut label));
        let mut other = Node::new("label");
        assert!(paths.words(
            "see instance('l')/root/item[name = ${top}]/label now",
            &Standpoint::top(),
            &mut other
        ));
        assert_eq!(
            (label.document(), other.document()),
            (
                "<?xml version=\"1.0\"?>\n<label>Dear <output value=\" /data/top \"/>, &lt;you&gt;</label>\n".to_owned(),
                "<?xml version=\"1.0\"?>\n<label>see <output value=\"instance('l')/root/item[name =  /data/top ]/label\"/> now</label>\n".to_owned()
            )
        );
    }
}
