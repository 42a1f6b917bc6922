//! What arrives in one sending: the filled-in form, files, and whether more are to come.
//!
//! Files go to the disk as they arrive, into places that nothing refers to: where a sending is cut off or refused, nothing
//! of it is left. What is over a limit is read to its end all the same, up to a point, since a phone that is not listened to does not hear why.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::error::PayloadError;
use actix_web::http::header::ContentDisposition;
use actix_web::{HttpRequest, web};
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use crate::attachments::{ContentError, FileKind, Received};
use crate::settings::Limits;
use crate::web::body::next_piece;
use crate::web::gate;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// The part with the filled-in form.
const FORM: &str = "xml_submission_file";
/// The part that says that more files come in other sendings.
const INCOMPLETE: &str = "*isIncomplete*";
/// The most files of one sending. Collect sends a hundred at the most.
const MOST_FILES: usize = 200;

/// One sending.
#[derive(Debug)]
pub struct Parcel {
    /// The filled-in form, byte for byte.
    pub form: Vec<u8>,
    /// The files by name.
    pub files: Vec<(String, Received)>,
    /// The names of files that no response can have: they are empty, or of a kind that is taken nowhere.
    pub unusable: Vec<String>,
    /// Whether more files are to come.
    pub incomplete: bool,
}

/// A body that can still be read when the reader of its parts has given up, and that ends where it is too long.
#[derive(Clone)]
struct Body {
    payload: Rc<RefCell<web::Payload>>,
    left: Rc<RefCell<usize>>,
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.payload.borrow_mut().poll_next_unpin(context);
        next.map(|next| {
            let bytes = match next? {
                Ok(bytes) => bytes,
                Err(error) => return Some(Err(error)),
            };
            let mut left = self.left.borrow_mut();
            match left.checked_sub(bytes.len()) {
                Some(rest) => {
                    *left = rest;
                    Some(Ok(bytes))
                }
                None => Some(Err(PayloadError::Overflow)),
            }
        })
    }
}

impl Parcel {
    /// Receives all of it.
    ///
    /// # Errors
    /// Where it is not what a phone sends, is over a limit, is cut off, or there is no room for it.
    pub async fn receive(app: &web::Data<App>, request: &HttpRequest, payload: web::Payload) -> Result<Self, Problem> {
        let limits = app.settings.limits;
        let body = Body {
            payload: Rc::new(RefCell::new(payload)),
            // Collect sends one file at the least, however large it is, beside the form.
            left: Rc::new(RefCell::new(limits.upload_bytes.0 + limits.attachment_bytes.0)),
        };
        let received = Self::read(app, Multipart::new(request.headers(), body.clone())).await;
        if received.is_err() {
            let mut rest = body;
            *rest.left.borrow_mut() = limits.response_attachments_bytes.0;
            while let Some(Ok(_)) = rest.next().await {}
        }
        received
    }

    async fn read(app: &web::Data<App>, mut parts: Multipart) -> Result<Self, Problem> {
        let mut parcel = Self {
            form: Vec::new(),
            files: Vec::new(),
            unusable: Vec::new(),
            incomplete: false,
        };
        while let Some(part) = parts.next().await {
            let part = part.map_err(|error| broken(&error))?;
            let said = part.content_disposition();
            let name = said
                .and_then(ContentDisposition::get_name)
                .unwrap_or_default()
                .to_owned();
            let file_name = said
                .and_then(ContentDisposition::get_filename)
                .unwrap_or(&name)
                .to_owned();
            match name.as_str() {
                FORM => parcel.form = read_form(part, app.settings.limits).await?,
                INCOMPLETE => {
                    parcel.incomplete = true;
                    read_form(part, app.settings.limits).await?;
                }
                _ if parcel.files.len() + parcel.unusable.len() >= MOST_FILES => {
                    return Err(Problem::new(Code::TooLarge).explain(
                        format!("一次最多发送 {MOST_FILES} 个文件。"),
                        format!("One sending has at most {MOST_FILES} files."),
                    ));
                }
                _ => match receive_file(app, part, &file_name).await? {
                    Some(received) => parcel.files.push((file_name, received)),
                    None => parcel.unusable.push(file_name),
                },
            }
        }
        if parcel.form.is_empty() {
            return Err(Problem::new(Code::InstanceInvalid).explain(
                "请求中没有答卷（缺少 xml_submission_file 部分），没有保存。",
                "There is no filled-in form in the request (no part xml_submission_file); nothing was stored.",
            ));
        }
        Ok(parcel)
    }
}

async fn read_form(mut part: Field, limits: Limits) -> Result<Vec<u8>, Problem> {
    let limit = limits.body_bytes.0;
    let mut form = Vec::new();
    while let Some(bytes) = part.next().await {
        let bytes = bytes.map_err(|error| broken(&error))?;
        if form.len() + bytes.len() > limit {
            return Err(Problem::new(Code::TooLarge).explain(
                format!("答卷（不含附件）超过 {}，没有保存。请联系管理员调高上限后再次发送。", size(limit)),
                format!(
                    "The form without its files is over {}; nothing was stored. Ask the administrator to raise the limit, and send again.",
                    size(limit)
                ),
            ));
        }
        form.extend_from_slice(&bytes);
    }
    Ok(form)
}

/// A file that arrived; `None` where no response can have it.
async fn receive_file(app: &web::Data<App>, mut part: Field, name: &str) -> Result<Option<Received>, Problem> {
    let limit = app.settings.limits.attachment_bytes.0;
    let mut receiving = web::block({
        let app = app.clone();
        move || app.contents()?.receive(limit as u64)
    })
    .await??;
    loop {
        let (piece, ended) = next_piece(&mut part).await.map_err(|error| broken(&error))?;
        receiving = match web::block(move || receiving.take(&piece).map(|()| receiving)).await? {
            Ok(receiving) => receiving,
            Err(ContentError::TooLarge { .. }) => {
                return Err(Problem::new(Code::TooLarge).explain(
                    format!("附件“{name}”超过 {}，答卷没有保存。请在表单中调小照片，或联系管理员调高上限后再次发送。", size(limit)),
                    format!(
                        "The file '{name}' is over {}; nothing was stored. Have the form take smaller pictures, or ask the administrator to raise the limit, and send again.",
                        size(limit)
                    ),
                ));
            }
            Err(error) => return Err(error.into()),
        };
        if ended {
            break;
        }
    }
    match web::block(move || receiving.finish(FileKind::Any)).await? {
        Ok(received) => Ok(Some(received)),
        Err(ContentError::Empty | ContentError::Kind { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A number of bytes as people say it.
fn size(bytes: usize) -> String {
    if bytes >= 1024 * 1024 {
        format!("{} MB", bytes / (1024 * 1024))
    } else {
        format!("{} KB", bytes / 1024)
    }
}

/// What is wrong with a body that can't be read in parts.
fn broken(error: &MultipartError) -> Problem {
    match error {
        MultipartError::Payload(error) => gate::body_problem(error),
        MultipartError::ContentTypeMissing
        | MultipartError::ContentTypeParse
        | MultipartError::ContentTypeIncompatible
        | MultipartError::BoundaryMissing => Problem::new(Code::UnsupportedMediaType).explain(
            "请以 multipart/form-data 发送，答卷为 xml_submission_file 部分。",
            "Send multipart/form-data with the filled-in form in the part xml_submission_file.",
        ),
        other => Problem::new(Code::BadRequest).detail(other.to_string()),
    }
}
