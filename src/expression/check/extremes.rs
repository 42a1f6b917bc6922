//! `max()` and `min()` where one of several is empty.
//!
//! A phone passes it over, a browser comes to no number, as XForms has it. So an expression must say what counts then:
//! `max(coalesce(${a}, 0), ${b})`, or compare only what is there.

use super::super::ast::{Call, Expr};
use super::super::reproducible::for_each_child;
use super::super::signature::Function;
use super::constraint::{tested_for_empty, tests_within};
use super::{Checker, FindingKind};

/// Looks for such calls; `guarded` are the names that are known not to be empty here.
pub(super) fn check<'a>(checker: &mut Checker<'a>, expr: &'a Expr, guarded: &[&'a str]) {
    let mut guarded = guarded.to_vec();
    match expr {
        Expr::Or(terms) | Expr::And(terms) => {
            guarded.extend(terms.iter().filter_map(|term| tested_for_empty(checker, term)));
        }
        Expr::Call(call) => match call.function {
            Some(Function::If) => {
                let condition = call.arguments.first();
                guarded.extend(condition.into_iter().flat_map(|one| tests_within(checker, one)));
            }
            Some(Function::Max | Function::Min) if call.arguments.len() > 1 => report(checker, call, &guarded),
            _ => {}
        },
        _ => {}
    }
    for_each_child(expr, &mut |child| check(checker, child, &guarded));
}

/// Reports every question among the arguments that may be empty. Of nodes each is one of several by itself.
fn report<'a>(checker: &mut Checker<'a>, call: &'a Call, guarded: &[&'a str]) {
    for argument in &call.arguments {
        let Some(reference) = checker.reference(argument) else {
            continue;
        };
        let facts = (checker.surroundings.facts)(reference);
        let may_be_empty = facts.is_some_and(|facts| facts.may_be_empty && !facts.repeated);
        if may_be_empty && !guarded.contains(&reference.name.as_str()) {
            let (name, function) = (&reference.name, &call.name);
            checker.find(
                FindingKind::Portability,
                reference.offset,
                format!(
                    "while ${{{name}}} is empty, a phone passes it over in {function}(), and a browser gives no number"
                ),
                Some(format!("say what counts then: coalesce(${{{name}}}, 0)")),
            );
        }
    }
}
