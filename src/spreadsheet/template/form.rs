//! One organisation per file: a row per question, with the answer beside it.

use rust_xlsxwriter::{Color, FormatAlign, Worksheet};

use crate::definition::{Element, ElementId, Kind, QuestionType};

use super::super::layout::{self, Mark, Part, Shape, Target};
use super::lists::Lists;
use super::rows::{question_words, sheet_name};
use super::style;
use super::{Page, WriteError, checks};

const CODE: u16 = 0;
const NUMBER: u16 = 1;
const QUESTION: u16 = 2;
const ANSWER: u16 = 3;
const HOW: u16 = 4;
const WIDTHS: [f64; 5] = [3.0, 6.0, 58.0, 34.0, 52.0];

/// Writes the form.
pub(super) fn write(sheet: &mut Worksheet, page: &Page<'_>, lists: &mut Lists) -> Result<(), WriteError> {
    sheet.set_name(page.words.answers())?;
    for (column, width) in (0..).zip(WIDTHS) {
        sheet.set_column_width(column, width)?;
    }
    sheet.set_column_hidden(CODE)?;
    let styles = page.styles;
    let definition = page.definition;
    sheet.write_string_with_format(0, NUMBER, definition.title().get(page.language), &styles.title())?;
    sheet.set_row_height(0, 28)?;
    let part = Part::Main(Shape::Form);
    let mark = Mark {
        survey: definition.survey().to_owned(),
        version: definition.version().to_owned(),
        part,
    };
    sheet.write_string_with_format(1, CODE, mark.to_string(), &styles.quiet())?;
    let head = styles.boxed().set_bold().set_background_color(Color::RGB(0xF5_F7_F9));
    sheet.write_string_with_format(1, NUMBER, page.words.key(), &head)?;
    sheet.write_string_with_format(1, QUESTION, page.words.choose("问题", "Question"), &head)?;
    sheet.write_string_with_format(1, ANSWER, page.words.choose("答案", "Answer"), &head)?;
    sheet.write_string_with_format(1, HOW, page.words.choose("如何填写", "How to answer"), &head)?;
    let mut form = Form {
        sheet,
        page,
        lists,
        row: 2,
        section: 0,
        number: 0,
    };
    form.children(None)?;
    form.sheet.set_freeze_panes(2, 0)?;
    form.sheet
        .set_landscape()
        .set_paper_size(9)
        .set_print_fit_to_pages(1, 0)
        .set_repeat_rows(1, 1)?; // A4
    form.sheet.protect_with_options(&rust_xlsxwriter::ProtectionOptions {
        format_columns: true,
        format_rows: true,
        ..Default::default()
    });
    Ok(())
}

struct Form<'a, 'p> {
    sheet: &'a mut Worksheet,
    page: &'a Page<'p>,
    lists: &'a mut Lists,
    row: u32,
    section: usize,
    number: u32,
}

impl Form<'_, '_> {
    fn children(&mut self, parent: Option<ElementId>) -> Result<(), WriteError> {
        for id in self.page.definition.children(parent) {
            let Some(element) = self.page.definition.get(*id) else {
                continue;
            };
            match &element.kind {
                Kind::Group => {
                    self.section(element)?;
                    self.children(Some(element.id))?;
                }
                Kind::Repeat => self.repeat(element)?,
                Kind::Question(QuestionType::Note) => self.note(element)?,
                Kind::Question(_) if layout::is_a_column(element) => self.question(element)?,
                Kind::Question(_) => (),
            }
        }
        Ok(())
    }

    fn section(&mut self, element: &Element) -> Result<(), WriteError> {
        let label = element.label.get(self.page.language);
        if label.is_empty() {
            return Ok(());
        }
        let is_top = element.parent.is_none();
        self.section += usize::from(is_top);
        let format = if is_top {
            self.page.styles.section(self.section + 1)
        } else {
            self.page.styles.question(self.section + 1, element)
        };
        self.sheet
            .merge_range(self.row, NUMBER, self.row, HOW, label, &format)?;
        self.sheet.set_row_height(self.row, 21)?;
        self.row += 1;
        Ok(())
    }

    /// Text to read, over the whole width.
    fn prose(&mut self, text: &str) -> Result<(), WriteError> {
        let format = self
            .page
            .styles
            .prose()
            .set_font_color(Color::RGB(0x40_48_50))
            .set_indent(1);
        self.sheet.merge_range(self.row, NUMBER, self.row, HOW, text, &format)?;
        let width: f64 = WIDTHS.iter().skip(1).sum();
        self.sheet
            .set_row_height(self.row, style::height(style::lines(text, width)))?;
        self.row += 1;
        Ok(())
    }

    fn note(&mut self, element: &Element) -> Result<(), WriteError> {
        let text = element.label.get(self.page.language);
        // A note with an answer in it has nothing to show on paper.
        if text.is_empty() || text.contains("${") {
            Ok(())
        } else {
            self.prose(text)
        }
    }

    fn repeat(&mut self, element: &Element) -> Result<(), WriteError> {
        let name = sheet_name(self.page, Some(element.id));
        let text = self.page.words.language().choose(
            format!("请在工作表“{name}”中填写，每条一行。"),
            format!("Please fill in the sheet \"{name}\", one row per entry."),
        );
        self.prose(&text)
    }

    fn question(&mut self, element: &Element) -> Result<(), WriteError> {
        self.number += 1;
        let offers = layout::options(self.page.definition, element);
        let by_choice = matches!(
            element.question_type(),
            Some(QuestionType::SelectMultiple(_) | QuestionType::Rank(_))
        );
        let path = layout::relative_path(self.page.definition, element.id, None);
        let how = self.how(element);
        let label = question_words(self.page, element);
        if !by_choice || offers.is_empty() {
            self.line(element, Target::Question(element.id), &path, &label, &how, true)?;
            return Ok(());
        }
        self.line(element, Target::Question(element.id), "", &label, &how, false)?;
        for (position, words) in layout::offer_words(&offers, self.page.language).iter().enumerate() {
            let name = offers.get(position).map_or("", |offer| offer.name);
            let target = Target::Option(element.id, position);
            self.line(
                element,
                target,
                &format!("{path}/{name}"),
                &format!("○ {words}"),
                "",
                true,
            )?;
        }
        Ok(())
    }

    fn how(&self, element: &Element) -> String {
        let mut how = self.page.words.how(self.page.definition, element);
        let advice = checks::advice(self.page, element);
        let guidance = element.guidance_hint.get(self.page.language);
        for more in [advice.as_str(), guidance] {
            if !more.is_empty() {
                how.push('\n');
                how.push_str(more);
            }
        }
        how
    }

    /// A row: a question, or one choice of it; with a cell to answer in, or without.
    fn line(
        &mut self,
        element: &Element,
        target: Target,
        code: &str,
        label: &str,
        how: &str,
        answered: bool,
    ) -> Result<(), WriteError> {
        let styles = self.page.styles;
        let is_choice = matches!(target, Target::Option(..));
        let question = if is_choice {
            styles
                .boxed()
                .set_text_wrap()
                .set_align(FormatAlign::VerticalCenter)
                .set_indent(3)
        } else {
            let format = styles
                .boxed()
                .set_bold()
                .set_text_wrap()
                .set_align(FormatAlign::VerticalCenter);
            let protected = element.is_personal() || element.identifying;
            if protected {
                format.set_background_color(style::protected_colour())
            } else {
                format
            }
        };
        let quiet = styles.how().set_align(FormatAlign::VerticalCenter).set_indent(1);
        self.sheet
            .write_string_with_format(self.row, CODE, code, &styles.quiet())?;
        if is_choice {
            self.sheet.write_blank(self.row, NUMBER, &styles.boxed())?;
        } else {
            let number = styles
                .boxed()
                .set_align(FormatAlign::Center)
                .set_align(FormatAlign::VerticalCenter);
            self.sheet
                .write_number_with_format(self.row, NUMBER, self.number, &number)?;
        }
        self.sheet
            .write_string_with_format(self.row, QUESTION, label, &question)?;
        self.sheet.write_string_with_format(self.row, HOW, how, &quiet)?;
        if answered {
            let format = styles.answer_box(element).set_background_color(Color::RGB(0xFF_FF_F2));
            self.sheet.write_blank(self.row, ANSWER, &format)?;
            let cell = format!("D{}", self.row + 1);
            if let Some(check) = checks::check(self.page, element, target, &cell, self.lists)? {
                self.sheet
                    .add_data_validation(self.row, ANSWER, self.row, ANSWER, &check.show_input_message(false))?;
            }
        } else {
            self.sheet.write_blank(self.row, ANSWER, &quiet)?;
        }
        let [.., question_width, _, how_width] = WIDTHS;
        let lines = style::lines(label, question_width * 0.97).max(style::lines(how, how_width * 1.1));
        self.sheet.set_row_height(self.row, style::height(lines))?;
        self.row += 1;
        Ok(())
    }
}
