//! Assessments: the record of how scores were made, and the result as the bytes that it was.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;

use super::backend::on_backend;
use super::jobs::EndsJob;
use super::schema::assessments;
use super::{AuditAct, Store, StoreError, time};

/// An assessment to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAssessment {
    /// What its maker calls it.
    pub name: String,
    /// The round whose responses it counts.
    pub round: String,
    /// The framework that it was made with, which the store has.
    pub framework_hash: String,
    /// How many responses it counts.
    pub responses: i64,
    /// The hash over those responses and their versions.
    pub responses_hash: String,
    /// Options in full, seed, program version: JSON.
    pub recipe: String,
    /// The result file: JSON.
    pub result: String,
    /// Who made it.
    pub created_by: String,
}

/// An assessment without its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssessmentSummary {
    /// The key.
    pub id: i64,
    /// What its maker calls it.
    pub name: String,
    /// The round whose responses it counts.
    pub round: String,
    /// The framework that it was made with.
    pub framework_hash: String,
    /// How many responses it counts.
    pub responses: i64,
    /// The hash over those responses and their versions.
    pub responses_hash: String,
    /// Options in full, seed, program version: JSON.
    pub recipe: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Who made it.
    pub created_by: String,
}

/// An assessment with its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// How it was made.
    pub summary: AssessmentSummary,
    /// The result file, byte for byte: JSON.
    pub result: String,
}

#[derive(Insertable)]
#[diesel(table_name = assessments)]
struct NewRow<'a> {
    name: &'a str,
    round: &'a str,
    framework_hash: &'a str,
    responses: i64,
    responses_hash: &'a str,
    recipe: &'a str,
    result: &'a str,
    created_at: NaiveDateTime,
    created_by: &'a str,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = assessments)]
struct Row {
    id: i64,
    name: String,
    round: String,
    framework_hash: String,
    responses: i64,
    responses_hash: String,
    recipe: String,
    created_at: NaiveDateTime,
    created_by: String,
}

impl From<Row> for AssessmentSummary {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            round: row.round,
            framework_hash: row.framework_hash,
            responses: row.responses,
            responses_hash: row.responses_hash,
            recipe: row.recipe,
            created_at: time::read(row.created_at),
            created_by: row.created_by,
        }
    }
}

impl Store {
    /// Keeps an assessment and gives its key.
    ///
    /// # Errors
    /// What the database says.
    pub fn keep_assessment(&self, assessment: &NewAssessment, now: DateTime<Utc>) -> Result<i64, StoreError> {
        self.keep_assessment_ending(assessment, now, None)
    }

    /// The same, and the end of the job whose work it is: both in one transaction.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where another server has taken the job up.
    pub fn keep_assessment_ending(
        &self,
        assessment: &NewAssessment,
        now: DateTime<Utc>,
        job: Option<&EndsJob<'_, i64>>,
    ) -> Result<i64, StoreError> {
        let row = NewRow {
            name: &assessment.name,
            round: &assessment.round,
            framework_hash: &assessment.framework_hash,
            responses: assessment.responses,
            responses_hash: &assessment.responses_hash,
            recipe: &assessment.recipe,
            result: &assessment.result,
            created_at: time::stored(now),
            created_by: &assessment.created_by,
        };
        self.change(now, |connection, journal| {
            on_backend!(connection, |c| diesel::insert_into(assessments::table)
                .values(&row)
                .execute(c))?;
            let id = connection.inserted_id()?;
            journal
                .note(AuditAct::AssessmentKept, format!("assessments/{id}"))
                .after(format!(
                    "framework={} responses={}",
                    assessment.framework_hash, assessment.responses_hash
                ));
            if let Some(job) = job {
                job.end(connection, &id, now)?;
            }
            Ok(id)
        })
    }

    /// The newest assessments before a key (`None`: from the newest on), without their results.
    ///
    /// # Errors
    /// What the database says.
    pub fn assessments(&self, before: Option<i64>, limit: i64) -> Result<Vec<AssessmentSummary>, StoreError> {
        let rows: Vec<Row> = self.read(|connection| {
            let query = assessments::table
                .filter(assessments::id.lt(before.unwrap_or(i64::MAX)))
                .order(assessments::id.desc())
                .limit(limit);
            Ok(on_backend!(connection, |c| query.select(Row::as_select()).load(c))?)
        })?;
        Ok(rows.into_iter().map(AssessmentSummary::from).collect())
    }

    /// One assessment.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none.
    pub fn assessment(&self, id: i64) -> Result<Assessment, StoreError> {
        let found: Option<(Row, String)> = self.read(|connection| {
            let query = assessments::table.find(id);
            Ok(on_backend!(connection, |c| query
                .select((Row::as_select(), assessments::result))
                .first(c)
                .optional())?)
        })?;
        match found {
            Some((row, result)) => Ok(Assessment {
                summary: row.into(),
                result,
            }),
            None => Err(StoreError::NotFound {
                what: "assessment",
                name: id.to_string(),
            }),
        }
    }
}
