//! How a setting is written as text, read from it, and shown.

use std::path::PathBuf;
use std::time::Duration;

use super::network::Network;
use crate::attachments::{ContentAddress, ContentError};

/// A value as a source has it, before its setting gives it a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raw {
    /// One text: a scalar of the file, an environment variable, a flag.
    Text(String),
    /// A list of the file.
    List(Vec<String>),
}

impl Raw {
    fn text(&self) -> Result<&str, String> {
        match self {
            Self::Text(text) => Ok(text.trim()),
            Self::List(_) => Err("one value is wanted here, not a list".to_owned()),
        }
    }

    /// The items: those of a list, or the parts of a text between commas.
    fn items(&self) -> Vec<String> {
        match self {
            Self::List(items) => items.clone(),
            Self::Text(text) => text
                .split(',')
                .map(|item| item.trim().to_owned())
                .filter(|item| !item.is_empty())
                .collect(),
        }
    }
}

/// A type that settings have.
pub trait SettingValue: Sized {
    /// What is written there, in words for the table and for messages.
    const KIND: &'static str;

    /// Reads what a source has.
    ///
    /// # Errors
    /// Says what is wanted instead.
    fn read(raw: &Raw) -> Result<Self, String>;

    /// As it is written; empty where nothing is set.
    fn show(&self) -> String;
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// As it is shown: a secret never reaches a log through `{:?}`.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Where the database is. Shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(pub String);

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.show())
    }
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line, for programs.
    Json,
}

/// The header in which a proxy says for whom it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyHeader {
    /// What most proxies write, with `X-Forwarded-Proto`.
    XForwardedFor,
    /// RFC 7239.
    Forwarded,
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bytes(pub usize);

/// Every text is taken as it is.
impl SettingValue for String {
    const KIND: &'static str = "text";

    fn read(raw: &Raw) -> Result<Self, String> {
        raw.text().map(str::to_owned)
    }

    fn show(&self) -> String {
        self.clone()
    }
}

impl SettingValue for PathBuf {
    const KIND: &'static str = "path";

    fn read(raw: &Raw) -> Result<Self, String> {
        match raw.text()? {
            "" => Err("a path is wanted".to_owned()),
            path => Ok(Self::from(path)),
        }
    }

    fn show(&self) -> String {
        self.display().to_string()
    }
}

impl SettingValue for DatabaseUrl {
    const KIND: &'static str = "`sqlite:FILE` or `postgres://…`";

    fn read(raw: &Raw) -> Result<Self, String> {
        Ok(Self(raw.text()?.to_owned()))
    }

    fn show(&self) -> String {
        match self.0.parse::<crate::store::Address>() {
            Ok(address) => address.to_string(),
            Err(error) => error.to_string(),
        }
    }
}

impl SettingValue for ContentAddress {
    const KIND: &'static str = "folder or `s3://…`";

    fn read(raw: &Raw) -> Result<Self, String> {
        raw.text()?.parse().map_err(|error: ContentError| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl SettingValue for Secret {
    const KIND: &'static str = "secret";

    fn read(raw: &Raw) -> Result<Self, String> {
        match raw.text()? {
            "" => Err("a secret is not empty".to_owned()),
            text => Ok(Self(text.to_owned())),
        }
    }

    fn show(&self) -> String {
        "***".to_owned()
    }
}

impl SettingValue for bool {
    const KIND: &'static str = "`true` or `false`";

    fn read(raw: &Raw) -> Result<Self, String> {
        match raw.text()?.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Ok(true),
            "false" | "no" | "off" | "0" => Ok(false),
            other => Err(format!("'{other}' is neither true nor false")),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl SettingValue for LogFormat {
    const KIND: &'static str = "`text` or `json`";

    fn read(raw: &Raw) -> Result<Self, String> {
        match raw.text()? {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            other => Err(format!("'{other}' is neither text nor json")),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::Text => "text",
            Self::Json => "json",
        }
        .to_owned()
    }
}

impl SettingValue for ProxyHeader {
    const KIND: &'static str = "`x-forwarded-for` or `forwarded`";

    fn read(raw: &Raw) -> Result<Self, String> {
        match raw.text()?.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            other => Err(format!("'{other}' is neither x-forwarded-for nor forwarded")),
        }
    }

    fn show(&self) -> String {
        match self {
            Self::XForwardedFor => "x-forwarded-for",
            Self::Forwarded => "forwarded",
        }
        .to_owned()
    }
}

macro_rules! whole_numbers {
    ($($type:ty),+) => {$(
        impl SettingValue for $type {
            const KIND: &'static str = "whole number";

            fn read(raw: &Raw) -> Result<Self, String> {
                let text = raw.text()?;
                text.parse().map_err(|_| format!("'{text}' is no whole number from 0 to {}", Self::MAX))
            }

            fn show(&self) -> String {
                self.to_string()
            }
        }
    )+};
}
whole_numbers!(u16, u32, u64, usize);

/// Factors of 1024, the largest first.
const BYTE_UNITS: [(&str, usize); 4] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl SettingValue for Bytes {
    const KIND: &'static str = "bytes, such as `1MiB`";

    fn read(raw: &Raw) -> Result<Self, String> {
        let text = raw.text()?;
        let wrong = || format!("'{text}' is no size: write a whole number and B, KiB, MiB or GiB");
        let (number, factor) = BYTE_UNITS
            .iter()
            .find_map(|(unit, factor)| text.strip_suffix(unit).map(|number| (number, *factor)))
            .unwrap_or((text, 1));
        let number: usize = number.trim().parse().map_err(|_| wrong())?;
        number.checked_mul(factor).map(Self).ok_or_else(wrong)
    }

    fn show(&self) -> String {
        let unit = BYTE_UNITS
            .iter()
            .find(|(_, factor)| self.0 > 0 && self.0.is_multiple_of(*factor));
        unit.map_or_else(
            || "0B".to_owned(),
            |(unit, factor)| format!("{}{unit}", self.0 / factor),
        )
    }
}

/// Milliseconds per unit, the largest first.
const TIME_UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl SettingValue for Duration {
    const KIND: &'static str = "time, such as `30s`";

    fn read(raw: &Raw) -> Result<Self, String> {
        let text = raw.text()?;
        let wrong = || format!("'{text}' is no length of time: write a whole number and ms, s, m or h");
        let split = text
            .find(|character: char| !character.is_ascii_digit())
            .ok_or_else(wrong)?;
        let (number, unit) = text.split_at(split);
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let factor = TIME_UNITS
            .iter()
            .find(|(name, _)| *name == unit.trim())
            .map(|(_, factor)| *factor)
            .ok_or_else(wrong)?;
        number.checked_mul(factor).map(Self::from_millis).ok_or_else(wrong)
    }

    fn show(&self) -> String {
        let milliseconds = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        let unit = TIME_UNITS
            .iter()
            .find(|(_, factor)| milliseconds > 0 && milliseconds.is_multiple_of(*factor));
        unit.map_or_else(
            || "0s".to_owned(),
            |(unit, factor)| format!("{}{unit}", milliseconds / factor),
        )
    }
}

impl SettingValue for Vec<String> {
    const KIND: &'static str = "list of texts";

    fn read(raw: &Raw) -> Result<Self, String> {
        Ok(raw.items())
    }

    fn show(&self) -> String {
        self.join(", ")
    }
}

impl SettingValue for Vec<Network> {
    const KIND: &'static str = "list of addresses or networks, such as `10.0.0.0/8`";

    fn read(raw: &Raw) -> Result<Self, String> {
        raw.items().iter().map(|item| item.parse()).collect()
    }

    fn show(&self) -> String {
        let shown: Vec<String> = self.iter().map(ToString::to_string).collect();
        shown.join(", ")
    }
}

/// An empty text sets nothing.
impl<T: SettingValue> SettingValue for Option<T> {
    const KIND: &'static str = T::KIND;

    fn read(raw: &Raw) -> Result<Self, String> {
        match raw {
            Raw::Text(text) if text.trim().is_empty() => Ok(None),
            raw => T::read(raw).map(Some),
        }
    }

    fn show(&self) -> String {
        self.as_ref().map(T::show).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T: SettingValue>(text: &str) -> Result<T, String> {
        T::read(&Raw::Text(text.to_owned()))
    }

    #[test]
    fn lengths_of_time_and_sizes_are_shown_as_they_are_written() {
        for text in ["30s", "10m", "500ms", "0s", "2h"] {
            assert_eq!(read::<Duration>(text).unwrap().show(), text);
        }
        for text in ["1MiB", "64KiB", "17B", "0B"] {
            assert_eq!(read::<Bytes>(text).unwrap().show(), text);
        }
        assert_eq!(read::<Bytes>("2048").unwrap(), Bytes(2048));
    }

    #[test]
    fn what_is_no_value_is_refused_with_what_is_wanted() {
        assert!(read::<Duration>("30").unwrap_err().contains("ms, s, m or h"));
        assert!(read::<Duration>("99999999999999999h").is_err());
        assert!(read::<Bytes>("-1").is_err() && read::<Bytes>("99999999999999GiB").is_err());
        assert!(read::<bool>("maybe").is_err() && read::<usize>("1.5").is_err());
        assert!(
            read::<Vec<Network>>("10.0.0.0/8, nonsense")
                .unwrap_err()
                .contains("nonsense")
        );
        assert!(Duration::read(&Raw::List(vec![])).is_err());
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret: Secret = read("hunter2").unwrap();
        assert_eq!((secret.show().as_str(), secret.reveal()), ("***", "hunter2"));
        let url: DatabaseUrl = read("postgres://u:hunter2@h/db").unwrap();
        assert!(!format!("{secret:?} {url:?} {}", url.show()).contains("hunter2"));
    }
}
