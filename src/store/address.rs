//! A database's address: which of the two it is, and how it may be shown.

use std::fmt;
use std::path::PathBuf;

use super::StoreError;

/// Where a database is: a file of SQLite, a throw-away one, or a PostgreSQL server.
///
/// Shown ([`fmt::Display`]) without its password.
///
/// ```
/// use innogauge::store::Address;
///
/// let address: Address = "postgres://survey:secret@db.example/innogauge".parse()?;
/// assert_eq!(address.to_string(), "postgres://survey:…@db.example/innogauge");
/// assert!("innogauge.db".parse::<Address>().is_err());
/// # Ok::<(), innogauge::store::StoreError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// `sqlite:FILE`
    Sqlite(PathBuf),
    /// `sqlite::memory:`, gone when it is closed
    Temporary,
    /// `postgres://…` or `postgresql://…`, as libpq takes it
    Postgres(String),
}

impl std::str::FromStr for Address {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let file = text
            .strip_prefix("sqlite:")
            .map(|rest| rest.strip_prefix("//").unwrap_or(rest));
        match file {
            Some(":memory:") => Ok(Self::Temporary),
            Some(file) if !file.is_empty() => Ok(Self::Sqlite(PathBuf::from(file))),
            _ => Err(StoreError::UnknownAddress {
                address: without_password(text),
            }),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Temporary => f.write_str("sqlite::memory:"),
            Self::Postgres(url) => f.write_str(&without_password(url)),
        }
    }
}

/// As it is displayed: a password never reaches a log through `{:?}`.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn without_password(url: &str) -> String {
    // What libpq takes as parameters may hold a password too, so none of them is shown.
    let url = url.split_once('?').map_or(url, |(before, _)| before);
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let Some((account, place)) = rest.rsplit_once('@') else {
        return url.to_owned();
    };
    match account.split_once(':') {
        Some((user, _)) => format!("{scheme}://{user}:…@{place}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_decides_and_nothing_is_guessed() {
        let read = |text: &str| text.parse::<Address>().ok();
        assert_eq!(read("sqlite:a/b.db"), Some(Address::Sqlite("a/b.db".into())));
        assert_eq!(read("sqlite:///srv/b.db"), Some(Address::Sqlite("/srv/b.db".into())));
        assert_eq!(read("sqlite::memory:"), Some(Address::Temporary));
        assert!(matches!(read("postgresql://h/db"), Some(Address::Postgres(_))));
        for wrong in ["", "sqlite:", "b.db", "mysql://h/db"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        for secret in [
            "postgres://u:hunter2@h/db",
            "postgres://h/db?user=u&password=hunter2",
            "mysql://u:hunter2@h/db",
        ] {
            let shown = match secret.parse::<Address>() {
                Ok(address) => format!("{address} {address:?}"),
                Err(error) => error.to_string(),
            };
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
