//! The scored workbook: what a consultant takes away, one file per sheet.
//!
//! Every number leads back to where it came from: scores are formulas over the normalised indicators and the weights
//! beside them (change a weight and the scores follow), indicators stand beside the number of respondents behind
//! them, and the provenance sheet says which responses, options and versions made it all.

mod chart;
mod codebook;
mod comparison;
mod coverage;
mod dimensions;
mod figure;
mod indicators;
mod influence;
mod methodology;
mod notes;
mod profiles;
mod provenance;
mod ranking;
mod responses;
mod roll_ups;
mod scale_notes;
mod scales;
mod scenarios;
mod scores;
mod sheet;
mod standardised;
mod style;
mod summary;
mod uncertainty;
mod weighting;

use std::io::{Seek, Write};

use chrono::{DateTime, Utc};
use indexmap::IndexMap;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, Worksheet, XlsxError};

pub(super) use self::codebook::codebook_sheet;
use self::sheet::{Cell, Sheet};
use self::style::Style;
use super::Wording;
use crate::definition::{Definition, Text};
use crate::scoring::{
    AggregateMethod, Assessment, Framework, Hidden, HiddenRollUps, NormaliseMethod, Options, Series, hidden_figures,
    hidden_roll_ups, is_small_count,
};

/// Everything that a workbook tells.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// What was measured, and how it hangs together.
    pub framework: &'a Framework,
    /// The scores.
    pub assessment: &'a Assessment,
    /// The options that they were made with.
    pub options: &'a Options,
    /// What the workbook may show.
    pub edition: Edition,
    /// The names of the units by id; a unit without one is shown by its id.
    pub units: IndexMap<String, Text>,
    /// The surveys with the responses behind the scores; none where a bare table was scored.
    pub surveys: Vec<SurveyReport<'a>>,
    /// Where it all comes from.
    pub provenance: Provenance,
    /// Whether questions about persons are shown. The caller answers for the right to see them.
    pub personal: bool,
}

/// Who a workbook is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edition {
    /// For everybody: no responses, no indicator of single cities that would give an enterprise away.
    Publication,
    /// For those who work with the answers: everything, marked confidential.
    Analysis,
}

/// One survey of a report.
#[derive(Debug, Clone)]
pub struct SurveyReport<'a> {
    /// The definition whose questions are the columns.
    pub definition: &'a Definition,
    /// The responses that are shown; none in a report for publication.
    pub responses: Vec<ReportedResponse>,
}

/// One response as a report shows it.
#[derive(Debug, Clone)]
pub struct ReportedResponse {
    /// Its instance id.
    pub instance_id: String,
    /// The version of the definition that it answers.
    pub version: String,
    /// Its review state.
    pub state: String,
    /// How many rules it breaks.
    pub problems: usize,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The answers as canonical JSON.
    pub answers: serde_json::Value,
}

/// Where a report comes from.
#[derive(Debug, Clone, Default)]
pub struct Provenance {
    /// The assessment's name.
    pub name: String,
    /// The moment of the newest response that counts; the workbook carries it as its date, so that the same
    /// assessment gives the same file.
    pub as_of: Option<DateTime<Utc>>,
    /// Whether the answers are synthetic.
    pub synthetic: bool,
    /// Facts in the order in which they are shown: what, and what it is.
    pub facts: Vec<(Text, String)>,
}

impl Report<'_> {
    /// Writes the workbook in these languages.
    ///
    /// The same report gives the same bytes.
    ///
    /// # Errors
    ///
    /// Where the workbook can't be made (a table larger than a worksheet) or written.
    pub fn write_workbook<W: Write + Seek + Send>(&self, wording: &Wording, to: W) -> Result<(), XlsxError> {
        let mut workbook = Workbook::new();
        workbook.set_properties(&self.properties(wording)?);
        let hidden = match self.edition {
            Edition::Publication => hidden_figures(self.framework, self.assessment),
            Edition::Analysis => IndexMap::new(),
        };
        let context = Context {
            report: self,
            wording,
            style: Style::new(),
            layout: scores::Layout::of(self.framework, self.edition),
            hidden_roll_ups: match self.edition {
                Edition::Publication => hidden_roll_ups(self.framework, self.assessment, &hidden),
                Edition::Analysis => HiddenRollUps::default(),
            },
            hidden,
        };
        let compared = self.assessment.comparison.is_some();
        for (name, write) in SHEETS.into_iter().filter(|(name, _)| compared || *name != COMPARISON) {
            let mut worksheet = Worksheet::new();
            worksheet.set_name(context.sheet_name(name))?;
            write(&context, &mut worksheet)?;
            workbook.push_worksheet(worksheet);
        }
        for (name, write, is_there) in SHEETS_OF_EXTRAS {
            if is_there(self) {
                let mut worksheet = Worksheet::new();
                worksheet.set_name(context.sheet_name(name))?;
                write(&context, &mut worksheet)?;
                workbook.push_worksheet(worksheet);
            }
        }
        if self.edition == Edition::Analysis {
            for survey in &self.surveys {
                for worksheet in responses::sheets(&context, survey)? {
                    workbook.push_worksheet(worksheet);
                }
            }
        }
        for (name, write) in CLOSING_SHEETS {
            let mut worksheet = Worksheet::new();
            worksheet.set_name(context.sheet_name(name))?;
            write(&context, &mut worksheet)?;
            workbook.push_worksheet(worksheet);
        }
        workbook.save_to_writer(to)
    }

    fn properties(&self, wording: &Wording) -> Result<DocProperties, XlsxError> {
        let date = self.provenance.as_of.unwrap_or_default();
        let properties = DocProperties::new()
            .set_title(wording.text(self.framework.title()))
            .set_comment(self.provenance.name.clone())
            .set_creation_datetime(&ExcelDateTime::from_timestamp(date.timestamp())?);
        Ok(properties)
    }
}

/// What every sheet is written from.
struct Context<'a> {
    report: &'a Report<'a>,
    wording: &'a Wording,
    style: Style,
    layout: scores::Layout,
    /// By indicator, for each unit whether and why the edition hides its figure.
    hidden: IndexMap<String, Vec<Option<Hidden>>>,
    /// What it hides of roll-ups.
    hidden_roll_ups: HiddenRollUps,
}

/// A scale on which scores lie less than this apart is narrow.
const NARROW: f64 = 20.0;

type WriteSheet = fn(&Context<'_>, &mut Worksheet) -> Result<(), XlsxError>;

/// The name of a sheet in Chinese and English.
type SheetName = (&'static str, &'static str);

const SUMMARY: SheetName = ("摘要", "Summary");
const RANKING: SheetName = ("排名", "Ranking");
const COMPARISON: SheetName = ("比较", "Comparison");
const DIMENSIONS: SheetName = ("维度", "Dimensions");
const SCORES: SheetName = ("得分", "Scores");
const INDICATORS: SheetName = ("指标", "Indicators");
const COVERAGE: SheetName = ("覆盖", "Coverage");
const SCALES: SheetName = ("量表", "Scales");
const ROLL_UPS: SheetName = ("合计地区", "Roll-ups");
const INFLUENCE: SheetName = ("单份答卷影响", "Influence");
const STANDARDISED: SheetName = ("结构标准化", "Standardised");
const PROFILES: SheetName = ("画像", "Profiles");
const SCENARIOS: SheetName = ("情景", "Scenarios");
const CODEBOOK: SheetName = ("编码表", "Codebook");
const METHODOLOGY: SheetName = ("方法", "Methodology");
const PROVENANCE: SheetName = ("来源", "Provenance");

const SHEETS: [(SheetName, WriteSheet); 7] = [
    (SUMMARY, summary::write),
    (RANKING, ranking::write),
    (COMPARISON, comparison::write),
    (DIMENSIONS, dimensions::write),
    (SCORES, scores::write),
    (INDICATORS, indicators::write),
    (COVERAGE, coverage::write),
];

/// Whether a report has what a sheet tells.
type IsThere = fn(&Report<'_>) -> bool;

/// Sheets that are there where the assessment has what they tell.
const SHEETS_OF_EXTRAS: [(SheetName, WriteSheet, IsThere); 6] = [
    (SCALES, scales::write, |report| scales::are_there(report.assessment)),
    (ROLL_UPS, roll_ups::write, |report| report.assessment.roll_ups.is_some()),
    (STANDARDISED, standardised::write, |report| {
        report.edition == Edition::Analysis && report.assessment.standardised.is_some()
    }),
    (PROFILES, profiles::write, |report| report.assessment.profiles.is_some()),
    (SCENARIOS, scenarios::write, |report| {
        report.assessment.scenarios.is_some()
    }),
    (INFLUENCE, influence::write, |report| {
        report.edition == Edition::Analysis && report.assessment.influence.is_some()
    }),
];

const CLOSING_SHEETS: [(SheetName, WriteSheet); 3] = [
    (CODEBOOK, codebook::write),
    (METHODOLOGY, methodology::write),
    (PROVENANCE, provenance::write),
];

impl Context<'_> {
    /// Whether the edition hides a unit's figure of an indicator.
    fn hides(&self, id: &str, unit: usize) -> bool {
        let units = self.hidden.get(id);
        units.and_then(|units| units.get(unit)).is_some_and(Option::is_some)
    }

    fn sheet_name(&self, (chinese, english): SheetName) -> String {
        self.wording.say(chinese, english)
    }

    /// Whether scores of this level are weighted arithmetic means.
    fn is_arithmetic(&self, level: u32) -> bool {
        let aggregate = &self.report.options.aggregate;
        let by_level = (level as usize)
            .checked_sub(2)
            .and_then(|step| aggregate.by_level.get(step));
        *by_level.unwrap_or(&aggregate.method) == AggregateMethod::Arithmetic
    }

    /// The positions of the index's children: the dimensions.
    fn dimensions(&self) -> &[usize] {
        self.report
            .framework
            .elements()
            .first()
            .map_or(&[], |index| &index.children)
    }

    /// The id of the index.
    fn index(&self) -> &str {
        self.report.framework.elements().first().map_or("", |index| &index.id)
    }

    /// The label of an element.
    fn label(&self, position: usize) -> String {
        let element = self.report.framework.elements().get(position);
        element.map_or_else(String::new, |element| self.wording.text(&element.label))
    }

    /// The label of an element as the head of a column, a line for each language.
    fn head(&self, position: usize) -> String {
        let element = self.report.framework.elements().get(position);
        element.map_or_else(String::new, |element| self.wording.lines(&element.label))
    }

    /// The score of an element and unit.
    fn score(&self, id: &str, unit: usize) -> Option<f64> {
        self.report.assessment.scores.get(id)?.get(unit)
    }

    /// The share of the scored indicators below an element that a unit has.
    fn coverage(&self, id: &str, unit: usize) -> Option<f64> {
        self.report.assessment.coverage.get(id)?.get(unit)
    }

    /// Whether scores lie between two fixed ends, so that colours and bars mean the same everywhere.
    fn has_common_scale(&self) -> bool {
        let Options {
            normalise, aggregate, ..
        } = self.report.options;
        // What these make of scores is on a scale of its own.
        let own = [AggregateMethod::Copeland, AggregateMethod::Mpi, AggregateMethod::Ampi];
        !matches!(
            normalise.method,
            NormaliseMethod::ZScore | NormaliseMethod::Rank | NormaliseMethod::Borda
        ) && !own.into_iter().any(|method| aggregate.uses(method))
    }

    /// The rank of an element and unit.
    fn rank(&self, id: &str, unit: usize) -> Option<u32> {
        self.report.assessment.ranks.get(id)?.get(unit).copied().flatten()
    }

    /// The units from the first rank to the last; those without a rank at the end.
    fn ranking(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.report.assessment.units.len()).collect();
        order.sort_by_key(|unit| (self.rank(self.index(), *unit).unwrap_or(u32::MAX), *unit));
        order
    }

    /// A unit's name by its position, with the time in a long table.
    fn unit_at(&self, unit: usize) -> String {
        let assessment = self.report.assessment;
        let name = assessment.units.get(unit).map_or_else(String::new, |id| self.unit(id));
        match assessment.times.as_ref().and_then(|times| times.get(unit)) {
            Some(time) => format!("{name} {time}"),
            None => name,
        }
    }

    /// Decimals that tell scores apart: one where the scale is about 100 wide, three on narrow ones as of z-scores.
    fn decimals(&self) -> usize {
        let normalised = self.report.assessment.stages.normalised.values();
        let (least, most) = normalised
            .flat_map(Series::present)
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), score| {
                (least.min(score), most.max(score))
            });
        if most - least < NARROW { 3 } else { 1 }
    }

    /// A score, on a narrow scale with the decimals of values.
    fn score_cell(&self, score: Option<f64>) -> Cell {
        if self.decimals() == 1 {
            Cell::Score(score)
        } else {
            Cell::Value(score)
        }
    }

    /// The difference of two scores, likewise.
    fn change_cell(&self, change: Option<f64>) -> Cell {
        if self.decimals() == 1 {
            Cell::Change(change)
        } else {
            Cell::Value(change)
        }
    }

    /// A number of respondents: in a publication one or two confidential ones are not told apart.
    fn count_cell(&self, count: u64, confidential: bool) -> Cell {
        if self.is_told(count, confidential) {
            Cell::Count(count)
        } else {
            Cell::Text("1–2".to_owned())
        }
    }

    /// Whether the edition tells a number of respondents, and what is worked out from it.
    fn is_told(&self, count: u64, confidential: bool) -> bool {
        self.report.edition == Edition::Analysis || !confidential || !is_small_count(count)
    }

    /// The names of all units, in the order of the assessment.
    fn units(&self) -> impl Iterator<Item = String> {
        (0..self.report.assessment.units.len()).map(|unit| self.unit_at(unit))
    }

    /// A unit's name.
    fn unit(&self, id: &str) -> String {
        match self.report.units.get(id) {
            Some(label) => self.wording.text(label),
            None => id.to_owned(),
        }
    }

    /// A sheet with title and purpose, each given in Chinese and English.
    fn sheet<'s>(
        &'s self,
        worksheet: &'s mut Worksheet,
        title: SheetName,
        purpose: (&str, &str),
    ) -> Result<Sheet<'s>, XlsxError> {
        let title = self.wording.say(title.0, title.1);
        let purpose = self.wording.say(purpose.0, purpose.1);
        Sheet::new(worksheet, &self.style, &title, &purpose)
    }
}
