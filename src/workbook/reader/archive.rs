//! The zip around .xlsx and .ods: few parts, and unpacked sizes that are counted and not believed.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::super::error::{Excess, ReadError};
use super::super::limits::Limits;

pub(super) type Archive = ZipArchive<BufReader<File>>;

/// Opens a file that is known to be a zip.
fn open(path: &Path) -> Result<Archive, ReadError> {
    let file = File::open(path).map_err(|error| ReadError::Open {
        message: error.to_string(),
    })?;
    of(file)
}

/// Reads the directory of a zip, and no part of it.
pub(super) fn of(file: File) -> Result<Archive, ReadError> {
    ZipArchive::new(BufReader::new(file)).map_err(ReadError::damaged)
}

/// Refuses the zip of a workbook by the number of its parts and the sizes that they declare. Returned is how much it unpacks
/// to at most; where it declares nothing, that is the limit.
pub(super) fn expect_modest(archive: &Archive, limits: &Limits) -> Result<u64, ReadError> {
    expect_few(Excess::Parts, archive.len(), limits.entries)?;
    let Some(size) = archive.decompressed_size() else {
        return Ok(limits.unpacked_bytes);
    };
    let within = u64::try_from(size).ok().filter(|size| *size <= limits.unpacked_bytes);
    within.ok_or_else(|| too_large(limits))
}

/// Refuses more of something than a limit.
pub(super) fn expect_few(what: Excess, count: usize, limit: usize) -> Result<(), ReadError> {
    if count <= limit {
        return Ok(());
    }
    Err(ReadError::TooLarge {
        what,
        limit: limit as u64,
        place: None,
    })
}

pub(super) fn too_large(limits: &Limits) -> ReadError {
    ReadError::TooLarge {
        what: Excess::UnpackedBytes,
        limit: limits.unpacked_bytes,
        place: None,
    }
}

/// Unpacks the chosen parts into nothing and counts: what a parser may unpack into memory is known to be small.
pub(super) fn count(archive: &mut Archive, limits: &Limits, chosen: impl Fn(&str) -> bool) -> Result<(), ReadError> {
    let mut left = limits.unpacked_bytes;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(ReadError::damaged)?;
        if entry.name().is_ok_and(|name| chosen(&name)) {
            let unpacked = io::copy(&mut entry.take(left + 1), &mut io::sink()).map_err(ReadError::damaged)?;
            left = left.checked_sub(unpacked).ok_or_else(|| too_large(limits))?;
        }
    }
    Ok(())
}

/// The same zip with its parts unpacked, so that whoever reads them has nothing left to unpack; `None` where they are more
/// than so many bytes, whatever they declare.
pub(super) fn unpack(archive: &mut Archive, limit: u64) -> Result<Option<Vec<u8>>, ReadError> {
    let declared = archive.decompressed_size().and_then(|size| u64::try_from(size).ok());
    let expected = usize::try_from(declared.unwrap_or(0).min(limit)).unwrap_or(0);
    let mut unpacked = ZipWriter::new(Cursor::new(Vec::with_capacity(expected)));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut left = limit;
    for index in 0..archive.len() {
        let entry = archive.by_index(index).map_err(ReadError::damaged)?;
        let Ok(name) = entry.name().map(Cow::into_owned) else {
            // Nothing in a workbook refers to it.
            continue;
        };
        unpacked.start_file(name, stored).map_err(ReadError::damaged)?;
        let length = io::copy(&mut entry.take(left + 1), &mut unpacked).map_err(ReadError::damaged)?;
        let Some(rest) = left.checked_sub(length) else {
            return Ok(None);
        };
        left = rest;
    }
    let unpacked = unpacked.finish().map_err(ReadError::damaged)?;
    Ok(Some(unpacked.into_inner()))
}

/// Counts the large parts beside the reading of them, which stops as soon as they turn out to unpack to too much.
#[derive(Default)]
pub(super) struct Watch {
    failed: Arc<AtomicBool>,
    counting: Option<JoinHandle<Result<(), ReadError>>>,
}

impl Watch {
    pub fn start(path: &Path, limits: Limits, chosen: impl Fn(&str) -> bool + Send + 'static) -> Self {
        let failed = Arc::new(AtomicBool::new(false));
        let (path, flag) = (path.to_owned(), failed.clone());
        let counting = std::thread::spawn(move || {
            let counted = open(&path).and_then(|mut archive| count(&mut archive, &limits, chosen));
            flag.store(counted.is_err(), Ordering::Relaxed);
            counted
        });
        Self {
            failed,
            counting: Some(counting),
        }
    }

    /// Where they were counted before.
    pub fn over() -> Self {
        Self::default()
    }

    /// The error, as soon as it is known.
    pub fn check(&mut self) -> Result<(), ReadError> {
        if self.failed.load(Ordering::Relaxed) {
            self.wait()
        } else {
            Ok(())
        }
    }

    /// Waits for the count.
    pub fn wait(&mut self) -> Result<(), ReadError> {
        match self.counting.take().map(JoinHandle::join) {
            None => Ok(()),
            Some(Ok(counted)) => counted,
            Some(Err(_)) => Err(ReadError::damaged("a part cannot be unpacked")),
        }
    }
}
