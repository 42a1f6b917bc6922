//! Tokens to an expression: recursive descent over the grammar of XPath 1.0.

use super::ast::{Axis, Call, Expr, NodeTest, Operator, Path, ReferenceIndex, Start, Step};
use super::bind::Reference;
use super::error::SyntaxError;
use super::functions;
use super::lexer::{self, Placed, Symbol, Token};
use super::signature::Function;

/// How deep parentheses, brackets and calls may nest. Real forms reach some thirty.
const MAXIMUM_DEPTH: usize = 100;

/// How long an expression may be, in bytes.
const MAXIMUM_LENGTH: usize = 1 << 16;

pub(super) fn parse(source: &str) -> Result<(Expr, Vec<Reference>), SyntaxError> {
    if source.len() > MAXIMUM_LENGTH {
        return Err(SyntaxError {
            offset: MAXIMUM_LENGTH,
            message: "the expression is too long".into(),
            help: None,
        });
    }
    let tokens = lexer::tokens(source)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        end: source.len(),
        depth: 0,
        references: Vec::new(),
    };
    let root = parser.expression()?;
    match parser.tokens.get(parser.at) {
        None => Ok((root, parser.references)),
        Some((token, offset)) => Err(parser.surplus(&token.clone(), *offset)),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    at: usize,
    end: usize,
    depth: usize,
    references: Vec<Reference>,
}

type Parsed<T> = Result<T, SyntaxError>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.at + 1).map(|(token, _)| token)
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(_, offset)| *offset)
    }

    fn sees(&self, symbol: Symbol) -> bool {
        self.peek() == Some(&Token::Symbol(symbol))
    }

    fn accept(&mut self, symbol: Symbol) -> bool {
        let found = self.sees(symbol);
        self.at += usize::from(found);
        found
    }

    fn accept_any<T: Copy>(&mut self, known: &[(Symbol, T)]) -> Option<T> {
        let found = known
            .iter()
            .find(|(symbol, _)| self.sees(*symbol))
            .map(|(_, value)| *value);
        self.at += usize::from(found.is_some());
        found
    }

    fn error<T>(&self, message: impl Into<String>, help: Option<&str>) -> Parsed<T> {
        Err(SyntaxError {
            offset: self.offset(),
            message: message.into(),
            help: help.map(ToOwned::to_owned),
        })
    }

    /// What to say of a token that an expression was complete before.
    fn surplus(&self, token: &Token, offset: usize) -> SyntaxError {
        let (message, help) = match token {
            Token::Symbol(Symbol::Close) => ("this parenthesis closes none".to_owned(), None),
            Token::Symbol(Symbol::CloseBracket) => ("this bracket closes none".to_owned(), None),
            Token::Symbol(Symbol::Equal) => ("'=' is not expected here".to_owned(), Some("equality is a single '='")),
            Token::Name(None, name) if matches!(&*name.to_lowercase(), "and" | "or" | "div" | "mod") => (
                format!("unexpected '{name}'"),
                Some("operators are written in small letters"),
            ),
            Token::Name(..) | Token::Literal(_) | Token::Number(_) | Token::Reference(_) => {
                ("an operator is missing before this".to_owned(), None)
            }
            _ => ("this is not expected here".to_owned(), None),
        };
        SyntaxError {
            offset: offset.min(self.end),
            message,
            help: help.map(ToOwned::to_owned),
        }
    }

    /// One more level of nesting, in which the recursion of every later walk is bounded too.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.depth == MAXIMUM_DEPTH {
            let message = format!("the expression nests deeper than {MAXIMUM_DEPTH} levels");
            return self.error(message, Some("split it into several calculations"));
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        result
    }

    fn expression(&mut self) -> Parsed<Expr> {
        self.nested(Self::disjunction)
    }

    fn disjunction(&mut self) -> Parsed<Expr> {
        let first = self.conjunction()?;
        if !self.sees(Symbol::Or) {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.accept(Symbol::Or) {
            terms.push(self.conjunction()?);
        }
        Ok(Expr::Or(terms))
    }

    fn conjunction(&mut self) -> Parsed<Expr> {
        let first = self.chain(0)?;
        if !self.sees(Symbol::And) {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.accept(Symbol::And) {
            terms.push(self.chain(0)?);
        }
        Ok(Expr::And(terms))
    }

    /// The binary operators between `and` and the sign, level by level.
    fn chain(&mut self, level: usize) -> Parsed<Expr> {
        let Some(operators) = LEVELS.get(level) else {
            return self.signed();
        };
        let first = self.chain(level + 1)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.accept_any(operators) {
            rest.push((operator, self.chain(level + 1)?));
        }
        Ok(if rest.is_empty() {
            first
        } else {
            Expr::Chain(Box::new(first), rest)
        })
    }

    fn signed(&mut self) -> Parsed<Expr> {
        let mut signs = 0_usize;
        while self.accept(Symbol::Minus) {
            signs += 1;
        }
        let operand = self.union()?;
        // Two signs still make a number of what they stand before.
        Ok(match signs {
            0 => operand,
            _ if signs % 2 == 1 => Expr::Negate(Box::new(operand)),
            _ => Expr::Negate(Box::new(Expr::Negate(Box::new(operand)))),
        })
    }

    fn union(&mut self) -> Parsed<Expr> {
        let first = self.path()?;
        if !self.sees(Symbol::Pipe) {
            return Ok(first);
        }
        let mut terms = vec![first];
        while self.accept(Symbol::Pipe) {
            terms.push(self.path()?);
        }
        Ok(Expr::Union(terms))
    }

    fn path(&mut self) -> Parsed<Expr> {
        let offset = self.offset();
        if self.accept(Symbol::Slash) {
            let mut steps = Vec::new();
            if self.at_step() {
                self.steps(&mut steps)?;
            }
            return Ok(Expr::Path(Path {
                start: Start::Root,
                steps,
                offset,
            }));
        }
        if self.accept(Symbol::SlashSlash) {
            let mut steps = vec![Step::bare(Axis::DescendantOrSelf, NodeTest::AnyNode)];
            self.steps(&mut steps)?;
            return Ok(Expr::Path(Path {
                start: Start::Root,
                steps,
                offset,
            }));
        }
        if !self.at_primary() {
            let mut steps = Vec::new();
            self.steps(&mut steps)?;
            return Ok(Expr::Path(Path {
                start: Start::Context,
                steps,
                offset,
            }));
        }
        let mut base = self.primary()?;
        let predicates = self.predicates()?;
        if !predicates.is_empty() {
            base = Expr::Filter(Box::new(base), predicates);
        }
        if !self.sees(Symbol::Slash) && !self.sees(Symbol::SlashSlash) {
            return Ok(base);
        }
        let mut steps = Vec::new();
        self.more_steps(&mut steps)?;
        Ok(Expr::Path(Path {
            start: Start::Expr(Box::new(base)),
            steps,
            offset,
        }))
    }

    fn at_step(&self) -> bool {
        matches!(
            self.peek(),
            Some(
                Token::Name(..)
                    | Token::Star
                    | Token::NamespaceStar(_)
                    | Token::Symbol(Symbol::Dot | Symbol::DotDot | Symbol::At)
            )
        )
    }

    /// Whether a primary expression stands here, and not a step: a name before a parenthesis is a function, unless it
    /// is a kind of node.
    fn at_primary(&self) -> bool {
        match self.peek() {
            Some(Token::Number(_) | Token::Literal(_) | Token::Reference(_) | Token::Symbol(Symbol::Open)) => true,
            Some(Token::Name(prefix, name)) => {
                self.peek_second() == Some(&Token::Symbol(Symbol::Open))
                    && (prefix.is_some() || !matches!(&**name, "comment" | "text" | "processing-instruction" | "node"))
            }
            _ => false,
        }
    }

    fn steps(&mut self, steps: &mut Vec<Step>) -> Parsed<()> {
        steps.push(self.step()?);
        self.more_steps(steps)
    }

    fn more_steps(&mut self, steps: &mut Vec<Step>) -> Parsed<()> {
        loop {
            if self.accept(Symbol::SlashSlash) {
                steps.push(Step::bare(Axis::DescendantOrSelf, NodeTest::AnyNode));
            } else if !self.accept(Symbol::Slash) {
                return Ok(());
            }
            steps.push(self.step()?);
        }
    }

    fn step(&mut self) -> Parsed<Step> {
        if self.accept(Symbol::Dot) {
            let predicates = self.predicates()?;
            return Ok(Step {
                axis: Axis::Itself,
                test: NodeTest::AnyNode,
                predicates,
            });
        }
        if self.accept(Symbol::DotDot) {
            let predicates = self.predicates()?;
            return Ok(Step {
                axis: Axis::Parent,
                test: NodeTest::AnyNode,
                predicates,
            });
        }
        let axis = if self.accept(Symbol::At) {
            Axis::Attribute
        } else if self.peek_second() == Some(&Token::Symbol(Symbol::ColonColon)) {
            let axis = match self.peek() {
                Some(Token::Name(None, name)) => Axis::named(name),
                _ => None,
            };
            let Some(axis) = axis else {
                return self.error("there is no such axis", None);
            };
            self.at += 2;
            axis
        } else {
            Axis::Child
        };
        let test = self.node_test()?;
        let predicates = self.predicates()?;
        Ok(Step { axis, test, predicates })
    }

    fn node_test(&mut self) -> Parsed<NodeTest> {
        let token = self.peek().cloned();
        let test = match token {
            Some(Token::Star) => NodeTest::AnyName,
            Some(Token::NamespaceStar(prefix)) => NodeTest::AnyIn(prefix),
            Some(Token::Name(None, kind)) if self.peek_second() == Some(&Token::Symbol(Symbol::Open)) => {
                return self.kind_test(&kind);
            }
            Some(Token::Name(prefix, local)) => NodeTest::Name { prefix, local },
            None => return self.error("the expression ends too early", None),
            Some(Token::Symbol(Symbol::Equal)) => {
                return self.error("a value is missing before this", Some("equality is a single '='"));
            }
            Some(_) => return self.error("a value is missing before this", None),
        };
        self.at += 1;
        Ok(test)
    }

    fn kind_test(&mut self, kind: &str) -> Parsed<NodeTest> {
        let test = match kind {
            "node" => NodeTest::AnyNode,
            "text" => NodeTest::Text,
            "comment" => NodeTest::Comment,
            "processing-instruction" => NodeTest::ProcessingInstruction(None),
            _ => return self.error("a function cannot stand within a path", None),
        };
        self.at += 2;
        let test = match (test, self.peek().cloned()) {
            (NodeTest::ProcessingInstruction(_), Some(Token::Literal(target))) => {
                self.at += 1;
                NodeTest::ProcessingInstruction(Some(target))
            }
            (test, _) => test,
        };
        if self.accept(Symbol::Close) {
            Ok(test)
        } else {
            self.error(format!("{kind}() takes no arguments"), None)
        }
    }

    fn predicates(&mut self) -> Parsed<Vec<Expr>> {
        let mut predicates = Vec::new();
        loop {
            let opened = self.offset();
            if !self.accept(Symbol::OpenBracket) {
                return Ok(predicates);
            }
            predicates.push(self.expression()?);
            self.close(Symbol::CloseBracket, opened, "this bracket is never closed")?;
        }
    }

    /// The closing sign; the error is at the opening one where the text just ends.
    fn close(&mut self, symbol: Symbol, opened: usize, message: &str) -> Parsed<()> {
        if self.accept(symbol) {
            return Ok(());
        }
        Err(match self.tokens.get(self.at) {
            None => SyntaxError {
                offset: opened,
                message: message.to_owned(),
                help: None,
            },
            Some((token, offset)) => self.surplus(&token.clone(), *offset),
        })
    }

    fn primary(&mut self) -> Parsed<Expr> {
        let offset = self.offset();
        let token = self.peek().cloned();
        self.at += 1;
        match token {
            Some(Token::Number(number)) => Ok(Expr::Number(number)),
            Some(Token::Literal(text)) => Ok(Expr::Literal(text, offset)),
            Some(Token::Reference(name)) => Ok(Expr::Reference(self.refer(&name, offset))),
            Some(Token::Name(prefix, local)) => {
                let name = match prefix {
                    Some(prefix) => format!("{prefix}:{local}").into(),
                    None => local,
                };
                self.call(name, offset)
            }
            _ => {
                let inner = self.expression()?;
                self.close(Symbol::Close, offset, "this parenthesis is never closed")?;
                Ok(inner)
            }
        }
    }

    fn refer(&mut self, name: &str, offset: usize) -> ReferenceIndex {
        self.references.push(Reference {
            name: name.to_owned(),
            offset,
            slot: None,
        });
        ReferenceIndex(self.references.len() - 1)
    }

    fn call(&mut self, name: Box<str>, offset: usize) -> Parsed<Expr> {
        let opened = self.offset();
        self.at += 1;
        let mut arguments = Vec::new();
        if !self.accept(Symbol::Close) {
            loop {
                arguments.push(self.expression()?);
                if !self.accept(Symbol::Comma) {
                    break;
                }
            }
            self.close(Symbol::Close, opened, "this parenthesis is never closed")?;
        }
        let function = Function::named(&name);
        let mut pattern = None;
        match (function, arguments.get(1)) {
            (Some(Function::Regex), Some(Expr::Literal(text, place))) => {
                pattern = Some(functions::compile(text).map_err(|message| SyntaxError {
                    offset: *place,
                    message,
                    help: Some("look-around and back references are not supported".to_owned()),
                })?);
            }
            (Some(Function::ChoiceName), Some(Expr::Literal(text, place))) => {
                if let Some(name) = text.trim().strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
                    let (name, place) = (name.trim().to_owned(), place + 1);
                    self.refer(&name, place);
                }
            }
            _ => {}
        }
        Ok(Expr::Call(Box::new(Call {
            name,
            function,
            arguments,
            offset,
            pattern,
        })))
    }
}

/// The binary operators from the loosest to the tightest.
const LEVELS: [&[(Symbol, Operator)]; 4] = [
    &[(Symbol::Equal, Operator::Equal), (Symbol::NotEqual, Operator::NotEqual)],
    &[
        (Symbol::Less, Operator::Less),
        (Symbol::LessOrEqual, Operator::LessOrEqual),
        (Symbol::Greater, Operator::Greater),
        (Symbol::GreaterOrEqual, Operator::GreaterOrEqual),
    ],
    &[(Symbol::Plus, Operator::Add), (Symbol::Minus, Operator::Subtract)],
    &[
        (Symbol::Times, Operator::Multiply),
        (Symbol::Div, Operator::Divide),
        (Symbol::Mod, Operator::Modulo),
    ],
];
