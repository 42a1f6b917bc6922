//! Reading a framework file: every error of the file at once, each with its place.

use std::collections::HashMap;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::indicator::{
    Absent, Actor, Basis, Direction, Indicator, Measure, MeasureKind, NotAsked, Origin, Part, Target, Transform,
    Written,
};
use super::{Element, Framework};
use crate::definition::yaml::{Fields, Findings, Node, Value, list, pairs, scalar};
use crate::definition::{Checked, Definition, Diagnostic, Place, Severity, Text, Unit};
use crate::scoring::estimate::check;
use crate::scoring::table::hex;

pub(super) fn read(
    file: &str,
    text: &str,
    surveys: Option<&[&Definition]>,
) -> Result<Checked<Framework>, Vec<Diagnostic>> {
    let (node, problems) = Node::parse(file, text);
    let mut findings = Findings(problems);
    let Some(node) = node else {
        if findings.0.is_empty() {
            findings
                .0
                .push(Diagnostic::error(Place::file(file), "the file is empty").with_help("it needs `index: …`"));
        }
        return Err(findings.0);
    };
    let mut reading = Reading {
        findings,
        surveys,
        actors: IndexMap::new(),
        elements: Vec::new(),
        places: HashMap::new(),
    };
    let framework = reading.framework(&node, hex(&Sha256::digest(text.as_bytes())));
    if let (Some(framework), Some(surveys)) = (&framework, surveys) {
        for survey in surveys {
            reading.findings.0.extend(check(framework, survey));
        }
    }
    reading.findings.0.sort_by_key(|diagnostic| diagnostic.place.at.clone());
    let (errors, warnings): (Vec<_>, Vec<_>) = reading
        .findings
        .0
        .into_iter()
        .partition(|diagnostic| diagnostic.severity == Severity::Error);
    match framework {
        Some(value) if errors.is_empty() => Ok(Checked { value, warnings }),
        _ => Err(errors.into_iter().chain(warnings).collect()),
    }
}

struct Reading<'s> {
    findings: Findings,
    surveys: Option<&'s [&'s Definition]>,
    actors: IndexMap<String, Actor>,
    elements: Vec<Element>,
    places: HashMap<String, Place>,
}

impl Reading<'_> {
    fn framework(&mut self, node: &Node, hash: String) -> Option<Framework> {
        let mut fields = Fields::new(node, "a framework", &mut self.findings)?;
        let id = fields
            .text("framework", &mut self.findings)
            .unwrap_or_default()
            .to_owned();
        let version = fields
            .text("version", &mut self.findings)
            .unwrap_or_default()
            .to_owned();
        let title = fields.languages("title", &mut self.findings);
        if let Some(actors) = fields.get("actors") {
            self.actors(actors);
        }
        let index = fields.require("index", &mut self.findings);
        fields.finish(&mut self.findings);
        self.element(index?, None, false, &mut Vec::new());
        self.levels();
        Some(Framework {
            id,
            version,
            title,
            actors: std::mem::take(&mut self.actors),
            elements: std::mem::take(&mut self.elements),
            hash,
        })
    }

    fn actors(&mut self, node: &Node) {
        for (key, value) in pairs(node, "actors", &mut self.findings) {
            let Some(id) = key.text().map(str::to_owned) else {
                continue;
            };
            let Some(mut fields) = Fields::new(value, "an actor type", &mut self.findings) else {
                continue;
            };
            let label = fields.languages("label", &mut self.findings);
            let from = fields.require("from", &mut self.findings);
            let condition = fields.get("where");
            let confidential = fields.get("confidential").is_none() || fields.flag("confidential", &mut self.findings);
            fields.finish(&mut self.findings);
            let Some(survey) = from.and_then(|from| scalar(from, "from", &mut self.findings)) else {
                continue;
            };
            if let Some(from) = from {
                self.known_survey(from, survey);
            }
            let actor = Actor {
                label: named(label, &id),
                survey: survey.to_owned(),
                condition: condition.and_then(|node| self.written(node, "where")),
                confidential,
                id: id.clone(),
            };
            self.actors.insert(id, actor);
        }
    }

    fn known_survey(&mut self, node: &Node, survey: &str) -> bool {
        let Some(surveys) = self.surveys else { return true };
        let known = surveys.iter().any(|definition| definition.survey() == survey);
        if !known {
            self.findings.unknown(
                node,
                "survey",
                survey,
                surveys.iter().map(|definition| definition.survey()),
            );
        }
        known
    }

    fn written(&mut self, node: &Node, what: &str) -> Option<Written> {
        let source = scalar(node, what, &mut self.findings)?.to_owned();
        Some(Written {
            source,
            place: node.place(),
            node: node.clone(),
        })
    }

    /// Reads an element and what is below it; `above` are the ids on the way down to it.
    fn element(&mut self, node: &Node, parent: Option<usize>, is_indicator: bool, above: &mut Vec<String>) {
        let what = if is_indicator {
            "an indicator"
        } else {
            "an element of the framework"
        };
        let Some(mut fields) = Fields::new(node, what, &mut self.findings) else {
            return;
        };
        let id = fields
            .require("id", &mut self.findings)
            .and_then(|node| scalar(node, "id", &mut self.findings).map(|id| (node, id.to_owned())));
        let Some((id_node, id)) = id else {
            return fields.finish(&mut self.findings);
        };
        self.unique(id_node, &id, above);
        let label = named(fields.languages("label", &mut self.findings), &id);
        let description = fields.languages("description", &mut self.findings);
        let weight = fields.get("weight").and_then(|node| self.weight(node)).unwrap_or(1.0);
        if let Some(said) = fields.get("parent") {
            self.stands_under(said, &id, above);
        }
        let position = self.elements.len();
        self.elements.push(Element {
            id: id.clone(),
            label,
            description,
            level: 1,
            parent,
            children: Vec::new(),
            weight,
            indicator: None,
        });
        if let Some(parent) = parent.and_then(|parent| self.elements.get_mut(parent)) {
            parent.children.push(position);
        }
        if is_indicator {
            let indicator = self.indicator(&id, &mut fields);
            if let Some(element) = self.elements.get_mut(position) {
                element.indicator = indicator;
            }
            return fields.finish(&mut self.findings);
        }
        let (children, indicators) = (fields.get("children"), fields.get("indicators"));
        fields.finish(&mut self.findings);
        above.push(id.clone());
        let mut below = 0;
        for (node, key, indicators) in [(children, "children", false), (indicators, "indicators", true)] {
            for item in node.map_or(&[][..], |node| list(node, key, &mut self.findings)) {
                below += 1;
                self.element(item, Some(position), indicators, above);
            }
        }
        above.pop();
        if below == 0 {
            let message = format!("'{id}' has neither children nor indicators, so it can never have a score");
            self.findings.error(
                node,
                message,
                "add `indicators: […]` or `children: […]`, or leave it out",
            );
        }
    }

    fn unique(&mut self, node: &Node, id: &str, above: &[String]) {
        if id.is_empty() {
            self.findings
                .error(node, "the id is empty", "write a short id, as rd_intensity");
        } else if above.iter().any(|ancestor| ancestor == id) {
            let message = format!("cycle: '{id}' stands below itself ({} > {id})", above.join(" > "));
            self.findings
                .error(node, message, "give one of the two another id, or take it out");
        } else if let Some(first) = self.places.get(id) {
            let help = format!("it stands at {first} already: every id is used once");
            self.findings.error(node, format!("the id '{id}' is used twice"), help);
        } else {
            self.places.insert(id.to_owned(), node.place());
        }
    }

    fn stands_under(&mut self, said: &Node, id: &str, above: &[String]) {
        let Some(name) = scalar(said, "parent", &mut self.findings) else {
            return;
        };
        if above.last().is_none_or(|parent| parent != name) {
            let place = above
                .last()
                .map_or("at the top".to_owned(), |parent| format!("under '{parent}'"));
            let message = format!("'{id}' says its parent is '{name}', but it stands {place}");
            self.findings
                .error(said, message, "move it, or leave `parent` out: the place says it");
        }
    }

    fn weight(&mut self, node: &Node) -> Option<f64> {
        let weight = self.number(node, "weight")?;
        if weight < 0.0 {
            let message = format!("weight is {weight}, below zero");
            self.findings.error(
                node,
                message,
                "0 leaves it out of the score; where less is better, write `direction: -1`",
            );
            return None;
        }
        Some(weight)
    }

    fn number(&mut self, node: &Node, what: &str) -> Option<f64> {
        let text = scalar(node, what, &mut self.findings)?;
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Some(number),
            _ => {
                self.findings.error(
                    node,
                    format!("{what} is '{text}', which is not a number"),
                    "write a finite number",
                );
                None
            }
        }
    }

    fn word<T: Copy>(&mut self, node: &Node, what: &'static str, words: &[(&'static str, T)]) -> Option<T> {
        let text = scalar(node, what, &mut self.findings)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, meaning)| *meaning);
        if found.is_none() {
            self.findings
                .unknown(node, what, text, words.iter().map(|(word, _)| *word));
        }
        found
    }

    fn indicator(&mut self, id: &str, fields: &mut Fields<'_>) -> Option<Indicator> {
        let unit = fields.get("unit").map(|node| self.unit(node));
        let percent = unit.as_ref().is_some_and(|unit| unit.code == "percent");
        let direction = fields
            .get("direction")
            .and_then(|node| {
                self.word(
                    node,
                    "direction",
                    &[("1", Direction::Up), ("-1", Direction::Down), ("+1", Direction::Up)],
                )
            })
            .unwrap_or(Direction::Up);
        let goalposts = fields.get("goalposts").and_then(|node| self.goalposts(node));
        let basis = fields
            .get("basis")
            .and_then(|node| self.word(node, "basis", &Basis::ALL.map(|basis| (basis.name(), basis))));
        let target = fields.get("target").and_then(|node| {
            let text = scalar(node, "target", &mut self.findings)?;
            Some(
                text.parse::<f64>()
                    .ok()
                    .filter(|number| number.is_finite())
                    .map_or_else(|| Target::Column(text.to_owned()), Target::Number),
            )
        });
        let denominator = fields.text("denominator", &mut self.findings).map(str::to_owned);
        let transform = fields
            .get("transform")
            .and_then(|node| {
                self.word(
                    node,
                    "transform",
                    &Transform::ALL.map(|transform| (transform.name(), transform)),
                )
            })
            .unwrap_or(Transform::None);
        let source = fields.languages("source", &mut self.findings);
        let origin = self.origin(id, percent, fields)?;
        Some(Indicator {
            origin,
            direction,
            unit,
            goalposts,
            basis,
            target,
            denominator,
            transform,
            source,
        })
    }

    fn unit(&mut self, node: &Node) -> Unit {
        match node.text() {
            Some(code) => Unit::known(code.trim()).unwrap_or_else(|| Unit {
                code: String::new(),
                label: Text::plain(code.trim()),
            }),
            None => Unit {
                code: String::new(),
                label: crate::definition::yaml::text(node, "unit", &mut self.findings),
            },
        }
    }

    fn goalposts(&mut self, node: &Node) -> Option<[f64; 2]> {
        match list(node, "goalposts", &mut self.findings) {
            [low, high] => {
                let (low, high) = (self.number(low, "goalpost")?, self.number(high, "goalpost")?);
                if low < high {
                    return Some([low, high]);
                }
                let help = "write the low one first; where less is better, write `direction: -1`";
                self.findings.error(
                    node,
                    format!("goalposts are [{low}, {high}]: the first is not below the second"),
                    help,
                );
                None
            }
            [] => None,
            _ => {
                self.findings
                    .error(node, "goalposts are two numbers", "write [low, high], as [0, 5]");
                None
            }
        }
    }

    fn origin(&mut self, id: &str, percent: bool, fields: &mut Fields<'_>) -> Option<Origin> {
        let from = fields.get("from");
        let combine = fields.get("combine");
        let column = fields.text("column", &mut self.findings);
        let absent = fields
            .get("absent")
            .and_then(|node| self.word(node, "absent", &[("zero", Absent::Zero), ("exclude", Absent::Exclude)]));
        let pool = fields.flag("pool", &mut self.findings);
        let reason = fields.text("reason", &mut self.findings).map(str::to_owned);
        let shared = self.recipe(percent, fields);
        let node = fields.node();
        let statistics = from.and_then(Node::text) == Some("statistics");
        if from.is_none() && combine.is_none() || statistics {
            if shared.measure.is_some() {
                let help = "name who answers: `from: enterprise`, or `combine: {…}`";
                self.findings
                    .error(node, format!("'{id}' has a measure, but nobody answers it"), help);
            }
            let column = column.unwrap_or(id).to_owned();
            return Some(if statistics {
                Origin::Statistics(column)
            } else {
                Origin::Column(column)
            });
        }
        if column.is_some() {
            let help = "leave out `column`, or take the figure `from: statistics`";
            self.findings.error(
                node,
                format!("'{id}' is computed from answers and has a column too"),
                help,
            );
        }
        let parts = match (from, combine) {
            (Some(_), Some(combine)) => {
                self.findings.error(
                    combine,
                    "both `from` and `combine`",
                    "`from` is for one actor type, `combine` for several",
                );
                return None;
            }
            (Some(from), None) => {
                vec![self.part(from, scalar(from, "from", &mut Findings::default())?, 1.0, &shared)?]
            }
            (None, Some(combine)) => self.combined(combine, percent, &shared)?,
            (None, None) => return None,
        };
        if let Some(from) = from {
            self.pooling(from, &parts, pool, reason.as_deref());
        }
        Some(Origin::Answers {
            parts,
            absent: absent.unwrap_or(Absent::Exclude),
            pooled: reason.filter(|_| pool),
        })
    }

    /// A survey that several declared actor types answer is pooled only on purpose.
    fn pooling(&mut self, from: &Node, parts: &[Part], pool: bool, reason: Option<&str>) {
        let Some(part) = parts.first() else { return };
        let types = self.actors.values().filter(|actor| actor.survey == part.actor).count();
        let pools = types > 1 && !self.actors.contains_key(&part.actor);
        if pools && !(pool && reason.is_some()) {
            let message = format!(
                "'{}' is answered by {types} actor types, which would be pooled",
                part.actor
            );
            let help = "name one type, combine them: `combine: {…}`, or write `pool: true` and `reason: …`";
            self.findings.error(from, message, help);
        } else if pool && !pools {
            self.findings.error(
                from,
                "`pool` is given, but there is only one actor type",
                "leave it out",
            );
        }
    }

    fn combined(&mut self, node: &Node, percent: bool, shared: &Recipe) -> Option<Vec<Part>> {
        let mut parts = Vec::new();
        for (key, value) in pairs(node, "combine", &mut self.findings) {
            let Some(actor) = key.text() else { continue };
            let own = match &value.value {
                Value::Scalar(_) => self.number(value, "share").map(|share| (share, None)),
                _ => self.own_part(value, percent),
            };
            let Some((share, own)) = own else { continue };
            if share <= 0.0 {
                self.findings.error(
                    value,
                    format!("the share of '{actor}' is {share}"),
                    "shares are above 0",
                );
                continue;
            }
            let recipe = own.map_or_else(|| shared.clone(), |own: Recipe| own.or(shared));
            parts.extend(self.part(key, actor, share, &recipe));
        }
        if parts.is_empty() {
            return None;
        }
        let total: f64 = parts.iter().map(|part| part.share).sum();
        for part in &mut parts {
            part.share /= total;
        }
        Some(parts)
    }

    fn own_part(&mut self, node: &Node, percent: bool) -> Option<(f64, Option<Recipe>)> {
        let mut fields = Fields::new(node, "a part of `combine`", &mut self.findings)?;
        let part = fields
            .require("part", &mut self.findings)
            .and_then(|node| self.number(node, "part"));
        let recipe = self.recipe(percent, &mut fields);
        fields.finish(&mut self.findings);
        Some((part?, Some(recipe)))
    }

    fn recipe(&mut self, percent: bool, fields: &mut Fields<'_>) -> Recipe {
        let scale = fields.get("scale").and_then(|node| self.number(node, "scale"));
        let condition = fields.get("where").and_then(|node| self.written(node, "where"));
        let not_asked = fields.get("not_asked").and_then(|node| {
            self.word(
                node,
                "not_asked",
                &[("zero", NotAsked::Zero), ("exclude", NotAsked::Exclude)],
            )
        });
        let given: Vec<(MeasureKind, &Node)> = MeasureKind::ALL
            .into_iter()
            .filter_map(|kind| fields.get(kind.name()).map(|node| (kind, node)))
            .collect();
        if let [_, (second, node), ..] = given.as_slice() {
            let message = format!("a second measure, '{}'", second.name());
            self.findings.error(node, message, "an indicator has one measure");
        }
        let measure = given
            .first()
            .and_then(|(kind, node)| self.measure(*kind, node, percent, scale));
        Recipe {
            measure,
            condition,
            not_asked,
        }
    }

    fn measure(&mut self, kind: MeasureKind, node: &Node, percent: bool, scale: Option<f64>) -> Option<Measure> {
        let hundred = percent && matches!(kind, MeasureKind::Ratio | MeasureKind::Share);
        let scale = scale.unwrap_or(if hundred { 100.0 } else { 1.0 });
        if !kind.is_quotient() {
            return Some(Measure {
                kind,
                of: self.written(node, kind.name())?,
                over: None,
                scale,
            });
        }
        let mut fields = Fields::new(node, kind.name(), &mut self.findings)?;
        let of = fields.require("of", &mut self.findings);
        let over = fields.require("over", &mut self.findings);
        let by = match kind {
            MeasureKind::Per => fields
                .require("by", &mut self.findings)
                .and_then(|node| self.number(node, "by")),
            _ => Some(1.0),
        };
        fields.finish(&mut self.findings);
        let (of, over) = (self.written(of?, "of")?, self.written(over?, "over")?);
        Some(Measure {
            kind,
            of,
            over: Some(over),
            scale: scale * by?,
        })
    }

    fn part(&mut self, node: &Node, actor: &str, share: f64, recipe: &Recipe) -> Option<Part> {
        let declared = self
            .actors
            .get(actor)
            .map(|actor| (actor.survey.clone(), actor.confidential));
        if declared.is_none()
            && let Some(surveys) = self.surveys
            && !surveys.iter().any(|definition| definition.survey() == actor)
        {
            let surveys = surveys.iter().map(|definition| definition.survey());
            let names: Vec<&str> = self
                .actors
                .keys()
                .map(String::as_str)
                .chain(surveys)
                .chain(["statistics"])
                .collect();
            self.findings.unknown(node, "actor type or survey", actor, names);
            return None;
        }
        let (survey, confidential) = declared.unwrap_or_else(|| (actor.to_owned(), true));
        let Some(measure) = recipe.measure.clone() else {
            let kinds = MeasureKind::ALL.map(MeasureKind::name).join(", ");
            self.findings.error(
                node,
                format!("'{actor}' has no measure"),
                format!("add one of: {kinds}"),
            );
            return None;
        };
        Some(Part {
            actor: actor.to_owned(),
            survey,
            share,
            measure,
            condition: recipe.condition.clone(),
            not_asked: recipe.not_asked,
            confidential,
        })
    }

    /// An indicator's level is 1, a parent's one more than its highest child's.
    fn levels(&mut self) {
        for position in (0..self.elements.len()).rev() {
            let Some((level, Some(parent))) = self
                .elements
                .get(position)
                .map(|element| (element.level, element.parent))
            else {
                continue;
            };
            if let Some(parent) = self.elements.get_mut(parent) {
                parent.level = parent.level.max(level + 1);
            }
        }
    }
}

/// What is computed, as far as it was given: for an indicator as a whole, or for one actor type of it.
#[derive(Clone)]
struct Recipe {
    measure: Option<Measure>,
    condition: Option<Written>,
    not_asked: Option<NotAsked>,
}

impl Recipe {
    fn or(self, shared: &Self) -> Self {
        Self {
            measure: self.measure.or_else(|| shared.measure.clone()),
            condition: self.condition.or_else(|| shared.condition.clone()),
            not_asked: self.not_asked.or(shared.not_asked),
        }
    }
}

fn named(label: Text, id: &str) -> Text {
    if label.is_empty() { Text::plain(id) } else { label }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        Framework::for_table("f.yaml", text)
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn a_framework_of_any_depth_counts_its_levels_from_the_indicators() {
        let text = "index:\n  id: I\n  children:\n    - id: A\n      children:\n        - {id: B, indicators: [{id: x}, {id: y, weight: 2}]}\n    - {id: C, indicators: [{id: z, direction: -1}]}\n";
        let framework = Framework::for_table("f.yaml", text).unwrap().value;
        let levels: Vec<(&str, u32)> = framework
            .elements()
            .iter()
            .map(|element| (element.id.as_str(), element.level))
            .collect();
        assert_eq!(
            levels,
            [("I", 4), ("A", 3), ("B", 2), ("x", 1), ("y", 1), ("C", 2), ("z", 1)]
        );
        assert_eq!(
            framework.find("x").unwrap().label.get("en"),
            "x",
            "without a label the id stands in"
        );
    }

    #[test]
    fn every_error_is_reported_at_once_with_its_place() {
        let text = "index:\n  id: I\n  children:\n    - {id: A, weigth: 2, indicators: [{id: x, weight: -1}, {id: x}]}\n    - {id: I, indicators: [{id: z, direction: 2, goalposts: [5, 0]}]}\n    - {id: D}\n    - {id: E, parent: A, indicators: [{id: w}]}\n";
        let found = errors(text);
        let expected = [
            "f.yaml:4:15: error: unknown key 'weigth'\n  help: did you mean 'weight'?",
            "f.yaml:4:55: error: weight is -1, below zero",
            "f.yaml:4:65: error: the id 'x' is used twice",
            "f.yaml:5:12: error: cycle: 'I' stands below itself (I > I)",
            "f.yaml:5:47: error: unknown direction '2'",
            "f.yaml:5:61: error: goalposts are [5, 0]: the first is not below the second",
            "f.yaml:6:7: error: 'D' has neither children nor indicators",
            "f.yaml:7:23: error: 'E' says its parent is 'A', but it stands under 'I'",
        ];
        for message in expected {
            assert!(
                found.iter().any(|error| error.starts_with(message)),
                "{message} is not in {found:#?}"
            );
        }
        assert_eq!(found.len(), expected.len(), "{found:#?}");
    }

    #[test]
    fn actor_types_are_combined_by_their_shares_and_never_pooled_silently() {
        let actors = "actors:\n  firm: {from: enterprise}\n  uni: {from: institution, where: \"${t} = 'u'\", confidential: false}\n  gov: {from: institution, where: \"${t} = 'g'\"}\n";
        let text = format!(
            "{actors}index:\n  id: I\n  indicators:\n    - {{id: x, combine: {{firm: 3, uni: 1}}, share: \"${{a}} = 1\", unit: percent}}\n"
        );
        let framework = Framework::for_table("f.yaml", &text).unwrap().value;
        let Origin::Answers { parts, .. } = &framework.find("x").unwrap().indicator.as_ref().unwrap().origin else {
            panic!()
        };
        let shares: Vec<(&str, f64, bool, f64)> = parts
            .iter()
            .map(|part| (part.survey.as_str(), part.share, part.confidential, part.measure.scale))
            .collect();
        assert_eq!(
            shares,
            [("enterprise", 0.75, true, 100.0), ("institution", 0.25, false, 100.0)]
        );

        let pooled = errors(&format!(
            "{actors}index: {{id: I, indicators: [{{id: x, from: institution, mean: \"${{b}}\"}}]}}\n"
        ));
        assert!(
            pooled[0].contains("is answered by 2 actor types, which would be pooled"),
            "{pooled:?}"
        );
    }

    #[test]
    fn an_empty_file_says_what_it_needs() {
        assert_eq!(
            errors("# nothing\n"),
            ["f.yaml: error: the file is empty\n  help: it needs `index: …`"]
        );
    }
}
