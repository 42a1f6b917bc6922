//! The sheet of standardised figures: each unit's raw figure, and what it would be under the pooled structure.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::figure::figure;
use super::sheet::{Cell, Column};
use super::{Context, STANDARDISED};
use crate::definition::Language;
use crate::scoring::StructureFrom;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    let mut sheet = context.sheet(
        worksheet,
        STANDARDISED,
        (
            "若各单位的行业和规模结构相同，指标会是多少。仅供对照，不进入得分。* 样本较少或仅部分主体作答，引用须谨慎；– 缺失。",
            "What figures would be if all units had one structure of sectors and sizes. For comparison, in no score. * rests on few respondents or part of the actors; – missing.",
        ),
    )?;
    let assessment = context.report.assessment;
    let Some(standardised) = &assessment.standardised else {
        return Ok(());
    };
    for (survey, structure) in &standardised.structures {
        let cells = structure.cells;
        let title = |language| title(context, survey, language);
        let (chinese, english) = (title(Language::Chinese), title(Language::English));
        sheet.line(&match structure.from {
            StructureFrom::Register => say(
                &format!("{chinese}：结构为名录中全部单位所在地区的行业×规模（{cells}格）。"),
                &format!("{english}: sectors by sizes of the organisations of the register, all units together ({cells} cells)."),
            ),
            StructureFrom::Respondents => say(
                &format!("{chinese}：没有名录，结构为全部加权答卷的行业×规模（{cells}格）。"),
                &format!("{english}: no register; sectors by sizes of the weighted respondents, all units together ({cells} cells)."),
            ),
        })?;
    }
    let mut columns = vec![
        Column::new(say("代码", "Code"), 16),
        Column::new(say("指标", "Indicator"), 38),
        Column::new(say("单位", "Unit"), 14),
    ];
    for unit in context.units() {
        columns.push(Column::new(format!("{unit}\n{}", say("原值", "raw")), 13));
        columns.push(Column::new(format!("{unit}\n{}", say("标准化", "standardised")), 13));
    }
    let rows = context
        .report
        .framework
        .indicators()
        .filter_map(|(_, element, indicator)| {
            let figures = standardised.figures.get(&element.id)?;
            let raw = assessment.stages.raw.get(&element.id);
            let measured_in = indicator.unit.as_ref();
            let mut cells = vec![
                Cell::Code(element.id.clone()),
                Cell::Text(context.wording.text(&element.label)),
                Cell::text(measured_in.map_or_else(String::new, |unit| context.wording.text(&unit.label))),
            ];
            for unit in 0..assessment.units.len() {
                // Both rest on the same respondents, so that they bear the same mark.
                let cell = assessment.cells.get(&element.id).and_then(|cells| cells.get(unit));
                let raw = raw.and_then(|raw| raw.get(unit));
                for value in [raw, figures.get(unit)] {
                    cells.push(figure(value, cell, false));
                }
            }
            Some(cells)
        });
    let rows: Vec<_> = rows.collect();
    let body = sheet.table(&columns, rows)?;
    sheet.worksheet.set_freeze_panes(body.first, 2)?;
    sheet.heading(&say("覆盖", "Coverage"))?;
    sheet.line(&say(
        "本单位有答卷的行业×规模格在共同结构中所占比例；其余格由同规模、再由全部答卷代表。",
        "The share of the common structure in whose cells the unit has respondents; size classes, then all respondents, stand for the rest.",
    ))?;
    let mut columns = vec![
        Column::new(say("代码", "Code"), 16),
        Column::new(say("指标", "Indicator"), 38),
    ];
    columns.extend(context.units().map(|unit| Column::new(unit, 13)));
    let rows = context.report.framework.indicators().filter_map(|(_, element, _)| {
        let coverage = standardised.coverage.get(&element.id)?;
        let mut cells = vec![
            Cell::Code(element.id.clone()),
            Cell::Text(context.wording.text(&element.label)),
        ];
        cells.extend(coverage.iter().map(Cell::Share));
        Some(cells)
    });
    let rows: Vec<_> = rows.collect();
    sheet.table(&columns, rows)?;
    Ok(())
}

/// The survey's title, or its id where the report does not have the survey.
fn title<'a>(context: &'a Context<'_>, survey: &'a str, language: Language) -> &'a str {
    let mut definitions = context.report.surveys.iter().map(|survey| survey.definition);
    let definition = definitions.find(|definition| definition.survey() == survey);
    definition.map_or(survey, |definition| definition.title().get(language.code()))
}
