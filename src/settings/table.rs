//! The documentation of settings, made from the list.

use std::fmt::Write as _;

use super::list::Settings;

/// The table of `docs/settings.md`.
pub fn markdown() -> String {
    let mut text = String::from("| setting | environment | value | default | what it does |\n|---|---|---|---|---|\n");
    for line in Settings::lines() {
        let default = match (line.name.as_str(), line.default.as_str()) {
            ("workers", _) => "one per core, 2 to 16".to_owned(),
            (_, "") => String::new(),
            (_, default) => format!("`{default}`"),
        };
        // Writing to a String does not fail.
        let _ = writeln!(
            text,
            "| `{}` | `{}` | {} | {default} | {} |",
            line.name,
            line.variable(),
            line.kind,
            line.about
        );
    }
    text
}
