//! `warnings.yaml`: what a supervisor is to look at, as rules over the figures of the fieldwork.
//!
//! A rule is a condition in the expression language over named figures; a program computes the figures, the file says
//! what is too short, too far or too often. Which figures there are depends on what a rule speaks of.

use std::borrow::Cow;
use std::cmp::Ordering;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use super::formula::Formula;
use super::place::{Checked, Diagnostic};
use super::text::Text;
use super::yaml::{Fields, Findings, Node, list, scalar};
use crate::expression::{
    Environment, Expression, FindingKind, Name, NodeKind, NodeSet, Purpose, Scope, Surroundings, Tree, format_number,
};

/// What a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningScope {
    /// A survey in a round as a whole.
    Survey,
    /// Each city of it.
    City,
    /// Each member of the field team.
    Member,
    /// Each response that awaits a decision: what the review queue is sorted by.
    Response,
}

impl WarningScope {
    const ALL: [Self; 4] = [Self::Survey, Self::City, Self::Member, Self::Response];

    /// Its name in the file and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Survey => "survey",
            Self::City => "city",
            Self::Member => "member",
            Self::Response => "response",
        }
    }

    /// The figures that its rules may read, in the order that [`WarningRule::fires`] takes them.
    pub fn figures(self) -> &'static [&'static str] {
        match self {
            Self::Survey | Self::City | Self::Member => &GROUP_FIGURES,
            Self::Response => &RESPONSE_FIGURES,
        }
    }
}

/// The figures of a survey, a city or a member. Shares are from 0 to 1.
const GROUP_FIGURES: [&str; 16] = [
    "target",               // responses to be collected; of a survey or a city
    "received",             // live responses: all but the rejected
    "approved",             // those that were approved
    "returned",             // those that were returned and not mended since
    "has_issues",           // those with open problems, the returned among them
    "rejected",             // those that were rejected
    "duplicates",           // those whose organisation has another one
    "received_yesterday",   // those that came yesterday
    "days_since_last",      // since the last one came
    "median_minutes",       // the median length of interviews
    "missing_share",        // of the questions asked, those without an answer of substance
    "dont_know_share",      // of the questions asked, those answered "don't know"
    "straight_lined_share", // of the grids, those with the same answer throughout
    "unlocated_share",      // of the responses, those without a position
    "median_metres",        // from the addresses in the register to where the interviews were, where both are known
    "agreement_share",      // of the answers that were checked back, those that were the same
];

/// The figures of one response.
const RESPONSE_FIGURES: [&str; 13] = [
    "problems",             // rules that it breaks
    "warnings",             // what is possible but should be looked at
    "duplicate",            // 1 where its organisation has another one
    "branched",             // 1 where one of its versions was edited twice
    "returned",             // 1 where it was returned and not mended since
    "minutes",              // how long the interview took
    "median_minutes",       // the median of the survey in the round
    "missing_share",        // of its questions, those without an answer of substance
    "dont_know_share",      // of its questions, those answered "don't know"
    "straight_lined_share", // of its grids, those with the same answer throughout
    "located",              // 1 where it has a position
    "metres_from_address",  // from its organisation's address in the register, where both are known
    "days_waiting",         // since it last changed
];

/// How much a warning matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningLevel {
    /// To be known.
    Notice,
    /// To be acted on.
    Serious,
}

impl WarningLevel {
    /// Its name in the file and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Notice => "notice",
            Self::Serious => "serious",
        }
    }
}

/// A rule.
#[derive(Debug, Clone, PartialEq)]
pub struct WarningRule {
    /// Its name.
    pub id: String,
    /// What it speaks of.
    pub scope: WarningScope,
    /// How much it matters.
    pub level: WarningLevel,
    /// What it is called.
    pub label: Text,
    /// What to do about it.
    pub message: Text,
    test: Expression,
    /// The figures that the test reads, by their place among those of the scope.
    reads: Vec<usize>,
}

impl WarningRule {
    /// Whether the rule holds of these figures, in the order of [`WarningScope::figures`]. A figure that is not known
    /// (NaN) fires no rule that reads it.
    pub fn fires(&self, figures: &[f64]) -> bool {
        let known = |index: &usize| figures.get(*index).is_some_and(|figure| !figure.is_nan());
        self.reads.iter().all(known) && self.holds(figures).unwrap_or(false)
    }

    /// The figures that the rule reads, by name.
    pub fn read<'f>(&'f self, figures: &'f [f64]) -> impl Iterator<Item = (&'static str, f64)> + 'f {
        self.reads
            .iter()
            .filter_map(|index| Some((*self.scope.figures().get(*index)?, *figures.get(*index)?)))
    }

    fn holds(&self, figures: &[f64]) -> Result<bool, crate::expression::EvaluationError> {
        let view = View {
            names: self.scope.figures(),
            figures,
        };
        Ok(self.test.evaluate(&Scope::new(&view, Figure::All, &NoWorld))?.boolean())
    }
}

/// The rules of a study, in the order of their file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WarningRules {
    rules: Vec<WarningRule>,
}

impl WarningRules {
    /// Reads and checks `warnings.yaml`.
    ///
    /// ```
    /// use innogauge::definition::WarningRules;
    ///
    /// let rules = WarningRules::from_yaml(
    ///     "warnings.yaml",
    ///     "warnings:\n- id: hasty\n  for: member\n  test: ${median_minutes} < 10\n  level: serious\n  label: Hasty\n  message: Sit in on an interview\n",
    /// )
    /// .unwrap()
    /// .value;
    /// assert_eq!(rules.iter().next().unwrap().id, "hasty");
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place.
    pub fn from_yaml(file_name: &str, text: &str) -> Result<Checked<Self>, Vec<Diagnostic>> {
        let (node, diagnostics) = Node::parse(file_name, text);
        let mut findings = Findings(diagnostics);
        let mut rules = Self::default();
        if let Some(mut fields) = node
            .as_ref()
            .and_then(|node| Fields::new(node, "a file of warnings", &mut findings))
        {
            if let Some(node) = fields.require("warnings", &mut findings) {
                let mut ids = Vec::new();
                for item in list(node, "warnings", &mut findings) {
                    rules.read_rule(item, &mut ids, &mut findings);
                }
            }
            fields.finish(&mut findings);
        }
        let mut found = findings.0;
        found.sort_by_key(|diagnostic| diagnostic.place.at.clone());
        if node.is_none() || found.iter().any(Diagnostic::is_error) {
            return Err(found);
        }
        Ok(Checked {
            value: rules,
            warnings: found,
        })
    }

    /// The rules in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &WarningRule> {
        self.rules.iter()
    }

    /// The rules that speak of that.
    pub fn of(&self, scope: WarningScope) -> impl Iterator<Item = &WarningRule> {
        self.iter().filter(move |rule| rule.scope == scope)
    }

    /// Reads one rule; `ids` are those given so far, also by rules with faults.
    fn read_rule(&mut self, node: &Node, ids: &mut Vec<String>, findings: &mut Findings) {
        let Some(mut fields) = Fields::new(node, "a warning", findings) else {
            return;
        };
        let id_node = fields.require("id", findings);
        let id = id_node
            .and_then(|node| scalar(node, "id", findings))
            .unwrap_or_default();
        if let Some(node) = id_node.filter(|_| ids.iter().any(|known| known == id)) {
            findings.error(
                node,
                format!("the warning '{id}' is given twice"),
                "give one of them another id",
            );
        }
        ids.push(id.to_owned());
        let scope = fields.require("for", findings).and_then(|node| {
            let word = scalar(node, "for", findings)?;
            let scope = WarningScope::ALL.into_iter().find(|scope| scope.name() == word);
            if scope.is_none() {
                findings.unknown(node, "scope", word, WarningScope::ALL.map(WarningScope::name));
            }
            scope
        });
        let level = fields.get("level").map_or(Some(WarningLevel::Notice), |node| {
            let word = scalar(node, "level", findings)?;
            let levels = [WarningLevel::Notice, WarningLevel::Serious];
            let level = levels.into_iter().find(|level| level.name() == word);
            if level.is_none() {
                findings.unknown(node, "level", word, levels.map(WarningLevel::name));
            }
            level
        });
        fields.require("label", findings);
        let label = fields.languages("label", findings);
        fields.require("message", findings);
        let message = fields.languages("message", findings);
        let test_node = fields.require("test", findings);
        fields.finish(findings);
        let (Some(test_node), Some(scope), Some(level)) = (test_node, scope, level) else {
            return;
        };
        if let Some((test, reads)) = read_test(test_node, scope, findings) {
            self.rules.push(WarningRule {
                id: id.to_owned(),
                scope,
                level,
                label,
                message,
                test,
                reads,
            });
        }
    }
}

/// The test of a rule, bound to the figures that it reads.
fn read_test(node: &Node, scope: WarningScope, findings: &mut Findings) -> Option<(Expression, Vec<usize>)> {
    let source = scalar(node, "test", findings)?;
    let (place, verbatim) = node.text_start();
    let mut test = match Formula::read(source, place, verbatim) {
        Ok(formula) => formula.expression().clone(),
        Err(diagnostic) => {
            findings.0.push(diagnostic);
            return None;
        }
    };
    let names = scope.figures();
    let slot = |name: &str| names.iter().position(|known| *known == name);
    if let Err(unknown) = test.bind(|name| slot(name).and_then(|slot| u32::try_from(slot).ok())) {
        for name in unknown {
            findings.unknown(node, "figure", &name.name, names.iter().copied());
        }
        return None;
    }
    let mut reads: Vec<usize> = test
        .references()
        .iter()
        .filter_map(|reference| slot(&reference.name))
        .collect();
    reads.sort_unstable();
    reads.dedup();
    let told = findings.0.len();
    for wrong in test.check(&Surroundings::unknown(Purpose::Condition)) {
        if wrong.kind == FindingKind::Error {
            findings.error(node, wrong.message, wrong.help.unwrap_or_default());
        }
    }
    if test.reads_clock() || !test.is_reproducible() {
        let help = "a test reads figures, and no clock, chance or list";
        findings.error(node, "a warning depends on its figures alone", help);
    }
    if findings.0.len() > told {
        return None;
    }
    // What it calls for beyond figures, such as a list, shows when it is tried.
    let view = View {
        names,
        figures: &vec![1.0; names.len()],
    };
    let tried = test
        .evaluate(&Scope::new(&view, Figure::All, &NoWorld))
        .map(|_| ())
        .map_err(|error| error.to_string());
    if let Err(reason) = tried {
        findings.error(node, reason, "a test reads figures, and no clock, chance or list");
        return None;
    }
    Some((test, reads))
}

/// Figures as expressions see them.
struct View<'a> {
    names: &'static [&'static str],
    figures: &'a [f64],
}

/// A node: all figures, or one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Figure {
    All,
    One(u32),
}

impl View<'_> {
    fn figure(&self, slot: u32) -> f64 {
        self.figures.get(slot as usize).copied().unwrap_or(f64::NAN)
    }
}

impl Tree for View<'_> {
    type Node = Figure;

    fn root(&self) -> Figure {
        Figure::All
    }

    fn parent(&self, node: Figure) -> Option<Figure> {
        (node != Figure::All).then_some(Figure::All)
    }

    fn children(&self, _node: Figure, _found: &mut NodeSet<Figure>) {}

    fn kind(&self, node: Figure) -> NodeKind {
        match node {
            Figure::All => NodeKind::Root,
            Figure::One(_) => NodeKind::Element,
        }
    }

    fn name(&self, node: Figure) -> Name<'_> {
        match node {
            Figure::All => Name::default(),
            Figure::One(slot) => self
                .names
                .get(slot as usize)
                .map_or_else(Name::default, |name| Name::plain(name)),
        }
    }

    fn string_value(&self, node: Figure) -> Cow<'_, str> {
        match node {
            Figure::One(slot) if !self.figure(slot).is_nan() => Cow::Owned(format_number(self.figure(slot))),
            _ => Cow::Borrowed(""),
        }
    }

    fn number_value(&self, node: Figure) -> Option<f64> {
        match node {
            Figure::All => None,
            Figure::One(slot) => Some(self.figure(slot)),
        }
    }

    fn order(&self, left: Figure, right: Figure) -> Ordering {
        left.cmp(&right)
    }

    fn reference(&self, _context: Figure, slot: u32, found: &mut NodeSet<Figure>) {
        found.push(Figure::One(slot));
    }
}

/// Rules are functions of the figures alone.
struct NoWorld;

impl Environment for NoWorld {
    fn now(&self) -> DateTime<FixedOffset> {
        DateTime::UNIX_EPOCH.fixed_offset()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(scope: &str, test: &str) -> WarningRule {
        let text =
            format!("warnings:\n- {{id: a, for: {scope}, test: \"{test}\", label: A, message: B, level: serious}}\n");
        WarningRules::from_yaml("warnings.yaml", &text)
            .unwrap()
            .value
            .rules
            .remove(0)
    }

    #[test]
    fn a_rule_fires_on_its_figures_and_never_on_what_is_unknown() {
        let hasty = rule("member", "${median_minutes} < 10 and ${received} >= 5");
        let mut figures = vec![f64::NAN; GROUP_FIGURES.len()];
        assert!(!hasty.fires(&figures));
        figures[1] = 6.0;
        figures[9] = 7.5;
        assert!(hasty.fires(&figures));
        assert_eq!(
            hasty.read(&figures).collect::<Vec<_>>(),
            [("received", 6.0), ("median_minutes", 7.5)]
        );
        figures[9] = 10.0;
        assert!(!hasty.fires(&figures));
        assert!(
            !rule("member", "${agreement_share} != 1").fires(&figures),
            "nothing was checked back"
        );
    }

    #[test]
    fn everything_wrong_with_the_rules_is_told_at_once() {
        let errors = WarningRules::from_yaml(
            "warnings.yaml",
            "warnings:\n\
             - {id: a, for: membr, test: 1 = 1, label: A, message: A}\n\
             - {id: b, for: city, test: '${recieved} < 1', label: B, message: B}\n\
             - {id: b, for: city, test: '${received} <', label: B, message: B, level: grave}\n\
             - {id: c, for: response, test: 'frobnicate(${minutes})', label: C}\n\
             - {id: d, for: city, test: '${received} = 1 or unheard(${target})', label: D, message: D}\n\
             - {id: e, for: city, test: '${received} = 1 or today() > 5', label: E, message: E}\n",
        )
        .unwrap_err();
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let told = errors.join("\n");
        for part in [
            "2:16: error: unknown scope 'membr'",
            "did you mean 'member'?",
            "unknown figure 'recieved'",
            "did you mean 'received'?",
            "the warning 'b' is given twice",
            "unknown level 'grave'",
            "frobnicate",
            "unheard",
            "a warning depends on its figures alone",
            "a warning has no 'message'",
        ] {
            assert!(told.contains(part), "{part} is not in\n{told}");
        }
    }
}
