//! The scored workbook of an assessment that a store holds.

use std::io::{Seek, Write};

use indexmap::IndexMap;

use super::assessment::{compile, places, states};
use super::responses::{Shown, reported};
use super::{Catalogue, StudyError};
use crate::definition::{Definition, Text};
use crate::report::{Edition, Provenance, Report, SurveyReport, Wording};
use crate::response::Tier;
use crate::scoring::{Assessment, Framework, Options, RespondentUnit, for_publication, read_result};
use crate::store::{self, AssessmentSummary, Filter, Store, StoreError};

/// Which workbook is wanted.
#[derive(Debug, Clone)]
pub struct ReportRequest {
    /// The assessment.
    pub id: i64,
    /// The languages.
    pub wording: Wording,
    /// What it may show. The caller answers for the right to see it.
    pub edition: Edition,
    /// How much of persons and organisations is shown. The caller answers for the right to see it.
    pub personal: Tier,
}

/// Writes the workbook of an assessment: the scores as they were made, and the responses behind them as they are now.
///
/// # Errors
///
/// Where there is no such assessment, or not in this edition ([`check_edition`]), or the workbook can't be made or
/// written.
pub fn write_report<W: Write + Seek + Send>(store: &Store, request: &ReportRequest, to: W) -> Result<(), StudyError> {
    let kept = store.assessment(request.id)?;
    let (assessment, options) = read(&kept)?;
    check_edition(&options, request.edition)?;
    let catalogue = Catalogue::load(store)?;
    let framework = compile(&store.framework(&kept.summary.framework_hash)?, &catalogue)?;

    let states = states(&options)?;
    let finder = catalogue.finder();
    let surveys = framework.surveys();
    let surveys = surveys.into_iter().map(|survey| {
        let definition = catalogue.newest(survey)?.definition.as_ref();
        let responses = if request.edition == Edition::Analysis {
            reported(
                store,
                &Filter {
                    round: Some(kept.summary.round.clone()),
                    states: Some(states.clone()),
                    ..Filter::of_survey(survey)
                },
                Shown {
                    tier: request.personal,
                    definitions: &finder,
                },
            )?
        } else {
            Vec::new()
        };
        Ok(SurveyReport { definition, responses })
    });
    let surveys: Vec<SurveyReport<'_>> = surveys.collect::<Result<_, StudyError>>()?;
    let report = Report {
        framework: &framework,
        assessment: &assessment,
        options: &options,
        edition: request.edition,
        units: units(store, &kept.summary.round, &options)?,
        provenance: provenance(store, &kept.summary, &framework, &surveys)?,
        surveys,
        personal: request.personal != Tier::None,
    };
    report.write_workbook(&request.wording, to)?;
    Ok(())
}

/// Refuses an edition that an assessment has not: figures of single organisations are in the analysis alone.
///
/// # Errors
///
/// [`StudyError::Refused`].
pub fn check_edition(options: &Options, edition: Edition) -> Result<(), StudyError> {
    match (options.responses.unit, edition) {
        (RespondentUnit::Organisation, Edition::Publication) => Err(StudyError::Refused {
            zh: "该评价以机构为单位，逐一列出各机构的数据，不能公开发布；可发布以城市为单位的评价，机构评价只有分析版"
                .to_owned(),
            en: "this assessment is of organisations and shows the figures of each: it can't be published. Publish an \
                 assessment of cities; that of organisations has the analysis edition alone"
                .to_owned(),
        }),
        (RespondentUnit::City, _) | (RespondentUnit::Organisation, Edition::Analysis) => Ok(()),
    }
}

/// The result of an assessment as a publication may tell it ([`for_publication`]).
///
/// # Errors
///
/// Where there is no such assessment, or it is one of organisations, which can't be published.
pub fn published(store: &Store, id: i64) -> Result<Assessment, StudyError> {
    let kept = store.assessment(id)?;
    let (assessment, options) = read(&kept)?;
    check_edition(&options, Edition::Publication)?;
    let framework = compile(
        &store.framework(&kept.summary.framework_hash)?,
        &Catalogue::load(store)?,
    )?;
    Ok(for_publication(&framework, assessment))
}

/// The result of a kept assessment, and the options that it was made with.
fn read(kept: &store::Assessment) -> Result<(Assessment, Options), StudyError> {
    let damaged = |error: String| StudyError::DamagedAssessment {
        id: kept.summary.id,
        error,
    };
    let assessment = read_result(kept.result.as_bytes()).map_err(|error| damaged(error.to_string()))?;
    let options = Options::of_recipe(&assessment.recipe.options).map_err(|error| damaged(error.to_string()))?;
    Ok((assessment, options))
}

/// The names of the units: places, or organisations, which no publication has.
fn units(store: &Store, round: &str, options: &Options) -> Result<IndexMap<String, Text>, StudyError> {
    match options.responses.unit {
        RespondentUnit::City => Ok(places(store)?
            .into_iter()
            .map(|(code, place)| (code, place.label))
            .collect()),
        RespondentUnit::Organisation => {
            let of_round = Filter {
                round: Some(round.to_owned()),
                ..Filter::default()
            };
            let mut names = IndexMap::new();
            store.for_each_response::<StoreError>(&of_round, |response| {
                let name = response.identity.name.or(response.identity.code);
                names.extend(name.map(|name| (response.instance_id, Text::plain(name))));
                Ok(())
            })?;
            Ok(names)
        }
    }
}

fn provenance(
    store: &Store,
    summary: &AssessmentSummary,
    framework: &Framework,
    surveys: &[SurveyReport<'_>],
) -> Result<Provenance, StudyError> {
    let fact = |chinese: &str, english: &str, is: String| (Text::from_iter([("zh", chinese), ("en", english)]), is);
    let mut facts = vec![
        fact("评价编号", "Assessment number", summary.id.to_string()),
        fact("轮次", "Round", summary.round.clone()),
        fact(
            "评价时间",
            "Assessed at",
            summary.created_at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ),
        fact("评价人", "Assessed by", summary.created_by.clone()),
        fact("计入答卷数", "Responses that count", summary.responses.to_string()),
        fact(
            "计入答卷集合校验值",
            "Hash of these responses",
            summary.responses_hash.clone(),
        ),
    ];
    let versions = |definition: &Definition| format!("{} {}", definition.survey(), definition.version());
    let surveys: Vec<String> = surveys.iter().map(|survey| versions(survey.definition)).collect();
    facts.push(fact(
        "问卷（最新版本）",
        "Surveys (newest versions)",
        surveys.join(", "),
    ));
    let synthetic = store
        .rounds()?
        .iter()
        .any(|round| round.round == summary.round && round.synthetic);
    Ok(Provenance {
        name: if summary.name.is_empty() {
            framework.id().to_owned()
        } else {
            summary.name.clone()
        },
        as_of: Some(summary.created_at),
        synthetic,
        facts,
    })
}
