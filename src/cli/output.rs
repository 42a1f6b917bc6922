//! Standard output, which somebody may have stopped reading: `innogauge … | head` is no failure.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};

/// Prints a line, in place of `println!`, which panics where nobody reads.
macro_rules! say {
    ($($what:tt)*) => { $crate::cli::output::print(format_args!("{}\n", format_args!($($what)*))) };
}

pub(super) use say;

/// Prints text as it is. What a command does goes on where nobody reads what it says of it; where what it says can't be
/// written, as to a full disk, the process ends as one whose system failed.
pub(super) fn print(text: fmt::Arguments<'_>) {
    match io::stdout().write_fmt(text) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            // Where standard error can't be written either, the exit code is all that is left to say it.
            let _ = writeln!(io::stderr(), "cannot write to standard output: {error}");
            std::process::exit(3);
        }
        _ => {}
    }
}
