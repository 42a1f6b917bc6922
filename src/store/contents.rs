//! Contents of files: a row for each that is kept, or about to be. The content itself lies elsewhere, by its hash
//! ([`crate::attachments`]).
//!
//! Content is written after its row is here and before a version refers to it; it is removed while its row is locked,
//! so that whoever sends the same at the same time waits, finds no row, and sends it again. A program that dies in
//! between leaves content that no version refers to, which is removed in time.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use zeroize::Zeroizing;

use super::backend::{Connection, on_backend};
use super::schema::{attachments, response_attachments};
use super::seal::{self, FileContent};
use super::{Store, StoreError, time};
use crate::response::Fingerprint;

/// Content that there is a row for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The SHA-256 of it.
    pub hash: Fingerprint,
    /// How many bytes it has: at least one.
    pub size: u64,
    /// What it is: `image/jpeg`.
    pub media_type: String,
    /// The key that it is sealed by, wrapped by a master key; `None` where it lies there as it came.
    pub data_key: Option<Vec<u8>>,
}

/// How many rows are read at a time.
const BATCH: i64 = 500;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = attachments)]
pub(super) struct ContentRow {
    hash: String,
    size: i64,
    media_type: String,
    received_at: NaiveDateTime,
    needed_at: NaiveDateTime,
    erased: bool,
    data_key: Option<Vec<u8>>,
}

impl TryFrom<ContentRow> for Content {
    type Error = StoreError;

    fn try_from(row: ContentRow) -> Result<Self, StoreError> {
        Ok(Self {
            hash: read_hash(&row.hash)?,
            size: u64::try_from(row.size).map_err(|_| StoreError::Unreadable("a file of negative size".to_owned()))?,
            media_type: row.media_type,
            data_key: row.data_key,
        })
    }
}

pub(super) fn read_hash(hex: &str) -> Result<Fingerprint, StoreError> {
    Fingerprint::from_hex(hex).ok_or_else(|| StoreError::Unreadable(format!("'{hex}' is not a hash")))
}

impl Store {
    /// Makes the row of content that is about to be kept, or says of one that is there that it is needed; what the row says.
    /// A new row has a data key where there are master keys, or may be.
    ///
    /// # Errors
    /// What the database says.
    pub fn expect_content(
        &self,
        hash: Fingerprint,
        size: u64,
        media_type: &str,
        now: DateTime<Utc>,
    ) -> Result<Content, StoreError> {
        let hash = hash.to_string();
        let row = ContentRow {
            size: i64::try_from(size).unwrap_or(i64::MAX),
            media_type: media_type.to_owned(),
            received_at: time::stored(now),
            needed_at: time::stored(now),
            erased: false,
            data_key: match self.keys_if_any()? {
                Some(ring) => Some(seal::new_data_key(&ring, FileContent { hash: &hash })?),
                None => None,
            },
            hash,
        };
        let there: ContentRow = self.write(|connection| {
            on_backend!(connection, |c| diesel::insert_into(attachments::table)
                .values(&row)
                .on_conflict(attachments::hash)
                .do_update()
                .set((attachments::needed_at.eq(row.needed_at), attachments::erased.eq(false)))
                .execute(c))?;
            let there = attachments::table.find(&row.hash);
            Ok(on_backend!(connection, |c| there
                .select(ContentRow::as_select())
                .first(c))?)
        })?;
        there.try_into()
    }

    /// The content of a hash; `None` where there is no row for it.
    ///
    /// # Errors
    /// What the database says.
    pub fn content(&self, hash: Fingerprint) -> Result<Option<Content>, StoreError> {
        let row: Option<ContentRow> = self.read(|connection| {
            let row = attachments::table.find(hash.to_string());
            Ok(on_backend!(connection, |c| row
                .select(ContentRow::as_select())
                .first(c)
                .optional())?)
        })?;
        row.map(Content::try_from).transpose()
    }

    /// The key that content is sealed by; `None` where it lies there as it came.
    ///
    /// # Errors
    /// [`StoreError::UnknownKey`] or [`StoreError::KeysNeeded`] where the master key is missing.
    pub fn content_key(&self, content: &Content) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
        let hash = content.hash.to_string();
        let unwrapped = |data_key: &Vec<u8>| seal::unwrap(&self.inner.keys, FileContent { hash: &hash }, data_key);
        content.data_key.as_ref().map(unwrapped).transpose()
    }

    /// Gives content that lies there as it came a data key, once `seal` has sealed it by that. Says whether it did: not where
    /// it was sealed or removed in the meantime.
    ///
    /// # Errors
    /// [`StoreError::KeysNeeded`], what the database or `seal` says: then the row stays as it is.
    pub fn seal_content(
        &self,
        hash: Fingerprint,
        seal: impl FnOnce(Zeroizing<[u8; 32]>) -> Result<(), String>,
    ) -> Result<bool, StoreError> {
        let hash = hash.to_string();
        let place = FileContent { hash: &hash };
        let data_key = seal::new_data_key(&*self.keys()?, place)?;
        let secret = seal::unwrap(&self.inner.keys, place, &data_key)?;
        self.write(|connection| {
            let open = attachments::table.find(&hash).filter(attachments::data_key.is_null());
            // Whoever does the same at the same time waits, and finds it done.
            let marked = diesel::update(open).set(attachments::data_key.eq(Some(data_key)));
            if on_backend!(connection, |c| marked.execute(c))? == 0 {
                return Ok(false);
            }
            seal(secret).map_err(StoreError::System)?;
            Ok(true)
        })
    }

    /// Wraps the data keys of contents by the newest master key. How many changed.
    ///
    /// # Errors
    /// Where a key is missing; what was done until then stays done.
    pub(super) fn rotate_contents(&self) -> Result<u64, StoreError> {
        let mut changed = 0;
        self.for_each_content_key(|batch| {
            changed += self.write(|connection| {
                let mut changed = 0;
                for (hash, data_key) in batch {
                    let Some(anew) = seal::rewrap(&self.inner.keys, FileContent { hash }, data_key)? else {
                        continue;
                    };
                    let row = attachments::table.find(hash).filter(attachments::data_key.eq(data_key));
                    changed += on_backend!(connection, |c| diesel::update(row)
                        .set(attachments::data_key.eq(Some(anew)))
                        .execute(c))?;
                }
                Ok(changed as u64)
            })?;
            Ok(())
        })?;
        Ok(changed)
    }

    /// Hands the hashes and data keys of sealed contents to `act`, a few hundred at a time.
    pub(super) fn for_each_content_key(
        &self,
        mut act: impl FnMut(&[(String, Vec<u8>)]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let query = attachments::table
                .filter(attachments::hash.gt(&after))
                .filter(attachments::data_key.is_not_null())
                .order(attachments::hash)
                .limit(BATCH)
                .select((attachments::hash, attachments::data_key.assume_not_null()));
            let batch: Vec<(String, Vec<u8>)> =
                self.read(|connection| Ok(on_backend!(connection, |c| query.load(c))?))?;
            let Some((last, _)) = batch.last() else {
                return Ok(());
            };
            after.clone_from(last);
            act(&batch)?;
        }
    }

    /// Contents that nothing refers to: since before `until`, or whose owner's data was erased. At most a few hundred.
    ///
    /// # Errors
    /// What the database says.
    pub fn unneeded_contents(&self, until: DateTime<Utc>) -> Result<Vec<Content>, StoreError> {
        let query = attachments::table
            .filter(
                attachments::needed_at
                    .lt(time::stored(until))
                    .or(attachments::erased.eq(true)),
            )
            .filter(diesel::dsl::not(diesel::dsl::exists(
                response_attachments::table.filter(response_attachments::hash.eq(attachments::hash)),
            )))
            .order(attachments::hash)
            .limit(BATCH);
        let rows: Vec<ContentRow> = self.read(|connection| {
            Ok(on_backend!(connection, |c| query
                .select(ContentRow::as_select())
                .load(c))?)
        })?;
        rows.into_iter().map(Content::try_from).collect()
    }

    /// Removes the row of content that nothing refers to, and by `remove` the content, so that nobody can refer to it
    /// in between. Says whether it was removed.
    ///
    /// # Errors
    /// What the database or `remove` says: then the row stays.
    pub fn remove_content(
        &self,
        hash: Fingerprint,
        until: DateTime<Utc>,
        remove: impl FnOnce() -> Result<(), String>,
    ) -> Result<bool, StoreError> {
        let hash = hash.to_string();
        self.write(|connection| {
            // A second statement sees what others committed while this one waited for them.
            let row = attachments::table.find(&hash).select(attachments::hash);
            match connection {
                Connection::Sqlite(_) => {}
                Connection::Postgres(c) => drop(row.for_update().first::<String>(*c).optional()?),
            }
            let unneeded = attachments::table
                .find(&hash)
                .filter(
                    attachments::needed_at
                        .lt(time::stored(until))
                        .or(attachments::erased.eq(true)),
                )
                .filter(diesel::dsl::not(diesel::dsl::exists(
                    response_attachments::table.filter(response_attachments::hash.eq(&hash)),
                )));
            if on_backend!(connection, |c| diesel::delete(unneeded).execute(c))? == 0 {
                return Ok(false);
            }
            remove().map_err(StoreError::System)?;
            Ok(true)
        })
    }

    /// Contents that responses have, by hash: a few hundred after that one (`None`: from the first on).
    ///
    /// # Errors
    /// What the database says.
    pub fn contents_after(&self, after: Option<Fingerprint>) -> Result<Vec<Content>, StoreError> {
        let after = after.map(|hash| hash.to_string()).unwrap_or_default();
        let query = attachments::table
            .filter(attachments::hash.gt(after))
            .filter(diesel::dsl::exists(
                response_attachments::table.filter(response_attachments::hash.eq(attachments::hash)),
            ))
            .order(attachments::hash)
            .limit(BATCH);
        let rows: Vec<ContentRow> = self.read(|connection| {
            Ok(on_backend!(connection, |c| query
                .select(ContentRow::as_select())
                .load(c))?)
        })?;
        rows.into_iter().map(Content::try_from).collect()
    }

    /// Which of these hashes there are no rows for.
    ///
    /// # Errors
    /// What the database says.
    pub fn unknown_contents(&self, hashes: &[Fingerprint]) -> Result<Vec<Fingerprint>, StoreError> {
        let texts: Vec<String> = hashes.iter().map(ToString::to_string).collect();
        let query = attachments::table
            .filter(attachments::hash.eq_any(&texts))
            .select(attachments::hash);
        let known: Vec<String> = self.read(|connection| Ok(on_backend!(connection, |c| query.load(c))?))?;
        Ok(hashes
            .iter()
            .zip(&texts)
            .filter(|(_, text)| !known.contains(text))
            .map(|(hash, _)| *hash)
            .collect())
    }
}
