//! A table to be scored: units down, figures across.
//!
//! A CSV file's first column (or the one that is named) has the units' ids; with a time column it is a long table,
//! one row per unit and time. Every other column is kept as it is: whether it must hold numbers is decided by who
//! asks for it. Empty cells and `NA` are missing.

use std::collections::HashMap;
use std::io::Read;

use indexmap::IndexMap;
use sha2::{Digest, Sha256};

use super::error::{ScoringError, TableProblem};
use super::series::Series;
use crate::definition::nearest;

/// Units and their figures.
///
/// ```
/// use innogauge::scoring::Table;
/// let table = Table::read_csv("t.csv", "city,gdp\nA,1.5\nB,NA\n".as_bytes(), None, None).unwrap();
/// assert_eq!(table.units(), ["A", "B"]);
/// assert_eq!(table.numbers("gdp").unwrap().get(0), Some(1.5));
///
/// let wrong = Table::read_csv("t.csv", "city,gdp\nA,high\n".as_bytes(), None, None).unwrap();
/// assert_eq!(wrong.numbers("gdp").unwrap_err()[0].to_string(), "t.csv, row 2, column 'gdp': 'high' is not a number");
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    name: String,
    unit_column: String,
    units: Vec<String>,
    times: Option<Times>,
    columns: IndexMap<String, Column>,
}

/// The time of each row of a long table.
#[derive(Debug, Clone)]
pub struct Times {
    pub(super) column: String,
    pub(super) labels: Vec<String>,
    pub(super) numbers: Vec<f64>,
}

#[derive(Debug, Clone, Default)]
struct Column {
    /// NaN where the cell is empty or holds words.
    numbers: Vec<f64>,
    /// Cells whose text says more than their number: words, and codes such as `01`.
    words: HashMap<usize, String>,
}

impl Table {
    /// A table of these units, without figures yet.
    pub fn new(name: impl Into<String>, units: Vec<String>) -> Self {
        Self {
            name: name.into(),
            unit_column: "unit".to_owned(),
            units,
            times: None,
            columns: IndexMap::new(),
        }
    }

    /// The same table with one more column of numbers (missing beyond the series' end).
    #[must_use]
    pub fn with_numbers(mut self, column: impl Into<String>, series: &Series) -> Self {
        let numbers = (0..self.units.len())
            .map(|unit| series.get(unit).unwrap_or(f64::NAN))
            .collect();
        self.columns.insert(
            column.into(),
            Column {
                numbers,
                words: HashMap::new(),
            },
        );
        self
    }

    /// The same table with one more column of words; `None` is missing.
    #[must_use]
    pub(super) fn with_words(mut self, column: &str, words: Vec<Option<String>>) -> Self {
        let kept = Column {
            numbers: vec![f64::NAN; self.units.len()],
            words: words
                .into_iter()
                .enumerate()
                .filter_map(|(row, word)| Some((row, word?)))
                .collect(),
        };
        self.columns.insert(column.to_owned(), kept);
        self
    }

    /// The same table as a long one: each row is of the round of this number.
    #[must_use]
    pub(super) fn with_rounds(mut self, numbers: Vec<f64>) -> Self {
        self.times = Some(Times {
            column: "round".to_owned(),
            labels: numbers.iter().map(f64::to_string).collect(),
            numbers,
        });
        self
    }

    /// Reads a CSV file (UTF-8; comma, semicolon or tab); all problems at once, each with row and column.
    pub fn read_csv(
        name: &str,
        mut reader: impl Read,
        unit: Option<&str>,
        time: Option<&str>,
    ) -> Result<Self, ScoringError> {
        let mut bytes = Vec::new();
        if let Err(error) = reader.read_to_end(&mut bytes) {
            return Err(table_error(name, None, None, format!("cannot be read: {error}")));
        }
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}'),
            Err(error) => {
                let row = bytes
                    .iter()
                    .take(error.valid_up_to())
                    .filter(|byte| **byte == b'\n')
                    .count() as u64
                    + 1;
                let message = "is not UTF-8 text: save it as CSV UTF-8".to_owned();
                return Err(table_error(name, Some(row), None, message));
            }
        };
        CsvReading::start(name, text, unit, time)?.finish()
    }

    /// What the table is called: its file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The units' ids, row by row.
    pub fn units(&self) -> &[String] {
        &self.units
    }

    /// The times of a long table's rows, as they were written.
    pub fn times(&self) -> Option<&[String]> {
        self.times.as_ref().map(|times| times.labels.as_slice())
    }

    pub(super) fn time_numbers(&self) -> Option<&[f64]> {
        self.times.as_ref().map(|times| times.numbers.as_slice())
    }

    /// The names of the columns with figures, without the units' and times'.
    pub fn columns(&self) -> impl Iterator<Item = &str> {
        self.columns.keys().map(String::as_str)
    }

    /// Whether there is such a column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// A column as numbers; a problem for each cell that holds words.
    pub fn numbers(&self, column: &str) -> Result<Series, Vec<TableProblem>> {
        let Some(found) = self.columns.get(column) else {
            return Err(vec![self.no_column(column)]);
        };
        let mut words: Vec<(usize, &String)> = found
            .words
            .iter()
            .map(|(row, text)| (*row, text))
            .filter(|(_, text)| number(text).is_none())
            .collect();
        if words.is_empty() {
            return Ok(Series::from_numbers(found.numbers.clone()));
        }
        words.sort_unstable();
        let problem = |(row, text): (usize, &String)| {
            let message = match text.parse::<f64>() {
                Ok(_) => format!("'{text}' is not a finite number"),
                Err(_) => format!("'{text}' is not a number"),
            };
            self.problem(Some(row), Some(column), message)
        };
        Err(words.into_iter().map(problem).collect())
    }

    /// A column as words; `None` where the cell is empty.
    pub fn words(&self, column: &str) -> Result<Vec<Option<String>>, TableProblem> {
        let found = self.columns.get(column).ok_or_else(|| self.no_column(column))?;
        let words = found
            .numbers
            .iter()
            .enumerate()
            .map(|(row, number)| match found.words.get(&row) {
                Some(text) => Some(text.clone()),
                None => (!number.is_nan()).then(|| number.to_string()),
            });
        Ok(words.collect())
    }

    fn no_column(&self, column: &str) -> TableProblem {
        let help = match nearest(column, self.columns()) {
            Some(near) => format!(", did you mean '{near}'?"),
            None if self.columns.is_empty() => String::new(),
            None => format!("; its columns are {}", self.columns().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("the table has no column '{column}'{help}");
        TableProblem {
            file: self.name.clone(),
            row: Some(1),
            column: Some(column.to_owned()),
            message,
        }
    }

    fn problem(&self, row: Option<usize>, column: Option<&str>, message: String) -> TableProblem {
        TableProblem {
            file: self.name.clone(),
            row: row.map(|row| row as u64 + 2),
            column: column.map(str::to_owned),
            message,
        }
    }

    /// A hash of everything in the table: the same figures have the same hash, however the file writes them.
    pub fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        let mut text = |words: &str| {
            hasher.update((words.len() as u64).to_le_bytes());
            hasher.update(words.as_bytes());
        };
        self.units.iter().for_each(|unit| text(unit));
        self.times
            .iter()
            .flat_map(|times| &times.labels)
            .for_each(|time| text(time));
        for (name, column) in &self.columns {
            text(name);
            let mut words: Vec<_> = column.words.iter().collect();
            words.sort_unstable();
            for (row, word) in words {
                text(&row.to_string());
                text(word);
            }
        }
        let mut buffer = Vec::with_capacity(self.units.len() * 8);
        for column in self.columns.values() {
            buffer.clear();
            for number in &column.numbers {
                let number = if number.is_nan() { f64::NAN } else { *number };
                buffer.extend_from_slice(&number.to_bits().to_le_bytes());
            }
            hasher.update(&buffer);
        }
        base16ct::lower::encode_string(&hasher.finalize())
    }
}

fn table_error(name: &str, row: Option<u64>, column: Option<&str>, message: String) -> ScoringError {
    ScoringError::Table(vec![TableProblem {
        file: name.to_owned(),
        row,
        column: column.map(str::to_owned),
        message,
    }])
}

/// The finite number that a cell says.
fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

fn is_missing(text: &str) -> bool {
    text.is_empty() || text == "NA"
}

/// A CSV file being read.
struct CsvReading<'t> {
    reader: csv::Reader<&'t [u8]>,
    headers: Vec<String>,
    unit: usize,
    time: Option<usize>,
    table: Table,
    problems: Vec<TableProblem>,
}

impl<'t> CsvReading<'t> {
    fn start(name: &str, text: &'t str, unit: Option<&str>, time: Option<&str>) -> Result<Self, ScoringError> {
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter(text))
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let headers: Vec<String> = match reader.headers() {
            Ok(headers) => headers.iter().map(str::to_owned).collect(),
            Err(error) => return Err(table_error(name, Some(1), None, format!("cannot be read: {error}"))),
        };
        if headers.iter().all(String::is_empty) {
            return Err(table_error(
                name,
                None,
                None,
                "is empty: the first row names the columns".to_owned(),
            ));
        }
        let position = |column: &str| {
            headers.iter().position(|header| header == column).ok_or_else(|| {
                let help = match nearest(column, headers.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => format!("its columns are {}", headers.join(", ")),
                };
                table_error(
                    name,
                    Some(1),
                    Some(column),
                    format!("the table has no column '{column}'; {help}"),
                )
            })
        };
        let unit = unit.map_or(Ok(0), position)?;
        let time = time.map(position).transpose()?;
        let mut table = Table::new(name, Vec::new());
        table.unit_column = headers.get(unit).cloned().unwrap_or_default();
        table.times = time.and_then(|time| headers.get(time)).map(|column| Times {
            column: column.clone(),
            labels: Vec::new(),
            numbers: Vec::new(),
        });
        let mut problems = Vec::new();
        for (index, header) in headers.iter().enumerate() {
            if index == unit || Some(index) == time {
                continue;
            }
            let twice = headers.iter().take(index).any(|earlier| earlier == header);
            if twice {
                problems.push(table.problem(None, Some(header), "two columns have this name".to_owned()));
            }
            table.columns.insert(header.clone(), Column::default());
        }
        Ok(Self {
            reader,
            headers,
            unit,
            time,
            table,
            problems,
        })
    }

    fn finish(mut self) -> Result<Table, ScoringError> {
        if !self.problems.is_empty() {
            return Err(ScoringError::Table(self.problems));
        }
        let mut record = csv::StringRecord::new();
        let mut rows: HashMap<(String, String), usize> = HashMap::new();
        loop {
            match self.reader.read_record(&mut record) {
                Ok(true) => self.row(&record, &mut rows),
                Ok(false) => break,
                Err(error) => {
                    let row = Some(self.table.units.len());
                    self.problems
                        .push(self.table.problem(row, None, format!("cannot be read: {error}")));
                    break;
                }
            }
        }
        if self.table.units.is_empty() && self.problems.is_empty() {
            self.problems
                .push(self.table.problem(None, None, "has no units: only a header".to_owned()));
        }
        if self.problems.is_empty() {
            Ok(self.table)
        } else {
            Err(ScoringError::Table(self.problems))
        }
    }

    fn row(&mut self, record: &csv::StringRecord, rows: &mut HashMap<(String, String), usize>) {
        let row = self.table.units.len();
        if record.len() != self.headers.len() {
            let message = format!(
                "the row has {} cells, the header has {}",
                record.len(),
                self.headers.len()
            );
            self.problems.push(self.table.problem(Some(row), None, message));
        }
        let unit = record.get(self.unit).unwrap_or_default().to_owned();
        if unit.is_empty() {
            let column = self.table.unit_column.clone();
            self.problems.push(
                self.table
                    .problem(Some(row), Some(&column), "the unit has no id".to_owned()),
            );
        }
        let time = self
            .time
            .and_then(|time| record.get(time))
            .unwrap_or_default()
            .to_owned();
        if let Some(times) = &mut self.table.times {
            times.labels.push(time.clone());
            times.numbers.push(number(&time).unwrap_or(f64::NAN));
            if number(&time).is_none() {
                let (column, message) = (
                    times.column.clone(),
                    format!("'{time}' is not a time: write a number, such as a year"),
                );
                self.problems
                    .push(self.table.problem(Some(row), Some(&column), message));
            }
        }
        if let Some(earlier) = rows.insert((unit.clone(), time.clone()), row) {
            let at = if time.is_empty() {
                String::new()
            } else {
                format!(" at {time}")
            };
            let column = self.table.unit_column.clone();
            let message = format!("unit '{unit}'{at} is in row {} already", earlier + 2);
            self.problems
                .push(self.table.problem(Some(row), Some(&column), message));
        }
        self.table.units.push(unit);
        let others = self
            .headers
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != self.unit && Some(*index) != self.time);
        for ((index, _), column) in others.zip(self.table.columns.values_mut()) {
            column.push(record.get(index).unwrap_or_default());
        }
    }
}

impl Column {
    fn push(&mut self, cell: &str) {
        let row = self.numbers.len();
        let number = if is_missing(cell) { None } else { number(cell) };
        self.numbers.push(number.unwrap_or(f64::NAN));
        let code = cell.len() > 1 && cell.starts_with('0') && cell.bytes().all(|byte| byte.is_ascii_digit());
        if (number.is_none() && !is_missing(cell)) || code {
            self.words.insert(row, cell.to_owned());
        }
    }
}

/// The delimiter that the header uses most.
fn delimiter(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |delimiter: u8| header.bytes().filter(|byte| *byte == delimiter).count();
    [b',', b';', b'\t']
        .into_iter()
        .rev()
        .max_by_key(|delimiter| count(*delimiter))
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Table, ScoringError> {
        Table::read_csv("t.csv", text.as_bytes(), None, None)
    }

    #[test]
    fn empty_cells_and_na_are_missing_and_codes_keep_their_zeros() {
        let table = read("\u{feff}id,x,group\nA,,01\nB,NA,1\nC, 2.5e1 ,\n").unwrap();
        assert_eq!(
            table.numbers("x").unwrap().iter().collect::<Vec<_>>(),
            [None, None, Some(25.0)]
        );
        assert_eq!(
            table.words("group").unwrap(),
            [Some("01".to_owned()), Some("1".to_owned()), None]
        );
    }

    #[test]
    fn every_problem_of_the_rows_is_reported_at_once() {
        let errors = read("id,x\nA,1\nA,2\n,3\nB,1,2\n").unwrap_err().to_string();
        assert_eq!(
            errors.lines().collect::<Vec<_>>(),
            [
                "t.csv, row 3, column 'id': unit 'A' is in row 2 already",
                "t.csv, row 4, column 'id': the unit has no id",
                "t.csv, row 5: the row has 3 cells, the header has 2",
            ]
        );
    }

    #[test]
    fn a_number_column_refuses_words_and_what_is_not_finite() {
        let table = read("id,x\nA,high\nB,1e999\nC,NaN\nD,1\n").unwrap();
        let problems: Vec<String> = table
            .numbers("x")
            .unwrap_err()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(problems.len(), 3);
        assert_eq!(problems[1], "t.csv, row 3, column 'x': '1e999' is not a finite number");
        let unknown = table.numbers("xx").unwrap_err()[0].to_string();
        assert_eq!(
            unknown,
            "t.csv, row 1, column 'xx': the table has no column 'xx', did you mean 'x'?"
        );
    }

    #[test]
    fn a_long_table_has_each_unit_once_per_time() {
        let text = "year;city;x\n2020;A;1\n2021;A;2\n2021;A;3\n";
        let error = Table::read_csv("t.csv", text.as_bytes(), Some("city"), Some("year")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "t.csv, row 4, column 'city': unit 'A' at 2021 is in row 3 already"
        );
    }

    #[test]
    fn the_hash_is_of_the_figures_and_not_of_their_spelling() {
        assert_eq!(
            read("id,x\nA,1.50\n").unwrap().hash(),
            read("id;x\nA;1.5\n").unwrap().hash()
        );
        assert_ne!(
            read("id,x\nA,1.5\n").unwrap().hash(),
            read("id,x\nA,1.25\n").unwrap().hash()
        );
    }
}
