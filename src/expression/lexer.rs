//! Text to tokens, by the rules of XPath 1.0 section 3.7.

use super::error::SyntaxError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Literal(Box<str>),
    /// A name, with its prefix.
    Name(Option<Box<str>>, Box<str>),
    /// `prefix:*`
    NamespaceStar(Box<str>),
    /// `*` where a name stands.
    Star,
    Reference(Box<str>),
    Symbol(Symbol),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Symbol {
    Open,
    Close,
    OpenBracket,
    CloseBracket,
    Dot,
    DotDot,
    At,
    Comma,
    ColonColon,
    Slash,
    SlashSlash,
    Pipe,
    Plus,
    Minus,
    Times,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    And,
    Or,
    Div,
    Mod,
}

impl Symbol {
    /// Whether a name or `*` after it is a name and not an operator.
    fn expects_operand(self) -> bool {
        !matches!(self, Self::Close | Self::CloseBracket | Self::Dot | Self::DotDot)
    }
}

/// A token and the byte offset where it starts.
pub(super) type Placed = (Token, usize);

pub(super) fn tokens(source: &str) -> Result<Vec<Placed>, SyntaxError> {
    let mut lexer = Lexer {
        source,
        at: 0,
        tokens: Vec::new(),
    };
    while lexer.skip_space() {
        let start = lexer.at;
        let token = lexer.token()?;
        lexer.tokens.push((token, start));
    }
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    source: &'a str,
    at: usize,
    tokens: Vec<Placed>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Moves to the next token; false at the end. Non-breaking spaces, which spreadsheets bring, count as white space.
    fn skip_space(&mut self) -> bool {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
        self.at < self.source.len()
    }

    fn fail<T>(offset: usize, message: impl Into<String>, help: Option<&str>) -> Result<T, SyntaxError> {
        Err(SyntaxError {
            offset,
            message: message.into(),
            help: help.map(ToOwned::to_owned),
        })
    }

    /// Whether an operator can stand here: after an operand.
    fn after_operand(&self) -> bool {
        match self.tokens.last() {
            None => false,
            Some((Token::Symbol(symbol), _)) => !symbol.expects_operand(),
            Some(_) => true,
        }
    }

    fn token(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        let rest = self.rest();
        if let Some((text, symbol)) = SYMBOLS.iter().find(|(text, _)| rest.starts_with(text))
            && !(*symbol == Symbol::Dot && rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit()))
        {
            self.at += text.len();
            return Ok(match symbol {
                Symbol::Times if !self.after_operand() => Token::Star,
                symbol => Token::Symbol(*symbol),
            });
        }
        match self.peek() {
            Some('"') => self.literal('"'),
            Some('\'') => self.literal('\''),
            Some('0'..='9' | '.') => Ok(self.number()),
            Some('$') => self.reference(),
            Some(c) if is_name_start(c) => Ok(self.name()),
            Some('“' | '”' | '‘' | '’' | '＂') => Self::fail(
                start,
                "this quotation mark is typographic",
                Some("use the plain ' or \""),
            ),
            Some('&') => Self::fail(start, "'&' is not an operator", Some("write 'and'")),
            Some('!') => Self::fail(
                start,
                "'!' is not an operator",
                Some("write 'not(…)', or '!=' for unequal"),
            ),
            Some('%') => Self::fail(start, "'%' is not an operator", Some("write 'mod' for the remainder")),
            Some('（' | '）' | '，' | '＝' | '＜' | '＞') => Self::fail(
                start,
                "this sign is full-width",
                Some("write it in half-width: ( ) , = < >"),
            ),
            Some(c) => Self::fail(start, format!("unexpected character '{c}'"), None),
            None => Self::fail(start, "the expression ends too early", None),
        }
    }

    fn literal(&mut self, quote: char) -> Result<Token, SyntaxError> {
        let start = self.at;
        let body = self.rest().get(1..).unwrap_or_default();
        let Some(length) = body.find(quote) else {
            return Self::fail(
                start,
                "this text is never closed",
                Some("end it with the same quotation mark"),
            );
        };
        self.at += length + 2;
        Ok(Token::Literal(body.get(..length).unwrap_or_default().into()))
    }

    /// Digits with a point before, among or after them, and an exponent, which XPath lacks but both field engines read.
    fn number(&mut self) -> Token {
        let rest = self.rest();
        let digits = |from: usize| {
            rest.get(from..)
                .map_or(0, |tail| tail.bytes().take_while(u8::is_ascii_digit).count())
        };
        let mut length = digits(0);
        if rest.as_bytes().get(length) == Some(&b'.') {
            length += 1 + digits(length + 1);
        }
        if matches!(rest.as_bytes().get(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(rest.as_bytes().get(length + 1), Some(b'-' | b'+')));
            let power = digits(length + 1 + sign);
            if power > 0 {
                length += 1 + sign + power;
            }
        }
        self.at += length;
        Token::Number(
            rest.get(..length)
                .and_then(|text| text.parse().ok())
                .unwrap_or(f64::NAN),
        )
    }

    fn reference(&mut self) -> Result<Token, SyntaxError> {
        let start = self.at;
        let rest = self.rest();
        let Some(body) = rest.strip_prefix("${") else {
            return Self::fail(start, "'$' without braces", Some("write a question as ${name}"));
        };
        let Some(length) = body.find('}') else {
            return Self::fail(start, "this '${' is never closed", Some("write a question as ${name}"));
        };
        let name = body.get(..length).unwrap_or_default().trim();
        let named = name.rsplit_once('#').map_or(name, |(_, name)| name);
        if !named.chars().next().is_some_and(is_name_start) || !named.chars().all(|c| is_name_part(c) || c == ':') {
            return Self::fail(
                start,
                format!("'{name}' is not the name of a question"),
                Some("write ${name}"),
            );
        }
        self.at += length + 3;
        Ok(Token::Reference(name.into()))
    }

    fn name(&mut self) -> Token {
        if self.after_operand()
            && let Some(symbol) = self.operator_name()
        {
            return Token::Symbol(symbol);
        }
        let first = self.name_part();
        let rest = self.rest();
        if let Some(tail) = rest.strip_prefix(':')
            && !tail.starts_with(':')
        {
            if tail.starts_with('*') {
                self.at += 2;
                return Token::NamespaceStar(first.into());
            }
            if tail.chars().next().is_some_and(is_name_start) {
                self.at += 1;
                return Token::Name(Some(first.into()), self.name_part().into());
            }
        }
        Token::Name(None, first.into())
    }

    /// `and`, `or`, `div`, `mod` after an operand, also where a digit follows at once: `2mod1`.
    fn operator_name(&mut self) -> Option<Symbol> {
        let rest = self.rest();
        let (text, symbol) = [
            ("and", Symbol::And),
            ("or", Symbol::Or),
            ("div", Symbol::Div),
            ("mod", Symbol::Mod),
        ]
        .into_iter()
        .find(|(text, _)| rest.starts_with(text))?;
        let next = rest.get(text.len()..)?.chars().next();
        if next.is_some_and(|c| is_name_start(c) || c == ':') {
            return None;
        }
        self.at += text.len();
        Some(symbol)
    }

    fn name_part(&mut self) -> &'a str {
        let rest = self.rest();
        let length = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }
}

/// Longer signs before their beginnings.
const SYMBOLS: [(&str, Symbol); 21] = [
    ("//", Symbol::SlashSlash),
    ("..", Symbol::DotDot),
    ("::", Symbol::ColonColon),
    ("!=", Symbol::NotEqual),
    ("<=", Symbol::LessOrEqual),
    (">=", Symbol::GreaterOrEqual),
    ("(", Symbol::Open),
    (")", Symbol::Close),
    ("[", Symbol::OpenBracket),
    ("]", Symbol::CloseBracket),
    (".", Symbol::Dot),
    ("@", Symbol::At),
    (",", Symbol::Comma),
    ("/", Symbol::Slash),
    ("|", Symbol::Pipe),
    ("+", Symbol::Plus),
    ("-", Symbol::Minus),
    ("*", Symbol::Times),
    ("=", Symbol::Equal),
    ("<", Symbol::Less),
    (">", Symbol::Greater),
];

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{b7}')
}
