//! The influence sheet of the analysis: what rests on a single respondent. No publication has it.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::sheet::{Cell, Column, Sheet};
use super::{Context, INFLUENCE, notes};
use crate::scoring::{Influence, LargestRespondent, LeftOut, NoteCode};

/// So many respondents of each unit are listed, beside all that move it too far.
const LISTED: usize = 3;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let mut sheet = context.sheet(
        worksheet,
        INFLUENCE,
        (
            "内部资料：单份答卷对得分的影响，仅供分析，不得公布。",
            "Confidential: what single respondents do to scores. For analysis only, never for publication.",
        ),
    )?;
    let Some(influence) = &context.report.assessment.influence else {
        return Ok(());
    };
    if influence.left_out.is_empty() {
        write_why_not(context, &mut sheet)?;
    } else {
        write_left_out(context, &mut sheet, influence)?;
    }
    write_largest(context, &mut sheet, influence)
}

/// Why there are no scores without a respondent: the methods have no frame that could be kept.
fn write_why_not(context: &Context<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let mut notes = context.report.assessment.notes.iter();
    let why_not = notes.find(|note| note.code == NoteCode::NoInfluence);
    if let Some(words) = why_not.and_then(|note| notes::words(context, note)) {
        sheet.line(&words)?;
        sheet.skip(1);
    }
    Ok(())
}

fn write_left_out(context: &Context<'_>, sheet: &mut Sheet<'_>, influence: &Influence) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    sheet.heading(&say("去掉一份答卷后的得分", "Scores without one respondent"))?;
    sheet.line(&say(
        "逐一去掉各指标占比最大的答卷，重新估计本单位的全部指标；尺度与其他单位得分不变。每个单位列出影响最大的三份及全部加*者。",
        "Whoever is the largest of some indicator is left out of all figures of its unit; the scale and the scores of others stay. Listed are the three that move a unit most, and all with *.",
    ))?;
    sheet.line(&say(
        "* 指数得分或名次的变动超过其抽样区间宽度的一半。",
        "* moves the score or the rank of the index by more than half the width of its sampling interval.",
    ))?;
    let mut columns = vec![
        Column::new(say("单位", "Unit"), 34),
        Column::new(say("答卷", "Response"), 46),
        Column::new(say("标记", "Flag"), 8),
        Column::new(say("指数", "Index"), 11),
        Column::new(say("去掉后", "Without it"), 11),
        Column::new(say("变动", "Change"), 10),
        Column::new(say("名次", "Rank"), 8),
        Column::new(say("去掉后名次", "Rank without it"), 11),
    ];
    columns.extend(
        context
            .dimensions()
            .iter()
            .map(|position| Column::new(context.head(*position), 14)),
    );
    let assessment = context.report.assessment;
    let mut rows = Vec::new();
    for (unit, id) in assessment.units.iter().enumerate() {
        let of_unit = influence.left_out.iter().filter(|left_out| left_out.unit == *id);
        let listed = of_unit
            .enumerate()
            .filter(|(place, left_out)| *place < LISTED || left_out.moves());
        rows.extend(listed.map(|(_, left_out)| left_out_row(context, unit, left_out)));
    }
    let body = sheet.table(&columns, rows)?;
    sheet.worksheet.set_freeze_panes(body.first, 1)?;
    Ok(())
}

fn left_out_row(context: &Context<'_>, unit: usize, left_out: &LeftOut) -> Vec<Cell> {
    let after = |id: &str| left_out.scores.get(id).copied().flatten();
    let change = |id: &str| Some(after(id)? - context.score(id, unit)?);
    let rank = |rank: Option<u32>| rank.map_or(Cell::Empty, |rank| Cell::Count(rank.into()));
    let index = context.index();
    let mut cells = vec![
        Cell::Name(context.unit_at(unit)),
        Cell::Code(left_out.response.clone()),
        Cell::text(if left_out.moves() { "*" } else { "" }),
        context.score_cell(context.score(index, unit)),
        context.score_cell(after(index)),
        context.change_cell(change(index)),
        rank(context.rank(index, unit)),
        rank(left_out.rank),
    ];
    let elements = context.report.framework.elements();
    let dimensions = context
        .dimensions()
        .iter()
        .filter_map(|position| elements.get(*position));
    cells.extend(dimensions.map(|dimension| context.change_cell(change(&dimension.id))));
    cells
}

fn write_largest(context: &Context<'_>, sheet: &mut Sheet<'_>, influence: &Influence) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    sheet.heading(&say("最大一份答卷的占比", "The largest respondent's share"))?;
    sheet.line(&say(
        "占加权分子的比例（中位数为占权重的比例）；多类主体的指标取最大者。",
        "Of the weighted numerator (in medians of the weight); of several actor types the greatest.",
    ))?;
    let mut columns = vec![
        Column::new(say("指标", "Indicator"), 34),
        Column::new(say("代码", "Code"), 46),
    ];
    columns.extend(context.units().map(|unit| Column::new(unit, 11)));
    let greatest = |largest: &Vec<LargestRespondent>| {
        let shares = largest.iter().map(|largest| largest.share);
        Cell::Share(shares.max_by(f64::total_cmp))
    };
    let rows = context.report.framework.indicators().filter_map(|(_, element, _)| {
        let of_units = influence.largest.get(&element.id)?;
        let mut cells = vec![
            Cell::Text(context.wording.text(&element.label)),
            Cell::Code(element.id.clone()),
        ];
        cells.extend(of_units.iter().map(greatest));
        Some(cells)
    });
    let rows: Vec<_> = rows.collect();
    sheet.table(&columns, rows)?;
    Ok(())
}
