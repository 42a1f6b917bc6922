//! The codebook sheet: every question with its type, unit, choices, missing codes and rules.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::sheet::{Cell, Column};
use super::{CODEBOOK, Context};
use crate::definition::{Definition, Element, Formula};

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese, english| context.wording.say(chinese, english);
    let mut sheet = context.sheet(
        worksheet,
        CODEBOOK,
        (
            "各问卷全部问题：类型、单位、选项、缺失代码与规则。",
            "Every question: type, unit, choices, missing codes, rules.",
        ),
    )?;
    for survey in &context.report.surveys {
        let definition = survey.definition;
        let title = context.wording.text(definition.title());
        sheet.heading(&format!("{title} ({} {})", definition.survey(), definition.version()))?;
        let rows: Vec<_> = definition
            .questions()
            .map(|(question, _)| row(context, definition, question))
            .collect();
        sheet.table(
            &[
                Column::new(say("路径", "Path"), 34.0),
                Column::new(say("类型", "Type"), 16.0),
                Column::new(say("问题", "Question"), 60.0),
                Column::new(say("单位", "Unit"), 12.0),
                Column::new(say("选项与缺失代码", "Choices and missing codes"), 50.0),
                Column::new(say("何时询问", "Asked where"), 36.0),
                Column::new(say("必须满足", "Must fulfil"), 36.0),
                Column::new(say("计算", "Calculation"), 36.0),
                Column::new(say("个人信息", "Personal"), 10.0),
            ],
            rows,
        )?;
    }
    sheet.worksheet.set_freeze_panes(0, 1)?;
    Ok(())
}

fn row(context: &Context<'_>, definition: &Definition, question: &Element) -> Vec<Cell> {
    let wording = context.wording;
    let choices = definition
        .choice_list(question.id)
        .map_or(&[][..], |list| list.choices());
    let choices = choices
        .iter()
        .map(|choice| format!("{} = {}", choice.name, wording.text(&choice.label)));
    let missing = question
        .missing
        .iter()
        .map(|code| format!("{} = {}", code.code(), wording.text(&code.label())));
    let answers: Vec<String> = choices.chain(missing).collect();
    let code = |formula: &Option<Formula>| {
        formula
            .as_ref()
            .map_or(Cell::Empty, |formula| Cell::Code(formula.source().to_owned()))
    };
    let personal = if question.is_personal() {
        wording.say("个人", "person")
    } else if question.identifying {
        wording.say("单位", "organisation")
    } else {
        String::new()
    };
    vec![
        Cell::Code(definition.path(question.id).to_owned()),
        Cell::text(
            question
                .question_type()
                .map_or("", |question_type| question_type.name()),
        ),
        Cell::Wrapped(wording.lines(&question.label)),
        Cell::text(
            question
                .unit
                .as_ref()
                .map_or_else(String::new, |unit| wording.text(&unit.label)),
        ),
        Cell::Wrapped(answers.join("\n")),
        code(&question.relevant),
        code(&question.constraint),
        code(&question.calculation),
        Cell::text(personal),
    ]
}
