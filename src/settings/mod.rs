//! Everything that an operator can set, in one list.
//!
//! Flows in: a YAML file, environment variables, flags. Flows out: one [`Settings`], and for each setting where its
//! value comes from. Never in here: what a setting does. A new setting is one field of [`list`], with its docstring and
//! its default; the file, the environment, `--set`, `innogauge config` and `docs/settings.md` follow from it.
//!
//! No configuration library: the usual ones guess types from texts (a password of digits becomes a number), stop at the
//! first error, and know no `postgres://` address whose password is to be hidden.

mod define;
mod list;
mod load;
mod network;
mod table;
mod value;

pub use define::Line;
pub use list::{Backups, Limits, SessionTimes, Settings, Tls};
pub use load::{Flag, Loaded, Origin, SettingsError, Sources};
pub use network::Network;
pub use table::markdown;
pub use value::{Bytes, DatabaseUrl, LogFormat, ProxyHeader, Raw, Secret, SettingValue};
