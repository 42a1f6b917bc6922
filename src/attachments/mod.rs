//! Files that belong to responses: their content, by its hash, in a folder or in a bucket of an S3-compatible store.
//!
//! Flows in: bytes as they arrive, under a limit. Flows out: the same bytes under the SHA-256 of them, whole or in part,
//! with what kind of file they are. What is equal is kept once, sealed where whoever keeps it has a key for it. Nothing here
//! knows which response a file belongs to, where keys come from, speaks SQL or HTTP. Calls block.
//!
//! What is received lies in a file of its own until it is whole, checked and hashed; only then does it appear among
//! the contents, at once. A program that dies before leaves a file in the folder `incoming`, and nothing else.

mod address;
mod contents;
mod error;
mod media;
mod receiving;
mod sealing;

pub use address::{Bucket, ContentAddress};
pub use contents::{Contents, Kept, Reading, Stored};
pub use error::ContentError;
pub use media::{FileKind, MediaType};
pub use receiving::{Received, Receiving};
pub use sealing::ContentKey;
