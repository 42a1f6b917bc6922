//! The response sheets: a row per response, codes beside labels; a sheet of its own for each repeat.

use rust_xlsxwriter::{ColNum, Worksheet, XlsxError};

use super::sheet::{Cell, Column, Sheet};
use super::{Context, ReportedResponse, SurveyReport};
use crate::report::answer_table::{AnswerTable, Datum};

/// Responses beyond this are left to the data export: a workbook must open on a laptop.
const MOST_RESPONSES: usize = 20_000;
/// A worksheet's name has at most 31 letters.
const LONGEST_NAME: usize = 31;

/// The sheets of one survey: its responses, then its repeats.
pub(super) fn sheets(context: &Context<'_>, survey: &SurveyReport<'_>) -> Result<Vec<Worksheet>, XlsxError> {
    let tables = AnswerTable::of(survey.definition, context.report.personal);
    tables.iter().map(|table| sheet(context, survey, table)).collect()
}

fn sheet(context: &Context<'_>, survey: &SurveyReport<'_>, table: &AnswerTable<'_>) -> Result<Worksheet, XlsxError> {
    let say = |chinese, english| context.wording.say(chinese, english);
    let mut worksheet = Worksheet::new();
    worksheet.set_name(name(survey, table))?;
    let mut title = context.wording.text(survey.definition.title());
    if let Some(repeat) = table.repeat() {
        title = format!("{title}: {}", context.wording.text(&repeat.label));
    }
    let purpose = say(
        "第一行表头为问题，第二行为代码。",
        "Heads: the question, and below it the path; codes beside labels.",
    );
    let mut sheet = Sheet::new(&mut worksheet, &context.style, &title, &purpose)?;
    if survey.responses.len() > MOST_RESPONSES {
        let words = say(
            "此处仅列出部分答卷，全部数据请用 innogauge export 导出。",
            "Only the first responses are shown: the data export (innogauge export) has all.",
        );
        sheet.warning(&words, 6)?;
    }
    let keys = if table.repeat().is_some() { 2 } else { 5 };
    let (columns, paths) = heads(context, table);
    let rows = survey
        .responses
        .iter()
        .take(MOST_RESPONSES)
        .flat_map(|response| rows(context, table, response));
    let rows: Vec<_> = std::iter::once(paths).chain(rows).collect();
    let body = sheet.table(&columns, rows)?;
    let last = ColNum::try_from(columns.len()).unwrap_or(1).saturating_sub(1);
    sheet.worksheet.set_freeze_panes(body.first + 1, keys)?;
    sheet.worksheet.autofilter(body.first, 0, body.last, last)?;
    Ok(worksheet)
}

/// The survey's id, with the repeat's name; short enough for a worksheet.
fn name(survey: &SurveyReport<'_>, table: &AnswerTable<'_>) -> String {
    let name = match table.repeat() {
        Some(repeat) => format!("{} {}", survey.definition.survey(), repeat.name),
        None => survey.definition.survey().to_owned(),
    };
    name.chars().take(LONGEST_NAME).collect()
}

/// The heads of the columns, and the row of codes below them.
fn heads(context: &Context<'_>, table: &AnswerTable<'_>) -> (Vec<Column>, Vec<Cell>) {
    let say = |chinese, english| context.wording.say(chinese, english);
    let mut heads: Vec<(String, &str, u16)> = vec![(say("答卷编号", "Instance"), "instanceID", 22)];
    if table.repeat().is_some() {
        heads.push((say("序号", "Number"), "position", 9));
    } else {
        heads.extend([
            (say("版本", "Version"), "version", 9),
            (say("状态", "State"), "state", 11),
            (say("问题数", "Problems"), "problems", 9),
            (say("接收时间", "Received"), "received_at", 20),
        ]);
    }
    let mut columns: Vec<Column> = heads
        .iter()
        .map(|(label, _, width)| Column::new(label, *width))
        .collect();
    let mut paths: Vec<Cell> = heads
        .iter()
        .map(|(_, code, _)| Cell::Head((*code).to_owned()))
        .collect();
    for column in table.columns() {
        let label = context.wording.text(&column.question.label);
        let unit = column
            .question
            .unit
            .as_ref()
            .map(|unit| context.wording.text(&unit.label));
        let label = unit.map_or_else(|| label.clone(), |unit| format!("{label} ({unit})"));
        columns.push(Column::new(label, 18));
        let path = column.path.trim_start_matches('/');
        paths.push(Cell::Head(if column.labels {
            format!("{path} · {}", say("标签", "label"))
        } else {
            path.to_owned()
        }));
    }
    (columns, paths)
}

fn rows(context: &Context<'_>, table: &AnswerTable<'_>, response: &ReportedResponse) -> Vec<Vec<Cell>> {
    let row = |(position, data): (String, Vec<Datum>)| {
        let mut cells = vec![Cell::Line(response.instance_id.clone())];
        if table.repeat().is_some() {
            cells.push(Cell::Line(position));
        } else {
            cells.extend([
                Cell::Line(response.version.clone()),
                Cell::Line(response.state.clone()),
                Cell::Count(response.problems as u64),
                Cell::Line(response.received_at.format("%Y-%m-%d %H:%M:%S").to_string()),
            ]);
        }
        cells.extend(data.into_iter().map(|datum| match datum {
            Datum::Empty => Cell::Empty,
            Datum::Text(words) => Cell::Line(words),
            Datum::Number(number) => Cell::Plain(number),
        }));
        cells
    };
    table
        .rows(&response.answers, context.wording)
        .into_iter()
        .map(row)
        .collect()
}
