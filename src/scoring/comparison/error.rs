//! Why a result cannot be compared with another: each error names the file and the remedy, in both languages.

use crate::definition::Language;

/// Why a result cannot be compared with an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComparisonError {
    /// The file is something else.
    #[error(
        "{name}: is no result of innogauge ({reason}): name a .json file that `innogauge score` or `innogauge assess` \
         wrote"
    )]
    NoResult {
        /// The file.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A later version of the program wrote it, and may have meant something that this one does not know.
    #[error(
        "{name}: was written by innogauge {version}, which is newer than this one ({}): update innogauge, or score \
         those data again with this version",
        own_version()
    )]
    Newer {
        /// The file.
        name: String,
        /// The version that wrote it.
        version: String,
    },
    /// An earlier version of the program wrote it, in a form that is not read any more.
    #[error(
        "{name}: was written by innogauge {version} and cannot be read by this version ({}): score those data again \
         with this version",
        own_version()
    )]
    Older {
        /// The file.
        name: String,
        /// The version that wrote it.
        version: String,
    },
    /// None of its units is scored now.
    #[error(
        "{name}: has no unit in common with this assessment (there: {}; here: {}): units are compared by their ids, \
         write them alike in both rounds",
        few(theirs),
        few(ours)
    )]
    NoCommonUnit {
        /// The file.
        name: String,
        /// Its units.
        theirs: Vec<String>,
        /// Those that are scored now.
        ours: Vec<String>,
    },
    /// None of its elements is in the framework.
    #[error(
        "{name}: has no element in common with the framework (there: {}): compare results of one framework",
        few(theirs)
    )]
    NoCommonElement {
        /// The file.
        name: String,
        /// Its elements.
        theirs: Vec<String>,
    },
    /// It lacks indicators that are scored now.
    #[error(
        "{name}: was made with another framework and has no figures of {}: two rounds are scored by one framework. \
         Score the old round again with this framework, or this one with the old framework",
        few(missing)
    )]
    MissingIndicators {
        /// The file.
        name: String,
        /// The indicators that it lacks.
        missing: Vec<String>,
    },
    /// One of the two has several times already.
    #[error(
        "{name}: rounds of tables with a column of times are not compared: put both rounds into one long table and score \
         it with --time and `frame: pooled`, which measures all times in one frame"
    )]
    SeveralTimes {
        /// The file.
        name: String,
    },
    /// Its indicators were not divided by their denominators, and now they are.
    #[error(
        "{name}: was made without `denominate: true`, and does not hold the denominators: score the old round again with \
         the options of this one"
    )]
    NotDenominated {
        /// The file.
        name: String,
    },
    /// Both rounds together cannot be scored.
    #[error("{name}: the two rounds cannot be scored in one frame: {reason}")]
    NotScored {
        /// The file.
        name: String,
        /// Why not.
        reason: String,
    },
}

impl ComparisonError {
    /// The error in a language.
    pub fn message(&self, language: Language) -> String {
        if language == Language::English {
            return self.to_string();
        }
        let own = own_version();
        match self {
            Self::NoResult { name, reason } => format!(
                "{name}：不是 innogauge 的评价结果（{reason}）；请指定由 innogauge score 或 innogauge assess 生成的 .json 文件。"
            ),
            Self::Newer { name, version } => format!(
                "{name}：由较新的 innogauge {version} 生成（本程序为 {own}）；请更新程序，或用本版本对原数据重新评分。"
            ),
            Self::Older { name, version } => {
                format!("{name}：由 innogauge {version} 生成，本版本（{own}）无法读取；请用本版本对原数据重新评分。")
            }
            Self::NoCommonUnit { name, theirs, ours } => format!(
                "{name}：与本次评价没有相同的单位（对方：{}；本次：{}）；比较按单位编号进行，请在两轮中使用相同的编号。",
                few(theirs),
                few(ours)
            ),
            Self::NoCommonElement { name, theirs } => format!(
                "{name}：与本框架没有相同的要素（对方：{}）；只能比较同一框架的结果。",
                few(theirs)
            ),
            Self::MissingIndicators { name, missing } => format!(
                "{name}：由另一框架生成，缺少指标 {}；两轮须按同一框架评分。请用本框架对上一轮重新评分，或用原框架对本轮评分。",
                few(missing)
            ),
            Self::SeveralTimes { name } => format!(
                "{name}：含时间列的长表不作轮次比较；请把两轮放入同一长表，用 --time 和 frame: pooled 评分，各期即在同一尺度内。"
            ),
            Self::NotDenominated { name } => {
                format!("{name}：生成时未使用 denominate: true，且不含分母；请用本次的选项对上一轮重新评分。")
            }
            Self::NotScored { name, reason } => format!("{name}：两轮无法在同一尺度内评分：{reason}"),
        }
    }
}

pub(super) fn own_version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

/// How many names an error lists.
const LISTED: usize = 5;

fn few(names: &[String]) -> String {
    let listed = names
        .iter()
        .take(LISTED)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ");
    match names.len().checked_sub(LISTED) {
        None | Some(0) => listed,
        Some(more) => format!("{listed} (+{more})"),
    }
}
