//! The list of all settings. The docstrings are what `docs/settings.md` says of them.

use std::path::PathBuf;
use std::time::Duration;

use super::define::settings;
use super::network::Network;
use super::value::{Bytes, DatabaseUrl, LogFormat, ProxyHeader, Secret};
use crate::attachments::ContentAddress;

settings! {
    /// Everything that an operator can set.
    Settings {
        /// Where the answers are kept.
        database: DatabaseUrl = DatabaseUrl("sqlite:innogauge.db".to_owned()),
        /// The folder of survey definitions.
        defs: PathBuf = PathBuf::from("survey_defs"),
        /// The file of the keys of personal answers and attached files. Where none is named, that of an SQLite database lies beside it and is made when it is needed; PostgreSQL takes no personal answers without.
        keys: Option<PathBuf> = None,
        /// Where the content of attached files is kept: a folder, or `s3://BUCKET/PREFIX?endpoint=https://…&region=…` with the secrets in `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`. Where nothing is set, a folder beside the file of an SQLite database; PostgreSQL takes no files without.
        attachments: Option<ContentAddress> = None,
        /// For how long the content of a file is kept that no response has any more.
        attachments_grace: Duration = Duration::from_hours(7 * 24),
        /// The most connections to the database that are open at once.
        connections: u32 = 8,
        /// How long a request waits for a connection, or for a lock that another program holds.
        database_wait: Duration = Duration::from_secs(15),
        /// The address to listen on; port 0 takes any free one.
        listen: String = "127.0.0.1:8080".to_owned(),
        /// The address under which people reach the server, such as `https://survey.example.org`. Its name becomes one of `hosts`.
        public_url: Option<String> = None,
        /// The names under which the server answers, with the port unless that is the usual one; a request for another `Host` is refused. Empty: any.
        hosts: Vec<String> = Vec::new(),
        /// The proxies whose `Forwarded` or `X-Forwarded-For` is believed. Everybody else's is ignored.
        trusted_proxies: Vec<Network> = Vec::new(),
        /// The header in which they say it. Set it to the one that they write; the other may come from anybody.
        proxy_header: ProxyHeader = ProxyHeader::XForwardedFor,
        /// TLS without a proxy.
        tls: Tls = Tls::default(),
        /// The addresses that may read `/metrics` without `metrics_token`.
        metrics_from: Vec<Network> = loopback(),
        /// A bearer token that may read `/metrics` from anywhere.
        metrics_token: Option<Secret> = None,
        /// How much is logged: `error`, `warn`, `info`, `debug`, or by module as in `info,innogauge::store=debug`.
        log: String = "info,actix_server=warn".to_owned(),
        /// How log lines are written to standard error.
        log_format: LogFormat = LogFormat::Text,
        /// Threads that run requests.
        workers: usize = std::thread::available_parallelism().map_or(2, usize::from).clamp(2, 16),
        /// Threads per worker for blocking work: the database, workbooks, scoring.
        blocking_threads_per_worker: usize = 16,
        /// How much long work (imports, assessments, exports as jobs) is done at a time; 0 leaves it to other servers.
        job_threads: usize = 2,
        /// For how long such work is this server's alone without a sign of life; then another server takes it up.
        job_lease: Duration = Duration::from_secs(30),
        /// How many passwords are hashed at the same time (19 MB each).
        password_hashers: usize = 2,
        /// The program that reads workbooks of strangers; this one where nothing is set.
        workbook_reader: Option<PathBuf> = None,
        /// What the server takes of one request.
        limits: Limits = Limits::default(),
        /// How long a sign-in lasts.
        sessions: SessionTimes = SessionTimes::default(),
        /// Backups that the server makes by itself.
        backups: Backups = Backups::default(),
        /// How long `/readyz` says no after SIGTERM before the server stops taking connections: time for a balancer to look.
        drain: Duration = Duration::ZERO,
        /// How long requests in flight may go on after that.
        shutdown: Duration = Duration::from_secs(30),
    }
}

settings! {
    /// Backups that the server makes by itself; of several servers on one database one makes each.
    Backups {
        /// The folder that they are written to. None are made where nothing is set.
        folder: Option<PathBuf> = None,
        /// How long after the last one the next is made.
        every: Duration = Duration::from_hours(24),
        /// How many are kept; older ones are removed.
        keep: usize = 14,
    }
}

settings! {
    /// TLS without a proxy: both files, or neither.
    Tls {
        /// The certificate with its chain, in PEM.
        certificate: Option<PathBuf> = None,
        /// The certificate's private key, in PEM.
        key: Option<PathBuf> = None,
        /// How often it is looked whether the files have changed; new ones serve new connections.
        check: Duration = Duration::from_secs(10),
    }
}

settings! {
    /// How long a sign-in lasts.
    #[derive(Copy)]
    SessionTimes {
        /// Without use: long enough for an interview without a network.
        idle: Duration = Duration::from_hours(3),
        /// At the most: a working day.
        absolute: Duration = Duration::from_hours(12),
    }
}

settings! {
    /// What the server takes of one request.
    #[derive(Copy)]
    Limits {
        /// The largest JSON or YAML body, after unpacking.
        body_bytes: Bytes = Bytes(1024 * 1024),
        /// The largest file.
        upload_bytes: Bytes = Bytes(64 * 1024 * 1024),
        /// The largest file that is attached to a response.
        attachment_bytes: Bytes = Bytes(32 * 1024 * 1024),
        /// The most bytes that all files of a response have together.
        response_attachments_bytes: Bytes = Bytes(256 * 1024 * 1024),
        /// Until the headers of a request are there.
        headers: Duration = Duration::from_secs(10),
        /// Until a request is answered.
        request: Duration = Duration::from_secs(30),
        /// Until a request that reads or writes whole files is answered.
        long_request: Duration = Duration::from_mins(10),
        /// How long a body may pause; then its sender is cut off.
        body_pause: Duration = Duration::from_secs(10),
        /// The fewest bytes of a body per second, after the first pause.
        body_rate: Bytes = Bytes(1024),
        /// How long a connection without a request is kept.
        keep_alive: Duration = Duration::from_secs(15),
        /// Connections per worker.
        connections: usize = 4096,
    }
}

fn loopback() -> Vec<Network> {
    ["127.0.0.0/8", "::1/128"]
        .iter()
        .filter_map(|network| network.parse().ok())
        .collect()
}

impl Settings {
    /// Whether this server speaks TLS itself.
    pub fn serves_tls(&self) -> bool {
        self.tls.certificate.is_some()
    }

    /// Whether people reach it by TLS, here or at a proxy.
    pub fn is_reached_by_tls(&self) -> bool {
        let public = self.public_url.as_deref().unwrap_or_default();
        self.serves_tls() || public.starts_with("https://")
    }

    /// The names under which the server answers; empty for any.
    pub fn own_hosts(&self) -> Vec<String> {
        let public = self.public_url.as_deref().and_then(|url| url.split("://").nth(1));
        let public = public.and_then(|rest| rest.split('/').next()).map(str::to_owned);
        self.hosts.iter().cloned().chain(public).collect()
    }
}
