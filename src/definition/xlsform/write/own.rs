//! The sheet `_innogauge`: what XLSForm lacks, and what its sheets don't keep letter by letter.

use super::words::Columns;
use super::{Cells, put, table};
use crate::definition::element::Alias;
use crate::definition::text::Text;
use crate::definition::xlsform::OWN_SHEET;
use crate::definition::xlsform::book::Sheet;
use crate::definition::xlsform::exact::{cell, through_cell};

/// The rows of the sheet.
#[derive(Default)]
pub(super) struct Own {
    rows: Vec<Cells>,
}

/// What rows are about.
#[derive(Clone, Copy, Default)]
pub(super) struct About<'a> {
    pub sheet: &'a str,
    pub list: &'a str,
    pub name: &'a str,
    /// Which of several choices of that name, where there are several.
    pub number: Option<usize>,
}

impl About<'_> {
    pub const SETTINGS: About<'static> = About {
        sheet: "settings",
        list: "",
        name: "",
        number: None,
    };
}

impl Own {
    /// A key with its value.
    pub fn say(&mut self, about: About<'_>, key: &str, value: &str) {
        self.say_in(about, key, "", value);
    }

    /// A key with its value in a language.
    pub fn say_in(&mut self, about: About<'_>, key: &str, language: &str, value: &str) {
        let key = match about.number {
            Some(number) => format!("{number}/{key}"),
            None => key.to_owned(),
        };
        let mut cells = Cells::new();
        for (header, value) in [
            ("sheet", about.sheet),
            ("list", about.list),
            ("name", about.name),
            ("key", &key),
            ("language", language),
            ("value", &cell(value)),
        ] {
            put(&mut cells, header, value);
        }
        self.rows.push(cells);
    }

    /// A key in all of its languages, the unnamed one last: the first named one takes the place of what the sheets say.
    pub fn text(&mut self, about: About<'_>, key: &str, text: &Text) {
        let (unnamed, named): (Vec<_>, Vec<_>) = text.iter().partition(|(language, _)| language.is_empty());
        for (language, words) in named.into_iter().chain(unnamed) {
            self.say_in(about, key, language, words);
        }
    }

    /// Words as they were written, where the cells that they are written into would give others.
    pub fn exact_text(&mut self, about: About<'_>, key: &str, text: &Text, columns: &Columns) {
        if !columns.keep(text) {
            self.text(about, key, text);
        }
    }

    /// A value as it was written, where its cell would give another.
    pub fn exact(&mut self, about: About<'_>, key: &str, value: &str) {
        if value.is_empty() || through_cell(value) != value {
            self.say(about, key, value);
        }
    }

    pub fn aliases(&mut self, about: About<'_>, aliases: &[Alias]) {
        for alias in aliases {
            self.say_in(about, "aliases", &alias.language, &alias.words);
        }
    }

    /// The sheet.
    pub fn sheet(self) -> Sheet {
        let headers = ["sheet", "list", "name", "key", "language", "value"].map(str::to_owned);
        table(OWN_SHEET, headers, 6, &self.rows)
    }
}
