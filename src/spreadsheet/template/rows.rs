//! A sheet with a row per organisation, or per entry of a repeat.
//!
//! Four rows on top: the group, the question, how it is answered (for many answers: the choice), and the code.

use rust_xlsxwriter::{Worksheet, XlsxError};

use crate::definition::{Element, ElementId, QuestionType};

use super::super::layout::{self, Column, SheetColumns, Target};
use super::lists::Lists;
use super::style::{self, note};
use super::{Page, WriteError, checks};
use crate::workbook::column_letters;

/// The rows above the answers, and the row of codes among them.
const HEADER_ROWS: u32 = 4;
const CODE_ROW: u32 = 3;
/// So many rows have numbers and checks. More may be filled in all the same.
const PREPARED_ROWS: u32 = 2_000;
const NUMBERED_ROWS: u32 = 200;
const MOST_COLUMNS: usize = 16_384;

/// Writes the sheet of a repeat or of the questions asked once; with a key where rows of several organisations meet.
pub(super) fn write(
    sheet: &mut Worksheet,
    page: &Page<'_>,
    columns: &SheetColumns,
    lists: &mut Lists,
    with_key: bool,
) -> Result<(), WriteError> {
    if columns.columns.len() > MOST_COLUMNS {
        return Err(WriteError::TooManyColumns {
            columns: columns.columns.len(),
            most: MOST_COLUMNS,
        });
    }
    sheet.set_name(sheet_name(page, columns.repeat))?;
    let mut group = GroupBand::default();
    let mut question_lines = 2;
    let mut how_lines = 1;
    let mut column = 0_u16;
    let mut rest = columns.columns.as_slice();
    while let Some(first) = rest.first() {
        let same = rest
            .iter()
            .take_while(|other| other.target.question() == first.target.question());
        let count = if first.target.question().is_some() {
            same.count()
        } else {
            1
        };
        let (own, others) = rest.split_at(count.max(1));
        rest = others;
        let element = first.target.question().and_then(|id| page.definition.get(id));
        let Some(element) = element else {
            write_key(sheet, page, column, first, with_key)?;
            column += 1;
            continue;
        };
        group.write(sheet, page, element, column, own.len())?;
        let label = question_words(page, element);
        let width = column_width(page, element, own, &label);
        let span = width * own.len() as f64;
        question_lines = question_lines.max(style::lines(&label, span * 0.95));
        write_question(sheet, page, element, &label, column, own.len(), group.count)?;
        for one in own {
            let how = how_words(page, element, one.target);
            how_lines = how_lines.max(style::lines(&how, width));
            sheet.write_string_with_format(2, column, &how, &page.styles.how())?;
            sheet.write_string_with_format(CODE_ROW, column, &one.code, &page.styles.code())?;
            sheet.set_column_width(column, width)?;
            sheet.set_column_format(column, &page.styles.answer(element))?;
            let first_cell = format!("{}{}", column_letters(column), HEADER_ROWS + 1);
            if let Some(check) = checks::check(page, element, one.target, &first_cell, lists)? {
                sheet.add_data_validation(HEADER_ROWS, column, HEADER_ROWS + PREPARED_ROWS - 1, column, &check)?;
            }
            column += 1;
        }
    }
    sheet.set_row_height(0, 20)?;
    sheet.set_row_height(1, style::height(question_lines))?;
    sheet.set_row_height(2, style::height(how_lines))?;
    sheet.set_row_height(CODE_ROW, 12)?;
    sheet.set_freeze_panes(HEADER_ROWS, frozen_columns(page, columns))?;
    sheet.set_landscape().set_paper_size(8).set_repeat_rows(0, CODE_ROW)?; // A3
    Ok(())
}

/// The sheet's name: Excel allows 31 characters, and not all of them.
pub(super) fn sheet_name(page: &Page<'_>, repeat: Option<ElementId>) -> String {
    let Some(element) = repeat.and_then(|id| page.definition.get(id)) else {
        return page.words.answers().to_owned();
    };
    let label = element.label.get(page.language);
    let label = if label.is_empty() { &element.name } else { label };
    let clean: String = label.chars().filter(|c| !"[]:*?/\\'".contains(*c)).collect();
    // Two repeats may have one label: the name's own number makes them differ.
    let twins = page
        .definition
        .elements()
        .iter()
        .filter(|other| other.is_repeat() && other.label == element.label);
    if twins.count() > 1 {
        checks::cut(&format!("{} {clean}", element.id.index()), 31)
    } else {
        checks::cut(&clean, 31)
    }
}

fn write_key(
    sheet: &mut Worksheet,
    page: &Page<'_>,
    column: u16,
    key: &Column,
    with_key: bool,
) -> Result<(), XlsxError> {
    let styles = page.styles;
    let label = match key.target {
        Target::Entry(outer) => {
            let outer = page
                .definition
                .get(outer)
                .map_or("", |outer| outer.label.get(page.language));
            page.words
                .language()
                .choose(format!("“{outer}”的第几条"), format!("Entry of \"{outer}\""))
        }
        _ => page.words.key().to_owned(),
    };
    let how = match key.target {
        Target::Entry(_) => page.words.choose("1、2、3…", "1, 2, 3 …"),
        _ => "",
    };
    let head = styles.how().set_bold();
    sheet.write_blank(0, column, &styles.section(0))?;
    sheet.write_string_with_format(1, column, &label, &head)?;
    sheet.write_string_with_format(2, column, how, &styles.how())?;
    sheet.write_string_with_format(CODE_ROW, column, &key.code, &styles.code())?;
    sheet.set_column_width(column, if matches!(key.target, Target::Entry(_)) { 14 } else { 6 })?;
    sheet.set_column_format(column, &styles.key())?;
    let is_main = key.code.ends_with(":rows");
    if key.target == Target::Key && is_main {
        for number in 1..=NUMBERED_ROWS {
            sheet.write_number_with_format(HEADER_ROWS + number - 1, column, number, &styles.key())?;
        }
    } else if key.target == Target::Key && with_key {
        let text = page.words.choose(
            "填写该单位在填报表中的序号；同一单位有几条就填几行。",
            "The organisation's No. on the sheet of answers. One row per entry, as many as there are.",
        );
        sheet.insert_note(1, column, &note(text, page.words.language()))?;
    } else if key.target == Target::Key {
        sheet.set_column_hidden(column)?;
    }
    Ok(())
}

/// The group that the question before lies in; at the top in none.
#[derive(PartialEq)]
struct Before(Option<ElementId>);

/// The bands over the questions of each group.
#[derive(Default)]
struct GroupBand {
    /// The group of the question before, where there was one.
    before: Option<Before>,
    count: usize,
}

impl GroupBand {
    fn write(
        &mut self,
        sheet: &mut Worksheet,
        page: &Page<'_>,
        element: &Element,
        column: u16,
        columns: usize,
    ) -> Result<(), XlsxError> {
        let here = Some(Before(element.parent));
        let is_new = self.before != here;
        if is_new {
            self.count += usize::from(self.before.is_some());
            self.before = here;
        }
        let format = page.styles.section(self.count);
        for (offset, at) in (column..).take(columns).enumerate() {
            let label = group_words(page, element);
            if is_new && offset == 0 {
                sheet.write_string_with_format(0, at, &label, &format)?;
            } else {
                sheet.write_blank(0, at, &format)?;
            }
        }
        Ok(())
    }
}

/// The labels of the groups around a question within its repeat, outermost first.
pub(super) fn group_words(page: &Page<'_>, element: &Element) -> String {
    let around = page
        .definition
        .ancestors(element.id)
        .take_while(|group| !group.is_repeat());
    let mut labels: Vec<&str> = around.map(|group| group.label.get(page.language)).collect();
    labels.retain(|label| !label.is_empty());
    labels.reverse();
    labels.join(" › ")
}

/// The question as a person reads it: its words, its unit, a star where it must be answered.
pub(super) fn question_words(page: &Page<'_>, element: &Element) -> String {
    let label = element.label.get(page.language);
    let mut words = if label.is_empty() {
        element.name.clone()
    } else {
        label.to_owned()
    };
    if let Some(unit) = &element.unit {
        words.push_str(&page.words.in_brackets(unit.label.get(page.language)));
    }
    if element.required.is_some() {
        words.push_str(" *");
    }
    words
}

fn write_question(
    sheet: &mut Worksheet,
    page: &Page<'_>,
    element: &Element,
    label: &str,
    column: u16,
    columns: usize,
    group: usize,
) -> Result<(), XlsxError> {
    let format = page.styles.question(group, element);
    let last = column + u16::try_from(columns.saturating_sub(1)).unwrap_or(0);
    if last > column {
        sheet.merge_range(1, column, 1, last, label, &format)?;
    } else {
        sheet.write_string_with_format(1, column, label, &format)?;
    }
    let guidance = element.guidance_hint.get(page.language);
    let mut text = checks::advice(page, element);
    if !guidance.is_empty() {
        text = if text.is_empty() {
            guidance.to_owned()
        } else {
            format!("{text}\n{guidance}")
        };
    }
    if !text.is_empty() {
        sheet.insert_note(1, column, &note(&text, page.words.language()))?;
    }
    Ok(())
}

/// How a column is filled in: for one of many answers the choice, else the kind of answer and who it is about.
fn how_words(page: &Page<'_>, element: &Element, target: Target) -> String {
    if let Target::Option(_, position) = target {
        let offers = layout::options(page.definition, element);
        return layout::offer_words(&offers, page.language)
            .into_iter()
            .nth(position)
            .unwrap_or_default();
    }
    let mut how = page.words.how(page.definition, element);
    // Who copies figures from a yearbook wants to see at once whether the unit is the right one.
    let range = checks::range_words(page, element);
    if page.definition.is_of_places() && !range.is_empty() {
        how = page.words.list([how, range]);
    }
    if element.is_personal() {
        how.push_str(&page.words.in_brackets(page.words.choose("个人信息", "personal")));
    } else if element.identifying {
        how.push_str(&page.words.in_brackets(page.words.choose("识别信息", "identifies you")));
    }
    how
}

/// Wide enough for what is typed, and for the words above it to stand in a few lines.
fn column_width(page: &Page<'_>, element: &Element, columns: &[Column], label: &str) -> f64 {
    if let [_, _, ..] = columns {
        let words = columns
            .iter()
            .map(|column| style::width(&how_words(page, element, column.target)));
        let for_label = style::width(label) / 3.0 / columns.len() as f64;
        return (words.fold(0.0, f64::max) / 2.6).max(for_label).clamp(11.0, 24.0);
    }
    let typed = match element.question_type() {
        Some(QuestionType::Text) => 24.0,
        Some(QuestionType::SelectOne(_)) => {
            let offers = layout::options(page.definition, element);
            let words = layout::offer_words(&offers, page.language);
            let longest = words.iter().map(|word| style::width(word)).fold(0.0, f64::max);
            (longest + 4.0).clamp(14.0, 32.0)
        }
        _ => 15.0,
    };
    (style::width(label) / 3.4).clamp(typed, 40.0)
}

/// The key, and the questions up to the organisation's name where it stands near the front.
fn frozen_columns(page: &Page<'_>, columns: &SheetColumns) -> u16 {
    let name = page.definition.identity().name();
    let at = columns
        .columns
        .iter()
        .position(|column| name.is_some() && column.target.question() == name);
    match at.and_then(|at| u16::try_from(at + 1).ok()) {
        Some(columns) if columns <= 4 => columns,
        _ => 1,
    }
}
