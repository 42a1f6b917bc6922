//! Everything that is held about a subject, for a copy of it.

use diesel::prelude::*;

use super::Subject;
use crate::store::backend::on_backend;
use crate::store::heads::HeadRow;
use crate::store::responses::Head;
use crate::store::schema::imports;
use crate::store::{Event, Store, StoreError, Version};

/// One response of a subject, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// What is known of it.
    pub head: Head,
    /// Its versions as they were received, with their personal answers.
    pub versions: Vec<Version>,
    /// What happened to it.
    pub events: Vec<Event>,
    /// The name of the file that it came in.
    pub file_name: Option<String>,
}

impl Store {
    /// Everything that is held about a subject; empty where nothing is.
    ///
    /// # Errors
    /// Where the keys are missing, or what the database says.
    pub fn held_about(&self, subject: &Subject) -> Result<Vec<Held>, StoreError> {
        let heads: Vec<HeadRow> = self.read(|connection| self.responses_of(connection, subject))?;
        let mut held = Vec::with_capacity(heads.len());
        for row in heads {
            let head = Head::try_from(row)?;
            let mut versions = self.response_versions(&head.survey, &head.instance_id)?;
            for version in &mut versions {
                self.open_personal(&head.survey, version)?;
            }
            let events = self.response_events(&head.survey, &head.instance_id)?;
            let file_name = match head.import_id {
                Some(import) => self.read(|connection| {
                    let query = imports::table.find(import).select(imports::file_name);
                    Ok(on_backend!(connection, |c| query.first(c).optional())?)
                })?,
                None => None,
            };
            held.push(Held {
                head,
                versions,
                events,
                file_name,
            });
        }
        Ok(held)
    }
}
