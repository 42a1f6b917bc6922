//! Which stratum each respondent was drawn from, and how many organisations the strata have.

use std::borrow::Cow;
use std::collections::HashMap;

use super::StudyError;
use super::register::totals_of;
use crate::response::Identity;
use crate::scoring::{Options, Populations, RespondentUnit};
use crate::store::{RegisterFilter, Store};

/// What it takes to draw the respondents of an assessment again.
#[derive(Debug, Default)]
pub(super) struct Sample {
    kept: bool,
    /// By credit code, what the register says.
    strata: HashMap<String, String>,
    populations: Populations,
}

impl Sample {
    /// Reads the registers of the surveys, where respondents are to be drawn again, or to be `joined` with those of
    /// another round.
    pub fn of(
        store: &Store,
        round: &str,
        surveys: &[&str],
        options: &Options,
        joined: bool,
    ) -> Result<Self, StudyError> {
        let drawn = options
            .uncertainty
            .as_ref()
            .is_some_and(|asked| asked.vary.respondents.is_some());
        let mut sample = Self {
            kept: (drawn || joined) && options.responses.unit == RespondentUnit::City,
            ..Self::default()
        };
        for survey in surveys.iter().filter(|_| sample.kept) {
            let register = store.whole_register(round, survey, &RegisterFilter::default())?;
            if register.is_empty() {
                continue;
            }
            let in_frame = register
                .iter()
                .map(|organisation| &organisation.entry)
                .filter(|entry| entry.in_frame);
            sample.populations.insert((*survey).to_owned(), totals_of(in_frame));
            let strata = register.iter().map(|organisation| &organisation.entry);
            sample
                .strata
                .extend(strata.map(|entry| (entry.code.clone(), entry.stratum())));
        }
        Ok(sample)
    }

    /// Whether respondents are to be kept one by one.
    pub fn is_kept(&self) -> bool {
        self.kept
    }

    /// What the registers say, by survey.
    pub fn populations(&self) -> &Populations {
        &self.populations
    }

    /// The stratum of a respondent: that of the register, else what the response says, else city and size.
    pub fn stratum<'a>(&'a self, identity: &'a Identity) -> Cow<'a, str> {
        let registered = identity.code.as_ref().and_then(|code| self.strata.get(code));
        if let Some(stratum) = registered.or(identity.stratum.as_ref()) {
            return Cow::Borrowed(stratum);
        }
        match (&identity.city, &identity.size) {
            (Some(city), Some(size)) => Cow::Owned(format!("{city}/{size}")),
            (Some(city), None) => Cow::Borrowed(city),
            (None, _) => Cow::Borrowed(""),
        }
    }
}
