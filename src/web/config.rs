//! What the server is started with: address, workers, limits.

use std::path::PathBuf;
use std::time::Duration;

/// Where and how the server listens, and what it takes.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The address to listen on, such as `127.0.0.1:8080`; port 0 takes any free one.
    pub listen: String,
    /// Worker threads that run requests.
    pub workers: usize,
    /// Threads per worker for blocking work: the database, workbooks, scoring.
    pub blocking_threads_per_worker: usize,
    /// How many passwords are hashed at the same time (19 MB each).
    pub password_hashers: usize,
    /// The program that reads workbooks of strangers; this one where it is `None`.
    pub workbook_reader: Option<PathBuf>,
    /// What the server takes.
    pub limits: Limits,
    /// How long requests in flight may go on after SIGTERM.
    pub shutdown: Duration,
}

/// What the server takes of one request.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The largest JSON or YAML body, in bytes.
    pub body_bytes: usize,
    /// The largest file, in bytes.
    pub upload_bytes: usize,
    /// Until the headers of a request are there.
    pub headers: Duration,
    /// Until a request is answered.
    pub request: Duration,
    /// Until a request that reads or writes whole files is answered.
    pub long_request: Duration,
    /// Connections per worker.
    pub connections: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            upload_bytes: 64 * 1024 * 1024,
            headers: Duration::from_secs(10),
            request: Duration::from_secs(30),
            long_request: Duration::from_mins(10),
            connections: 4096,
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            workers: cores.clamp(2, 16),
            blocking_threads_per_worker: 16,
            password_hashers: 2,
            workbook_reader: None,
            limits: Limits::default(),
            shutdown: Duration::from_secs(30),
        }
    }
}
