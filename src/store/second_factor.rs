//! The second factor: codes of an authenticator (TOTP, RFC 6238), and recovery codes for when it is lost.
//!
//! SHA-1, six digits, thirty seconds, as every authenticator has it; the code before and the one after are taken too.
//! A code is taken once. Recovery codes are kept as hashes and are gone with their use. The secret has to be readable for
//! the server: wherever there are keys it is sealed, so that a copy of the database does not give it away.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use super::accounts::{id_of, target};
use super::backend::{Connection, on_backend};
use super::schema::{recovery_codes, second_factors, sessions};
use super::seal::{self, Authenticator, Sealed};
use super::{AuditAct, Store, StoreError, secrets, time};

/// What authenticators show beside the account.
const ISSUER: &str = "innogauge";
/// How many recovery codes there are.
const RECOVERY_CODES: usize = 10;

/// A second factor that was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecondFactor {
    /// Since when.
    pub confirmed_at: DateTime<Utc>,
    /// How many recovery codes are left.
    pub recovery_codes: usize,
}

/// What a user's authenticator is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret, in base 32, to be typed.
    pub secret: String,
    /// The `otpauth:` address, to be shown as a QR code.
    pub uri: String,
}

#[derive(Queryable)]
struct Row {
    secret: Vec<u8>,
    confirmed_at: Option<NaiveDateTime>,
    last_step: i64,
    data_key: Option<Vec<u8>>,
}

impl Store {
    /// Makes a secret for a user's authenticator. It counts once it is confirmed; one that was not is replaced.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user, [`StoreError::Refused`] where there is a second factor
    /// already.
    pub fn start_enrolment(&self, user: &str, now: DateTime<Utc>) -> Result<Enrolment, StoreError> {
        let secret = Zeroizing::new(secrets::random_bytes::<20>()?);
        self.write(|connection| {
            let id = id_of(connection, user)?;
            if find(connection, id)?.is_some_and(|row| row.confirmed_at.is_some()) {
                return Err(StoreError::Refused(
                    "there is a second factor already: remove it before setting up another".to_owned(),
                ));
            }
            remove(connection, id)?;
            let (content, data_key) = match self.keys_if_any()? {
                None => (secret.to_vec(), None),
                Some(ring) => {
                    let sealed = seal::seal_bytes(&ring, Authenticator { user: id }, &*secret)?;
                    (sealed.content, Some(sealed.data_key))
                }
            };
            let row = (
                second_factors::user_id.eq(id),
                second_factors::secret.eq(content),
                second_factors::data_key.eq(data_key),
                second_factors::created_at.eq(time::stored(now)),
                second_factors::last_step.eq(0_i64),
            );
            on_backend!(connection, |c| diesel::insert_into(second_factors::table)
                .values(row)
                .execute(c))?;
            enrolment(user, &*secret)
        })
    }

    /// What the authenticator of an enrolment that is not confirmed yet is given.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user.
    pub fn pending_enrolment(&self, user: &str) -> Result<Option<Enrolment>, StoreError> {
        let (id, found) = self.read(|connection| {
            let id = id_of(connection, user)?;
            Ok((id, find(connection, id)?))
        })?;
        found
            .filter(|row| row.confirmed_at.is_none())
            .map(|row| enrolment(user, &self.opened(id, row)?))
            .transpose()
    }

    /// Confirms an enrolment by a first code, and says the recovery codes, which cannot be read again. The session that
    /// it is confirmed in counts as one that the code was given in. `None` where the code is wrong.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where nothing is to be confirmed.
    pub fn confirm_enrolment(
        &self,
        user: &str,
        session: Option<i64>,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<String>>, StoreError> {
        self.change(now, |connection, journal| {
            let id = id_of(connection, user)?;
            let row = find(connection, id)?
                .filter(|row| row.confirmed_at.is_none())
                .ok_or_else(|| StoreError::NotFound {
                    what: "enrolment",
                    name: user.to_owned(),
                })?;
            let (last_step, secret) = (row.last_step, self.opened(id, row)?);
            let Some(step) = matched_step(&secret, last_step, code, now) else {
                return Ok(None);
            };
            on_backend!(connection, |c| diesel::update(second_factors::table.find(id))
                .set((
                    second_factors::confirmed_at.eq(time::stored(now)),
                    second_factors::last_step.eq(step)
                ))
                .execute(c))?;
            if let Some(session) = session {
                mark_given(connection, id, session)?;
            }
            journal.note(AuditAct::SecondFactorSet, target(user));
            new_recovery_codes(connection, id).map(Some)
        })
    }

    /// Replaces the recovery codes of a user who has a second factor.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn replace_recovery_codes(&self, user: &str, now: DateTime<Utc>) -> Result<Vec<String>, StoreError> {
        self.change(now, |connection, journal| {
            journal.note(AuditAct::RecoveryCodes, target(user)).after("replaced");
            let id = id_of(connection, user)?;
            find(connection, id)?
                .filter(|row| row.confirmed_at.is_some())
                .ok_or_else(|| no_second_factor(user))?;
            new_recovery_codes(connection, id)
        })
    }

    /// The confirmed second factor of a user.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user.
    pub fn second_factor(&self, user: &str) -> Result<Option<SecondFactor>, StoreError> {
        self.read(|connection| {
            let id = id_of(connection, user)?;
            let Some(confirmed_at) = find(connection, id)?.and_then(|row| row.confirmed_at) else {
                return Ok(None);
            };
            let left = recovery_codes::table.filter(recovery_codes::user_id.eq(id)).count();
            let left: i64 = on_backend!(connection, |c| left.get_result(c))?;
            Ok(Some(SecondFactor {
                confirmed_at: time::read(confirmed_at),
                recovery_codes: usize::try_from(left).unwrap_or_default(),
            }))
        })
    }

    /// Takes a code of the authenticator or a recovery code, once: whether it is right. With a session given, the code
    /// counts as given in it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is no such user.
    pub fn take_code(
        &self,
        user: &str,
        session: Option<i64>,
        code: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        self.change(now, |connection, journal| {
            let id = id_of(connection, user)?;
            let Some(row) = find(connection, id)?.filter(|row| row.confirmed_at.is_some()) else {
                return Ok(false);
            };
            let taken = if let Some(code) = six_digits(code) {
                let (last_step, was_clear) = (row.last_step, row.data_key.is_none());
                let secret = self.opened(id, row)?;
                let Some(step) = matched_step(&secret, last_step, &code, now) else {
                    return Ok(false);
                };
                if was_clear {
                    self.seal_authenticator(connection, id, &secret)?;
                }
                // Of two servers that are shown the same code at the same time one changes the row.
                let unused = second_factors::table
                    .filter(second_factors::user_id.eq(id))
                    .filter(second_factors::last_step.lt(step));
                on_backend!(connection, |c| diesel::update(unused)
                    .set(second_factors::last_step.eq(step))
                    .execute(c))?
            } else {
                let code = recovery_codes::table
                    .filter(recovery_codes::user_id.eq(id))
                    .filter(recovery_codes::hash.eq(recovery_hash(code)));
                let taken = on_backend!(connection, |c| diesel::delete(code).execute(c))?;
                if taken > 0 {
                    journal.note(AuditAct::RecoveryCodes, target(user)).after("used");
                }
                taken
            };
            if let Some(session) = session.filter(|_| taken > 0) {
                mark_given(connection, id, session)?;
            }
            Ok(taken > 0)
        })
    }

    /// The secret of a row.
    fn opened(&self, user: i64, row: Row) -> Result<Zeroizing<Vec<u8>>, StoreError> {
        let Some(data_key) = row.data_key else {
            return Ok(Zeroizing::new(row.secret));
        };
        let sealed = Sealed {
            data_key,
            content: row.secret,
        };
        seal::open_bytes(&self.inner.keys, Authenticator { user }, &sealed)
    }

    /// Seals a secret that was stored before there were keys, where there are some now. Whether it did.
    pub(super) fn seal_authenticator(
        &self,
        connection: &mut Connection<'_>,
        user: i64,
        secret: &[u8],
    ) -> Result<bool, StoreError> {
        let Some(ring) = self.keys_if_any()? else {
            return Ok(false);
        };
        let sealed = seal::seal_bytes(&ring, Authenticator { user }, secret)?;
        let row = second_factors::table
            .filter(second_factors::user_id.eq(user))
            .filter(second_factors::data_key.is_null())
            .filter(second_factors::secret.eq(secret));
        let changes = (
            second_factors::secret.eq(sealed.content),
            second_factors::data_key.eq(Some(sealed.data_key)),
        );
        Ok(on_backend!(connection, |c| diesel::update(row).set(changes).execute(c))? > 0)
    }

    /// Removes a user's second factor, confirmed or not, with its recovery codes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn remove_second_factor(&self, user: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.change(now, |connection, journal| {
            journal.note(AuditAct::SecondFactorRemoved, target(user));
            let id = id_of(connection, user)?;
            if remove(connection, id)? == 0 {
                return Err(no_second_factor(user));
            }
            Ok(())
        })
    }
}

fn no_second_factor(user: &str) -> StoreError {
    StoreError::NotFound {
        what: "second factor of user",
        name: user.to_owned(),
    }
}

fn find(connection: &mut Connection<'_>, user: i64) -> Result<Option<Row>, StoreError> {
    let query = second_factors::table.find(user).select((
        second_factors::secret,
        second_factors::confirmed_at,
        second_factors::last_step,
        second_factors::data_key,
    ));
    Ok(on_backend!(connection, |c| query.first(c).optional())?)
}

fn remove(connection: &mut Connection<'_>, user: i64) -> Result<usize, StoreError> {
    on_backend!(connection, |c| diesel::delete(
        recovery_codes::table.filter(recovery_codes::user_id.eq(user))
    )
    .execute(c))?;
    Ok(on_backend!(connection, |c| diesel::delete(
        second_factors::table.find(user)
    )
    .execute(c))?)
}

fn mark_given(connection: &mut Connection<'_>, user: i64, session: i64) -> Result<(), StoreError> {
    let row = sessions::table
        .filter(sessions::id.eq(session))
        .filter(sessions::user_id.eq(user));
    on_backend!(connection, |c| diesel::update(row)
        .set(sessions::second_factor_given.eq(true))
        .execute(c))?;
    Ok(())
}

fn new_recovery_codes(connection: &mut Connection<'_>, user: i64) -> Result<Vec<String>, StoreError> {
    on_backend!(connection, |c| diesel::delete(
        recovery_codes::table.filter(recovery_codes::user_id.eq(user))
    )
    .execute(c))?;
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = secrets::readable::<16>(4)?;
        let row = (
            recovery_codes::user_id.eq(user),
            recovery_codes::hash.eq(recovery_hash(&code)),
        );
        on_backend!(connection, |c| diesel::insert_into(recovery_codes::table)
            .values(row)
            .execute(c))?;
        codes.push(code);
    }
    Ok(codes)
}

/// A recovery code has 80 random bits; hyphens, spaces and capitals do not matter.
fn recovery_hash(code: &str) -> String {
    let plain: String = code
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    secrets::hash(&plain)
}

/// A code of an authenticator without the spaces that it is shown with.
fn six_digits(code: &str) -> Option<String> {
    let code: String = code.chars().filter(|one| !one.is_whitespace()).collect();
    (code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit())).then_some(code)
}

/// The step whose code this is, where it is later than the last one that was taken.
fn matched_step(secret: &[u8], last_step: i64, code: &str, now: DateTime<Utc>) -> Option<i64> {
    let totp = totp("user", secret).ok()?;
    let step = totp.check(&six_digits(code)?, u64::try_from(now.timestamp()).ok()?)?;
    i64::try_from(step).ok().filter(|step| *step > last_step)
}

fn enrolment(user: &str, secret: &[u8]) -> Result<Enrolment, StoreError> {
    let unexplained = |error: totp_rs::TotpError| StoreError::System(format!("no code can be made: {error}"));
    Ok(Enrolment {
        secret: Secret::from(secret).to_base32(),
        uri: totp(user, secret)?.to_url().map_err(unexplained)?,
    })
}

fn totp(user: &str, secret: &[u8]) -> Result<Totp, StoreError> {
    Builder::new()
        .with_secret(secret)
        .with_issuer(Some(ISSUER))
        .with_account_name(user.replace(':', " "))
        .build()
        .map_err(|error| StoreError::System(format!("no code can be made: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: SHA-1, the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let matched = |last_step, code: &str, now| matched_step(b"12345678901234567890", last_step, code, now);
        let at = |seconds: i64| DateTime::from_timestamp(seconds, 0).unwrap();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(matched(0, code, at(seconds)), Some(seconds / 30), "{code}");
            assert_eq!(matched(0, code, at(seconds + 30)), Some(seconds / 30), "a step late");
            assert_eq!(matched(0, code, at(seconds - 30)), Some(seconds / 30), "a step early");
            assert_eq!(matched(0, code, at(seconds + 60)), None, "too late");
            assert_eq!(matched(seconds / 30, code, at(seconds)), None, "taken already");
        }
        assert_eq!(matched(0, "287 082", at(59)), Some(1));
        assert_eq!(matched(0, "28708", at(59)), None);
        assert_eq!(matched(0, "٢٨٧٠٨٢", at(59)), None);
    }
}
