//! Whether a default is an expression or a value, told as pyxform tells it.

use crate::definition::question_type::QuestionType;

/// Whether a default is an expression: it names a question, calls a function, or calculates. In dates and places a
/// hyphen is no minus.
pub(super) fn is_dynamic(default: &str, question_type: &QuestionType) -> bool {
    let hyphened = matches!(
        question_type,
        QuestionType::Date
            | QuestionType::DateTime
            | QuestionType::Geopoint
            | QuestionType::Geotrace
            | QuestionType::Geoshape
    );
    let mut rest = default;
    while let Some(token) = token(rest) {
        match token {
            Token::Minus if hyphened => return false,
            Token::Minus | Token::Expression => return true,
            Token::Other(length) => rest = rest.get(length..).unwrap_or_default(),
        }
    }
    false
}

enum Token {
    /// What only an expression has.
    Expression,
    /// A sign that may be a minus.
    Minus,
    /// Anything else, and its length.
    Other(usize),
}

fn token(rest: &str) -> Option<Token> {
    let first = rest.chars().next()?;
    if let Some(length) = moment(rest).or_else(|| number(rest)) {
        return Some(Token::Other(length));
    }
    Some(match first {
        '+' | '*' | '|' => Token::Expression,
        '-' => Token::Minus,
        ' ' if rest.starts_with(" mod ") || rest.starts_with(" div ") => Token::Expression,
        '\'' | '"' => Token::Other(
            rest.get(1..)
                .and_then(|inner| inner.find(first))
                .map_or(1, |end| end + 2),
        ),
        '$' if is_reference(rest) => Token::Expression,
        _ if first.is_alphabetic() || first == '_' => {
            let end = rest
                .find(|next: char| !next.is_alphanumeric() && !"_-.:".contains(next))
                .unwrap_or(rest.len());
            let called = rest.get(end..).is_some_and(|after| after.starts_with('('));
            if called { Token::Expression } else { Token::Other(end) }
        }
        _ => Token::Other(first.len_utf8()),
    })
}

fn is_reference(rest: &str) -> bool {
    let name = rest.strip_prefix("${").and_then(|rest| rest.split_once('}'));
    name.is_some_and(|(name, _)| {
        let name = name.strip_prefix("last-saved#").unwrap_or(name);
        crate::definition::check::is_name(name)
    })
}

/// The length of the date or the time of day that a text begins with.
fn moment(text: &str) -> Option<usize> {
    let signed = usize::from(text.starts_with('-'));
    let date = fits(text.get(signed..)?, "dddd-dd-dd").then_some(signed + 10);
    match date {
        Some(length) if text.get(length..).is_some_and(|rest| rest.starts_with('T')) => {
            Some(length + 1 + time(text.get(length + 1..)?).unwrap_or(0))
        }
        Some(length) => Some(length),
        None => time(text),
    }
}

fn time(text: &str) -> Option<usize> {
    fits(text, "dd:dd:dd").then(|| {
        let zone = text.get(8..).unwrap_or_default();
        let zoned = zone
            .strip_prefix(['+', '-'])
            .is_some_and(|offset| fits(offset, "dd:dd"));
        if zoned { 14 } else { 8 }
    })
}

/// Whether a text begins as a pattern says, in which `d` is a digit.
fn fits(text: &str, pattern: &str) -> bool {
    text.len() >= pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| {
            if wanted == b'd' {
                byte.is_ascii_digit()
            } else {
                byte == wanted
            }
        })
}

/// The length of the number, with its sign, that a text begins with.
fn number(text: &str) -> Option<usize> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let end = unsigned
        .find(|next: char| !next.is_ascii_digit() && next != '.')
        .unwrap_or(unsigned.len());
    let digits = unsigned.get(..end)?;
    digits
        .contains(|digit: char| digit.is_ascii_digit())
        .then_some(text.len() - unsigned.len() + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_from_expressions() {
        let text = |default: &str| is_dynamic(default, &QuestionType::Text);
        for value in [
            "1",
            "-1",
            "foo",
            "2026-11-26",
            "2026-11-26T10:00:00+08:00",
            "10:00:00",
            "'a + b'",
            "jr://images/a-b.jpg",
            "a-b",
            "中文",
            "1-1",
        ] {
            assert!(!text(value), "{value}");
        }
        for expression in [
            "1 + 1",
            "${q}",
            "${last-saved#q}",
            "now()",
            "uuid(12)",
            "4 mod 2",
            "a | b",
            "2 * 3",
            "if(1, 2, 3)",
        ] {
            assert!(text(expression), "{expression}");
        }
        assert!(text("a - b"));
        assert!(!is_dynamic("a - b", &QuestionType::Date));
    }
}
