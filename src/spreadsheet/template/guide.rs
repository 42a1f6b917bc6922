//! The first sheet: what this is, how to fill it in, what the colours mean.

use rust_xlsxwriter::{Color, FormatAlign, Worksheet};

use crate::definition::{Element, MissingCode, QuestionType};

use super::super::layout::Shape;
use super::super::words::TICK;
use super::{Page, WriteError, style};

const WIDTH: f64 = 100.0;

pub(super) fn write(sheet: &mut Worksheet, page: &Page<'_>, shape: Shape) -> Result<(), WriteError> {
    let (words, styles, definition) = (page.words, page.styles, page.definition);
    sheet.set_name(words.guide())?.set_screen_gridlines(false);
    sheet
        .set_column_width(0, 2)?
        .set_column_width(1, 5)?
        .set_column_width(2, WIDTH)?;
    sheet.write_string_with_format(0, 1, definition.title().get(page.language), &styles.title())?;
    sheet.set_row_height(0, 30)?;
    let version = words.language().choose(
        format!("问卷 {} · 版本 {}", definition.survey(), definition.version()),
        format!("Survey {} · version {}", definition.survey(), definition.version()),
    );
    sheet.write_string_with_format(1, 1, version, &styles.quiet().set_font_size(9))?;

    let mut row = 3;
    heading(sheet, page, &mut row, words.choose("填写步骤", "How to fill it in"))?;
    for (number, step) in (1..).zip(steps(page, shape)) {
        let digit = styles
            .plain()
            .set_bold()
            .set_align(FormatAlign::Top)
            .set_align(FormatAlign::Right);
        sheet.write_number_with_format(row, 1, number, &digit)?;
        sheet.write_string_with_format(row, 2, step, &styles.prose().set_indent(1))?;
        sheet.set_row_height(row, style::height(style::lines(step, WIDTH)))?;
        row += 1;
    }

    let mut codes: Vec<MissingCode> = definition
        .elements()
        .iter()
        .flat_map(|element| element.missing.clone())
        .collect();
    codes.sort_unstable();
    codes.dedup();
    if !codes.is_empty() {
        row += 1;
        heading(
            sheet,
            page,
            &mut row,
            words.choose("没有答案时", "Where you have no answer"),
        )?;
        let text = words.choose(
            "没有数字时不要填 0。允许的问题可以填以下词语（填写提示中会注明）：",
            "Do not give 0 for a figure that you do not have. Where the hint says so, give one of these words:",
        );
        line(sheet, page, &mut row, text)?;
        for code in codes {
            let meaning = match code {
                MissingCode::DontKnow => words.choose("有此情况，但没有数据", "it exists, but you have no figure"),
                MissingCode::Refused => words.choose("不愿提供", "you do not want to say"),
                MissingCode::NotApplicable if definition.is_of_places() => {
                    words.choose("该地区没有此项", "the place has no such thing")
                }
                MissingCode::NotApplicable => words.choose("贵单位没有此项", "your organisation has no such thing"),
            };
            line(
                sheet,
                page,
                &mut row,
                &format!("{}  —  {meaning}", code.label().get(page.language)),
            )?;
        }
    }

    row += 1;
    heading(sheet, page, &mut row, words.choose("颜色与符号", "Colours and signs"))?;
    if definition
        .elements()
        .iter()
        .any(|element| element.is_personal() || element.identifying)
    {
        protected(sheet, page, &mut row)?;
    }
    let star = styles
        .plain()
        .set_bold()
        .set_align(FormatAlign::Center)
        .set_font_color(Color::RGB(0xC0_39_2B));
    sheet.write_string_with_format(row, 1, "*", &star)?;
    line(
        sheet,
        page,
        &mut row,
        words.choose(
            "必填（在需要填写的情况下）。",
            "Must be answered, where the question applies.",
        ),
    )?;
    let has_ticks = definition
        .questions()
        .any(|(_, kind)| matches!(kind, QuestionType::SelectMultiple(_)));
    if has_ticks {
        ticks(sheet, page, &mut row)?;
    }
    sheet.set_print_fit_to_pages(1, 0).set_paper_size(9).protect(); // A4
    Ok(())
}

fn protected(sheet: &mut Worksheet, page: &Page<'_>, row: &mut u32) -> Result<(), WriteError> {
    let swatch = page.styles.boxed().set_background_color(style::protected_colour());
    sheet.write_blank(*row, 1, &swatch)?;
    let text = page.words.choose(
        "涉及单位身份或个人的信息，仅授权人员可见。",
        "About a person, or telling who you are: seen by authorised staff only.",
    );
    line(sheet, page, row, text)
}

fn ticks(sheet: &mut Worksheet, page: &Page<'_>, row: &mut u32) -> Result<(), WriteError> {
    let tick = page.styles.plain().set_align(FormatAlign::Center);
    sheet.write_string_with_format(*row, 1, TICK, &tick)?;
    let text = page.words.choose(
        "可多选的问题：在选中的各项打 √，其余留空。",
        "Questions with many answers: √ for each that is true, the others stay empty.",
    );
    line(sheet, page, row, text)
}

fn heading(sheet: &mut Worksheet, page: &Page<'_>, row: &mut u32, text: &str) -> Result<(), WriteError> {
    sheet.write_string_with_format(*row, 1, text, &page.styles.heading())?;
    sheet.set_row_height(*row, 22)?;
    *row += 1;
    Ok(())
}

fn line(sheet: &mut Worksheet, page: &Page<'_>, row: &mut u32, text: &str) -> Result<(), WriteError> {
    sheet.write_string_with_format(*row, 2, text, &page.styles.prose().set_indent(1))?;
    sheet.set_row_height(*row, style::height(style::lines(text, WIDTH)))?;
    *row += 1;
    Ok(())
}

fn steps(page: &Page<'_>, shape: Shape) -> Vec<&'static str> {
    let (language, definition) = (page.words.language(), page.definition);
    let has_repeats = definition.elements().iter().any(Element::is_repeat);
    let has_filters = definition.questions().any(|(element, _)| element.relevant.is_some());
    let first = match shape {
        Shape::Rows if definition.is_of_places() => language.choose(
            "在“填报表”中填写，每个地区每个年份一行，从表头下方第一行开始。单位写在指标名称后的括号中，取值范围写在其下方；只有部分数据的，其余留空。",
            "Fill in the sheet \"Answers\", one row per place and year, from the first row under the headings. The unit stands in brackets after each figure's name and its range below; leave empty what you do not have.",
        ),
        Shape::Rows => language.choose(
            "在“填报表”中填写，每个单位一行，从表头下方第一行开始。表头中带小红三角的问题有填写提示，把鼠标移到上面即可查看。",
            "Fill in the sheet \"Answers\", one row per organisation, from the first row under the headings. A small red corner marks a hint: point at it.",
        ),
        Shape::Form => language.choose(
            "在“填报表”的“答案”一列填写，一个文件对应一个单位。",
            "Fill in the column \"Answer\" of the sheet \"Answers\". One file is one organisation.",
        ),
    };
    let mut steps = vec![first];
    steps.push(language.choose(
        "有下拉列表的请从列表中选择；金额和数量只填数字，单位已写在问题后面的括号中，不要再写单位。",
        "Where there is a list, choose from it. Give amounts and counts as plain numbers: the unit stands in brackets after the question, do not type it.",
    ));
    if has_filters {
        steps.push(language.choose(
            "按照前面的答案不需要回答的问题请留空（例如没有研发活动的，不填研发支出）。",
            "Leave a question empty where your earlier answers make it pointless (without R&D, no R&D expenditure).",
        ));
    }
    if has_repeats {
        steps.push(match shape {
            Shape::Rows => language.choose(
                "可填多条的内容有单独的工作表，每条一行，第一列填该单位在“填报表”中的序号。",
                "What can have several entries has a sheet of its own: one row per entry, with the organisation's No. from \"Answers\" in the first column.",
            ),
            Shape::Form => language.choose(
                "可填多条的内容有单独的工作表，每条一行。",
                "What can have several entries has a sheet of its own: one row per entry.",
            ),
        });
    }
    steps.push(language.choose(
        "请不要删除或改动表头和灰色的代码行；可以增加行。填好后保存为 .xlsx 交回（.xls、.ods、.csv 也可以）。",
        "Do not delete or change the headings and the grey row of codes; rows may be added. Save as .xlsx and send it back (.xls, .ods and .csv will do).",
    ));
    steps
}
