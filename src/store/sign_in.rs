//! Limits of sign-in attempts, which do not lock out whom they protect. All servers share them through the database.
//!
//! The reasoning:
//!
//! - A limit per account alone lets anybody lock anybody out; one per address alone does not hold an attacker with many
//!   addresses. So failures are counted three times: per account *and* address, per address over all accounts, and per
//!   account over all addresses. Each count delays the next attempt the longer the higher it is, up to a bound (see
//!   [`Limit`]); nothing is ever locked.
//! - The first count stops the common attack, and touches nobody elsewhere. The second stops one machine that tries one
//!   password on many accounts; it is loose and short, since a whole office may share an address. The third stops many
//!   machines that try one account: some hundreds of guesses a day, against passwords that are no common ones.
//! - Only the third can be turned against a person, and only one whom the server does not know: who has signed in from
//!   the same browser before (a cookie says so, [`Attempt::device`]) is counted by that browser alone, and who has done
//!   so from the same address within thirty days is not held by the third. A new device during an attack has to wait
//!   for its turn, minutes rather than hours.
//! - An attempt counts as failed before the password is looked at, in one transaction with the check: a thousand
//!   attempts at once are a thousand counts. Success takes them back.
//! - Names that nobody has are counted alike, so that being limited says nothing about a name. Counters are keyed by a
//!   hash of the name: people type passwords there.
//! - The code of the second factor is limited in the same way, but more tightly: it has six digits.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;

use super::accounts::{id_of, target};
use super::backend::{Connection, on_backend};
use super::locks::{lock_key, take_locks};
use super::schema::{known_origins, sign_in_failures, users};
use super::{AuditAct, Store, StoreError, secrets, time};

/// What every device's secret starts with.
const DEVICE_PREFIX: &str = "id_";
/// For how long a device or an address stays known without a sign-in.
const KNOWN_DEVICE_FOR: TimeDelta = TimeDelta::days(180);
const KNOWN_ADDRESS_FOR: TimeDelta = TimeDelta::days(30);
/// After so long without a failure any count is over.
const LONGEST_MEMORY: TimeDelta = TimeDelta::hours(24);

/// What is to be proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// The password.
    Password,
    /// The code of the second factor.
    Code,
}

/// Somebody is about to prove to be a user.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// By what.
    pub proof: Proof,
    /// The user's name, as it was typed: there may be none of that name.
    pub name: &'a str,
    /// The client's address; of an IPv6 address its network.
    pub address: &'a str,
    /// The secret that this browser was given at an earlier sign-in.
    pub device: Option<&'a str>,
}

/// Whether an attempt may be made now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may, and counts as failed until [`Store::attempt_succeeded`].
    Admitted,
    /// Not before that time has passed; it was not counted.
    Wait(TimeDelta),
}

/// How failures that have something in common delay the next attempt: not at all up to `free` of them, then for a
/// second, doubling with each further one up to `longest`. Without a failure for `memory` they are forgotten.
#[derive(Debug, Clone, Copy)]
struct Limit {
    free: i64,
    longest: TimeDelta,
    memory: TimeDelta,
}

const PAIR: Limit = Limit {
    free: 5,
    longest: TimeDelta::minutes(15),
    memory: LONGEST_MEMORY,
};
const ADDRESS: Limit = Limit {
    free: 50,
    longest: TimeDelta::minutes(1),
    memory: TimeDelta::hours(1),
};
const ACCOUNT: Limit = Limit {
    free: 100,
    longest: TimeDelta::minutes(5),
    memory: LONGEST_MEMORY,
};
const ACCOUNT_CODE: Limit = Limit {
    free: 20,
    longest: TimeDelta::minutes(15),
    memory: LONGEST_MEMORY,
};

impl Limit {
    /// How many failures still count.
    fn remembered(&self, failures: i64, failed_at: NaiveDateTime, now: NaiveDateTime) -> i64 {
        if now - failed_at > self.memory { 0 } else { failures }
    }

    /// How long the next attempt has to wait. A clock that was set back makes nobody wait longer than the delay.
    fn wait(&self, failures: i64, failed_at: NaiveDateTime, now: NaiveDateTime) -> TimeDelta {
        let over = self.remembered(failures, failed_at, now) - self.free;
        if over < 0 {
            return TimeDelta::zero();
        }
        let doubled = 1_i64
            .checked_shl(u32::try_from(over).unwrap_or(u32::MAX))
            .unwrap_or(i64::MAX);
        let delay = TimeDelta::seconds(doubled.clamp(1, self.longest.num_seconds()));
        (failed_at + delay - now).clamp(TimeDelta::zero(), delay)
    }
}

/// One count that an attempt goes into.
struct Counter {
    key: String,
    limit: Limit,
    /// Whether a success makes an end of it, rather than taking one failure back.
    ends_with_success: bool,
}

#[derive(Insertable)]
#[diesel(table_name = sign_in_failures)]
struct CounterRow<'a> {
    counter: &'a str,
    failures: i64,
    failed_at: NaiveDateTime,
}

impl Attempt<'_> {
    /// The counts that hold this attempt.
    fn counters(&self, connection: &mut Connection<'_>, now: DateTime<Utc>) -> Result<Vec<Counter>, StoreError> {
        let (proof, account_limit) = match self.proof {
            Proof::Password => ("password", ACCOUNT),
            Proof::Code => ("code", ACCOUNT_CODE),
        };
        let name = secrets::hash(self.name);
        let counter = |key: String, limit, ends_with_success| Counter {
            key,
            limit,
            ends_with_success,
        };
        if let Some(device) = self.device.map(device_origin)
            && is_known(connection, self.name, &device, now - KNOWN_DEVICE_FOR)?
        {
            return Ok(vec![counter(format!("{proof}:{device}:{name}"), PAIR, true)]);
        }
        let mut counters = vec![
            counter(format!("{proof}:pair:{name}:{}", self.address), PAIR, true),
            counter(format!("{proof}:address:{}", self.address), ADDRESS, false),
        ];
        if !is_known(
            connection,
            self.name,
            &address_origin(self.address),
            now - KNOWN_ADDRESS_FOR,
        )? {
            counters.push(counter(format!("{proof}:account:{name}"), account_limit, false));
        }
        Ok(counters)
    }
}

impl Store {
    /// Whether the attempt may be made now. If so, it counts as failed from here on.
    ///
    /// # Errors
    /// What the database says.
    pub fn begin_attempt(&self, attempt: &Attempt<'_>, now: DateTime<Utc>) -> Result<Admission, StoreError> {
        let stored = time::stored(now);
        // Most of a flood ends here, without taking its turn among the writers.
        let wait = self.read(|connection| {
            let counters = attempt.counters(connection, now)?;
            Ok(longest_wait(&load(connection, &counters)?, stored))
        })?;
        if wait > TimeDelta::zero() {
            return Ok(Admission::Wait(wait));
        }
        self.write(|connection| {
            let counters = attempt.counters(connection, now)?;
            lock(connection, &counters)?;
            let counts = load(connection, &counters)?;
            let wait = longest_wait(&counts, stored);
            if wait > TimeDelta::zero() {
                return Ok(Admission::Wait(wait));
            }
            let over = sign_in_failures::table.filter(sign_in_failures::failed_at.lt(stored - LONGEST_MEMORY));
            on_backend!(connection, |c| diesel::delete(over).execute(c))?;
            for (counter, failures, failed_at) in counts {
                let row = CounterRow {
                    counter: &counter.key,
                    failures: counter.limit.remembered(failures, failed_at, stored) + 1,
                    failed_at: stored,
                };
                on_backend!(connection, |c| diesel::insert_into(sign_in_failures::table)
                    .values(&row)
                    .on_conflict(sign_in_failures::counter)
                    .do_update()
                    .set((
                        sign_in_failures::failures.eq(excluded(sign_in_failures::failures)),
                        sign_in_failures::failed_at.eq(excluded(sign_in_failures::failed_at))
                    ))
                    .execute(c))?;
            }
            Ok(Admission::Admitted)
        })
    }

    /// The proof was right: the attempt did not fail after all.
    ///
    /// # Errors
    /// What the database says.
    pub fn attempt_succeeded(&self, attempt: &Attempt<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.take_back(attempt, true, now)
    }

    /// The proof was wrong: it counts as failed already, and the audit log is to have it. A name that nobody has is not
    /// written there: people type passwords in its place.
    ///
    /// # Errors
    /// What the database says.
    pub fn attempt_failed(&self, attempt: &Attempt<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            let known = !attempt.name.contains('\0') && id_of(connection, attempt.name).is_ok();
            let whose = if known { target(attempt.name) } else { target("?") };
            let proof = match attempt.proof {
                Proof::Password => "password",
                Proof::Code => "code",
            };
            journal.note(AuditAct::SignInFailed, whose).after(proof);
            Ok(())
        })
    }

    /// The proof was never looked at: the attempt does not count.
    ///
    /// # Errors
    /// What the database says.
    pub fn attempt_not_made(&self, attempt: &Attempt<'_>, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.take_back(attempt, false, now)
    }

    fn take_back(&self, attempt: &Attempt<'_>, succeeded: bool, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.write(|connection| {
            let counters = attempt.counters(connection, now)?;
            // Or an attempt that begins meanwhile, and has read the count already, would write it as it was.
            lock(connection, &counters)?;
            for counter in counters {
                let row = sign_in_failures::table.filter(sign_in_failures::counter.eq(&counter.key));
                if succeeded && counter.ends_with_success {
                    on_backend!(connection, |c| diesel::delete(row).execute(c))?;
                } else {
                    on_backend!(connection, |c| diesel::update(
                        row.filter(sign_in_failures::failures.gt(0))
                    )
                    .set(sign_in_failures::failures.eq(sign_in_failures::failures - 1))
                    .execute(c))?;
                }
            }
            Ok(())
        })
    }

    /// Remembers from where a user has signed in, and says the secret of the device where it had none that is known.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user.
    pub fn remember_origin(
        &self,
        user: &str,
        address: &str,
        device: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Option<String>, StoreError> {
        let made = secrets::new(DEVICE_PREFIX)?;
        self.write(|connection| {
            let id = id_of(connection, user)?;
            let old = known_origins::table
                .filter(known_origins::user_id.eq(id))
                .filter(known_origins::origin.like("address:%"))
                .filter(known_origins::seen_at.lt(time::stored(now - KNOWN_ADDRESS_FOR)));
            on_backend!(connection, |c| diesel::delete(old).execute(c))?;
            remember(connection, id, &address_origin(address), now)?;
            let known = match device.map(device_origin) {
                Some(device) if is_known(connection, user, &device, now - KNOWN_DEVICE_FOR)? => Some(device),
                _ => None,
            };
            remember(connection, id, known.as_ref().unwrap_or(&device_origin(&made)), now)?;
            Ok(known.is_none().then_some(made))
        })
    }
}

fn device_origin(secret: &str) -> String {
    format!("device:{}", secrets::hash(secret))
}

fn address_origin(address: &str) -> String {
    format!("address:{address}")
}

fn is_known(
    connection: &mut Connection<'_>,
    name: &str,
    origin: &str,
    since: DateTime<Utc>,
) -> Result<bool, StoreError> {
    if name.contains('\0') {
        return Ok(false);
    }
    let query = known_origins::table
        .inner_join(users::table)
        .filter(users::name.eq(name))
        .filter(known_origins::origin.eq(origin))
        .filter(known_origins::seen_at.gt(time::stored(since)))
        .select(known_origins::user_id);
    let found: Option<i64> = on_backend!(connection, |c| query.first(c).optional())?;
    Ok(found.is_some())
}

fn remember(connection: &mut Connection<'_>, user: i64, origin: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let row = (
        known_origins::user_id.eq(user),
        known_origins::origin.eq(origin),
        known_origins::seen_at.eq(time::stored(now)),
    );
    on_backend!(connection, |c| diesel::insert_into(known_origins::table)
        .values(row)
        .on_conflict((known_origins::user_id, known_origins::origin))
        .do_update()
        .set(known_origins::seen_at.eq(excluded(known_origins::seen_at)))
        .execute(c))?;
    Ok(())
}

/// Makes whoever changes the same counts wait for each other.
fn lock(connection: &mut Connection<'_>, counters: &[Counter]) -> Result<(), StoreError> {
    let locks = counters.iter().map(|one| lock_key(&["sign-in", &one.key])).collect();
    take_locks(connection, locks)
}

type Count<'a> = (&'a Counter, i64, NaiveDateTime);

fn load<'a>(connection: &mut Connection<'_>, counters: &'a [Counter]) -> Result<Vec<Count<'a>>, StoreError> {
    let mut counts = Vec::with_capacity(counters.len());
    for counter in counters {
        let query = sign_in_failures::table
            .filter(sign_in_failures::counter.eq(&counter.key))
            .select((sign_in_failures::failures, sign_in_failures::failed_at));
        let found: Option<(i64, NaiveDateTime)> = on_backend!(connection, |c| query.first(c).optional())?;
        let (failures, failed_at) = found.unwrap_or_default();
        counts.push((counter, failures, failed_at));
    }
    Ok(counts)
}

fn longest_wait(counts: &[Count<'_>], now: NaiveDateTime) -> TimeDelta {
    counts
        .iter()
        .map(|(counter, failures, failed_at)| counter.limit.wait(*failures, *failed_at, now))
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> NaiveDateTime {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0)
            .unwrap()
            .naive_utc()
    }

    #[test]
    fn delays_double_up_to_a_bound_and_are_forgotten() {
        let seconds = |failures, later| PAIR.wait(failures, at(0), at(later)).num_seconds();
        assert_eq!([4, 5, 6, 9].map(|failures| seconds(failures, 0)), [0, 1, 2, 16]);
        assert_eq!([15, 70, i64::MAX].map(|failures| seconds(failures, 0)), [900, 900, 900]);
        assert_eq!((seconds(9, 10), seconds(9, 16)), (6, 0));
        assert_eq!(PAIR.remembered(9, at(0), at(24 * 3600 + 1)), 0);
    }

    #[test]
    fn a_clock_that_was_set_back_locks_nobody_out() {
        assert_eq!(PAIR.wait(9, at(1_000_000), at(0)).num_seconds(), 16);
    }
}
