//! The profiles sheet: what each unit is good and bad at, which others are like it, and organisations' groups.

use rust_xlsxwriter::{Worksheet, XlsxError};

use super::sheet::{Cell, Column, Sheet};
use super::{Context, Edition, PROFILES};
use crate::scoring::{GroupedBy, PeerStanding, Peers, Profiles, Standing, ToldBy};

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    let mut sheet = context.sheet(
        worksheet,
        PROFILES,
        (
            "各单位的优势、劣势与相近单位。括号内为名次/单位数，以及与中位数的得分差。",
            "What each unit is good and bad at, and which are like it. In brackets: rank/units, and the gap to the median in points.",
        ),
    )?;
    let Some(profiles) = &context.report.assessment.profiles else {
        return Ok(());
    };
    sheet.line(&match (profiles.told_by, profiles.confidence) {
        (ToldBy::SamplingInterval, Some(confidence)) => {
            let percent = (confidence * 1000.0).round() / 10.0;
            say(
                &format!("仅列出与中位数的差距超出{percent} %抽样区间者，最多五项；未列出的不能排除偶然性。"),
                &format!(
                    "Only where the gap to the median is beyond its sampling interval of {percent} %, at most five; the rest may be chance."
                ),
            )
        }
        _ => say(
            "抽样误差未知，以下差距未排除偶然性。",
            "No sampling error is known: none of these gaps is told from chance.",
        ),
    })?;
    sheet.line(&say(
        "相近单位为各维度得分距离最近的五个；“高于”“低于”指与其平均值相差一个标准差以上的维度（本单位得分/相近单位平均）。",
        "Peers are the five nearest in dimension scores; above and below: dimensions more than a standard deviation off their mean (the unit's score / their mean).",
    ))?;
    write_units(context, &mut sheet, profiles)?;
    for grouped in &profiles.groups {
        write_groups(context, &mut sheet, grouped)?;
    }
    Ok(())
}

fn write_units(context: &Context<'_>, sheet: &mut Sheet<'_>, profiles: &Profiles) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    let columns = [
        Column::new(say("单位", "Unit"), 30),
        Column::new(say("优势", "Strengths"), 52),
        Column::new(say("劣势", "Weaknesses"), 52),
        Column::new(say("相近单位", "Peers"), 34),
        Column::new(say("高于相近单位", "Above its peers"), 34),
        Column::new(say("低于相近单位", "Below its peers"), 34),
    ];
    let row = |unit: usize| {
        let Some(profile) = profiles.units.get(unit) else {
            return vec![Cell::Name(context.unit_at(unit))];
        };
        let peers = profile.peers.as_ref();
        let names = peers.map_or_else(String::new, |peers| {
            let names: Vec<String> = peers.units.iter().map(|peer| context.unit(peer)).collect();
            names.join("\n")
        });
        vec![
            Cell::Name(context.unit_at(unit)),
            wrapped(standings(context, &profile.strengths, unit)),
            wrapped(standings(context, &profile.weaknesses, unit)),
            wrapped(names),
            wrapped(dimensions(context, peers, PeerStanding::Above)),
            wrapped(dimensions(context, peers, PeerStanding::Below)),
        ]
    };
    let body = sheet.table(&columns, context.ranking().into_iter().map(row))?;
    sheet.worksheet.set_freeze_panes(body.first, 1)?;
    Ok(())
}

fn wrapped(words: String) -> Cell {
    if words.is_empty() {
        Cell::Text("–".to_owned())
    } else {
        Cell::Text(words)
    }
}

/// A line for each. In a publication nothing is said of a figure that would give a respondent away, and no gap is given
/// from which the figure could be worked out.
fn standings(context: &Context<'_>, standings: &[Standing], unit: usize) -> String {
    let public = context.report.edition == Edition::Publication;
    let decimals = context.decimals();
    let line = |standing: &Standing| {
        let element = context.report.framework.find(&standing.indicator)?;
        if context.hides(&element.id, unit) {
            return None;
        }
        let label = context.wording.text(&element.label);
        let (rank, of) = (standing.rank, standing.of);
        Some(if public {
            format!("{label} ({rank}/{of})")
        } else {
            format!("{label} ({rank}/{of}, {:+.decimals$})", standing.gap)
        })
    };
    standings.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn dimensions(context: &Context<'_>, peers: Option<&Peers>, wanted: PeerStanding) -> String {
    let Some(peers) = peers else { return String::new() };
    let decimals = context.decimals();
    let line = |(id, against): (&String, &crate::scoring::AgainstPeers)| {
        let label = context
            .report
            .framework
            .find(id)
            .map(|element| context.wording.text(&element.label))?;
        let (score, mean) = (against.score?, against.mean?);
        (against.stands == Some(wanted)).then(|| format!("{label} ({score:.decimals$} / {mean:.decimals$})"))
    };
    peers.dimensions.iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn write_groups(context: &Context<'_>, sheet: &mut Sheet<'_>, grouped: &GroupedBy) -> Result<(), XlsxError> {
    let say = |chinese: &str, english: &str| context.wording.say(chinese, english);
    let (kind, heading) = match grouped.by.as_str() {
        "city" => (say("城市", "City"), say("各城市平均", "Means by city")),
        "sector" => (say("行业", "Sector"), say("各行业平均", "Means by sector")),
        _ => (say("规模", "Size class"), say("各规模平均", "Means by size class")),
    };
    sheet.heading(&heading)?;
    sheet.line(&say(
        "□ 为保密而隐去：单位过少，或可由总数推算。",
        "□ hidden for confidentiality: too few, or could be worked out from the others.",
    ))?;
    let ids: Vec<&str> = std::iter::once(0)
        .chain(context.dimensions().iter().copied())
        .filter_map(|position| Some(context.report.framework.elements().get(position)?.id.as_str()))
        .collect();
    let mut columns = vec![Column::new(kind, 30), Column::new(say("单位数", "Organisations"), 52)];
    // The columns have the widths of the table above.
    let widths = [52, 34, 34, 34].into_iter().chain(std::iter::repeat(15));
    columns.extend(ids.iter().zip(widths).map(|(id, width)| {
        let label = context
            .report
            .framework
            .find(id)
            .map(|element| context.wording.text(&element.label));
        Column::new(label.unwrap_or_default(), width)
    }));
    let rows = grouped.groups.iter().map(|(code, group)| {
        let mut cells = vec![
            Cell::Name(context.unit(code)),
            context.count_cell(group.organisations as u64, true),
        ];
        cells.extend(ids.iter().map(|id| match &group.mean {
            Some(mean) => context.score_cell(mean.get(*id).copied().flatten()),
            None => Cell::Text("□".to_owned()),
        }));
        cells
    });
    sheet.table(&columns, rows)?;
    Ok(())
}
