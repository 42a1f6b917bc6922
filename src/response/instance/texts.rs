//! The texts of an instance, whatever survey it answers.

use std::collections::HashMap;

use super::encoding::decode;
use super::error::InstanceError;
use super::scan::{Scanner, Token};

/// An element that is open.
#[derive(Default)]
struct Opened {
    path: String,
    text: String,
    /// How many elements of each name it has so far.
    inner: HashMap<String, usize>,
}

/// The text of each innermost element with its path, in document order: `/site/photo`, the second one of its name
/// `/site/photo[2]`.
pub fn texts(xml: &[u8]) -> Result<Vec<(String, String)>, InstanceError> {
    let text = decode(xml)?;
    let (mut scanner, _) = Scanner::open(&text)?;
    let mut found = Vec::new();
    let mut open = vec![Opened::default()];
    while let Some(innermost) = open.last_mut() {
        match scanner.next()? {
            Token::Text(part) => innermost.text.push_str(&part),
            Token::Open(element) => {
                let name = element.name();
                let count = innermost.inner.entry(name.to_owned()).or_default();
                *count += 1;
                let path = match *count {
                    1 => format!("{}/{name}", innermost.path),
                    count => format!("{}/{name}[{count}]", innermost.path),
                };
                open.push(Opened {
                    path,
                    ..Opened::default()
                });
            }
            Token::Close => {
                if let Some(closed) = open.pop().filter(|closed| closed.inner.is_empty()) {
                    found.push((closed.path, closed.text.trim().to_owned()));
                }
            }
        }
    }
    scanner.finish()?;
    Ok(found)
}
