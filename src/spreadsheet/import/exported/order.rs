//! The order of the entries of a repeat, which a table that was sorted has lost and its keys have kept.

use crate::workbook::Row;

use super::super::head::Sheet;
use super::super::record::key_in;

/// The entries of one response or entry in the order of the interview: by the numbers of their keys (`…/products[2]` of
/// Central, `_index` of Kobo), where all have one; else as they stand.
pub(in super::super) fn in_order<'r, 'a>(sheet: &Sheet, rows: &'r [Row<'a>]) -> Vec<&'r Row<'a>> {
    let own_key = sheet.export.as_ref().and_then(|export| export.own_key);
    let number = |row: &Row<'_>| number(&key_in(row, own_key?)?);
    let numbers: Option<Vec<u64>> = rows.iter().map(number).collect();
    let mut rows: Vec<&Row<'a>> = rows.iter().collect();
    if let Some(numbers) = numbers {
        let mut numbered: Vec<(u64, &Row<'a>)> = numbers.into_iter().zip(rows).collect();
        numbered.sort_by_key(|(number, _)| *number);
        rows = numbered.into_iter().map(|(_, row)| row).collect();
    }
    rows
}

/// The number in the brackets at the end of a key, or that it is.
fn number(key: &str) -> Option<u64> {
    let within = key.strip_suffix(']').and_then(|key| key.rsplit_once('['));
    within.map_or(key, |(_, number)| number).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_end_in_numbers_or_are_some() {
        assert_eq!(number("uuid:1/products[12]"), Some(12));
        assert_eq!(number("uuid:1/products[1]/part[3]"), Some(3));
        assert_eq!(number("7"), Some(7));
        assert_eq!(number("uuid:1f1b3c9e"), None);
        assert_eq!(number("products[]"), None);
    }
}
