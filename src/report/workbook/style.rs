//! The look of the workbook: one palette, one set of cell formats, shared by all sheets.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

/// Headings and emphasis.
pub const DEEP: Color = Color::RGB(0x1B_4B_5A);
/// Bars and lines.
pub const ACCENT: Color = Color::RGB(0x2A_9D_8F);
/// What is compared with.
pub const MUTED: Color = Color::RGB(0x8A_99_9E);
/// Low values of a colour scale.
pub const LOW: Color = Color::RGB(0xF6_C9_B0);
/// Middle values of a colour scale.
pub const MIDDLE: Color = Color::RGB(0xFF_F6_E0);
/// High values of a colour scale.
pub const HIGH: Color = Color::RGB(0x9F_D8_C9);
/// The parts of a whole beside each other, in turn.
pub const SERIES: [Color; 10] = [
    Color::RGB(0x2A_9D_8F),
    Color::RGB(0xE9_A1_3B),
    Color::RGB(0x1B_4B_5A),
    Color::RGB(0xD9_6C_4A),
    Color::RGB(0x8F_B9_A8),
    Color::RGB(0x6C_5B_7B),
    Color::RGB(0xC9_B4_58),
    Color::RGB(0x5D_8C_AE),
    Color::RGB(0xA4_50_4C),
    Color::RGB(0x9A_A5_A8),
];
/// Grid lines of charts.
pub const GRID: Color = Color::RGB(0xE3_E8_EA);
/// Numbers to look at twice.
pub const ALERT: Color = Color::RGB(0xB3_54_00);
const BAND: Color = Color::RGB(0xEA_F2_F3);
const LINE: Color = Color::RGB(0xD5_DE_E0);
const WARNING: Color = Color::RGB(0xFF_E8_CC);
const WARNING_TEXT: Color = Color::RGB(0x8A_3B_00);
const FONT: &str = "Microsoft YaHei";

/// The cell formats of the workbook.
#[derive(Debug, Clone)]
pub struct Style {
    /// The sheet's title.
    pub title: Format,
    /// The line under the title.
    pub subtitle: Format,
    /// A heading within a sheet.
    pub heading: Format,
    /// The head of a table's column.
    pub head: Format,
    /// The second line of a table's head: codes.
    pub code_head: Format,
    /// Text.
    pub text: Format,
    /// Text in one line, however long.
    pub line: Format,
    /// A code or expression.
    pub code: Format,
    /// The name of a row.
    pub name: Format,
    /// A whole number.
    pub count: Format,
    /// A score: one decimal.
    pub score: Format,
    /// A score that stands out.
    pub total: Format,
    /// A value in its own unit: as many decimals as it has, up to four.
    pub value: Format,
    /// A value in its own unit to look at twice.
    pub flagged: Format,
    /// A figure of an analysis: two decimals.
    pub statistic: Format,
    /// A figure of an analysis to look at twice.
    pub flagged_statistic: Format,
    /// A change of a score: an arrow and one decimal.
    pub change: Format,
    /// A change of a score that one decimal does not show.
    pub unchanged: Format,
    /// Places gained or lost: an arrow and a whole number.
    pub places: Format,
    /// A weight.
    pub weight: Format,
    /// A share, shown as a percentage.
    pub share: Format,
    /// Something to look at twice.
    pub warning: Format,
}

impl Style {
    /// The formats.
    pub fn new() -> Self {
        let base = Format::new()
            .set_font_name(FONT)
            .set_font_size(10)
            .set_align(FormatAlign::VerticalCenter);
        let cell = base.clone().set_border(FormatBorder::Thin).set_border_color(LINE);
        let head = cell
            .clone()
            .set_bold()
            .set_font_color(Color::White)
            .set_background_color(DEEP)
            .set_text_wrap()
            .set_align(FormatAlign::Center);
        Self {
            title: base.clone().set_font_size(18).set_bold().set_font_color(DEEP),
            subtitle: base.clone().set_font_color(Color::RGB(0x5A_6B_70)),
            heading: base.clone().set_font_size(12).set_bold().set_font_color(DEEP),
            code_head: cell
                .clone()
                .set_font_color(DEEP)
                .set_background_color(BAND)
                .set_font_name("Consolas")
                .set_font_size(9),
            text: cell.clone().set_indent(1).set_text_wrap(),
            line: cell.clone().set_indent(1),
            code: cell
                .clone()
                .set_font_name("Consolas")
                .set_font_size(9)
                .set_indent(1)
                .set_text_wrap(),
            name: cell.clone().set_bold().set_indent(1).set_text_wrap(),
            count: cell.clone().set_num_format("#,##0").set_align(FormatAlign::Right),
            score: cell.clone().set_num_format("0.0").set_align(FormatAlign::Right),
            total: cell
                .clone()
                .set_num_format("0.0")
                .set_bold()
                .set_background_color(BAND)
                .set_align(FormatAlign::Right),
            value: cell.clone().set_num_format("#,##0.0###").set_align(FormatAlign::Right),
            flagged: cell
                .clone()
                .set_num_format("#,##0.0###\"*\"")
                .set_font_color(ALERT)
                .set_align(FormatAlign::Right),
            statistic: cell.clone().set_num_format("#,##0.00").set_align(FormatAlign::Right),
            flagged_statistic: cell
                .clone()
                .set_num_format("#,##0.00\"*\"")
                .set_font_color(ALERT)
                .set_align(FormatAlign::Right),
            change: cell
                .clone()
                .set_num_format("\"▲ \"0.0;\"▼ \"0.0;0.0")
                .set_align(FormatAlign::Right),
            unchanged: cell.clone().set_num_format("0.0;0.0").set_align(FormatAlign::Right),
            places: cell
                .clone()
                .set_num_format("\"▲ \"0;\"▼ \"0;\"–\"")
                .set_align(FormatAlign::Right),
            weight: cell.clone().set_num_format("0.000").set_align(FormatAlign::Right),
            share: cell.clone().set_num_format("0 %").set_align(FormatAlign::Right),
            warning: base
                .set_bold()
                .set_font_color(WARNING_TEXT)
                .set_background_color(WARNING)
                .set_text_wrap(),
            head,
        }
    }
}
