//! Why a workbook cannot be read, said to the person who sent it.

use std::fmt;
use std::string::FromUtf8Error;

use serde::{Deserialize, Serialize};

use super::cell::Address;

/// What a file is that holds no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stranger {
    /// A document in PDF.
    Pdf,
    /// A picture in PNG.
    Png,
    /// A picture in JPEG.
    Jpeg,
    /// A picture in GIF.
    Gif,
    /// A text in RTF.
    Rtf,
    /// A text of Word.
    Docx,
    /// An archive of RAR.
    Rar,
    /// An archive of 7-Zip.
    SevenZip,
    /// A file packed by gzip.
    Gzip,
    /// A zip without a workbook or a table in it.
    Zip,
    /// XML that is no spreadsheet.
    Xml,
    /// A file without content.
    Empty,
    /// A folder without a table in it.
    Folder,
    /// Bytes that say nothing.
    Unknown,
}

impl Stranger {
    /// Its name and what to do with it, in Chinese and in English.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::Pdf => ["PDF 文档", "a PDF document"],
            Self::Png => ["图片（PNG）", "a picture (PNG)"],
            Self::Jpeg => ["图片（JPEG）", "a picture (JPEG)"],
            Self::Gif => ["图片（GIF）", "a picture (GIF)"],
            Self::Rtf => ["文字文档（RTF）", "a text document (RTF)"],
            Self::Docx => ["文字文档（.docx）", "a text document (.docx)"],
            Self::Rar => ["压缩文件（RAR，请先解压）", "an archive (RAR; unpack it first)"],
            Self::SevenZip => ["压缩文件（7-Zip，请先解压）", "an archive (7-Zip; unpack it first)"],
            Self::Gzip => [
                "压缩文件（gzip，请先解压）",
                "a compressed file (gzip; unpack it first)",
            ],
            Self::Zip => ["压缩文件（zip，请先解压）", "an archive (zip; unpack it first)"],
            Self::Xml => ["XML 文件", "an XML file"],
            Self::Empty => ["空文件", "an empty file"],
            Self::Folder => ["不含表格（.csv）的文件夹", "a folder without a table (.csv) in it"],
            Self::Unknown => ["未知类型的文件", "a file of an unknown kind"],
        }
    }
}

/// What a workbook has too much of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Excess {
    /// The bytes of the file.
    Bytes,
    /// The bytes that its parts unpack to.
    UnpackedBytes,
    /// The parts of the file, which is a zip.
    Parts,
    /// The files that lie beside the tables of a zip.
    AttachedFiles,
    /// Its sheets.
    Sheets,
    /// The rows of a sheet.
    Rows,
    /// The columns of a sheet.
    Columns,
    /// Its cells that are not empty.
    Cells,
    /// The bytes of the text in one cell.
    TextBytes,
}

impl Excess {
    /// Its name in Chinese and in English.
    fn words(self) -> [&'static str; 2] {
        match self {
            Self::Bytes => ["字节数", "bytes"],
            Self::UnpackedBytes => ["解压后的字节数", "bytes when unpacked"],
            Self::Parts => ["文件内的部件数", "parts in the file"],
            Self::AttachedFiles => ["表格之外的文件数", "files beside the tables"],
            Self::Sheets => ["工作表数", "sheets"],
            Self::Rows => ["行数", "rows"],
            Self::Columns => ["列数", "columns"],
            Self::Cells => ["单元格数", "cells"],
            Self::TextBytes => ["单个单元格内文字的字节数", "bytes of text in one cell"],
        }
    }
}

impl fmt::Display for Excess {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, english] = self.words();
        formatter.write_str(english)
    }
}

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
    /// Something else.
    #[error("this is {}, not a workbook (.xlsx, .xls, .ods) or a table of text (.csv)", .0.words()[1])]
    NotAWorkbook(Stranger),
    /// A table of text with bytes that are no text.
    #[error("line {line} holds bytes that are not text in {encoding}; save the file as UTF-8")]
    NotText {
        /// The first line of the file that does, from 1.
        line: usize,
        /// The name of the encoding that the rest is in.
        encoding: String,
    },
    /// The file breaks the rules of its own format.
    #[error("the file is damaged: {message}; open it in a spreadsheet program and save it anew")]
    Damaged {
        /// What the parser says.
        message: String,
    },
    /// Larger than the limits allow.
    #[error("the workbook is too large: {what} above the limit of {limit}{}", .place.as_ref().map(|place| format!(" (at {place})")).unwrap_or_default())]
    TooLarge {
        /// What is too many.
        what: Excess,
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

impl From<FromUtf8Error> for ReadError {
    fn from(error: FromUtf8Error) -> Self {
        let text = error.as_bytes().iter().take(error.utf8_error().valid_up_to());
        Self::NotText {
            line: text.filter(|byte| **byte == b'\n').count() + 1,
            encoding: "UTF-8".to_owned(),
        }
    }
}

impl ReadError {
    /// Something in the file that breaks its format.
    pub(super) fn damaged(message: impl fmt::Display) -> Self {
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
    /// use innogauge::workbook::{ReadError, Stranger};
    /// assert_eq!(
    ///     ReadError::NotAWorkbook(Stranger::Rar).message("zh"),
    ///     "这不是工作簿（.xlsx、.xls、.ods）或文本表格（.csv），类型为：压缩文件（RAR，请先解压）。"
    /// );
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
            Self::NotAWorkbook(stranger) => {
                let [what, _] = stranger.words();
                format!("这不是工作簿（.xlsx、.xls、.ods）或文本表格（.csv），类型为：{what}。")
            }
            Self::NotText { line, encoding } => {
                format!("第 {line} 行含有不属于 {encoding} 编码文字的字节，请将文件另存为 UTF-8 编码。")
            }
            Self::Damaged { message } => format!("文件已损坏，请用表格软件打开并另存后重新提交（{message}）。"),
            Self::TooLarge { what, limit, place } => {
                let [what, _] = what.words();
                let place = place.as_ref().map(|place| format!("（{place}）")).unwrap_or_default();
                format!("工作簿过大：{what}超过上限 {limit}{place}。")
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
