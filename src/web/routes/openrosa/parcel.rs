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

use crate::attachments::{ContentError, FileKind, Received, Receiving};
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
    /// The files by what they are called.
    pub files: Vec<(PartNames, Received)>,
    /// The names of files that are empty.
    pub empty: Vec<String>,
    /// Files that came and could not be taken, with why.
    pub failed: Vec<(String, Problem)>,
}

/// What a part of a sending is called. Collect writes the file's name twice; others go by the one or the other, as the
/// specification leaves it to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartNames {
    /// The name of the file, else that of the part.
    pub file: String,
    /// The name of the part.
    pub part: String,
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
        if !received.as_ref().is_ok_and(|parcel| parcel.failed.is_empty()) {
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
            empty: Vec::new(),
            failed: Vec::new(),
        };
        while let Some(part) = parts.next().await {
            let part = match part {
                Ok(part) => part,
                Err(MultipartError::Payload(PayloadError::Overflow)) if !parcel.form.is_empty() => {
                    return Ok(parcel.cut_short("…".to_owned()));
                }
                Err(error) => return Err(broken(&error)),
            };
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
                INCOMPLETE => drop(read_form(part, app.settings.limits).await?),
                _ if parcel.files.len() + parcel.empty.len() + parcel.failed.len() >= MOST_FILES => {
                    return Err(Problem::new(Code::TooLarge).explain(
                        format!("一次最多发送 {MOST_FILES} 个文件。"),
                        format!("One sending has at most {MOST_FILES} files."),
                    ));
                }
                _ => match receive_file(app, part).await {
                    Ok(Arrived::Whole(received)) => {
                        let names = PartNames {
                            file: file_name,
                            part: name,
                        };
                        parcel.files.push((names, received));
                    }
                    Ok(Arrived::Empty) => parcel.empty.push(file_name),
                    Ok(Arrived::Not(problem)) => parcel.failed.push((file_name, problem)),
                    Err(MultipartError::Payload(PayloadError::Overflow)) if !parcel.form.is_empty() => {
                        return Ok(parcel.cut_short(file_name));
                    }
                    Err(error) => return Err(broken(&error)),
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

    /// With what came until the sending was over its limit, in this file.
    fn cut_short(mut self, file: String) -> Self {
        let problem = Problem::new(Code::TooLarge).explain(
            "本次发送的内容过多，请再次发送；如仍不行，请在表单中调小照片，或联系管理员调高上限。",
            "this sending was too large: send again, else have the form take smaller pictures, or ask the administrator to raise the limit.",
        );
        self.failed.push((file, problem));
        self
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

/// What became of a file on its way.
enum Arrived {
    Whole(Received),
    Empty,
    /// It came, and could not be taken: the answers are stored all the same.
    Not(Problem),
}

async fn receive_file(app: &web::Data<App>, mut part: Field) -> Result<Arrived, MultipartError> {
    let begun = web::block({
        let app = app.clone();
        move || Ok::<_, Problem>(app.contents()?.receive(app.settings.limits.attachment_bytes.0 as u64)?)
    });
    let mut receiving = begun.await.map_err(Problem::from).and_then(|begun| begun);
    loop {
        // One that can't be taken is heard to its end: others follow it.
        let (piece, ended) = next_piece(&mut part).await?;
        if let Ok(taking) = receiving {
            receiving = taken(app, taking, piece).await;
        }
        if ended {
            break;
        }
    }
    let receiving = match receiving {
        Ok(receiving) => receiving,
        Err(problem) => return Ok(Arrived::Not(problem)),
    };
    Ok(match web::block(move || receiving.finish(FileKind::Whatever)).await {
        Ok(Ok(received)) => Arrived::Whole(received),
        Ok(Err(ContentError::Empty)) => Arrived::Empty,
        Ok(Err(error)) => Arrived::Not(error.into()),
        Err(error) => Arrived::Not(error.into()),
    })
}

/// The file with the next piece of it.
async fn taken(app: &App, mut receiving: Receiving, piece: Vec<u8>) -> Result<Receiving, Problem> {
    let limit = size(app.settings.limits.attachment_bytes.0);
    web::block(move || receiving.take(&piece).map(|()| receiving))
        .await?
        .map_err(|error| match error {
            ContentError::TooLarge { .. } => Problem::new(Code::TooLarge).explain(
                format!("超过 {limit}。请在表单中调小照片，或联系管理员调高上限后再次发送。"),
                format!("it is over {limit}. Have the form take smaller pictures, or ask the administrator to raise the limit, and send again."),
            ),
            error => error.into(),
        })
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
        other => Problem::new(Code::BadRequest).explain(
            "请求内容不完整或已损坏，没有保存，请再次发送。",
            format!("The request is cut off or damaged ({other}), and nothing was stored: send it again."),
        ),
    }
}
