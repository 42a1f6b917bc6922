//! Reading a framework file: every error of the file at once, each with its place.

use std::collections::HashMap;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::indicator::{Actor, Written};
use super::{Element, Framework};
use crate::definition::yaml::{Fields, Findings, Node, list, pairs, scalar};
use crate::definition::{Checked, Definition, Diagnostic, Place, Severity, Text};
use crate::scoring::estimate::check;

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
    let framework = reading.framework(&node, base16ct::lower::encode_string(&Sha256::digest(text.as_bytes())));
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

pub(super) struct Reading<'s> {
    pub(super) findings: Findings,
    pub(super) surveys: Option<&'s [&'s Definition]>,
    pub(super) actors: IndexMap<String, Actor>,
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
        let breakdowns = fields.get("breakdowns").map(|node| self.breakdowns(node));
        let index = fields.require("index", &mut self.findings);
        fields.finish(&mut self.findings);
        self.element(index?, None, false, &mut Vec::new());
        self.levels();
        Some(Framework {
            id,
            version,
            title,
            actors: std::mem::take(&mut self.actors),
            breakdowns: breakdowns.unwrap_or_default(),
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

    fn breakdowns(&mut self, node: &Node) -> IndexMap<String, Vec<String>> {
        let mut breakdowns = IndexMap::new();
        for (key, value) in pairs(node, "breakdowns", &mut self.findings) {
            let Some(survey) = key.text().map(str::to_owned) else {
                continue;
            };
            let mut names = Vec::new();
            let known = self.known_survey(key, &survey);
            for item in list(value, "breakdowns", &mut self.findings) {
                let Some(name) = scalar(item, "breakdowns", &mut self.findings) else {
                    continue;
                };
                let of_survey = |definition: &&&Definition| definition.survey() == survey;
                let definition = self.surveys.and_then(|surveys| surveys.iter().find(of_survey));
                if let Some(definition) = definition.filter(|definition| known && definition.find(name).is_none()) {
                    let questions = definition.questions().map(|(question, _)| question.name.as_str());
                    self.findings
                        .unknown(item, "question", name, questions.collect::<Vec<_>>());
                }
                names.push(name.to_owned());
            }
            breakdowns.insert(survey, names);
        }
        breakdowns
    }

    pub(super) fn known_survey(&mut self, node: &Node, survey: &str) -> bool {
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

    pub(super) fn written(&mut self, node: &Node, what: &str) -> Option<Written> {
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

    pub(super) fn number(&mut self, node: &Node, what: &str) -> Option<f64> {
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

    pub(super) fn word<T: Copy>(&mut self, node: &Node, what: &'static str, words: &[(&'static str, T)]) -> Option<T> {
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

fn named(label: Text, id: &str) -> Text {
    if label.is_empty() { Text::plain(id) } else { label }
}

#[cfg(test)]
mod tests {
    use super::super::Origin;
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
