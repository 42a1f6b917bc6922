//! `innogauge assess`: score what the database holds.

use std::borrow::Cow;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use chrono::Utc;
use clap::Args;

use super::language::WorkbookLanguage;
use super::output::say;
use super::personal::PersonalOptions;
use super::score::Format;
use super::{DatabaseOptions, Failure, database};
use crate::report::Edition;
use crate::scoring::{Comparison, ComparisonKind, Options, result_csv, result_json};
use crate::store::Store;
use crate::study::{self, Assessed, AssessmentRequest, CompareWith, ReportRequest};

/// Units that are printed; the result file has all.
const PRINTED: usize = 20;

#[derive(Debug, Args)]
pub struct Assess {
    /// How to score: a YAML file; what it leaves out takes its default
    #[arg(long, value_name = "FILE")]
    options: Option<PathBuf>,
    /// A file of scenarios: what scores and ranks would be, were some things other than they are; repeatable
    #[arg(long, value_name = "FILE")]
    scenario: Vec<PathBuf>,
    /// The round whose responses count; the only open one where none is named
    #[arg(long)]
    round: Option<String>,
    /// An earlier result (.json) to compare with: another round, or other options for this one
    #[arg(long, value_name = "OLD.json")]
    compare: Option<PathBuf>,
    /// What to call the assessment
    #[arg(long, default_value = "")]
    name: String,
    /// Where the result goes: .xlsx (the scored workbook), .json (everything) or .csv (scores and ranks)
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The language of the workbook
    #[arg(long, value_name = "LANG", default_value = "both")]
    lang: WorkbookLanguage,
    /// Leave out responses and what would give an enterprise away, in each format; not for assessments of organisations
    #[arg(long)]
    publication: bool,
    #[command(flatten)]
    personal: PersonalOptions,
    #[command(flatten)]
    database: DatabaseOptions,
}

pub fn run(arguments: &Assess) -> Result<(), Failure> {
    let format = Format::of(&arguments.out)?;
    arguments.personal.tier()?;
    let mut options = Options::assess();
    if let Some(file) = &arguments.options {
        options = super::score::options_of(file, options)?;
    }
    study::check_edition(&options, edition(arguments))?;
    let old = arguments.compare.as_deref().map(super::score::old_result).transpose()?;
    let scenarios = super::score::scenarios_of(&arguments.scenario)?;
    let store = database::open(&arguments.database)?;
    let request = AssessmentRequest {
        name: arguments.name.clone(),
        round: arguments.round.clone(),
        options,
        compare: old.map(|old| CompareWith::Result(Box::new(old))),
        scenarios: (!arguments.scenario.is_empty()).then_some(scenarios),
        made_by: "command line".to_owned(),
    };
    let assessed = study::assess(&store, &request, Utc::now())?;
    let told = || match edition(arguments) {
        Edition::Publication => study::published(&store, assessed.id).map(Cow::Owned),
        Edition::Analysis => Ok(Cow::Borrowed(&assessed.assessment)),
    };
    let bytes = match format {
        Format::Json => result_json(&*told()?).map_err(|error| Failure::System(error.to_string()))?,
        Format::Csv => result_csv(&*told()?).into_bytes(),
        Format::Workbook => workbook(&store, &assessed, arguments)?,
    };
    super::score::write(&arguments.out, &bytes)?;
    print_summary(&assessed, &arguments.out);
    Ok(())
}

fn edition(arguments: &Assess) -> Edition {
    if arguments.publication {
        Edition::Publication
    } else {
        Edition::Analysis
    }
}

fn workbook(store: &Store, assessed: &Assessed, arguments: &Assess) -> Result<Vec<u8>, Failure> {
    let (tier, reason) = arguments.personal.tier()?;
    if let Some(reason) = reason.filter(|_| !arguments.publication) {
        store.note_full_access(&format!("assessments/{}/download", assessed.id), reason, Utc::now())?;
    }
    let request = ReportRequest {
        id: assessed.id,
        wording: arguments.lang.wording(),
        edition: edition(arguments),
        personal: tier,
    };
    let mut bytes = Cursor::new(Vec::new());
    study::write_report(store, &request, &mut bytes)?;
    Ok(bytes.into_inner())
}

/// The ranking in short, so that a glance tells whether it worked.
fn print_summary(assessed: &Assessed, out: &Path) {
    let assessment = &assessed.assessment;
    let count = assessment
        .recipe
        .responses
        .as_ref()
        .map_or(0, |responses| responses.count);
    say!(
        "Assessment {}: {count} responses, {} units, {} notes",
        assessed.id,
        assessment.units.len(),
        assessment.notes.len()
    );
    let Some(index) = assessment.elements.first() else {
        return;
    };
    let (Some(scores), Some(ranks)) = (assessment.scores.get(&index.id), assessment.ranks.get(&index.id)) else {
        return;
    };
    let mut rows: Vec<(Option<u32>, &str, Option<f64>)> = assessment
        .units
        .iter()
        .zip(ranks)
        .zip(scores.iter())
        .map(|((unit, rank), score)| (*rank, unit.as_str(), score))
        .collect();
    rows.sort_by_key(|(rank, unit, _)| (rank.unwrap_or(u32::MAX), *unit));
    if rows.len() > PRINTED {
        say!("  the first {PRINTED} of {}:", rows.len());
    }
    for (rank, unit, score) in rows.into_iter().take(PRINTED) {
        match (rank, score) {
            (Some(rank), Some(score)) => say!("  {rank:>3}  {unit}  {score:.1}"),
            _ => say!("    –  {unit}  no score: too little data"),
        }
    }
    if let Some(roll_ups) = &assessment.roll_ups {
        let scores = roll_ups.scores.get(&index.id);
        for (number, unit) in roll_ups.units.iter().enumerate() {
            match scores.and_then(|scores| scores.get(number)) {
                Some(score) => say!("    –  {unit} with its parts, not ranked  {score:.1}"),
                None => say!("    –  {unit} with its parts: no score"),
            }
        }
    }
    if let Some(comparison) = &assessment.comparison {
        print_comparison(comparison, &index.id);
    }
    say!("Written to {}", out.display());
}

/// How many units rose and fell, and of how many that is certain.
fn print_comparison(comparison: &Comparison, index: &str) {
    let Some(index) = comparison.elements.get(index) else {
        return;
    };
    let units = comparison.units.len();
    let (Some(change), ComparisonKind::Rounds) = (&index.change, comparison.kind) else {
        let mean = index.agreement.mean_abs_rank_change.unwrap_or_default();
        say!("  compared with another method: {units} units, ranks differ by {mean:.1} on average");
        return;
    };
    let of = |counts: fn(f64) -> bool| change.present().filter(|change| counts(*change)).count();
    let (rose, fell) = (of(|change| change > 0.0), of(|change| change < 0.0));
    let certain = index.sampling.as_ref().map_or_else(String::new, |sampling| {
        let ends = || sampling.change.low.iter().zip(sampling.change.high.iter());
        let up = ends().filter(|(low, _)| low.is_some_and(|low| low > 0.0)).count();
        let down = ends().filter(|(_, high)| high.is_some_and(|high| high < 0.0)).count();
        format!("; beyond sampling error: {up} rose, {down} fell")
    });
    say!("  compared with another round: {units} units, {rose} rose, {fell} fell{certain}");
}
