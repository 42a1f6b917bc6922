//! The archive: a zip file with a member per table, `tables/NAME.ndjson`, and `manifest.json` as the last one.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::BackupSummary;
use super::error::BackupError;
use super::tables::Table;

/// The version of what stands in this file. Whoever changes the shape of an archive raises it. Since the second, JSON
/// documents stand in lines as they are.
const FORMAT: u32 = 2;
/// The member that describes the others.
const MANIFEST: &str = "manifest.json";
/// More than this of a manifest is none of ours.
const MANIFEST_LIMIT: u64 = 64 << 20;
/// More than this in one row is none of ours: both databases refuse it.
const LINE_LIMIT: u64 = 1 << 30;
/// How many pieces may wait to be compressed.
const QUEUE: usize = 8;

/// What an archive holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The version of the archive's shape.
    format: u32,
    /// The version of the program that wrote it.
    program: String,
    /// The changes of the schema that had been made, oldest first.
    pub schema: Vec<String>,
    /// Which database it came from; for people only.
    database: String,
    /// When.
    created_at: DateTime<Utc>,
    /// The tables, in the order in which they are restored.
    pub tables: Vec<Member>,
}

/// A table in an archive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Member {
    /// The table.
    #[serde(flatten)]
    pub table: Table,
    /// How many rows.
    pub rows: u64,
    /// The SHA-256 of its lines, in hexadecimal digits.
    sha256: String,
}

/// As much of a manifest as every version of the program can read.
#[derive(Deserialize)]
struct Preamble {
    format: u32,
    program: String,
}

impl Manifest {
    pub(super) fn new(schema: Vec<String>, postgres: bool, now: DateTime<Utc>) -> Self {
        Self {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            schema,
            database: if postgres { "postgresql" } else { "sqlite" }.to_owned(),
            created_at: now,
            tables: Vec::new(),
        }
    }

    /// A table whose rows are written; what is counted of it comes at the end.
    pub(super) fn add(&mut self, table: Table) {
        self.tables.push(Member {
            table,
            rows: 0,
            sha256: String::new(),
        });
    }

    fn count(&mut self, counted: Vec<Counted>) {
        for (member, counted) in self.tables.iter_mut().zip(counted) {
            member.rows = counted.rows;
            member.sha256 = base16ct::lower::encode_string(&counted.hash.finalize());
        }
    }

    pub(super) fn summary(&self) -> BackupSummary {
        BackupSummary {
            tables: self.tables.len(),
            rows: self.tables.iter().map(|member| member.rows).sum(),
            bytes: 0,
            created_at: self.created_at,
        }
    }
}

fn member_name(table: &str) -> String {
    format!("tables/{table}.ndjson")
}

enum Piece {
    Member(String),
    Rows(Vec<u8>, u64),
    Manifest(Box<Manifest>),
}

/// Writes an archive on threads of its own, so that reading, hashing and compressing go on side by side: which of them takes the
/// longest depends on the rows.
pub(super) struct Writer {
    pieces: SyncSender<Piece>,
    thread: Mutex<Option<JoinHandle<Result<Manifest, String>>>>,
}

impl Writer {
    pub(super) fn start(file: File) -> Result<Self, BackupError> {
        let (pieces, received) = sync_channel(QUEUE);
        let (hashed, to_pack) = sync_channel(QUEUE);
        let start = |name: &str| std::thread::Builder::new().name(name.to_owned());
        let no_thread = |error: std::io::Error| BackupError::Writing(error.to_string());
        // It ends with either end of what it hands on.
        start("backup-hash")
            .spawn(move || hash(received.into_iter(), &hashed))
            .map_err(no_thread)?;
        let thread = start("backup")
            .spawn(move || write(file, to_pack.into_iter()))
            .map_err(no_thread)?;
        Ok(Self {
            pieces,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) fn begin(&self, table: &Table) -> Result<(), BackupError> {
        self.send(Piece::Member(member_name(&table.name)))
    }

    pub(super) fn write(&self, lines: Vec<u8>, rows: u64) -> Result<(), BackupError> {
        self.send(Piece::Rows(lines, rows))
    }

    fn send(&self, piece: Piece) -> Result<(), BackupError> {
        // The thread has ended: why, is said when it is joined.
        self.pieces
            .send(piece)
            .map_err(|_| BackupError::Writing("it was cut off".to_owned()))
    }

    /// Writes the manifest and ends, or gives up.
    pub(super) fn finish(self, written: Result<Manifest, BackupError>) -> Result<Manifest, BackupError> {
        let (manifest, failure) = match written {
            Ok(manifest) => (Some(manifest), None),
            Err(error) => (None, Some(error)),
        };
        if let Some(manifest) = manifest {
            // Fails only where the thread has ended, which its result explains.
            let _ = self.send(Piece::Manifest(Box::new(manifest)));
        }
        let Self { pieces, thread } = self;
        drop(pieces);
        let thread = thread.into_inner().ok().flatten();
        match (thread.map(JoinHandle::join), failure) {
            (Some(Ok(Err(reason))), None | Some(BackupError::Writing(_))) => Err(BackupError::Writing(reason)),
            (_, Some(failure)) => Err(failure),
            (Some(Ok(Ok(manifest))), None) => Ok(manifest),
            (_, None) => Err(BackupError::Writing("the thread that writes has ended".to_owned())),
        }
    }
}

/// The rows of a member, and the hash of their lines.
#[derive(Default)]
struct Counted {
    rows: u64,
    hash: Sha256,
}

/// Hands all pieces on, and writes into the manifest what they were.
fn hash(pieces: impl Iterator<Item = Piece>, hashed: &SyncSender<Piece>) {
    let mut members: Vec<Counted> = Vec::new();
    for mut piece in pieces {
        match &mut piece {
            Piece::Member(_) => members.push(Counted::default()),
            Piece::Rows(lines, rows) => {
                if let Some(member) = members.last_mut() {
                    member.rows += *rows;
                    member.hash.update(lines);
                }
            }
            Piece::Manifest(manifest) => manifest.count(std::mem::take(&mut members)),
        }
        if hashed.send(piece).is_err() {
            // Who packs has ended: why, is said when it is joined.
            return;
        }
    }
}

fn write(file: File, pieces: impl Iterator<Item = Piece>) -> Result<Manifest, String> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .large_file(true);
    let mut zip = ZipWriter::new(std::io::BufWriter::with_capacity(1 << 20, file));
    for piece in pieces {
        match piece {
            Piece::Member(name) => {
                zip.start_file(name, options).map_err(|error| error.to_string())?;
            }
            Piece::Rows(lines, _) => zip.write_all(&lines).map_err(|error| error.to_string())?,
            Piece::Manifest(manifest) => {
                let text = serde_json::to_vec_pretty(&manifest).map_err(|error| error.to_string())?;
                zip.start_file(MANIFEST, options).map_err(|error| error.to_string())?;
                zip.write_all(&text).map_err(|error| error.to_string())?;
                let mut file = zip.finish().map_err(|error| error.to_string())?;
                file.flush().map_err(|error| error.to_string())?;
                return Ok(*manifest);
            }
        }
    }
    Err("it was given up".to_owned())
}

/// An archive whose every byte was looked at and found to be as it was written.
pub(super) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    file: std::path::PathBuf,
    pub manifest: Manifest,
    /// The SHA-256 of the manifest, which holds those of everything else: the name of what was restored.
    pub hash: String,
}

impl Archive {
    /// Opens an archive and reads all of it once.
    pub(super) fn open(file: &Path, progress: &(dyn Fn(u64) + Sync)) -> Result<Self, BackupError> {
        let opened = File::open(file).map_err(|source| BackupError::File {
            file: file.to_owned(),
            source,
        })?;
        let damaged = |reason: String| BackupError::Damaged {
            file: file.to_owned(),
            reason,
        };
        let mut zip =
            ZipArchive::new(BufReader::with_capacity(1 << 18, opened)).map_err(|error| damaged(error.to_string()))?;
        let (manifest, hash) = read_manifest(&mut zip, file)?;
        let mut archive = Self {
            zip,
            file: file.to_owned(),
            manifest,
            hash,
        };
        for member in archive.manifest.tables.clone() {
            let mut hash = Sha256::new();
            let mut rows = 0;
            archive.for_each_line(&member, |line| {
                hash.update(line);
                rows += 1;
                Ok(())
            })?;
            progress(rows);
            if rows != member.rows || base16ct::lower::encode_string(&hash.finalize()) != member.sha256 {
                return Err(damaged(format!("table {} is not as it was written", member.table.name)));
            }
        }
        Ok(archive)
    }

    /// Hands on each line of a table with its end.
    pub(super) fn for_each_line(
        &mut self,
        member: &Member,
        mut act: impl FnMut(&[u8]) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        let file = self.file.clone();
        let damaged = |reason: String| BackupError::Damaged {
            file: file.clone(),
            reason: format!("table {}: {reason}", member.table.name),
        };
        let content = self
            .zip
            .by_name(&member_name(&member.table.name))
            .map_err(|error| damaged(error.to_string()))?;
        let mut lines = BufReader::with_capacity(1 << 18, content);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut lines)
                .take(LINE_LIMIT)
                .read_until(b'\n', &mut line)
                .map_err(|error| damaged(error.to_string()))?;
            if read == 0 {
                return Ok(());
            }
            if line.last() != Some(&b'\n') {
                return Err(damaged("a line has no end".to_owned()));
            }
            act(&line)?;
        }
    }
}

/// The manifest, and its SHA-256.
fn read_manifest(zip: &mut ZipArchive<BufReader<File>>, file: &Path) -> Result<(Manifest, String), BackupError> {
    let damaged = |reason: String| BackupError::Damaged {
        file: file.to_owned(),
        reason,
    };
    let mut text = Vec::new();
    zip.by_name(MANIFEST)
        .map_err(|_| damaged("it has no manifest".to_owned()))?
        .take(MANIFEST_LIMIT)
        .read_to_end(&mut text)
        .map_err(|error| damaged(error.to_string()))?;
    let preamble: Preamble = serde_json::from_slice(&text).map_err(|error| damaged(format!("{MANIFEST}: {error}")))?;
    if preamble.format > FORMAT {
        return Err(BackupError::Newer {
            file: file.to_owned(),
            program: preamble.program,
        });
    }
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|error| damaged(format!("{MANIFEST}: {error}")))?;
    if let Some(unknown) = super::super::migrations::first_unknown(&manifest.schema)? {
        tracing::debug!(
            change = unknown,
            "the backup has a change of the schema that is not known"
        );
        return Err(BackupError::Newer {
            file: file.to_owned(),
            program: preamble.program,
        });
    }
    // Names become part of statements.
    let plain = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    for member in &manifest.tables {
        let mut names = member.table.columns.iter().map(|column| column.name.as_str());
        if !plain(&member.table.name) || !names.all(plain) || member.table.columns.is_empty() {
            return Err(damaged(format!("{MANIFEST}: '{}' is no table", member.table.name)));
        }
    }
    Ok((manifest, base16ct::lower::encode_string(&Sha256::digest(&text))))
}
