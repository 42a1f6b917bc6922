//! The codebook sheet: every question with its type, unit, choices, missing codes and rules.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::sheet::{Cell, Column, Sheet};
use super::style::Style;
use super::{CODEBOOK, Context};
use crate::definition::{CodebookRow, Definition, codebook};
use crate::report::Wording;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let mut sheet = context.sheet(
        worksheet,
        CODEBOOK,
        (
            "各问卷全部问题：类型、单位、选项、缺失代码与规则。",
            "Every question: type, unit, choices, missing codes, rules.",
        ),
    )?;
    for survey in &context.report.surveys {
        describe(&mut sheet, context.wording, survey.definition)?;
    }
    sheet.worksheet.set_freeze_panes(0, 1)?;
    Ok(())
}

/// The codebook of one survey as a worksheet of its own, for data exports.
pub fn codebook_sheet(definition: &Definition, wording: &Wording) -> Result<Worksheet, XlsxError> {
    let style = Style::new();
    let mut worksheet = Worksheet::new();
    worksheet.set_name("codebook")?;
    let title = wording.say(CODEBOOK.0, CODEBOOK.1);
    let mut sheet = Sheet::new(&mut worksheet, &style, &title, "")?;
    describe(&mut sheet, wording, definition)?;
    Ok(worksheet)
}

/// A heading and the table of a survey's questions.
fn describe(sheet: &mut Sheet<'_>, wording: &Wording, definition: &Definition) -> Result<(), XlsxError> {
    let say = |chinese, english| wording.say(chinese, english);
    let title = wording.text(definition.title());
    sheet.heading(&format!("{title} ({} {})", definition.survey(), definition.version()))?;
    sheet.table(
        &[
            Column::new(say("路径", "Path"), 34),
            Column::new(say("类型", "Type"), 16),
            Column::new(say("问题", "Question"), 60),
            Column::new(say("单位", "Unit"), 12),
            Column::new(say("选项与缺失代码", "Choices and missing codes"), 50),
            Column::new(say("何时询问", "Asked where"), 36),
            Column::new(say("必须满足", "Must fulfil"), 36),
            Column::new(say("计算", "Calculation"), 36),
            Column::new(say("识别信息", "Identifies"), 12),
        ],
        codebook(definition).iter().map(|question| row(wording, question)),
    )?;
    Ok(())
}

fn row(wording: &Wording, question: &CodebookRow) -> Vec<Cell> {
    let choices = question
        .choices
        .iter()
        .map(|choice| (choice.name.as_str(), &choice.label));
    let choices = choices.map(|(code, label)| format!("{code} = {}", wording.text(label)));
    let missing = question
        .missing
        .iter()
        .map(|code| format!("{} = {}", code.code(), wording.text(&code.label())));
    let answers: Vec<String> = choices.chain(missing).collect();
    let code = |formula: &Option<String>| formula.clone().map_or(Cell::Empty, Cell::Code);
    let identifies = match (question.personal, question.identifying) {
        (true, _) => wording.say("个人", "a person"),
        (false, true) => wording.say("单位", "the organisation"),
        (false, false) => String::new(),
    };
    vec![
        Cell::Code(question.path.clone()),
        Cell::text(question.question_type),
        Cell::Text(wording.lines(&question.label)),
        Cell::text(wording.text(&question.unit)),
        Cell::Text(answers.join("\n")),
        code(&question.relevant),
        code(&question.constraint),
        code(&question.calculation),
        Cell::text(identifies),
    ]
}
