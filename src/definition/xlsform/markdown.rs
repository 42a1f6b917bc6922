//! Forms written as tables of Markdown, as pyxform reads them.

use super::book::{Book, Line, Sheet};

impl Book {
    /// Reads tables of Markdown: the first column names the sheet, then follow its header and its rows.
    ///
    /// Text outside of the tables is not read, lines that begin with `#` are comments, `\|` is a bar within a cell.
    /// Rows are counted without those that are empty.
    pub fn from_markdown(text: &str) -> Self {
        let mut sheets: Vec<Sheet> = Vec::new();
        for line in text.lines() {
            let Some((first, cells)) = row(line) else { continue };
            if let Some(name) = first {
                sheets.retain(|sheet| sheet.name != name);
                sheets.push(Sheet {
                    name,
                    lines: Vec::new(),
                });
            }
            if let (Some(sheet), false) = (sheets.last_mut(), cells.is_empty()) {
                sheet.lines.push(Line {
                    number: u32::try_from(sheet.lines.len()).unwrap_or(u32::MAX),
                    cells,
                });
            }
        }
        Self { sheets }
    }
}

/// The first cell of a row, and the others that are not empty, by their columns.
type Row = (Option<String>, Vec<(u16, String)>);

/// The row of a table that a line is.
fn row(line: &str) -> Option<Row> {
    if line.trim_start().starts_with('#') {
        return None;
    }
    let inner = line.get(line.find('|')? + 1..)?;
    let inner = inner.get(..inner.rfind('|')?)?;
    if !inner.is_empty() && inner.chars().all(|character| matches!(character, '|' | '-')) {
        return None;
    }
    let mut cells = split(inner).into_iter();
    let first = cells.next().flatten();
    let cells = (0..).zip(cells).filter_map(|(column, cell)| Some((column, cell?)));
    Some((first, cells.collect()))
}

fn split(row: &str) -> Vec<Option<String>> {
    let mut cells = vec![String::new()];
    let mut characters = row.chars().peekable();
    while let Some(character) = characters.next() {
        match (character, characters.peek()) {
            ('\\', Some('|')) => {
                characters.next();
                if let Some(cell) = cells.last_mut() {
                    cell.push('|');
                }
            }
            ('|', _) => cells.push(String::new()),
            _ => {
                if let Some(cell) = cells.last_mut() {
                    cell.push(character);
                }
            }
        }
    }
    let trimmed = |cell: String| Some(cell.trim().to_owned()).filter(|cell| !cell.is_empty());
    cells.into_iter().map(trimmed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_become_sheets_and_all_else_is_passed_over() {
        let book = Book::from_markdown(
            "# A form\n\nwords | survey   |\n| survey | | |\n|--|--|\n| | type | label::en |\n| | note | this \\| that |\n| choices |\n# | x |\n",
        );
        assert_eq!(
            book.to_csv(),
            "survey\n,type,label::en\n,note,\"this | that\"\nchoices\n",
            "{book:?}"
        );
        assert_eq!(Book::from_markdown("words only"), Book::default());
    }
}
