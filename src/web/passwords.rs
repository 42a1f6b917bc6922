//! Hashing passwords, so many at a time and no more.

use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::web;
use tokio::sync::Semaphore;

use super::problem::{Code, Problem};
use super::state::App;
use crate::store::{StoreError, check_new_password, hash_password, random_password};

/// The bounded hashing of passwords: each takes 19 MB and tens of milliseconds of a core, on purpose.
#[derive(Debug)]
pub struct PasswordHashing {
    permits: Semaphore,
    waiting: AtomicUsize,
    /// The hash of a password that nobody has: an unknown name takes as long as a known one.
    pub(super) nobody: String,
}

/// How many sign-ins may wait for their turn; more are told to come back.
const WAITING_AT_MOST: usize = 64;

impl PasswordHashing {
    /// At most that many at the same time.
    ///
    /// # Errors
    /// Where the system gives no random bytes.
    pub fn new(at_most: usize) -> Result<Self, StoreError> {
        Ok(Self {
            permits: Semaphore::new(at_most.max(1)),
            waiting: AtomicUsize::new(0),
            nobody: hash_password(&random_password()?)?,
        })
    }

    /// Runs one hashing when it is its turn.
    pub(super) async fn in_turn<T: Send + 'static>(
        &self,
        act: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Problem> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_AT_MOST {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Problem::new(Code::Busy).retry_after(2));
        }
        let permit = self.permits.acquire().await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let _permit = permit.map_err(Problem::internal)?;
        Ok(web::block(act).await?)
    }
}

/// The hash of a new password.
pub(super) async fn hashed(app: &web::Data<App>, password: String) -> Result<String, Problem> {
    Ok(app.passwords.in_turn(move || hash_password(&password)).await??)
}

/// The hash of a password that a user has chosen, where the rules take it.
pub(super) async fn chosen(app: &web::Data<App>, name: String, password: String) -> Result<String, Problem> {
    app.passwords
        .in_turn(move || {
            check_new_password(&name, &password)?;
            hash_password(&password).map_err(Problem::from)
        })
        .await?
}
