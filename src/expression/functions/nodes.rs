//! Functions of nodes: counting and naming them, other instances, repeats.

use std::cmp::Ordering;

use super::super::ast::Expr;
use super::super::axes;
use super::super::error::EvaluationError;
use super::super::tree::{Name, NodeSet, Tree};
use super::super::value::Value;
use super::{Arguments, Outcome};

const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// `position()`, and of the specification `position(node)`: its place among the siblings of its name, which for an
/// instance of a repeat is its number.
pub(super) fn position<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    if of.len() == 0 {
        return Ok(Value::Number(of.scope.position as f64));
    }
    let tree = of.scope.tree;
    Ok(Value::Number(of.nodes(0)?.first().map_or(f64::NAN, |node| {
        let before = axes::siblings(tree, *node, Ordering::Less);
        let alike = before
            .iter()
            .filter(|other| tree.name(**other) == tree.name(*node))
            .count();
        (alike + 1) as f64
    })))
}

pub(super) fn count_non_empty<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let nodes = of.nodes(0)?;
    let filled = nodes
        .iter()
        .filter(|node| !of.scope.tree.string_value(**node).is_empty());
    Ok(Value::Number(filled.count() as f64))
}

/// `id(value)`: the elements with one of these ids, in an attribute `id` or `xml:id`, since instances have no DTD.
pub(super) fn id<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let tree = of.scope.tree;
    let texts = of.strings_from(0)?;
    let wanted: Vec<&str> = texts.iter().flat_map(|text| text.split_whitespace()).collect();
    let mut nodes = NodeSet::new();
    axes::descendants(tree, tree.root(), &mut nodes);
    nodes.retain(|node| {
        let mut attributes = NodeSet::new();
        tree.attributes(*node, &mut attributes);
        attributes.iter().any(|attribute| {
            let name = tree.name(*attribute);
            name.local == "id"
                && matches!(name.namespace, None | Some(XML))
                && wanted.contains(&&*tree.string_value(*attribute))
        })
    });
    Ok(Value::Nodes(nodes))
}

fn name_of<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Result<Name<'a>, EvaluationError> {
    Ok(of
        .nodes_or_context(0)?
        .first()
        .map_or_else(Name::default, |node| of.scope.tree.name(*node)))
}

pub(super) fn name<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let name = name_of(of)?;
    Ok(match name.prefix {
        Some(prefix) => Value::text(format!("{prefix}:{}", name.local)),
        None => Value::Text(name.local.into()),
    })
}

pub(super) fn local_name<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    Ok(Value::Text(name_of(of)?.local.into()))
}

pub(super) fn namespace_uri<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    Ok(Value::Text(name_of(of)?.namespace.unwrap_or_default().into()))
}

/// `lang(code)`: whether the nearest `xml:lang` is that language, or a variety of it.
pub(super) fn lang<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let wanted = of.string(0)?.to_lowercase();
    let tree = of.scope.tree;
    let declared = axes::ancestors(tree, Some(of.scope.node)).find_map(|node| {
        let mut attributes = NodeSet::new();
        tree.attributes(node, &mut attributes);
        let is_language = |attribute: &T::Node| {
            let name = tree.name(*attribute);
            name.local == "lang" && name.namespace == Some(XML)
        };
        attributes
            .into_iter()
            .find(is_language)
            .map(|attribute| tree.string_value(attribute).to_lowercase())
    });
    Ok(Value::Boolean(declared.is_some_and(|language| {
        language
            .strip_prefix(&wanted)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })))
}

/// `instance('id')`: the document of a secondary instance; no nodes where there is none of that id.
pub(super) fn instance<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    Ok(Value::Nodes(
        of.scope.tree.secondary_instance(&of.string(0)?).into_iter().collect(),
    ))
}

/// `indexed-repeat(question, repeat, number, …)`: the question in that instance of the repeat, with up to three repeats
/// from the outermost inwards. The first repeat is looked for in the nearest element around the current question that
/// holds any instances of it, so that an inner repeat is that of the own outer instance.
pub(super) fn indexed_repeat<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    if of.len().is_multiple_of(2) {
        return Err(of.wrong("takes a question, then pairs of a repeat and a number"));
    }
    let tree = of.scope.tree;
    let is_below = |node: T::Node, above: T::Node| axes::ancestors(tree, tree.parent(node)).any(|it| it == above);
    let mut chosen: Option<T::Node> = None;
    for index in (1..of.len()).step_by(2) {
        let all = everywhere(of, index)?;
        let within = match chosen {
            Some(outer) => Some(outer),
            None => {
                axes::ancestors(tree, Some(of.scope.current)).find(|above| all.iter().any(|it| is_below(*it, *above)))
            }
        };
        let number = of.number(index + 1)?;
        let mut instances = all
            .into_iter()
            .filter(|it| within.is_some_and(|above| is_below(*it, above)));
        chosen = instances.find_map({
            let mut position = 0.0;
            move |it| {
                position += 1.0;
                (position >= number && number > position - 1.0).then_some(it)
            }
        });
        if chosen.is_none() || number < 1.0 {
            return Ok(Value::Nodes(NodeSet::new()));
        }
    }
    let mut nodes = everywhere(of, 0)?;
    nodes.retain(|node| chosen.is_some_and(|instance| is_below(*node, instance)));
    Ok(Value::Nodes(nodes))
}

/// The nodes of an argument in all instances of every repeat: `${}` is seen from the document.
fn everywhere<T: Tree>(of: &Arguments<'_, '_, T>, index: usize) -> Result<NodeSet<T::Node>, EvaluationError> {
    match of.expr(index)? {
        Expr::Reference(reference) => of.evaluator.reference(*reference, of.scope.tree.root(), of.scope),
        _ => of.nodes(index),
    }
}

/// `randomize(nodes, seed)`: the nodes in random order; with a seed always in the same one, by the specification's
/// algorithm (Park and Miller's generator, and the shuffle of Fisher and Yates from the inside out), as on the phone.
pub(super) fn randomize<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let nodes = of.nodes(0)?;
    let mut seeded = if of.len() > 1 {
        let seed = of.number(1)?;
        if !seed.is_finite() {
            return Err(of.wrong("the seed is not a number"));
        }
        Some(ParkMiller::new(seed))
    } else {
        None
    };
    let mut shuffled = NodeSet::new();
    for node in nodes {
        let share = match &mut seeded {
            Some(generator) => generator.next(),
            None => of.available(of.scope.environment.random())?,
        };
        shuffled.push(node);
        let last = shuffled.len() - 1;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to the number of nodes"
        )]
        let place = (share * shuffled.len() as f64).floor() as usize;
        shuffled.swap(last, place.min(last));
    }
    Ok(Value::Nodes(shuffled))
}

struct ParkMiller(i64);

impl ParkMiller {
    const MODULUS: i64 = 2_147_483_647;

    fn new(seed: f64) -> Self {
        #[allow(clippy::cast_possible_truncation, reason = "the remainder is within i64")]
        let seed = (seed.trunc() % Self::MODULUS as f64) as i64;
        Self(if seed <= 0 { seed + Self::MODULUS - 1 } else { seed })
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0 * 16_807 % Self::MODULUS;
        (self.0 - 1) as f64 / (Self::MODULUS - 1) as f64
    }
}

pub(super) fn pulldata<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let cell = of
        .scope
        .environment
        .pulldata(&of.string(0)?, &of.string(1)?, &of.string(2)?, &of.string(3)?);
    Ok(Value::text(of.available(cell)?))
}
