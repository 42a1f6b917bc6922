//! What is wrong with the export of another server, said to the person who has it open.

use crate::definition::Language;
use crate::response::Severity;

/// What only the export of another server can do wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum ExportFault {
    /// A header that no question has.
    UnknownHeader { header: String, nearest: Option<String> },
    /// A header that several questions have.
    AmbiguousHeader { header: String, questions: String },
    /// A header that stands over more columns than it has questions.
    HeaderTwice { header: String },
    /// A table of entries of no repeat.
    UnknownTable { name: String, known: String },
    /// A table that belongs to no export.
    StrangeTable { name: String },
    /// A second table with a row per response.
    SecondTable,
    /// A repeat whose table is not there.
    AbsentTable { repeat: String },
    /// A table whose entries nothing joins to responses.
    NoJoin,
    /// An entry without the key of what it lies in.
    NoParent,
    /// An entry whose response, or entry around it, is not there.
    UnknownParent { key: String },
    /// An instance ID that cannot be one.
    NoInstanceId { value: String },
    /// An instance ID that another row has already.
    InstanceTwice { first: String },
    /// A response that the server could not read.
    NotDecrypted { words: String },
    /// A review state that no server has.
    UnknownReview { value: String },
    /// An answer, and a reason why there is none.
    AnswerAndReason { reason: String },
    /// A point of which a coordinate is missing.
    NoPoint,
    /// Known here under the same instance ID, with other answers to these questions.
    OtherAnswersKnown { questions: String },
    /// A review state that the user who imports may not give.
    ReviewNotYours { state: &'static str },
    /// The server's own name for a version of the form: rows are read as the newest.
    OpaqueVersion { named: String, read_as: String },
}

impl ExportFault {
    pub fn name(&self) -> &'static str {
        match self {
            Self::UnknownHeader { .. } => "unknown_header",
            Self::AmbiguousHeader { .. } => "ambiguous_header",
            Self::HeaderTwice { .. } => "header_twice",
            Self::UnknownTable { .. } => "unknown_table",
            Self::StrangeTable { .. } => "strange_table",
            Self::SecondTable => "second_table",
            Self::AbsentTable { .. } => "absent_table",
            Self::NoJoin => "no_join",
            Self::NoParent => "no_parent",
            Self::UnknownParent { .. } => "unknown_parent",
            Self::NoInstanceId { .. } => "no_instance_id",
            Self::InstanceTwice { .. } => "instance_twice",
            Self::NotDecrypted { .. } => "not_decrypted",
            Self::UnknownReview { .. } => "unknown_review",
            Self::AnswerAndReason { .. } => "answer_and_reason",
            Self::NoPoint => "no_point",
            Self::OtherAnswersKnown { .. } => "other_answers_known",
            Self::ReviewNotYours { .. } => "review_not_yours",
            Self::OpaqueVersion { .. } => "opaque_version",
        }
    }

    /// Whether it keeps rows out, or only wants looking at.
    pub fn severity(&self) -> Severity {
        match self {
            Self::StrangeTable { .. }
            | Self::AbsentTable { .. }
            | Self::UnknownReview { .. }
            | Self::ReviewNotYours { .. } => Severity::Warning,
            Self::OpaqueVersion { .. } => Severity::Note,
            _ => Severity::Problem,
        }
    }

    pub fn message(&self, language: Language) -> String {
        match language {
            Language::Chinese => self.in_chinese(),
            Language::English => self.in_english(),
        }
    }

    fn in_english(&self) -> String {
        match self {
            Self::UnknownHeader { header, nearest: Some(nearest) } => {
                format!("The survey has no question with the name or label '{header}'. Did you mean '{nearest}'?")
            }
            Self::UnknownHeader { header, nearest: None } => format!(
                "The survey has no question with the name or label '{header}'. Correct the header or delete the column."
            ),
            Self::AmbiguousHeader { header, questions } => format!(
                "'{header}' may be any of these questions: {questions}. Export with question names instead of labels, or with group names, or write the name of the one that is meant."
            ),
            Self::HeaderTwice { header } => {
                format!("'{header}' stands over more columns than the survey has such questions. Delete the others.")
            }
            Self::UnknownTable { name, known } if known.is_empty() => {
                format!("'{name}' holds entries of a repeat, and the survey has none. Delete this table.")
            }
            Self::UnknownTable { name, known } => format!(
                "It is not clear which repeat '{name}' holds the entries of. Give the sheet the name of the repeat: {known}."
            ),
            Self::StrangeTable { name } => {
                format!("'{name}' is no table of responses or of entries of a repeat: it was left alone.")
            }
            Self::SecondTable => {
                "There is another table with a row per response before this one. Import them as files of their own.".to_owned()
            }
            Self::AbsentTable { repeat } => format!(
                "The file has no table of the repeat '{repeat}'. If there are entries of it, export all tables (.zip or .xlsx)."
            ),
            Self::NoJoin => {
                "No column says which response the entries belong to. Keep PARENT_KEY and KEY, or _parent_index and _index, in all tables.".to_owned()
            }
            Self::NoParent => "Which response the entry belongs to is missing: give its key.".to_owned(),
            Self::UnknownParent { key } => {
                format!("There is no row with the key '{key}' that this entry could belong to.")
            }
            Self::NoInstanceId { value } => {
                format!("'{value}' cannot be an instance ID: it is too long or holds a control character.")
            }
            Self::InstanceTwice { first } => format!(
                "The same instance ID as in {first}, with other answers. Leave the row that holds and delete the other."
            ),
            Self::NotDecrypted { words } => {
                format!("The server says '{words}': there are no answers in this row. Export again with the passphrase.")
            }
            Self::UnknownReview { value } => {
                format!("'{value}' is no review state of ODK Central or KoboToolbox: the response counts as not reviewed.")
            }
            Self::AnswerAndReason { reason } => {
                format!("There is an answer, and '{reason}' for the reason why there is none. Delete one of them.")
            }
            Self::NoPoint => "A point needs a latitude and a longitude.".to_owned(),
            Self::OtherAnswersKnown { questions } => format!(
                "The response is known here with other answers to: {questions}. Nothing of this row was changed: correct the response itself, or leave the row out."
            ),
            Self::ReviewNotYours { state } => format!(
                "The response was '{state}' there. That is for a supervisor or an administrator to say: it was imported without a decision."
            ),
            Self::OpaqueVersion { named, read_as } => format!(
                "KoboToolbox has names of its own for versions of a form ('{named}'): the rows of this file were read as version {read_as}."
            ),
        }
    }

    fn in_chinese(&self) -> String {
        match self {
            Self::UnknownHeader {
                header,
                nearest: Some(nearest),
            } => {
                format!("调查中没有名称或标签为“{header}”的问题，是否应为“{nearest}”？")
            }
            Self::UnknownHeader { header, nearest: None } => {
                format!("调查中没有名称或标签为“{header}”的问题，请更正表头或删除此列。")
            }
            Self::AmbiguousHeader { header, questions } => format!(
                "“{header}”可能是以下任一问题：{questions}。请在导出时用问题名称代替标签、保留分组名称，或把表头改为所指问题的名称。"
            ),
            Self::HeaderTwice { header } => format!("表头为“{header}”的列多于调查中的此类问题，请删除多余的列。"),
            Self::UnknownTable { name, known } if known.is_empty() => {
                format!("“{name}”是重复组的明细，但此调查没有重复组，请删除此表。")
            }
            Self::UnknownTable { name, known } => {
                format!("无法确定“{name}”属于哪个重复组，请把工作表改名为重复组的名称：{known}。")
            }
            Self::StrangeTable { name } => format!("“{name}”不是答卷表，也不是重复组的明细，未读取。"),
            Self::SecondTable => "前面已有一张答卷表，请分成不同的文件导入。".to_owned(),
            Self::AbsentTable { repeat } => {
                format!("文件中没有重复组“{repeat}”的明细表；如有明细，请导出全部表格（.zip 或 .xlsx）。")
            }
            Self::NoJoin => {
                "没有说明明细属于哪份答卷的列，请在所有表中保留 PARENT_KEY 和 KEY，或 _parent_index 和 _index。"
                    .to_owned()
            }
            Self::NoParent => "未说明此条明细属于哪份答卷，请填写其键值。".to_owned(),
            Self::UnknownParent { key } => format!("没有键值为“{key}”的行，此条明细无所归属。"),
            Self::NoInstanceId { value } => format!("“{value}”不能作为实例编号：过长或含有控制字符。"),
            Self::InstanceTwice { first } => format!("实例编号与 {first} 相同而答案不同，请只保留其中正确的一行。"),
            Self::NotDecrypted { words } => format!("服务器标注“{words}”：此行没有答案。请用密码重新导出。"),
            Self::UnknownReview { value } => {
                format!("“{value}”不是 ODK Central 或 KoboToolbox 的审核状态，按未审核处理。")
            }
            Self::AnswerAndReason { reason } => format!("既有答案，又填了没有答案的原因“{reason}”，请删除其中之一。"),
            Self::NoPoint => "坐标点须同时有纬度和经度。".to_owned(),
            Self::OtherAnswersKnown { questions } => format!(
                "系统中已有此答卷，但以下问题的答案不同：{questions}。未作任何更改：请直接修改该答卷，或不导入此行。"
            ),
            Self::ReviewNotYours { state } => {
                format!("此答卷在原系统中的状态为“{state}”；只有督导员或管理员才能作此决定，导入后为未审核。")
            }
            Self::OpaqueVersion { named, read_as } => {
                format!("KoboToolbox 对问卷版本自行编号（“{named}”），此文件的各行已按版本“{read_as}”读取。")
            }
        }
    }
}
