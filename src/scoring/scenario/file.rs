//! Reading a file of scenarios: every error of the file at once, each with its place.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use indexmap::IndexMap;

use super::change::{
    AnswerEdit, Change, ChangedAnswer, Edit, Level, Move, Named, Scenario, ScenarioAim, ScenarioFrame, Scope,
};
use super::inverse::{Inverse, InverseTarget};
use crate::definition::yaml::{Fields, Findings, Node, Value, list, pairs, scalar};
use crate::definition::{Diagnostic, Place, Text};
use crate::scoring::error::ScoringError;
use crate::scoring::framework::Written;

/// What costs and limits may be, so that what is worked out from them can be written down.
const AMOUNTS: RangeInclusive<f64> = 1e-12..=1e12;
/// The most scenarios of one file.
const MOST_SCENARIOS: usize = 200;

impl Scenario {
    /// Reads the scenarios of a file (YAML, of which JSON is a part).
    ///
    /// ```
    /// use innogauge::scoring::Scenario;
    /// let text = "scenarios: [{id: more, changes: [{indicator: a, units: all, scale: 1.1}]}]";
    /// assert_eq!(Scenario::read("s.yaml", text).unwrap()[0].id, "more");
    ///
    /// let text = "scenarios: [{id: more, changes: [{indicator: a, scale: 2, unit: all}]}]";
    /// let wrong = Scenario::read("s.yaml", text).unwrap_err();
    /// assert!(wrong.to_string().starts_with("s.yaml:1:59: error: unknown key 'unit'"), "{wrong}");
    /// ```
    ///
    /// # Errors
    /// Everything that is wrong in the file, each with line and column. Whether units, questions and elements exist is
    /// seen where the scenarios are worked out.
    pub fn read(file: &str, text: &str) -> Result<Vec<Self>, ScoringError> {
        let (node, problems) = Node::parse(file, text);
        let mut reading = Reading {
            findings: Findings(problems),
            ids: HashMap::new(),
        };
        let scenarios = node.as_ref().map(|node| reading.file(node));
        let mut found = reading.findings.0;
        if node.is_none() && found.is_empty() {
            let empty = Diagnostic::error(Place::file(file), "the file is empty");
            found.push(empty.with_help("it needs `scenarios: [{id: …, changes: […]}]`"));
        }
        if found.is_empty() {
            return Ok(scenarios.unwrap_or_default());
        }
        found.sort_by_key(|diagnostic| diagnostic.place.at.clone());
        Err(ScoringError::Scenarios(found))
    }
}

struct Reading {
    findings: Findings,
    ids: HashMap<String, Place>,
}

impl Reading {
    fn file(&mut self, node: &Node) -> Vec<Scenario> {
        let Some(mut fields) = Fields::new(node, "a file of scenarios", &mut self.findings) else {
            return Vec::new();
        };
        let scenarios = fields.require("scenarios", &mut self.findings);
        fields.finish(&mut self.findings);
        let items = scenarios.map_or(&[][..], |node| list(node, "scenarios", &mut self.findings));
        if let Some(node) = items.get(MOST_SCENARIOS) {
            let message = format!("{} scenarios are more than {MOST_SCENARIOS}", items.len());
            self.findings.error(node, message, "put them into several runs");
        }
        items
            .iter()
            .take(MOST_SCENARIOS)
            .filter_map(|item| self.scenario(item))
            .collect()
    }

    fn scenario(&mut self, node: &Node) -> Option<Scenario> {
        let mut fields = Fields::new(node, "a scenario", &mut self.findings)?;
        let id = fields.require("id", &mut self.findings).and_then(|node| self.id(node));
        let label = fields.languages("label", &mut self.findings);
        let frame_node = fields.get("frame");
        let changes = fields.get("changes");
        let inverse = fields.get("inverse");
        fields.finish(&mut self.findings);
        let frame = frame_node
            .and_then(|node| self.frame(node))
            .unwrap_or(ScenarioFrame::Frozen);
        let aim = match (changes, inverse) {
            (Some(changes), None) => self
                .changes(changes)
                .map(|changes| ScenarioAim::Changes { frame, changes }),
            (None, Some(inverse)) => {
                if let Some(node) = frame_node.filter(|_| frame == ScenarioFrame::Recomputed) {
                    let message = "an inverse is worked out in the frozen frame only";
                    self.findings.error(node, message, "leave `frame` out");
                }
                self.inverse(inverse).map(Box::new).map(ScenarioAim::Inverse)
            }
            (None, None) => {
                let message = "a scenario has neither 'changes' nor 'inverse'";
                let help =
                    "add `changes: [{indicator: …, units: …, scale: …}]`, or `inverse: {unit: …, score: …, costs: …}`";
                self.findings.error(node, message, help);
                None
            }
            (Some(_), Some(inverse)) => {
                let message = "a scenario has both 'changes' and 'inverse'";
                self.findings.error(inverse, message, "make two scenarios of it");
                None
            }
        };
        let id = id?;
        Some(Scenario {
            label: if label.is_empty() { Text::plain(&id) } else { label },
            id,
            aim: aim?,
        })
    }

    fn id(&mut self, node: &Node) -> Option<String> {
        let id = scalar(node, "id", &mut self.findings)?.to_owned();
        if id.is_empty() {
            self.findings
                .error(node, "the id is empty", "write a short id, as double_rd");
            return None;
        }
        if let Some(first) = self.ids.get(&id) {
            let help = format!("it stands at {first} already: every id is used once");
            self.findings.error(node, format!("the id '{id}' is used twice"), help);
            return None;
        }
        self.ids.insert(id.clone(), node.place());
        Some(id)
    }

    fn frame(&mut self, node: &Node) -> Option<ScenarioFrame> {
        match scalar(node, "frame", &mut self.findings)? {
            "frozen" => Some(ScenarioFrame::Frozen),
            "recomputed" => Some(ScenarioFrame::Recomputed),
            other => {
                self.findings.unknown(node, "frame", other, ["frozen", "recomputed"]);
                None
            }
        }
    }

    fn changes(&mut self, node: &Node) -> Option<Vec<Change>> {
        let items = list(node, "changes", &mut self.findings);
        if items.is_empty() && matches!(node.value, Value::Sequence(_)) {
            self.findings.error(
                node,
                "no change is listed",
                "add one, as {indicator: …, units: all, scale: 1.1}",
            );
        }
        let changes: Vec<Option<Change>> = items.iter().map(|item| self.change(item)).collect();
        changes
            .into_iter()
            .collect::<Option<Vec<Change>>>()
            .filter(|changes| !changes.is_empty())
    }

    fn change(&mut self, node: &Node) -> Option<Change> {
        let mut fields = Fields::new(node, "a change", &mut self.findings)?;
        let (answer, indicator, weight) = (fields.get("answer"), fields.get("indicator"), fields.get("weight"));
        let units = fields.get("units");
        let (survey, condition) = (fields.get("survey"), fields.get("where"));
        let edits = [
            fields.get("scale"),
            fields.get("set"),
            fields.get("add"),
            fields.get("reach"),
        ];
        fields.finish(&mut self.findings);
        let subjects = [answer, indicator, weight].into_iter().flatten().count();
        if subjects != 1 {
            let message = if subjects == 0 {
                "a change names nothing to be changed"
            } else {
                "a change names several things at once"
            };
            let help = "name one of answer: QUESTION, indicator: ID or weight: ELEMENT";
            self.findings.error(node, message, help);
            return None;
        }
        if let (Some(node), None) = (condition.or(survey), answer) {
            let help = "`where` and `survey` choose respondents: only a change of `answer` has them";
            self.findings
                .error(node, "respondents are chosen where none are asked", help);
        }
        if let (Some(units), Some(_)) = (units, weight) {
            self.findings
                .error(units, "a weight is the same for all units", "leave `units` out");
        }
        let scope = match units {
            None => Some(Scope::All),
            Some(units) => self.scope(units),
        };
        let edit = self.edit(node, edits, indicator.is_some());
        match (answer, indicator, weight) {
            (Some(answer), ..) => {
                let question = self.named(answer, "answer")?;
                let condition = match condition {
                    None => None,
                    Some(node) => Some(self.written(node)?),
                };
                let survey = match survey {
                    None => None,
                    Some(node) => Some(self.named(node, "survey")?),
                };
                let to = self.answer_edit(edit?)?;
                Some(Change::Answer(Box::new(ChangedAnswer {
                    question,
                    survey,
                    units: scope?,
                    condition,
                    to,
                })))
            }
            (_, Some(indicator), _) => {
                let indicator = self.named(indicator, "indicator")?;
                let to = self.indicator_move(edit?)?;
                Some(Change::Indicator {
                    indicator,
                    units: scope?,
                    to,
                })
            }
            (.., Some(weight)) => {
                let element = self.named(weight, "weight")?;
                let to = self.weight_edit(edit?)?;
                Some(Change::Weight { element, to })
            }
            _ => None,
        }
    }

    /// The one key that says what becomes of it: its position in scale, set, add, reach, and its value.
    fn edit<'n>(&mut self, node: &Node, edits: [Option<&'n Node>; 4], reaches: bool) -> Option<(usize, &'n Node)> {
        let keys = if reaches {
            "scale, set, add or reach"
        } else {
            "scale, set or add"
        };
        let given: Vec<(usize, &Node)> = edits
            .into_iter()
            .enumerate()
            .filter_map(|(at, node)| Some((at, node?)))
            .collect();
        match given.as_slice() {
            [(3, reach)] if !reaches => {
                self.findings
                    .error(reach, "`reach` is for indicators", "use scale, set or add here");
                None
            }
            [one] => Some(*one),
            [] => {
                let help = format!("add one of {keys}");
                self.findings
                    .error(node, "a change does not say what becomes of it", help);
                None
            }
            [_, second, ..] => {
                let help = format!("give one of {keys}; a second change can follow the first");
                self.findings.error(second.1, "a change says two things at once", help);
                None
            }
        }
    }

    fn answer_edit(&mut self, (at, node): (usize, &Node)) -> Option<AnswerEdit> {
        match at {
            0 => self.number(node, "scale").map(AnswerEdit::Scale),
            1 => scalar(node, "set", &mut self.findings).map(|text| AnswerEdit::Set(text.to_owned())),
            _ => self.number(node, "add").map(AnswerEdit::Add),
        }
    }

    fn indicator_move(&mut self, (at, node): (usize, &Node)) -> Option<Move> {
        if at < 3 {
            return self.number_edit(at, node).map(Move::Edit);
        }
        let text = scalar(node, "reach", &mut self.findings)?;
        if let Some((_, level)) = Level::WORDS.iter().find(|(word, _)| *word == text) {
            return Some(Move::Reach(*level));
        }
        if let Some(number) = text.parse().ok().filter(|number: &f64| number.is_finite()) {
            return Some(Move::Reach(Level::Number(number)));
        }
        let words = Level::WORDS.map(|(word, _)| word);
        self.findings.unknown(node, "level", text, words);
        None
    }

    fn weight_edit(&mut self, (at, node): (usize, &Node)) -> Option<Edit> {
        let edit = self.number_edit(at, node)?;
        if let Edit::Scale(number) | Edit::Set(number) = edit
            && number < 0.0
        {
            let message = format!("a weight of {number} is below 0");
            self.findings.error(node, message, "0 leaves the element out");
            return None;
        }
        Some(edit)
    }

    fn number_edit(&mut self, at: usize, node: &Node) -> Option<Edit> {
        match at {
            0 => self.number(node, "scale").map(Edit::Scale),
            1 => self.number(node, "set").map(Edit::Set),
            _ => self.number(node, "add").map(Edit::Add),
        }
    }

    fn scope(&mut self, node: &Node) -> Option<Scope> {
        if let Some(text) = node.text() {
            if text.trim() == "all" {
                return Some(Scope::All);
            }
            let help = "write `units: all`, or a list: units: [\"230400\"]";
            self.findings.error(node, format!("units are '{text}'"), help);
            return None;
        }
        let items = list(node, "units", &mut self.findings);
        if items.is_empty() && matches!(node.value, Value::Sequence(_)) {
            self.findings
                .error(node, "no unit is listed", "list units, or write `units: all`");
            return None;
        }
        let named: Vec<Option<Named>> = items.iter().map(|item| self.named(item, "units")).collect();
        named.into_iter().collect::<Option<Vec<Named>>>().map(Scope::Only)
    }

    fn named(&mut self, node: &Node, what: &str) -> Option<Named> {
        let name = scalar(node, what, &mut self.findings)?.to_owned();
        Some(Named {
            name,
            place: node.place(),
        })
    }

    fn written(&mut self, node: &Node) -> Option<Written> {
        let source = scalar(node, "where", &mut self.findings)?.to_owned();
        Some(Written {
            source,
            place: node.place(),
            node: node.clone(),
        })
    }

    fn number(&mut self, node: &Node, what: &str) -> Option<f64> {
        let text = scalar(node, what, &mut self.findings)?;
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            let message = format!("{what} is '{text}', which is not a number");
            self.findings.error(node, message, "write a finite number");
        }
        number
    }

    fn inverse(&mut self, node: &Node) -> Option<Inverse> {
        let mut fields = Fields::new(node, "an inverse", &mut self.findings)?;
        let unit = fields.require("unit", &mut self.findings);
        let element = fields.get("element");
        let (score, rank) = (fields.get("score"), fields.get("rank"));
        let costs = fields.require("costs", &mut self.findings);
        let most = fields.get("max");
        fields.finish(&mut self.findings);
        let target = match (score, rank) {
            (Some(score), None) => self.number(score, "score").map(InverseTarget::Score),
            (None, Some(rank)) => self.rank(rank).map(InverseTarget::Rank),
            (None, None) => {
                self.findings.error(
                    node,
                    "an inverse has no target",
                    "add `score: NUMBER` or `rank: NUMBER`",
                );
                None
            }
            (Some(_), Some(rank)) => {
                self.findings
                    .error(rank, "an inverse has two targets", "keep `score` or `rank`");
                None
            }
        };
        let costs = costs.and_then(|node| self.amounts(node, "costs"));
        let most = match most {
            None => Some(IndexMap::new()),
            Some(node) => self.amounts(node, "max"),
        };
        let element = match element {
            None => None,
            Some(node) => Some(self.named(node, "element")?),
        };
        let (costs, most) = (costs?, most?);
        for (name, (place, _)) in &most {
            if !costs.contains_key(name) {
                let message = format!("max names '{name}', which has no cost");
                let error = Diagnostic::error(place.clone(), message);
                self.findings.0.push(error.with_help("give it a cost, or leave it out"));
            }
        }
        Some(Inverse {
            unit: self.named(unit?, "unit")?,
            element,
            target: target?,
            costs,
            most: most.into_iter().map(|(name, (_, most))| (name, most)).collect(),
        })
    }

    fn rank(&mut self, node: &Node) -> Option<u32> {
        let text = scalar(node, "rank", &mut self.findings)?;
        let rank = text.parse::<u32>().ok().filter(|rank| *rank > 0);
        if rank.is_none() {
            self.findings
                .error(node, format!("the rank is '{text}'"), "write 1 for the best, 2, 3 …");
        }
        rank
    }

    /// Numbers from 1e-12 to 1e12 by indicator.
    fn amounts(&mut self, node: &Node, what: &'static str) -> Option<IndexMap<String, (Place, f64)>> {
        let mut amounts = IndexMap::new();
        let mut sound = true;
        let given = pairs(node, what, &mut self.findings);
        if given.is_empty() {
            let help = format!("name some: {what}: {{B2: 1}}");
            self.findings.error(node, format!("'{what}' names no indicator"), help);
        }
        for (key, value) in given {
            let (Some(name), amount) = (key.text(), self.number(value, what)) else {
                continue;
            };
            match amount {
                Some(amount) if AMOUNTS.contains(&amount) => {
                    amounts.insert(name.to_owned(), (key.place(), amount));
                }
                Some(amount) => {
                    let help = "write a number from 1e-12 to 1e12; leave out what is not to be improved";
                    self.findings
                        .error(value, format!("{what} of '{name}' is {amount:?}"), help);
                    sound = false;
                }
                None => sound = false,
            }
        }
        sound.then_some(amounts)
    }
}
