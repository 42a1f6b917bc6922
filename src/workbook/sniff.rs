//! What a file is, by its first bytes and never by its name: HTML and tab-separated text named .xls are common.

use super::error::{ReadError, Stranger};

/// The kinds of file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A workbook of Excel 97 to 2003.
    Xls,
    /// A table of text: comma, semicolon or tab between the cells.
    Text,
    /// A zip, of which [`in_zip`] says what it is.
    Zip,
}

/// The kinds of zip that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Zipped {
    /// A workbook of Excel 2007 and later.
    Xlsx,
    /// A workbook of LibreOffice and other programs of the OpenDocument format.
    Ods,
    /// Tables of text, as the servers of field surveys export a form with repeats.
    Tables,
}

/// What the first bytes of a file (at least 512 where it has them) say.
pub fn by_content(head: &[u8]) -> Result<Kind, ReadError> {
    if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        return Ok(Kind::Zip);
    }
    if head.starts_with(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Ok(Kind::Xls);
    }
    if let Some(stranger) = known_stranger(head) {
        return Err(ReadError::NotAWorkbook(stranger));
    }
    let start: String = super::reader::csv::decode(head).chars().take(400).collect();
    let start = start.trim_start().to_ascii_lowercase();
    if start.starts_with("<?xml")
        && (start.contains("urn:schemas-microsoft-com:office:spreadsheet") || start.contains("mso-application"))
    {
        return Err(ReadError::XmlSpreadsheet);
    }
    if ["<!doctype html", "<html", "<table", "<meta", "<head"]
        .iter()
        .any(|tag| start.starts_with(tag))
        || (start.starts_with("<?xml") && start.contains("<html"))
    {
        return Err(ReadError::WebPage);
    }
    if start.starts_with("<?xml") {
        return Err(ReadError::NotAWorkbook(Stranger::Xml));
    }
    if start.is_empty() {
        return Err(ReadError::NotAWorkbook(Stranger::Empty));
    }
    Ok(Kind::Text)
}

fn known_stranger(head: &[u8]) -> Option<Stranger> {
    let known: [(&[u8], Stranger); 8] = [
        (b"%PDF", Stranger::Pdf),
        (b"\x89PNG", Stranger::Png),
        (b"\xFF\xD8\xFF", Stranger::Jpeg),
        (b"GIF8", Stranger::Gif),
        (b"{\\rtf", Stranger::Rtf),
        (b"Rar!", Stranger::Rar),
        (b"7z\xBC\xAF", Stranger::SevenZip),
        (b"\x1F\x8B", Stranger::Gzip),
    ];
    if let Some((_, stranger)) = known.iter().find(|(magic, _)| head.starts_with(magic)) {
        return Some(*stranger);
    }
    // Text has no NUL bytes but in UTF-16, where every other byte of plain letters is one.
    let nul = |start: usize| head.iter().skip(start).step_by(2).filter(|byte| **byte == 0).count();
    let utf16 = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") || (nul(0) == 0) != (nul(1) == 0);
    (head.contains(&0) && !utf16).then_some(Stranger::Unknown)
}

/// The folder of the files that lie beside the tables of a zip.
pub const MEDIA: &str = "media";

/// Whether a part of a zip is a table of it: a .csv that is neither hidden nor an attachment (`media/`).
pub fn is_table(part: &str) -> bool {
    let (folders, name) = part.rsplit_once(['/', '\\']).unwrap_or(("", part));
    let own = |folder: &str| folder != MEDIA && folder != "__MACOSX";
    let ends = name
        .rsplit_once('.')
        .is_some_and(|(_, end)| end.eq_ignore_ascii_case("csv"));
    ends && !name.starts_with('.') && folders.split(['/', '\\']).all(own)
}

/// The name of a file that lies beside the tables of a zip, in a folder `media/`, by the name of its part.
pub fn attached_name(part: &str) -> Option<&str> {
    let (folders, name) = part.rsplit_once(['/', '\\'])?;
    let mut folders = folders.rsplit(['/', '\\']);
    let beside = folders.next() == Some(MEDIA) && folders.all(|folder| folder != "__MACOSX");
    (beside && !name.is_empty() && !name.starts_with('.')).then_some(name)
}

/// What a zip is, by the names of its parts.
pub fn in_zip(names: impl Iterator<Item = impl AsRef<str>>) -> Result<Zipped, ReadError> {
    let (mut xlsx, mut opendocument, mut word, mut tables) = (false, false, false, false);
    for name in names {
        tables |= is_table(name.as_ref());
        // Some programs write the names of an .xlsx in other letters, or as those of files on Windows.
        match name.as_ref().replace('\\', "/").to_ascii_lowercase().as_str() {
            "xl/workbook.bin" => return Err(ReadError::BinaryWorkbook),
            "xl/workbook.xml" => xlsx = true,
            "content.xml" => opendocument = true,
            "word/document.xml" => word = true,
            _ => (),
        }
    }
    match (xlsx, opendocument, word) {
        (true, _, _) => Ok(Zipped::Xlsx),
        (_, true, _) => Ok(Zipped::Ods),
        (_, _, true) => Err(ReadError::NotAWorkbook(Stranger::Docx)),
        _ if tables => Ok(Zipped::Tables),
        _ => Err(ReadError::NotAWorkbook(Stranger::Zip)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zip_of_tables_is_one_and_its_attachments_are_none() {
        assert_eq!(in_zip(["media/1.jpg", "firms.csv"].iter()).unwrap(), Zipped::Tables);
        for stranger in ["media/audit.csv", "__MACOSX/._firms.csv", "firms.csv.txt", "readme"] {
            assert!(in_zip([stranger].iter()).is_err(), "{stranger}");
        }
    }

    #[test]
    fn a_workbook_is_known_by_its_parts_however_their_names_are_written() {
        for part in ["xl/workbook.xml", "xl\\workbook.xml", "xl/Workbook.xml"] {
            assert_eq!(in_zip([part].iter()).unwrap(), Zipped::Xlsx, "{part}");
        }
        assert_eq!(in_zip(["content.xml"].iter()).unwrap(), Zipped::Ods);
    }

    #[test]
    fn what_lies_in_media_is_attached() {
        assert_eq!(attached_name("media/1.jpg"), Some("1.jpg"));
        assert_eq!(attached_name("export/media/厂房.jpg"), Some("厂房.jpg"));
        for other in [
            "1.jpg",
            "media/",
            "media/a/1.jpg",
            "media/.hidden",
            "__MACOSX/media/1.jpg",
            "firms.csv",
        ] {
            assert_eq!(attached_name(other), None, "{other}");
        }
    }

    #[test]
    fn content_decides_and_not_the_name() {
        assert_eq!(by_content(b"PK\x03\x04....").unwrap(), Kind::Zip);
        assert_eq!(by_content(b"a\tb\n1\t2\n").unwrap(), Kind::Text);
        assert_eq!(by_content(b"\xFF\xFEa\0\t\0b\0").unwrap(), Kind::Text);
        assert_eq!(by_content("<html><table>".as_bytes()).unwrap_err(), ReadError::WebPage);
        assert_eq!(
            by_content(b"<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>").unwrap_err(),
            ReadError::XmlSpreadsheet
        );
        assert_eq!(
            by_content(b"%PDF-1.7").unwrap_err(),
            ReadError::NotAWorkbook(Stranger::Pdf)
        );
        assert_eq!(by_content(b"").unwrap_err(), ReadError::NotAWorkbook(Stranger::Empty));
        assert_eq!(
            by_content(&[1, 0, 0, 0, 7, 0, 0]).unwrap_err(),
            ReadError::NotAWorkbook(Stranger::Unknown)
        );
    }
}
