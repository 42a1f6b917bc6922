//! Settings from their sources: a flag goes before the environment, that before the file, that before the default.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::define::{Line, Node as _};
use super::list::Settings;
use super::value::Raw;
use crate::definition::yaml::{Node, Value};
use crate::definition::{Place, nearest};

/// What every variable's name begins with.
const PREFIX: &str = "INNOGAUGE_";
/// Variables that are no settings: the file's own, and those of tests and benches.
const OTHER_VARIABLES: [&str; 3] = ["INNOGAUGE_CONFIG", "INNOGAUGE_TEST_", "INNOGAUGE_BENCH_"];

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// That place of the file.
    File(Place),
    /// That environment variable.
    Environment(String),
    /// That flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(place) => place.fmt(f),
            Self::Environment(variable) => f.write_str(variable),
            Self::Flag(flag) => f.write_str(flag),
        }
    }
}

/// A flag of the command line that sets something.
#[derive(Debug, Clone)]
pub struct Flag {
    /// As it is written, such as `--listen`.
    pub flag: String,
    /// The setting.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// Where settings are read from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The file, where there is one.
    pub file: Option<PathBuf>,
    /// The environment.
    pub environment: Vec<(String, String)>,
    /// The flags, the strongest last.
    pub flags: Vec<Flag>,
}

/// Why settings can't be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SettingsError {
    /// The file can't be read.
    #[error("{}: can't read the settings: {reason}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Some are unknown or have wrong values: all of them, each with its place and remedy.
    #[error("{}", .0.join("\n"))]
    Wrong(Vec<String>),
}

/// The effective settings.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    origins: BTreeMap<String, Origin>,
}

impl Loaded {
    /// Reads all sources, the weakest first.
    ///
    /// # Errors
    /// Everything that is wrong in any of them.
    ///
    /// ```
    /// use innogauge::settings::{Loaded, Sources};
    ///
    /// let environment = vec![("INNOGAUGE_LISTN".to_owned(), "0.0.0.0:80".to_owned())];
    /// let error = Loaded::read(&Sources { environment, ..Sources::default() }).unwrap_err();
    /// assert_eq!(error.to_string(), "INNOGAUGE_LISTN: there is no such setting, did you mean INNOGAUGE_LISTEN?");
    /// ```
    pub fn read(sources: &Sources) -> Result<Self, SettingsError> {
        let mut reading = Reading {
            loaded: Self::default(),
            lines: Settings::lines(),
            faults: Vec::new(),
        };
        if let Some(file) = &sources.file {
            reading.file(file)?;
        }
        reading.environment(&sources.environment);
        for flag in &sources.flags {
            let origin = Origin::Flag(flag.flag.clone());
            if reading.lines.iter().any(|line| line.name == flag.name) {
                reading.set(&flag.name, &Raw::Text(flag.value.clone()), origin);
            } else {
                reading.unknown(&origin, &flag.name);
            }
        }
        if reading.faults.is_empty() {
            Ok(reading.loaded)
        } else {
            Err(SettingsError::Wrong(reading.faults))
        }
    }

    /// Every setting: its line of the documentation, its value as it is written, where that comes from.
    pub fn shown(&self) -> Vec<(Line, String, Origin)> {
        Settings::lines()
            .into_iter()
            .map(|line| {
                let value = self.settings.show(&line.name).unwrap_or_default();
                let origin = self.origins.get(&line.name).cloned().unwrap_or(Origin::Default);
                (line, value, origin)
            })
            .collect()
    }
}

impl Settings {
    /// What is said of every setting, in the order of the list.
    pub fn lines() -> Vec<Line> {
        let mut lines = Vec::new();
        Self::default().describe("", "", &mut lines);
        lines
    }
}

struct Reading {
    loaded: Loaded,
    lines: Vec<Line>,
    faults: Vec<String>,
}

impl Reading {
    fn set(&mut self, name: &str, raw: &Raw, origin: Origin) {
        match self.loaded.settings.set(name, raw) {
            Some(Ok(())) => {
                self.loaded.origins.insert(name.to_owned(), origin);
            }
            Some(Err(wanted)) => self.faults.push(format!("{origin}: {name}: {wanted}")),
            None => self.unknown(&origin, name),
        }
    }

    fn unknown(&mut self, origin: &Origin, name: &str) {
        let meant = nearest(name, self.lines.iter().map(|line| line.name.as_str()));
        self.faults.push(match meant {
            Some(meant) => format!("{origin}: there is no setting '{name}', did you mean '{meant}'?"),
            None => format!("{origin}: there is no setting '{name}'; `innogauge config` lists all"),
        });
    }

    fn file(&mut self, file: &Path) -> Result<(), SettingsError> {
        let unreadable = |reason: String| SettingsError::Unreadable {
            file: file.to_owned(),
            reason,
        };
        let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
        let (node, problems) = Node::parse(&file.display().to_string(), &text);
        self.faults.extend(problems.iter().map(ToString::to_string));
        match node {
            Some(node) if matches!(node.value, Value::Mapping(_)) => self.mapping("", &node),
            // An empty file, or one of comments, sets nothing.
            Some(node) if node.text() != Some("") => self.faults.push(format!(
                "{}: the settings are a mapping, as in `listen: 127.0.0.1:8080`",
                node.place()
            )),
            _ => {}
        }
        Ok(())
    }

    fn mapping(&mut self, group: &str, node: &Node) {
        let Value::Mapping(entries) = &node.value else {
            return;
        };
        for (key, value) in entries {
            let name = super::define::joined(group, key.text().unwrap_or_default());
            let origin = Origin::File(key.place());
            let inside = format!("{name}.");
            let is_group = self.lines.iter().any(|line| line.name.starts_with(&inside));
            match &value.value {
                Value::Mapping(_) if is_group => self.mapping(&name, value),
                Value::Scalar(_) | Value::Sequence(_) if is_group => {
                    self.faults.push(format!(
                        "{origin}: '{name}' is a group of settings: indent them under it"
                    ));
                }
                Value::Scalar(text) => self.set(&name, &Raw::Text(text.clone()), origin),
                Value::Sequence(items) => {
                    let items = items.iter().map(|item| item.text().unwrap_or_default().to_owned());
                    self.set(&name, &Raw::List(items.collect()), origin);
                }
                Value::Mapping(_) => self.unknown(&origin, &name),
            }
        }
    }

    fn environment(&mut self, variables: &[(String, String)]) {
        let known: Vec<(String, String)> = self
            .lines
            .iter()
            .map(|line| (line.variable(), line.name.clone()))
            .collect();
        for (variable, value) in variables {
            let other = OTHER_VARIABLES.iter().any(|other| variable.starts_with(other));
            if !variable.starts_with(PREFIX) || other {
                continue;
            }
            if let Some((_, name)) = known.iter().find(|(one, _)| one == variable) {
                self.set(name, &Raw::Text(value.clone()), Origin::Environment(variable.clone()));
                continue;
            }
            let meant = nearest(variable, known.iter().map(|(one, _)| one.as_str()));
            self.faults.push(match meant {
                Some(meant) => format!("{variable}: there is no such setting, did you mean {meant}?"),
                None => format!("{variable}: there is no such setting; `innogauge config` lists all"),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(file: &str, environment: &[(&str, &str)], flags: &[(&str, &str)]) -> (tempfile::TempDir, Sources) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("innogauge.yaml");
        std::fs::write(&path, file).unwrap();
        let flags = flags.iter().map(|(name, value)| Flag {
            flag: format!("--{name}"),
            name: (*name).to_owned(),
            value: (*value).to_owned(),
        });
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let sources = Sources {
            file: Some(path),
            environment: environment.collect(),
            flags: flags.collect(),
        };
        (folder, sources)
    }

    #[test]
    fn a_flag_goes_before_the_environment_before_the_file_before_the_default() {
        let file = "listen: 1.1.1.1:1\nworkers: 3\nlimits:\n  headers: 2s\ntrusted_proxies: [10.0.0.0/8, '::1']\n";
        let environment = [
            ("INNOGAUGE_LISTEN", "2.2.2.2:2"),
            ("INNOGAUGE_LIMITS_BODY_BYTES", "2MiB"),
            ("PATH", "/"),
        ];
        let (_folder, sources) = sources(file, &environment, &[("listen", "3.3.3.3:3")]);
        let loaded = Loaded::read(&sources).unwrap();
        let shown = |name: &str| {
            let all = loaded.shown();
            let (_, value, origin) = all.into_iter().find(|(line, ..)| line.name == name).unwrap();
            let origin = origin.to_string();
            (value, origin.rsplit('/').next().unwrap_or_default().to_owned())
        };
        let is = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
        assert_eq!(shown("listen"), is("3.3.3.3:3", "--listen"));
        assert_eq!(shown("workers"), is("3", "innogauge.yaml:2:1"));
        assert_eq!(shown("limits.headers"), is("2s", "innogauge.yaml:4:3"));
        assert_eq!(shown("limits.body_bytes"), is("2MiB", "INNOGAUGE_LIMITS_BODY_BYTES"));
        assert_eq!(
            shown("trusted_proxies"),
            is("10.0.0.0/8, ::1/128", "innogauge.yaml:5:1")
        );
        assert_eq!(shown("limits.upload_bytes"), is("64MiB", "default"));
        assert_eq!(loaded.settings.limits.body_bytes.0, 2 << 20);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_with_its_place_and_remedy() {
        let file = "listn: a\nlimits: 5\ntls:\n  certificat: a.pem\nworkers: many\n";
        let (_folder, sources) = sources(file, &[("INNOGAUGE_DRAIN", "soon")], &[("databse", "x")]);
        let text = Loaded::read(&sources).unwrap_err().to_string();
        for words in [
            "yaml:1:1: there is no setting 'listn', did you mean 'listen'?",
            "yaml:2:1: 'limits' is a group of settings",
            "yaml:4:3: there is no setting 'tls.certificat', did you mean 'tls.certificate'?",
            "yaml:5:1: workers: 'many' is no whole number",
            "INNOGAUGE_DRAIN: drain: 'soon' is no length of time",
            "--databse: there is no setting 'databse', did you mean 'database'?",
        ] {
            assert!(text.contains(words), "'{words}' is missing from\n{text}");
        }
        assert_eq!(text.lines().count(), 6, "{text}");
    }

    #[test]
    fn a_file_without_settings_sets_nothing() {
        for file in ["", "# nothing yet\n", "---\n"] {
            let (_folder, sources) = sources(file, &[], &[]);
            assert_eq!(Loaded::read(&sources).unwrap().settings.listen, "127.0.0.1:8080");
        }
        let (_folder, sources) = sources("- listen\n", &[], &[]);
        assert!(Loaded::read(&sources).is_err());
    }
}
