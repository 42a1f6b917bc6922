//! The files of jobs: what they were given, and what they made. In pieces, so that no file is held in memory.
//!
//! A file that somebody filled in, or that answers are exported to, may hold personal answers: wherever there are keys
//! its pieces are sealed.

use std::io::Read;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use super::backend::{Connection, on_backend};
use super::jobs::{self, Claim, NewJob};
use super::keys::KeyRing;
use super::schema::job_files;
use super::seal::{self, JobPiece, Sealed};
use super::{Store, StoreError};

/// How many bytes a piece has.
const PIECE: u64 = 512 * 1024;
/// The lease number of what came with the job, before anybody worked on it.
const BEFORE_ANY: i64 = 0;

/// Which file of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobPart {
    /// What it was given.
    Upload,
    /// What it made.
    Result,
    /// What is wrong with what it was given.
    Issues,
}

impl JobPart {
    fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Result => "result",
            Self::Issues => "issues",
        }
    }
}

/// What a file of a job is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFileHead {
    /// Its name, without folders.
    pub name: String,
    /// Its content type.
    pub content_type: String,
}

/// A file of a job, to be read piece by piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFile {
    /// What it is called.
    pub head: JobFileHead,
    /// How many pieces it has.
    pub pieces: i64,
    job: i64,
    part: JobPart,
    lease: i64,
}

#[derive(Insertable)]
#[diesel(table_name = job_files)]
struct NewPiece<'a> {
    job_id: i64,
    part: &'a str,
    lease: i64,
    position: i64,
    name: &'a str,
    content_type: &'a str,
    content: Vec<u8>,
    data_key: Option<Vec<u8>>,
}

impl<'a> NewPiece<'a> {
    /// Sealed where there are keys.
    fn at(
        place: JobPiece<'a>,
        head: &'a JobFileHead,
        content: Vec<u8>,
        ring: Option<&KeyRing>,
    ) -> Result<Self, StoreError> {
        let (content, data_key) = match ring {
            None => (content, None),
            Some(ring) => {
                let sealed = seal::seal_bytes(ring, place, &content)?;
                (sealed.content, Some(sealed.data_key))
            }
        };
        Ok(Self {
            job_id: place.job,
            part: place.part,
            lease: place.lease,
            position: place.position,
            name: &head.name,
            content_type: &head.content_type,
            content,
            data_key,
        })
    }
}

/// The next piece of what is read; `None` at its end.
fn next_piece(from: &mut dyn Read) -> Result<Option<Vec<u8>>, StoreError> {
    let mut piece = Vec::new();
    from.take(PIECE)
        .read_to_end(&mut piece)
        .map_err(|error| StoreError::System(format!("a file of a job can't be read: {error}")))?;
    Ok((!piece.is_empty()).then_some(piece))
}

fn insert(connection: &mut Connection<'_>, piece: &NewPiece<'_>) -> Result<(), StoreError> {
    on_backend!(connection, |c| diesel::insert_into(job_files::table)
        .values(piece)
        .execute(c))?;
    Ok(())
}

impl Store {
    /// Keeps a job with the file that it is given, if any: it waits from now on. Gives its key.
    ///
    /// # Errors
    /// Where the file can't be read, or what the database says.
    pub fn add_job(
        &self,
        job: &NewJob,
        upload: Option<(&JobFileHead, &mut dyn Read)>,
        now: DateTime<Utc>,
    ) -> Result<i64, StoreError> {
        let mut upload = upload;
        let ring = self.keys_if_any()?;
        self.write(|connection| {
            let id = jobs::add(connection, job, now)?;
            if let Some((head, from)) = &mut upload {
                let mut place = JobPiece {
                    job: id,
                    part: JobPart::Upload.name(),
                    lease: BEFORE_ANY,
                    position: 0,
                };
                while let Some(content) = next_piece(*from)? {
                    insert(connection, &NewPiece::at(place, head, content, ring.as_deref())?)?;
                    place.position += 1;
                }
            }
            Ok(id)
        })
    }

    /// Keeps a file that a job made. It is seen when the job ends under this claim.
    ///
    /// # Errors
    /// Where the file can't be read, or what the database says.
    pub fn keep_job_file(
        &self,
        claim: &Claim,
        part: JobPart,
        head: &JobFileHead,
        from: &mut dyn Read,
    ) -> Result<(), StoreError> {
        let ring = self.keys_if_any()?;
        let mut place = JobPiece {
            job: claim.job,
            part: part.name(),
            lease: claim.lease,
            position: 0,
        };
        while let Some(content) = next_piece(from)? {
            let piece = NewPiece::at(place, head, content, ring.as_deref())?;
            self.write(|connection| insert(connection, &piece))?;
            place.position += 1;
        }
        Ok(())
    }

    /// A file of a job: what it was given, or what its present or last attempt made. `None` where there is none.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such job.
    pub fn job_file(&self, id: i64, part: JobPart) -> Result<Option<JobFile>, StoreError> {
        self.read(|connection| {
            let lease = match part {
                JobPart::Upload => BEFORE_ANY,
                JobPart::Result | JobPart::Issues => jobs::find(connection, id)?.attempt,
            };
            let file = job_files::table
                .filter(job_files::job_id.eq(id))
                .filter(job_files::part.eq(part.name()))
                .filter(job_files::lease.eq(lease));
            let last: Option<(i64, String, String)> = on_backend!(connection, |c| file
                .order(job_files::position.desc())
                .select((job_files::position, job_files::name, job_files::content_type))
                .first(c)
                .optional())?;
            Ok(last.map(|(position, name, content_type)| JobFile {
                head: JobFileHead { name, content_type },
                pieces: position + 1,
                job: id,
                part,
                lease,
            }))
        })
    }

    /// A piece of a file, numbered from 0.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where it is gone.
    pub fn job_file_piece(&self, file: &JobFile, position: i64) -> Result<Vec<u8>, StoreError> {
        let key = (file.job, file.part.name(), file.lease, position);
        let piece: Option<(Vec<u8>, Option<Vec<u8>>)> = self.read(|connection| {
            Ok(on_backend!(connection, |c| job_files::table
                .find(key)
                .select((job_files::content, job_files::data_key))
                .first(c)
                .optional())?)
        })?;
        let (content, data_key) = piece.ok_or_else(|| StoreError::NotFound {
            what: "file of job",
            name: file.job.to_string(),
        })?;
        let Some(data_key) = data_key else { return Ok(content) };
        let place = JobPiece {
            job: file.job,
            part: file.part.name(),
            lease: file.lease,
            position,
        };
        let opened = seal::open_bytes(&self.inner.keys, place, &Sealed { data_key, content })?;
        Ok(opened.to_vec())
    }
}
