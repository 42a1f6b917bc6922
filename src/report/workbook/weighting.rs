//! The tables of the coverage sheet that say how respondents stand for the register, and how much of what units differ
//! by is more than sampling.

use rust_xlsxwriter::XlsxError;

use super::sheet::{Cell, Column, Sheet};
use super::{Context, Edition};
use crate::scoring::{Margin, Weighting};

/// Both tables; nothing where no register was loaded and no respondents were drawn again.
pub(super) fn write(context: &Context<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    weightings(context, sheet)?;
    signals(context, sheet)
}

fn weightings(context: &Context<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let assessment = context.report.assessment;
    if assessment.weightings.is_empty() {
        return Ok(());
    }
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    sheet.heading(&say("应答与加权", "Response and weights"))?;
    sheet.line(&say(
        "权重使答卷与名录的单位数、从业人员数一致。设计效应 = 1 + CV²（Kish）；有效样本量 = 答卷数 / 设计效应。",
        "Weights make respondents agree with the register's organisations and persons employed. Design effect: 1 + CV² \
         (Kish); effective number: respondents / design effect.",
    ))?;
    let columns = [
        Column::new(say("调查", "Survey"), 16),
        Column::new(say("单位", "Unit"), 42),
        Column::new(say("达到的名录合计", "Totals reached"), 20),
        Column::new(say("名录单位数", "In the register"), 13),
        Column::new(say("答卷数", "Respondents"), 13),
        Column::new(say("应答率", "Response rate"), 13),
        Column::new(say("题项应答率", "Item response rate"), 13),
        Column::new(say("权重合计", "Sum of weights"), 13),
        Column::new(say("权重变异系数", "CV of weights"), 13),
        Column::new(say("设计效应", "Design effect"), 13),
        Column::new(say("有效样本量", "Effective number"), 13),
        Column::new(say("截尾权重数", "Weights at a limit"), 13),
    ];
    let rows: Vec<_> = assessment.weightings.iter().map(|it| weighting(context, it)).collect();
    sheet.table(&columns, rows)?;
    Ok(())
}

fn weighting(context: &Context<'_>, weighting: &Weighting) -> Vec<Cell> {
    let margin = |margin: &Margin| match margin {
        Margin::OrganisationsBySize => context.wording.say("单位数×规模", "organisations by size"),
        Margin::OrganisationsBySector => context.wording.say("单位数×行业", "organisations by sector"),
        Margin::EmployeesBySize => context.wording.say("从业人员×规模", "employees by size"),
        Margin::EmployeesBySector => context.wording.say("从业人员×行业", "employees by sector"),
    };
    let margins: Vec<String> = weighting.margins.iter().map(margin).collect();
    let actors = context.report.framework.actors().values();
    let mut of_survey = actors.filter(|actor| actor.survey == weighting.survey).peekable();
    let confidential = of_survey.peek().is_none() || of_survey.any(|actor| actor.confidential);
    // From a rate, an effective number or a spread the number of respondents follows.
    let told = context.is_told(weighting.responses, confidential);
    let share = |share: Option<f64>| Cell::Share(share.filter(|_| told));
    let value = |value: Option<f64>| Cell::Value(value.filter(|_| told));
    vec![
        Cell::Code(weighting.survey.clone()),
        Cell::Text(context.unit(&weighting.unit)),
        Cell::Text(margins.join("; ")),
        Cell::Count(weighting.organisations),
        context.count_cell(weighting.responses, confidential),
        share(weighting.response_rate),
        share(weighting.item_response_rate),
        value(Some(weighting.sum)),
        share(weighting.cv),
        value(weighting.design_effect),
        value(weighting.effective_n),
        if told {
            Cell::Count(weighting.trimmed as u64)
        } else {
            Cell::Empty
        },
    ]
}

fn signals(context: &Context<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let assessment = context.report.assessment;
    if assessment.signals.is_empty() {
        return Ok(());
    }
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    sheet.heading(&say("信噪比", "Signal and noise"))?;
    sheet.line(&say(
        "信度 = max(0, (城市间方差 − 平均抽样方差) / 城市间方差)；低于0.5的指标，排名主要反映抽样噪声。",
        "Reliability: max(0, (variance between units - mean sampling variance) / variance between units). Below 0.5 an \
         indicator mostly ranks noise.",
    ))?;
    let mut columns = vec![
        Column::new(say("代码", "Code"), 16),
        Column::new(say("指标", "Indicator"), 42),
        Column::new(say("判断", "Verdict"), 20),
        Column::new(say("信度", "Reliability"), 13),
    ];
    // A variance between units is an equation for the one that is hidden.
    let analysis = context.report.edition == Edition::Analysis;
    if analysis {
        columns.extend([
            Column::new(say("城市间方差", "Variance between"), 13),
            Column::new(say("抽样方差", "Sampling variance"), 13),
        ]);
    }
    let rows: Vec<_> = context
        .report
        .framework
        .indicators()
        .filter_map(|(_, element, _)| {
            let signal = assessment.signals.get(&element.id)?;
            let verdict = if signal.is_noise() {
                say("排名反映噪声", "ranks noise")
            } else {
                String::new()
            };
            let hides = context
                .hidden
                .get(&element.id)
                .is_some_and(|units| units.iter().any(Option::is_some));
            let rounded = |reliability: f64| (reliability * 10.0).round() / 10.0;
            let mut cells = vec![
                Cell::Code(element.id.clone()),
                Cell::Text(context.wording.text(&element.label)),
                Cell::text(verdict),
                Cell::Value(if hides {
                    signal.reliability.map(rounded)
                } else {
                    signal.reliability
                }),
            ];
            if analysis {
                cells.extend([Cell::Value(Some(signal.between)), Cell::Value(Some(signal.sampling))]);
            }
            Some(cells)
        })
        .collect();
    sheet.table(&columns, rows)?;
    Ok(())
}
