//! Why a workbook cannot be read, said to the person who sent it.

use serde::{Deserialize, Serialize};

use super::cell::Address;

/// Why a file cannot be read as a workbook. It crosses from the reading process to the asking one, hence serde.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum ReadError {
    /// The file cannot be opened.
    #[error("cannot open the file: {message}")]
    Open {
        /// What the system says.
        message: String,
    },
    /// A page for a browser that was named .xls.
    #[error("this is a web page named like a workbook; open it in a spreadsheet program and save it as .xlsx")]
    WebPage,
    /// XML of Excel 2003.
    #[error("this is an XML spreadsheet of Excel 2003; open it in Excel and save it as .xlsx")]
    XmlSpreadsheet,
    /// .xlsb
    #[error("this is a binary workbook (.xlsb); open it in Excel and save it as .xlsx")]
    BinaryWorkbook,
    /// Locked with a password.
    #[error("the workbook is locked with a password; save it without one and send it again")]
    Locked,
    /// Nothing that we know.
    #[error("this is {what}, not a workbook (.xlsx, .xls, .ods) or a table of text (.csv)")]
    NotAWorkbook {
        /// What it seems to be.
        what: String,
    },
    /// The file breaks the rules of its own format.
    #[error("the file is damaged: {message}")]
    Damaged {
        /// What the parser says.
        message: String,
    },
    /// Larger than the limits allow.
    #[error("the workbook is too large: {what} above the limit of {limit}{}", .place.as_ref().map(|place| format!(" (at {place})")).unwrap_or_default())]
    TooLarge {
        /// What is too many.
        what: String,
        /// The limit that it passes.
        limit: u64,
        /// The cell, where it is one.
        place: Option<Address>,
    },
    /// A formula where only values may stand.
    #[error("{place} holds a formula; what it gives depends on the program that opens it: paste its value there")]
    Formula {
        /// The cell.
        place: Address,
    },
    /// The reading process ran out of the memory that it may use.
    #[error("reading the workbook needs more than {megabytes} MB of memory; it is damaged, or made to do harm")]
    OutOfMemory {
        /// The limit.
        megabytes: u64,
    },
    /// The reading process ran out of time.
    #[error("reading the workbook takes more than {seconds} s; it is damaged, or made to do harm")]
    OutOfTime {
        /// The limit.
        seconds: u64,
    },
    /// The reading process could not be started or stopped without a word.
    #[error("the process that reads workbooks failed: {message}")]
    Process {
        /// What is known.
        message: String,
    },
}

impl ReadError {
    /// Something in the file that breaks its format.
    pub(super) fn damaged(message: impl std::fmt::Display) -> Self {
        Self::Damaged {
            message: message.to_string(),
        }
    }

    /// True where this machine failed and not the file.
    pub fn is_of_the_system(&self) -> bool {
        matches!(self, Self::Process { .. })
    }

    /// The error in the reader's language: Chinese for `zh`, else English.
    ///
    /// ```
    /// use innogauge::workbook::ReadError;
    /// assert_eq!(ReadError::Locked.message("zh"), "工作簿设有密码，请取消密码后重新提交。");
    /// ```
    pub fn message(&self, language: &str) -> String {
        if !language.starts_with("zh") {
            return self.to_string();
        }
        match self {
            Self::Open { message } => format!("无法打开文件：{message}"),
            Self::WebPage => "这是改名为工作簿的网页文件，请用表格软件打开并另存为 .xlsx。".into(),
            Self::XmlSpreadsheet => "这是 Excel 2003 的 XML 表格，请用 Excel 打开并另存为 .xlsx。".into(),
            Self::BinaryWorkbook => "这是二进制工作簿（.xlsb），请用 Excel 打开并另存为 .xlsx。".into(),
            Self::Locked => "工作簿设有密码，请取消密码后重新提交。".into(),
            Self::NotAWorkbook { what } => format!("文件不是工作簿（.xlsx、.xls、.ods）或文本表格（.csv）：{what}"),
            Self::Damaged { message } => format!("文件已损坏：{message}"),
            Self::TooLarge { what, limit, place } => {
                let place = place.as_ref().map(|place| format!("（{place}）")).unwrap_or_default();
                format!("工作簿过大：{what} 超过上限 {limit}{place}")
            }
            Self::Formula { place } => format!("{place} 含有公式，请将其粘贴为数值。"),
            Self::OutOfMemory { megabytes } => {
                format!("读取工作簿需要超过 {megabytes} MB 内存，文件可能已损坏或为恶意文件。")
            }
            Self::OutOfTime { seconds } => format!("读取工作簿超过 {seconds} 秒，文件可能已损坏或为恶意文件。"),
            Self::Process { message } => format!("读取工作簿的进程失败：{message}"),
        }
    }
}
