//! Whether evaluating again, elsewhere and later, gives the same value.

use super::ast::{Call, Expr, Start};
use super::signature::Function;
use super::{Expression, functions};

/// Something that an expression looks up in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookedUp {
    /// The list's name, without the extension of a file.
    pub list: String,
    /// The column that `pulldata()` reads, where the expression names one.
    pub column: Option<String>,
}

impl Expression {
    /// Whether the value follows from the answers and the response's own time alone. It does not where the expression
    /// uses what only the device or the moment of filling in knew: random numbers, `uuid()`, `once()`, properties of
    /// the device, labels and names in the language of the phone. Such a calculation is kept as it was received.
    ///
    /// `today()` and `now()` are the response's own time, which the caller's environment gives: they are reproducible.
    /// So is `pulldata()` from a list that is frozen with the definition, and `version()`.
    ///
    /// ```
    /// use innogauge::expression::Expression;
    /// assert!(Expression::parse("${a} + 1")?.is_reproducible());
    /// assert!(Expression::parse("format-date(today(), '%Y-%m-%d')")?.is_reproducible());
    /// assert!(!Expression::parse("format-date(today(), '%e %b')")?.is_reproducible());
    /// assert!(!Expression::parse("once(random())")?.is_reproducible());
    /// # Ok::<(), innogauge::expression::SyntaxError>(())
    /// ```
    pub fn is_reproducible(&self) -> bool {
        let mut reproducible = !self
            .references()
            .iter()
            .any(|reference| reference.name.starts_with("last-saved#"));
        each_call(&self.inner.root, &mut |call| reproducible &= call_is_reproducible(call));
        reproducible
    }

    /// The lists that the expression looks into by name: what it asks of them by `pulldata()`, and by `instance()`.
    ///
    /// ```
    /// use innogauge::expression::{Expression, LookedUp};
    /// let formula = Expression::parse("pulldata('firms', 'city', 'code', ${code})")?;
    /// let looked_up = LookedUp { list: "firms".into(), column: Some("city".into()) };
    /// assert_eq!(formula.looked_up(), [looked_up]);
    /// # Ok::<(), innogauge::expression::SyntaxError>(())
    /// ```
    pub fn looked_up(&self) -> Vec<LookedUp> {
        let mut found = Vec::new();
        each_call(&self.inner.root, &mut |call| {
            let literal = |number: usize| match call.arguments.get(number) {
                Some(Expr::Literal(text, _)) => Some(text.to_string()),
                _ => None,
            };
            let column = match call.function {
                Some(Function::Pulldata) => literal(1),
                Some(Function::Instance) => None,
                _ => return,
            };
            if let Some(list) = literal(0) {
                let list = list.strip_suffix(".csv").unwrap_or(&list).to_owned();
                found.push(LookedUp { list, column });
            }
        });
        found
    }

    /// Whether the expression uses `today()` or `now()`.
    pub fn reads_clock(&self) -> bool {
        let mut reads = false;
        each_call(&self.inner.root, &mut |call| {
            reads |= matches!(call.function, Some(Function::Today | Function::Now));
        });
        reads
    }
}

fn call_is_reproducible(call: &Call) -> bool {
    match call.function {
        Some(
            Function::Random
            | Function::Uuid
            | Function::Once
            | Function::Randomize
            | Function::Property
            | Function::ChoiceName
            | Function::Itext
            | Function::ExtractSigned,
        ) => false,
        Some(Function::FormatDate | Function::FormatDateTime) => match call.arguments.get(1) {
            Some(Expr::Literal(format, _)) => !functions::contains_name_of_day_or_month(format),
            _ => false,
        },
        _ => true,
    }
}

/// Visits every call in an expression.
fn each_call(expr: &Expr, visit: &mut dyn FnMut(&Call)) {
    if let Expr::Call(call) = expr {
        visit(call);
    }
    for_each_child(expr, &mut |child| each_call(child, visit));
}

/// Visits the direct parts of an expression.
pub(super) fn for_each_child<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e Expr)) {
    match expr {
        Expr::Number(_) | Expr::Literal(..) | Expr::Reference(_) => {}
        Expr::Or(terms) | Expr::And(terms) | Expr::Union(terms) => terms.iter().for_each(visit),
        Expr::Chain(first, rest) => {
            visit(first);
            for (_, operand) in rest {
                visit(operand);
            }
        }
        Expr::Negate(operand) => visit(operand),
        Expr::Filter(base, predicates) => {
            visit(base);
            predicates.iter().for_each(visit);
        }
        Expr::Call(call) => call.arguments.iter().for_each(visit),
        Expr::Path(path) => {
            if let Start::Expr(base) = &path.start {
                visit(base);
            }
            path.steps.iter().flat_map(|step| &step.predicates).for_each(visit);
        }
    }
}
