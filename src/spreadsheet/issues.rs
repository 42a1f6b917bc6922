//! The workbook that goes back to whoever filled it in: their own rows, the faulty cells coloured and commented.
//!
//! It has the row of codes of the original, so that it can be corrected and imported itself.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use rust_xlsxwriter::{Color, Format, FormatAlign, Workbook as Output, Worksheet, XlsxError};

use crate::response::Severity;

use super::import::{AnswerSheet, Finding, Head, ImportPlan};
use super::layout::ISSUES_CODE;
use super::template::{Styles, WriteError, note};
use super::words::Words;
use crate::workbook::Workbook;
use crate::workbook::{CellValue, Row};

const PROBLEM: u32 = 0xF8_C9_C4;
const WARNING: u32 = 0xFF_EB_9C;

/// What the workbook of issues should hold.
#[derive(Debug, Clone)]
pub struct IssuesOptions {
    /// The language of the messages.
    pub language: String,
    /// Only the rows of organisations that were kept out, where the others were imported; else all rows.
    pub only_rejected: bool,
}

/// Writes the rows of a workbook again, with what is wrong in its place: a colour and a comment on each faulty cell,
/// all messages of a row in a last column, and a first sheet that lists them with their original addresses.
pub fn write_issues<T>(
    workbook: &mut Workbook,
    head: &Head,
    plan: &ImportPlan<T>,
    options: &IssuesOptions,
    out: &Path,
) -> Result<(), WriteError> {
    let words = Words::in_language(&options.language);
    let looks = Looks::new(&Styles::new(words.language()), words);
    let mut output = Output::new();
    list(output.add_worksheet(), plan, &looks)?;
    let mut by_row: HashMap<(&str, u32), Vec<&Finding>> = HashMap::new();
    for finding in &plan.findings {
        by_row
            .entry((&*finding.at.sheet, finding.at.row))
            .or_default()
            .push(finding);
    }
    for (marked, name) in head.answer_sheets().iter().zip(sheet_names(head)) {
        let sheet = output.add_worksheet_with_constant_memory()?;
        let mut copy = Copy::start(sheet, marked, &name, &looks)?;
        for batch in workbook.read(marked.index, None)? {
            for row in batch?.rows() {
                let row = row?;
                let findings = by_row.get(&(&*marked.name, row.number)).map_or(&[][..], Vec::as_slice);
                if row.number <= marked.row {
                    copy.head(&row, findings)?;
                } else if !options.only_rejected || marked.is_form() || plan.keeps_out(marked.index, row.number) {
                    copy.row(&row, findings, options.only_rejected)?;
                }
            }
        }
    }
    output.save(out)?;
    Ok(())
}

/// The names of the sheets of the output: those of the tables, as a spreadsheet program takes them.
fn sheet_names(head: &Head) -> Vec<String> {
    const LONGEST: usize = 31;
    let mut names: Vec<String> = Vec::new();
    for sheet in head.answer_sheets() {
        let stem = sheet.name.strip_suffix(".csv").unwrap_or(&sheet.name);
        let taken = |c: char| matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\');
        let plain: String = stem.chars().map(|c| if taken(c) { '-' } else { c }).collect();
        let mut name: String = plain.trim_matches('\'').chars().take(LONGEST).collect();
        let mut number = 2;
        while names.iter().any(|other| other.to_lowercase() == name.to_lowercase()) && !name.is_empty() {
            let end = format!("~{number}");
            name = plain.chars().take(LONGEST - end.len()).collect::<String>() + &end;
            number += 1;
        }
        names.push(name);
    }
    names
}

/// The list of everything that was found.
fn list<T>(sheet: &mut Worksheet, plan: &ImportPlan<T>, looks: &Looks) -> Result<(), XlsxError> {
    let words = looks.words;
    sheet.set_name(words.choose("问题清单", "Issues"))?;
    let heads = [
        (words.choose("工作表", "Sheet"), 18.0),
        (words.choose("单元格", "Cell"), 9.0),
        (words.choose("类别", "Kind"), 10.0),
        (words.choose("说明", "What to do"), 100.0),
    ];
    for (column, (head, width)) in (0..).zip(heads) {
        sheet
            .write_string_with_format(0, column, head, &looks.head)?
            .set_column_width(column, width)?;
    }
    for (row, finding) in (1..).zip(&plan.findings) {
        let (kind, format) = match finding.severity {
            Severity::Problem => (words.choose("错误", "Problem"), &looks.problem),
            Severity::Warning => (words.choose("核对", "To check"), &looks.warning),
            Severity::Note => (words.choose("备注", "Note"), &looks.plain),
        };
        sheet.write_string_with_format(row, 0, &*finding.at.sheet, &looks.plain)?;
        sheet.write_string_with_format(row, 1, finding.at.a1(), &looks.plain)?;
        sheet.write_string_with_format(row, 2, kind, format)?;
        sheet.write_string_with_format(row, 3, &*finding.message, &looks.prose)?;
    }
    if plan.findings_left_out > 0 {
        let count = plan.findings_left_out;
        let more = words
            .language()
            .choose(format!("另有 {count} 条未列出"), format!("and {count} more"));
        let row = u32::try_from(plan.findings.len() + 1).unwrap_or(u32::MAX);
        sheet.write_string_with_format(row, 3, more, &looks.plain)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(())
}

/// The formats of the workbook.
struct Looks {
    words: Words,
    head: Format,
    code: Format,
    plain: Format,
    prose: Format,
    problem: Format,
    warning: Format,
    messages: Format,
}

impl Looks {
    fn new(styles: &Styles, words: Words) -> Self {
        let coloured = |colour: u32| styles.boxed().set_background_color(Color::RGB(colour));
        Self {
            words,
            head: styles.how().set_bold(),
            code: styles.code(),
            plain: styles.plain(),
            prose: styles.prose(),
            problem: coloured(PROBLEM),
            warning: coloured(WARNING),
            messages: styles
                .prose()
                .set_font_color(Color::RGB(0x9C_1C_10))
                .set_align(FormatAlign::Top),
        }
    }

    fn of(&self, severity: Option<Severity>) -> &Format {
        match severity {
            Some(Severity::Problem) => &self.problem,
            Some(Severity::Warning) => &self.warning,
            Some(Severity::Note) | None => &self.plain,
        }
    }
}

/// A sheet that is written again.
struct Copy<'a> {
    sheet: &'a mut Worksheet,
    looks: &'a Looks,
    code_row: u32,
    /// The column of the messages: right of all codes.
    messages: u16,
    /// The column of messages of an earlier workbook of issues, which is dropped.
    stale: Option<u16>,
    next_row: u32,
}

impl<'a> Copy<'a> {
    fn start(sheet: &'a mut Worksheet, marked: &AnswerSheet, name: &str, looks: &'a Looks) -> Result<Self, XlsxError> {
        if !name.is_empty() {
            sheet.set_name(name)?;
        }
        let stale = marked
            .codes
            .iter()
            .find(|(_, code)| code == ISSUES_CODE)
            .map(|(column, _)| *column);
        let last = marked
            .codes
            .iter()
            .map(|(column, _)| *column)
            .filter(|column| Some(*column) != stale)
            .max();
        let messages = last.unwrap_or(marked.column).saturating_add(1);
        sheet.set_column_range_width(marked.column + 1, messages.saturating_sub(1).max(marked.column + 1), 16)?;
        sheet.set_column_width(messages, 70)?;
        sheet.set_freeze_panes(marked.row + 1, marked.column + 1)?;
        Ok(Self {
            sheet,
            looks,
            code_row: marked.row,
            messages,
            stale,
            next_row: marked.row + 1,
        })
    }

    fn head(&mut self, row: &Row<'_>, findings: &[&Finding]) -> Result<(), XlsxError> {
        let is_code = row.number == self.code_row;
        let format = if is_code { &self.looks.code } else { &self.looks.head };
        let own = if is_code {
            ISSUES_CODE
        } else {
            self.looks.words.choose("问题说明", "What to do")
        };
        let cells = row
            .cells
            .iter()
            .filter(|cell| Some(cell.column) != self.stale && cell.column < self.messages);
        for cell in cells {
            let found = findings.iter().find(|finding| finding.at.column == cell.column);
            let format = found.map_or(format, |finding| self.looks.of(Some(finding.severity)));
            write(self.sheet, row.number, cell.column, cell.value, format)?;
            if let Some(finding) = found {
                self.sheet.insert_note(
                    row.number,
                    cell.column,
                    &note(&finding.message, self.looks.words.language()),
                )?;
            }
        }
        if is_code || row.number + 1 == self.code_row {
            self.sheet
                .write_string_with_format(row.number, self.messages, own, format)?;
        }
        Ok(())
    }

    fn row(&mut self, row: &Row<'_>, findings: &[&Finding], compact: bool) -> Result<(), XlsxError> {
        let number = if compact { self.next_row } else { row.number };
        self.next_row += 1;
        // A faulty cell may be empty: what was required is not there.
        let mut columns: BTreeSet<u16> = row.cells.iter().map(|cell| cell.column).collect();
        columns.extend(findings.iter().map(|finding| finding.at.column));
        for column in columns {
            if Some(column) == self.stale {
                continue;
            }
            let here: Vec<&&Finding> = findings.iter().filter(|finding| finding.at.column == column).collect();
            let format = self.looks.of(here.iter().map(|finding| finding.severity).min());
            // What stands right of all codes moves on by one, for the messages.
            let to = if column >= self.messages {
                column.saturating_add(1)
            } else {
                column
            };
            if column >= self.messages && to > self.messages {
                self.messages_once(number, findings)?;
            }
            match row.get(column) {
                Some(value) => write(self.sheet, number, to, value, format)?,
                None => {
                    self.sheet.write_blank(number, to, format)?;
                }
            }
            if !here.is_empty() {
                let text: Vec<&str> = here.iter().map(|finding| &*finding.message).collect();
                let note = note(&text.join("\n"), self.looks.words.language());
                self.sheet.insert_note(number, to, &note)?;
            }
        }
        self.messages_once(number, findings)
    }

    fn messages_once(&mut self, row: u32, findings: &[&Finding]) -> Result<(), XlsxError> {
        if !findings.is_empty() {
            let text: Vec<&str> = findings.iter().map(|finding| &*finding.message).collect();
            self.sheet
                .write_string_with_format(row, self.messages, text.join("\n"), &self.looks.messages)?;
        }
        Ok(())
    }
}

/// Writes a value as what it was.
fn write(sheet: &mut Worksheet, row: u32, column: u16, value: CellValue<'_>, format: &Format) -> Result<(), XlsxError> {
    match value {
        CellValue::Text(text) | CellValue::Error(text) => sheet.write_string_with_format(row, column, text, format)?,
        CellValue::Number(number) => sheet.write_number_with_format(row, column, number, format)?,
        CellValue::Percentage(number) => {
            let format = format.clone().set_num_format("0.##########%");
            sheet.write_number_with_format(row, column, number / 100.0, &format)?
        }
        CellValue::Boolean(truth) => sheet.write_boolean_with_format(row, column, truth, format)?,
        CellValue::DateTime(at) => {
            let shown = if at.time() == chrono::NaiveTime::MIN {
                "yyyy-mm-dd"
            } else {
                "yyyy-mm-dd hh:mm:ss"
            };
            sheet.write_datetime_with_format(row, column, at, &format.clone().set_num_format(shown))?
        }
        CellValue::Time(time) => {
            sheet.write_time_with_format(row, column, time, &format.clone().set_num_format("hh:mm:ss"))?
        }
        CellValue::Duration(seconds) => {
            let format = format.clone().set_num_format("[h]:mm:ss");
            sheet.write_number_with_format(row, column, seconds / 86_400.0, &format)?
        }
    };
    Ok(())
}
