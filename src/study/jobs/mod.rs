//! Long work as jobs: asked for now, done by whichever server has a thread free, its result fetched later.
//!
//! Flows in: a [`Task`], kept in the store. Flows out: its effect, once, and what came of it. A server takes a job up
//! for the time of a lease, which a heartbeat renews; a job whose server died is done again by another. What [`Task`]
//! says, not who runs it, decides what the work may see: the limits of whoever asked are part of it.

mod heartbeat;
mod runner;
mod task;

pub use runner::{Jobs, Worker, WorkerSettings};
pub use task::{ExportTask, SampleTask, Task};
