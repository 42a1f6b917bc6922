//! How a workbook looks: calm, few colours, each with one meaning.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder, Note};

use crate::definition::{Element, Language, QuestionType};

const SECTIONS: [u32; 2] = [0x1F_4E_79, 0x2E_75_6E];
const QUESTIONS: [u32; 2] = [0xDD_EB_F7, 0xE2_F0_EC];
const PROTECTED: u32 = 0xFC_E9_D9;
const LINE: u32 = 0xBF_C9_D4;
const QUIET: u32 = 0x80_88_90;

/// The formats of a workbook.
pub(in super::super) struct Styles {
    base: Format,
}

impl Styles {
    pub fn new(language: Language) -> Self {
        let font = language.choose("Microsoft YaHei", "Calibri");
        let base = Format::new()
            .set_font_name(font)
            .set_font_size(language.choose(10.0, 10.5));
        Self { base }
    }

    pub fn plain(&self) -> Format {
        self.base.clone()
    }

    pub fn title(&self) -> Format {
        self.plain()
            .set_font_size(16)
            .set_bold()
            .set_font_color(Color::RGB(SECTIONS[0]))
    }

    pub fn heading(&self) -> Format {
        self.plain()
            .set_bold()
            .set_font_size(12)
            .set_font_color(Color::RGB(SECTIONS[0]))
    }

    pub fn prose(&self) -> Format {
        self.plain().set_text_wrap().set_align(FormatAlign::Top)
    }

    pub fn quiet(&self) -> Format {
        self.plain().set_font_size(8).set_font_color(Color::RGB(QUIET))
    }

    /// The band over the questions of a group; neighbouring groups differ.
    pub fn section(&self, group: usize) -> Format {
        self.plain()
            .set_bold()
            .set_font_color(Color::White)
            .set_background_color(Color::RGB(of(SECTIONS, group)))
            .set_align(FormatAlign::VerticalCenter)
    }

    /// A question's words; those about persons and organisations stand out.
    pub fn question(&self, group: usize, element: &Element) -> Format {
        let colour = if element.is_personal() || element.identifying {
            PROTECTED
        } else {
            of(QUESTIONS, group)
        };
        self.boxed()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_background_color(Color::RGB(colour))
    }

    /// How it is answered.
    pub fn how(&self) -> Format {
        self.boxed()
            .set_font_size(9)
            .set_font_color(Color::RGB(0x50_58_60))
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_background_color(Color::RGB(0xF5_F7_F9))
    }

    /// The row of codes: for the program, not for people.
    pub fn code(&self) -> Format {
        self.boxed()
            .set_font_size(8)
            .set_font_color(Color::RGB(QUIET))
            .set_background_color(Color::RGB(0xF5_F7_F9))
    }

    /// A cell to answer in.
    pub fn answer(&self, element: &Element) -> Format {
        let format = self.plain().set_align(FormatAlign::VerticalCenter).set_unlocked();
        match element.question_type() {
            Some(QuestionType::Integer) => format.set_num_format("#,##0"),
            Some(QuestionType::Decimal) => format.set_num_format("#,##0.########"),
            Some(QuestionType::Date) => format.set_num_format("yyyy-mm-dd").set_align(FormatAlign::Left),
            Some(QuestionType::Time) => format.set_num_format("hh:mm").set_align(FormatAlign::Left),
            Some(QuestionType::DateTime) => format.set_num_format("yyyy-mm-dd hh:mm").set_align(FormatAlign::Left),
            Some(QuestionType::SelectMultiple(_) | QuestionType::Rank(_) | QuestionType::Acknowledge) => {
                format.set_align(FormatAlign::Center)
            }
            Some(QuestionType::Range) => format,
            // As text, so that codes keep their zeros and no name turns into a date.
            _ => format.set_num_format("@"),
        }
    }

    /// A cell to answer in, with lines around it.
    pub fn answer_box(&self, element: &Element) -> Format {
        Self::lined(self.answer(element)).set_text_wrap()
    }

    /// A cell of the key column.
    pub fn key(&self) -> Format {
        self.plain()
            .set_font_color(Color::RGB(QUIET))
            .set_align(FormatAlign::Center)
            .set_unlocked()
    }

    pub fn boxed(&self) -> Format {
        Self::lined(self.plain())
    }

    fn lined(format: Format) -> Format {
        format.set_border(FormatBorder::Thin).set_border_color(Color::RGB(LINE))
    }
}

fn of(colours: [u32; 2], group: usize) -> u32 {
    let [even, odd] = colours;
    if group.is_multiple_of(2) { even } else { odd }
}

/// The colour of cells about persons and organisations.
pub(super) fn protected_colour() -> Color {
    Color::RGB(PROTECTED)
}

/// A note as large as its text.
pub(in super::super) fn note(text: &str, language: Language) -> Note {
    let columns = 44.0;
    let lines = lines(text, columns);
    Note::new(text)
        .add_author_prefix(false)
        .set_font_name(language.choose("Microsoft YaHei", "Calibri"))
        .set_font_size(9)
        .set_width(320)
        .set_height(24 + 17 * lines.min(30))
        .set_background_color(Color::RGB(0xFF_FD_E7))
}

/// How wide a text is, in digits: a Chinese character is as wide as two.
pub(super) fn width(text: &str) -> f64 {
    text.chars().map(|c| if c > '\u{2E7F}' { 1.95 } else { 0.97 }).sum()
}

/// In how many lines a text stands in a column of this width, in digits.
pub(super) fn lines(text: &str, width: f64) -> u32 {
    let mut lines = 0;
    for paragraph in text.lines() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a cell holds 32767 characters"
        )]
        let count = (self::width(paragraph) * 1.04 / width).ceil() as u32;
        lines += count.max(1);
    }
    lines.max(1)
}

/// The height of a row with that many lines, in points.
pub(super) fn height(lines: u32) -> f64 {
    f64::from(lines.min(24)) * 14.5 + 6.0
}
