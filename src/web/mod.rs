//! The HTTP server: handlers parse, call, answer.
//!
//! Flows in: requests. Flows out: JSON, files, a few plain pages, and problem documents. Every route is mounted with
//! its act and goes through the one table of rights ([`rights`]). Never in here: rules of surveys, scoring or storage,
//! and no blocking work on a worker.

pub mod authentication;
mod backups;
mod body;
mod calendar;
mod client;
mod cookie;
mod cross_site;
mod gate;
mod guard;
mod headers;
mod idempotency;
mod language;
mod logging;
pub mod metrics;
pub mod mount;
pub mod openapi;
mod openrosa;
mod page;
mod passwords;
pub mod phone_settings;
mod preconditions;
mod prefer;
pub mod problem;
mod pruning;
pub mod rights;
mod routes;
mod server;
mod sign_in;
mod state;
mod tls;

pub use crate::settings::{Limits, Settings};
pub use authentication::Caller;
pub(crate) use routes::fieldwork;
pub use routes::mounted;
pub use server::{Running, Server, StartError};
pub use tls::TlsError;
