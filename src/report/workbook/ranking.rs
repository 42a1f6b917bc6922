//! The ranking sheet: the units from the first to the last, by the index and by each dimension.

use rust_xlsxwriter::{ColNum, Worksheet, XlsxError};

use super::sheet::{Cell, Column};
use super::{Context, RANKING, roll_ups, uncertainty};

/// The column of the first dimension.
const FIRST_DIMENSION: ColNum = 4;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese, english| context.wording.say(chinese, english);
    let mut sheet = context.sheet(
        worksheet,
        RANKING,
        (
            "名次1为最好，并列者取较小名次。覆盖率为有数据的计分指标所占比例。",
            "Rank 1 is best, ties take the smallest. Coverage is the share of scored indicators with data.",
        ),
    )?;
    let columns = |first: &str| {
        let mut columns = vec![
            Column::new(say("名次", "Rank"), 8),
            Column::new(say("单位", "Unit"), 38),
            Column::new(first, 14),
            Column::new(say("覆盖率", "Coverage"), 10),
        ];
        columns.extend(
            context
                .dimensions()
                .iter()
                .map(|position| Column::new(context.head(*position), 14)),
        );
        columns
    };
    let last = FIRST_DIMENSION
        + ColNum::try_from(context.dimensions().len())
            .unwrap_or(1)
            .saturating_sub(1);

    sheet.heading(&say("得分", "Scores"))?;
    let body = sheet.table(
        &columns(&context.label(0)),
        rows(
            context,
            |id, unit| Cell::Score(context.score(id, unit)),
            |unit| Cell::Total(context.score(context.index(), unit)),
        ),
    )?;
    if context.has_common_scale() {
        sheet.score_bars(body, 2)?;
        sheet.colour_scale(body, FIRST_DIMENSION, last)?;
    }
    sheet.worksheet.set_freeze_panes(body.first, 2)?;
    roll_ups::write_beside_ranking(context, &mut sheet, &columns(&context.label(0)))?;

    sheet.heading(&say("名次", "Ranks"))?;
    let rank = |id: &str, unit| {
        context
            .rank(id, unit)
            .map_or(Cell::Empty, |rank| Cell::Count(rank.into()))
    };
    sheet.table(
        &columns(&context.label(0)),
        rows(context, rank, |unit| rank(context.index(), unit)),
    )?;
    uncertainty::write(context, &mut sheet)
}

fn rows(
    context: &Context<'_>,
    dimension: impl Fn(&str, usize) -> Cell,
    index: impl Fn(usize) -> Cell,
) -> Vec<Vec<Cell>> {
    let elements = context.report.framework.elements();
    let row = |unit: usize| {
        let mut cells = vec![
            context
                .rank(context.index(), unit)
                .map_or(Cell::Empty, |rank| Cell::Count(rank.into())),
            Cell::Name(context.unit_at(unit)),
            index(unit),
            Cell::Share(context.coverage(context.index(), unit)),
        ];
        let dimensions = context
            .dimensions()
            .iter()
            .filter_map(|position| elements.get(*position));
        cells.extend(dimensions.map(|element| dimension(&element.id, unit)));
        cells
    };
    context.ranking().into_iter().map(row).collect()
}
