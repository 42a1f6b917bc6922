//! What every handler shares.

use chrono::{DateTime, FixedOffset, Utc};

use super::authentication::PasswordHashing;
use super::metrics::Metrics;
use super::mount::Routes;
use super::surveys::Surveys;
use crate::expression::Environment;
use crate::settings::Settings;
use crate::store::Store;

/// The application: the store, what is kept of it in memory, settings and counters.
#[derive(Debug)]
pub struct App {
    /// Where everything is kept.
    pub store: Store,
    /// Definitions that were loaded already.
    pub surveys: Surveys,
    /// What the server was started with.
    pub settings: Settings,
    /// Counters.
    pub metrics: Metrics,
    /// The bounded hashing of passwords.
    pub passwords: PasswordHashing,
    /// The clock.
    pub clock: fn() -> DateTime<Utc>,
    /// Every mounted route: the OpenAPI document is made of them.
    pub routes: Routes,
}

impl App {
    /// The time, which everything below the handlers is handed.
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// What the rules of a survey may ask of the world when a response comes.
    pub fn environment(&self) -> Arrival {
        Arrival {
            at: self.now().fixed_offset(),
        }
    }
}

/// The world at the moment when a response arrives. Random numbers and look-ups are form clients': none are given.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    at: DateTime<FixedOffset>,
}

impl Environment for Arrival {
    fn now(&self) -> DateTime<FixedOffset> {
        self.at
    }
}
