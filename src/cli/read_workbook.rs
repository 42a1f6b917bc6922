//! The hidden subcommand that reads a stranger's workbook in a process of its own.

use std::path::PathBuf;

use clap::Args;

use super::Failure;
use crate::workbook::{Limits, worker};

#[derive(Debug, Args)]
pub struct ReadWorkbook {
    /// The limits, as JSON
    #[arg(long)]
    limits: String,
    /// The workbook
    file: PathBuf,
}

/// Answers the asking process until it hangs up.
pub fn run(arguments: &ReadWorkbook) -> Result<(), Failure> {
    let limits: Limits =
        serde_json::from_str(&arguments.limits).map_err(|error| Failure::Input(format!("--limits: {error}")))?;
    worker::serve(&arguments.file, limits).map_err(|error| Failure::System(error.to_string()))
}
