//! What a workbook may cost: every reader stops with a clear error at these limits, long before the machine suffers.

use serde::{Deserialize, Serialize};

/// The limits on one file that a stranger sent. The defaults hold 200,000 organisations with 100 answers each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes of the file itself.
    pub file_bytes: u64,
    /// Parts of a zipped workbook, but for files beside tables.
    pub entries: usize,
    /// Files beside the tables of a zip.
    pub attached: usize,
    /// Bytes that all these parts together unpack to; counted while unpacking, not believed.
    pub unpacked_bytes: u64,
    /// Sheets in the workbook.
    pub sheets: usize,
    /// The last row that may hold something.
    pub rows: u32,
    /// The last column that may hold something.
    pub columns: u16,
    /// Cells with something in them, over all sheets.
    pub cells: u64,
    /// Bytes of text in one cell.
    pub text_bytes: usize,
    /// Memory of the process that reads the file.
    pub memory_bytes: u64,
    /// Seconds of computing of the process that reads the file.
    pub seconds: u64,
    /// Whether cells may hold formulas. What is read of them is the result that was last saved.
    pub formulas: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 256 << 20,
            entries: 2_000,
            attached: 100_000,
            unpacked_bytes: 2 << 30,
            sheets: 500,
            rows: 300_000,
            columns: 4_096,
            cells: 30_000_000,
            text_bytes: 32_767 * 4, // Excel's own limit of 32,767 characters
            memory_bytes: 768 << 20,
            seconds: 120,
            formulas: true,
        }
    }
}

impl Limits {
    /// The limits on a workbook that defines a survey: it is small, and every cell of it stays as it was written.
    pub fn of_definitions() -> Self {
        Self {
            file_bytes: 32 << 20,
            unpacked_bytes: 512 << 20,
            sheets: 100,
            rows: 200_000,
            columns: 2_048,
            cells: 3_000_000,
            seconds: 30,
            formulas: false,
            ..Self::default()
        }
    }
}
