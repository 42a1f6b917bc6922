//! The register of organisations as a workbook: a blank one, and what people filled in.
//!
//! Flows in: a workbook with one organisation per row under headers in Chinese or English. Flows out: checked entries,
//! and every fault with its cell. Columns are known by their headers, in any order.

mod columns;
mod csv;
mod read;
mod template;
mod vocabulary;

pub use csv::register_csv;
pub use read::{RegisterTable, read_register};
pub use template::register_template;
pub use vocabulary::RegisterWords;
