//! Blank workbooks, and reading the workbooks that people filled in.
//!
//! Flows in: a definition, and the cells of filled-in workbooks (see [`crate::workbook`], which reads them). Flows out:
//! blank workbooks, checked answers ready to be stored, and a workbook of what is wrong with the others. Nothing here
//! knows a database or HTTP.

mod import;
mod issues;
mod layout;
mod register;
mod template;
mod words;

pub use import::{
    Accepted, FileFault, FileNamed, Finding, Head, ImportError, ImportOptions, ImportPlan, Origin, ReadAs, Reviewed,
    plan,
};
pub use issues::{IssuesOptions, write_issues};
pub use layout::{Mark, Part, Shape};
pub use register::{RegisterTable, RegisterWords, read_register, register_csv, register_template};
pub use template::{TemplateOptions, WriteError, template};

pub use crate::workbook::{
    Address, Batches, Cell, CellValue, Limits, Pieces, ReadError, Row, RowBatch, Rows, SheetInfo, Workbook, Worker,
    column_letters, parts_of_folder,
};
