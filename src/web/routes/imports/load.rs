//! Load a workbook that people filled in.

use std::path::Path;

use actix_multipart::form::MultipartForm;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};

use super::Import;
use crate::definition::{Language, VersionState};
use crate::response::{Door, Fingerprint, Severity, Unasked};
use crate::spreadsheet::{self, Accepted, Finding, Head, ImportError, ImportOptions, ImportPlan, Worker};
use crate::store::{Envelope, ImportOutcome, NewImport, StoreError, Submission};
use crate::web::Caller;
use crate::web::problem::{Code, Fault, Problem};
use crate::web::routes::files::Upload;
use crate::web::state::App;

/// How a workbook is to be taken.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Check only: nothing is kept.
    dry_run: bool,
    /// Store the rows without problems and leave the others out; without it, all rows or none.
    valid_rows: bool,
    /// Leave answers to questions that were not to be asked out of account rather than refuse their rows.
    drop_unasked: bool,
    /// The round that the answers are for; the token's, else the only open one, where it is absent.
    round: Option<String>,
}

/// What became of a workbook.
#[derive(Serialize, ToSchema)]
pub struct ImportResult {
    /// imported, unchanged (the same file, or nothing new in it) or checked (a dry run).
    #[schema(example = "imported")]
    outcome: &'static str,
    /// The import, where something was stored.
    import: Option<Import>,
    /// Organisations in the workbook.
    organisations: usize,
    /// Those without problems.
    sound: usize,
    /// Those with problems.
    rejected: usize,
    /// Everything to look at, with sheet and cell.
    findings: Vec<Fault>,
    /// Findings beyond the limit.
    findings_left_out: usize,
}

/// Load a workbook
///
/// Takes .xlsx, .xls, .ods and .csv with the columns of the survey's blank workbook. Every problem is listed with its
/// cell; where there is one, no row is stored unless `valid_rows` is given. The same file again changes nothing.
#[utoipa::path(
    post, path = "/api/v1/surveys/{survey}/imports", tag = "imports",
    params(("survey" = String, Path, description = "The survey", example = "enterprise"), Options),
    request_body(content = Object, content_type = "multipart/form-data", description = "The workbook in the field `file`"),
    responses(
        (status = 201, description = "Imported", body = ImportResult),
        (status = 200, description = "A dry run, or nothing new", body = ImportResult),
        (status = 422, description = "Rows break rules, or the file can't be used")
    )
)]
pub async fn import_workbook(
    app: web::Data<App>,
    caller: Caller,
    survey: web::Path<String>,
    options: web::Query<Options>,
    language: Language,
    MultipartForm(upload): MultipartForm<Upload>,
) -> Result<HttpResponse, Problem> {
    let loading = Loading {
        app,
        caller,
        survey: survey.into_inner(),
        options: options.into_inner(),
        language,
    };
    let result = web::block(move || loading.run(&upload)).await??;
    Ok(if result.outcome == "imported" {
        HttpResponse::Created().json(result)
    } else {
        HttpResponse::Ok().json(result)
    })
}

struct Loading {
    app: web::Data<App>,
    caller: Caller,
    survey: String,
    options: Options,
    language: Language,
}

/// A workbook that was read and checked.
struct Checked {
    plan: ImportPlan<Result<Submission, StoreError>>,
    round: String,
}

impl Loading {
    fn run(&self, upload: &Upload) -> Result<ImportResult, Problem> {
        let path = upload.file.file.path();
        let Checked { plan, round } = self.check(path)?;
        let findings = plan.findings.iter().map(fault).collect();
        let mut result = ImportResult {
            outcome: "checked",
            import: None,
            organisations: plan.organisations,
            sound: plan.accepted.len(),
            rejected: plan.rejected.len(),
            findings,
            findings_left_out: plan.findings_left_out,
        };
        if self.options.dry_run {
            return Ok(result);
        }
        // A problem outside of the rows (a column that nobody understands) is none that leaving rows out would mend.
        let some_rows = self.options.valid_rows && result.sound > 0;
        if !plan.is_sound() && !some_rows {
            return Err(Problem::new(Code::RowsInvalid)
                .faults(result.findings)
                .member("organisations", result.organisations)
                .member("rejected", result.rejected));
        }
        let rows = plan.accepted.into_iter().collect::<Result<Vec<_>, _>>()?;
        let ids: Vec<String> = rows.iter().map(|row| row.instance_id().to_owned()).collect();
        let known = self.app.store.known_instances(&self.survey, &ids)?;
        let new: Vec<Submission> = rows
            .into_iter()
            .filter(|row| !known.contains(row.instance_id()))
            .collect();
        result.outcome = "unchanged";
        if new.is_empty() {
            return Ok(result);
        }
        let import = NewImport {
            round: Some(round),
            survey: self.survey.clone(),
            content: Fingerprint::of_bytes(&std::fs::read(path).map_err(Problem::internal)?),
            file_name: upload.name(),
            summary: json!({
                "organisations": result.organisations,
                "imported": new.len(),
                "known": known.len(),
                "rejected": result.rejected,
            }),
            created_by: self.caller.name.clone(),
        };
        let stored = self
            .app
            .store
            .import(&import, new.into_iter().map(Ok::<_, StoreError>), self.app.now())?;
        let (outcome, import) = match stored {
            ImportOutcome::Applied(import) => ("imported", import),
            ImportOutcome::SameFile(import) => ("unchanged", import),
        };
        result.outcome = outcome;
        result.import = Some(Import::of(import)?);
        Ok(result)
    }

    fn check(&self, path: &Path) -> Result<Checked, Problem> {
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
        Ok(Checked { plan, round })
    }
}

fn fault(finding: &Finding) -> Fault {
    let severity = match finding.severity {
        Severity::Problem => "problem",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    Fault {
        path: finding.at.to_string(),
        code: finding.code.to_owned(),
        severity: Some(severity.to_owned()),
        message: finding.message.to_string(),
        ..Fault::default()
    }
}
