//! The scales sheet: how far the items of each scale agree among the respondents, and what each item does in it.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::sheet::{Cell, Column, Sheet};
use super::{Context, Edition, SCALES};
use crate::expression::Expression;
use crate::scoring::{
    Assessment, NotWorkedOut, OmegaRemark, Part, ScaleGroup, ScaleItem, ScaleOutcome, ScaleReliability, Scales,
    public_scales,
};

pub(super) fn are_there(assessment: &Assessment) -> bool {
    !assessment.scales.is_empty()
}

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    let mut sheet = context.sheet(
        worksheet,
        SCALES,
        (
            "量表信度：同一量表的各题项在答卷之间是否一致。按主体和答卷语言分列，各城市合计，不加权，仅计各题项均作答者。",
            "How far the items of a scale agree among the respondents, by actor type and language of the answers: all units \
             together, unweighted, those who answered every item.",
        ),
    )?;
    sheet.line(&say(
        "alpha：Cronbach（1951）；omega：单因子模型的McDonald总omega（1999），最小残差法，至少3个题项。alpha低于0.6须谨慎引用；少于10份答卷不计算。",
        "alpha: Cronbach (1951). omega: McDonald's omega total of the one-factor model (1999), minimum residuals, from three \
         items on. Quote with care below 0.6; nothing is worked out of fewer than 10 respondents.",
    ))?;
    sheet.skip(1);
    let scales = told(context);
    write_groups(context, &mut sheet, &scales)?;
    write_items(context, &mut sheet, &scales)
}

/// What the edition may tell.
pub(super) fn told(context: &Context<'_>) -> Scales {
    let report = context.report;
    match report.edition {
        Edition::Analysis => report.assessment.scales.clone(),
        Edition::Publication => public_scales(report.framework, &report.assessment.scales, |id| {
            let units = context.hidden.get(id);
            units.is_some_and(|units| units.iter().any(Option::is_some))
        }),
    }
}

/// The columns that both tables share, so that they stand below one another, with four columns of figures.
fn columns(context: &Context<'_>, name: (&str, &str), figures: [(&str, &str); 4]) -> Vec<Column> {
    let column = |(chinese, english), width| Column::new(context.wording.say(chinese, english), width);
    let mut columns = vec![
        column(("代码", "Code"), 10),
        column(name, 62),
        column(("主体", "Actor"), 30),
        column(("答卷语言", "Language"), 16),
    ];
    columns.extend(figures.map(|figure| column(figure, 14)));
    columns.push(column(("提示", "Remark"), 60));
    columns
}

fn write_groups(context: &Context<'_>, sheet: &mut Sheet<'_>, scales: &Scales) -> Result<(), XlsxError> {
    sheet.heading(&context.wording.say("量表", "Scales"))?;
    let figures = [
        ("答卷数", "Respondents"),
        ("题项数", "Items"),
        ("alpha", "alpha"),
        ("omega", "omega"),
    ];
    let row = |(id, group): (&String, &ScaleGroup)| {
        let mut cells = first_cells(context, id, &label(context, id), group);
        let found = group.reliability();
        cells.extend([
            Cell::Count(group.n),
            items(context, id, &group.actor).map_or(Cell::Empty, |items| Cell::Count(items as u64)),
            match found {
                Some(found) if found.weak => Cell::FlaggedStatistic(found.alpha),
                found => Cell::Statistic(found.map(|found| found.alpha)),
            },
            Cell::Statistic(found.and_then(|found| found.omega)),
            wrapped(remarks(context, &group.outcome)),
        ]);
        cells
    };
    let columns = columns(context, ("量表", "Scale"), figures);
    sheet.table(&columns, groups(scales).map(row))?;
    Ok(())
}

fn write_items(context: &Context<'_>, sheet: &mut Sheet<'_>, scales: &Scales) -> Result<(), XlsxError> {
    sheet.heading(&context.wording.say("题项", "Items"))?;
    sheet.line(&context.wording.say(
        "题总相关：与其余题项之和的相关；低于-0.1的题项可能需要反向计分。均值与标准差以公式的单位计。",
        "Item-rest: the correlation with the sum of the other items; one below -0.1 is probably reverse-coded. Mean and sd are in \
         the unit of the formula.",
    ))?;
    let figures = [
        ("均值", "Mean"),
        ("标准差", "SD"),
        ("题总相关", "Item-rest correlation"),
        ("删除该题后的alpha", "alpha without it"),
    ];
    let rows = groups(scales).flat_map(|(id, group)| {
        let items = group.reliability().map_or(&[][..], |found| &found.items);
        items.iter().map(move |item| {
            let mut cells = first_cells(context, id, &statement(context, id, &group.actor, item), group);
            let (reversed, remark) = if item.probably_reversed {
                let remark = context.wording.say("可能需要反向计分", "probably reverse-coded");
                (item.item_rest, remark)
            } else {
                (None, String::new())
            };
            cells.extend([
                Cell::Statistic(Some(item.mean)),
                Cell::Statistic(Some(item.sd)),
                reversed.map_or(Cell::Statistic(item.item_rest), Cell::FlaggedStatistic),
                Cell::Statistic(item.alpha_without),
                wrapped(remark),
            ]);
            cells
        })
    });
    let columns = columns(context, ("题项", "Item"), figures);
    sheet.table(&columns, rows)?;
    Ok(())
}

fn groups(scales: &Scales) -> impl Iterator<Item = (&String, &ScaleGroup)> {
    scales
        .iter()
        .flat_map(|(id, groups)| groups.iter().map(move |group| (id, group)))
}

fn first_cells(context: &Context<'_>, id: &str, name: &str, group: &ScaleGroup) -> Vec<Cell> {
    let actor = context.report.framework.actors().get(&group.actor);
    vec![
        Cell::Code(id.to_owned()),
        Cell::Text(name.to_owned()),
        Cell::Text(actor.map_or_else(|| group.actor.clone(), |actor| context.wording.text(&actor.label))),
        Cell::Text(language(context, group)),
    ]
}

fn label(context: &Context<'_>, id: &str) -> String {
    let element = context.report.framework.find(id);
    element.map_or_else(String::new, |element| context.wording.text(&element.label))
}

/// The language by the name that a survey gives it.
pub(super) fn language(context: &Context<'_>, group: &ScaleGroup) -> String {
    match group.language.as_deref() {
        None => context.wording.say("全部", "All"),
        Some("") => context.wording.say("未注明", "Not stated"),
        Some(code) => {
            let mut surveys = context.report.surveys.iter();
            let name = surveys.find_map(|survey| survey.definition.languages().get(code));
            name.cloned().unwrap_or_else(|| code.to_owned())
        }
    }
}

/// The words of the questions that an item reads, and its formula.
fn statement(context: &Context<'_>, id: &str, actor: &str, item: &ScaleItem) -> String {
    let survey = part(context, id, actor).map(|part| part.survey.as_str());
    let mut surveys = context.report.surveys.iter().map(|survey| survey.definition);
    let definition = surveys.find(|definition| Some(definition.survey()) == survey);
    let mut lines: Vec<String> = Vec::new();
    if let (Some(definition), Ok(expression)) = (definition, Expression::parse(&item.formula)) {
        let questions = expression.references().iter();
        let questions = questions.filter_map(|reference| definition.get(definition.find(&reference.name)?));
        lines.extend(questions.map(|question| context.wording.text(&question.label)));
    }
    lines.push(item.formula.clone());
    lines.join("\n")
}

fn part<'c>(context: &'c Context<'_>, id: &str, actor: &str) -> Option<&'c Part> {
    let indicator = context.report.framework.find(id)?.indicator.as_ref()?;
    indicator.parts().iter().find(|part| part.actor == actor)
}

/// How many items the scale of an actor type has, also where nothing is worked out of them.
fn items(context: &Context<'_>, id: &str, actor: &str) -> Option<usize> {
    part(context, id, actor).map(|part| part.measure.formulas.all().len())
}

fn remarks(context: &Context<'_>, outcome: &ScaleOutcome) -> String {
    let say = |(chinese, english): (&str, &str)| context.wording.say(chinese, english);
    match outcome {
        ScaleOutcome::NotWorkedOut(NotWorkedOut::TooFew) => say((
            "完整作答少于10份，未计算",
            "not worked out: fewer than 10 answered every item",
        )),
        ScaleOutcome::NotWorkedOut(NotWorkedOut::Constant) => {
            say(("各答卷总分相同，未计算", "not worked out: the sum does not vary"))
        }
        ScaleOutcome::Reliability(ScaleReliability { weak, omega_remark, .. }) => {
            let weak = weak.then(|| say(("alpha低于0.6", "alpha below 0.6")));
            let omega = omega_remark.map(|remark| say(omega(remark)));
            weak.into_iter().chain(omega).collect::<Vec<_>>().join("\n")
        }
    }
}

fn omega(remark: OmegaRemark) -> (&'static str, &'static str) {
    match remark {
        OmegaRemark::Heywood => (
            "Heywood情形：一个题项的共同度限于1",
            "Heywood case: the communality of an item is held at 1",
        ),
        OmegaRemark::NotIdentified => (
            "无omega：有共同因子的题项少于3个",
            "no omega: fewer than three items share a factor",
        ),
        OmegaRemark::ConstantItem => ("无omega：有题项取值不变", "no omega: an item does not vary"),
        OmegaRemark::NotConverged => ("无omega：迭代未收敛", "no omega: the model does not converge"),
    }
}

fn wrapped(words: String) -> Cell {
    if words.is_empty() {
        Cell::Empty
    } else {
        Cell::Text(words)
    }
}
