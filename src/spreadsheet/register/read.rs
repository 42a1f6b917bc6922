//! Reading a register that people filled in: every row checked, every fault with its cell.

use std::collections::HashMap;

use super::super::import::Finding;
use super::columns::{Column, about, known};
use super::vocabulary::{RegisterWords, Vocabulary};
use crate::definition::Language;
use crate::response::{CreditCode, CreditCodeError, Position, RegisterEntry, Severity};
use crate::workbook::ReadError;
use crate::workbook::Workbook;
use crate::workbook::{Address, CellValue, Row};

/// In how many rows from the top of a sheet its headers are looked for.
const HEADERS_WITHIN: u32 = 20;
/// How many findings are kept.
const FINDINGS: usize = 10_000;

/// A register that was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RegisterTable {
    /// The rows without problems, each with the cell of its code.
    pub entries: Vec<(Address, RegisterEntry)>,
    /// How many rows there are, problems or not.
    pub rows: usize,
    /// Everything to look at, in the order of the cells.
    pub findings: Vec<Finding>,
}

impl RegisterTable {
    /// Whether no row has a problem.
    pub fn is_sound(&self) -> bool {
        self.findings
            .iter()
            .all(|finding| finding.severity != Severity::Problem)
    }
}

/// Reads the first visible sheet that has the headers of a register.
///
/// # Errors
/// Where the file is no workbook that can be read; what is wrong with its cells is among the findings.
pub fn read_register(
    workbook: &mut Workbook,
    words: &RegisterWords,
    language: Language,
) -> Result<RegisterTable, ReadError> {
    let sheets: Vec<(usize, String)> = workbook
        .sheets()
        .iter()
        .enumerate()
        .filter(|(_, sheet)| sheet.visible)
        .map(|(index, sheet)| (index, sheet.name.clone()))
        .collect();
    let mut best: Option<(usize, String, Headers)> = None;
    for (index, name) in &sheets {
        let mut found: Option<Headers> = None;
        for batch in workbook.read(*index, Some(HEADERS_WITHIN))? {
            for row in batch?.rows() {
                let headers = Headers::of(&row?);
                let better = found
                    .as_ref()
                    .is_none_or(|known| headers.columns.len() > known.columns.len());
                if better && headers.columns.len() >= 2 {
                    found = Some(headers);
                }
            }
        }
        if let Some(headers) = found {
            best = Some((*index, name.clone(), headers));
            break;
        }
    }
    let mut reading = Reading {
        table: RegisterTable::default(),
        words,
        language,
        sheet: best
            .as_ref()
            .map(|(_, name, _)| name.clone())
            .or_else(|| sheets.first().map(|(_, name)| name.clone()))
            .unwrap_or_default()
            .into(),
        seen: HashMap::new(),
        found: 0,
    };
    let Some((index, _, headers)) = best else {
        let wanted = needed(language);
        reading.problem(
            0,
            0,
            "no_headers",
            format!("前 {HEADERS_WITHIN} 行中没有标题行，至少需要：{wanted}。请下载空白登记册。"),
            format!("None of the first {HEADERS_WITHIN} rows has the headers; needed are {wanted}. Start from the blank register."),
        );
        return Ok(reading.table);
    };
    reading.check_headers(&headers);
    if reading.table.is_sound() {
        for batch in workbook.read(index, None)? {
            for row in batch?.rows() {
                let row = row?;
                if row.number > headers.row {
                    reading.row(&row, &headers);
                }
            }
        }
    }
    Ok(reading.table)
}

/// The columns without which there is no register.
const NEEDED: [Column; 3] = [Column::Code, Column::Name, Column::City];

fn needed(language: Language) -> String {
    let headers = NEEDED.map(|column| about(column).header(language));
    headers.join(language.choose("、", ", "))
}

/// The row with the headers.
struct Headers {
    row: u32,
    columns: Vec<(u16, Column)>,
    unknown: Vec<(u16, String)>,
}

impl Headers {
    fn of(row: &Row<'_>) -> Self {
        let mut headers = Self {
            row: row.number,
            columns: Vec::new(),
            unknown: Vec::new(),
        };
        for cell in &row.cells {
            let text = cell.value.to_string();
            match known(&text) {
                Some(column) => headers.columns.push((cell.column, column)),
                None if cell.value.is_blank() => {}
                None => headers.unknown.push((cell.column, text)),
            }
        }
        headers
    }

    fn place(&self, wanted: Column) -> Option<u16> {
        self.columns
            .iter()
            .find(|(_, column)| *column == wanted)
            .map(|(place, _)| *place)
    }
}

struct Reading<'a> {
    table: RegisterTable,
    words: &'a RegisterWords,
    language: Language,
    sheet: std::sync::Arc<str>,
    /// The row in which a code came first.
    seen: HashMap<String, u32>,
    /// How much was found, of which no more than [`FINDINGS`] are kept.
    found: usize,
}

impl Reading<'_> {
    fn problem(&mut self, row: u32, column: u16, code: &'static str, zh: String, en: String) {
        self.find(row, column, Severity::Problem, code, self.language.choose(zh, en));
    }

    fn find(&mut self, row: u32, column: u16, severity: Severity, code: &'static str, message: String) {
        self.found += 1;
        if self.table.findings.len() < FINDINGS {
            self.table.findings.push(Finding {
                at: Address::new(self.sheet.clone(), row, column),
                severity,
                code,
                message: message.into(),
            });
        }
    }

    fn check_headers(&mut self, headers: &Headers) {
        for wanted in NEEDED {
            if headers.place(wanted).is_none() {
                let about = about(wanted);
                self.problem(
                    headers.row,
                    0,
                    "column_missing",
                    format!("缺少“{}”列。", about.zh),
                    format!("The column '{}' is missing.", about.en),
                );
            }
        }
        for (index, (place, column)) in headers.columns.iter().enumerate() {
            let first = headers.columns.iter().take(index).find(|(_, other)| other == column);
            if let Some((first, _)) = first {
                let first = Address::new("", headers.row, *first).a1();
                self.problem(
                    headers.row,
                    *place,
                    "column_twice",
                    format!("与 {first} 是同一列，请保留一列。"),
                    format!("The same column as {first}. Keep one of them."),
                );
            }
        }
        for (place, text) in &headers.unknown {
            let message = self.language.choose(
                format!("“{text}”不是登记册的列，未读取。"),
                format!("'{text}' is no column of the register; it was not read."),
            );
            self.find(headers.row, *place, Severity::Warning, "unknown_column", message);
        }
    }

    /// Reads one row; blank ones are passed over.
    fn row(&mut self, row: &Row<'_>, headers: &Headers) {
        let blank = headers
            .columns
            .iter()
            .all(|(place, _)| row.get(*place).is_none_or(|value| value.is_blank()));
        if blank {
            return;
        }
        self.table.rows += 1;
        let found_before = self.found;
        let mut cells = Cells {
            row,
            headers,
            reading: self,
        };
        let code = cells.code();
        let name = cells.needed(Column::Name);
        let city = cells.listed(Column::City, true);
        let latitude = cells.number(Column::Latitude, -90.0, 90.0);
        let longitude = cells.number(Column::Longitude, -180.0, 180.0);
        let entry = RegisterEntry {
            code: code.unwrap_or_default(),
            name: name.unwrap_or_default(),
            city: city.unwrap_or_default(),
            sector: cells.listed(Column::Sector, false),
            size: cells.listed(Column::Size, false),
            stratum: cells.text(Column::Stratum),
            weight: cells.number(Column::Weight, f64::MIN_POSITIVE, 1e9),
            employees: cells.whole(Column::Employees),
            confidential: cells.flag(Column::Confidential).unwrap_or(true),
            listed: cells.flag(Column::Listed).unwrap_or(false),
            in_frame: cells.flag(Column::InFrame).unwrap_or(true),
            address: cells.text(Column::Address),
            position: cells.position(latitude, longitude),
        };
        if self.found == found_before {
            let at = Address::new(
                self.sheet.clone(),
                row.number,
                headers.place(Column::Code).unwrap_or_default(),
            );
            self.table.entries.push((at, entry));
        }
    }
}

/// The cells of one row.
struct Cells<'r, 'w, 'v> {
    row: &'r Row<'r>,
    headers: &'r Headers,
    reading: &'w mut Reading<'v>,
}

impl Cells<'_, '_, '_> {
    fn value(&self, column: Column) -> Option<(u16, CellValue<'_>)> {
        let place = self.headers.place(column)?;
        let value = self.row.get(place)?;
        (!value.is_blank()).then_some((place, value))
    }

    fn problem(&mut self, column: Column, code: &'static str, zh: String, en: String) {
        let place = self.headers.place(column).unwrap_or_default();
        self.reading.problem(self.row.number, place, code, zh, en);
    }

    fn text(&self, column: Column) -> Option<String> {
        let (_, value) = self.value(column)?;
        Some(value.to_string().trim().to_owned())
    }

    fn needed(&mut self, column: Column) -> Option<String> {
        let text = self.text(column);
        if text.is_none() {
            let about = about(column);
            self.problem(
                column,
                "needed",
                format!("请填写{}。", about.zh),
                format!("Fill in: {}.", about.en),
            );
        }
        text
    }

    fn code(&mut self) -> Option<String> {
        let text = self.needed(Column::Code)?;
        let code = match CreditCode::parse(&text) {
            Ok(code) => code.as_str().to_owned(),
            Err(error) => {
                let zh = match error {
                    CreditCodeError::Length(length) => format!("统一社会信用代码应为 18 位，此处为 {length} 位。"),
                    CreditCodeError::Character { character, position } => {
                        format!("第 {position} 位的“{character}”不会出现在统一社会信用代码中。")
                    }
                    CreditCodeError::Check { .. } => format!("“{text}”的校验位不符，请核对各位字符。"),
                };
                self.problem(Column::Code, "credit_code", zh, format!("{error}."));
                return None;
            }
        };
        let row = self.row.number;
        if let Some(first) = self.reading.seen.get(&code) {
            let first = u64::from(*first) + 1;
            self.problem(
                Column::Code,
                "code_twice",
                format!("该代码已在第 {first} 行出现，每个单位只登记一次。"),
                format!("This code stands in row {first} already; each organisation is registered once."),
            );
            return None;
        }
        self.reading.seen.insert(code.clone(), row);
        Some(code)
    }

    fn listed(&mut self, column: Column, is_needed: bool) -> Option<String> {
        let text = if is_needed {
            self.needed(column)
        } else {
            self.text(column)
        }?;
        let vocabulary: &Vocabulary = match column {
            Column::City => &self.reading.words.cities,
            Column::Sector => &self.reading.words.sectors,
            _ => &self.reading.words.sizes,
        };
        let found = vocabulary.find(&text);
        if found.is_none() {
            let known: Vec<String> = vocabulary
                .codes()
                .iter()
                .map(|(code, word)| format!("{code} {word}"))
                .collect();
            let about = about(column);
            self.problem(
                column,
                "unknown_code",
                format!("“{text}”不是已知的{}，可用：{}。", about.zh, known.join("、")),
                format!(
                    "'{text}' is no {} of the survey; there are: {}.",
                    about.en.to_lowercase(),
                    known.join(", ")
                ),
            );
        }
        found
    }

    fn number(&mut self, column: Column, least: f64, most: f64) -> Option<f64> {
        let (_, value) = self.value(column)?;
        let number = match value {
            CellValue::Number(number) => Some(number),
            CellValue::Text(text) => text.trim().replace([',', '，'], "").parse().ok(),
            _ => None,
        };
        let fits = number.filter(|number: &f64| number.is_finite() && (least..=most).contains(number));
        if fits.is_none() {
            let (text, about) = (value.to_string(), about(column));
            self.problem(
                column,
                "number",
                format!("“{text}”不是有效的{}：{}", about.zh, about.how_zh),
                format!("'{text}' is no {}. {}", about.en.to_lowercase(), about.how_en),
            );
        }
        fits
    }

    fn whole(&mut self, column: Column) -> Option<i64> {
        let number = self.number(column, 0.0, 1e9)?;
        if number.fract() != 0.0 {
            self.problem(
                column,
                "number",
                format!("“{number}”不是整数。"),
                format!("'{number}' is not a whole number."),
            );
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and at most 1e9")]
        Some(number as i64)
    }

    fn flag(&mut self, column: Column) -> Option<bool> {
        let text = self.text(column)?;
        match text.to_lowercase().as_str() {
            "是" | "yes" | "y" | "true" | "1" | "√" => Some(true),
            "否" | "no" | "n" | "false" | "0" => Some(false),
            _ => {
                self.problem(
                    column,
                    "yes_or_no",
                    format!("“{text}”：请填是或否。"),
                    format!("'{text}': write yes or no."),
                );
                None
            }
        }
    }

    fn position(&mut self, latitude: Option<f64>, longitude: Option<f64>) -> Option<Position> {
        let given = |column| self.value(column).is_some();
        let (has_latitude, has_longitude) = (given(Column::Latitude), given(Column::Longitude));
        if has_latitude != has_longitude {
            let at = if has_latitude {
                Column::Latitude
            } else {
                Column::Longitude
            };
            self.problem(
                at,
                "half_a_position",
                "请同时填写纬度和经度。".to_owned(),
                "Give both latitude and longitude.".to_owned(),
            );
        }
        Some(Position {
            latitude: latitude?,
            longitude: longitude?,
            accuracy: None,
        })
    }
}
