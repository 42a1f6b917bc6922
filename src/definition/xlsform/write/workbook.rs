//! The sheets of a form as a workbook that people go on working in.

use std::collections::HashMap;

use rust_xlsxwriter::{Color, DocProperties, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError};

use crate::definition::xlsform::OWN_SHEET;
use crate::definition::xlsform::book::{Book, Line, Sheet};

const HEADER: u32 = 0x1F_4E_79;
const LANGUAGES: [u32; 3] = [0x2E_75_6E, 0x7A_5C_1E, 0x6B_4C_7A];
const GROUP: u32 = 0xDD_EB_F7;
const REPEAT: u32 = 0xE2_F0_EC;
const LINE: u32 = 0xD9_DF_E4;
const QUIET: u32 = 0x80_88_90;

impl Book {
    /// The sheets as an .xlsx: headers that stay in view, groups and repeats in colour, what follows from `_innogauge` in
    /// grey. The same sheets are always the same bytes.
    pub fn to_xlsx(&self) -> Result<Vec<u8>, XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&chrono::DateTime::UNIX_EPOCH));
        let made = self.made();
        for sheet in &self.sheets {
            let worksheet = workbook.add_worksheet();
            worksheet.set_name(&sheet.name)?;
            write(sheet, &made, worksheet)?;
        }
        workbook.save_to_buffer()
    }

    /// The names of questions that are made from others.
    fn made(&self) -> Vec<&str> {
        let rows = self.sheet(OWN_SHEET).into_iter().flat_map(|sheet| &sheet.lines);
        rows.filter(|line| {
            cell(line, 3).is_some_and(|key| key == "missing_of" || key == "other_of" || key.starts_with("warning_of/"))
        })
        .filter_map(|line| cell(line, 2))
        .map(|name| name.rsplit('/').next().unwrap_or(name))
        .collect()
    }
}

fn cell(line: &Line, column: u16) -> Option<&str> {
    line.cells
        .iter()
        .find(|(at, _)| *at == column)
        .map(|(_, text)| text.as_str())
}

/// How a row looks.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Look {
    Question,
    Group,
    Repeat,
    /// Made from another question, or a sheet that people seldom change.
    Made,
}

fn write(sheet: &Sheet, made: &[&str], worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let Some((header, rows)) = sheet.lines.split_first() else {
        return Ok(());
    };
    let survey = sheet.name == "survey";
    let mut languages: Vec<&str> = Vec::new();
    // Rows that people add below hold text, too: a code keeps its zeros, a version its last digit.
    let text = Format::new().set_num_format("@");
    for (at, words) in &header.cells {
        let language = words
            .rsplit_once("::")
            .map(|(_, language)| language)
            .filter(|_| !words.starts_with("bind::"));
        let colour = language.map_or(HEADER, |language| {
            let known = languages.iter().position(|known| *known == language);
            let number = known.unwrap_or_else(|| {
                languages.push(language);
                languages.len() - 1
            });
            LANGUAGES.get(number % LANGUAGES.len()).copied().unwrap_or(HEADER)
        });
        worksheet.write_string_with_format(0, *at, words, &heading(colour))?;
        worksheet.set_column_width(*at, width(words))?;
        worksheet.set_column_format(*at, &text)?;
    }
    let formats: HashMap<(Look, bool), Format> = [Look::Question, Look::Group, Look::Repeat, Look::Made]
        .into_iter()
        .flat_map(|look| [true, false].map(|code| ((look, code), format(look, code))))
        .collect();
    let columns = u16::try_from(header.cells.len()).unwrap_or(u16::MAX);
    for line in rows {
        let look = look(sheet, line, made);
        let tallest = line.cells.iter().map(|(at, words)| {
            let header = cell(header, *at).unwrap_or_default();
            let lines = lines_of(words, width(header));
            // Long expressions are read in the line above the sheet.
            if is_code(header) { lines.min(3) } else { lines }
        });
        worksheet.set_row_height(line.number, height(tallest.max().unwrap_or(1)))?;
        for at in 0..columns {
            let code = header
                .cells
                .iter()
                .any(|(column, words)| *column == at && is_code(words));
            let Some(format) = formats.get(&(look, code)) else {
                continue;
            };
            match cell(line, at) {
                Some(words) => worksheet.write_string_with_format(line.number, at, words, format)?,
                None => worksheet.write_blank(line.number, at, format)?,
            };
        }
    }
    worksheet.set_row_height(0, 24)?;
    worksheet.set_freeze_panes(1, if survey { 2 } else { 0 })?;
    worksheet
        .set_landscape()
        .set_print_fit_to_pages(1, 0)
        .set_repeat_rows(0, 0)?;
    let last = rows.last().map_or(0, |line| line.number);
    worksheet.autofilter(0, 0, last.max(1), columns.saturating_sub(1))?;
    if sheet.name == OWN_SHEET {
        worksheet.set_tab_color(Color::RGB(QUIET));
    } else if survey {
        worksheet.set_tab_color(Color::RGB(HEADER));
    }
    Ok(())
}

fn look(sheet: &Sheet, line: &Line, made: &[&str]) -> Look {
    if sheet.name == OWN_SHEET {
        return Look::Made;
    }
    if sheet.name != "survey" {
        return Look::Question;
    }
    match cell(line, 0).unwrap_or_default() {
        "begin_group" | "end_group" => Look::Group,
        "begin_repeat" | "end_repeat" => Look::Repeat,
        _ if cell(line, 1).is_some_and(|name| made.contains(&name)) => Look::Made,
        _ => Look::Question,
    }
}

/// Whether a column holds codes and expressions, not words.
fn is_code(header: &str) -> bool {
    let key = header.split("::").next().unwrap_or_default();
    !matches!(
        key,
        "label" | "hint" | "guidance_hint" | "constraint_message" | "required_message" | "form_title" | "value"
    )
}

/// The width of a column in characters.
fn width(header: &str) -> f64 {
    match header.split("::").next().unwrap_or_default() {
        "label" => 44.0,
        "hint" | "guidance_hint" | "constraint_message" | "required_message" | "form_title" | "value" => 32.0,
        "type" | "relevant" | "constraint" | "calculation" | "choice_filter" | "create_if" | "update_if"
        | "instance_name" => 36.0,
        "name" | "key" | "media" | "default_language" => 26.0,
        "list_name" | "list" | "form_id" => 20.0,
        _ => 14.0,
    }
}

/// How many lines words take in a column; characters of Chinese are twice as wide as others.
fn lines_of(words: &str, width: f64) -> usize {
    let fits = |line: &str| {
        let letters = line.chars().map(|letter| if letter >= '\u{2e80}' { 2.0 } else { 1.0 });
        let mut lines = 1;
        let mut used = 0.0;
        for letter in letters {
            used += letter;
            if used > width {
                lines += 1;
                used = letter;
            }
        }
        lines
    };
    words.lines().map(fits).sum::<usize>().max(1)
}

/// The height of a row of so many lines, in points: programs don't find it by themselves. Very long words are cut off.
fn height(lines: usize) -> f64 {
    const MOST: usize = 12;
    14.0 * f64::from(u8::try_from(lines.min(MOST)).unwrap_or(1)) + 2.0
}

fn heading(colour: u32) -> Format {
    Format::new()
        .set_bold()
        .set_font_color(Color::White)
        .set_background_color(Color::RGB(colour))
        .set_align(FormatAlign::VerticalCenter)
        .set_border(FormatBorder::Thin)
        .set_border_color(Color::RGB(LINE))
}

fn format(look: Look, code: bool) -> Format {
    // As text, so that codes keep their zeros and nothing that is typed turns into a number or a date.
    let format = Format::new()
        .set_num_format("@")
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_border(FormatBorder::Thin)
        .set_border_color(Color::RGB(LINE));
    let format = if code { format.set_font_size(10) } else { format };
    match look {
        Look::Question => format,
        Look::Group => format.set_bold().set_background_color(Color::RGB(GROUP)),
        Look::Repeat => format.set_bold().set_background_color(Color::RGB(REPEAT)),
        Look::Made => format.set_italic().set_font_color(Color::RGB(QUIET)),
    }
}
