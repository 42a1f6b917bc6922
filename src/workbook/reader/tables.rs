//! A zip of tables of text: a sheet per table, in the order of the zip.

use std::io::Read;
use std::path::Path;

use super::super::batch::BatchWriter;
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
}

impl Tables {
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, ReadError> {
        let mut archive = archive::open(path, limits)?;
        let (mut parts, mut sheets) = (Vec::new(), Vec::new());
        for part in 0..archive.len() {
            let entry = archive.by_index_raw(part).map_err(ReadError::damaged)?;
            let name = entry.name().map_err(ReadError::damaged)?.into_owned();
            if sniff::is_table(&name) {
                parts.push(part);
                sheets.push(SheetInfo { name, visible: true });
            }
        }
        Ok(Self {
            archive,
            limits: *limits,
            parts,
            sheets,
        })
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
