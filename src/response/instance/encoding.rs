//! Bytes to text: by the byte order mark, else by the first bytes, else by the declaration, else UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::error::InstanceError;

/// The most bytes of an instance. Files travel beside it, so that answers alone stay far below.
const MOST_MEGABYTES: usize = 16;

/// Within how many bytes the declaration ends.
const DECLARATION: usize = 256;

/// The text of a document.
pub(super) fn decode(xml: &[u8]) -> Result<Cow<'_, str>, InstanceError> {
    if xml.len() > MOST_MEGABYTES * 1024 * 1024 {
        return Err(InstanceError::TooLarge {
            megabytes: MOST_MEGABYTES,
        });
    }
    let (encoding, bytes) = match Encoding::for_bom(xml) {
        Some((encoding, mark)) => (encoding, xml.get(mark..).unwrap_or_default()),
        None => (without_mark(xml)?, xml),
    };
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or_else(|| InstanceError::NotEncoded {
            encoding: encoding.name().to_owned(),
        })
}

fn without_mark(xml: &[u8]) -> Result<&'static Encoding, InstanceError> {
    match xml {
        [b'<', 0, ..] => return Ok(UTF_16LE),
        [0, b'<', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let Some(label) = declared(xml) else {
        return Ok(UTF_8);
    };
    match Encoding::for_label(label.as_bytes()) {
        // The declaration could be read as single bytes: then it is not in UTF-16, whatever it says.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => Err(InstanceError::NotEncoded { encoding: label }),
    }
}

/// The encoding that the XML declaration names.
fn declared(xml: &[u8]) -> Option<String> {
    let start = xml.get(..xml.len().min(DECLARATION))?;
    let declaration = String::from_utf8_lossy(start.strip_prefix(b"<?xml")?);
    let (declaration, _) = declaration.split_once("?>")?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let (label, _) = value.get(1..)?.split_once(quote)?;
    Some(label.to_owned())
}
