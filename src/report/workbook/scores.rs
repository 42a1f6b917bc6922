//! The scores sheet: every element of the framework, with scores as formulas over what lies below it.

use rust_xlsxwriter::utility::{quote_sheet_name, row_col_to_cell};
use rust_xlsxwriter::{ColNum, RowNum, Worksheet, XlsxError};

use super::sheet::{Cell, Column};
use super::{Context, Edition, SCORES};
use crate::scoring::Framework;

/// The row of the table's head; the first element stands below it.
const HEAD: RowNum = 4;
/// The column of the weights.
const WEIGHT: ColNum = 2;
/// The column of the first unit.
const FIRST_UNIT: ColNum = 4;

/// Where each element stands in the scores sheet, so that other sheets can point at it.
pub struct Layout {
    /// The row of each element of the framework; none for what this edition does not show.
    rows: Vec<Option<RowNum>>,
}

impl Layout {
    /// The layout of a framework. For publication indicators are left out: a normalised value gives the raw one away.
    pub fn of(framework: &Framework, edition: Edition) -> Self {
        let mut next = HEAD + 1;
        let rows = framework.elements().iter().map(|element| {
            let shown = edition == Edition::Analysis || element.indicator.is_none();
            shown.then(|| {
                next += 1;
                next - 1
            })
        });
        Self { rows: rows.collect() }
    }

    fn row(&self, position: usize) -> Option<RowNum> {
        self.rows.get(position).copied().flatten()
    }
}

/// A formula that shows the score of an element and unit, as another sheet writes it.
pub fn link(context: &Context<'_>, position: usize, unit: usize) -> Option<String> {
    let row = context.layout.row(position)?;
    let sheet = quote_sheet_name(&context.sheet_name(SCORES));
    Some(format!("={sheet}!{}", row_col_to_cell(row, unit_column(unit))))
}

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let report = context.report;
    let assessment = report.assessment;
    let mut sheet = context.sheet(
        worksheet,
        SCORES,
        (
            "各级得分为公式：修改权重（C列），得分随之变化。",
            "Scores are formulas: change a weight in column C and they follow.",
        ),
    )?;
    sheet.move_to(HEAD);
    let say = |chinese, english| context.wording.say(chinese, english);
    let mut columns = vec![
        Column::new(say("代码", "Code"), 14),
        Column::new(say("名称", "Name"), 42),
        Column::new(say("权重", "Weight"), 9),
        Column::new(say("有效权重", "Effective weight"), 11),
    ];
    columns.extend(context.units().map(|unit| Column::new(unit, 12)));
    let elements = report.framework.elements();
    let rows = elements
        .iter()
        .enumerate()
        .filter(|(position, _)| context.layout.row(*position).is_some());
    let rows = rows.map(|(position, element)| {
        let label = format!(
            "{}{}",
            "    ".repeat(depth(report.framework, position)),
            context.wording.text(&element.label)
        );
        let scored = assessment.elements.get(position);
        let mut cells = vec![
            Cell::Code(element.id.clone()),
            if element.indicator.is_some() {
                Cell::Text(label)
            } else {
                Cell::Name(label)
            },
            Cell::Weight(scored.map_or(element.weight, |scored| scored.weight)),
            Cell::Weight(scored.map_or(0.0, |scored| scored.effective_weight)),
        ];
        let scores = assessment.scores.get(&element.id);
        cells.extend((0..assessment.units.len()).map(|unit| {
            let score = scores.and_then(|scores| scores.get(unit));
            match (score, formula(context, position, unit)) {
                (Some(score), Some(formula)) => Cell::Formula(formula, score),
                (score, _) => Cell::Score(score),
            }
        }));
        cells
    });
    let rows: Vec<_> = rows.collect();
    let body = sheet.table(&columns, rows)?;
    let last = unit_column(assessment.units.len().saturating_sub(1));
    if context.has_common_scale() {
        sheet.colour_scale(body, FIRST_UNIT, last)?;
    }
    sheet.worksheet.set_freeze_panes(HEAD + 1, FIRST_UNIT)?;
    Ok(())
}

/// The score as a formula over the rows of the children, where their weighted mean is what makes it.
fn formula(context: &Context<'_>, position: usize, unit: usize) -> Option<String> {
    let element = context.report.framework.elements().get(position)?;
    let by_unit = &context.report.assessment.weights_by_unit;
    if element.children.is_empty() || !context.is_arithmetic(element.level) || by_unit.contains_key(&element.id) {
        return None;
    }
    let column = unit_column(unit);
    let mut weighted = Vec::with_capacity(element.children.len());
    let mut present = Vec::with_capacity(element.children.len());
    for child in &element.children {
        let row = context.layout.row(*child)?;
        let (score, weight) = (
            row_col_to_cell(row, column),
            format!("${}", row_col_to_cell(row, WEIGHT)),
        );
        weighted.push(format!("N({score})*{weight}"));
        present.push(format!("ISNUMBER({score})*{weight}"));
    }
    Some(format!(
        "=IFERROR(({})/({}),\"–\")",
        weighted.join("+"),
        present.join("+")
    ))
}

/// How many elements stand above one.
fn depth(framework: &Framework, position: usize) -> usize {
    let parent_of = |position: &usize| framework.elements().get(*position).and_then(|element| element.parent);
    std::iter::successors(parent_of(&position), parent_of).count()
}

fn unit_column(unit: usize) -> ColNum {
    FIRST_UNIT + ColNum::try_from(unit).unwrap_or(ColNum::MAX - FIRST_UNIT)
}
