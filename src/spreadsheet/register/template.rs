//! The blank register.

use rust_xlsxwriter::{Color, DocProperties, Format, Workbook, Worksheet, XlsxError};

use super::columns::{COLUMNS, Column};
use super::vocabulary::{RegisterWords, Vocabulary};
use crate::definition::Language;
use crate::spreadsheet::WriteError;

/// The rows of the blank register that are formatted for typing.
const ROWS: u32 = 5_000;

/// A blank register in a language, as .xlsx: a sheet to fill in, and a guide with the codes that may be used.
///
/// # Errors
/// Where the library that writes workbooks refuses.
pub fn register_template(words: &RegisterWords, language: Language) -> Result<Vec<u8>, WriteError> {
    let mut workbook = Workbook::new();
    // A fixed time: the same words give the same bytes.
    let properties = DocProperties::new().set_creation_datetime(&chrono::DateTime::UNIX_EPOCH);
    workbook.set_properties(&properties);
    entries(workbook.add_worksheet(), language)?;
    guide(workbook.add_worksheet(), words, language)?;
    Ok(workbook.save_to_buffer()?)
}

fn head() -> Format {
    Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00D9_E2EC))
        .set_text_wrap()
}

fn entries(sheet: &mut Worksheet, language: Language) -> Result<(), XlsxError> {
    sheet.set_name(language.choose("登记册", "Register"))?;
    let (head, text) = (head(), Format::new().set_num_format("@"));
    for (place, about) in (0_u16..).zip(&COLUMNS) {
        sheet.write_string_with_format(0, place, about.header(language), &head)?;
        let wide = matches!(about.column, Column::Name | Column::Address);
        let code = about.column == Column::Code;
        sheet.set_column_width(
            place,
            if wide {
                32.0
            } else if code {
                24.0
            } else {
                14.0
            },
        )?;
        if code {
            // As text: a spreadsheet program makes numbers of codes and loses their last digits.
            for row in 1..=ROWS {
                sheet.write_blank(row, place, &text)?;
            }
        }
    }
    sheet.set_freeze_panes(1, 1)?;
    Ok(())
}

fn guide(sheet: &mut Worksheet, words: &RegisterWords, language: Language) -> Result<(), XlsxError> {
    sheet.set_name(language.choose("填写说明", "Guide"))?;
    let head = head();
    sheet.set_column_width(0, 24)?.set_column_width(1, 60)?;
    sheet.write_string_with_format(0, 0, language.choose("列", "Column"), &head)?;
    sheet.write_string_with_format(0, 1, language.choose("填写方法", "What to write"), &head)?;
    let mut row = 1;
    for about in &COLUMNS {
        sheet.write_string(row, 0, about.header(language))?;
        sheet.write_string(row, 1, language.choose(about.how_zh, about.how_en))?;
        row += 1;
    }
    let lists: [(&str, &Vocabulary); 3] = [
        (language.choose("可用的城市", "Cities that may be used"), &words.cities),
        (
            language.choose("可用的行业", "Sectors that may be used"),
            &words.sectors,
        ),
        (
            language.choose("可用的规模", "Size classes that may be used"),
            &words.sizes,
        ),
    ];
    for (title, vocabulary) in lists {
        if vocabulary.codes().is_empty() {
            continue;
        }
        row += 1;
        sheet.write_string_with_format(row, 0, title, &head)?;
        row += 1;
        for (code, word) in vocabulary.codes() {
            sheet.write_string(row, 0, code)?;
            sheet.write_string(row, 1, word)?;
            row += 1;
        }
    }
    Ok(())
}
