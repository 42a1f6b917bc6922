//! The scored workbook and data exports.
//!
//! Flows in: a framework, an assessment, the responses behind it, and the languages wanted. Flows out: workbooks and
//! CSV files that need no repair work. Nothing here computes a score, reads a database or decides who may see what:
//! the caller says which edition it may have.

mod answer_table;
mod copy;
mod export;
mod wording;
mod workbook;

pub use answer_table::{AnswerColumn, AnswerTable, Datum};
pub use copy::{CopiedAnswer, CopiedEvent, CopiedResponse, CopiedVersion, SubjectCopy};
pub use export::{CsvTable, Export, ExportWorkbook};
pub use wording::Wording;

/// The content type of workbooks.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// The content type of tables as text.
pub const CSV: &str = "text/csv; charset=utf-8";
use workbook::codebook_sheet;
pub use workbook::{Edition, Provenance, Report, ReportedResponse, SurveyReport};
