//! The indicators sheet: each unit's value in its own unit, beside what it is measured against.

use rust_xlsxwriter::{ColNum, Worksheet, XlsxError};

use super::figure::figure;
use super::sheet::{Cell, Column};
use super::{Context, INDICATORS};
use crate::scoring::{Direction, Indicator};

/// The column of the first unit.
const FIRST_UNIT: ColNum = 8;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese, english| context.wording.say(chinese, english);
    let assessment = context.report.assessment;
    let mut sheet = context.sheet(
        worksheet,
        INDICATORS,
        (
            "指标原值（自然单位）。* 样本较少或仅部分主体作答，引用须谨慎；– 缺失；□ 为保密而隐去。",
            "Values in natural units. * rests on few respondents or part of the actors; – missing; □ hidden for confidentiality.",
        ),
    )?;
    let mut columns = vec![
        Column::new(say("代码", "Code"), 16),
        Column::new(say("维度", "Dimension"), 22),
        Column::new(say("指标", "Indicator"), 38),
        Column::new(say("单位", "Unit"), 14),
        Column::new(say("方向", "Direction"), 9),
        Column::new(say("权重", "Weight"), 9),
        Column::new(say("标杆值", "Goalposts"), 14),
        Column::new(say("依据", "Basis"), 10),
    ];
    columns.extend(context.units().map(|unit| Column::new(unit, 13)));
    let rows: Vec<_> = context
        .report
        .framework
        .indicators()
        .map(|(position, element, indicator)| {
            let parent = element.parent.map_or_else(String::new, |parent| context.label(parent));
            let weight = assessment
                .elements
                .get(position)
                .map_or(element.weight, |scored| scored.weight);
            let mut cells = vec![
                Cell::Code(element.id.clone()),
                Cell::Text(parent),
                Cell::Text(context.wording.text(&element.label)),
                Cell::text(
                    indicator
                        .unit
                        .as_ref()
                        .map_or_else(String::new, |unit| context.wording.text(&unit.label)),
                ),
                Cell::Text(direction(context, indicator)),
                Cell::Weight(weight),
                Cell::text(
                    indicator
                        .goalposts
                        .map_or_else(String::new, |[low, high]| format!("{low} – {high}")),
                ),
                Cell::text(indicator.basis.map_or("", |basis| basis.name())),
            ];
            cells.extend((0..assessment.units.len()).map(|unit| value(context, &element.id, unit)));
            cells
        })
        .collect();
    let body = sheet.table(&columns, rows)?;
    sheet.worksheet.set_freeze_panes(body.first, 3)?;
    let last = FIRST_UNIT + ColNum::try_from(assessment.units.len()).unwrap_or(1).saturating_sub(1);
    if body.last >= body.first {
        sheet.worksheet.autofilter(body.first - 1, 0, body.last, last)?;
    }
    Ok(())
}

/// One value, marked or hidden as its cell says.
fn value(context: &Context<'_>, id: &str, unit: usize) -> Cell {
    let assessment = context.report.assessment;
    let value = assessment.stages.raw.get(id).and_then(|values| values.get(unit));
    let cell = assessment.cells.get(id).and_then(|cells| cells.get(unit));
    figure(value, cell, context.hides(id, unit))
}

fn direction(context: &Context<'_>, indicator: &Indicator) -> String {
    match indicator.direction {
        Direction::Up => context.wording.say("越高越好", "higher"),
        Direction::Down => context.wording.say("越低越好", "lower"),
    }
}
