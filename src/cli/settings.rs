//! Where a command's settings come from: its flags, the environment, a file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::{DatabaseOptions, DefinitionOptions, Failure};
use crate::settings::{Flag, Loaded, Settings, SettingsError, Sources};

/// The file that is read where none is named and it is there.
const FILE: &str = "innogauge.yaml";

// The options by which anything can be set.
// No doc comment: clap would take it for the description of every command that has these options.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SettingOptions {
    /// A YAML file of settings [default: innogauge.yaml, where there is one]
    #[arg(long, global = true, env = "INNOGAUGE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Any setting of `innogauge config`, such as --set limits.headers=5s
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    set: Vec<String>,
}

impl SettingOptions {
    /// The effective settings, with the command's own flags as `(flag, setting, value)`.
    ///
    /// # Errors
    /// Everything that is wrong in file, environment and flags.
    pub fn load(&self, own: &[(&str, &str, Option<String>)]) -> Result<Loaded, Failure> {
        let file = self
            .config
            .clone()
            .or_else(|| Path::new(FILE).is_file().then(|| PathBuf::from(FILE)));
        let mut flags = Vec::new();
        for set in &self.set {
            let (name, value) = set.split_once('=').ok_or_else(|| {
                Failure::Input(format!("--set {set}: write NAME=VALUE, as in --set limits.headers=5s"))
            })?;
            flags.push(flag("--set", name, value.to_owned()));
        }
        for (written, name, value) in own {
            flags.extend(value.clone().map(|value| flag(written, name, value)));
        }
        let sources = Sources {
            file,
            // What is no Unicode is none of our variables.
            environment: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .collect(),
            flags,
        };
        Ok(Loaded::read(&sources)?)
    }
}

fn flag(written: &str, name: &str, value: String) -> Flag {
    Flag {
        flag: written.to_owned(),
        name: name.to_owned(),
        value,
    }
}

impl DefinitionOptions {
    /// The effective settings.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Ok(self.load(&[])?.settings)
    }

    fn load(&self, own: &[(&str, &str, Option<String>)]) -> Result<Loaded, Failure> {
        let defs = self.defs.as_ref().map(|defs| defs.display().to_string());
        let mut flags = vec![("--defs", "defs", defs)];
        flags.extend_from_slice(own);
        self.settings.load(&flags)
    }
}

impl DatabaseOptions {
    /// The effective settings.
    pub fn settings(&self) -> Result<Settings, Failure> {
        Ok(self.load(&[])?.settings)
    }

    /// The same with where each comes from, and with flags of a command's own.
    pub fn load(&self, own: &[(&str, &str, Option<String>)]) -> Result<Loaded, Failure> {
        let keys = self.keys.as_ref().map(|keys| keys.display().to_string());
        let mut flags = vec![
            ("--database", "database", self.database.clone()),
            ("--keys", "keys", keys),
        ];
        flags.extend_from_slice(own);
        self.definitions.load(&flags)
    }
}

impl From<SettingsError> for Failure {
    fn from(error: SettingsError) -> Self {
        Self::Input(error.to_string())
    }
}
