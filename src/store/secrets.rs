//! Secrets that the program makes up: shown once, kept as a hash.

use rand::TryRng;
use rand::rngs::SysRng;
use sha2::{Digest, Sha256};

use super::StoreError;

/// A secret of 256 random bits after a prefix that tells what it is, also where it has leaked into a file.
pub(super) fn new(prefix: &str) -> Result<String, StoreError> {
    Ok(format!(
        "{prefix}{}",
        base16ct::lower::encode_string(&random_bytes::<32>()?)
    ))
}

/// A made-up secret is not guessed from its hash, so one round of a plain hash is enough.
pub(super) fn hash(secret: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(secret.as_bytes()))
}

/// Bytes from the operating system's source of secrets.
pub(super) fn random_bytes<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    SysRng
        .try_fill_bytes(&mut bytes)
        .map_err(|error| StoreError::System(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

/// So many letters and digits, of those that are not mistaken for each other (5 bits each), in groups.
pub(super) fn readable<const N: usize>(group: usize) -> Result<String, StoreError> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let bytes: [u8; N] = random_bytes()?;
    let mut text = String::with_capacity(N + N / group.max(1));
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place % group == 0 {
            text.push('-');
        }
        text.extend(LETTERS.get(usize::from(byte % 32)).map(|letter| char::from(*letter)));
    }
    Ok(text)
}
