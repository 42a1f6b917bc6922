//! Load a workbook that people filled in.

use actix_multipart::form::MultipartForm;
use actix_web::{HttpResponse, web};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Import;
use super::checking::{Checked, Loading, Options};
use crate::definition::Language;
use crate::response::{Fingerprint, Severity};
use crate::spreadsheet::Finding;
use crate::store::{ImportOutcome, NewImport, StoreError, Submission};
use crate::web::Caller;
use crate::web::problem::{Code, Fault, Problem};
use crate::web::routes::files::Upload;
use crate::web::state::App;

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

impl Loading {
    fn run(&self, upload: &Upload) -> Result<ImportResult, Problem> {
        let path = upload.file.file.path();
        let Checked { plan, round, .. } = self.check(path)?;
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
