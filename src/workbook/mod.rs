//! Reading workbooks and tables that strangers made (.xlsx, .xls, .ods, .csv) into typed cells.
//!
//! Flows in: a file of any shape. Flows out: its sheets, and their cells in blocks of rows, each with its address; and
//! the files that lie beside the tables of a zip or a folder. Files
//! are parsed in a process of their own with limits ([`Worker`]), never in a server's; a command may read a small one
//! itself. Nothing here knows what a survey is: survey definitions and filled-in spreadsheets are both read through it.

mod batch;
mod cell;
mod error;
mod folder;
mod limits;
mod reader;
mod sniff;
pub mod worker;

pub use batch::{RowBatch, Rows};
pub use cell::{Address, Cell, CellValue, Row, column_letters};
pub use error::{Excess, ReadError, Stranger};
pub use folder::parts_of_folder;
pub use limits::Limits;
pub use reader::{SheetInfo, Table, text_table};
pub use worker::{Batches, Pieces, Workbook, Worker};
