//! Official figures from a workbook of the shape of our blank one: a row per place and year.

use std::collections::HashMap;
use std::ops::ControlFlow;

use chrono::{DateTime, Utc};

use super::{unit_name, variables};
use crate::definition::{Definition, IdentityPart, Language};
use crate::expression::WallClock;
use crate::response::{Answer, Answers, Form, Severity};
use crate::spreadsheet::{Accepted, Address, Finding, Head, ImportError, ImportOptions, ReadAs, Workbook, plan};
use crate::store::Statistic;
use crate::study::{Catalogue, StudyError};

/// The figures of a workbook.
#[derive(Debug)]
pub struct FigureSheet {
    /// The figures, in the order of the workbook.
    pub figures: Vec<Statistic>,
    /// The first cell of the row that each of them stands in.
    pub rows: Vec<Address>,
    /// Everything to look at, with its cell.
    pub findings: Vec<Finding>,
    /// Findings that were not kept, since there are too many.
    pub findings_left_out: usize,
}

impl FigureSheet {
    /// Whether nothing in the workbook breaks a rule.
    pub fn is_sound(&self) -> bool {
        self.findings_left_out == 0 && self.findings.iter().all(|found| found.severity != Severity::Problem)
    }
}

/// Reads the figures of a workbook by the version of the definition that it was made from. Nothing is stored.
///
/// # Errors
/// Where the file can't be read, or is no workbook of official figures.
pub fn read_figures(
    catalogue: &Catalogue,
    workbook: &mut Workbook,
    language: Language,
    now: DateTime<Utc>,
) -> Result<FigureSheet, StudyError> {
    let head = Head::read(workbook)?;
    let (Some(mark), Some(at)) = (head.mark(), head.place()) else {
        return Err(ImportError::NoMark.into());
    };
    let newest = catalogue.newest_definitions();
    let expected = newest.iter().find(|definition| definition.is_of_places());
    let expected = expected.ok_or(StudyError::NoStatistics)?.survey();
    if mark.survey != expected {
        let (found, expected) = (mark.survey.clone(), expected.to_owned());
        return Err(ImportError::OtherSurvey { found, expected, at }.into());
    }
    let Some(definition) = catalogue
        .definitions_of(expected)
        .find(|one| one.version() == mark.version)
    else {
        let known: Vec<&str> = catalogue.definitions_of(expected).map(Definition::version).collect();
        return Err(ImportError::OtherVersion {
            found: mark.version.clone(),
            known: known.join(", "),
            at,
        }
        .into());
    };
    let form = Form::new(definition.clone());
    let options = ImportOptions::new(language.code(), form.timezone().at(now));
    let keep = |row: Accepted| Some((row.at, row.processed.answers));
    let read_as = ReadAs {
        form: &form,
        environment: &WallClock,
    };
    let read = plan(workbook, &head, &[read_as], &options, &keep, &mut |_| {
        ControlFlow::Continue(())
    })?;
    let mut sheet = FigureSheet {
        figures: Vec::new(),
        rows: Vec::new(),
        findings: read.findings,
        findings_left_out: read.findings_left_out,
    };
    let mut seen: HashMap<(String, i64), Address> = HashMap::new();
    for (at, answers) in read.accepted {
        let figures = figures_of(&answers);
        let Some(first) = figures.first() else { continue };
        let key = (first.place.clone(), first.year);
        if let Some(before) = seen.get(&key) {
            sheet.findings.push(twice(&at, before, language));
            continue;
        }
        seen.insert(key, at.clone());
        sheet.rows.extend(figures.iter().map(|_| at.clone()));
        sheet.figures.extend(figures);
    }
    Ok(sheet)
}

/// The figures that a row gives; what it leaves empty is not touched.
fn figures_of(answers: &Answers) -> Vec<Statistic> {
    let form = answers.form();
    let part = |part: IdentityPart| form.identity().get(part).map(|question| answers.get(question));
    let text = |answer: Option<&Answer>| answer.and_then(Answer::value).map(|value| value.to_text().into_owned());
    let (Some(place), Some(year)) = (
        text(part(IdentityPart::City)),
        text(part(IdentityPart::Year)).and_then(|year| year.parse::<i64>().ok()),
    ) else {
        return Vec::new();
    };
    let source = text(part(IdentityPart::Source)).unwrap_or_default();
    variables(form)
        .filter(|(element, _)| element.calculation.is_none())
        .filter_map(|(element, _)| {
            let value = answers.get(element.id).as_number().filter(|value| value.is_finite())?;
            Some(Statistic {
                variable: element.name.clone(),
                place: place.clone(),
                year,
                value,
                unit: unit_name(form, element),
                source: source.clone(),
            })
        })
        .collect()
}

fn twice(at: &Address, before: &Address, language: Language) -> Finding {
    let message = language.choose(
        format!("与 {before} 的地区和年份相同，请合并为一行。"),
        format!("The same place and year as in {before}. Put them into one row."),
    );
    Finding {
        at: at.clone(),
        severity: Severity::Problem,
        code: "figure_twice",
        message: message.into(),
    }
}
