//! The table of the ranking sheet that says how far ranks and scores can be trusted.

use rust_xlsxwriter::XlsxError;

use super::Context;
use super::sheet::{Cell, Column, Sheet};
use crate::scoring::Spread;

/// The index's intervals, from all that was varied and from each kind alone; nothing where nothing was varied.
pub(super) fn write(context: &Context<'_>, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
    let assessment = context.report.assessment;
    let Some(uncertainty) = &assessment.uncertainty else {
        return Ok(());
    };
    let Some(index) = uncertainty.elements.get(context.index()) else {
        return Ok(());
    };
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    let percent = (uncertainty.confidence * 1000.0).round() / 10.0;
    sheet.heading(&say("不确定性", "Uncertainty"))?;
    sheet.line(&say(
        "抽样区间为置信区间；方法区间为稳健性范围，不代表概率。同一档内的先后次序并不确定。",
        "The sampling interval is a confidence interval; the method's is a range of robustness, not a probability. Within a \
         tier the order is not known.",
    ))?;
    let mut spreads: Vec<(Column, &Spread, usize)> = Vec::new();
    let mut column = |chinese: &str, english: &str, spread, decimals| {
        let head = say(&format!("{chinese} {percent} %"), &format!("{english} {percent} %"));
        spreads.push((Column::new(head, 16), spread, decimals));
    };
    column("名次", "Rank", &index.rank, 0);
    if let (Some(sampling), Some(method)) = (&index.sampling, &index.method) {
        column("名次（抽样）", "Rank, sampling", &sampling.rank, 0);
        column("名次（方法）", "Rank, method", &method.rank, 0);
        column("得分（抽样）", "Score, sampling", &sampling.score, 1);
        column("得分（方法）", "Score, method", &method.score, 1);
    }
    column("得分", "Score", &index.score, 1);
    let mut columns = vec![
        Column::new(say("名次", "Rank"), 8),
        Column::new(say("单位", "Unit"), 38),
        Column::new(say("档", "Tier"), 14),
    ];
    columns.extend(spreads.iter().map(|(column, ..)| column.clone()));
    let row = |unit: usize| {
        let tier = index.tier.as_ref().and_then(|tiers| tiers.get(unit).copied().flatten());
        let count = |number: Option<u32>| number.map_or(Cell::Empty, |number| Cell::Count(number.into()));
        let mut cells = vec![
            count(context.rank(context.index(), unit)),
            Cell::Name(context.unit_at(unit)),
            count(tier),
        ];
        cells.extend(
            spreads
                .iter()
                .map(|(_, spread, decimals)| Cell::text(interval(spread, unit, *decimals))),
        );
        cells
    };
    sheet.table(&columns, context.ranking().into_iter().map(row))?;
    Ok(())
}

/// `3 – 7`; ranks are rounded outwards, and nothing is said where there are no runs.
fn interval(spread: &Spread, unit: usize, decimals: usize) -> String {
    let ends = spread
        .interval()
        .and_then(|(low, high)| low.get(unit).zip(high.get(unit)));
    match ends {
        Some((low, high)) if decimals == 0 => format!("{} – {}", low.floor(), high.ceil()),
        Some((low, high)) => format!("{low:.decimals$} – {high:.decimals$}"),
        None => String::new(),
    }
}
