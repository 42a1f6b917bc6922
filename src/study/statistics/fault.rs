//! What can be wrong with an official figure.

use crate::definition::Language;
use crate::response::Problem;

/// Something wrong with one of several figures.
#[derive(Debug, Clone, PartialEq)]
pub struct FigureFault {
    /// Which of those that were given, from 0.
    pub figure: usize,
    /// What of it.
    pub field: FigureField,
    /// What is wrong.
    pub kind: FigureFaultKind,
}

/// A part of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FigureField {
    /// What it measures.
    Variable,
    /// Whose it is.
    Place,
    /// The number.
    Value,
    /// Its unit.
    Unit,
}

impl FigureField {
    /// Its name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Variable => "variable",
            Self::Place => "place",
            Self::Value => "value",
            Self::Unit => "unit",
        }
    }
}

/// What is wrong with a figure.
#[derive(Debug, Clone, PartialEq)]
pub enum FigureFaultKind {
    /// The study has no such place.
    UnknownPlace {
        /// The code that was given.
        place: String,
    },
    /// The definition has no such variable.
    UnknownVariable {
        /// What was given.
        variable: String,
        /// What was probably meant.
        nearest: Option<String>,
    },
    /// Another unit than the definition's.
    WrongUnit {
        /// What was given.
        given: String,
        /// The unit that figures of this variable are in.
        expected: String,
    },
    /// Infinite, or no number.
    NotANumber,
    /// The same variable, place and year again.
    Twice {
        /// The figure that was given before, from 0.
        first: usize,
    },
    /// A rule of the definition is broken, by itself or together with the figures that are known already.
    Rule(Box<Problem>),
}

impl FigureFaultKind {
    /// A stable name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownPlace { .. } => "unknown_place",
            Self::UnknownVariable { .. } => "unknown_variable",
            Self::WrongUnit { .. } => "wrong_unit",
            Self::NotANumber => "number_out_of_range",
            Self::Twice { .. } => "figure_twice",
            Self::Rule(problem) => problem.code.name(),
        }
    }

    /// What is wrong and what would be right, in that language.
    pub fn message(&self, language: Language) -> String {
        match self {
            Self::UnknownPlace { place } => language.choose(
                format!("没有代码为“{place}”的地区，请核对行政区划代码。"),
                format!("There is no place '{place}'. Check its code."),
            ),
            Self::UnknownVariable { variable, nearest } => match nearest {
                Some(nearest) => language.choose(
                    format!("没有名为“{variable}”的统计指标，是否应为“{nearest}”？"),
                    format!("There is no variable '{variable}'. Did you mean '{nearest}'?"),
                ),
                None => language.choose(
                    format!("没有名为“{variable}”的统计指标，请使用空白统计表中的代码。"),
                    format!("There is no variable '{variable}'. Use the codes of the blank statistics workbook."),
                ),
            },
            Self::WrongUnit { given, expected } => language.choose(
                format!("单位应为“{expected}”，而不是“{given}”，请换算后重新提交。"),
                format!("The unit is '{expected}', not '{given}'. Convert the figure and send it again."),
            ),
            Self::NotANumber => language.choose(
                "不是可用的数值，请填写普通数字。".to_owned(),
                "This is not a usable number. Give an ordinary number.".to_owned(),
            ),
            Self::Twice { first } => language.choose(
                format!("与第{}项的指标、地区和年份相同，请只保留一项。", first + 1),
                format!(
                    "Figure {} has the same variable, place and year. Keep one of them.",
                    first + 1
                ),
            ),
            Self::Rule(problem) => problem.message(language.code()),
        }
    }
}
