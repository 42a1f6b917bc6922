//! The surveys of a store, kept in memory for a server that is asked for them with every request.
//!
//! A published definition never changes, so each is compiled once. Which versions there are and in which state the
//! survey is, is asked anew after a second, and at once where another server or a command on the same database tells of a
//! change (see `Store::listen`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::catalogue::{Compiled, Version};
use super::{Catalogue, StudyError};
use crate::store::{Store, StoredDefinition};

/// How long the list of versions is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(1);

/// The surveys as far as they are in memory: drafts too, and without what can't be used any more.
#[derive(Debug, Default)]
pub struct Surveys {
    catalogue: Mutex<Option<(Instant, Arc<Catalogue>)>>,
    compiled: Mutex<HashMap<String, Compiled>>,
}

impl Surveys {
    /// All surveys, at most a second old. Blocks where the store must be asked.
    ///
    /// # Errors
    ///
    /// What the store says.
    pub fn catalogue(&self, store: &Store) -> Result<Arc<Catalogue>, StudyError> {
        if let Some(catalogue) = self.believed() {
            return Ok(catalogue);
        }
        let catalogue = Arc::new(self.load(store)?);
        *self.catalogue.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), catalogue.clone()));
        Ok(catalogue)
    }

    /// All surveys, where they are known and fresh: does not block.
    pub fn believed(&self) -> Option<Arc<Catalogue>> {
        let kept = self.catalogue.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref()
            .filter(|(at, _)| at.elapsed() < BELIEVED_FOR)
            .map(|(_, catalogue)| catalogue.clone())
    }

    /// Asks the store anew next time: something was changed through this server.
    pub fn forget(&self) {
        *self.catalogue.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn load(&self, store: &Store) -> Result<Catalogue, StudyError> {
        let mut versions = Vec::new();
        for stored in store.definitions()? {
            match self.compiled(store, &stored) {
                Ok(compiled) => versions.push((stored.survey.clone(), Version::new(stored, compiled))),
                Err(StudyError::Store(error)) => return Err(error.into()),
                // One version that an older program took must not close the others.
                Err(reason) => {
                    tracing::error!(
                        survey = stored.survey,
                        version = stored.version,
                        %reason,
                        "a stored definition can't be used"
                    );
                }
            }
        }
        Catalogue::of(store, versions)
    }

    fn compiled(&self, store: &Store, stored: &StoredDefinition) -> Result<Compiled, StudyError> {
        let known = |compiled: &Self| {
            let compiled = compiled.compiled.lock().unwrap_or_else(PoisonError::into_inner);
            compiled.get(&stored.hash).cloned()
        };
        if let Some(compiled) = known(self) {
            return Ok(compiled);
        }
        let compiled = Compiled::of(store, stored)?;
        self.compiled
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(stored.hash.clone(), compiled.clone());
        Ok(compiled)
    }
}
