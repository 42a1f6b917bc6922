//! Lists that the rules of a survey look things up in: CSV files that belong to a definition, and lists that the study
//! makes of what it knows.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use crate::definition::AttachedFile;

/// Something that cells are looked up in, by the value of a key column.
pub trait Lookup: fmt::Debug + Send + Sync {
    /// The cell of `column` in the first row whose `key_column` is `key`; empty where no row has the key, `None`
    /// where there is no such column.
    fn cell(&self, column: &str, key_column: &str, key: &str) -> Option<String>;
}

/// The lists of one version of a survey, by name (a file's without its extension).
#[derive(Debug, Clone, Default)]
pub struct Lists {
    by_name: HashMap<String, Arc<dyn Lookup>>,
}

impl Lists {
    /// The CSV files among these. A file that is no CSV gives no list.
    pub fn of_files(files: &[AttachedFile]) -> Self {
        let by_name = files.iter().filter_map(|file| {
            let name = file.name.strip_suffix(".csv")?;
            let list: Arc<dyn Lookup> = Arc::new(Table::of_csv(&file.content)?);
            Some((name.to_owned(), list))
        });
        Self {
            by_name: by_name.collect(),
        }
    }

    /// Whether there is a list of that name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// With one more list, in place of one of the same name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, list: Arc<dyn Lookup>) -> Self {
        self.by_name.insert(name.into(), list);
        self
    }

    /// The cell of `column` in the first row of a list whose `key_column` is `key`; empty where no row has the key,
    /// `None` where there is no such list or column.
    ///
    /// ```
    /// use innogauge::definition::AttachedFile;
    /// use innogauge::study::Lists;
    ///
    /// let file = AttachedFile { name: "sectors.csv".into(), content: "name,label\nC,Manufacturing\n".into() };
    /// let lists = Lists::of_files(&[file]);
    /// assert_eq!(lists.cell("sectors", "label", "name", "C").as_deref(), Some("Manufacturing"));
    /// assert_eq!(lists.cell("sectors", "label", "name", "Z").as_deref(), Some(""));
    /// assert_eq!(lists.cell("sectors", "colour", "name", "C"), None);
    /// ```
    pub fn cell(&self, list: &str, column: &str, key_column: &str, key: &str) -> Option<String> {
        let name = list.strip_suffix(".csv").unwrap_or(list);
        self.by_name.get(name)?.cell(column, key_column, key)
    }
}

/// A table of texts, the first row its heads; each column that is asked for is indexed once.
#[derive(Debug)]
pub struct Table {
    heads: Vec<String>,
    rows: Vec<Vec<String>>,
    indexes: Vec<OnceLock<HashMap<String, usize>>>,
}

impl Table {
    /// A table of these heads and rows.
    pub fn new(heads: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        Self {
            indexes: heads.iter().map(|_| OnceLock::new()).collect(),
            heads,
            rows,
        }
    }

    /// A CSV file in UTF-8, with or without a byte order mark; `None` where it is none.
    pub fn of_csv(content: &[u8]) -> Option<Self> {
        let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(content);
        let owned = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        let heads = owned(reader.headers().ok()?);
        let rows = reader.records().map(|record| record.map(|record| owned(&record)));
        Some(Self::new(heads, rows.collect::<Result<_, _>>().ok()?))
    }

    fn column(&self, head: &str) -> Option<usize> {
        self.heads.iter().position(|one| one == head)
    }

    fn index(&self, column: usize) -> Option<&HashMap<String, usize>> {
        let build = || {
            let mut index = HashMap::with_capacity(self.rows.len());
            for (position, row) in self.rows.iter().enumerate() {
                if let Some(key) = row.get(column) {
                    index.entry(key.clone()).or_insert(position);
                }
            }
            index
        };
        Some(self.indexes.get(column)?.get_or_init(build))
    }
}

impl Lookup for Table {
    fn cell(&self, column: &str, key_column: &str, key: &str) -> Option<String> {
        let (column, key_column) = (self.column(column)?, self.column(key_column)?);
        let row = self.index(key_column)?.get(key).and_then(|row| self.rows.get(*row));
        Some(row.and_then(|row| row.get(column)).cloned().unwrap_or_default())
    }
}
