//! What is wrong or doubtful in an expression, told before it is ever evaluated.
//!
//! Flows in: a parsed expression, and what its surroundings know of the questions that it names. Flows out: findings,
//! each with its place, what is wrong and what would be right.

mod constraint;
mod extremes;
mod functions;
mod kind;

#[cfg(test)]
mod tests;

pub use kind::ValueKind;

use super::Expression;
use super::ast::{Call, Expr, Operator, Start};
use super::bind::Reference;
use super::moment;
use super::signature::Function;
use super::value::{format_number, parse_number};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FindingKind {
    /// The expression can never be evaluated.
    Error,
    /// Phone and browser decide it differently. An error in a definition of one's own, a warning in one from elsewhere.
    Portability,
    /// It can be evaluated, but hardly means what was meant: it can only be NaN or false, or overlooks a code.
    Doubt,
}

/// Something that is wrong or doubtful in an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub kind: FindingKind,
    /// Byte offset in the source.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    pub help: Option<String>,
}

/// What an expression decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A condition: relevance, `required`, `read_only`.
    Condition,
    /// A constraint on the question that it belongs to.
    Constraint,
    /// Which choices are offered.
    ChoiceFilter,
    /// A value: a calculation, a default, an indicator formula.
    Calculation,
    /// Nodes: what a path is asked for.
    Nodes,
}

/// What is known of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facts {
    /// Whether the name means many nodes from here: the question is in a repeat that the expression is outside of.
    pub repeated: bool,
    /// Whether it can be without an answer where the expression is evaluated.
    pub may_be_empty: bool,
    /// Whether its answer can be a code for a missing answer: a select with `missing`.
    pub missing_codes: bool,
    /// What kind of value it holds.
    pub kind: ValueKind,
}

/// What the surroundings of an expression know.
pub struct Surroundings<'a> {
    /// What the expression decides.
    pub purpose: Purpose,
    /// The question that it belongs to: what `.` is.
    pub own: Option<Facts>,
    /// The question that a reference names, where it is known.
    pub facts: &'a dyn Fn(&Reference) -> Option<Facts>,
    /// The names of all choices of the question that a reference names, where it is a select and they are known.
    pub choices: &'a dyn Fn(&Reference) -> Option<Vec<String>>,
}

impl Surroundings<'static> {
    /// Surroundings that know nothing: only functions and their arguments are checked.
    pub fn unknown(purpose: Purpose) -> Self {
        Self {
            purpose,
            own: None,
            facts: &|_| None,
            choices: &|_| None,
        }
    }
}

impl Expression {
    /// Everything that is wrong or doubtful in the expression, in the order of the text. Names that are not bound are
    /// [`Expression::bind`]'s to report.
    ///
    /// ```
    /// use innogauge::expression::{Expression, FindingKind, Purpose, Surroundings};
    /// let expression = Expression::parse("summ(/data/share) > coalesce(1, 2, 3)")?;
    /// let findings = expression.check(&Surroundings::unknown(Purpose::Condition));
    /// assert_eq!(findings[0].message, "unknown function 'summ'");
    /// assert_eq!(findings[0].help.as_deref(), Some("did you mean 'sum'?"));
    /// assert_eq!(findings[1].kind, FindingKind::Portability);
    /// # Ok::<(), innogauge::expression::SyntaxError>(())
    /// ```
    pub fn check(&self, surroundings: &Surroundings<'_>) -> Vec<Finding> {
        let mut checker = Checker {
            surroundings,
            references: self.references(),
            findings: Vec::new(),
        };
        let root = &self.inner.root;
        checker.walk(
            root,
            match surroundings.purpose {
                Purpose::Calculation => Wanted::Scalar,
                Purpose::Nodes => Wanted::Nodes,
                Purpose::Condition | Purpose::Constraint | Purpose::ChoiceFilter => Wanted::Condition,
            },
        );
        if surroundings.purpose == Purpose::Constraint {
            constraint::check(&mut checker, root, &[]);
        }
        extremes::check(&mut checker, root, &[]);
        checker.findings.sort_by_key(|finding| finding.offset);
        checker.findings.dedup();
        checker.findings
    }

    /// What kind of value the expression gives, as far as that can be told without evaluating it. A calculation that
    /// gives [`ValueKind::Boolean`] is stored as `true` in a browser and as `1` on a phone.
    ///
    /// ```
    /// use innogauge::expression::{Expression, ValueKind};
    /// assert_eq!(Expression::parse("${a} > 1")?.kind(), ValueKind::Boolean);
    /// assert_eq!(Expression::parse("if(${a} > 1, 1, 0)")?.kind(), ValueKind::Number);
    /// # Ok::<(), innogauge::expression::SyntaxError>(())
    /// ```
    pub fn kind(&self) -> ValueKind {
        kind::of(&self.inner.root)
    }
}

/// What the place of a part of an expression makes of its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// True or false.
    Condition,
    /// One value.
    Scalar,
    /// Nodes, any number of them.
    Nodes,
}

struct Checker<'a> {
    surroundings: &'a Surroundings<'a>,
    references: &'a [Reference],
    findings: Vec<Finding>,
}

/// Whether a spelling fulfils what is asked of it.
type Holds = dyn Fn(&str) -> bool;

impl<'a> Checker<'a> {
    fn find(&mut self, kind: FindingKind, offset: usize, message: impl Into<String>, help: Option<String>) {
        self.findings.push(Finding {
            kind,
            offset,
            message: message.into(),
            help,
        });
    }

    /// The question that a part of an expression stands for: a reference, or `.`.
    fn question(&self, expr: &Expr) -> Option<(String, usize, Facts)> {
        match expr {
            Expr::Reference(index) => {
                let reference = self.references.get(index.0)?;
                let facts = (self.surroundings.facts)(reference)?;
                Some((format!("${{{}}}", reference.name), reference.offset, facts))
            }
            Expr::Path(path) if is_own(expr) && self.surroundings.purpose != Purpose::ChoiceFilter => {
                Some((".".to_owned(), path.offset, self.surroundings.own?))
            }
            _ => None,
        }
    }

    fn reference(&self, expr: &Expr) -> Option<&'a Reference> {
        match expr {
            Expr::Reference(index) => self.references.get(index.0),
            _ => None,
        }
    }

    fn walk(&mut self, expr: &'a Expr, wanted: Wanted) {
        match expr {
            Expr::Number(_) | Expr::Literal(..) => {}
            Expr::Or(terms) | Expr::And(terms) => {
                for term in terms {
                    self.walk(term, Wanted::Condition);
                }
            }
            Expr::Union(terms) => {
                let message = "a phone has no '|': the form can't be opened there";
                self.find(FindingKind::Portability, 0, message, None);
                for term in terms {
                    self.walk(term, Wanted::Nodes);
                    self.needs_nodes(term, "'|'", 0);
                }
            }
            Expr::Negate(operand) => {
                self.walk(operand, Wanted::Scalar);
                self.needs_number(operand);
            }
            Expr::Chain(first, rest) => self.chain(first, rest),
            Expr::Reference(_) => self.reference_as(expr, wanted),
            Expr::Path(path) => {
                if wanted == Wanted::Condition && is_own(expr) {
                    self.bare_condition(".", path.offset);
                }
                if let Start::Expr(base) = &path.start {
                    self.walk(base, Wanted::Nodes);
                    self.needs_nodes(base, "'/'", path.offset);
                }
                for predicate in path.steps.iter().flat_map(|step| &step.predicates) {
                    self.predicate(predicate);
                }
            }
            Expr::Filter(base, predicates) => {
                self.walk(base, Wanted::Nodes);
                self.needs_nodes(base, "'['", 0);
                for predicate in predicates {
                    self.predicate(predicate);
                }
            }
            Expr::Call(call) => self.call(call, wanted),
        }
    }

    /// In a predicate a number is a position, and nodes ask whether there are any.
    fn predicate(&mut self, predicate: &'a Expr) {
        let wanted = match predicate {
            Expr::Path(_) => Wanted::Nodes,
            _ => Wanted::Condition,
        };
        self.walk(predicate, wanted);
    }

    fn reference_as(&mut self, expr: &'a Expr, wanted: Wanted) {
        let Some(reference) = self.reference(expr) else { return };
        let (name, offset) = (format!("${{{}}}", reference.name), reference.offset);
        match wanted {
            Wanted::Nodes => return,
            Wanted::Condition => self.bare_condition(&name, offset),
            Wanted::Scalar => {}
        }
        let Some(facts) = (self.surroundings.facts)(reference) else {
            return;
        };
        if facts.repeated {
            self.find(
                FindingKind::Portability,
                offset,
                format!("{name} is many answers here, and a phone stops where one is needed"),
                Some(format!(
                    "sum({name}), count({name}), join(' ', {name}), or indexed-repeat(…) for one of them"
                )),
            );
        }
        if facts.kind == ValueKind::Boolean && wanted == Wanted::Scalar {
            self.find(
                FindingKind::Portability,
                offset,
                format!("{name} is calculated as true or false, which a phone stores as 1 and 0, a browser as words"),
                Some("calculate it as if(…, 1, 0), and compare it with = 1".to_owned()),
            );
        }
    }

    fn bare_condition(&mut self, name: &str, offset: usize) {
        self.find(
            FindingKind::Portability,
            offset,
            format!("{name} alone as a condition is decided differently on a phone and in a browser"),
            Some(format!("write {name} != ''")),
        );
    }

    fn chain(&mut self, first: &'a Expr, rest: &'a [(Operator, Expr)]) {
        self.walk(first, Wanted::Scalar);
        let mut left = first;
        for (operator, right) in rest {
            self.walk(right, Wanted::Scalar);
            if operator.is_comparison() {
                self.comparison(left, *operator, right);
                self.comparison(right, *operator, left);
            } else {
                self.needs_number(left);
                self.needs_number(right);
            }
            left = right;
        }
    }

    /// What can be told of one side of a comparison.
    fn comparison(&mut self, side: &'a Expr, operator: Operator, other: &'a Expr) {
        let equality = matches!(operator, Operator::Equal | Operator::NotEqual);
        if equality {
            self.is_a_choice(side, other, if operator == Operator::Equal { "false" } else { "true" });
        }
        let question = self.question(side);
        if let Expr::Literal(text, offset) = other {
            let date = moment::looks_like_date(text);
            let of_date = question
                .as_ref()
                .is_some_and(|(_, _, facts)| facts.kind == ValueKind::Date);
            if date && (of_date || !equality) {
                self.bare_date(text, *offset);
            } else if !equality && parse_number(text).is_none() {
                self.never_a_number(text, *offset);
            } else if let Some((name, _, facts)) = &question
                && matches!(facts.kind, ValueKind::Number | ValueKind::Date)
                && !facts.missing_codes
                && !text.is_empty()
                && parse_number(text).is_none()
            {
                let always = if operator == Operator::Equal { "false" } else { "true" };
                let message =
                    format!("{name} holds numbers or dates, so comparing it with '{text}' is always {always}");
                self.find(FindingKind::Doubt, *offset, message, None);
            }
        }
        if let Some((name, offset, facts)) = &question {
            let compared_with_code = match other {
                Expr::Number(_) => true,
                Expr::Literal(text, _) => !text.is_empty(),
                _ => false,
            };
            if operator == Operator::NotEqual && facts.missing_codes && compared_with_code {
                let message = format!("{name} can hold a code for a missing answer, of which this is true too");
                let help = format!("say what is meant with '=', or add: and not(selected({name}, 'dont_know'))");
                self.find(FindingKind::Doubt, *offset, message, Some(help));
            }
            if facts.kind == ValueKind::Date
                && let Some((other_name, other_offset, other_facts)) = self.question(other)
                && other_facts.kind == ValueKind::Text
            {
                let message = format!("{other_name} is text, which a phone does not compare with a date");
                self.find(
                    FindingKind::Portability,
                    other_offset,
                    message,
                    Some(format!("write date({other_name})")),
                );
            }
        }
    }

    /// A select never holds a name that is not among its choices.
    fn is_a_choice(&mut self, select: &'a Expr, name: &'a Expr, always: &str) {
        let Some(reference) = self.reference(select) else {
            return;
        };
        let (wanted, holds): (String, Box<Holds>) = match name {
            Expr::Literal(text, _) => {
                let text = text.to_string();
                (
                    text.clone(),
                    Box::new(move |choice| text.split_whitespace().any(|name| name == choice)),
                )
            }
            Expr::Number(number) => {
                let number = *number;
                (
                    format_number(number),
                    Box::new(move |choice| parse_number(choice) == Some(number)),
                )
            }
            _ => return,
        };
        if wanted.trim().is_empty() {
            return;
        }
        let Some(choices) = (self.surroundings.choices)(reference) else {
            return;
        };
        if choices.iter().any(|choice| holds(choice)) {
            return;
        }
        let offset = match name {
            Expr::Literal(_, offset) => *offset,
            _ => reference.offset,
        };
        let message = format!(
            "${{{}}} has no choice '{wanted}', so this is always {always}",
            reference.name
        );
        let help = choices
            .iter()
            .map(|choice| (strsim::damerau_levenshtein(choice, &wanted), choice))
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, choice)| *distance < choice.chars().count().min(3))
            .map_or_else(
                || format!("its choices are {}", choices.join(", ")),
                |(_, near)| format!("did you mean '{near}'?"),
            );
        self.find(FindingKind::Doubt, offset, message, Some(help));
    }

    fn bare_date(&mut self, text: &str, offset: usize) {
        self.find(
            FindingKind::Portability,
            offset,
            "a date as text is a date in a browser, but not on a phone",
            Some(format!("write date('{text}')")),
        );
    }

    fn never_a_number(&mut self, text: &str, offset: usize) {
        self.find(
            FindingKind::Doubt,
            offset,
            format!("'{text}' is no number, so this can only be NaN or false"),
            None,
        );
    }

    fn needs_number(&mut self, expr: &Expr) {
        if let Expr::Literal(text, offset) = expr {
            if moment::looks_like_date(text) {
                self.bare_date(text, *offset);
            } else if parse_number(text).is_none() {
                self.never_a_number(text, *offset);
            }
        }
    }

    fn needs_nodes(&mut self, expr: &Expr, what: &str, offset: usize) {
        if !matches!(kind::of(expr), ValueKind::Nodes | ValueKind::Unknown) {
            let message = format!("{what} needs nodes (a path or a question), not a value");
            self.find(FindingKind::Error, offset, message, None);
        }
    }

    fn call(&mut self, call: &'a Call, wanted: Wanted) {
        functions::check(self, call);
        if let (Some(Function::Selected | Function::IsSelected), [list, name]) =
            (call.function, call.arguments.as_slice())
        {
            self.is_a_choice(list, name, "false");
        }
        for (index, argument) in call.arguments.iter().enumerate() {
            let wanted = match (call.function, index) {
                (Some(Function::If | Function::Not | Function::Boolean), 0) | (Some(Function::Checklist), 2..) => {
                    Wanted::Condition
                }
                (Some(Function::If), _) => match wanted {
                    Wanted::Condition => Wanted::Scalar,
                    other => other,
                },
                (Some(Function::WeightedChecklist), 2..) if index % 2 == 0 => Wanted::Condition,
                (Some(function), _) if functions::takes_nodes(function, index) => Wanted::Nodes,
                (Some(_), _) => Wanted::Scalar,
                (None, _) => Wanted::Nodes,
            };
            self.walk(argument, wanted);
        }
    }
}

/// Whether an expression is the question that it belongs to: `.` or `current()`.
fn is_own(expr: &Expr) -> bool {
    match expr {
        Expr::Path(path) => {
            matches!(path.start, Start::Context)
                && path.steps.len() == 1
                && path.steps.iter().all(super::ast::Step::is_self)
        }
        Expr::Call(call) => call.function == Some(Function::Current),
        _ => false,
    }
}
