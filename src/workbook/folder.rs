//! The files of a folder that is read as one workbook: an export that was unpacked.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::sniff::{self, MEDIA};

/// The tables in a folder and the files in its `media/`, each with its name in a zip of the folder, in the order of the names.
///
/// # Errors
/// What the file system says.
pub fn parts_of_folder(folder: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let mut parts = files_in(folder, "")?;
    let media = folder.join(MEDIA);
    if media.is_dir() {
        parts.extend(files_in(&media, &format!("{MEDIA}/"))?);
    }
    parts.retain(|(name, _)| sniff::is_table(name) || sniff::attached_name(name).is_some());
    parts.sort();
    Ok(parts)
}

fn files_in(folder: &Path, prefix: &str) -> io::Result<Vec<(String, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if path.is_file() {
            files.push((format!("{prefix}{}", entry.file_name().to_string_lossy()), path));
        }
    }
    Ok(files)
}
