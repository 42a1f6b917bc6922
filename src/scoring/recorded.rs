//! What other programs made of the same data, as tests read it.

use std::path::Path;

use serde::Deserialize;

/// The rows of a .csv of `tests/fixtures`.
pub(super) fn rows<T: for<'de> Deserialize<'de>>(file: &str) -> Vec<T> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(file);
    let rows = csv::Reader::from_path(path).unwrap().into_deserialize();
    rows.map(Result::unwrap).collect()
}
