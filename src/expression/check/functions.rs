//! Calls: names, the number of arguments, and arguments that are written out.

use super::super::ast::{Call, Expr};
use super::super::functions::unknown_date_format;
use super::super::signature::Function;
use super::{Checker, FindingKind};

pub(super) fn check(checker: &mut Checker<'_>, call: &Call) {
    let Some(function) = call.function else {
        let help = Function::suggestion(&call.name).map(|known| format!("did you mean '{known}'?"));
        checker.find(
            FindingKind::Error,
            call.offset,
            format!("unknown function '{}'", call.name),
            help,
        );
        return;
    };
    let given = call.arguments.len();
    if !function.arity().admits(given) {
        let message = format!("{}() takes {}, not {given}", call.name, function.arity().in_words());
        checker.find(FindingKind::Error, call.offset, message, None);
        return;
    }
    if let Some(instead) = unknown_to_phones(function) {
        let message = format!(
            "a phone has no function {}(): the form can't be opened there",
            call.name
        );
        checker.find(FindingKind::Portability, call.offset, message, Some(instead.to_owned()));
    }
    for (index, argument) in call.arguments.iter().enumerate() {
        if needs_nodes(function, index) {
            checker.needs_nodes(argument, &format!("{}()", call.name), call.offset);
        }
    }
    let pairs = match function {
        Function::IndexedRepeat if given.is_multiple_of(2) => "a question, then pairs of a repeat and a number",
        Function::WeightedChecklist if !given.is_multiple_of(2) => {
            "two bounds, then pairs of a condition and its weight"
        }
        _ => "",
    };
    if !pairs.is_empty() {
        checker.find(
            FindingKind::Error,
            call.offset,
            format!("{}() takes {pairs}", call.name),
            None,
        );
    }
    match (function, call.arguments.get(1)) {
        (Function::Coalesce, _) if given != 2 => checker.find(
            FindingKind::Portability,
            call.offset,
            format!("a phone takes coalesce() with two arguments only, not {given}"),
            Some("nest them: coalesce(a, coalesce(b, c))".to_owned()),
        ),
        (Function::Regex, Some(Expr::Literal(pattern, offset))) if !is_anchored(pattern) => checker.find(
            FindingKind::Portability,
            *offset,
            "a phone wants this pattern to match the whole text, a browser looks for it anywhere",
            Some("write '^…$' for the whole text, '.*…' and '….*' for anywhere".to_owned()),
        ),
        (Function::FormatDate | Function::FormatDateTime, Some(Expr::Literal(format, offset))) => {
            if let Some(part) = unknown_date_format(format) {
                let message = format!("the format of {}() has an unknown part '{part}'", call.name);
                checker.find(
                    FindingKind::Error,
                    *offset,
                    message,
                    Some("%Y %m %d %H %M %S and the like".to_owned()),
                );
            }
        }
        (Function::Digest, Some(Expr::Literal(algorithm, offset))) => {
            let known = ["MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512"];
            if !known.contains(&algorithm.to_ascii_uppercase().as_str()) {
                let message = format!("unknown algorithm '{algorithm}'");
                checker.find(
                    FindingKind::Error,
                    *offset,
                    message,
                    Some(format!("one of {}", known.join(", "))),
                );
            }
        }
        _ => {}
    }
}

/// What to do without a function of XPath that JavaRosa does not have.
fn unknown_to_phones(function: Function) -> Option<&'static str> {
    Some(match function {
        Function::Floor => "write round(x - 0.5), or int(x) of what is not negative",
        Function::Ceiling => "write -round(-x - 0.5)",
        Function::Substring => "write substr(), which counts from 0 and takes the end, not a length",
        Function::Last => "count the nodes: count(…)",
        Function::Id | Function::Name | Function::LocalName | Function::NamespaceUri | Function::Lang => {
            "name the question instead"
        }
        _ => return None,
    })
}

/// Whether a pattern means the same to an engine that matches whole texts and to one that searches.
fn is_anchored(pattern: &str) -> bool {
    let starts = pattern.starts_with('^') || pattern.starts_with(".*");
    let ends = (pattern.ends_with('$') && !pattern.ends_with("\\$")) || pattern.ends_with(".*");
    starts && ends
}

/// Whether an argument must be nodes.
fn needs_nodes(function: Function, index: usize) -> bool {
    match function {
        Function::Count
        | Function::CountNonEmpty
        | Function::Sum
        | Function::Position
        | Function::Name
        | Function::LocalName
        | Function::NamespaceUri => true,
        Function::Randomize => index == 0,
        Function::IndexedRepeat => index == 0 || index % 2 == 1,
        _ => false,
    }
}

/// Whether an argument can be any number of nodes.
pub(super) fn takes_nodes(function: Function, index: usize) -> bool {
    needs_nodes(function, index)
        || match function {
            Function::Min
            | Function::Max
            | Function::Concat
            | Function::Id
            | Function::Area
            | Function::EnclosedArea
            | Function::Distance
            | Function::Depend => true,
            Function::Join => index > 0,
            _ => false,
        }
}
