//! The summary sheet: what was measured, who is where, and what to know before quoting it.

use rust_xlsxwriter::{Chart, ChartDataLabel, ChartType, RowNum, Worksheet, XlsxError};

use super::sheet::{Body, Cell, Column};
use super::style::ACCENT;
use super::{Context, Edition, SUMMARY, chart, notes};

/// Columns of the widest table.
const COLUMNS: u16 = 6;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let report = context.report;
    let say = |chinese, english| context.wording.say(chinese, english);
    let title = context.wording.text(report.framework.title());
    let title = if title.is_empty() {
        say("创新能力评价", "Innovation capacity assessment")
    } else {
        title
    };
    let mut sheet = super::Sheet::new(worksheet, &context.style, &title, &report.provenance.name)?;
    sheet.worksheet.set_print_fit_to_pages(1, 1);
    if report.provenance.synthetic {
        let words = say(
            "本工作簿由合成数据生成，仅供演示，不反映任何城市的真实情况。",
            "Made from synthetic answers for demonstration: it says nothing about any real city.",
        );
        sheet.warning(&words, COLUMNS)?;
    }
    if report.edition == Edition::Analysis && !report.surveys.is_empty() {
        let words = say(
            "内部资料：含被调查单位的答卷，请勿外传。",
            "Confidential: contains answers of respondents. Not for publication.",
        );
        sheet.warning(&words, COLUMNS)?;
    }

    sheet.heading(&say("名次", "Ranking"))?;
    let body = sheet.table(
        &[
            Column::new(say("名次", "Rank"), 10),
            Column::new(say("单位", "Unit"), 40),
            Column::new(context.label(0), 14),
            Column::new(say("最强维度", "Strongest dimension"), 34),
            Column::new(say("最弱维度", "Weakest dimension"), 34),
            Column::new(say("覆盖率", "Coverage"), 10),
        ],
        context.ranking().into_iter().map(|unit| ranking_row(context, unit)),
    )?;
    if context.has_common_scale() {
        sheet.score_bars(body, 2)?;
    }
    if context.ranking().len() <= 60 {
        let chart = chart(context, body);
        let row = sheet.row();
        sheet.worksheet.insert_chart(row, 0, &chart)?;
        sheet.skip(chart_rows(context) + 2);
    }

    let notes = notes::digest(context);
    if !notes.is_empty() {
        sheet.heading(&say("引用前须知", "To know before quoting"))?;
        for note in notes {
            sheet.line(&format!("• {note}"))?;
        }
        sheet.line(&say("逐条说明见“来源”表。", "Each note is on the provenance sheet."))?;
    }
    Ok(())
}

fn ranking_row(context: &Context<'_>, unit: usize) -> Vec<Cell> {
    let elements = context.report.framework.elements();
    let mut dimensions: Vec<(usize, f64)> = context
        .dimensions()
        .iter()
        .filter(|position| {
            context
                .report
                .assessment
                .elements
                .get(**position)
                .is_some_and(|element| element.weight > 0.0)
        })
        .filter_map(|position| Some((*position, context.score(&elements.get(*position)?.id, unit)?)))
        .collect();
    dimensions.sort_by(|left, right| right.1.total_cmp(&left.1));
    let named = |found: Option<&(usize, f64)>| {
        found.map_or(Cell::Empty, |(position, score)| {
            Cell::Text(format!("{} ({score:.1})", context.label(*position)))
        })
    };
    let (strongest, weakest) = if dimensions.len() > 1 {
        (dimensions.first(), dimensions.last())
    } else {
        (None, None)
    };
    vec![
        context
            .rank(context.index(), unit)
            .map_or(Cell::Empty, |rank| Cell::Count(rank.into())),
        Cell::Name(context.unit_at(unit)),
        Cell::Total(context.score(context.index(), unit)),
        named(strongest),
        named(weakest),
        Cell::Share(context.coverage(context.index(), unit)),
    ]
}

fn chart_rows(context: &Context<'_>) -> RowNum {
    6 + RowNum::try_from(context.report.assessment.units.len()).unwrap_or(0) * 5 / 4
}

fn chart(context: &Context<'_>, body: Body) -> Chart {
    let sheet = context.sheet_name(SUMMARY);
    let mut chart = Chart::new(ChartType::Bar);
    chart
        .add_series()
        .set_categories((sheet.as_str(), body.first, 1, body.last, 1))
        .set_values((sheet.as_str(), body.first, 2, body.last, 2))
        .set_gap(45)
        .set_format(&mut chart::fill(ACCENT))
        .set_data_label(ChartDataLabel::new().show_value().set_num_format("0.0"));
    chart::frame(&mut chart, &context.label(0), (860, 20 * chart_rows(context)));
    chart.legend().set_hidden();
    // In a bar chart the categories stand on the y axis.
    chart.y_axis().set_reverse();
    chart::scores(context, chart.x_axis());
    chart
}
