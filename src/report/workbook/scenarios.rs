//! The scenarios sheet: scores and ranks of each scenario beside those of the assessment, the cheapest improvements, and
//! what each indicator would add to the index.

use rust_xlsxwriter::{Worksheet, XlsxError};
use serde_json::Value;

use super::sheet::{Cell, Column, Sheet};
use super::{Context, Edition, SCENARIOS, notes};
use crate::scoring::{
    ElementOutcome, Improvement, MarginalReturn, MarginalReturns, Outcome, Region, ScenarioFrame, Spread, StepBasis,
};

/// The width of a column of numbers.
const NUMBER: u16 = 15;
/// The width of the first column.
const NAME: u16 = 46;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let mut sheet = context.sheet(
        worksheet,
        SCENARIOS,
        (
            "假设某些数值改变后的得分与名次，并与本次评价比较。差值为情景减去本次评价。",
            "Scores and ranks if some things were other than they are. A difference is the scenario's less the assessment's.",
        ),
    )?;
    let Some(scenarios) = &context.report.assessment.scenarios else {
        return Ok(());
    };
    for outcome in scenarios.outcomes.values() {
        write_outcome(context, &mut sheet, outcome)?;
    }
    // What a city would have to raise says what it has, which may give a respondent away.
    if context.report.edition == Edition::Analysis {
        for improvement in scenarios.improvements.values() {
            write_improvement(context, &mut sheet, improvement)?;
        }
        if let Some(returns) = &scenarios.marginal_returns {
            write_returns(context, &mut sheet, returns)?;
        }
        notes::write(context, &mut sheet, &scenarios.notes)?;
    }
    Ok(())
}

fn write_outcome(context: &Context<'_>, sheet: &mut Sheet<'_>, outcome: &Outcome) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    sheet.heading(&context.wording.text(&outcome.label))?;
    let frame = match outcome.frame {
        ScenarioFrame::Frozen => say("量程固定为本次评价", "on the scale of the assessment"),
        ScenarioFrame::Recomputed => say("量程重新计算", "on a scale of its own"),
    };
    let changes: Vec<String> = outcome.changes.iter().map(|change| in_words(context, change)).collect();
    sheet.line(&format!("{} — {frame}", changes.join("; ")))?;
    let Some(index) = outcome.elements.get(context.index()) else {
        return Ok(());
    };
    if context.report.edition == Edition::Publication {
        return write_ranks(context, sheet, outcome);
    }
    let mut columns = vec![
        Column::new(say("单位", "Unit"), NAME),
        Column::new(say("得分", "Score"), NUMBER),
        Column::new(say("情景得分", "Scenario"), NUMBER),
        Column::new(say("差值", "Difference"), NUMBER),
        Column::new(interval_head(context), NUMBER + 4),
        Column::new(say("名次", "Rank"), NUMBER),
        Column::new(say("情景名次", "Scenario's rank"), NUMBER),
    ];
    let elements = context.report.framework.elements();
    let dimensions: Vec<(&ElementOutcome, String)> = context
        .dimensions()
        .iter()
        .filter_map(|position| {
            let element = elements.get(*position)?;
            Some((outcome.elements.get(&element.id)?, context.head(*position)))
        })
        .collect();
    let head = |head: &String| format!("{head}\n{}", say("差值", "difference"));
    columns.extend(dimensions.iter().map(|(_, label)| Column::new(head(label), NUMBER)));
    let decimals = context.decimals();
    let row = |unit: usize| {
        let mut cells = vec![
            Cell::Name(context.unit_at(unit)),
            context.score_cell(index.score.baseline.get(unit)),
            match decimals {
                1 => Cell::Total(index.score.scenario.get(unit)),
                _ => Cell::Value(index.score.scenario.get(unit)),
            },
            context.change_cell(index.score.difference.get(unit)),
            Cell::text(
                index
                    .uncertainty
                    .as_ref()
                    .map_or_else(String::new, |it| interval(&it.score, unit, decimals)),
            ),
            rank(&index.rank.baseline, unit),
            rank(&index.rank.scenario, unit),
        ];
        cells.extend(
            dimensions
                .iter()
                .map(|(element, _)| context.change_cell(element.score.difference.get(unit))),
        );
        cells
    };
    sheet.table(&columns, context.ranking().into_iter().map(row))?;
    notes::write(context, sheet, &outcome.notes)
}

fn rank(ranks: &[Option<u32>], unit: usize) -> Cell {
    let rank = ranks.get(unit).copied().flatten();
    rank.map_or(Cell::Empty, |rank| Cell::Count(rank.into()))
}

/// For publication the ranks alone: a difference of scores, over the weight of what was changed, is a figure that may be
/// hidden, and a note of an element says something of it.
fn write_ranks(context: &Context<'_>, sheet: &mut Sheet<'_>, outcome: &Outcome) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    let elements = context.report.framework.elements();
    let ranked: Vec<(&ElementOutcome, String)> = std::iter::once(0)
        .chain(context.dimensions().iter().copied())
        .filter_map(|position| {
            let outcome = outcome.elements.get(&elements.get(position)?.id)?;
            Some((outcome, context.head(position)))
        })
        .collect();
    let mut columns = vec![Column::new(say("单位", "Unit"), NAME)];
    for (_, label) in &ranked {
        let head = |what: String| Column::new(format!("{label}\n{what}"), NUMBER);
        columns.extend([head(say("名次", "rank")), head(say("情景名次", "scenario's rank"))]);
    }
    let row = |unit: usize| {
        let mut cells = vec![Cell::Name(context.unit_at(unit))];
        cells.extend(
            ranked
                .iter()
                .flat_map(|(element, _)| [rank(&element.rank.baseline, unit), rank(&element.rank.scenario, unit)]),
        );
        cells
    };
    sheet.table(&columns, context.ranking().into_iter().map(row))?;
    Ok(())
}

fn interval_head(context: &Context<'_>) -> String {
    let uncertainty = context.report.assessment.uncertainty.as_ref();
    let percent = uncertainty.map_or(90.0, |uncertainty| (uncertainty.confidence * 1000.0).round() / 10.0);
    context
        .wording
        .say(&format!("差值区间 {percent} %"), &format!("Interval {percent} %"))
}

/// `+0.3 – +2.1`; nothing where there are no runs.
fn interval(spread: &Spread, unit: usize, decimals: usize) -> String {
    let ends = spread
        .interval()
        .and_then(|(low, high)| low.get(unit).zip(high.get(unit)));
    ends.map_or_else(String::new, |(low, high)| {
        format!("{low:+.decimals$} – {high:+.decimals$}")
    })
}

/// A change as people say it: `B2 × 2 (230400)`.
fn in_words(context: &Context<'_>, change: &Value) -> String {
    let word = |key: &str| change.get(key).and_then(Value::as_str).unwrap_or_default();
    let number = |key: &str| {
        let value = change.get(key)?;
        // 2 rather than 2.0, and words without quotes.
        let words = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Some(value.as_f64().map_or_else(words, |number| number.to_string()))
    };
    let subject = ["answer", "indicator", "weight"]
        .into_iter()
        .map(word)
        .find(|word| !word.is_empty());
    let subject = subject.unwrap_or_default();
    let subject = if change.get("weight").is_some() {
        context
            .wording
            .say(&format!("{subject} 的权重"), &format!("weight of {subject}"))
    } else {
        subject.to_owned()
    };
    let edit = if let Some(by) = number("scale") {
        format!("× {by}")
    } else if let Some(more) = number("add") {
        match more.strip_prefix('-') {
            Some(less) => format!("− {less}"),
            None => format!("+ {more}"),
        }
    } else if let Some(to) = number("set") {
        format!("= {to}")
    } else {
        let level = match word("reach") {
            "peer_median" => context.wording.say("其他单位的中位数", "the median of the others"),
            "best" => context.wording.say("最好单位", "the best unit"),
            "target" => context.wording.say("目标值", "the target"),
            _ => number("reach").unwrap_or_default(),
        };
        format!("→ {level}")
    };
    let units = change.get("units").and_then(Value::as_array).map(|units| {
        let names: Vec<String> = units
            .iter()
            .filter_map(Value::as_str)
            .map(|unit| context.unit(unit))
            .collect();
        names.join(", ")
    });
    let limits: Vec<String> = units
        .into_iter()
        .chain((!word("where").is_empty()).then(|| word("where").to_owned()))
        .collect();
    if limits.is_empty() {
        format!("{subject} {edit}")
    } else {
        format!("{subject} {edit} ({})", limits.join("; "))
    }
}

fn write_improvement(context: &Context<'_>, sheet: &mut Sheet<'_>, improvement: &Improvement) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    sheet.heading(&context.wording.text(&improvement.label))?;
    let (unit, target) = (context.unit(&improvement.unit), &improvement.target);
    let decimals = context.decimals();
    let wanted = match target.rank {
        Some(rank) => say(
            &format!("第{rank}名，需得分 {:.decimals$}", target.score),
            &format!("rank {rank}, which needs {:.decimals$}", target.score),
        ),
        None => say(
            &format!("得分 {:.decimals$}", target.score),
            &format!("a score of {:.decimals$}", target.score),
        ),
    };
    let outcome = if improvement.reached {
        say("可以达到", "can be reached")
    } else {
        say("无法达到", "cannot be reached")
    };
    let cost = say("成本", "cost");
    sheet.line(&format!(
        "{unit}: {:.decimals$} → {:.decimals$} ({wanted}: {outcome}); {cost} {:.4}",
        target.before, target.after, improvement.cost
    ))?;
    let columns = [
        Column::new(say("指标", "Indicator"), NAME),
        Column::new(say("现值", "From"), NUMBER),
        Column::new(say("目标值", "To"), NUMBER),
        Column::new(say("提升", "Improvement"), NUMBER),
        Column::new(say("成本", "Cost"), NUMBER + 4),
        Column::new(say("得分增加", "Gain"), NUMBER),
    ];
    let rows = improvement.steps.iter().map(|(id, step)| {
        vec![
            Cell::Name(indicator(context, id)),
            Cell::Value(Some(step.from)),
            Cell::Value(Some(step.to)),
            Cell::Value(Some(step.by)),
            Cell::Value(Some(step.cost)),
            context.change_cell(Some(step.gain)),
        ]
    });
    sheet.table(&columns, rows)?;
    notes::write(context, sheet, &improvement.notes)
}

fn indicator(context: &Context<'_>, id: &str) -> String {
    let element = context.report.framework.find(id);
    element.map_or_else(|| id.to_owned(), |element| context.wording.text(&element.label))
}

fn write_returns(context: &Context<'_>, sheet: &mut Sheet<'_>, returns: &MarginalReturns) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    sheet.heading(&say("各指标的边际效应", "What each indicator would add"))?;
    sheet.line(&say(
        "某指标改善一步（标杆值区间的十分之一；无标杆值者为一个标准差）时，总指数增加的分数，其他条件不变。",
        "Points of the index for one step of improvement: a tenth of the way between the goalposts, or one standard \
         deviation where there are none; all else as it is.",
    ))?;
    sheet.line(&say(
        "▲ 已达量程上端，不再增加；▼ 低于量程下端，达到之前不增加；○ 不影响总指数；– 缺失。",
        "▲ at the best end of the scale: nothing more is gained; ▼ below the worse end: nothing until it is reached; \
         ○ no effect on the index; – missing.",
    ))?;
    let mut columns = vec![
        Column::new(say("指标", "Indicator"), NAME),
        Column::new(say("一步", "Step"), NUMBER),
    ];
    columns.extend(context.units().map(|unit| Column::new(unit, NUMBER)));
    let elements = &context.report.assessment.elements;
    let is_scored = |id: &String| {
        elements
            .iter()
            .any(|element| element.id == *id && element.effective_weight > 0.0)
    };
    let scored = returns.indicators.iter().filter(|(id, _)| is_scored(id));
    let rows = scored.map(|(id, of_units)| {
        let mut cells = vec![Cell::Name(indicator(context, id)), step(context, of_units)];
        cells.extend((0..of_units.region.len()).map(|unit| gain(of_units, unit)));
        cells
    });
    sheet.table(&columns, rows)?;
    Ok(())
}

fn step(context: &Context<'_>, of_units: &MarginalReturn) -> Cell {
    let Some(step) = of_units.step else { return Cell::Empty };
    let rounded = (step * 1e4).round() / 1e4;
    Cell::Text(match of_units.step_is {
        StepBasis::TenthOfGoalposts => rounded.to_string(),
        StepBasis::StandardDeviation => context
            .wording
            .say(&format!("{rounded}（标准差）"), &format!("{rounded} (sd)")),
    })
}

fn gain(of_units: &MarginalReturn, unit: usize) -> Cell {
    let marked = |mark: &str| Cell::Text(mark.to_owned());
    match of_units.region.get(unit) {
        Some(Region::Rising) => Cell::Value(of_units.per_step.get(unit).map(|gain| (gain * 1e4).round() / 1e4)),
        Some(Region::AtTop) => marked("▲"),
        Some(Region::BelowBottom) => marked("▼"),
        Some(Region::Flat) => marked("○"),
        Some(Region::Missing) | None => marked("–"),
    }
}
