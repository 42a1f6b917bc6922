//! What kind of file some content is, told by the content: neither a name nor a sender is believed.

use std::fmt;

/// How much of the beginning of a file is looked at, in bytes.
pub(super) const LOOKED_AT: usize = 8192;

/// A media type that is kept and served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MediaType(&'static str);

/// Which kinds of file a question takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Pictures.
    Picture,
    /// Sound recordings. Phones keep them in containers that films have too.
    Sound,
    /// Films.
    Film,
    /// Text, such as the log that a client keeps of an interview.
    Text,
    /// All of these, and documents.
    Any,
    /// Whatever it is: what is none of these is served as bytes.
    Whatever,
}

/// What is not known by its content.
const UNKNOWN: MediaType = MediaType("application/octet-stream");

/// What is taken: what the content looks like, and the type that it is served as.
const PICTURES: &[(&str, &str)] = &[
    ("image/jpeg", "image/jpeg"),
    ("image/png", "image/png"),
    ("image/gif", "image/gif"),
    ("image/webp", "image/webp"),
    ("image/heif", "image/heif"),
    ("image/avif", "image/avif"),
    ("image/bmp", "image/bmp"),
    ("image/tiff", "image/tiff"),
];
const SOUNDS: &[(&str, &str)] = &[
    ("audio/mpeg", "audio/mpeg"),
    ("audio/m4a", "audio/mp4"),
    ("audio/aac", "audio/aac"),
    ("audio/amr", "audio/amr"),
    ("audio/ogg", "audio/ogg"),
    ("audio/opus", "audio/ogg"),
    ("audio/x-flac", "audio/flac"),
    ("audio/x-wav", "audio/wav"),
];
const FILMS: &[(&str, &str)] = &[
    ("video/mp4", "video/mp4"),
    ("video/x-m4v", "video/mp4"),
    ("video/quicktime", "video/quicktime"),
    ("video/webm", "video/webm"),
    ("video/x-matroska", "video/x-matroska"),
    ("video/x-msvideo", "video/x-msvideo"),
    ("video/mpeg", "video/mpeg"),
];
const DOCUMENTS: &[(&str, &str)] = &[
    ("application/pdf", "application/pdf"),
    ("application/rtf", "application/rtf"),
    ("application/msword", "application/msword"),
    ("application/vnd.ms-excel", "application/vnd.ms-excel"),
    ("application/vnd.ms-powerpoint", "application/vnd.ms-powerpoint"),
    ("application/x-ole-storage", "application/octet-stream"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ),
    (
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.text",
    ),
    (
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.spreadsheet",
    ),
    (
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.presentation",
    ),
    ("application/zip", "application/zip"),
];
/// Also the containers that phones keep sound in.
const CONTAINERS: &[(&str, &str)] = &[
    ("video/mp4", "video/mp4"),
    ("video/quicktime", "video/quicktime"),
    ("video/webm", "video/webm"),
];
const TEXT: &[(&str, &str)] = &[("text/plain", "text/plain")];

impl FileKind {
    fn taken(self) -> &'static [&'static [(&'static str, &'static str)]] {
        match self {
            Self::Picture => &[PICTURES],
            Self::Sound => &[SOUNDS, CONTAINERS],
            Self::Film => &[FILMS],
            Self::Text => &[TEXT],
            Self::Any | Self::Whatever => &[PICTURES, SOUNDS, FILMS, DOCUMENTS, TEXT],
        }
    }

    /// Whether this kind takes files of a type that [`FileKind::Whatever`] took.
    pub fn takes(self, media_type: MediaType) -> bool {
        if media_type == UNKNOWN {
            return self == Self::Whatever;
        }
        self.taken()
            .iter()
            .copied()
            .flatten()
            .any(|(_, served)| *served == media_type.0)
    }

    /// The type of a file that begins so, where this kind takes it.
    ///
    /// # Errors
    /// What the content looks like instead.
    pub(super) fn media_type(self, beginning: &[u8]) -> Result<MediaType, String> {
        let found = look(beginning);
        let mut taken = self.taken().iter().copied().flatten();
        taken
            .find(|(looks, _)| *looks == found)
            .map(|(_, served)| MediaType(served))
            .or((self == Self::Whatever).then_some(UNKNOWN))
            .ok_or_else(|| found.to_owned())
    }
}

/// What some content looks like.
fn look(beginning: &[u8]) -> &'static str {
    match infer::get(beginning) {
        Some(kind) => kind.mime_type(),
        None if is_film_of_3gpp(beginning) => "video/mp4",
        None if is_text(beginning) => "text/plain",
        None => "application/octet-stream",
    }
}

/// The container that older phones keep films and sound in is the one of MP4 under other brands.
fn is_film_of_3gpp(beginning: &[u8]) -> bool {
    beginning.get(4..8) == Some(b"ftyp") && beginning.get(8..10) == Some(b"3g")
}

/// Text in any of the encodings that are in use here has no control characters but those of lines and tabulators.
fn is_text(beginning: &[u8]) -> bool {
    !beginning
        .iter()
        .any(|byte| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c))
}

impl MediaType {
    /// Its name.
    pub fn name(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0";

    #[test]
    fn a_question_takes_the_files_of_its_kind_whatever_they_are_called() {
        let kind = |kind: FileKind, content: &[u8]| kind.media_type(content).map(MediaType::name);
        assert_eq!(kind(FileKind::Picture, JPEG), Ok("image/jpeg"));
        assert_eq!(kind(FileKind::Any, JPEG), Ok("image/jpeg"));
        assert_eq!(kind(FileKind::Sound, JPEG), Err("image/jpeg".to_owned()));
        assert_eq!(kind(FileKind::Sound, b"#!AMR\n<frames>"), Ok("audio/amr"));
        assert_eq!(kind(FileKind::Sound, b"\0\0\0\x18ftyp3gp4\0\0\0\0"), Ok("video/mp4"));
        assert_eq!(kind(FileKind::Any, b"%PDF-1.7\n"), Ok("application/pdf"));
        assert_eq!(kind(FileKind::Text, "event,node\n开始,\n".as_bytes()), Ok("text/plain"));
    }

    #[test]
    fn whatever_comes_is_bytes_where_it_is_of_no_kind() {
        let html = FileKind::Whatever
            .media_type(b"<html><script>alert(1)</script>")
            .unwrap();
        assert_eq!(html, UNKNOWN);
        assert!(!FileKind::Any.takes(html) && FileKind::Whatever.takes(html));
        let picture = FileKind::Whatever.media_type(JPEG).unwrap();
        assert!(FileKind::Picture.takes(picture) && !FileKind::Sound.takes(picture));
    }

    #[test]
    fn what_runs_in_a_browser_or_on_a_machine_is_taken_nowhere() {
        for content in [
            b"<!DOCTYPE html><script>alert(1)</script>".as_slice(),
            b"  <HTML ><body>",
            b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
            b"#!/bin/sh\nrm -rf /\n",
            b"MZ\x90\0\x03\0\0\0",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0>\0\x01\0\0\0\x78\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0",
        ] {
            assert!(FileKind::Any.media_type(content).is_err(), "{content:?}");
        }
    }

    proptest! {
        #[test]
        fn no_beginning_of_a_file_is_too_short_or_too_odd_to_look_at(
            magic in prop::sample::select(vec![b"PK\x03\x04".to_vec(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec(), b"RIFF".to_vec(), b"\x1aE\xdf\xa3".to_vec(), b"MZ".to_vec(), b"\0\0\0\x18ftyp".to_vec(), Vec::new()]),
            rest in prop::collection::vec(any::<u8>(), 0..600),
        ) {
            let content = [magic, rest].concat();
            let _ = FileKind::Any.media_type(&content);
        }
    }
}
