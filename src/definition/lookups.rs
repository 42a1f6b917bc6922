//! What a definition looks up outside of itself: lists by name, and the files that its form reads.

use super::choices::ChoiceList;
use super::element::Element;
use super::model::Definition;
use super::xform::{ITEMSETS, attached_files};
use crate::expression::LookedUp;

/// The list of the organisations that somebody may visit, from the register.
pub const ORGANISATIONS: &str = "organisations";
/// The list of what organisations answered in the round before.
pub const LAST_ROUND: &str = "last_round";

/// Whether a list is one that changes while a round goes on: the study makes it for each phone, unless a file of that name
/// lies beside the definition. What a phone found in it can't be found again later.
pub fn is_live_list(name: &str) -> bool {
    name == ORGANISATIONS || name == LAST_ROUND
}

impl Definition {
    /// What its expressions look up in lists by name, in document order, once for each time that they do.
    pub fn looked_up(&self) -> impl Iterator<Item = LookedUp> {
        self.elements()
            .iter()
            .flat_map(Element::formulas)
            .flat_map(|(_, formula)| formula.expression().looked_up())
    }

    /// The names of the files that a form made of it reads, each once: `organisations.csv`.
    ///
    /// ```
    /// use innogauge::definition::Definition;
    ///
    /// let yaml = "survey: s\nversion: '1'\ntitle: S\nquestions:\n- {type: select_one_from_file firms.csv, name: firm, label: Firm}\n";
    /// let definition = Definition::from_yaml("s.yaml", yaml).unwrap().value;
    /// assert_eq!(definition.files_read(), ["firms.csv"]);
    /// ```
    pub fn files_read(&self) -> Vec<String> {
        let external = self.choices().values().any(ChoiceList::is_external);
        let mut files: Vec<String> = Vec::new();
        for instance in attached_files(self) {
            // `jr://instance/last-saved` is the client's own.
            let name = instance
                .source
                .strip_prefix("jr://file")
                .and_then(|rest| rest.split_once('/'));
            if let Some((_, name)) = name
                && !files.iter().any(|known| known == name)
            {
                files.push(name.to_owned());
            }
        }
        files.extend(external.then(|| ITEMSETS.to_owned()));
        files
    }
}
