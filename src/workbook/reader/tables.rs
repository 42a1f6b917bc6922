//! Tables of text that belong together, in a zip or a folder: a sheet per table, in their order there; and the files that
//! lie beside them in `media/`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::super::batch::{BatchWriter, Deliver};
use super::super::error::{Excess, ReadError};
use super::super::limits::Limits;
use super::super::sniff;
use super::archive::{self, Archive};
use super::{SheetInfo, csv};

/// What holds the tables and the files.
pub(super) enum Parts {
    Zip(Archive),
    /// Files, by the names that they would have in a zip.
    Folder(Vec<(String, PathBuf)>),
}

impl Parts {
    fn names(&self) -> Result<Vec<String>, ReadError> {
        match self {
            Self::Zip(archive) => archive
                .file_names()
                .map(|name| Ok(name.map_err(ReadError::damaged)?.into_owned()))
                .collect(),
            Self::Folder(files) => Ok(files.iter().map(|(name, _)| name.clone()).collect()),
        }
    }

    fn open(&mut self, part: usize) -> Result<Box<dyn Read + '_>, ReadError> {
        match self {
            Self::Zip(archive) => Ok(Box::new(archive.by_index(part).map_err(ReadError::damaged)?)),
            Self::Folder(files) => {
                let path = files.get(part).map_or(Path::new(""), |(_, path)| path);
                let file = File::open(path).map_err(|error| ReadError::Open {
                    message: format!("{}: {error}", path.display()),
                })?;
                Ok(Box::new(file))
            }
        }
    }
}

pub(super) struct Tables {
    from: Parts,
    limits: Limits,
    /// The part of each sheet.
    parts: Vec<usize>,
    sheets: Vec<SheetInfo>,
    /// The part and the name of each file beside them.
    attached: Vec<(usize, String)>,
}

/// How much of a file is unpacked at a time.
const PIECE: usize = 256 << 10;

impl Tables {
    pub fn open(from: Parts, limits: &Limits) -> Result<Self, ReadError> {
        let names = from.names()?;
        let all = names.len();
        let (mut parts, mut sheets, mut attached) = (Vec::new(), Vec::new(), Vec::new());
        for (part, name) in names.into_iter().enumerate() {
            if sniff::is_table(&name) {
                parts.push(part);
                sheets.push(SheetInfo { name, visible: true });
            } else if let Some(name) = sniff::attached_name(&name) {
                attached.push((part, name.to_owned()));
            }
        }
        archive::expect_few(Excess::Parts, all - attached.len(), limits.entries)?;
        archive::expect_few(Excess::AttachedFiles, attached.len(), limits.attached)?;
        Ok(Self {
            from,
            limits: *limits,
            parts,
            sheets,
            attached,
        })
    }

    /// The names of the files beside the tables.
    pub fn attached(&self) -> Vec<String> {
        self.attached.iter().map(|(_, name)| name.clone()).collect()
    }

    /// Delivers what such a file holds, up to a byte more than the limit.
    pub fn unpack(&mut self, file: usize, limit: u64, deliver: &mut Deliver<'_>) -> Result<(), ReadError> {
        let part = self.attached.get(file).map_or(usize::MAX, |(part, _)| *part);
        let mut unpacking = self.from.open(part)?.take(limit.saturating_add(1));
        let mut piece = vec![0; PIECE];
        loop {
            let length = unpacking.read(&mut piece).map_err(ReadError::damaged)?;
            match piece.get(..length) {
                None | Some([]) => return Ok(()),
                Some(bytes) => deliver(bytes)?,
            }
        }
    }

    pub fn sheets(&self) -> Vec<SheetInfo> {
        self.sheets.clone()
    }

    pub fn read(&mut self, sheet: usize, writer: &mut BatchWriter<'_>) -> Result<(), ReadError> {
        let part = self.parts.get(sheet).copied().unwrap_or(usize::MAX);
        let mut bytes = Vec::new();
        let unpacked = self
            .from
            .open(part)?
            .take(self.limits.unpacked_bytes + 1)
            .read_to_end(&mut bytes)
            .map_err(ReadError::damaged)?;
        if unpacked as u64 > self.limits.unpacked_bytes {
            return Err(archive::too_large(&self.limits));
        }
        csv::Table::of(bytes)?.read(writer)
    }
}
