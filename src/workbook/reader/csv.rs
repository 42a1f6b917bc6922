//! Tables of text, in the encodings and with the separators that spreadsheet programs write.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};

use super::super::batch::BatchWriter;
use super::super::cell::CellValue;
use super::super::error::ReadError;

pub(in super::super) struct Table {
    text: String,
}

impl Table {
    pub fn open(mut file: File) -> Result<Self, ReadError> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| ReadError::Open {
            message: error.to_string(),
        })?;
        Self::of(bytes)
    }

    /// The table that these bytes are.
    pub fn of(bytes: Vec<u8>) -> Result<Self, ReadError> {
        Ok(Self {
            text: decode_strictly(bytes)?,
        })
    }

    pub fn read(&mut self, writer: &mut BatchWriter<'_>) -> Result<(), ReadError> {
        let (delimiter, text) = match separator_line(&self.text) {
            Some(found) => found,
            None => (delimiter(&self.text), self.text.as_str()),
        };
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(text.as_bytes());
        let mut record = csv::StringRecord::new();
        let mut row = 0_u32;
        loop {
            let line = reader.position().line();
            if !reader.read_record(&mut record).map_err(ReadError::damaged)? {
                return Ok(());
            }
            // The reader skips empty lines, which are rows in a spreadsheet program; line breaks within quotes are not.
            let lines = reader.position().line().saturating_sub(line);
            let inner = record
                .iter()
                .map(|field| field.matches('\n').count() as u64)
                .sum::<u64>();
            let skipped = if reader.is_done() {
                0
            } else {
                lines.saturating_sub(inner + 1)
            };
            row = row.saturating_add(u32::try_from(skipped).unwrap_or(u32::MAX));
            for (column, field) in (0_u32..).zip(record.iter()) {
                if writer.cell(row, column, CellValue::Text(field))?.is_break() {
                    return Ok(());
                }
            }
            row = row.saturating_add(1);
        }
    }
}

/// The text of some bytes, with a mark for what cannot be decoded.
pub(in super::super) fn decode(bytes: &[u8]) -> Cow<'_, str> {
    encoding(bytes).decode(bytes).0
}

/// The text of a whole file; an error where bytes of it are no text of the encoding that the rest is in.
fn decode_strictly(bytes: Vec<u8>) -> Result<String, ReadError> {
    let encoding = encoding(&bytes);
    if encoding == UTF_8 {
        let text = String::from_utf8(bytes)?;
        return Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text));
    }
    let (text, encoding, failed) = encoding.decode(&bytes);
    match text.find('\u{fffd}').filter(|_| failed) {
        None => Ok(text.into_owned()),
        Some(at) => {
            let line = text.get(..at).map_or(0, |before| before.matches('\n').count()) + 1;
            Err(ReadError::NotText {
                line,
                encoding: encoding.name().to_owned(),
            })
        }
    }
}

/// The encoding: by its mark, else UTF-8 where it is valid, else what the bytes look like to a Chinese reader.
fn encoding(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    let head = bytes.get(..bytes.len().min(4_096)).unwrap_or_default();
    let nul = |start: usize| head.iter().skip(start).step_by(2).any(|byte| *byte == 0);
    match (nul(0), nul(1)) {
        (false, true) => return UTF_16LE,
        (true, false) => return UTF_16BE,
        _ => (),
    }
    // An incomplete last character is the cut of a head, not another encoding.
    if std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes.get(..bytes.len().min(1 << 20)).unwrap_or_default(), true);
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Deny);
    if guess == GBK { GB18030 } else { guess }
}

/// Excel's own first line that names the separator, `sep=;`, and the text behind it.
fn separator_line(text: &str) -> Option<(u8, &str)> {
    let rest = text.strip_prefix("sep=")?;
    let (line, rest) = rest.split_once('\n')?;
    match *line.trim_end_matches('\r').as_bytes() {
        [separator] => Some((separator, rest)),
        _ => None,
    }
}

/// The separator that stands in every one of the first lines, most often in the poorest.
fn delimiter(text: &str) -> u8 {
    let fewest = |candidate: u8| {
        let (mut quoted, mut blank, mut count, mut counts) = (false, true, 0_usize, Vec::new());
        for byte in text.bytes() {
            match byte {
                b'\n' if !quoted => {
                    if !blank {
                        counts.push(count);
                    }
                    if counts.len() == 20 {
                        break;
                    }
                    (count, blank) = (0, true);
                }
                b'\r' => (),
                byte => {
                    blank = false;
                    quoted ^= byte == b'"';
                    count += usize::from(byte == candidate && !quoted);
                }
            }
        }
        if !blank {
            counts.push(count);
        }
        counts.into_iter().min().unwrap_or(0)
    };
    // The last of the best, so that a comma wins over what stands as often.
    [b'|', b';', b'\t', b',']
        .into_iter()
        .max_by_key(|candidate| fewest(*candidate))
        .unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::super::super::batch::RowBatch;
    use super::super::super::limits::Limits;
    use super::*;

    /// The cells of a text file as (row, column, text).
    fn cells(bytes: &[u8]) -> Vec<(u32, u16, String)> {
        let mut table = Table {
            text: decode_strictly(bytes.to_vec()).unwrap(),
        };
        let mut all = Vec::new();
        let mut deliver = |bytes: &[u8]| {
            all.extend_from_slice(bytes);
            Ok(())
        };
        let mut left = u64::MAX;
        let mut writer = BatchWriter::new("", Limits::default(), None, &mut left, &mut deliver);
        table.read(&mut writer).unwrap();
        writer.finish().unwrap();
        let batch = RowBatch::from_bytes(all);
        let rows = batch.rows().map(Result::unwrap);
        rows.flat_map(|row| {
            row.cells
                .iter()
                .map(|cell| (row.number, cell.column, cell.value.to_string()))
                .collect::<Vec<_>>()
        })
        .collect()
    }

    #[test]
    fn encodings_and_separators_of_spreadsheet_programs_are_recognised() {
        let text = "企业名称,营业收入\r\n鹤岗矿业机械有限公司,\"1,200\"\r\n";
        let expected = cells(text.as_bytes());
        assert_eq!(expected[3], (1, 1, "1,200".to_owned()));
        let utf16 = |big: bool, mark: bool| -> Vec<u8> {
            let text = if mark {
                format!("\u{feff}{text}")
            } else {
                text.to_owned()
            };
            text.encode_utf16()
                .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
                .collect()
        };
        assert_eq!(
            cells(&[b"\xEF\xBB\xBF", text.as_bytes()].concat()),
            expected,
            "UTF-8 with its mark"
        );
        assert_eq!(cells(&GB18030.encode(text).0), expected, "GB18030");
        for (big, mark) in [(false, true), (true, true), (false, false), (true, false)] {
            assert_eq!(cells(&utf16(big, mark)), expected, "UTF-16, big {big}, mark {mark}");
        }
        assert_eq!(
            cells("企业名称\t营业收入\n鹤岗矿业机械有限公司\t1,200\n".as_bytes()),
            expected,
            "tabs"
        );
        assert_eq!(
            cells("企业名称;营业收入\n鹤岗矿业机械有限公司;1,200\n".as_bytes()),
            expected,
            "semicolons"
        );
        assert_eq!(
            cells("sep=;\n企业名称;营业收入\n鹤岗矿业机械有限公司;1,200".as_bytes()),
            expected,
            "sep="
        );
    }

    #[test]
    fn rows_are_counted_as_a_spreadsheet_program_counts_them() {
        let rows = cells(b"a,b\n\n\"two\nlines\",c\n\n\nd,e\n");
        assert_eq!(
            rows.iter().map(|(row, ..)| *row).collect::<Vec<_>>(),
            [0, 0, 2, 2, 5, 5]
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_with_their_line() {
        let mut bytes = GB18030
            .encode("企业名称,营业收入\n鹤岗矿业机械有限公司,12\n")
            .0
            .into_owned();
        bytes.extend_from_slice(b"\xFF\xFF,3\n");
        assert!(decode_strictly(bytes).unwrap_err().to_string().contains("line 3"));
    }
}
