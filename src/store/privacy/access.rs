//! Reading personal answers in full goes on the record.

use chrono::{DateTime, Utc};

use crate::store::{AuditAct, Store, StoreError};

impl Store {
    /// Puts on the record that personal answers are read in full, of what and why: before they are shown.
    ///
    /// # Errors
    /// What the database says: then nothing is to be shown.
    pub fn note_full_access(&self, target: &str, reason: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |_, journal| {
            journal.note(AuditAct::PersonalRead, target).after(reason);
            Ok(())
        })
    }
}
