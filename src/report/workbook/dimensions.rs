//! The dimensions sheet: units by dimensions, with a bar chart of all and a radar of each unit against the mean.

use rust_xlsxwriter::{
    Chart, ChartFont, ChartFormat, ChartLegendPosition, ChartLine, ChartType, ColNum, RowNum, Worksheet, XlsxError,
};

use super::sheet::{Body, Cell, Column};
use super::style::{ACCENT, MUTED};
use super::{Context, DIMENSIONS, chart, scores};

/// Pixels and cells that one radar takes.
const RADAR: (u32, u32) = (480, 380);
const RADAR_ROWS: RowNum = 20;
/// Radars beside each other.
const RADARS_ACROSS: usize = 3;
/// Units beyond this have no radar: a workbook with a thousand charts opens nowhere.
const MOST_RADARS: usize = 60;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese, english| context.wording.say(chinese, english);
    let mut sheet = context.sheet(
        worksheet,
        DIMENSIONS,
        (
            "各单位在各维度的得分，及与全部单位平均值的比较。",
            "Each unit's dimension scores, against the mean of all units.",
        ),
    )?;
    let dimensions = context.dimensions();
    let mut columns = vec![Column::new(say("单位", "Unit"), 38)];
    columns.extend(
        dimensions
            .iter()
            .map(|position| Column::new(context.label(*position), 15)),
    );

    let units = context.report.assessment.units.len();
    let mut rows: Vec<Vec<Cell>> = (0..units).map(|unit| row(context, unit)).collect();
    rows.push(mean_row(context, sheet.row() + 1));
    let body = sheet.table(&columns, rows)?;
    let last = ColNum::try_from(dimensions.len()).unwrap_or(ColNum::MAX);
    let of_units = Body {
        last: body.last.saturating_sub(1),
        ..body
    };
    if context.has_common_scale() {
        sheet.colour_scale(of_units, 1, last)?;
    }
    sheet.worksheet.set_freeze_panes(body.first, 1)?;

    let place = Place {
        sheet: context.sheet_name(DIMENSIONS),
        head: body.first.saturating_sub(1),
        mean: body.last,
        last,
    };
    if dimensions.len() >= 3 {
        sheet.heading(&say(
            "各单位雷达图（灰色为平均值）",
            "A radar of each unit (grey: the mean)",
        ))?;
        let top = sheet.row();
        for unit in 0..units.min(MOST_RADARS) {
            let chart = radar(context, &place, of_units.first, unit);
            let row = top + RowNum::try_from(unit / RADARS_ACROSS).unwrap_or(0) * RADAR_ROWS;
            let pixels = u32::try_from(unit % RADARS_ACROSS).unwrap_or(0) * (RADAR.0 + 10);
            sheet.worksheet.insert_chart_with_offset(row, 0, &chart, pixels, 4)?;
        }
        sheet.skip(RowNum::try_from(units.min(MOST_RADARS).div_ceil(RADARS_ACROSS)).unwrap_or(0) * RADAR_ROWS + 1);
    }
    sheet.heading(&say("各维度比较", "Units by dimension"))?;
    let chart = bars(context, &place, of_units);
    let row = sheet.row();
    sheet.worksheet.insert_chart(row, 0, &chart)?;
    Ok(())
}

/// Where the table stands, for charts that point at it.
struct Place {
    sheet: String,
    head: RowNum,
    mean: RowNum,
    last: ColNum,
}

fn row(context: &Context<'_>, unit: usize) -> Vec<Cell> {
    let mut cells = vec![Cell::Name(context.unit_at(unit))];
    for position in context.dimensions() {
        let score = context.report.framework.elements().get(*position);
        let score = score.and_then(|element| context.score(&element.id, unit));
        cells.push(match (score, scores::link(context, *position, unit)) {
            (Some(score), Some(link)) => Cell::Formula(link, score),
            (score, _) => Cell::Score(score),
        });
    }
    cells
}

/// The mean of the units that have a score, as a formula over the rows above it.
fn mean_row(context: &Context<'_>, first: RowNum) -> Vec<Cell> {
    let units = context.report.assessment.units.len();
    let last = first + RowNum::try_from(units).unwrap_or(0).saturating_sub(1);
    let mut cells = vec![Cell::Name(context.wording.say("平均", "Mean"))];
    for (column, position) in (1..).zip(context.dimensions()) {
        let element = context.report.framework.elements().get(*position);
        let scores: Vec<f64> = element
            .map(|element| (0..units).filter_map(|unit| context.score(&element.id, unit)).collect())
            .unwrap_or_default();
        cells.push(if scores.is_empty() {
            Cell::Score(None)
        } else {
            let range = rust_xlsxwriter::utility::cell_range(first, column, last, column);
            Cell::Formula(
                format!("=AVERAGE({range})"),
                scores.iter().sum::<f64>() / scores.len() as f64,
            )
        });
    }
    cells
}

fn radar(context: &Context<'_>, place: &Place, first: RowNum, unit: usize) -> Chart {
    let mut chart = Chart::new(ChartType::Radar);
    let row = first + RowNum::try_from(unit).unwrap_or(0);
    let sheet = place.sheet.as_str();
    for (row, colour, width) in [(place.mean, MUTED, 1.5), (row, ACCENT, 2.5)] {
        chart
            .add_series()
            .set_name((sheet, row, 0))
            .set_categories((sheet, place.head, 1, place.head, place.last))
            .set_values((sheet, row, 1, row, place.last))
            .set_format(ChartFormat::new().set_line(ChartLine::new().set_color(colour).set_width(width)));
    }
    chart::frame(&mut chart, &context.unit_at(unit), RADAR);
    chart.legend().set_hidden();
    chart::scores(context, chart.y_axis());
    chart.x_axis().set_font(ChartFont::new().set_size(8));
    chart.y_axis().set_font(ChartFont::new().set_size(7).set_color(MUTED));
    chart
}

fn bars(context: &Context<'_>, place: &Place, units: Body) -> Chart {
    let mut chart = Chart::new(ChartType::Bar);
    let sheet = place.sheet.as_str();
    chart
        .add_series()
        .set_name(context.wording.say("平均", "Mean").as_str())
        .set_categories((sheet, place.head, 1, place.head, place.last))
        .set_values((sheet, place.mean, 1, place.mean, place.last))
        .set_format(&mut chart::fill(MUTED));
    if let Some(best) = context.ranking().first() {
        let row = units.first + RowNum::try_from(*best).unwrap_or(0);
        chart
            .add_series()
            .set_name((sheet, row, 0))
            .set_categories((sheet, place.head, 1, place.head, place.last))
            .set_values((sheet, row, 1, row, place.last))
            .set_format(&mut chart::fill(ACCENT));
    }
    let title = context.wording.say("平均与首位单位", "The mean and the first unit");
    chart::frame(&mut chart, &title, (900, 460));
    chart.legend().set_position(ChartLegendPosition::Bottom);
    // In a bar chart the categories stand on the y axis.
    chart.y_axis().set_reverse();
    chart::scores(context, chart.x_axis());
    chart
}
