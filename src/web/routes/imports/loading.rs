//! An uploaded workbook on its way into the study: what loading it and writing its issues share.

use actix_web::web;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::definition::Language;
use crate::study::ImportRequest;
use crate::web::Caller;
use crate::web::problem::Problem;
use crate::web::rights::Act;
use crate::web::state::App;
use crate::workbook::{Limits, Worker};

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

impl Loading {
    /// What is asked of the study: only an open survey takes answers, and only an open round.
    pub fn request(&self) -> Result<ImportRequest, Problem> {
        let catalogue = self.app.surveys.catalogue(&self.app.store)?;
        catalogue.survey(&self.survey)?.expect_open()?;
        let named = self.caller.round.as_deref().or(self.options.round.as_deref());
        Ok(ImportRequest {
            survey: self.survey.clone(),
            language: self.language,
            round: Some(catalogue.open_round(named)?.to_owned()),
            valid_rows: self.options.valid_rows,
            drop_unasked: self.options.drop_unasked,
            cities: self.caller.cities.clone(),
            sender: Some(self.caller.name.clone()),
            reviewer: self.caller.may(Act::ReviewResponses).then_some(self.caller.role),
        })
    }

    /// The process that reads workbooks of strangers.
    pub fn reader(&self) -> Result<Worker, Problem> {
        self.app.workbook_reader(Limits::default())
    }
}
