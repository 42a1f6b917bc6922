//! `regex(text, pattern)`: whether the pattern occurs in the text, as the specification has it.
//!
//! JavaRosa wants the pattern to match the whole text: anchored patterns, `^…$`, mean the same everywhere. Classes such
//! as `\d` are of ASCII, as in Java and JavaScript. A pattern that is written out is compiled once, when the expression
//! is parsed; others are kept compiled.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use regex::{Regex, RegexBuilder};

use super::super::tree::Tree;
use super::super::value::Value;
use super::{Arguments, Outcome};

/// How many computed patterns are kept.
const KEPT: usize = 256;

static COMPILED: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);

pub(super) fn regex<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let text = of.string(0)?;
    if let Some(pattern) = &of.call.pattern {
        return Ok(Value::Boolean(pattern.is_match(&text)));
    }
    let pattern = of.string(1)?;
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = compiled.get(&*pattern) {
        return Ok(Value::Boolean(known.is_match(&text)));
    }
    let fresh = compile(&pattern).map_err(|message| of.wrong(message))?;
    if compiled.len() >= KEPT {
        compiled.clear();
    }
    let matches = fresh.is_match(&text);
    compiled.insert(pattern.into_owned(), fresh);
    Ok(Value::Boolean(matches))
}

/// Compiles a pattern; the error is a sentence.
pub(in super::super) fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(&in_ascii(pattern))
        .size_limit(1 << 20)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => format!("the pattern '{pattern}' is too large"),
            _ => format!("'{pattern}' is not a regular expression"),
        })
}

/// The pattern with `\d`, `\w` and their opposites written out, since Java and JavaScript mean ASCII by them.
fn in_ascii(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut characters = pattern.chars();
    while let Some(c) = characters.next() {
        if c != '\\' {
            text.push(c);
            continue;
        }
        match characters.next() {
            Some('d') => text.push_str("[0-9]"),
            Some('D') => text.push_str("[^0-9]"),
            Some('w') => text.push_str("[0-9A-Za-z_]"),
            Some('W') => text.push_str("[^0-9A-Za-z_]"),
            Some('/') => text.push('/'),
            Some(escaped) => text.extend(['\\', escaped]),
            None => text.push('\\'),
        }
    }
    text
}
