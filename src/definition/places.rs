//! The places of a study: cities and counties by code, what they lie in, and the targets of the fieldwork.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::element::Alias;
use super::place::{Checked, Diagnostic, Place as At, nearest};
use super::roll_up::lies_within;
use super::text::Text;
use super::yaml::{Fields, Findings, Node, aliases, list, pairs, scalar};

/// Whether a place is assessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    /// Assessed and ranked.
    Target,
    /// Shown beside the targets, never ranked.
    Benchmark,
}

/// A city, county or district of the study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudyPlace {
    /// The code (GB/T 2260), as it is stored in answers.
    pub code: String,
    /// The name.
    pub label: Text,
    /// `prefecture`, `county`, ….
    pub level: String,
    /// The code of the place of the next higher level, studied or not.
    pub parent: Option<String>,
    /// Target or benchmark.
    pub kind: PlaceKind,
    /// The studied place that contains this one.
    pub lies_in: Option<String>,
    /// Whether its respondents also count in a roll-up of the place it lies in.
    pub roll_up: bool,
    /// Whether official figures of this place are of the place with all places that roll up into it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub figures_include_parts: bool,
    /// Other words for it in spreadsheets that people filled in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<Alias>,
    /// Responses to be collected here, by survey.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub fieldwork: IndexMap<String, u32>,
}

/// The places of a study, in the order of their file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StudyPlaces {
    places: IndexMap<String, StudyPlace>,
    rounds: Vec<PlannedRound>,
}

/// A round of fieldwork as `places.yaml` plans it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRound {
    /// Its code, such as `2026`.
    pub round: String,
    /// Its name.
    pub label: Text,
    /// Responses to be collected, by survey and then by place.
    pub targets: IndexMap<String, IndexMap<String, u32>>,
}

impl StudyPlaces {
    /// Reads and checks `places.yaml`.
    ///
    /// ```
    /// use innogauge::definition::StudyPlaces;
    ///
    /// let places = StudyPlaces::from_yaml(
    ///     "places.yaml",
    ///     "places:\n- {code: 230700, label: {zh: 伊春市, en: Yichun}, level: prefecture, kind: target}\n",
    /// )
    /// .unwrap()
    /// .value;
    /// assert_eq!(places.get("230700").unwrap().label.get("en"), "Yichun");
    /// ```
    pub fn from_yaml(file_name: &str, text: &str) -> Result<Checked<Self>, Vec<Diagnostic>> {
        let (node, diagnostics) = Node::parse(file_name, text);
        let mut findings = Findings(diagnostics);
        let mut places = Self::default();
        if let Some(mut fields) = node
            .as_ref()
            .and_then(|node| Fields::new(node, "a file of places", &mut findings))
        {
            let mut known: IndexMap<String, At> = IndexMap::new();
            if let Some(node) = fields.require("places", &mut findings) {
                for item in list(node, "places", &mut findings) {
                    places.read_place(item, &mut known, &mut findings);
                }
            }
            if let Some(node) = fields.get("rounds") {
                for item in list(node, "rounds", &mut findings) {
                    places.read_round(item, &mut findings);
                }
            }
            fields.finish(&mut findings);
            places.check(&known, &mut findings);
        }
        let mut found = findings.0;
        found.sort_by_key(|diagnostic| diagnostic.place.at.clone());
        if node.is_none() || found.iter().any(Diagnostic::is_error) {
            return Err(found);
        }
        Ok(Checked {
            value: places,
            warnings: found,
        })
    }

    /// The places in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &StudyPlace> {
        self.places.values()
    }

    /// The place of this code.
    pub fn get(&self, code: &str) -> Option<&StudyPlace> {
        self.places.get(code)
    }

    /// The planned rounds.
    pub fn rounds(&self) -> &[PlannedRound] {
        &self.rounds
    }

    fn read_place(&mut self, node: &Node, known: &mut IndexMap<String, At>, findings: &mut Findings) {
        let Some(mut fields) = Fields::new(node, "a place", findings) else {
            return;
        };
        let code_node = fields.require("code", findings);
        fields.require("label", findings);
        let kind = match fields.get("kind") {
            None => PlaceKind::Target,
            Some(node) => match scalar(node, "kind", findings) {
                Some("benchmark") => PlaceKind::Benchmark,
                Some("target") | None => PlaceKind::Target,
                Some(other) => {
                    findings.unknown(node, "kind of place", other, ["target", "benchmark"]);
                    PlaceKind::Target
                }
            },
        };
        let place = StudyPlace {
            code: code_node
                .and_then(|node| scalar(node, "code", findings))
                .unwrap_or_default()
                .to_owned(),
            label: fields.languages("label", findings),
            level: fields.text("level", findings).unwrap_or("place").to_owned(),
            parent: fields.text("parent", findings).map(str::to_owned),
            kind,
            lies_in: fields.text("lies_in", findings).map(str::to_owned),
            roll_up: fields.flag("roll_up", findings),
            figures_include_parts: fields.flag("figures_include_parts", findings),
            aliases: fields
                .get("aliases")
                .map(|node| aliases(node, findings))
                .unwrap_or_default(),
            fieldwork: fields
                .get("fieldwork")
                .map(|node| targets(node, findings))
                .unwrap_or_default(),
        };
        fields.finish(findings);
        let Some(node) = code_node else { return };
        if known.contains_key(&place.code) {
            findings.error(
                node,
                format!("the place '{}' is given twice", place.code),
                "keep one of the two",
            );
            return;
        }
        known.insert(place.code.clone(), node.place());
        self.places.insert(place.code.clone(), place);
    }

    fn read_round(&mut self, node: &Node, findings: &mut Findings) {
        let Some(mut fields) = Fields::new(node, "a round", findings) else {
            return;
        };
        fields.require("round", findings);
        let round = fields.text("round", findings).unwrap_or_default().to_owned();
        let label = fields.languages("label", findings);
        let mut by_survey = IndexMap::new();
        if let Some(node) = fields.get("targets") {
            for (survey, by_place) in pairs(node, "targets", findings) {
                let counts = targets(by_place, findings);
                for (code, _) in pairs(by_place, "targets", &mut Findings::default()) {
                    let code_text = code.text().unwrap_or_default();
                    if !self.places.contains_key(code_text) {
                        findings.unknown(code, "place", code_text, self.places.keys().map(String::as_str));
                    }
                }
                by_survey.insert(survey.text().unwrap_or_default().to_owned(), counts);
            }
        }
        fields.finish(findings);
        self.rounds.push(PlannedRound {
            round,
            label,
            targets: by_survey,
        });
    }

    fn check(&self, known: &IndexMap<String, At>, findings: &mut Findings) {
        let all: Vec<&StudyPlace> = self.iter().collect();
        for place in self.iter() {
            let at = || known.get(&place.code).cloned().unwrap_or_else(|| At::file(""));
            if let Some(outer) = place
                .lies_in
                .as_deref()
                .filter(|outer| !self.places.contains_key(*outer))
            {
                let diagnostic =
                    Diagnostic::error(at(), format!("'{}' lies in '{outer}', which is not listed", place.code));
                findings
                    .0
                    .push(match nearest(outer, self.places.keys().map(String::as_str)) {
                        Some(near) => diagnostic.with_help(format!("did you mean '{near}'?")),
                        None => diagnostic.with_help("lies_in names a place of this file; parent may name any"),
                    });
            }
            if lies_within(&all, &place.code, &place.code) {
                findings.0.push(
                    Diagnostic::error(at(), format!("'{}' lies in itself", place.code)).with_help("remove lies_in"),
                );
            }
            let has_parts = || {
                let mut inner = all.iter();
                inner.any(|inner| inner.roll_up && inner.lies_in.as_ref() == Some(&place.code))
            };
            if place.figures_include_parts && !has_parts() {
                let message = format!(
                    "the figures of '{}' include parts, but no place rolls up into it",
                    place.code
                );
                findings.0.push(
                    Diagnostic::error(at(), message)
                        .with_help("give its parts lies_in and roll_up: true, or remove figures_include_parts"),
                );
            }
            if place.roll_up && place.lies_in.is_none() {
                findings.0.push(
                    Diagnostic::error(at(), format!("'{}' rolls up, but lies in no listed place", place.code))
                        .with_help("add lies_in, or remove roll_up"),
                );
            }
        }
    }
}

/// Numbers of responses, by a code.
fn targets(node: &Node, findings: &mut Findings) -> IndexMap<String, u32> {
    let mut counts = IndexMap::new();
    for (key, value) in pairs(node, "targets", findings) {
        let Some(written) = scalar(value, "targets", findings) else {
            continue;
        };
        match written.parse() {
            Ok(count) => {
                counts.insert(key.text().unwrap_or_default().to_owned(), count);
            }
            Err(_) => findings.error(
                value,
                format!("'{written}' is no number of responses"),
                "write a whole number: 60",
            ),
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_wrong_with_places_is_told_at_once() {
        let errors = StudyPlaces::from_yaml(
            "places.yaml",
            "places:\n\
             - {code: 230700, label: Yichun, kind: targt}\n\
             - {code: 230781, label: Tieli, lies_in: 230701, roll_up: true}\n\
             - {code: 230700, label: Again}\n\
             - {code: 230900, label: Qitaihe, roll_up: true, fieldwork: {enterprise: many}}\n\
             - {code: 230400, label: Hegang, lies_in: 230500}\n\
             - {code: 230500, label: Shuangyashan, lies_in: 230400, figures_include_parts: true}\n",
        )
        .unwrap_err();
        let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(errors.join("\n"), @r"
        places.yaml:2:39: error: unknown kind of place 'targt'
          help: did you mean 'target'?
        places.yaml:3:10: error: '230781' lies in '230701', which is not listed
          help: did you mean '230700'?
        places.yaml:4:10: error: the place '230700' is given twice
          help: keep one of the two
        places.yaml:5:10: error: '230900' rolls up, but lies in no listed place
          help: add lies_in, or remove roll_up
        places.yaml:5:73: error: 'many' is no number of responses
          help: write a whole number: 60
        places.yaml:6:10: error: '230400' lies in itself
          help: remove lies_in
        places.yaml:7:10: error: '230500' lies in itself
          help: remove lies_in
        places.yaml:7:10: error: the figures of '230500' include parts, but no place rolls up into it
          help: give its parts lies_in and roll_up: true, or remove figures_include_parts
        ");
    }

    #[test]
    fn places_and_rounds_are_read() {
        let places = StudyPlaces::from_yaml(
            "places.yaml",
            "places:\n\
             - {code: 230700, label: Yichun}\n\
             - {code: 230781, label: Tieli, lies_in: 230700, roll_up: true}\n\
             rounds:\n\
             - {round: 2026, targets: {enterprise: {230700: 60}}}\n",
        )
        .unwrap()
        .value;
        assert_eq!(places.get("230781").unwrap().lies_in.as_deref(), Some("230700"));
        assert_eq!(places.rounds()[0].targets["enterprise"]["230700"], 60);
    }
}
