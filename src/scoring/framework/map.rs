//! The map of a framework: dimensions, their indicators, the questions that these come down to, and their sources.

use std::fmt::Write as _;

use super::uses::questions;
use super::{Direction, Element, Formulas, Framework, Indicator, NotAsked, Origin};
use crate::definition::Definition;

const HEAD: &str =
    "| id | indicator | weight | measure | questions | goalposts | source |\n|---|---|---|---|---|---|---|\n";

impl Framework {
    /// The map as Markdown, with a table for each element that holds indicators.
    pub fn map(&self, surveys: &[&Definition]) -> String {
        let mut map = String::new();
        for parent in self.elements() {
            let rows: Vec<String> = parent
                .children
                .iter()
                .filter_map(|child| self.elements().get(*child))
                .filter_map(|element| Some(row(element, element.indicator.as_ref()?, surveys)))
                .collect();
            if rows.is_empty() {
                continue;
            }
            let space = if map.is_empty() { "" } else { "\n" };
            let label = in_both(parent);
            let _ = writeln!(map, "{space}### {} {label}\n\n{HEAD}{}", parent.id, rows.join("\n"));
        }
        map
    }
}

fn row(element: &Element, indicator: &Indicator, surveys: &[&Definition]) -> String {
    let weight = if element.weight == 0.0 {
        "context".to_owned()
    } else {
        element.weight.to_string()
    };
    let (measure, questions) = match &indicator.origin {
        Origin::Column(column) => ("column".to_owned(), format!("`{column}`")),
        Origin::Statistics(column) => ("official figure".to_owned(), format!("statistics: `{column}`")),
        Origin::Answers { .. } => (measures(indicator), asked(indicator, surveys)),
    };
    let cells = [
        element.id.clone(),
        in_both(element),
        weight,
        measure,
        questions,
        goalposts(indicator),
        indicator.source.get("en").to_owned(),
    ];
    format!("| {} |", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

fn in_both(element: &Element) -> String {
    let (english, chinese) = (element.label.get("en"), element.label.get("zh"));
    if english == chinese {
        english.to_owned()
    } else {
        format!("{english} · {chinese}")
    }
}

/// The kind of measure of each actor type, with its share and what not being asked counts as.
fn measures(indicator: &Indicator) -> String {
    let Origin::Answers { parts, .. } = &indicator.origin else {
        return String::new();
    };
    let mut measures: Vec<String> = Vec::new();
    for part in parts {
        let share = if parts.len() > 1 {
            format!(" {} %", (part.share * 1000.0).round() / 10.0)
        } else {
            String::new()
        };
        let not_asked = match part.not_asked {
            Some(NotAsked::Zero) => ", not asked: zero",
            Some(NotAsked::Exclude) => ", not asked: left out",
            None => "",
        };
        let kind = match &part.measure.formulas {
            Formulas::Items(items) => format!("scale of {} items", items.len()),
            Formulas::One(_) | Formulas::Quotient { .. } => part.measure.kind.name().to_owned(),
        };
        measures.push(format!("{kind}, {}{share}{not_asked}", part.actor));
    }
    measures.join("; ")
}

/// The questions by survey, in the order of the interview.
fn asked(indicator: &Indicator, surveys: &[&Definition]) -> String {
    let Origin::Answers { parts, .. } = &indicator.origin else {
        return String::new();
    };
    let read = |survey: &&&Definition| {
        let own = parts.iter().filter(|part| part.survey == survey.survey());
        let mut found: Vec<_> = own.flat_map(|part| questions(part, survey)).collect();
        found.sort();
        found.dedup();
        let names = found.iter().filter_map(|id| survey.get(*id));
        let names: Vec<String> = names.map(|element| format!("`{}`", element.name)).collect();
        (!names.is_empty()).then(|| format!("{}: {}", survey.survey(), names.join(", ")))
    };
    let by_survey: Vec<String> = surveys.iter().filter_map(|survey| read(&survey)).collect();
    by_survey.join("; ")
}

fn goalposts(indicator: &Indicator) -> String {
    let Some([low, high]) = indicator.goalposts else {
        return String::new();
    };
    let unit = indicator.unit.as_ref().map_or("", |unit| unit.label.get("en"));
    let basis = indicator
        .basis
        .map_or_else(String::new, |basis| format!(", {}", basis.name()));
    let down = match indicator.direction {
        Direction::Up => "",
        Direction::Down => ", less is better",
    };
    format!("{low} to {high} {unit}{basis}{down}").replace("  ", " ")
}
