//! What one transaction will say in the log, and of whom.

use std::net::IpAddr;

use chrono::NaiveDateTime;

use super::acts::AuditAct;

/// The door that somebody came through who changed something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Channel {
    /// The program itself: what it does when it starts.
    #[default]
    Program,
    /// The command line.
    Command,
    /// The HTTP API.
    Api,
}

impl Channel {
    /// Its name in the log. A response's door has a name of its own there: `json`, `spreadsheet`, `open_rosa`, `web_form`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Command => "command",
            Self::Api => "api",
        }
    }
}

/// Who changes something, and from where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origin {
    /// The user; `None` is nobody in particular.
    pub actor: Option<String>,
    /// The door.
    pub channel: Channel,
    /// The network address.
    pub address: Option<IpAddr>,
}

/// The entries of one transaction, in the order that they are to be chained.
#[derive(Debug)]
pub(in crate::store) struct Journal<'a> {
    origin: &'a Origin,
    at: NaiveDateTime,
    entries: Vec<Noted>,
}

/// An entry that has no place in the chain yet.
#[derive(Debug)]
pub(in crate::store) struct Noted {
    pub(super) at: NaiveDateTime,
    pub(super) act: AuditAct,
    pub(super) actor: Option<String>,
    pub(super) door: &'static str,
    pub(super) address: Option<String>,
    pub(super) target: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
}

impl<'a> Journal<'a> {
    pub(in crate::store) fn new(origin: &'a Origin, at: NaiveDateTime) -> Self {
        Self {
            origin,
            at,
            entries: Vec::new(),
        }
    }

    /// Notes that something was done to a target, named as the API's addresses do. No personal data.
    pub(in crate::store) fn note(&mut self, act: AuditAct, target: impl Into<String>) -> Draft<'_> {
        self.entries.push(Noted {
            at: self.at,
            act,
            actor: self.origin.actor.clone(),
            door: self.origin.channel.name(),
            address: self.origin.address.map(|address| address.to_string()),
            target: target.into(),
            before: None,
            after: None,
        });
        Draft(self.entries.last_mut())
    }

    pub(in crate::store) fn into_entries(self) -> Vec<Noted> {
        self.entries
    }
}

/// An entry that is being written.
pub(in crate::store) struct Draft<'a>(Option<&'a mut Noted>);

impl Draft<'_> {
    /// What it was before, by reference.
    pub(in crate::store) fn before(mut self, reference: impl Into<String>) -> Self {
        if let Some(entry) = &mut self.0 {
            entry.before = Some(reference.into());
        }
        self
    }

    /// What it is now, by reference.
    pub(in crate::store) fn after(mut self, reference: impl Into<String>) -> Self {
        if let Some(entry) = &mut self.0 {
            entry.after = Some(reference.into());
        }
        self
    }

    /// Who did it and through which door, where the change itself says so.
    pub(in crate::store) fn by(mut self, actor: Option<&str>, door: &'static str) -> Self {
        if let Some(entry) = &mut self.0 {
            entry.actor = actor.map(str::to_owned);
            entry.door = door;
        }
        self
    }
}
