//! A definition as it is sent: YAML, or an XLSForm in any of its formats, alone or with the files that belong to it.

use std::io::{Read as _, Write as _};
use std::path::Path;

use actix_multipart::form::MultipartForm;
use actix_multipart::form::tempfile::TempFile;
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use futures_util::future::LocalBoxFuture;
use tempfile::NamedTempFile;
use utoipa::ToSchema;
use zip::ZipArchive;

use super::faults;
use crate::definition::{AttachedFile, Book, Checked, Definition, Diagnostic, check_files, expect_version, is_xlsform};
use crate::response::is_file_name;
use crate::web::body;
use crate::web::problem::{Code, Problem};
use crate::web::routes::files::{XLSX, base_name};
use crate::web::state::App;
use crate::workbook::Limits;

/// The file name that places refer to where YAML comes without one.
const YAML: &str = "definition.yaml";

/// Bytes of all files together that belong to one definition.
const MOST_MEDIA: u64 = 64 << 20;

/// Content types of definitions that are the body alone, and the ending of a file of each.
const TYPES: [(&str, &str); 11] = [
    ("application/yaml", "yaml"),
    ("application/x-yaml", "yaml"),
    ("text/yaml", "yaml"),
    (XLSX, "xlsx"),
    ("application/vnd.ms-excel.sheet.macroenabled.12", "xlsx"),
    ("application/vnd.ms-excel", "xls"),
    ("application/vnd.oasis.opendocument.spreadsheet", "ods"),
    ("text/csv", "csv"),
    ("text/markdown", "md"),
    ("application/zip", "zip"),
    ("application/octet-stream", ""),
];

/// A definition with the files that belong to it.
#[derive(Debug, MultipartForm, ToSchema)]
#[multipart(deny_unknown_fields)]
pub struct DefinitionUpload {
    /// The definition: .yaml, or an XLSForm as .xlsx, .xls, .ods, .csv, .md, or as a .zip with a .csv for each sheet.
    #[multipart(limit = "32MiB")]
    #[schema(value_type = String, format = Binary)]
    file: TempFile,
    /// Lists and pictures that it names; a .zip holds several.
    #[multipart(limit = "64MiB")]
    #[schema(value_type = Vec<String>, required = false)]
    media: Vec<TempFile>,
}

/// A definition that was sent, not read yet.
#[derive(Debug)]
pub struct Sent {
    name: String,
    bytes: Vec<u8>,
    files: Vec<AttachedFile>,
}

/// A definition that was sent and can be used.
pub(super) struct Usable {
    pub checked: Checked<Definition>,
    /// How the source is named: the ending says how it is read again.
    pub file_name: String,
    /// What is kept of it.
    pub source: String,
    pub files: Vec<AttachedFile>,
}

impl FromRequest for Sent {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, actix_web::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let mut payload = payload.take();
        Box::pin(async move {
            let sent = request.headers().get(header::CONTENT_TYPE);
            let sent = sent.and_then(|value| value.to_str().ok()).unwrap_or_default();
            let essence = sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if essence == "multipart/form-data" {
                let MultipartForm(upload) =
                    MultipartForm::<DefinitionUpload>::from_request(&request, &mut payload).await?;
                return Ok(actix_web::web::block(move || Self::uploaded(&upload)).await??);
            }
            let Some((_, ending)) = TYPES.iter().find(|(known, _)| *known == essence) else {
                return Err(unsupported(sent).into());
            };
            let bytes = body::read(&request, payload).await?;
            let name = match ending_of(&bytes, ending) {
                "yaml" => YAML.to_owned(),
                "" => return Err(unsupported(sent).into()),
                ending => format!("form.{ending}"),
            };
            Ok(Self {
                name,
                bytes,
                files: Vec::new(),
            })
        })
    }
}

/// The ending that a file has by what it holds, where that is a workbook; else the one that its sender gives it.
fn ending_of<'e>(bytes: &[u8], sent: &'e str) -> &'e str {
    let zipped = bytes.starts_with(b"PK\x03\x04");
    let old = bytes.starts_with(b"\xD0\xCF\x11\xE0");
    match sent {
        "zip" | "ods" if zipped => sent,
        _ if zipped => "xlsx",
        _ if old => "xls",
        // Text without a name: tables of Markdown, else YAML.
        "" if bytes.trim_ascii_start().starts_with(b"|") => "md",
        "" if std::str::from_utf8(bytes).is_ok() => "yaml",
        // A workbook by its name, but not by what it holds, is for the reader of workbooks to refuse.
        _ => sent,
    }
}

fn unsupported(sent: &str) -> Problem {
    let wanted = "application/yaml, text/csv, text/markdown, .xlsx, .xls, .ods, .zip, multipart/form-data";
    Problem::new(Code::UnsupportedMediaType).explain(
        format!("此处接受 {wanted}，收到的是“{sent}”。"),
        format!("{wanted} is taken here, not '{sent}'."),
    )
}

impl Sent {
    fn uploaded(upload: &DefinitionUpload) -> Result<Self, Problem> {
        let name = base_name(&upload.file);
        let bytes = content(&upload.file)?;
        let sent = Path::new(&name).extension().and_then(|ending| ending.to_str());
        let sent = sent.unwrap_or_default().to_lowercase();
        let ending = ending_of(&bytes, &sent);
        let known =
            ["yml", "xlsm"].contains(&ending) || TYPES.iter().any(|(_, known)| !known.is_empty() && *known == ending);
        if !known {
            return Err(unsupported(&name));
        }
        let name = if ending == sent {
            name
        } else if name.is_empty() {
            format!("definition.{ending}")
        } else {
            format!("{name}.{ending}")
        };
        let mut media = Media::default();
        for file in &upload.media {
            media.take(file)?;
        }
        Ok(Self {
            name,
            bytes,
            files: media.files,
        })
    }

    /// Reads and checks it. Workbooks are parsed by the reading process, whose limits hold for them.
    pub(super) fn read(self, app: &App) -> Result<Usable, Problem> {
        let invalid = |found: &[Diagnostic]| Problem::new(Code::DefinitionInvalid).faults(faults(found));
        let is_form = is_xlsform(Path::new(&self.name));
        let (read, source) = if is_form {
            let book = self.book(app)?;
            (Definition::from_xlsform(&self.name, &book), book.to_csv())
        } else {
            let text = String::from_utf8(self.bytes).map_err(|error| body::not_utf8(&error))?;
            (Definition::from_yaml(&self.name, &text), text)
        };
        let mut checked = read.map_err(|found| invalid(&found))?;
        if let Err(diagnostic) = expect_version(&checked.value, &self.name) {
            return Err(invalid(&[*diagnostic]));
        }
        // A draft may come before its files; publishing asks for them.
        let of_files = check_files(&checked.value, &self.name, &self.files);
        checked
            .warnings
            .extend(of_files.into_iter().map(Diagnostic::as_warning));
        Ok(Usable {
            checked,
            file_name: self.name,
            source,
            files: self.files,
        })
    }

    fn book(&self, app: &App) -> Result<Book, Problem> {
        let ending = Path::new(&self.name).extension().and_then(|ending| ending.to_str());
        let file = tempfile::Builder::new()
            .suffix(&format!(".{}", ending.unwrap_or_default().to_lowercase()))
            .tempfile();
        let write = |mut file: NamedTempFile| file.write_all(&self.bytes).map(|()| file);
        let file = file.and_then(write).map_err(|error| Problem::of_file(&error))?;
        let worker = app.workbook_reader(Limits::of_definitions())?;
        Book::open_as(&self.name, file.path(), &worker)
            .map_err(|diagnostic| Problem::new(Code::DefinitionInvalid).faults(faults(&[diagnostic])))
    }
}

fn content(file: &TempFile) -> Result<Vec<u8>, Problem> {
    std::fs::read(file.file.path()).map_err(|error| Problem::of_file(&error))
}

/// The files of a definition while they are taken from their uploads.
#[derive(Default)]
struct Media {
    files: Vec<AttachedFile>,
    bytes: u64,
}

impl Media {
    fn take(&mut self, upload: &TempFile) -> Result<(), Problem> {
        let name = base_name(upload);
        if !name.to_lowercase().ends_with(".zip") {
            return self.keep(name, content(upload)?);
        }
        let damaged = |error: zip::result::ZipError| {
            Problem::new(Code::FileInvalid).explain(
                format!("文件“{name}”不是完整的 zip：{error}"),
                format!("'{name}' is no whole zip: {error}"),
            )
        };
        let file = std::fs::File::open(upload.file.path()).map_err(|error| Problem::of_file(&error))?;
        let mut archive = ZipArchive::new(file).map_err(damaged)?;
        if archive.len() > Limits::of_definitions().entries {
            return Err(too_large());
        }
        for index in 0..archive.len() {
            let entry = archive.by_index(index).map_err(damaged)?;
            let inner = entry.enclosed_name();
            let inner = inner
                .as_deref()
                .and_then(Path::file_name)
                .and_then(|inner| inner.to_str());
            let (Some(inner), true) = (inner.map(ToOwned::to_owned), entry.is_file()) else {
                continue;
            };
            // Counted while unpacking: what a zip says of itself is not believed.
            let left = MOST_MEDIA.saturating_sub(self.bytes);
            let mut content = Vec::new();
            entry
                .take(left + 1)
                .read_to_end(&mut content)
                .map_err(|error| damaged(error.into()))?;
            self.keep(inner, content)?;
        }
        Ok(())
    }

    fn keep(&mut self, name: String, content: Vec<u8>) -> Result<(), Problem> {
        self.bytes += content.len() as u64;
        if self.bytes > MOST_MEDIA {
            return Err(too_large());
        }
        if !is_file_name(&name) || self.files.iter().any(|file| file.name == name) {
            return Err(Problem::new(Code::FileInvalid).explain(
                format!("附件文件名“{name}”不可用或重复。"),
                format!("The name of the file '{name}' can't be used, or is there twice."),
            ));
        }
        self.files.push(AttachedFile { name, content });
        Ok(())
    }
}

fn too_large() -> Problem {
    Problem::new(Code::TooLarge)
        .explain(
            format!("附件合计不得超过 {MOST_MEDIA} 字节。"),
            format!("The files of a definition may have {MOST_MEDIA} bytes together."),
        )
        .member("limit_bytes", MOST_MEDIA)
}
