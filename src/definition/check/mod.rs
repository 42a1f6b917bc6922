//! The checks of a definition: each file checks one subject, and all of them always run.

mod choices;
mod clients;
mod cycles;
mod entities;
mod expressions;
mod facts;
mod identity;
mod instances;
mod languages;
mod names;
mod parameters;
mod profiles;
mod questions;
mod tables;
mod texts;

pub use clients::{Client, cannot_ask};
pub(super) use names::{is_name, whereabouts};

use super::element::Element;
use super::model::Definition;
use super::outline::{Places, Provenance};
use super::place::{Diagnostic, Place};

/// A definition under check, with the places of its parts.
pub(super) struct Subject<'d> {
    pub definition: &'d Definition,
    pub places: Vec<Places>,
    pub top: Places,
    pub file: Place,
    pub provenance: Provenance,
}

impl Subject<'_> {
    /// Where the value of an element's key stands, else where the element begins.
    fn place(&self, element: &Element, key: &str) -> Place {
        self.places
            .get(element.id.index())
            .and_then(|places| places.of(key))
            .map_or_else(|| element.origin.0.clone(), Place::clone)
    }

    /// Where the value of a key of the definition itself stands, else the file.
    fn top(&self, key: &str) -> Place {
        self.top.of(key).unwrap_or(&self.file).clone()
    }
}

/// Runs every check; errors and warnings in the order of the file.
pub(super) fn check(subject: &Subject<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    names::check(subject, &mut found);
    questions::check(subject, &mut found);
    parameters::check(subject, &mut found);
    texts::check(subject, &mut found);
    choices::check(subject, &mut found);
    instances::check(subject, &mut found);
    tables::check(subject, &mut found);
    expressions::check(subject, &mut found);
    cycles::check(subject, &mut found);
    entities::check(subject, &mut found);
    identity::check(subject, &mut found);
    profiles::check(subject, &mut found);
    languages::check(subject, &mut found);
    clients::check(subject, &mut found);
    found
}
