//! The keys of what is sealed beside the answers: the contents of files, the secrets of authenticators, and the files of jobs.

use diesel::prelude::*;

use crate::store::backend::{Connection, on_backend};
use crate::store::schema::{job_files, second_factors};
use crate::store::seal::{self, Authenticator, JobPiece};
use crate::store::{KeyId, Store, StoreError};

/// Where a piece is, and the key that opens it.
type Piece = (i64, String, i64, i64, Option<Vec<u8>>);

impl Store {
    /// Hands the master key of every secret to `act`.
    pub(super) fn for_each_key_of_secrets(&self, mut act: impl FnMut(KeyId)) -> Result<(), StoreError> {
        let authenticators = second_factors::table.select(second_factors::data_key);
        let pieces = job_files::table.select(job_files::data_key);
        let keys: Vec<Option<Vec<u8>>> = self.read(|connection| {
            let mut keys: Vec<Option<Vec<u8>>> = on_backend!(connection, |c| authenticators.load(c))?;
            keys.extend::<Vec<Option<Vec<u8>>>>(on_backend!(connection, |c| pieces.load(c))?);
            Ok(keys)
        })?;
        keys.iter()
            .flatten()
            .filter_map(|key| seal::wrapped_by(key))
            .for_each(&mut act);
        self.for_each_content_key(|batch| {
            let keys = batch.iter().filter_map(|(_, key)| seal::wrapped_by(key));
            keys.for_each(&mut act);
            Ok(())
        })
    }

    /// Wraps the key of every secret by the newest master key, and seals what stands in the clear. How many changed.
    pub(super) fn rotate_secrets(&self) -> Result<u64, StoreError> {
        let mut changed = self.rotate_contents()?;
        changed += self.write(|connection| self.rotate_authenticators(connection))?;
        let jobs = job_files::table.select(job_files::job_id).distinct();
        let jobs: Vec<i64> = self.read(|connection| Ok(on_backend!(connection, |c| jobs.load(c))?))?;
        for job in jobs {
            changed += self.write(|connection| self.rotate_files(connection, job))?;
        }
        Ok(changed)
    }

    fn rotate_authenticators(&self, connection: &mut Connection<'_>) -> Result<u64, StoreError> {
        let all = second_factors::table.select((
            second_factors::user_id,
            second_factors::secret,
            second_factors::data_key,
        ));
        let rows: Vec<(i64, Vec<u8>, Option<Vec<u8>>)> = on_backend!(connection, |c| all.load(c))?;
        let mut changed = 0;
        for (user, secret, data_key) in rows {
            let Some(data_key) = data_key else {
                changed += u64::from(self.seal_authenticator(connection, user, &secret)?);
                continue;
            };
            let Some(anew) = seal::rewrap(&self.inner.keys, Authenticator { user }, &data_key)? else {
                continue;
            };
            let row = second_factors::table
                .find(user)
                .filter(second_factors::data_key.eq(data_key));
            changed += on_backend!(connection, |c| diesel::update(row)
                .set(second_factors::data_key.eq(anew))
                .execute(c))? as u64;
        }
        Ok(changed)
    }

    fn rotate_files(&self, connection: &mut Connection<'_>, job: i64) -> Result<u64, StoreError> {
        let pieces = job_files::table.filter(job_files::job_id.eq(job)).select((
            job_files::job_id,
            job_files::part,
            job_files::lease,
            job_files::position,
            job_files::data_key,
        ));
        let pieces: Vec<Piece> = on_backend!(connection, |c| pieces.load(c))?;
        let mut changed = 0;
        for (job, part, lease, position, data_key) in pieces {
            let place = JobPiece {
                job,
                part: &part,
                lease,
                position,
            };
            let row = job_files::table.find((job, &part, lease, position));
            let Some(data_key) = data_key else {
                let content: Vec<u8> = on_backend!(connection, |c| row.select(job_files::content).first(c))?;
                let sealed = seal::seal_bytes(&*self.keys()?, place, &content)?;
                let changes = (
                    job_files::content.eq(sealed.content),
                    job_files::data_key.eq(Some(sealed.data_key)),
                );
                changed += on_backend!(connection, |c| diesel::update(row).set(changes).execute(c))? as u64;
                continue;
            };
            let Some(anew) = seal::rewrap(&self.inner.keys, place, &data_key)? else {
                continue;
            };
            changed += on_backend!(connection, |c| diesel::update(row)
                .set(job_files::data_key.eq(anew))
                .execute(c))? as u64;
        }
        Ok(changed)
    }
}
