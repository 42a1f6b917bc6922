//! The copy of what is held about an organisation or a person, as a workbook and as JSON.

use std::io::{Seek, Write};

use chrono::{DateTime, Utc};
use rust_xlsxwriter::{DocProperties, Format, Workbook, Worksheet, XlsxError};
use serde::Serialize;

use crate::response::Consent;

/// Everything that is held about somebody.
#[derive(Debug, Clone, Serialize)]
pub struct SubjectCopy {
    /// When the copy was made.
    pub made_at: DateTime<Utc>,
    /// The responses.
    pub responses: Vec<CopiedResponse>,
}

/// A response with all its versions.
#[derive(Debug, Clone, Serialize)]
pub struct CopiedResponse {
    /// The survey.
    pub survey: String,
    /// The round.
    pub round: String,
    /// Its name.
    pub instance_id: String,
    /// The review state.
    pub state: &'static str,
    /// The organisation's credit code, as lists show it.
    pub code: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// The city's code.
    pub city: Option<String>,
    /// When it first came.
    pub received_at: DateTime<Utc>,
    /// When consent was withdrawn.
    pub withdrawn_at: Option<DateTime<Utc>>,
    /// The file that it came in.
    pub file_name: Option<String>,
    /// Every version.
    pub versions: Vec<CopiedVersion>,
    /// What happened to it.
    pub events: Vec<CopiedEvent>,
}

/// A version of a response.
#[derive(Debug, Clone, Serialize)]
pub struct CopiedVersion {
    /// Its own instance ID.
    pub instance_id: String,
    /// The version of the survey.
    pub version: String,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The door that it came through.
    pub door: &'static str,
    /// Who sent it.
    pub sender: Option<String>,
    /// What was asked to be agreed to, and what was said.
    pub consent: Option<Consent>,
    /// The answers in force.
    pub answers: Vec<CopiedAnswer>,
    /// What was received, where that differs.
    pub received: Option<String>,
}

/// An answer.
#[derive(Debug, Clone, Serialize)]
pub struct CopiedAnswer {
    /// The question's path.
    pub path: String,
    /// Its words in both languages.
    pub question: String,
    /// The answer as it is stored.
    pub answer: String,
    /// The words of the choices, in both languages.
    pub meaning: String,
}

/// Something that happened to a response.
#[derive(Debug, Clone, Serialize)]
pub struct CopiedEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: &'static str,
    /// By whom.
    pub actor: Option<String>,
    /// What they said.
    pub comment: Option<String>,
}

const RESPONSES: [&str; 10] = [
    "答卷 Response",
    "调查 Survey",
    "轮次 Round",
    "状态 State",
    "信用代码 Credit code",
    "名称 Name",
    "城市 City",
    "收到时间 Received",
    "撤回同意 Withdrawn",
    "来源文件 File",
];
const ANSWERS: [&str; 6] = [
    "答卷 Response",
    "版本 Version",
    "问题代码 Path",
    "问题 Question",
    "答案 Answer",
    "含义 Meaning",
];
const VERSIONS: [&str; 9] = [
    "答卷 Response",
    "版本 Version",
    "问卷版本 Survey version",
    "收到时间 Received",
    "途径 Door",
    "提交人 Sender",
    "同意书内容 Consent text",
    "同意书语言 Language",
    "回答 Consent given",
];
const EVENTS: [&str; 5] = ["答卷 Response", "时间 Time", "事件 Event", "操作人 By", "说明 Comment"];

impl SubjectCopy {
    /// Writes the copy as a workbook in both languages: responses, answers, versions with their consent, history.
    ///
    /// # Errors
    ///
    /// Where there are more rows than a worksheet takes, or writing fails.
    pub fn workbook<W: Write + Seek + Send>(&self, to: W) -> Result<(), XlsxError> {
        let mut workbook = Workbook::new();
        // A fixed time: the same answers give the same bytes.
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&DateTime::UNIX_EPOCH));
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let time = |at: DateTime<Utc>| at.format("%Y-%m-%d %H:%M:%S UTC").to_string();
        let mut responses = Vec::new();
        let (mut answers, mut versions, mut events) = (Vec::new(), Vec::new(), Vec::new());
        for response in &self.responses {
            let id = || response.instance_id.clone();
            responses.push(vec![
                id(),
                response.survey.clone(),
                response.round.clone(),
                response.state.to_owned(),
                text(&response.code),
                text(&response.name),
                text(&response.city),
                time(response.received_at),
                response.withdrawn_at.map(time).unwrap_or_default(),
                text(&response.file_name),
            ]);
            for version in &response.versions {
                let consent = version.consent.clone().unwrap_or_default();
                versions.push(vec![
                    id(),
                    version.instance_id.clone(),
                    version.version.clone(),
                    time(version.received_at),
                    version.door.to_owned(),
                    text(&version.sender),
                    consent.text,
                    consent.language,
                    consent.answer.unwrap_or_default(),
                ]);
                answers.extend(version.answers.iter().map(|answer| {
                    vec![
                        id(),
                        version.instance_id.clone(),
                        answer.path.clone(),
                        answer.question.clone(),
                        answer.answer.clone(),
                        answer.meaning.clone(),
                    ]
                }));
            }
            events.extend(response.events.iter().map(|event| {
                vec![
                    id(),
                    time(event.at),
                    event.kind.to_owned(),
                    text(&event.actor),
                    text(&event.comment),
                ]
            }));
        }
        for (name, heads, rows) in [
            ("答卷 Responses", &RESPONSES[..], responses),
            ("答案 Answers", &ANSWERS[..], answers),
            ("版本与同意 Versions", &VERSIONS[..], versions),
            ("经过 History", &EVENTS[..], events),
        ] {
            fill(workbook.add_worksheet().set_name(name)?, heads, &rows)?;
        }
        workbook.save_to_writer(to)
    }
}

fn fill(sheet: &mut Worksheet, heads: &[&str], rows: &[Vec<String>]) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    for (column, head) in (0..).zip(heads) {
        sheet.write_string_with_format(0, column, *head, &bold)?;
        sheet.set_column_width(column, 24)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (row, cells) in (1..).zip(rows) {
        for (column, cell) in (0..).zip(cells) {
            // A cell takes 32,767 characters.
            sheet.write_string(row, column, cell.chars().take(32_000).collect::<String>())?;
        }
    }
    Ok(())
}
