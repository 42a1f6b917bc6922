//! Jobs: long work that is kept until it is done, by whichever server.
//!
//! Who takes a job up holds a lease on it and renews it while it works. Where the lease runs out, another takes the job
//! up under the next lease number. A job ends in the same transaction as its effect, and only under the number that
//! the job has now, so that the effect of an attempt which was given up for dead is undone rather than there twice.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use serde_json::Value;

use super::backend::{Connection, on_backend};
use super::schema::{job_files, jobs};
use super::{JsonText, Store, StoreError, time};

/// Work that is to be done.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its kind.
    pub kind: String,
    /// What its kind needs to know: JSON.
    pub input: Value,
    /// Who wants it.
    pub created_by: String,
}

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// It waits for a server.
    Queued,
    /// A server works on it.
    Running,
    /// Its effect is there.
    Done,
    /// It could not be done; nothing of it was kept.
    Failed,
    /// It was ended by somebody; nothing of it was kept.
    Cancelled,
}

impl JobState {
    const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Cancelled];

    /// Its name in the database and the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing more will become of it.
    pub fn is_ended(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The key.
    pub id: i64,
    /// Its kind.
    pub kind: String,
    /// What its kind needs to know.
    pub input: JsonText,
    /// How far it is.
    pub state: JobState,
    /// Whether somebody wants it ended.
    pub cancel_requested: bool,
    /// What it is at; empty before it began.
    pub stage: String,
    /// How many rows of that stage are done.
    pub done: i64,
    /// How many there are, where that is known.
    pub total: Option<i64>,
    /// What came of it, or why it failed.
    pub outcome: Option<JsonText>,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// Who asked for it.
    pub created_by: String,
    /// When the present attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// The server that works on it.
    pub owner: Option<String>,
    /// Which attempt the present one is, from 1.
    pub attempt: i64,
}

/// The right to work on a job: void as soon as another has taken the job up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The job.
    pub job: i64,
    /// The number of the lease.
    pub(super) lease: i64,
}

/// What a job is at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobProgress {
    /// The stage's name.
    pub stage: String,
    /// How many rows of it are done.
    pub done: i64,
    /// How many there are, where that is known.
    pub total: Option<i64>,
}

/// How a job ends.
#[derive(Debug, Clone, PartialEq)]
pub enum JobEnding {
    /// It is done: what came of it.
    Done(Value),
    /// It failed: why.
    Failed(Value),
    /// It was cancelled.
    Cancelled,
}

/// That a job ends with a change: committed in the same transaction, or neither.
pub struct EndsJob<'a, T> {
    /// The right to end it.
    pub claim: &'a Claim,
    /// What came of it, from what the change gave.
    pub outcome: &'a dyn Fn(&T) -> Value,
}

impl<T> EndsJob<'_, T> {
    pub(super) fn end(&self, connection: &mut Connection<'_>, made: &T, now: DateTime<Utc>) -> Result<(), StoreError> {
        end(connection, self.claim, &JobEnding::Done((self.outcome)(made)), now)
    }
}

#[derive(Insertable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
struct NewRow<'a> {
    kind: &'a str,
    input: JsonText,
    state: &'a str,
    cancel_requested: bool,
    stage: &'a str,
    done: i64,
    created_at: NaiveDateTime,
    created_by: &'a str,
    lease: i64,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs)]
struct Row {
    id: i64,
    kind: String,
    input: JsonText,
    state: String,
    cancel_requested: bool,
    stage: String,
    done: i64,
    total: Option<i64>,
    outcome: Option<JsonText>,
    created_at: NaiveDateTime,
    created_by: String,
    started_at: Option<NaiveDateTime>,
    finished_at: Option<NaiveDateTime>,
    owner: Option<String>,
    lease: i64,
}

impl TryFrom<Row> for Job {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let state = JobState::ALL.into_iter().find(|state| state.name() == row.state);
        Ok(Self {
            id: row.id,
            kind: row.kind,
            input: row.input,
            state: state.ok_or_else(|| StoreError::Unreadable(format!("unknown state '{}' of a job", row.state)))?,
            cancel_requested: row.cancel_requested,
            stage: row.stage,
            done: row.done,
            total: row.total,
            outcome: row.outcome,
            created_at: time::read(row.created_at),
            created_by: row.created_by,
            started_at: row.started_at.map(time::read),
            finished_at: row.finished_at.map(time::read),
            owner: row.owner,
            attempt: row.lease,
        })
    }
}

pub(super) fn find(connection: &mut Connection<'_>, id: i64) -> Result<Job, StoreError> {
    let query = jobs::table.find(id);
    let row: Option<Row> = on_backend!(connection, |c| query.select(Row::as_select()).first(c).optional())?;
    row.ok_or_else(|| StoreError::NotFound {
        what: "job",
        name: id.to_string(),
    })?
    .try_into()
}

pub(super) fn add(connection: &mut Connection<'_>, job: &NewJob, now: DateTime<Utc>) -> Result<i64, StoreError> {
    let row = NewRow {
        kind: &job.kind,
        input: JsonText::of(&job.input)?,
        state: JobState::Queued.name(),
        cancel_requested: false,
        stage: "",
        done: 0,
        created_at: time::stored(now),
        created_by: &job.created_by,
        lease: 0,
    };
    on_backend!(connection, |c| diesel::insert_into(jobs::table).values(&row).execute(c))?;
    connection.inserted_id()
}

/// Ends a job under the lease that it has now.
pub(super) fn end(
    connection: &mut Connection<'_>,
    claim: &Claim,
    ending: &JobEnding,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let (state, outcome) = match ending {
        JobEnding::Done(outcome) => (JobState::Done, Some(JsonText::of(outcome)?)),
        JobEnding::Failed(reason) => (JobState::Failed, Some(JsonText::of(reason)?)),
        JobEnding::Cancelled => (JobState::Cancelled, None),
    };
    let ended = on_backend!(connection, |c| diesel::update(held(claim))
        .set((
            jobs::state.eq(state.name()),
            jobs::outcome.eq(outcome),
            jobs::finished_at.eq(Some(time::stored(now))),
            jobs::lease_until.eq(None::<NaiveDateTime>),
        ))
        .execute(c))?;
    if ended == 0 {
        return Err(StoreError::LeaseLost { job: claim.job });
    }
    let left_over = job_files::table
        .filter(job_files::job_id.eq(claim.job))
        .filter(job_files::lease.ne(claim.lease));
    on_backend!(connection, |c| diesel::delete(left_over).execute(c))?;
    Ok(())
}

impl Store {
    /// One job.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn job(&self, id: i64) -> Result<Job, StoreError> {
        self.read(|connection| find(connection, id))
    }

    /// The newest jobs before a key (`None`: from the newest on), of one maker or of all.
    ///
    /// # Errors
    /// What the database says.
    pub fn jobs(&self, created_by: Option<&str>, before: Option<i64>, limit: i64) -> Result<Vec<Job>, StoreError> {
        let rows: Vec<Row> = self.read(|connection| {
            Ok(on_backend!(connection, |c: Db| {
                let mut query = jobs::table
                    .into_boxed::<Db>()
                    .filter(jobs::id.lt(before.unwrap_or(i64::MAX)));
                if let Some(maker) = created_by {
                    query = query.filter(jobs::created_by.eq(maker));
                }
                query
                    .order(jobs::id.desc())
                    .limit(limit)
                    .select(Row::as_select())
                    .load(c)
            })?)
        })?;
        rows.into_iter().map(Job::try_from).collect()
    }

    /// Takes up the job that has waited longest, or whose lease has run out. `None` where there is none.
    ///
    /// # Errors
    /// What the database says.
    pub fn claim_job(
        &self,
        owner: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Option<(Claim, Job)>, StoreError> {
        let moment = time::stored(now);
        let free = || {
            jobs::table
                .filter(jobs::state.eq_any([JobState::Queued.name(), JobState::Running.name()]))
                .filter(jobs::lease_until.is_null().or(jobs::lease_until.lt(moment)))
        };
        let waiting: Vec<(i64, i64)> = self.read(|connection| {
            let query = free().order(jobs::id).select((jobs::id, jobs::lease)).limit(8);
            Ok(on_backend!(connection, |c| query.load(c))?)
        })?;
        for (job, lease) in waiting {
            let claim = Claim { job, lease: lease + 1 };
            // Who asked at the same time finds the number changed.
            let taken = self.write(|connection| {
                let taken = on_backend!(connection, |c| diesel::update(
                    free().filter(jobs::id.eq(job)).filter(jobs::lease.eq(lease))
                )
                .set((
                    jobs::state.eq(JobState::Running.name()),
                    jobs::owner.eq(Some(owner)),
                    jobs::lease.eq(claim.lease),
                    jobs::lease_until.eq(Some(time::stored(until))),
                    jobs::started_at.eq(Some(moment)),
                    jobs::stage.eq(""),
                    jobs::done.eq(0),
                    jobs::total.eq(None::<i64>),
                ))
                .execute(c))?;
                if taken == 0 {
                    Ok(None)
                } else {
                    find(connection, job).map(Some)
                }
            })?;
            if let Some(job) = taken {
                return Ok(Some((claim, job)));
            }
        }
        Ok(None)
    }

    /// Keeps a lease alive, and tells how far the job is. Whether somebody wants it ended.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another has taken the job up.
    pub fn renew_job(&self, claim: &Claim, progress: &JobProgress, until: DateTime<Utc>) -> Result<bool, StoreError> {
        self.write(|connection| {
            let renewed = on_backend!(connection, |c| diesel::update(held(claim))
                .set((
                    jobs::lease_until.eq(Some(time::stored(until))),
                    jobs::stage.eq(&progress.stage),
                    jobs::done.eq(progress.done),
                    jobs::total.eq(progress.total),
                ))
                .execute(c))?;
            if renewed == 0 {
                return Err(StoreError::LeaseLost { job: claim.job });
            }
            Ok(find(connection, claim.job)?.cancel_requested)
        })
    }

    /// Gives a job back, to be taken up again from that time on.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another has taken the job up.
    pub fn release_job(&self, claim: &Claim, not_before: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|connection| {
            let released = on_backend!(connection, |c| diesel::update(held(claim))
                .set((
                    jobs::state.eq(JobState::Queued.name()),
                    jobs::owner.eq(None::<String>),
                    jobs::lease_until.eq(Some(time::stored(not_before))),
                ))
                .execute(c))?;
            if released == 0 {
                return Err(StoreError::LeaseLost { job: claim.job });
            }
            Ok(())
        })
    }

    /// Ends a job that changes nothing else.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another has taken the job up.
    pub fn end_job(&self, claim: &Claim, ending: &JobEnding, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|connection| end(connection, claim, ending, now))
    }

    /// Asks for the end of a job: one that waits is cancelled at once, one that runs when its server hears of it, one
    /// that has ended stays as it is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn cancel_job(&self, id: i64, now: DateTime<Utc>) -> Result<Job, StoreError> {
        self.write(|connection| {
            let waiting = jobs::table.find(id).filter(jobs::state.eq(JobState::Queued.name()));
            let cancelled = on_backend!(connection, |c| diesel::update(waiting)
                .set((
                    jobs::state.eq(JobState::Cancelled.name()),
                    jobs::cancel_requested.eq(true),
                    jobs::finished_at.eq(Some(time::stored(now))),
                ))
                .execute(c))?;
            if cancelled > 0 {
                let files = job_files::table.filter(job_files::job_id.eq(id));
                on_backend!(connection, |c| diesel::delete(files).execute(c))?;
            }
            let running = jobs::table.find(id).filter(jobs::state.eq(JobState::Running.name()));
            on_backend!(connection, |c| diesel::update(running)
                .set(jobs::cancel_requested.eq(true))
                .execute(c))?;
            find(connection, id)
        })
    }

    /// Removes jobs that ended before a time, with their files; how many.
    ///
    /// # Errors
    /// What the database says.
    pub fn remove_old_jobs(&self, before: DateTime<Utc>) -> Result<usize, StoreError> {
        self.write(|connection| {
            let old = jobs::table.filter(jobs::finished_at.lt(time::stored(before)));
            Ok(on_backend!(connection, |c| diesel::delete(old).execute(c))?)
        })
    }
}

/// The job of a claim, as long as the claim holds.
#[diesel::dsl::auto_type]
fn held(claim: &Claim) -> _ {
    let id: i64 = claim.job;
    let lease: i64 = claim.lease;
    jobs::table
        .find(id)
        .filter(jobs::lease.eq(lease))
        .filter(jobs::state.eq("running"))
}
