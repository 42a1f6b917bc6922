//! The macro that makes a group of settings: its type, its defaults, and what is said of each.

use super::value::{Raw, SettingValue};

/// One setting as it is documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its name; a setting of a group has the group's name and a dot before its own.
    pub name: String,
    /// What it is for.
    pub about: String,
    /// What is written there.
    pub kind: &'static str,
    /// Its default as it is written; empty where it has none.
    pub default: String,
}

impl Line {
    /// The environment variable that sets it.
    pub fn variable(&self) -> String {
        format!("INNOGAUGE_{}", self.name.replace('.', "_").to_uppercase())
    }
}

/// A setting, or a group of settings.
pub trait Node: Sized {
    /// Adds what is said of it to a list.
    fn describe(&self, name: &str, about: &str, lines: &mut Vec<Line>);

    /// Sets what that path names. `None` where there is no such setting.
    fn set(&mut self, path: &str, raw: &Raw) -> Option<Result<(), String>>;

    /// What that path names, as it is written. `None` where there is no such setting.
    fn show(&self, path: &str) -> Option<String>;
}

impl<T: SettingValue> Node for T {
    fn describe(&self, name: &str, about: &str, lines: &mut Vec<Line>) {
        lines.push(Line {
            name: name.to_owned(),
            about: about.to_owned(),
            kind: T::KIND,
            default: SettingValue::show(self),
        });
    }

    fn set(&mut self, path: &str, raw: &Raw) -> Option<Result<(), String>> {
        path.is_empty().then(|| T::read(raw).map(|value| *self = value))
    }

    fn show(&self, path: &str) -> Option<String> {
        path.is_empty().then(|| SettingValue::show(self))
    }
}

/// The group's name that a path begins with, and what follows it.
pub fn split(path: &str) -> (&str, &str) {
    path.split_once('.').unwrap_or((path, ""))
}

/// The name of a member of a group.
pub fn joined(group: &str, member: &str) -> String {
    if group.is_empty() {
        member.to_owned()
    } else {
        format!("{group}.{member}")
    }
}

/// Makes a group: `settings! { /// … Name { /// … field: Type = default, … } }`.
macro_rules! settings {
    ($(#[$outer:meta])* $name:ident { $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr),+ $(,)? }) => {
        $(#[$outer])*
        #[derive(Debug, Clone)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $crate::settings::define::Node for $name {
            fn describe(&self, name: &str, _about: &str, lines: &mut Vec<$crate::settings::define::Line>) {
                $($crate::settings::define::Node::describe(
                    &self.$field,
                    &$crate::settings::define::joined(name, stringify!($field)),
                    concat!($($doc),+).trim(),
                    lines,
                );)+
            }

            fn set(&mut self, path: &str, raw: &$crate::settings::value::Raw) -> Option<Result<(), String>> {
                let (member, rest) = $crate::settings::define::split(path);
                match member {
                    $(stringify!($field) => $crate::settings::define::Node::set(&mut self.$field, rest, raw),)+
                    _ => None,
                }
            }

            fn show(&self, path: &str) -> Option<String> {
                let (member, rest) = $crate::settings::define::split(path);
                match member {
                    $(stringify!($field) => $crate::settings::define::Node::show(&self.$field, rest),)+
                    _ => None,
                }
            }
        }
    };
}
pub(super) use settings;
