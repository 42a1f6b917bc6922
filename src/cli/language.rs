//! The languages that a workbook can be asked in.

use clap::ValueEnum;

use crate::definition::Language;
use crate::report::Wording;

/// One language, or both beside each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WorkbookLanguage {
    /// 中文
    Zh,
    /// English
    En,
    /// 中文 and English
    Both,
}

impl WorkbookLanguage {
    /// The words of a report in it.
    pub fn wording(self) -> Wording {
        match self {
            Self::Zh => Wording::new([Language::Chinese]),
            Self::En => Wording::new([Language::English]),
            Self::Both => Wording::both(),
        }
    }
}
