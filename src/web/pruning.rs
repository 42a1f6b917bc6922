//! Removing contents that no response needs any more, on a thread of its own.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use actix_web::web;
use chrono::TimeDelta;

use super::state::App;
use crate::attachments::Contents;
use crate::store::StoreError;
use crate::study::{Pruned, StudyError, prune_contents};

/// How often it is looked whether it is time.
const LOOK: Duration = Duration::from_mins(1);
/// How often it is done, by one of several servers.
const EVERY: TimeDelta = TimeDelta::hours(1);
/// The name of the task.
const TASK: &str = "attachments";

/// Removes contents from time to time, as long as it is held.
#[derive(Debug)]
pub struct PruningSchedule {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl PruningSchedule {
    /// Starts it where there is a place for contents.
    pub fn start(app: web::Data<App>) -> Result<Self, StoreError> {
        let (stop, stopped) = channel();
        let Some(contents) = app.files.contents.clone() else {
            return Ok(Self {
                stop: None,
                thread: None,
            });
        };
        let thread = std::thread::Builder::new()
            .name("pruning".to_owned())
            .spawn(move || {
                while stopped.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                    match prune_when_due(&app, &contents) {
                        Ok(Pruned { contents: 0, .. }) => {}
                        Ok(pruned) => tracing::info!(
                            contents = pruned.contents,
                            bytes = pruned.bytes,
                            "removed files that no response has any more"
                        ),
                        Err(error) => tracing::warn!(%error, "files that no response has could not be removed"),
                    }
                }
            })
            .map_err(|error| StoreError::System(format!("no thread for attachments: {error}")))?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

fn prune_when_due(app: &App, contents: &Contents) -> Result<Pruned, StudyError> {
    if !app.store.take_task(TASK, EVERY, app.now())? {
        return Ok(Pruned::default());
    }
    let pruned = prune_contents(&app.store, contents, app.contents_grace(), app.now());
    app.store.end_task(TASK, pruned.is_ok().then(|| app.now()))?;
    pruned
}

impl Drop for PruningSchedule {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // One that panicked has nothing left to finish.
            drop(thread.join());
        }
    }
}
