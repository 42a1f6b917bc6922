//! Reading an indicator: what it is measured against, and what it is computed from.

use super::indicator::{
    Absent, Basis, Direction, Formulas, Indicator, Measure, MeasureKind, NotAsked, Origin, Part, Target, Transform,
    Written,
};
use super::read::Reading;
use crate::definition::yaml::{Fields, Findings, Node, Value, list, pairs, scalar};
use crate::definition::{Diagnostic, Text, Unit};

impl Reading<'_> {
    pub(super) fn indicator(&mut self, id: &str, fields: &mut Fields<'_>) -> Option<Indicator> {
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
        if self.surveys.is_some() {
            self.anchored(id, fields.node(), goalposts.is_some(), basis.is_some());
        }
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

    /// Where answers are scored, goalposts are the default, and what they rest on is said before scoring.
    fn anchored(&mut self, id: &str, node: &Node, goalposts: bool, basis: bool) {
        if !goalposts {
            let message = format!("'{id}' has no goalposts, which `assess` scores by unless its options say otherwise");
            self.warn(
                node,
                message,
                "add `goalposts: [low, high]` in natural units, and their `basis`",
            );
        } else if !basis {
            let message = format!("'{id}' does not say what its goalposts rest on");
            let help = format!("add `basis:` {}", Basis::ALL.map(Basis::name).join(" | "));
            self.warn(node, message, help);
        }
    }

    fn warn(&mut self, node: &Node, message: String, help: impl Into<String>) {
        self.findings
            .0
            .push(Diagnostic::warning(node.place(), message).with_help(help));
    }

    fn unit(&mut self, node: &Node) -> Unit {
        match node.text() {
            Some(code) => {
                let code = if code.trim() == "%" { "percent" } else { code.trim() };
                Unit::known(code).unwrap_or_else(|| Unit {
                    code: String::new(),
                    label: Text::plain(code),
                })
            }
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
            let formulas = match kind {
                MeasureKind::Items => Formulas::Items(self.items(node)),
                _ => Formulas::One(self.written(node, kind.name())?),
            };
            return Some(Measure { kind, formulas, scale });
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
            formulas: Formulas::Quotient { of, over },
            scale: scale * by?,
        })
    }

    /// The items of a scale: two at least, each once.
    fn items(&mut self, node: &Node) -> Vec<Written> {
        let mut items: Vec<Written> = Vec::new();
        let errors = self.findings.0.len();
        for item in list(node, "items", &mut self.findings) {
            let Some(written) = self.written(item, "an item") else {
                continue;
            };
            if items.iter().any(|other| other.source == written.source) {
                let message = format!("the item '{}' stands twice in the scale", written.source);
                self.findings.error(
                    item,
                    message,
                    "leave one out: it would count double and agree with itself",
                );
            }
            items.push(written);
        }
        if items.len() < 2 && self.findings.0.len() == errors {
            let help = "list their formulas, as [\"${one}\", \"6 - ${other}\"]; for a single one write `mean`";
            self.findings.error(node, "a scale has at least two items", help);
        }
        items
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
