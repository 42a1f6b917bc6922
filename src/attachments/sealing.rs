//! Content at rest: sealed in chunks, so that any part of it can be opened without the rest.
//!
//! Each chunk of 64 KiB is sealed by XChaCha20-Poly1305 under a nonce that holds its number and whether it is the last: the
//! construction STREAM (Hoang, Reyhanitabar, Rogaway and Vizár 2015, CRYPTO). Chunks can't be changed, moved, left out or
//! cut off without being found out. A key seals one content and nothing else, so that a nonce that is used again seals the same.

use std::io::{self, Read, Write};
use std::ops::Range;

use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

/// How long a chunk is when it is sealed; the last one may be shorter.
pub(super) const SEALED_CHUNK: usize = 64 * 1024 + 16;
/// How many of its bytes sealing adds, and how many are content.
const TAG: u64 = 16;
const CHUNK: u64 = SEALED_CHUNK as u64 - TAG;

/// The key of one content.
#[derive(Clone)]
pub struct ContentKey(Zeroizing<[u8; 32]>);

impl ContentKey {
    /// A key that seals this content and nothing else.
    pub fn new(secret: Zeroizing<[u8; 32]>) -> Self {
        Self(secret)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0))
    }
}

impl std::fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ContentKey(…)")
    }
}

/// How many bytes content of that size has when it is sealed.
pub(super) fn sealed_size(size: u64) -> u64 {
    size + size.div_ceil(CHUNK) * TAG
}

fn nonce(number: u64, is_last: bool) -> XNonce {
    let mut nonce = [0; 24];
    nonce
        .iter_mut()
        .zip(number.to_le_bytes())
        .for_each(|(to, from)| *to = from);
    if let Some(last) = nonce.last_mut() {
        *last = u8::from(is_last);
    }
    XNonce::from(nonce)
}

/// Seals content of that size.
pub(super) fn seal(key: &ContentKey, size: u64, mut from: impl Read, mut to: impl Write) -> io::Result<()> {
    let cipher = key.cipher();
    let chunks = size.div_ceil(CHUNK);
    let mut chunk = Vec::new();
    for number in 0..chunks {
        chunk.clear();
        from.by_ref().take(CHUNK).read_to_end(&mut chunk)?;
        let sealed = cipher.encrypt(&nonce(number, number + 1 == chunks), chunk.as_slice());
        to.write_all(&sealed.map_err(|_| io::Error::other("a chunk can't be sealed"))?)?;
    }
    Ok(())
}

/// Content, or a part of it, that is being opened.
pub(super) struct Opening {
    cipher: XChaCha20Poly1305,
    /// The number of the chunk that comes next, and that of the last one of the content.
    next: u64,
    last: u64,
    /// How many bytes of the next chunk lie before the part, and how many of the part are still to come.
    before: usize,
    left: u64,
}

impl Opening {
    /// A part of content of that size, with the bytes to read for it from where it is sealed. The part lies inside the content.
    pub(super) fn of(key: &ContentKey, size: u64, part: &Range<u64>) -> (Self, Range<u64>) {
        let (first, end) = (part.start / CHUNK, part.end.div_ceil(CHUNK));
        let sealed_chunk = CHUNK + TAG;
        let opening = Self {
            cipher: key.cipher(),
            next: first,
            last: size.div_ceil(CHUNK).saturating_sub(1),
            before: usize::try_from(part.start % CHUNK).unwrap_or(usize::MAX),
            left: part.end.saturating_sub(part.start),
        };
        (
            opening,
            first * sealed_chunk..(end * sealed_chunk).min(sealed_size(size)),
        )
    }

    /// Opens whole chunks; `None` where they are not what was sealed.
    pub(super) fn open(&mut self, sealed: &[u8]) -> Option<Vec<u8>> {
        let mut opened = Vec::with_capacity(sealed.len());
        for chunk in sealed.chunks(SEALED_CHUNK) {
            let content = self
                .cipher
                .decrypt(&nonce(self.next, self.next == self.last), chunk)
                .ok()?;
            self.next += 1;
            let wanted = content.get(std::mem::take(&mut self.before)..)?;
            let wanted = wanted
                .get(..usize::try_from(self.left).unwrap_or(usize::MAX))
                .unwrap_or(wanted);
            self.left -= wanted.len() as u64;
            opened.extend_from_slice(wanted);
        }
        Some(opened)
    }

    /// Whether all of the part has been opened.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [u64; 7] = [1, 17, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 5];

    fn key() -> ContentKey {
        ContentKey::new(Zeroizing::new([7; 32]))
    }

    fn content(size: u64) -> Vec<u8> {
        (0..size).map(|at| u8::try_from(at * at % 251).unwrap()).collect()
    }

    fn sealed(content: &[u8]) -> Vec<u8> {
        let mut sealed = Vec::new();
        seal(&key(), content.len() as u64, content, &mut sealed).unwrap();
        assert_eq!(sealed.len() as u64, sealed_size(content.len() as u64));
        sealed
    }

    fn opened(sealed: &[u8], size: u64, part: Range<u64>) -> Option<Vec<u8>> {
        let (mut opening, range) = Opening::of(&key(), size, &part);
        let range = usize::try_from(range.start).unwrap()..usize::try_from(range.end).unwrap();
        let content = opening.open(sealed.get(range)?)?;
        opening.is_done().then_some(content)
    }

    #[test]
    fn every_part_of_what_was_sealed_can_be_opened() {
        for size in SIZES {
            let content = content(size);
            let sealed = sealed(&content);
            assert!(size < 17 || !sealed.windows(16).any(|part| part == &content[..16]));
            let ends = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, size - 1, size];
            for from in ends {
                for to in ends.into_iter().filter(|to| from < *to && *to <= size) {
                    let expected = &content[usize::try_from(from).unwrap()..usize::try_from(to).unwrap()];
                    assert_eq!(
                        opened(&sealed, size, from..to).as_deref(),
                        Some(expected),
                        "{size}: {from}..{to}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_was_changed_moved_or_cut_off_does_not_open() {
        let size = 2 * CHUNK + 100;
        let whole = sealed(&content(size));
        let mut swapped = whole.clone();
        swapped.rotate_left(SEALED_CHUNK);
        let cut = &whole[..2 * SEALED_CHUNK];
        assert_eq!(opened(&swapped, size, 0..size), None);
        assert_eq!(
            opened(cut, 2 * CHUNK, 0..2 * CHUNK),
            None,
            "its last chunk was not sealed as the last"
        );
        for at in [0, SEALED_CHUNK - 1, SEALED_CHUNK, whole.len() - 1] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            assert_eq!(opened(&changed, size, 0..size), None, "byte {at}");
        }
        let (mut other, _) = Opening::of(&ContentKey::new(Zeroizing::new([8; 32])), size, &(0..size));
        assert_eq!(other.open(&whole), None);
    }
}
