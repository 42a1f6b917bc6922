//! The experts' file: who gave how many points to what, or who finds what how much more important than what.
//!
//! ```csv
//! expert,group,parent,element,points          budget allocation: 100 points per expert and parent
//! Li,science,Index,finance,40
//!
//! expert,parent,row,column,value              pairwise comparison: 1/9 to 9, `row` against `column`
//! Li,Index,finance,people,3
//! ```
//!
//! The columns may stand in any order, and `group` may be absent. Numbers may be written as fractions (`1/3`).

use crate::scoring::error::{ScoringError, TableProblem};

/// Points of one expert for one element.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Points {
    /// Who.
    pub expert: String,
    /// Which group the expert belongs to; empty where the file has none.
    pub group: String,
    /// The element whose children are weighted.
    pub parent: String,
    /// The child.
    pub element: String,
    /// How many points, 0 or more.
    pub given: f64,
    /// The row of the file; the header is row 1.
    pub row: u64,
}

/// How much more important one expert finds one element than another.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Comparison {
    /// Who.
    pub expert: String,
    /// The element whose children are weighted.
    pub parent: String,
    /// The child that is compared …
    pub element: String,
    /// … and the one that it is compared with.
    pub with: String,
    /// How many times as important the first is, 1/9 to 9.
    pub value: f64,
    /// The row of the file; the header is row 1.
    pub line: u64,
}

/// Reads points; all problems at once.
pub(super) fn read_points(file: &str, text: &str) -> Result<Vec<Points>, ScoringError> {
    let mut reader = Reader::new(file, text, ["expert", "parent", "element", "points"], Some("group"))?;
    reader.rows(|row, cells, group| {
        let points = number(cells[3]).filter(|points| (0.0..=100.0).contains(points));
        let points = points.ok_or_else(|| ("points", format!("'{}' is not a number from 0 to 100", cells[3])))?;
        Ok(Points {
            expert: cells[0].to_owned(),
            group: group.to_owned(),
            parent: cells[1].to_owned(),
            element: cells[2].to_owned(),
            given: points,
            row,
        })
    })
}

/// Reads pairwise comparisons; all problems at once.
pub(super) fn read_comparisons(file: &str, text: &str) -> Result<Vec<Comparison>, ScoringError> {
    let mut reader = Reader::new(file, text, ["expert", "parent", "row", "column", "value"], None)?;
    reader.rows(|line, cells, _| {
        // 0.11 is how people write 1/9.
        let value = number(cells[4]).filter(|value| (0.11..=9.0).contains(value));
        let value = value.ok_or_else(|| ("value", format!("'{}' is not a number from 1/9 to 9", cells[4])))?;
        Ok(Comparison {
            expert: cells[0].to_owned(),
            parent: cells[1].to_owned(),
            element: cells[2].to_owned(),
            with: cells[3].to_owned(),
            value,
            line,
        })
    })
}

fn number(cell: &str) -> Option<f64> {
    let number = match cell.split_once('/') {
        Some((above, below)) => above.trim().parse::<f64>().ok()? / below.trim().parse::<f64>().ok()?,
        None => cell.parse().ok()?,
    };
    number.is_finite().then_some(number)
}

/// What is wrong with a cell: its column, and why.
type CellFault = (&'static str, String);

/// A CSV file with named columns.
struct Reader<'a, const N: usize> {
    file: &'a str,
    records: csv::Reader<&'a [u8]>,
    names: [&'static str; N],
    places: [usize; N],
    optional: Option<usize>,
}

impl<'a, const N: usize> Reader<'a, N> {
    fn new(
        file: &'a str,
        text: &'a str,
        names: [&'static str; N],
        optional: Option<&'static str>,
    ) -> Result<Self, ScoringError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut records = csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .from_reader(text.as_bytes());
        let header = records
            .headers()
            .map_err(|error| refused(file, None, None, error.to_string()))?
            .clone();
        let place = |name: &str| header.iter().position(|column| column == name);
        let mut places = [0; N];
        for (slot, name) in places.iter_mut().zip(names) {
            let wanted = || {
                let message = format!("there is no column '{name}': the columns are {}", names.join(","));
                refused(file, Some(1), None, message)
            };
            *slot = place(name).ok_or_else(wanted)?;
        }
        if let Some(unknown) = header
            .iter()
            .find(|column| !names.contains(column) && optional != Some(*column))
        {
            let message = format!("unknown column; the columns are {}", names.join(","));
            return Err(refused(file, Some(1), Some(unknown), message));
        }
        let optional = optional.and_then(place);
        Ok(Self {
            file,
            records,
            names,
            places,
            optional,
        })
    }

    fn rows<T>(&mut self, read: impl Fn(u64, [&str; N], &str) -> Result<T, CellFault>) -> Result<Vec<T>, ScoringError> {
        let (mut rows, mut problems) = (Vec::new(), Vec::new());
        for (record, row) in self.records.records().zip(2..) {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    problems.push(problem(self.file, Some(row), None, error.to_string()));
                    continue;
                }
            };
            let cell = |place: usize| record.get(place).unwrap_or_default();
            let cells = self.places.map(cell);
            let blank = cells.iter().position(|cell| cell.is_empty());
            if let Some(name) = blank.and_then(|at| self.names.get(at)) {
                problems.push(problem(self.file, Some(row), Some(name), "is empty".to_owned()));
                continue;
            }
            match read(row, cells, self.optional.map(cell).unwrap_or_default()) {
                Ok(read) => rows.push(read),
                Err((column, message)) => problems.push(problem(self.file, Some(row), Some(column), message)),
            }
        }
        if problems.is_empty() {
            Ok(rows)
        } else {
            Err(ScoringError::Table(problems))
        }
    }
}

/// A problem of the experts' file.
pub(super) fn problem(file: &str, row: Option<u64>, column: Option<&str>, message: String) -> TableProblem {
    TableProblem {
        file: file.to_owned(),
        row,
        column: column.map(str::to_owned),
        message,
    }
}

fn refused(file: &str, row: Option<u64>, column: Option<&str>, message: String) -> ScoringError {
    ScoringError::Table(vec![problem(file, row, column, message)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_comparisons_are_read_by_the_names_of_their_columns() {
        let points = read_points("e.csv", "group,expert,parent,element,points\nscience,Li,I,a, 40\n").unwrap();
        assert_eq!((points[0].expert.as_str(), points[0].group.as_str()), ("Li", "science"));
        assert!((points[0].given - 40.0).abs() < 1e-15 && points[0].row == 2);
        let pairs = read_comparisons("e.csv", "expert,parent,row,column,value\nLi,I,a,b,1/3\n").unwrap();
        assert!((pairs[0].value - 1.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn every_fault_is_named_with_file_row_and_column() {
        let text = "expert,parent,row,column,value\nLi,I,a,b,10\nLi,I,,b,2\nLi,I,a,b,x\n";
        assert_eq!(
            read_comparisons("e.csv", text).unwrap_err().to_string(),
            "e.csv, row 2, column 'value': '10' is not a number from 1/9 to 9\n\
             e.csv, row 3, column 'row': is empty\n\
             e.csv, row 4, column 'value': 'x' is not a number from 1/9 to 9"
        );
        let error = read_points("e.csv", "expert,parent,points\n").unwrap_err().to_string();
        assert!(error.contains("there is no column 'element'"), "{error}");
    }
}
