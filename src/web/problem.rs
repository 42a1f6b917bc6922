//! Errors as RFC 9457 problem documents.
//!
//! Which error belongs where: a module below `web` has its own error enum with places and numbers, and knows nothing
//! of HTTP. Here each of them becomes a [`Problem`]: a stable [`Code`], which fixes the status, and a detail. A
//! problem is language-free until [`render`] writes it in the language that the caller asked for, at the edge.

mod answers;
mod attachments;
mod code;
mod findings;
mod kept;
mod render;
mod store;
mod study;

use std::fmt;
use std::io;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde_json::Value;

use crate::definition::Language;
use crate::study::is_out_of_room;

pub use code::Code;
pub use render::{Document, Fault, render};

/// What went wrong with a request.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

/// The parts of a problem; boxed, since a problem is the rare outcome.
#[derive(Debug)]
struct Parts {
    code: Code,
    detail: Option<Detail>,
    faults: Vec<Fault>,
    members: Vec<(&'static str, Value)>,
    /// For the log only: never shown to a caller.
    cause: Option<String>,
    retry_after_seconds: Option<u32>,
}

/// An explanation, in both languages or in the one that its source speaks.
#[derive(Debug)]
enum Detail {
    Plain(String),
    Bilingual { zh: String, en: String },
}

impl Problem {
    /// The problem of that code, with the code's own general explanation.
    pub fn new(code: Code) -> Self {
        Self(Box::new(Parts {
            code,
            detail: None,
            faults: Vec::new(),
            members: Vec::new(),
            cause: None,
            retry_after_seconds: None,
        }))
    }

    /// The answer for what does not exist, and for what the caller may not see.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// A failure of the program or of what it stands on. The cause goes to the log; the caller learns a request id.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut problem = Self::new(Code::Internal);
        problem.0.cause = Some(cause.to_string());
        problem
    }

    /// There is no room for what was asked: not in the database, or not for a temporary file.
    pub fn out_of_room(cause: impl fmt::Display) -> Self {
        Self::new(Code::StorageFull).cause(cause).retry_after(60)
    }

    /// A file that the program itself reads or writes failed it.
    pub fn of_file(error: &io::Error) -> Self {
        if is_out_of_room(error) {
            Self::out_of_room(error)
        } else {
            Self::internal(error)
        }
    }

    /// With an explanation of this one case, as its source words it.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(Detail::Plain(detail.into()));
        self
    }

    /// With an explanation of this one case in both languages.
    #[must_use]
    pub fn explain(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        self.0.detail = Some(Detail::Bilingual {
            zh: zh.into(),
            en: en.into(),
        });
        self
    }

    /// With every single fault of the input.
    #[must_use]
    pub fn faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults = faults;
        self
    }

    /// With a further member of the document.
    #[must_use]
    pub fn member(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.0.members.push((name, value.into()));
        self
    }

    /// With what the log should say of the cause.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// With the time after which another attempt makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_seconds = Some(seconds);
        self
    }

    /// The explanation of this one case where there is one, else of its kind.
    pub fn detail_in(&self, language: Language) -> String {
        match (&self.0.detail, language) {
            (None, language) => self.0.code.explanation(language).to_owned(),
            (Some(Detail::Plain(detail) | Detail::Bilingual { en: detail, .. }), Language::English)
            | (Some(Detail::Plain(detail) | Detail::Bilingual { zh: detail, .. }), Language::Chinese) => detail.clone(),
        }
    }

    /// The time after which another attempt makes sense.
    pub fn retry_after_seconds(&self) -> Option<u32> {
        self.0.retry_after_seconds
    }

    /// The stable code.
    pub fn code(&self) -> Code {
        self.0.code
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.code.name())?;
        match (&self.0.cause, &self.0.detail) {
            (Some(cause), _) => write!(formatter, ": {cause}"),
            (None, Some(Detail::Plain(detail) | Detail::Bilingual { en: detail, .. })) => {
                write!(formatter, ": {detail}")
            }
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    /// Without a body: [`render`] writes the document when it knows the caller's language.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.0.code.status())
    }
}

impl From<actix_web::error::BlockingError> for Problem {
    fn from(error: actix_web::error::BlockingError) -> Self {
        Self::internal(error)
    }
}
