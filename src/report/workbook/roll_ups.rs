//! Roll-ups: places together with their parts, in a block of the ranking sheet and on a sheet of their own. They are never
//! ranked.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::sheet::{Cell, Column, Sheet};
use super::{Context, Edition, ROLL_UPS, figure, notes};
use crate::definition::{Language, Text};
use crate::scoring::RollUps;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    let mut sheet = context.sheet(
        worksheet,
        ROLL_UPS,
        (
            "地区连同其下级评价单位合并计算，不参与排名。* 样本较少或仅部分主体作答；– 缺失；□ 为保密而隐去。",
            "Places together with their parts, not ranked. * rests on few respondents or part of the actors; – missing; □ hidden for confidentiality.",
        ),
    )?;
    let Some(roll_ups) = &context.report.assessment.roll_ups else {
        return Ok(());
    };
    sheet.line(&say(
        "由本地及下级全部答卷按其权重合并估计，尺度与权重同排名，不改变任何单位的得分。",
        "Estimated from the respondents of the place and its parts together, each with its weight; on the scale and by the weights of the ranking, which they do not change.",
    ))?;
    let heads = |first: Vec<Column>| -> Vec<Column> {
        let names = (0..roll_ups.units.len()).map(|number| Column::new(name(context, roll_ups, number), 24));
        first.into_iter().chain(names).collect()
    };
    let of_all = |cell: &dyn Fn(usize) -> Cell| -> Vec<Cell> { (0..roll_ups.units.len()).map(cell).collect() };
    let elements = context.report.framework.elements();
    sheet.heading(&say("得分", "Scores"))?;
    let scored = elements.iter().filter(|element| element.indicator.is_none());
    let rows = scored.map(|element| {
        let mut cells = vec![
            Cell::Code(element.id.clone()),
            Cell::Text(context.wording.text(&element.label)),
            Cell::Empty,
        ];
        cells.extend(of_all(&|number| score(context, roll_ups, &element.id, number)));
        cells
    });
    let columns = [
        Column::new(say("代码", "Code"), 16),
        Column::new(say("名称", "Name"), 42),
        Column::new(say("单位", "Unit"), 16),
    ];
    let rows: Vec<_> = rows.collect();
    let body = sheet.table(&heads(columns.to_vec()), rows)?;
    sheet.worksheet.set_freeze_panes(body.first, 2)?;

    sheet.heading(&say("指标原值", "Indicators"))?;
    let indicators = context.report.framework.indicators().map(|(_, element, indicator)| {
        let unit = indicator.unit.as_ref();
        let mut cells = vec![
            Cell::Code(element.id.clone()),
            Cell::Text(context.wording.text(&element.label)),
            Cell::text(unit.map_or_else(String::new, |unit| context.wording.text(&unit.label))),
        ];
        cells.extend(of_all(&|number| figure(context, roll_ups, &element.id, number)));
        cells
    });
    let rows: Vec<_> = indicators.collect();
    sheet.table(&heads(columns.to_vec()), rows)?;
    match context.report.edition {
        Edition::Analysis => notes::write(context, &mut sheet, &roll_ups.notes),
        Edition::Publication => notes::write(context, &mut sheet, &context.hidden_roll_ups.public_notes(roll_ups)),
    }
}

/// The block below the ranking.
pub(super) fn write_beside_ranking(
    context: &Context<'_>,
    sheet: &mut Sheet<'_>,
    columns: &[Column],
) -> Result<(), XlsxError> {
    let Some(roll_ups) = &context.report.assessment.roll_ups else {
        return Ok(());
    };
    sheet.heading(
        &context
            .wording
            .say("连同下级地区（不参与排名）", "With their parts (not ranked)"),
    )?;
    let elements = context.report.framework.elements();
    let row = |number: usize| {
        let mut cells = vec![
            Cell::Text("–".to_owned()),
            Cell::Name(name(context, roll_ups, number)),
            match score(context, roll_ups, context.index(), number) {
                Cell::Score(score) => Cell::Total(score),
                hidden => hidden,
            },
            Cell::Share(
                roll_ups
                    .coverage
                    .get(context.index())
                    .and_then(|shares| shares.get(number)),
            ),
        ];
        let dimensions = context
            .dimensions()
            .iter()
            .filter_map(|position| elements.get(*position));
        cells.extend(dimensions.map(|element| score(context, roll_ups, &element.id, number)));
        cells
    };
    sheet.table(columns, (0..roll_ups.units.len()).map(row))?;
    Ok(())
}

/// The place, and which parts are in it.
fn name(context: &Context<'_>, roll_ups: &RollUps, number: usize) -> String {
    let label = |id: &String, language: Language| match context.report.units.get(id) {
        Some(label) => label.get(language.code()).to_owned(),
        None => id.clone(),
    };
    let in_language = |language: Language| {
        let place = roll_ups
            .units
            .get(number)
            .map_or_else(String::new, |id| label(id, language));
        let parts = roll_ups.parts.get(number).into_iter().flatten();
        let parts: Vec<String> = parts.map(|part| label(part, language)).collect();
        match language {
            Language::Chinese => format!("{place}（含{}）", parts.join("、")),
            Language::English => format!("{place} incl. its parts ({})", parts.join(", ")),
        }
    };
    let names = Language::ALL.map(|language| (language.code(), in_language(language)));
    context.wording.text(&Text::from_iter(names))
}

fn score(context: &Context<'_>, roll_ups: &RollUps, id: &str, number: usize) -> Cell {
    if context.hidden_roll_ups.hides_score(id, number) {
        return hidden();
    }
    Cell::Score(roll_ups.scores.get(id).and_then(|scores| scores.get(number)))
}

/// One value, marked or hidden.
fn figure(context: &Context<'_>, roll_ups: &RollUps, id: &str, number: usize) -> Cell {
    let value = roll_ups.raw.get(id).and_then(|values| values.get(number));
    let cell = roll_ups.cells.get(id).and_then(|cells| cells.get(number));
    figure::figure(value, cell, context.hidden_roll_ups.hides_figure(id, number))
}

fn hidden() -> Cell {
    Cell::Text("□".to_owned())
}
