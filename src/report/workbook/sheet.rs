//! A worksheet as reports write it: a title, headings, notes, and tables of typed cells.

use rust_xlsxwriter::{
    ColNum, ConditionalFormat3ColorScale, ConditionalFormatDataBar, ConditionalFormatType, Format, Formula, RowNum,
    Worksheet, XlsxError,
};

use super::style::{ACCENT, HIGH, LOW, MIDDLE, Style};

/// The height of a line of text, in points.
const LINE: f64 = 15.0;
/// The height of a heading, in points.
const HEADING: f64 = 24.0;
/// The highest head of a table, in points: it stays in view while the table is scrolled.
const HIGHEST_HEAD: f64 = 120.0;
/// The highest row that a worksheet can have, in points.
const HIGHEST_ROW: f64 = 409.0;
/// How many places a line of running text takes at most: about as wide as the tables of the narrower sheets.
const PLACES: usize = 190;

/// One cell of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing to say.
    Empty,
    /// Words, in several lines where one does not take them.
    Text(String),
    /// Words in one line, however many: in tables of data, whose rows are all of one height.
    Line(String),
    /// The second line of a table's head: a code.
    Head(String),
    /// A code, a path or an expression.
    Code(String),
    /// The name of the row.
    Name(String),
    /// A whole number.
    Count(u64),
    /// A score on the common scale.
    Score(Option<f64>),
    /// The score that the table is about.
    Total(Option<f64>),
    /// A score that the workbook itself computes, with the value that it has now.
    Formula(String, f64),
    /// A value in its own unit.
    Value(Option<f64>),
    /// A number as it was answered.
    Plain(f64),
    /// A value in its own unit, to look at twice.
    Flagged(f64),
    /// A figure of an analysis, as a correlation.
    Statistic(Option<f64>),
    /// A figure of an analysis, to look at twice.
    FlaggedStatistic(f64),
    /// A change of a score: above 0 it rose.
    Change(Option<f64>),
    /// Places gained: below 0 they were lost.
    Places(Option<i64>),
    /// A weight.
    Weight(f64),
    /// A share, 0 to 1.
    Share(Option<f64>),
}

impl Cell {
    /// Words, said only where there are any.
    pub fn text(words: impl Into<String>) -> Self {
        let words = words.into();
        if words.is_empty() {
            Self::Empty
        } else {
            Self::Text(words)
        }
    }
}

/// A column of a table: its head and its width in characters.
#[derive(Debug, Clone)]
pub struct Column {
    head: String,
    width: u16,
}

impl Column {
    /// A column.
    pub fn new(head: impl Into<String>, width: u16) -> Self {
        Self {
            head: head.into(),
            width,
        }
    }
}

/// Where a table stands: the first and last row of its body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Body {
    /// The first row below the head.
    pub first: RowNum,
    /// The last row; the head's where the table is empty.
    pub last: RowNum,
}

/// A worksheet with the place of the next line.
pub struct Sheet<'a> {
    /// The worksheet, for what is not a table: charts, frozen panes.
    pub worksheet: &'a mut Worksheet,
    style: &'a Style,
    row: RowNum,
}

impl<'a> Sheet<'a> {
    /// A sheet of this name, with a title and a line that says what the sheet is for.
    pub fn new(worksheet: &'a mut Worksheet, style: &'a Style, title: &str, purpose: &str) -> Result<Self, XlsxError> {
        worksheet.set_screen_gridlines(false);
        worksheet.set_landscape();
        worksheet.set_paper_size(9);
        worksheet.set_print_fit_to_pages(1, 0);
        worksheet.set_row_height(0, 30)?;
        worksheet.write_string_with_format(0, 0, title, &style.title)?;
        let mut sheet = Self {
            worksheet,
            style,
            row: 1,
        };
        sheet.line(purpose)?;
        sheet.row = sheet.row.max(3);
        Ok(sheet)
    }

    /// The row where the next thing will stand.
    pub fn row(&self) -> RowNum {
        self.row
    }

    /// Goes on at this row.
    pub fn move_to(&mut self, row: RowNum) {
        self.row = row;
    }

    /// Leaves rows free, for a chart.
    pub fn skip(&mut self, rows: RowNum) {
        self.row += rows;
    }

    /// A heading.
    pub fn heading(&mut self, words: &str) -> Result<(), XlsxError> {
        self.worksheet
            .write_string_with_format(self.row, 0, words, &self.style.heading)?;
        self.worksheet.set_row_height(self.row, HEADING)?;
        self.row += 1;
        Ok(())
    }

    /// Running text, in as many lines as it needs: what runs out beyond the table makes the whole sheet print smaller.
    pub fn line(&mut self, words: &str) -> Result<(), XlsxError> {
        for line in textwrap::wrap(words, PLACES) {
            self.worksheet
                .write_string_with_format(self.row, 0, line, &self.style.subtitle)?;
            self.row += 1;
        }
        Ok(())
    }

    /// A line to look at twice, across so many columns.
    pub fn warning(&mut self, words: &str, columns: ColNum) -> Result<(), XlsxError> {
        self.worksheet
            .merge_range(self.row, 0, self.row, columns.max(2) - 1, words, &self.style.warning)?;
        self.worksheet.set_row_height(self.row, 30)?;
        self.row += 2;
        Ok(())
    }

    /// A table: its head, and its rows. Returns where its body stands; the next thing stands a row below.
    pub fn table(&mut self, columns: &[Column], rows: impl IntoIterator<Item = Vec<Cell>>) -> Result<Body, XlsxError> {
        for (number, column) in (0..).zip(columns) {
            self.worksheet
                .write_string_with_format(self.row, number, &column.head, &self.style.head)?;
            self.worksheet.set_column_width(number, column.width)?;
        }
        let longest = columns.iter().map(|column| lines(&column.head, column.width)).max();
        let height = LINE * (1 + longest.unwrap_or(1)) as f64;
        self.worksheet.set_row_height(self.row, height.min(HIGHEST_HEAD))?;
        self.row += 1;
        let first = self.row;
        for cells in rows {
            let mut longest = 1;
            for ((number, cell), column) in (0..).zip(&cells).zip(columns) {
                self.cell(self.row, number, cell)?;
                longest = longest.max(cell_lines(cell, column.width));
            }
            if longest > 1 {
                let height = (LINE * longest as f64).min(HIGHEST_ROW);
                self.worksheet.set_row_height(self.row, height)?;
            }
            self.row += 1;
        }
        let last = self.row - 1;
        self.row += 1;
        Ok(Body { first, last })
    }

    /// One cell.
    pub fn cell(&mut self, row: RowNum, column: ColNum, cell: &Cell) -> Result<(), XlsxError> {
        let style = self.style;
        let sheet = &mut *self.worksheet;
        match cell {
            Cell::Empty => sheet.write_blank(row, column, &style.text)?,
            Cell::Text(words) => sheet.write_string_with_format(row, column, words, &style.text)?,
            Cell::Line(words) => sheet.write_string_with_format(row, column, words, &style.line)?,
            Cell::Head(words) => sheet.write_string_with_format(row, column, words, &style.code_head)?,
            Cell::Code(words) => sheet.write_string_with_format(row, column, words, &style.code)?,
            Cell::Name(words) => sheet.write_string_with_format(row, column, words, &style.name)?,
            Cell::Count(count) => sheet.write_number_with_format(row, column, *count as f64, &style.count)?,
            Cell::Score(score) => number(sheet, row, column, *score, &style.score)?,
            Cell::Total(score) => number(sheet, row, column, *score, &style.total)?,
            Cell::Formula(formula, value) => {
                let formula = Formula::new(formula).set_result(value.to_string());
                sheet.write_formula_with_format(row, column, formula, &style.score)?
            }
            Cell::Value(value) => number(sheet, row, column, *value, &style.value)?,
            Cell::Plain(value) => sheet.write_number_with_format(row, column, *value, &style.line)?,
            Cell::Flagged(value) => sheet.write_number_with_format(row, column, *value, &style.flagged)?,
            Cell::Statistic(value) => number(sheet, row, column, *value, &style.statistic)?,
            Cell::FlaggedStatistic(value) => {
                sheet.write_number_with_format(row, column, *value, &style.flagged_statistic)?
            }
            Cell::Change(change) => {
                let shown = change.is_none_or(|change| change.abs() >= 0.05);
                let format = if shown { &style.change } else { &style.unchanged };
                number(sheet, row, column, *change, format)?
            }
            Cell::Places(places) => {
                let places = places.map(|places| places as f64);
                number(sheet, row, column, places, &style.places)?
            }
            Cell::Weight(weight) => sheet.write_number_with_format(row, column, *weight, &style.weight)?,
            Cell::Share(share) => number(sheet, row, column, *share, &style.share)?,
        };
        Ok(())
    }

    /// Colours from low to high over a block of cells.
    pub fn colour_scale(&mut self, body: Body, first: ColNum, last: ColNum) -> Result<(), XlsxError> {
        if body.last < body.first || last < first {
            return Ok(());
        }
        let scale = ConditionalFormat3ColorScale::new()
            .set_minimum_color(LOW)
            .set_midpoint_color(MIDDLE)
            .set_maximum_color(HIGH);
        self.worksheet
            .add_conditional_format(body.first, first, body.last, last, &scale)?;
        Ok(())
    }

    /// Colours of changes over a block of cells: what fell, what stayed, what rose.
    pub fn change_scale(&mut self, body: Body, first: ColNum, last: ColNum) -> Result<(), XlsxError> {
        if body.last < body.first || last < first {
            return Ok(());
        }
        let scale = ConditionalFormat3ColorScale::new()
            .set_minimum_color(LOW)
            .set_midpoint(ConditionalFormatType::Number, 0)
            .set_midpoint_color(rust_xlsxwriter::Color::White)
            .set_maximum_color(HIGH);
        self.worksheet
            .add_conditional_format(body.first, first, body.last, last, &scale)?;
        Ok(())
    }

    /// Bars of 0 to 100 in a column.
    pub fn score_bars(&mut self, body: Body, column: ColNum) -> Result<(), XlsxError> {
        if body.last < body.first {
            return Ok(());
        }
        let bars = ConditionalFormatDataBar::new()
            .set_minimum(ConditionalFormatType::Number, 0)
            .set_maximum(ConditionalFormatType::Number, 100)
            .set_fill_color(ACCENT)
            .set_solid_fill(true);
        self.worksheet
            .add_conditional_format(body.first, column, body.last, column, &bars)?;
        Ok(())
    }
}

fn number<'a>(
    sheet: &'a mut Worksheet,
    row: RowNum,
    column: ColNum,
    value: Option<f64>,
    format: &Format,
) -> Result<&'a mut Worksheet, XlsxError> {
    match value {
        Some(value) => sheet.write_number_with_format(row, column, value, format),
        None => sheet.write_string_with_format(row, column, "–", format),
    }
}

/// How many lines words take in a column, whose cells are indented: wide characters take two places.
fn lines(words: &str, width: u16) -> usize {
    let lines = words.lines().map(|line| {
        let places: usize = line.chars().map(|letter| if letter.is_ascii() { 1 } else { 2 }).sum();
        places.div_ceil(usize::from(width.max(5) - 2)).max(1)
    });
    lines.sum::<usize>().max(1)
}

/// How many lines a cell takes in a column; only some cells take more than one.
fn cell_lines(cell: &Cell, width: u16) -> usize {
    match cell {
        Cell::Text(words) | Cell::Code(words) | Cell::Name(words) => lines(words, width),
        _ => 1,
    }
}
