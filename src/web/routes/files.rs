//! Files in and out: uploads under limits, downloads under a name.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, Write as _};

use actix_multipart::MultipartError;
use actix_multipart::form::MultipartForm;
use actix_multipart::form::tempfile::{TempFile, TempFileError};
use actix_web::http::header::{ContentDisposition, DispositionParam, DispositionType};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use utoipa::ToSchema;

use crate::web::gate;
use crate::web::problem::{Code, Problem};

pub use crate::report::{CSV, XLSX};

/// An uploaded file, as large as the settings let it be, on disk until it is dropped.
#[derive(Debug, MultipartForm, ToSchema)]
#[multipart(deny_unknown_fields)]
pub struct Upload {
    /// The file.
    #[schema(value_type = String, format = Binary)]
    pub file: TempFile,
}

impl Upload {
    /// The file's name without folders and control characters, as its sender calls it.
    pub fn name(&self) -> String {
        base_name(&self.file)
    }
}

/// The name of an uploaded file without folders and control characters, as its sender calls it.
pub fn base_name(file: &TempFile) -> String {
    let sent = file.file_name.as_deref().unwrap_or_default();
    let base = sent.rsplit(['/', '\\']).next().unwrap_or_default();
    base.chars()
        .filter(|character| !character.is_control())
        .take(200)
        .collect()
}

/// What a faulty upload is told.
pub fn upload_problem(error: MultipartError) -> Problem {
    match error {
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible
        | MultipartError::BoundaryMissing => Problem::new(Code::UnsupportedMediaType).explain(
            "请以 multipart/form-data 上传，文件字段名为 file。",
            "Send multipart/form-data with the file in the field `file`.",
        ),
        MultipartError::Payload(error) => gate::body_problem(&error),
        MultipartError::Field { source, .. } => match source.as_error::<MultipartError>() {
            Some(MultipartError::Payload(error)) => gate::body_problem(error),
            _ => match source.as_error::<TempFileError>() {
                Some(TempFileError::FileIo(error)) => Problem::of_file(error),
                _ => Problem::new(Code::BadRequest).detail(source.to_string()),
            },
        },
        other => Problem::new(Code::BadRequest).detail(other.to_string()),
    }
}

/// A file to be saved under a name.
pub fn download(name: &str, content_type: &str, bytes: Vec<u8>) -> HttpResponse {
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name.to_owned())],
    };
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(disposition)
        .body(bytes)
}

/// How much of a file is read at a time.
const PIECE: usize = 64 * 1024;

/// A file to be saved under a name, sent as it is read: the memory for it does not grow with it.
pub fn download_file(name: &str, content_type: &str, file: File) -> HttpResponse {
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name.to_owned())],
    };
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(disposition)
        .streaming(stream::try_unfold(file, |mut file| async move {
            let (file, piece) = web::block(move || {
                let mut piece = Vec::with_capacity(PIECE);
                io::Read::by_ref(&mut file)
                    .take(PIECE as u64)
                    .read_to_end(&mut piece)
                    .map(|_| (file, piece))
                    .map_err(Problem::internal)
            })
            .await??;
            Ok::<_, Problem>((!piece.is_empty()).then(|| (Bytes::from(piece), file)))
        }))
}

/// A file without a name that is gone when it is closed, written by `write` and ready to be read.
pub fn written(write: impl FnOnce(&mut BufWriter<&File>) -> Result<(), Problem>) -> Result<File, Problem> {
    let failed = |error: io::Error| Problem::of_file(&error);
    let mut file = tempfile::tempfile().map_err(failed)?;
    let mut to = BufWriter::new(&file);
    write(&mut to)?;
    to.flush().map_err(failed)?;
    drop(to);
    file.rewind().map_err(failed)?;
    Ok(file)
}

/// A page of what was asked for with one row more than it shows, and the key that the next one begins after.
pub fn page<T>(mut rows: Vec<T>, limit: i64, key: impl Fn(&T) -> i64) -> (Vec<T>, Option<i64>) {
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let next = rows.last().map(key).filter(|_| more);
    (rows, next)
}

/// The parts of a list with commas; `None` where there is none.
pub fn list(text: Option<&str>) -> Option<Vec<String>> {
    text.map(|text| text.split(',').map(|part| part.trim().to_owned()).collect())
}

/// What is said of a parameter with a value that it does not take.
pub fn wrong_parameter(parameter: &str, allowed: impl std::fmt::Display) -> Problem {
    Problem::new(Code::BadRequest).explain(
        format!("参数 {parameter} 不正确，可用：{allowed}。"),
        format!("The parameter {parameter} is wrong; allowed: {allowed}."),
    )
}
