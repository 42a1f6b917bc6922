//! The files of a response.

pub(super) mod get;
pub(super) mod list;
pub(super) mod put;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::study::FileOfResponse;

/// A file that a response names.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttachedFile {
    /// Its name, as the answer has it; null for a personal one unless it was asked for.
    #[schema(example = "1764120000000.jpg")]
    name: Option<String>,
    /// The questions that name it.
    #[schema(example = json!(["/site/photo"]))]
    questions: Vec<String>,
    /// Whether it is about a person.
    personal: bool,
    /// received, or missing: it was named and has not come yet.
    #[schema(example = "received")]
    state: &'static str,
    /// What it is, told by its content.
    #[schema(example = "image/jpeg")]
    media_type: Option<String>,
    /// How many bytes it has.
    #[schema(example = 1_834_201)]
    size: Option<u64>,
    /// The SHA-256 of it, in hexadecimal digits.
    #[schema(example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08")]
    sha256: Option<String>,
    /// When it came.
    received_at: Option<DateTime<Utc>>,
}

/// The files of a response.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AttachedFiles {
    /// How many it names.
    #[schema(example = 2)]
    expected: usize,
    /// How many of them have come.
    #[schema(example = 1)]
    received: usize,
    /// How many have not.
    #[schema(example = 1)]
    missing: usize,
    /// Each of them, in the order of the survey.
    files: Vec<AttachedFile>,
}

impl AttachedFile {
    /// What is told of a file; of a personal one only that there is one, unless all of it is shown.
    fn of(file: FileOfResponse, full: bool) -> Self {
        let told = full || !file.personal;
        let state = if file.received.is_some() { "received" } else { "missing" };
        let received = file.received.filter(|_| told);
        Self {
            state,
            name: told.then_some(file.name),
            questions: file.questions,
            personal: file.personal,
            media_type: received.as_ref().map(|one| one.content.media_type.clone()),
            size: received.as_ref().map(|one| one.content.size),
            sha256: received.as_ref().map(|one| one.content.hash.to_string()),
            received_at: received.map(|one| one.received_at),
        }
    }
}

impl AttachedFiles {
    /// What is told of files.
    pub(super) fn of(files: Vec<FileOfResponse>, full: bool) -> Self {
        let received = files.iter().filter(|file| file.received.is_some()).count();
        Self {
            expected: files.len(),
            received,
            missing: files.len() - received,
            files: files.into_iter().map(|file| AttachedFile::of(file, full)).collect(),
        }
    }
}
