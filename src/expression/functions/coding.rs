//! Digests, base64 and identifiers.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::super::tree::Tree;
use super::super::value::Value;
use super::{Arguments, Outcome};

/// `digest(text, algorithm, encoding)`; the encoding is base64 unless hex is asked for.
pub(super) fn digest<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let (text, algorithm) = (of.string(0)?, of.string(1)?);
    let hash = match algorithm.to_ascii_uppercase().as_str() {
        "MD5" => Md5::digest(text.as_bytes()).to_vec(),
        "SHA-1" => Sha1::digest(text.as_bytes()).to_vec(),
        "SHA-256" => Sha256::digest(text.as_bytes()).to_vec(),
        "SHA-384" => Sha384::digest(text.as_bytes()).to_vec(),
        "SHA-512" => Sha512::digest(text.as_bytes()).to_vec(),
        _ => {
            return Err(of.wrong(format!(
                "unknown algorithm '{algorithm}': one of MD5, SHA-1, SHA-256, SHA-384, SHA-512"
            )));
        }
    };
    let encoding = if of.len() > 2 { of.string(2)? } else { "base64".into() };
    Ok(Value::text(match encoding.to_ascii_lowercase().as_str() {
        "base64" => STANDARD.encode(hash),
        "hex" => base16ct::lower::encode_string(&hash),
        _ => return Err(of.wrong(format!("unknown encoding '{encoding}': base64 or hex"))),
    }))
}

/// `base64-decode(text)`, with padding or without: empty where the text is not base64; bytes that are not UTF-8 become
/// replacement signs.
pub(super) fn base64_decode<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    let text = of.string(0)?;
    let bytes = STANDARD_NO_PAD
        .decode(text.trim().trim_end_matches('='))
        .unwrap_or_default();
    Ok(Value::text(String::from_utf8_lossy(&bytes).into_owned()))
}

/// `uuid()`, or with a length a random text of that many letters and digits.
pub(super) fn uuid<'a, T: Tree>(of: &Arguments<'a, '_, T>) -> Outcome<'a, T> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let environment = of.scope.environment;
    if of.len() == 0 {
        return Ok(Value::text(of.available(environment.uuid())?));
    }
    let length = of.number(0)?;
    if !(1.0..=1000.0).contains(&length) {
        return Err(of.wrong("the length is not between 1 and 1000"));
    }
    let mut text = String::new();
    while (text.len() as f64) < length.floor() {
        let share = of.available(environment.random())?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within the alphabet"
        )]
        let place = (share * ALPHABET.len() as f64) as usize;
        text.push(char::from(*ALPHABET.get(place).unwrap_or(&b'A')));
    }
    Ok(Value::text(text))
}
