//! The server: bound to its address first, then run until it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use actix_multipart::form::MultipartFormConfig;
use actix_web::middleware::{Compress, NormalizePath, from_fn};
use actix_web::rt::signal::unix::{SignalKind, signal};
use actix_web::{App as ActixApp, HttpServer, web};
use chrono::{DateTime, Utc};
use futures_util::future::{Either, select};
use tracing_actix_web::TracingLogger;

use super::backups::BackupSchedule;
use super::calendar;
use super::gate;
use super::headers;
use super::logging::RequestSpan;
use super::metrics::{self, Metrics};
use super::passwords::PasswordHashing;
use super::problem::{self, Problem};
use super::pruning::PruningSchedule;
use super::routes;
use super::state::App;
use super::tls::{Certificate, TlsError};
use crate::attachments::ContentError;
use crate::settings::Settings;
use crate::spreadsheet;
use crate::store::{Listener, Store, StoreError};
use crate::study::jobs::{Jobs, WorkerSettings};
use crate::study::{FilePlace, Surveys, open_contents};

/// Why the server could not start, or ended badly.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another program listens there.
    #[error("can't listen on {listen}: another program has this port; stop it, or choose another with --listen")]
    PortTaken {
        /// The address that was asked for.
        listen: String,
    },
    /// The address can't be listened on for another reason.
    #[error("can't listen on {listen}: {source}")]
    Listen {
        /// The address that was asked for.
        listen: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// TLS can't be served.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The system or the database failed while the server was set up.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The place of attached files can't be used.
    #[error(transparent)]
    Contents(#[from] ContentError),
    /// The server ended by a failure.
    #[error("the server ended: {0}")]
    Run(#[source] std::io::Error),
}

/// A server that has its address, but answers nothing yet.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use innogauge::store::Store;
/// use innogauge::web::{Server, Settings};
///
/// let store = Store::open("sqlite:innogauge.db")?;
/// let server = Server::bind(Settings { listen: "127.0.0.1:0".to_owned(), ..Settings::default() }, store)?;
/// println!("http://{}", server.address());
/// server.run()?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    app: web::Data<App>,
    certificate: Option<Arc<Certificate>>,
}

impl Server {
    /// Takes the address of the settings.
    ///
    /// # Errors
    /// Where the address is taken or can't be listened on.
    pub fn bind(settings: Settings, store: Store) -> Result<Self, StartError> {
        Self::bind_with_clock(settings, store, chrono::Utc::now)
    }

    /// The same under another clock.
    ///
    /// # Errors
    /// As [`Server::bind`].
    pub fn bind_with_clock(settings: Settings, store: Store, clock: fn() -> DateTime<Utc>) -> Result<Self, StartError> {
        let failed = |source: std::io::Error| match source.kind() {
            std::io::ErrorKind::AddrInUse => StartError::PortTaken {
                listen: settings.listen.clone(),
            },
            _ => StartError::Listen {
                listen: settings.listen.clone(),
                source,
            },
        };
        let listener = TcpListener::bind(&settings.listen).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let files = place_of_files(&settings, &store)?;
        let jobs = Jobs::start(
            store.clone(),
            workers_of_jobs(&settings, address, files.clone(), clock)?,
        )?;
        let certificate = Certificate::of(&settings.tls)?;
        let app = web::Data::new(App {
            files,
            hosts: settings.own_hosts(),
            stopping: AtomicBool::new(false),
            store,
            jobs,
            surveys: Surveys::default(),
            passwords: PasswordHashing::new(settings.password_hashers)?,
            metrics: Metrics::default(),
            clock,
            routes: routes::mounted(),
            openapi: OnceLock::new(),
            settings,
        });
        Ok(Self {
            listener,
            address,
            app,
            certificate,
        })
    }

    /// The address that the server has: the port is known here even where any free one was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address to type into a browser, without a slash at its end.
    pub fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Answers requests until SIGTERM or SIGINT. After SIGTERM the server says that it is ready no more, for as long as
    /// the setting `drain` says; then requests in flight are finished.
    ///
    /// # Errors
    /// Where the system fails under the server.
    pub fn run(self) -> Result<(), StartError> {
        let _beside = self.beside()?;
        actix_web::rt::System::new()
            .block_on(async move { self.start(Signals::Obeyed)?.await })
            .map_err(StartError::Run)
    }

    /// Answers requests on a thread of its own until [`Running::stop`], whatever signals come.
    ///
    /// # Errors
    /// Where the system gives no thread.
    pub fn spawn(self) -> Result<Running, StartError> {
        let address = self.address;
        let beside = self.beside()?;
        let (sender, receiver) = std::sync::mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || {
                let _beside = beside;
                actix_web::rt::System::new().block_on(async move {
                    let server = self.start(Signals::Ignored)?;
                    // Fails only where nobody waits any more; then nobody can stop the server either.
                    let _ = sender.send(server.handle());
                    server.await
                })
            })
            .map_err(StartError::Run)?;
        match receiver.recv() {
            Ok(handle) => Ok(Running {
                address,
                handle,
                thread,
            }),
            Err(_) => match thread.join() {
                Ok(Err(error)) => Err(StartError::Run(error)),
                _ => Err(StartError::Run(std::io::Error::other(
                    "the server's thread ended at once",
                ))),
            },
        }
    }

    /// What goes on beside requests as long as it is held: what is kept in memory is forgotten as soon as another
    /// server or a command changed it, backups are made, and files that nothing needs are removed.
    fn beside(&self) -> Result<(Listener, BackupSchedule, PruningSchedule), StoreError> {
        let app = self.app.clone();
        let listener = self.app.store.listen(move || app.surveys.forget())?;
        let backups = BackupSchedule::start(self.app.store.clone(), &self.app.settings.backups, self.app.clock)?;
        let pruning = PruningSchedule::start(self.app.clone())?;
        Ok((listener, backups, pruning))
    }

    /// Starts the workers, inside a running system.
    fn start(self, signals: Signals) -> Result<actix_web::dev::Server, std::io::Error> {
        let Self {
            listener,
            app,
            certificate,
            ..
        } = self;
        let settings = app.settings.clone();
        actix_web::rt::spawn(calendar::turn_rounds(app.clone()));
        let state = app.clone();
        let server =
            HttpServer::new(move || {
                let app = app.clone();
                ActixApp::new()
                    .app_data(app.clone())
                    .app_data(web::PathConfig::default().error_handler(|_, _| Problem::not_found().into()))
                    .app_data(web::QueryConfig::default().error_handler(|error, _| {
                        Problem::new(problem::Code::BadRequest).detail(error.to_string()).into()
                    }))
                    .app_data(
                        MultipartFormConfig::default()
                            .total_limit(app.settings.limits.upload_bytes.0)
                            .error_handler(|error, _| routes::upload_problem(error).into()),
                    )
                    .configure(|config| app.routes.configure(config))
                    .wrap(from_fn(gate::gate))
                    .wrap(from_fn(problem::render))
                    .wrap(from_fn(metrics::count))
                    .wrap(headers::security(&app.settings))
                    .wrap(Compress::default())
                    .wrap(NormalizePath::trim())
                    .wrap(TracingLogger::<RequestSpan>::new())
            })
            .workers(settings.workers)
            .worker_max_blocking_threads(settings.blocking_threads_per_worker)
            .max_connections(settings.limits.connections)
            .client_request_timeout(settings.limits.headers)
            .tls_handshake_timeout(settings.limits.headers)
            .keep_alive(settings.limits.keep_alive)
            .shutdown_timeout(settings.shutdown.as_secs());
        let server = match signals {
            Signals::Obeyed => server.shutdown_signal(told_to_stop(state, settings.drain)?),
            Signals::Ignored => server.disable_signals(),
        };
        let Some(certificate) = certificate else {
            return Ok(server.listen(listener)?.run());
        };
        let config = certificate.server_config().map_err(std::io::Error::other)?;
        actix_web::rt::spawn(certificate.watch(settings.tls.check));
        Ok(server.listen_rustls_0_23(listener, config)?.run())
    }
}

/// Ready when the process was told to stop: by SIGINT at once, by SIGTERM after the time that balancers are given to
/// see that the server is ready no more.
fn told_to_stop(app: web::Data<App>, drain: Duration) -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        let terminated = std::pin::pin!(terminate.recv());
        let interrupted = std::pin::pin!(interrupt.recv());
        let told = select(terminated, interrupted).await;
        app.stopping.store(true, Ordering::Relaxed);
        tracing::info!("told to stop");
        if matches!(told, Either::Left(_)) {
            actix_web::rt::time::sleep(drain).await;
        }
    })
}

/// Whether the process belongs to the server.
#[derive(Debug, Clone, Copy)]
enum Signals {
    Obeyed,
    Ignored,
}

/// A server that answers on a thread of its own.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    handle: actix_web::dev::ServerHandle,
    thread: std::thread::JoinHandle<std::io::Result<()>>,
}

impl Running {
    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Finishes the requests in flight and stops.
    ///
    /// # Errors
    /// Where the server had failed.
    pub fn stop(self) -> Result<(), StartError> {
        // The command to stop is sent at once; the thread ends when it is done.
        drop(self.handle.stop(true));
        match self.thread.join() {
            Ok(ended) => ended.map_err(StartError::Run),
            Err(_) => Err(StartError::Run(std::io::Error::other("the server's thread panicked"))),
        }
    }
}

/// Where attached files are kept. A server starts without it, and takes no files.
fn place_of_files(settings: &Settings, store: &Store) -> Result<FilePlace, ContentError> {
    let contents = match open_contents(settings.attachments.as_ref(), store.address()) {
        Ok(contents) => Some(contents),
        Err(error @ ContentError::NotSet) => {
            tracing::warn!("{error}; until then no files are taken");
            None
        }
        Err(error) => return Err(error),
    };
    Ok(FilePlace {
        contents,
        file_bytes: settings.limits.attachment_bytes.0 as u64,
        response_bytes: settings.limits.response_attachments_bytes.0 as u64,
    })
}

/// How this server works on jobs.
fn workers_of_jobs(
    settings: &Settings,
    address: SocketAddr,
    files: FilePlace,
    clock: fn() -> DateTime<Utc>,
) -> Result<WorkerSettings, StoreError> {
    let limits = spreadsheet::Limits::default();
    let reader = match &settings.workbook_reader {
        Some(program) => spreadsheet::Worker::of(program, limits),
        None => spreadsheet::Worker::of_this_program(limits).map_err(|error| StoreError::System(error.to_string()))?,
    };
    Ok(WorkerSettings {
        threads: settings.job_threads,
        lease: settings.job_lease,
        owner: format!("{address} (process {})", std::process::id()),
        reader,
        files,
        describe: Problem::kept_of,
        clock,
    })
}
