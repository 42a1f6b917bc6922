//! The tokens of an expression, for what is done to its text: putting another name for `.`.
//!
//! Parsing and evaluating are the business of [`crate::expression`]; what is scanned here was parsed there before.

/// A part of an expression's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'s> {
    /// `'text'` or `"text"`, without the quotes.
    Literal(&'s str),
    /// `${name}`: the name.
    Reference(&'s str),
    /// A name of an element or function, or an operator that is a word.
    Name(&'s str),
    /// A number.
    Number(&'s str),
    /// `.`
    Dot,
    /// `..`
    Parent,
    /// `/`; `//` is two of them.
    Slash,
    /// Any other sign; of two characters only `!=`, `<=`, `>=` and `::`.
    Sign(&'s str),
}

/// The tokens with their byte offsets.
pub(super) fn tokens(source: &str) -> Vec<(usize, Token<'_>)> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..).filter(|rest| !rest.is_empty()) {
        let (length, token) = token(rest);
        if let Some(token) = token {
            tokens.push((at, token));
        }
        at += length;
    }
    tokens
}

fn token(rest: &str) -> (usize, Option<Token<'_>>) {
    let until = |from: usize, end: fn(char) -> bool| {
        rest.char_indices()
            .skip_while(|(at, _)| *at < from)
            .find(|(_, next)| end(*next))
            .map_or(rest.len(), |(at, _)| at)
    };
    let part = |from: usize, to: usize| rest.get(from..to).unwrap_or_default();
    let Some(first) = rest.chars().next() else {
        return (rest.len(), None);
    };
    let width = first.len_utf8();
    match first {
        _ if first.is_whitespace() => (width, None),
        '\'' | '"' => {
            let end = rest
                .get(1..)
                .and_then(|inner| inner.find(first))
                .map_or(rest.len(), |end| end + 1);
            (end + 1, Some(Token::Literal(part(1, end))))
        }
        '$' if rest.starts_with("${") => {
            let end = rest.find('}').unwrap_or(rest.len());
            (end + 1, Some(Token::Reference(part(2, end).trim())))
        }
        '/' => (1, Some(Token::Slash)),
        '.' if rest.starts_with("..") => (2, Some(Token::Parent)),
        '0'..='9' | '.' => {
            let end = until(0, |next| !next.is_ascii_digit() && next != '.');
            (
                end,
                Some(if end == 1 && first == '.' {
                    Token::Dot
                } else {
                    Token::Number(part(0, end))
                }),
            )
        }
        _ if first.is_alphabetic() || first == '_' => {
            let mut end = until(0, |next| !next.is_alphanumeric() && !"_-.:".contains(next));
            if let Some(axis) = part(0, end).find("::") {
                end = axis;
            }
            (end, Some(Token::Name(part(0, end))))
        }
        _ => {
            let two = rest.get(..2).filter(|two| ["!=", "<=", ">=", "::"].contains(two));
            let length = two.map_or(width, str::len);
            (length, Some(Token::Sign(part(0, length))))
        }
    }
}

/// The expression with every `.` that means the question itself replaced, as in `. > 3` and `./x`.
pub(super) fn replace_dot(source: &str, by: &str) -> String {
    let tokens = tokens(source);
    let mut replaced = String::with_capacity(source.len() + by.len());
    let mut depth = 0_usize;
    let mut copied = 0;
    for (position, (offset, token)) in tokens.iter().enumerate() {
        let after_slash = position
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .is_some_and(|(_, token)| *token == Token::Slash);
        match token {
            Token::Sign("[") => depth += 1,
            Token::Sign("]") => depth = depth.saturating_sub(1),
            Token::Dot if depth == 0 && !after_slash => {
                replaced.push_str(source.get(copied..*offset).unwrap_or_default());
                replaced.push_str(by);
                copied = offset + 1;
            }
            _ => {}
        }
    }
    replaced.push_str(source.get(copied..).unwrap_or_default());
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dot_of_the_question_is_replaced_and_no_other() {
        assert_eq!(
            replace_dot(". > 0.5 * ${t} and 'a.b' != .", "${q}"),
            "${q} > 0.5 * ${t} and 'a.b' != ${q}"
        );
        assert_eq!(
            replace_dot("count(instance('x')/root/item[. = current()/.]) = ../n", "${q}"),
            "count(instance('x')/root/item[. = current()/.]) = ../n"
        );
    }
}
