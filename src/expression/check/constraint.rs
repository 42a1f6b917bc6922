//! A constraint that is violated because another question is empty.
//!
//! `. <= ${turnover}` is false, and so violated, while turnover has no answer: the comparison is with NaN. No engine
//! forgives that, so the constraint must say it: `${turnover} = '' or . <= ${turnover}`.

use super::super::ast::{Expr, Operator};
use super::super::reproducible::for_each_child;
use super::super::signature::Function;
use super::{Checker, FindingKind, is_own};

/// Looks for such comparisons; `guarded` are the names that are known not to be empty here.
pub(super) fn check<'a>(checker: &mut Checker<'a>, expr: &'a Expr, guarded: &[&'a str]) {
    match expr {
        Expr::Or(terms) | Expr::And(terms) => {
            let mut guarded = guarded.to_vec();
            guarded.extend(terms.iter().filter_map(|term| tested_for_empty(checker, term)));
            for term in terms {
                check(checker, term, &guarded);
            }
        }
        Expr::Call(call) if call.function == Some(Function::If) => {
            let mut guarded = guarded.to_vec();
            if let Some(condition) = call.arguments.first() {
                guarded.extend(tests_within(checker, condition));
            }
            for argument in &call.arguments {
                check(checker, argument, &guarded);
            }
        }
        Expr::Chain(first, rest) => {
            let mut left: &Expr = first;
            for (operator, right) in rest {
                if operator.is_comparison() && *operator != Operator::NotEqual {
                    for (one, other) in [(left, right), (right, left)] {
                        if mentions_own(one) {
                            report(checker, other, guarded);
                        }
                    }
                }
                left = right;
            }
            for_each_child(expr, &mut |child| check(checker, child, guarded));
        }
        _ => for_each_child(expr, &mut |child| check(checker, child, guarded)),
    }
}

/// Reports every question in one side of a comparison that may be empty.
fn report<'a>(checker: &mut Checker<'a>, side: &'a Expr, guarded: &[&'a str]) {
    if let Some(reference) = checker.reference(side) {
        let may_be_empty = (checker.surroundings.facts)(reference).is_some_and(|facts| facts.may_be_empty);
        if may_be_empty && !guarded.contains(&reference.name.as_str()) {
            let name = &reference.name;
            checker.find(
                FindingKind::Portability,
                reference.offset,
                format!("this constraint is violated while ${{{name}}} is empty"),
                Some(format!("write (${{{name}}} = '' or …)")),
            );
        }
        return;
    }
    match side {
        // These have a value also where their arguments have none.
        Expr::Call(call)
            if matches!(
                call.function,
                Some(Function::Coalesce | Function::If | Function::Count | Function::CountNonEmpty)
            ) => {}
        _ => for_each_child(side, &mut |child| report(checker, child, guarded)),
    }
}

fn mentions_own(expr: &Expr) -> bool {
    let mut mentions = is_own(expr);
    for_each_child(expr, &mut |child| mentions |= mentions_own(child));
    mentions
}

/// The question of `${name} = ''`, also the other way round, as `!= ''` and by its length.
pub(super) fn tested_for_empty<'a>(checker: &Checker<'a>, expr: &'a Expr) -> Option<&'a str> {
    let Expr::Chain(left, rest) = expr else { return None };
    let [(operator, right)] = rest.as_slice() else {
        return None;
    };
    if !operator.is_comparison() {
        return None;
    }
    let is_empty = |expr: &Expr| matches!(expr, Expr::Literal(text, _) if text.is_empty());
    let tested = if is_empty(right) {
        left
    } else if is_empty(left) {
        right
    } else if let Expr::Call(call) = &**left
        && call.function == Some(Function::StringLength)
    {
        call.arguments.first()?
    } else {
        return None;
    };
    checker.reference(tested).map(|reference| reference.name.as_str())
}

/// All questions that are tested for being empty anywhere in a condition.
pub(super) fn tests_within<'a>(checker: &Checker<'a>, expr: &'a Expr) -> Vec<&'a str> {
    let mut found: Vec<&str> = tested_for_empty(checker, expr).into_iter().collect();
    for_each_child(expr, &mut |child| found.extend(tests_within(checker, child)));
    found
}
