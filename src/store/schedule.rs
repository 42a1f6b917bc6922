//! What servers do by themselves from time to time: of several on one database, one does it each time.
//!
//! Who takes a task holds it for a while and says so again while working; what a server that died had taken is free
//! again after that while.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use super::backend::on_backend;
use super::schema::scheduled_tasks;
use super::{Store, StoreError, time};

/// How long a task is held without another word.
const HELD: TimeDelta = TimeDelta::minutes(10);

impl Store {
    /// Takes a task where it was last done long enough ago, or never, and nobody holds it. Says whether it was taken.
    ///
    /// # Errors
    /// What the database says.
    pub fn take_task(&self, task: &str, every: TimeDelta, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let due = time::stored(now - every);
        let (now, until) = (time::stored(now), time::stored(now + HELD));
        self.write(|connection| {
            on_backend!(connection, |c| diesel::insert_into(scheduled_tasks::table)
                .values(scheduled_tasks::task.eq(task))
                .on_conflict(scheduled_tasks::task)
                .do_nothing()
                .execute(c))?;
            let free = scheduled_tasks::table
                .filter(scheduled_tasks::task.eq(task))
                .filter(scheduled_tasks::done_at.is_null().or(scheduled_tasks::done_at.le(due)))
                .filter(
                    scheduled_tasks::taken_until
                        .is_null()
                        .or(scheduled_tasks::taken_until.lt(now)),
                );
            let taken = on_backend!(connection, |c| diesel::update(free)
                .set(scheduled_tasks::taken_until.eq(until))
                .execute(c))?;
            Ok(taken > 0)
        })
    }

    /// Holds a task that was taken for another while.
    ///
    /// # Errors
    /// What the database says.
    pub fn hold_task(&self, task: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        let until = time::stored(now + HELD);
        self.write(|connection| {
            on_backend!(connection, |c| diesel::update(scheduled_tasks::table.find(task))
                .set(scheduled_tasks::taken_until.eq(until))
                .execute(c))?;
            Ok(())
        })
    }

    /// Gives a task back that was taken: done at that time, or not done.
    ///
    /// # Errors
    /// What the database says.
    pub fn end_task(&self, task: &str, done: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        self.write(|connection| {
            let row = scheduled_tasks::table.find(task);
            on_backend!(connection, |c| match done {
                Some(done) => diesel::update(row)
                    .set((
                        scheduled_tasks::taken_until.eq(None::<chrono::NaiveDateTime>),
                        scheduled_tasks::done_at.eq(time::stored(done))
                    ))
                    .execute(c),
                None => diesel::update(row)
                    .set(scheduled_tasks::taken_until.eq(None::<chrono::NaiveDateTime>))
                    .execute(c),
            })?;
            Ok(())
        })
    }
}
