//! A version of a survey as phones ask it: the form, and the files that the form reads.
//!
//! The form is always the same bytes, and so are the files that belong to the definition. What the study makes for
//! whoever holds the phone, the register and the figures of the round before, is made when it is asked for.

use md5::{Digest as _, Md5};

use super::last_round::last_round_csv;
use super::register_list::organisations_csv;
use super::{Audience, StudyError, Version};
use crate::definition::{AttachedFile, Definition, ITEMSETS, LAST_ROUND, ORGANISATIONS, itemsets, xform};
use crate::store::Store;

/// The form of a version.
#[derive(Debug)]
pub struct PhoneForm {
    /// The XForm.
    pub xml: String,
    /// Its MD5 in hexadecimal, by which a phone knows whether it has it.
    pub hash: String,
    files: Vec<(String, Source)>,
}

/// A file that a form reads, as a list of files names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneFile {
    /// Its name.
    pub name: String,
    /// The MD5 of its content in hexadecimal.
    pub hash: String,
}

/// Where a file comes from.
#[derive(Debug)]
enum Source {
    /// It lies beside the definition, and has this hash.
    Attached(String),
    /// It is made.
    Made(List),
}

/// A list that is made.
#[derive(Debug, Clone, Copy)]
enum List {
    /// The definition's own lists that are too long for a form.
    ItemSets,
    /// The organisations of the register.
    Organisations,
    /// The figures of the round before.
    LastRound,
}

/// The MD5 of some bytes, in hexadecimal.
pub(super) fn md5(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(&Md5::digest(bytes))
}

/// The names and hashes of the files beside a definition.
pub(super) fn hashed(files: &[AttachedFile]) -> Vec<(String, String)> {
    files
        .iter()
        .map(|file| (file.name.clone(), md5(&file.content)))
        .collect()
}

impl PhoneForm {
    /// Of a definition with these files beside it, by name with their hashes. A file stands before a list of the same
    /// name that the study makes.
    pub(super) fn of(definition: &Definition, attached: &[(String, String)]) -> Self {
        let xml = xform(definition, None);
        let mut files: Vec<(String, Source)> = attached
            .iter()
            .map(|(name, hash)| (name.clone(), Source::Attached(hash.clone())))
            .collect();
        for name in definition.files_read() {
            let list = match name.strip_suffix(".csv") {
                _ if files.iter().any(|(known, _)| *known == name) => continue,
                _ if name == ITEMSETS => List::ItemSets,
                Some(ORGANISATIONS) => List::Organisations,
                Some(LAST_ROUND) => List::LastRound,
                // Nobody has it: the form says so itself when it is opened.
                _ => continue,
            };
            files.push((name, Source::Made(list)));
        }
        Self {
            hash: md5(xml.as_bytes()),
            xml,
            files,
        }
    }

    /// Whether the form reads any files.
    pub fn has_files(&self) -> bool {
        !self.files.is_empty()
    }
}

impl Version {
    /// It as phones ask it; made once.
    pub fn phone_form(&self) -> &PhoneForm {
        self.phone
            .get_or_init(|| PhoneForm::of(&self.definition, &self.attached))
    }

    /// The files that its form reads, for somebody's phone in a round.
    ///
    /// # Errors
    /// What the database says.
    pub fn phone_files(
        &self,
        store: &Store,
        round: Option<&str>,
        audience: &Audience,
    ) -> Result<Vec<PhoneFile>, StudyError> {
        let files = self.phone_form().files.iter();
        let files = files.map(|(name, source)| {
            let hash = match source {
                Source::Attached(hash) => hash.clone(),
                Source::Made(list) => md5(&self.made(store, *list, round, audience)?),
            };
            let name = name.clone();
            Ok(PhoneFile { name, hash })
        });
        files.collect()
    }

    /// The content of one of them; `None` where the form reads no file of that name.
    ///
    /// # Errors
    /// What the database says.
    pub fn phone_file(
        &self,
        store: &Store,
        name: &str,
        round: Option<&str>,
        audience: &Audience,
    ) -> Result<Option<Vec<u8>>, StudyError> {
        let Some((_, source)) = self.phone_form().files.iter().find(|(known, _)| known == name) else {
            return Ok(None);
        };
        if let Source::Made(list) = source {
            return self.made(store, *list, round, audience).map(Some);
        }
        let attached = store.attached_files(self.definition.survey(), &self.version)?;
        Ok(attached
            .into_iter()
            .find(|file| file.name == name)
            .map(|file| file.content))
    }

    fn made(&self, store: &Store, list: List, round: Option<&str>, audience: &Audience) -> Result<Vec<u8>, StudyError> {
        match list {
            List::ItemSets => Ok(itemsets(&self.definition)?),
            List::Organisations => organisations_csv(store, self.definition.survey(), round, audience),
            List::LastRound => last_round_csv(store, &self.definition, round, audience.cities.as_deref()),
        }
    }
}
