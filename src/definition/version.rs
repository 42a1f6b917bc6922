//! What makes a version: the hash over a definition and the files that belong to it.

use sha2::{Digest, Sha256};

use super::yaml::{Node, Value};

/// A file that belongs to a definition: a list for choices or `pulldata`, a picture of a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// Its name, without a folder.
    pub name: String,
    /// Its content.
    pub content: Vec<u8>,
}

impl AttachedFile {
    /// The hash of the content, in hexadecimal.
    pub fn hash(&self) -> String {
        base16ct::lower::encode_string(&Sha256::digest(&self.content))
    }
}

/// The hash of a version: the same for two definitions that say the same, with the same files beside them.
///
/// Comments, quotes and line breaks of YAML don't count; every key, value and file does. What is no YAML (a workbook)
/// counts byte by byte.
///
/// ```
/// use innogauge::definition::{AttachedFile, version_hash};
///
/// let hash = version_hash(b"survey: s # ours\nversion: '1'\n", &[]);
/// assert_eq!(hash, version_hash(b"{survey: s, version: 1}", &[]));
/// assert_ne!(hash, version_hash(b"{survey: s, version: 2}", &[]));
///
/// let list = AttachedFile { name: "register.csv".to_owned(), content: b"name,label\n".to_vec() };
/// assert_ne!(hash, version_hash(b"{survey: s, version: 1}", &[list]));
/// ```
pub fn version_hash(source: &[u8], files: &[AttachedFile]) -> String {
    let mut hash = Sha256::new();
    match std::str::from_utf8(source)
        .ok()
        .and_then(|text| Node::parse("", text).0)
    {
        Some(node) => feed(&node, &mut hash),
        None => hash.update(source),
    }
    let mut files: Vec<&AttachedFile> = files.iter().collect();
    files.sort_by_key(|file| &file.name);
    for file in files {
        part(b'f', file.name.as_bytes(), &mut hash);
        part(b'c', &file.content, &mut hash);
    }
    base16ct::lower::encode_string(&hash.finalize())
}

/// Each part goes in with its kind and length, so that no two trees give the same bytes.
fn part(kind: u8, content: &[u8], hash: &mut Sha256) {
    hash.update([kind]);
    hash.update((content.len() as u64).to_le_bytes());
    hash.update(content);
}

fn feed(node: &Node, hash: &mut Sha256) {
    match &node.value {
        Value::Scalar(text) => part(b's', text.as_bytes(), hash),
        Value::Sequence(items) => {
            part(b'l', &(items.len() as u64).to_le_bytes(), hash);
            for item in items {
                feed(item, hash);
            }
        }
        Value::Mapping(entries) => {
            part(b'm', &(entries.len() as u64).to_le_bytes(), hash);
            for (key, value) in entries {
                feed(key, hash);
                feed(value, hash);
            }
        }
    }
}
