//! Blank workbooks, and reading the workbooks that people filled in.
//!
//! Flows in: a definition, and files of strangers (.xlsx, .xls, .ods, .csv). Flows out: blank workbooks, typed cells
//! with their addresses, checked answers ready to be stored, and a workbook of what is wrong with the others. Files
//! are parsed in a process of their own with limits ([`Worker`]), never in the caller's. Nothing here knows a
//! database or HTTP.

mod batch;
mod cell;
mod error;
mod import;
mod issues;
mod layout;
mod limits;
mod reader;
mod register;
mod sniff;
mod template;
mod words;
pub mod worker;

pub use batch::{RowBatch, Rows};
pub use cell::{Address, Cell, CellValue, Row, column_letters};
pub use error::ReadError;
pub use import::{Accepted, Finding, Head, ImportError, ImportOptions, ImportPlan, plan};
pub use issues::{IssuesOptions, write_issues};
pub use layout::{Mark, Part, Shape};
pub use limits::Limits;
pub use reader::SheetInfo;
pub use register::{RegisterTable, RegisterWords, read_register, register_csv, register_template};
pub use template::{TemplateOptions, WriteError, template};
pub use worker::{Batches, Workbook, Worker};
