//! A zip of tables of text: a sheet per table, in the order of the zip; and the files that lie beside them in `media/`.

use std::io::Read;

use super::super::batch::{BatchWriter, Deliver};
use super::super::error::ReadError;
use super::super::limits::Limits;
use super::super::sniff;
use super::archive::{self, Archive};
use super::{SheetInfo, csv};

pub(super) struct Tables {
    archive: Archive,
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
    pub fn open(archive: Archive, limits: &Limits) -> Result<Self, ReadError> {
        let (mut parts, mut sheets, mut attached) = (Vec::new(), Vec::new(), Vec::new());
        for (part, name) in archive.file_names().enumerate() {
            let name = name.map_err(ReadError::damaged)?;
            if sniff::is_table(&name) {
                parts.push(part);
                let name = name.into_owned();
                sheets.push(SheetInfo { name, visible: true });
            } else if let Some(name) = sniff::attached_name(&name) {
                attached.push((part, name.to_owned()));
            }
        }
        let others = archive.len() - attached.len();
        archive::expect_few("parts in the file", others, limits.entries)?;
        archive::expect_few("files beside the tables", attached.len(), limits.attached)?;
        Ok(Self {
            archive,
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
        let entry = self.archive.by_index(part).map_err(ReadError::damaged)?;
        let mut unpacking = entry.take(limit.saturating_add(1));
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
        let entry = self.archive.by_index(part).map_err(ReadError::damaged)?;
        let mut bytes = Vec::new();
        let unpacked = entry
            .take(self.limits.unpacked_bytes + 1)
            .read_to_end(&mut bytes)
            .map_err(ReadError::damaged)?;
        if unpacked as u64 > self.limits.unpacked_bytes {
            return Err(archive::too_large(&self.limits));
        }
        csv::Table::of(bytes)?.read(writer)
    }
}
