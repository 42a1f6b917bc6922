//! Reading and checking an uploaded workbook: what loading it and writing its issues share.

use std::path::Path;

use actix_web::web;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::definition::{Language, VersionState};
use crate::response::{Door, Unasked};
use crate::spreadsheet::{self, Accepted, Head, ImportError, ImportOptions, ImportPlan, Workbook, Worker};
use crate::store::{Envelope, StoreError, Submission};
use crate::web::Caller;
use crate::web::problem::{Code, Problem};
use crate::web::state::App;

/// How a workbook is to be taken.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Check only: nothing is kept.
    pub dry_run: bool,
    /// Store the rows without problems and leave the others out; without it, all rows or none.
    pub valid_rows: bool,
    /// Leave answers to questions that were not to be asked out of account rather than refuse their rows.
    pub drop_unasked: bool,
    /// The round that the answers are for; the token's, else the only open one, where it is absent.
    pub round: Option<String>,
}

/// An upload that is to be read: by whom, to which survey, how.
pub(super) struct Loading {
    pub app: web::Data<App>,
    pub caller: Caller,
    pub survey: String,
    pub options: Options,
    pub language: Language,
}

/// A workbook that was read and checked.
pub(super) struct Checked {
    /// The workbook, open in its reading process.
    pub workbook: Workbook,
    /// Where its answers are.
    pub head: Head,
    /// What would become of it.
    pub plan: ImportPlan<Result<Submission, StoreError>>,
    /// The round that it would go to.
    pub round: String,
}

impl Loading {
    /// Reads and checks a workbook; nothing is stored.
    pub fn check(&self, path: &Path) -> Result<Checked, Problem> {
        let refused = |error: ImportError| match error {
            ImportError::Read(error) if error.is_of_the_system() => Problem::internal(error),
            error => Problem::new(Code::FileInvalid).detail(error.message(self.language.code())),
        };
        let limits = spreadsheet::Limits::default();
        let worker = match &self.app.settings.workbook_reader {
            Some(program) => Worker::of(program, limits),
            None => Worker::of_this_program(limits).map_err(Problem::internal)?,
        };
        let mut workbook = worker.open(path).map_err(|error| refused(error.into()))?;
        let head = Head::read(&mut workbook).map_err(refused)?;
        let (Some(mark), Some(at)) = (head.mark(), head.place()) else {
            return Err(refused(ImportError::NoMark));
        };
        if mark.survey != self.survey {
            let (found, expected) = (mark.survey.clone(), self.survey.clone());
            return Err(refused(ImportError::OtherSurvey { found, expected, at }));
        }
        let catalogue = self.app.surveys.catalogue(&self.app.store)?;
        let survey = catalogue.survey(&self.survey)?;
        let published: Vec<_> = survey
            .versions
            .iter()
            .filter(|version| version.state == VersionState::Published)
            .collect();
        let Some(version) = published.iter().find(|version| version.version == mark.version) else {
            let known: Vec<&str> = published.iter().map(|version| version.version.as_str()).collect();
            return Err(refused(ImportError::OtherVersion {
                found: mark.version.clone(),
                known: known.join(", "),
                at,
            }));
        };
        if !survey.state.accepts() {
            return Err(Problem::new(Code::SurveyClosed));
        }
        let named = self.caller.round.as_deref().or(self.options.round.as_deref());
        let round = catalogue.open_round(named)?.to_owned();
        let now = self.app.now();
        let form = &version.form;
        let mut options = ImportOptions::new(self.language.code(), now.with_timezone(&form.timezone()).fixed_offset());
        options.round = Some(round.clone());
        if self.options.drop_unasked {
            options.unasked = Unasked::Drop;
        }
        let keep = |accepted: Accepted| {
            if !self.caller.may_use_city(accepted.processed.identity.city.as_deref()) {
                return Err(StoreError::Refused(format!(
                    "{}: the city is not one of yours",
                    accepted.at
                )));
            }
            let bytes = accepted.instance_id.clone();
            let envelope = Envelope {
                round: Some(round.clone()),
                survey: self.survey.clone(),
                definition_version: version.version.clone(),
                claimed_version: version.version.clone(),
                instance_id: accepted.instance_id,
                deprecated_id: None,
                door: Door::Spreadsheet,
                sender: Some(self.caller.name.clone()),
                received_at: now,
                test: false,
            };
            Submission::new(envelope, &accepted.processed, bytes.as_bytes())
        };
        let plan = spreadsheet::plan(
            &mut workbook,
            &head,
            form,
            &self.app.environment(),
            &options,
            &keep,
            &mut |_| (),
        )
        .map_err(refused)?;
        Ok(Checked {
            workbook,
            head,
            plan,
            round,
        })
    }
}
