//! The tokens of an expression, for what is done to its text: finding paths, and putting another name for `.`.
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

impl Token<'_> {
    /// Whether an operand can end with this token, so that an operator follows.
    fn ends_operand(self) -> bool {
        match self {
            Self::Literal(_) | Self::Reference(_) | Self::Name(_) | Self::Number(_) | Self::Dot | Self::Parent => true,
            Self::Sign(sign) => matches!(sign, ")" | "]"),
            Self::Slash => false,
        }
    }
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

/// Where a path begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// At the top of the form; the first step is the name of the form's root.
    Root,
    /// At the question that the expression belongs to, this many levels up.
    Up(usize),
    /// A bare name: a child of the question itself, or, in a choice filter, a column of the choice.
    Bare,
}

/// A path outside of predicates, without its own predicates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path<'s> {
    /// Where it stands.
    pub offset: usize,
    /// Where it begins.
    pub start: Start,
    /// The names of its steps.
    pub steps: Vec<&'s str>,
}

/// The paths of an expression. What is within a predicate is about other nodes, and left out.
pub(super) fn paths(source: &str) -> Vec<Path<'_>> {
    let tokens = tokens(source);
    let mut paths = Vec::new();
    let mut depth = 0_usize;
    let mut at = 0;
    let mut after_operand = false;
    while let Some((offset, token)) = tokens.get(at).copied() {
        let before = at
            .checked_sub(1)
            .and_then(|before| tokens.get(before))
            .map(|(_, token)| *token);
        let operand = !after_operand;
        // After an operand a word is an operator.
        after_operand = token.ends_operand() && !(after_operand && matches!(token, Token::Name(_)));
        let after_slash = before == Some(Token::Slash);
        let next = tokens.get(at + 1).map(|(_, token)| *token);
        match token {
            Token::Sign("[") => depth += 1,
            Token::Sign("]") => depth = depth.saturating_sub(1),
            _ if depth > 0 || after_slash => {}
            Token::Slash if operand => {
                let (steps, end) = steps(&tokens, at);
                paths.push(Path {
                    offset,
                    start: Start::Root,
                    steps,
                });
                at = end;
                after_operand = true;
                continue;
            }
            Token::Dot | Token::Parent if operand => {
                let mut up = usize::from(token == Token::Parent);
                at += 1;
                while let (Some((_, Token::Slash)), Some((_, Token::Parent))) = (tokens.get(at), tokens.get(at + 1)) {
                    up += 1;
                    at += 2;
                }
                let (steps, end) = steps(&tokens, at);
                paths.push(Path {
                    offset,
                    start: Start::Up(up),
                    steps,
                });
                at = end;
                after_operand = true;
                continue;
            }
            Token::Name("current") if next == Some(Token::Sign("(")) => {
                at += 3;
                let mut up = 0;
                while let (Some((_, Token::Slash)), Some((_, step @ (Token::Parent | Token::Dot)))) =
                    (tokens.get(at), tokens.get(at + 1))
                {
                    up += usize::from(*step == Token::Parent);
                    at += 2;
                }
                let (steps, end) = steps(&tokens, at);
                paths.push(Path {
                    offset,
                    start: Start::Up(up),
                    steps,
                });
                at = end;
                after_operand = true;
                continue;
            }
            Token::Name(name) if operand && !matches!(next, Some(Token::Sign("(" | "::"))) => {
                let (mut steps, end) = steps(&tokens, at + 1);
                steps.insert(0, name);
                paths.push(Path {
                    offset,
                    start: Start::Bare,
                    steps,
                });
                at = end;
                after_operand = true;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    paths
}

/// The names after slashes from here on, passing over predicates, and where they end.
fn steps<'s>(tokens: &[(usize, Token<'s>)], mut at: usize) -> (Vec<&'s str>, usize) {
    let mut steps = Vec::new();
    loop {
        match (
            tokens.get(at).map(|(_, token)| *token),
            tokens.get(at + 1).map(|(_, token)| *token),
        ) {
            (Some(Token::Slash), Some(Token::Name(name))) => {
                steps.push(name);
                at += 2;
            }
            (Some(Token::Sign("[")), _) => {
                let mut depth = 0_usize;
                while let Some((_, token)) = tokens.get(at) {
                    at += 1;
                    match token {
                        Token::Sign("[") => depth += 1,
                        Token::Sign("]") => depth -= 1,
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                }
            }
            (Some(Token::Slash), _) => return (steps, at + 1),
            _ => return (steps, at),
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

    fn found(source: &str) -> Vec<(Start, String)> {
        paths(source)
            .into_iter()
            .map(|path| (path.start, path.steps.join("/")))
            .collect()
    }

    #[test]
    fn paths_are_found_outside_of_predicates_and_literals() {
        assert_eq!(
            found("sum(/data/products[share > 0]/share) div 2"),
            [(Start::Root, "data/products/share".to_owned())]
        );
        assert_eq!(
            found(". >= 0 and . <= ${turnover}"),
            [(Start::Up(0), String::new()), (Start::Up(0), String::new())]
        );
        assert_eq!(
            found("../../a/b + current()/../c"),
            [(Start::Up(2), "a/b".to_owned()), (Start::Up(1), "c".to_owned())]
        );
        assert_eq!(
            found("turnover div staff - 3.5"),
            [(Start::Bare, "turnover".to_owned()), (Start::Bare, "staff".to_owned())]
        );
        assert_eq!(found("selected(${a}, 'x/y') or true()"), []);
        assert_eq!(found("instance('cities')/root/item[name = ${city}]/label"), []);
    }

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
