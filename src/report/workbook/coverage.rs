//! The coverage sheet: how many respondents stand behind each figure, and which figures are thin.

use rust_xlsxwriter::{ConditionalFormatCell, ConditionalFormatCellRule, Format, Worksheet, XlsxError};

use super::sheet::{Cell, Column};
use super::{COVERAGE, Context, weighting};

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese, english| context.wording.say(chinese, english);
    let assessment = context.report.assessment;
    let mut sheet = context.sheet(
        worksheet,
        COVERAGE,
        (
            "每个数字背后的样本量，以及各维度的数据覆盖率。",
            "The respondents behind each figure, and the share of indicators with data.",
        ),
    )?;
    let units = || context.units().map(|unit| Column::new(unit, 13));

    sheet.heading(&say("有数据的指标占比", "Share of indicators with data"))?;
    let mut columns = vec![
        Column::new(say("代码", "Code"), 16),
        Column::new(say("名称", "Name"), 42),
        Column::new(say("主体", "Actor"), 20),
    ];
    columns.extend(units());
    let elements = context
        .report
        .framework
        .elements()
        .iter()
        .filter(|element| element.indicator.is_none());
    let rows = elements.map(|element| {
        let mut cells = vec![
            Cell::Code(element.id.clone()),
            Cell::Text(context.wording.text(&element.label)),
            Cell::Empty,
        ];
        cells.extend((0..assessment.units.len()).map(|unit| Cell::Share(context.coverage(&element.id, unit))));
        cells
    });
    let rows: Vec<_> = rows.collect();
    let body = sheet.table(&columns, rows)?;
    sheet.colour_scale(body, 3, 2 + u16::try_from(assessment.units.len()).unwrap_or(1))?;

    if assessment.cells.is_empty() {
        return Ok(());
    }
    let minimum = context.report.options.responses.minimum;
    let flag_below = context.report.options.responses.flag_below;
    sheet.heading(&say(
        "进入计算的样本量（按主体）",
        "Respondents in the base, by actor type",
    ))?;
    sheet.line(&context.wording.say(
        &format!("少于{minimum}家：视为缺失；少于{flag_below}家：加标记。公开名录内的公共机构最少1家。"),
        &format!("Fewer than {minimum}: missing; fewer than {flag_below}: flagged. Listed public bodies: at least 1."),
    ))?;
    let rows: Vec<_> = context
        .report
        .framework
        .indicators()
        .flat_map(|(_, element, _)| base_rows(context, &element.id, &context.wording.text(&element.label)))
        .collect();
    let body = sheet.table(&columns, rows)?;
    if body.last >= body.first {
        let thin = ConditionalFormatCell::new()
            .set_rule(ConditionalFormatCellRule::LessThan(flag_below))
            .set_format(Format::new().set_font_color(super::style::ALERT));
        let last = 2 + u16::try_from(assessment.units.len()).unwrap_or(1);
        sheet
            .worksheet
            .add_conditional_format(body.first, 3, body.last, last, &thin)?;
    }
    weighting::write(context, &mut sheet)
}

/// A row per actor type of an indicator: the respondents in the base of each unit.
fn base_rows(context: &Context<'_>, indicator: &str, label: &str) -> Vec<Vec<Cell>> {
    let Some(cells) = context.report.assessment.cells.get(indicator) else {
        return Vec::new();
    };
    let mut actors: Vec<&str> = Vec::new();
    for part in cells.iter().flat_map(|cell| &cell.parts) {
        if !actors.contains(&part.actor.as_str()) {
            actors.push(&part.actor);
        }
    }
    let row = |actor: &str| {
        let known = context.report.framework.actors().get(actor);
        let confidential = known.is_none_or(|actor| actor.confidential);
        let mut row = vec![
            Cell::Code(indicator.to_owned()),
            Cell::Text(label.to_owned()),
            Cell::Text(known.map_or_else(|| actor.to_owned(), |actor| context.wording.text(&actor.label))),
        ];
        row.extend(cells.iter().map(|cell| {
            let part = cell.parts.iter().find(|part| part.actor == actor);
            match part {
                None => Cell::Empty,
                Some(part) => context.count_cell(part.base.into(), confidential),
            }
        }));
        row
    };
    actors.into_iter().map(row).collect()
}
