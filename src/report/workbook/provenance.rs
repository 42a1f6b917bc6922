//! The provenance sheet: what it takes to repeat the assessment, and everything that was noted on the way.

use rust_xlsxwriter::{Worksheet, XlsxError};
use serde_json::Value;

use super::sheet::{Cell, Column};
use super::{Context, PROVENANCE, notes};
use crate::scoring::public_note;

/// The characters of a line of options.
const LINE: usize = 110;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese, english| context.wording.say(chinese, english);
    let report = context.report;
    let recipe = &report.assessment.recipe;
    let mut sheet = context.sheet(
        worksheet,
        PROVENANCE,
        (
            "相同的框架、选项与数据得到完全相同的结果。",
            "The same framework, options and data give exactly the same result.",
        ),
    )?;
    let fact = |what: String, is: String| vec![Cell::Name(what), Cell::Text(is)];
    let mut rows = Vec::new();
    if report.provenance.synthetic {
        rows.push(fact(
            say("数据", "Data"),
            say("合成数据，仅供演示", "synthetic, for demonstration only"),
        ));
    }
    if !report.provenance.name.is_empty() {
        rows.push(fact(say("评价", "Assessment"), report.provenance.name.clone()));
    }
    rows.push(fact(
        say("框架", "Framework"),
        format!("{} {}", report.framework.id(), report.framework.version()),
    ));
    rows.push(fact(
        say("框架文件校验值", "Hash of the framework file"),
        recipe.framework_hash.clone(),
    ));
    rows.push(fact(say("数据校验值", "Hash of the data"), recipe.data_hash.clone()));
    if let Some(seed) = recipe.seed {
        rows.push(fact(say("随机种子", "Seed"), seed.to_string()));
    }
    rows.push(fact(
        say("程序版本", "Program version"),
        format!("innogauge {}", recipe.program_version),
    ));
    if let Some(as_of) = report.provenance.as_of {
        rows.push(fact(
            say("最新答卷时间", "Newest response"),
            as_of.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        ));
    }
    rows.extend(
        report
            .provenance
            .facts
            .iter()
            .map(|(what, is)| fact(context.wording.text(what), is.clone())),
    );
    sheet.table(
        &[
            Column::new(say("项目", "What"), 34),
            Column::new(say("内容", "Is"), 110),
        ],
        rows,
    )?;

    sheet.heading(&say("选项（含默认值）", "Options, defaults included"))?;
    let options = recipe.options.as_object().into_iter().flatten();
    let options: Vec<_> = options
        .flat_map(|(step, settings)| lines(step, settings))
        .map(|(step, settings)| vec![Cell::Code(step), Cell::Code(settings)])
        .collect();
    sheet.table(
        &[
            Column::new(say("步骤", "Step"), 34),
            Column::new(say("设置", "Settings"), 110),
        ],
        options,
    )?;

    if !report.assessment.notes.is_empty() {
        sheet.heading(&say("说明", "Notes"))?;
        // A unit that is held at an end of the scale has a figure beyond it.
        let notes = report.assessment.notes.iter();
        let notes = notes.filter_map(|note| public_note(note, &report.assessment.units, &context.hidden));
        let notes = notes.filter_map(|note| {
            let words = notes::words(context, &note)?;
            Some(vec![Cell::Text(notes::subject(context, &note)), Cell::Text(words)])
        });
        let notes: Vec<_> = notes.collect();
        sheet.table(
            &[
                Column::new(say("关于", "About"), 34),
                Column::new(say("说明", "Note"), 110),
            ],
            notes,
        )?;
    }
    Ok(())
}

/// A block of options as a line; one that is too long for a line, key by key.
fn lines(step: &str, settings: &Value) -> Vec<(String, String)> {
    let text = settings.to_string();
    match settings {
        Value::Object(keys) if text.chars().count() > LINE => keys
            .iter()
            .flat_map(|(key, settings)| lines(&format!("{step}.{key}"), settings))
            .collect(),
        _ => vec![(step.to_owned(), text)],
    }
}
