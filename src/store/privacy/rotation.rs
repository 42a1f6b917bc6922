//! Changing the master key while others read and write, and sealing what was stored before there were keys.

use std::collections::BTreeMap;

use diesel::prelude::*;

use super::{Definitions, Parts, split};
use crate::definition::Element;
use crate::response::asks_personal;
use crate::store::backend::on_backend;
use crate::store::keys::is_keyed;
use crate::store::schema::{response_versions, responses};
use crate::store::seal::{self, Belonging};
use crate::store::submission::Facts;
use crate::store::{JsonText, KeyId, Store, StoreError};

/// How many versions change in one transaction: others get their turn between two.
const BATCH: i64 = 500;

/// How many data keys a master key wraps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The master key.
    pub key: KeyId,
    /// How many versions of responses.
    pub versions: u64,
    /// How many secrets beside them: contents of files, authenticators, and pieces of the files of jobs.
    pub secrets: u64,
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Versions whose data key was wrapped anew.
    pub rewrapped: u64,
    /// Versions that were stored in the clear and are sealed now.
    pub sealed: u64,
    /// Keys of contents that were wrapped anew; authenticators and pieces of files of jobs that were that, or sealed.
    pub secrets: u64,
}

type Wrapped = (i64, String, String, String, Option<Vec<u8>>);

#[derive(Queryable, Selectable)]
#[diesel(table_name = response_versions)]
struct Clear {
    id: i64,
    round: String,
    survey: String,
    response_id: i64,
    instance_id: String,
    definition_version: String,
    content_hash: String,
    answers_hash: String,
    facts: JsonText,
    answers: JsonText,
    problems: JsonText,
    original: Option<Vec<u8>>,
}

impl Store {
    /// Which master keys are in use.
    ///
    /// # Errors
    /// What the database says.
    pub fn key_use(&self) -> Result<Vec<KeyUse>, StoreError> {
        let mut counts: BTreeMap<KeyId, (u64, u64)> = BTreeMap::new();
        self.each_wrapped(|batch| {
            for key in batch
                .iter()
                .filter_map(|(.., key)| key.as_deref())
                .filter_map(seal::wrapped_by)
            {
                counts.entry(key).or_default().0 += 1;
            }
            Ok(())
        })?;
        self.for_each_key_of_secrets(|key| counts.entry(key).or_default().1 += 1)?;
        let used = |(key, (versions, secrets))| KeyUse { key, versions, secrets };
        Ok(counts.into_iter().map(used).collect())
    }

    /// Wraps every data key by the newest master key, in batches, and seals personal answers and secrets that still stand
    /// in the clear. `progress` hears after each batch how far it is.
    ///
    /// # Errors
    /// Where a key is missing; what was done until then stays done, and doing it again goes on.
    pub fn rotate_keys(
        &self,
        definitions: &Definitions<'_>,
        mut progress: impl FnMut(Rotated),
    ) -> Result<Rotated, StoreError> {
        self.keys()?;
        let mut done = Rotated::default();
        self.each_wrapped(|batch| {
            done.rewrapped += self.rewrap(batch)?;
            progress(done);
            Ok(())
        })?;
        done.sealed = self.seal_clear(definitions, &mut |sealed| progress(Rotated { sealed, ..done }))?;
        done.secrets = self.rotate_secrets()?;
        self.overwrite_old_pages()?;
        Ok(done)
    }

    fn each_wrapped(&self, mut act: impl FnMut(&[Wrapped]) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let query = response_versions::table
                .filter(response_versions::id.gt(after))
                .filter(response_versions::data_key.is_not_null())
                .order(response_versions::id)
                .limit(BATCH)
                .select((
                    response_versions::id,
                    response_versions::round,
                    response_versions::survey,
                    response_versions::instance_id,
                    response_versions::data_key,
                ));
            let batch: Vec<Wrapped> = self.read(|connection| Ok(on_backend!(connection, |c| query.load(c))?))?;
            let Some((last, ..)) = batch.last() else {
                return Ok(());
            };
            after = *last;
            act(&batch)?;
        }
    }

    fn rewrap(&self, batch: &[Wrapped]) -> Result<u64, StoreError> {
        self.write(|connection| {
            let mut changed = 0;
            for (id, round, survey, instance_id, data_key) in batch {
                let place = Belonging { survey, instance_id };
                let Some(data_key) = data_key else { continue };
                let Some(anew) = seal::rewrap(&self.inner.keys, place, data_key)? else {
                    continue;
                };
                // Only while it is the one that was read: it may have been erased meanwhile.
                let row = response_versions::table
                    .filter(response_versions::round.eq(round))
                    .filter(response_versions::survey.eq(survey))
                    .filter(response_versions::id.eq(id))
                    .filter(response_versions::data_key.eq(data_key));
                changed += on_backend!(connection, |c| diesel::update(row)
                    .set(response_versions::data_key.eq(anew))
                    .execute(c))?;
            }
            Ok(changed as u64)
        })
    }

    /// Seals what was stored before there were keys.
    fn seal_clear(&self, definitions: &Definitions<'_>, progress: &mut dyn FnMut(u64)) -> Result<u64, StoreError> {
        let (mut after, mut sealed) = (0, 0);
        loop {
            let query = response_versions::table
                .filter(response_versions::id.gt(after))
                .filter(response_versions::data_key.is_null())
                .order(response_versions::id)
                .limit(BATCH)
                .select(response_versions::id);
            let ids: Vec<i64> = self.read(|connection| Ok(on_backend!(connection, |c| query.load(c))?))?;
            let Some(last) = ids.last() else {
                return Ok(sealed);
            };
            let (first, last) = (after, *last);
            after = last;
            sealed += self.write(|connection| {
                let query = response_versions::table
                    .filter(response_versions::id.gt(first))
                    .filter(response_versions::id.le(last))
                    .filter(response_versions::data_key.is_null());
                let rows: Vec<Clear> = on_backend!(connection, |c| query.select(Clear::as_select()).load(c))?;
                let mut changed = 0;
                for row in rows {
                    changed += u64::from(self.seal_version(connection, row, definitions)?);
                }
                Ok(changed)
            })?;
            progress(sealed);
        }
    }

    fn seal_version(
        &self,
        connection: &mut crate::store::backend::Connection<'_>,
        row: Clear,
        definitions: &Definitions<'_>,
    ) -> Result<bool, StoreError> {
        let Some(definition) = definitions(&row.survey, &row.definition_version).filter(|found| asks_personal(found))
        else {
            return Ok(false);
        };
        let mut facts: Facts = row.facts.read()?;
        let mut parts = Parts {
            answers: row.answers.read()?,
            findings: row.problems.read()?,
            original: row.original,
            identity: facts.identity,
        };
        let personal = split(definition, &mut parts, Element::is_personal);
        if personal.is_empty() {
            return Ok(false);
        }
        let ring = self.keys()?;
        let place = Belonging {
            survey: &row.survey,
            instance_id: &row.instance_id,
        };
        let sealed = seal::seal(&ring, place, &personal)?;
        facts.identity = parts.identity;
        facts.subject = personal.subject.as_deref().map(|key| ring.subject(key));
        let keyed = |stored: String| {
            if is_keyed(&stored) {
                stored
            } else {
                ring.fingerprint(&stored)
            }
        };
        let version = response_versions::table
            .filter(response_versions::round.eq(&row.round))
            .filter(response_versions::survey.eq(&row.survey))
            .filter(response_versions::id.eq(row.id));
        let changes = (
            response_versions::content_hash.eq(keyed(row.content_hash)),
            response_versions::answers_hash.eq(keyed(row.answers_hash)),
            response_versions::facts.eq(JsonText::of(&facts)?),
            response_versions::answers.eq(JsonText::of(&parts.answers)?),
            response_versions::problems.eq(JsonText::of(&parts.findings)?),
            response_versions::original.eq(parts.original),
            response_versions::data_key.eq(Some(sealed.data_key)),
            response_versions::sealed.eq(Some(sealed.content)),
        );
        on_backend!(connection, |c| diesel::update(version).set(changes).execute(c))?;
        if facts.subject.is_some() {
            let head = responses::table
                .filter(responses::round.eq(&row.round))
                .filter(responses::survey.eq(&row.survey))
                .filter(responses::id.eq(row.response_id))
                .filter(responses::current_version.eq(row.id));
            on_backend!(connection, |c| diesel::update(head)
                .set((
                    responses::name.eq(&facts.identity.name),
                    responses::code.eq(&facts.identity.code),
                    responses::organisation.eq(facts.organisation())
                ))
                .execute(c))?;
        }
        Ok(true)
    }
}
