//! The `innogauge` program: see [`innogauge::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    innogauge::cli::run()
}
