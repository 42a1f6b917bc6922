//! Which questions the paths of an expression reach, told from the outline of a form, before there are any answers.
//!
//! The paths are walked over the outline as they will be walked over the answers, predicates included: so what a
//! calculation depends on is known also where it is named only in a predicate or reached by `//` or `*`.

use super::Expression;
use super::ast::{Axis, Call, Expr, NodeTest, Path, Start, Step};
use super::bind::Reference;
use super::signature::Function;

/// The outline of a form: its elements, each once however often it is repeated.
pub trait Skeleton {
    /// The element around an element; `None` at the top of the form.
    fn parent(&self, element: u32) -> Option<u32>;
    /// The elements in an element, or at the top of the form.
    fn children(&self, element: Option<u32>) -> Vec<u32>;
    /// The name of an element.
    fn name(&self, element: u32) -> &str;
    /// The element that a reference stands for.
    fn referred(&self, reference: &Reference) -> Option<u32>;
}

/// What the paths of an expression start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standpoint {
    /// The element that the expression belongs to.
    pub own: Option<u32>,
    /// Whether bare names and `.` are of a choice, as in a choice filter.
    pub on_choice: bool,
}

/// What the paths of an expression reach.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Reach {
    /// The elements at the ends of paths, not those that only a reference names.
    pub elements: Vec<u32>,
    /// Paths that lead to nothing.
    pub missed: Vec<Missed>,
    /// Bare names where they are columns of a choice, each with the byte offset of its path.
    pub columns: Vec<(usize, String)>,
}

/// A path that leads to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Byte offset of the path.
    pub offset: usize,
    /// The element that it still reached; `None` at the top of the form.
    pub within: Option<u32>,
    /// The names from there on, of which the first is not there.
    pub steps: Vec<String>,
    /// How the path begins.
    pub manner: Manner,
}

/// How a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// At the top of the form: `/data/…`.
    Absolute,
    /// With a bare name, from the question that the expression belongs to.
    Bare,
    /// From elsewhere: `../…`, `current()/…`, or within a predicate.
    Relative,
}

impl Expression {
    /// Walks the paths of the expression over the outline of a form.
    pub fn reach(&self, outline: &dyn Skeleton, from: Standpoint) -> Reach {
        let mut walker = Walker {
            outline,
            references: self.references(),
            own: Spots::known(from.own.map(Spot::Element)),
            reach: Reach::default(),
        };
        let context = if from.on_choice {
            Spots {
                choice: true,
                ..Spots::elsewhere()
            }
        } else {
            walker.own.clone()
        };
        walker.walk(&self.inner.root, &context, false);
        walker.reach.elements.sort_unstable();
        walker.reach.elements.dedup();
        walker.reach
    }
}

/// A place in the outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spot {
    Document,
    Top,
    Element(u32),
}

#[allow(clippy::struct_field_names, reason = "there is no better word for them")]
#[derive(Debug, Clone)]
struct Spots {
    spots: Vec<Spot>,
    /// Whether there can also be nodes that the outline does not know: of another instance, of `meta`.
    elsewhere: bool,
    /// Whether it is the choice that a choice filter decides on.
    choice: bool,
}

impl Spots {
    fn known(spots: impl IntoIterator<Item = Spot>) -> Self {
        let mut spots: Vec<Spot> = spots.into_iter().collect();
        spots.sort_unstable();
        spots.dedup();
        Self {
            spots,
            elsewhere: false,
            choice: false,
        }
    }

    fn elsewhere() -> Self {
        Self {
            elsewhere: true,
            ..Self::known([])
        }
    }
}

struct Walker<'a> {
    outline: &'a dyn Skeleton,
    references: &'a [Reference],
    own: Spots,
    reach: Reach,
}

impl Walker<'_> {
    fn parent(&self, spot: Spot) -> Option<Spot> {
        match spot {
            Spot::Document => None,
            Spot::Top => Some(Spot::Document),
            Spot::Element(element) => Some(self.outline.parent(element).map_or(Spot::Top, Spot::Element)),
        }
    }

    fn children(&self, spot: Spot) -> Vec<Spot> {
        let elements = match spot {
            Spot::Document => return vec![Spot::Top],
            Spot::Top => self.outline.children(None),
            Spot::Element(element) => self.outline.children(Some(element)),
        };
        elements.into_iter().map(Spot::Element).collect()
    }

    fn descendants(&self, spot: Spot) -> Vec<Spot> {
        let mut found = self.children(spot);
        let mut next = 0;
        while let Some(spot) = found.get(next).copied() {
            found.extend(self.children(spot));
            next += 1;
        }
        found
    }

    fn ancestors(&self, spot: Spot) -> Vec<Spot> {
        std::iter::successors(self.parent(spot), |spot| self.parent(*spot)).collect()
    }

    /// The spots of a part of an expression; its paths are noted. `inside` is whether it stands in a predicate.
    fn walk(&mut self, expr: &Expr, context: &Spots, inside: bool) -> Spots {
        match expr {
            Expr::Number(_) | Expr::Literal(..) => {}
            Expr::Or(terms) | Expr::And(terms) => {
                for term in terms {
                    self.walk(term, context, inside);
                }
            }
            Expr::Union(terms) => {
                let mut union = Spots::known([]);
                for term in terms {
                    let found = self.walk(term, context, inside);
                    union.elsewhere |= found.elsewhere;
                    union.spots.extend(found.spots);
                }
                return union;
            }
            Expr::Negate(operand) => {
                self.walk(operand, context, inside);
            }
            Expr::Chain(first, rest) => {
                self.walk(first, context, inside);
                for (_, operand) in rest {
                    self.walk(operand, context, inside);
                }
            }
            Expr::Path(path) => return self.path(path, context, inside),
            Expr::Filter(base, predicates) => {
                let found = self.walk(base, context, inside);
                for predicate in predicates {
                    self.walk(predicate, &found, true);
                }
                return found;
            }
            Expr::Reference(index) => {
                let reference = self.references.get(index.0);
                let element = reference.and_then(|reference| self.outline.referred(reference));
                return element.map_or_else(Spots::elsewhere, |element| Spots::known([Spot::Element(element)]));
            }
            Expr::Call(call) => return self.call(call, context, inside),
        }
        Spots::elsewhere()
    }

    fn call(&mut self, call: &Call, context: &Spots, inside: bool) -> Spots {
        let mut first = None;
        for argument in &call.arguments {
            let found = self.walk(argument, context, inside);
            first.get_or_insert(found);
        }
        match call.function {
            Some(Function::Current) => self.own.clone(),
            Some(Function::Randomize | Function::IndexedRepeat) => first.unwrap_or_else(Spots::elsewhere),
            _ => Spots::elsewhere(),
        }
    }

    fn path(&mut self, path: &Path, context: &Spots, inside: bool) -> Spots {
        let mut manner = Manner::Relative;
        let mut spots = match &path.start {
            Start::Root => {
                manner = Manner::Absolute;
                Spots::known([Spot::Document])
            }
            Start::Context => context.clone(),
            Start::Expr(base) => self.walk(base, context, inside),
        };
        for (position, step) in path.steps.iter().enumerate() {
            let name = child_name(step);
            let first = position == 0 && matches!(path.start, Start::Context);
            if let (true, true, Some(name)) = (first, spots.choice, name) {
                self.reach.columns.push((path.offset, name.to_owned()));
            }
            if first && !inside && name.is_some() {
                manner = Manner::Bare;
            }
            let found = self.step(step, &spots);
            let led_here = !spots.spots.is_empty() || manner == Manner::Bare;
            if name.is_some() && found.spots.is_empty() && !found.elsewhere && led_here {
                self.reach.missed.push(Missed {
                    offset: path.offset,
                    within: spots.spots.iter().find_map(|spot| match spot {
                        Spot::Element(element) => Some(*element),
                        Spot::Document | Spot::Top => None,
                    }),
                    steps: path
                        .steps
                        .iter()
                        .skip(position)
                        .filter_map(child_name)
                        .map(ToOwned::to_owned)
                        .collect(),
                    manner,
                });
            }
            spots = found;
            for predicate in &step.predicates {
                self.walk(predicate, &spots, true);
            }
        }
        self.reach
            .elements
            .extend(spots.spots.iter().filter_map(|spot| match spot {
                Spot::Element(element) => Some(*element),
                Spot::Document | Spot::Top => None,
            }));
        spots
    }

    fn step(&self, step: &Step, from: &Spots) -> Spots {
        let mut found = Vec::new();
        let mut elsewhere = from.elsewhere;
        // The root has the name that the form's writer gave it: any, where nothing else can be meant.
        if let ([Spot::Document], Some(_)) = (from.spots.as_slice(), child_name(step)) {
            found.push(Spot::Top);
        }
        for spot in &from.spots {
            let beside = self.along(step.axis, *spot);
            found.extend(beside.into_iter().filter(|to| self.is_named(*to, &step.test)));
            // The text of a question is the question's, and `meta` is the client's.
            if step.axis == Axis::Child && matches!(step.test, NodeTest::Text) {
                found.push(*spot);
            }
            elsewhere |= *spot == Spot::Top && child_name(step) == Some("meta");
        }
        Spots {
            elsewhere,
            choice: from.choice && step.is_self(),
            ..Spots::known(found)
        }
    }

    fn along(&self, axis: Axis, spot: Spot) -> Vec<Spot> {
        let with_itself = |mut spots: Vec<Spot>| {
            spots.push(spot);
            spots
        };
        match axis {
            Axis::Itself => vec![spot],
            Axis::Child => self.children(spot),
            Axis::Parent => self.parent(spot).into_iter().collect(),
            Axis::Descendant => self.descendants(spot),
            Axis::DescendantOrSelf => with_itself(self.descendants(spot)),
            Axis::Ancestor => self.ancestors(spot),
            Axis::AncestorOrSelf => with_itself(self.ancestors(spot)),
            // Instances of one repeat are siblings, so that an element can be its own.
            Axis::FollowingSibling | Axis::PrecedingSibling => {
                self.parent(spot).map_or_else(Vec::new, |parent| self.children(parent))
            }
            Axis::Following | Axis::Preceding => self.descendants(Spot::Document),
            Axis::Attribute | Axis::Namespace => Vec::new(),
        }
    }

    fn is_named(&self, spot: Spot, test: &NodeTest) -> bool {
        match test {
            NodeTest::AnyNode => true,
            NodeTest::AnyName => spot != Spot::Document,
            NodeTest::Name { local, .. } => match spot {
                Spot::Document | Spot::Top => false,
                Spot::Element(element) => self.outline.name(element) == &**local,
            },
            NodeTest::Text | NodeTest::Comment | NodeTest::ProcessingInstruction(_) | NodeTest::AnyIn(_) => false,
        }
    }
}

/// The name of a step that goes to a child by name.
fn child_name(step: &Step) -> Option<&str> {
    match (step.axis, &step.test) {
        (Axis::Child, NodeTest::Name { local, .. }) => Some(local),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `/a` (0), `/p` (1) with `/p/share` (2) and `/p/kept` (3), `/g` (4) with `/g/b` (5).
    struct Form;

    const FORM: [(&str, Option<u32>); 6] = [
        ("a", None),
        ("p", None),
        ("share", Some(1)),
        ("kept", Some(1)),
        ("g", None),
        ("b", Some(4)),
    ];

    impl Skeleton for Form {
        fn parent(&self, element: u32) -> Option<u32> {
            FORM[element as usize].1
        }

        fn children(&self, element: Option<u32>) -> Vec<u32> {
            (0..6).filter(|id| FORM[*id as usize].1 == element).collect()
        }

        fn name(&self, element: u32) -> &str {
            FORM[element as usize].0
        }

        fn referred(&self, reference: &Reference) -> Option<u32> {
            (0..6).find(|id| FORM[*id as usize].0 == reference.name)
        }
    }

    fn reach(source: &str, own: u32) -> Reach {
        let standpoint = Standpoint {
            own: Some(own),
            on_choice: false,
        };
        Expression::parse(source).unwrap().reach(&Form, standpoint)
    }

    #[test]
    fn paths_reach_what_they_will_reach_on_answers() {
        for (source, own, reached) in [
            ("sum(/data/p[kept > 1]/share)", 0, vec![2, 3]),
            ("../kept + current()/../share", 2, vec![2, 3]),
            (". > 1", 2, vec![2]),
            ("sum(//share)", 0, vec![2]),
            ("count(/data/p/descendant::kept)", 0, vec![3]),
            ("/any_root/g/*/text()", 0, vec![5]),
            ("sum(${p}[share > 0]/kept)", 0, vec![2, 3]),
            ("../../g/b | /data/a", 2, vec![0, 5]),
            ("instance('towns')/root/item[share = current()/../kept]/b", 2, vec![3]),
            ("/data/meta/instanceID", 0, vec![]),
        ] {
            let reach = reach(source, own);
            assert_eq!(reach.elements, reached, "{source}");
            assert_eq!(reach.missed, [], "{source}");
        }
    }

    #[test]
    fn paths_that_lead_to_nothing_are_missed_also_in_predicates() {
        for (source, offset, within, steps) in [
            ("1 + /data/q/r", 4, None, vec!["q", "r"]),
            ("sum(/data/p[kep > 1]/share)", 12, Some(1), vec!["kep"]),
            ("sum(${p}/shar)", 4, Some(1), vec!["shar"]),
            ("count(//shar)", 6, None, vec!["shar"]),
            ("share > 1", 0, Some(0), vec!["share"]),
        ] {
            let missed = reach(source, 0).missed;
            assert_eq!(missed.len(), 1, "{source}");
            assert_eq!(
                (missed[0].offset, &missed[0].steps),
                (offset, &steps.iter().map(ToString::to_string).collect()),
                "{source}"
            );
            if !source.contains("//") {
                assert_eq!(missed[0].within, within, "{source}");
            }
        }
    }

    #[test]
    fn bare_names_in_a_choice_filter_are_columns() {
        let standpoint = Standpoint {
            own: Some(2),
            on_choice: true,
        };
        let filter = Expression::parse("city = ${a} and selected(current()/../kept, name)").unwrap();
        let reach = filter.reach(&Form, standpoint);
        assert_eq!(reach.columns, [(0, "city".to_owned()), (44, "name".to_owned())]);
        assert_eq!((reach.elements, reach.missed), (vec![3], vec![]));
    }
}
