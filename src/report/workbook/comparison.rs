//! The comparison sheet: what changed since an earlier result, how sure that is, and where it came from.

use rust_xlsxwriter::{Chart, ChartLegendPosition, ChartType, ColNum, RowNum, Worksheet, XlsxError};

use super::sheet::{Body, Cell, Column, Sheet};
use super::style::{ACCENT, MUTED, SERIES};
use super::{COMPARISON, Context, Edition, chart};
use crate::scoring::{ChangeIntervals, Comparison, ComparisonKind, Contributions, ElementChange, Interval, Series};

/// Units beyond this have no charts and no table of indicators.
const MOST_SHOWN: usize = 60;

pub(super) fn write(context: &Context<'_>, worksheet: &mut Worksheet) -> Result<(), XlsxError> {
    let Some(comparison) = &context.report.assessment.comparison else {
        return Ok(());
    };
    let purpose = match comparison.kind {
        ComparisonKind::Rounds => (
            "两轮按同一框架、在同一尺度内评分后相减。▲ 上升，▼ 下降。",
            "Both rounds are scored by one framework and in one frame, and subtracted. ▲ up, ▼ down.",
        ),
        ComparisonKind::Methods => (
            "同一数据、两种方法的名次比较。▲ 名次上升，▼ 名次下降。",
            "The same figures scored by two methods: how ranks differ. ▲ up, ▼ down.",
        ),
    };
    let mut sheet = context.sheet(worksheet, COMPARISON, purpose)?;
    let page = Page { context, comparison };
    page.head(&mut sheet)?;
    match comparison.kind {
        ComparisonKind::Rounds => page.rounds(&mut sheet)?,
        ComparisonKind::Methods => page.methods(&mut sheet)?,
    }
    page.agreement(&mut sheet)?;
    page.differences(&mut sheet)
}

/// What the sheet is written from.
struct Page<'a> {
    context: &'a Context<'a>,
    comparison: &'a Comparison,
}

impl Page<'_> {
    fn say(&self, chinese: &str, english: &str) -> String {
        self.context.wording.say(chinese, english)
    }

    /// What this assessment is compared with, and who is not in both.
    fn head(&self, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
        let old = &self.comparison.old;
        let mut facts = Vec::new();
        if !old.rounds.is_empty() {
            facts.push(format!("{} {}", self.say("轮次", "round"), old.rounds.join(", ")));
        }
        if let Some(responses) = &old.responses {
            facts.push(format!("{} {}", responses.count, self.say("份答卷", "responses")));
        }
        let hash = old.data_hash.get(..12).unwrap_or(&old.data_hash);
        facts.push(format!("{} {hash}", self.say("数据校验值", "hash of its figures")));
        let with = format!("{}: {}", self.say("对照", "Compared with"), facts.join("; "));
        sheet.line(&with)?;
        for (chinese, english, units) in [
            (
                "仅见于对照结果",
                "Only in the earlier result",
                &self.comparison.only_old,
            ),
            ("仅见于本次", "Only in this one", &self.comparison.only_new),
        ] {
            if !units.is_empty() {
                let names: Vec<String> = units
                    .iter()
                    .take(MOST_SHOWN)
                    .map(|unit| self.context.unit(unit))
                    .collect();
                sheet.line(&format!("{}: {}", self.say(chinese, english), names.join(", ")))?;
            }
        }
        sheet.skip(1);
        Ok(())
    }

    /// The name of a unit of the comparison.
    fn unit(&self, unit: usize) -> String {
        let name = self
            .comparison
            .units
            .get(unit)
            .map_or_else(String::new, |id| self.context.unit(id));
        match self.comparison.times.as_ref().and_then(|times| times.get(unit)) {
            Some(time) => format!("{name} {time}"),
            None => name,
        }
    }

    fn index(&self) -> Option<&ElementChange> {
        self.comparison.elements.get(self.context.index())
    }

    /// The units by what their rank is now.
    fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.comparison.units.len()).collect();
        if let Some(index) = self.index() {
            order.sort_by_key(|unit| (index.new_rank.get(*unit).copied().flatten().unwrap_or(u32::MAX), *unit));
        }
        order
    }

    fn rounds(&self, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
        let Some(index) = self.index() else { return Ok(()) };
        self.change(sheet, index)?;
        self.by_dimension(sheet)?;
        if let Some(contributions) = &self.comparison.contributions {
            self.contributions(sheet, index, contributions)?;
            if self.context.report.edition == Edition::Analysis {
                self.by_indicator(sheet, contributions)?;
            }
        }
        self.overlap(sheet)
    }

    /// The index then and now.
    fn change(&self, sheet: &mut Sheet<'_>, index: &ElementChange) -> Result<(), XlsxError> {
        sheet.heading(&self.context.label(0))?;
        let percent = self
            .comparison
            .intervals
            .as_ref()
            .map_or(0.0, |made| (made.confidence * 1000.0).round() / 10.0);
        let mut columns = vec![
            Column::new(self.say("单位", "Unit"), 38),
            Column::new(self.say("上轮得分", "Score then"), 14),
            Column::new(self.say("本轮得分", "Score now"), 14),
            Column::new(self.say("变化", "Change"), 14),
        ];
        let kinds = [
            ("变化（抽样）", "Change, sampling", &index.sampling),
            ("变化（方法）", "Change, method", &index.method),
        ];
        let kinds: Vec<_> = kinds
            .into_iter()
            .filter_map(|(zh, en, kind)| Some((zh, en, kind.as_ref()?)))
            .collect();
        for (chinese, english, _) in &kinds {
            let head = self.say(&format!("{chinese} {percent} %"), &format!("{english} {percent} %"));
            columns.push(Column::new(head, 16));
        }
        if !kinds.is_empty() {
            columns.push(Column::new(self.say("是否明确", "Certain?"), 16));
        }
        columns.extend([
            Column::new(self.say("上轮名次", "Rank then"), 12),
            Column::new(self.say("本轮名次", "Rank now"), 12),
            Column::new(self.say("名次变化", "Places gained"), 12),
        ]);
        let row = |unit: usize| {
            let mut cells = vec![
                Cell::Name(self.unit(unit)),
                Cell::Score(index.old.get(unit)),
                Cell::Total(index.new.get(unit)),
                Cell::Change(index.change.as_ref().and_then(|change| change.get(unit))),
            ];
            cells.extend(kinds.iter().map(|(_, _, kind)| Cell::text(ends(&kind.change, unit))));
            if !kinds.is_empty() {
                cells.push(Cell::text(
                    self.certainty(index.sampling.as_ref().or(index.method.as_ref()), unit),
                ));
            }
            cells.extend(ranks(index, unit));
            cells
        };
        let body = sheet.table(&columns, self.order().into_iter().map(row))?;
        if self.context.has_common_scale() {
            sheet.score_bars(body, 2)?;
        }
        sheet.worksheet.set_freeze_panes(body.first, 1)?;
        if !kinds.is_empty() {
            sheet.line(&self.say(
                "“明确”指区间不含零：有抽样区间时为置信区间，否则为方法的稳健性范围。",
                "Certain means that the interval leaves 0 out: the sampling interval where there is one, else the method's range of \
                 robustness.",
            ))?;
        }
        sheet.skip(1);
        if self.comparison.units.len() <= MOST_SHOWN {
            let chart = self.then_and_now(body);
            self.insert(sheet, &chart)?;
        }
        Ok(())
    }

    /// Whether a change goes one way for sure.
    fn certainty(&self, kind: Option<&ChangeIntervals>, unit: usize) -> String {
        let ends = kind.and_then(|kind| kind.change.low.get(unit).zip(kind.change.high.get(unit)));
        match ends {
            Some((low, _)) if low > 0.0 => self.say("上升", "Up"),
            Some((_, high)) if high < 0.0 => self.say("下降", "Down"),
            Some(_) => self.say("不明确", "Not certain"),
            None => String::new(),
        }
    }

    fn then_and_now(&self, body: Body) -> Chart {
        let name = self.context.sheet_name(COMPARISON);
        let sheet = name.as_str();
        let mut chart = Chart::new(ChartType::Bar);
        for (chinese, english, column, colour) in [("上轮", "Then", 1, MUTED), ("本轮", "Now", 2, ACCENT)] {
            chart
                .add_series()
                .set_name(self.say(chinese, english).as_str())
                .set_categories((sheet, body.first, 0, body.last, 0))
                .set_values((sheet, body.first, column, body.last, column))
                .set_gap(60)
                .set_format(&mut chart::fill(colour));
        }
        chart::frame(&mut chart, &self.say("上轮与本轮", "Then and now"), self.size());
        chart.legend().set_position(ChartLegendPosition::Bottom);
        chart.y_axis().set_reverse();
        chart::scores(self.context, chart.x_axis());
        chart
    }

    /// Pixels of a chart with a bar for each unit.
    fn size(&self) -> (u32, u32) {
        (900, 20 * self.chart_rows())
    }

    fn chart_rows(&self) -> RowNum {
        8 + RowNum::try_from(self.comparison.units.len()).unwrap_or(0) * 3 / 2
    }

    fn insert(&self, sheet: &mut Sheet<'_>, chart: &Chart) -> Result<(), XlsxError> {
        let row = sheet.row();
        sheet.worksheet.insert_chart(row, 0, chart)?;
        sheet.skip(self.chart_rows() + 1);
        Ok(())
    }

    /// The elements below the index that are compared: the position and id of each dimension.
    fn dimensions(&self) -> Vec<(usize, &str)> {
        let elements = self.context.report.framework.elements();
        let id = |position: &usize| Some((*position, elements.get(*position)?.id.as_str()));
        self.context.dimensions().iter().filter_map(id).collect()
    }

    fn by_dimension(&self, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
        sheet.heading(&self.say("各维度得分变化", "Change by dimension"))?;
        let dimensions = self.dimensions();
        let mut columns = vec![Column::new(self.say("单位", "Unit"), 38)];
        columns.extend(
            dimensions
                .iter()
                .map(|(position, _)| Column::new(self.context.head(*position), 14)),
        );
        let cell = |id: &str, unit: usize| {
            let change = self
                .comparison
                .elements
                .get(id)
                .and_then(|element| element.change.as_ref()?.get(unit));
            Cell::Change(change)
        };
        let row = |unit: usize| {
            let mut cells = vec![Cell::Name(self.unit(unit))];
            cells.extend(dimensions.iter().map(|(_, id)| cell(id, unit)));
            cells
        };
        let body = sheet.table(&columns, self.order().into_iter().map(row))?;
        sheet.change_scale(body, 1, ColNum::try_from(dimensions.len()).unwrap_or(ColNum::MAX))
    }

    /// What each dimension adds to the change of the index.
    fn contributions(
        &self,
        sheet: &mut Sheet<'_>,
        index: &ElementChange,
        contributions: &Contributions,
    ) -> Result<(), XlsxError> {
        sheet.heading(&self.say(
            "各维度对指数变化的贡献（分）",
            "What each dimension adds to the change of the index, in points",
        ))?;
        let dimensions: Vec<(usize, &Series)> = self
            .dimensions()
            .into_iter()
            .filter_map(|(position, id)| Some((position, contributions.elements.get(id)?)))
            .collect();
        let coverage = contributions.coverage.get(self.context.index());
        let mut columns = vec![Column::new(self.say("单位", "Unit"), 38)];
        columns.extend(
            dimensions
                .iter()
                .map(|(position, _)| Column::new(self.context.head(*position), 14)),
        );
        if coverage.is_some() {
            columns.push(Column::new(self.say("数据覆盖的影响", "Effect of coverage"), 14));
        }
        let last = ColNum::try_from(columns.len()).unwrap_or(ColNum::MAX).saturating_sub(1);
        columns.push(Column::new(self.say("合计", "Total"), 14));
        let row = |unit: usize| {
            let mut cells = vec![Cell::Name(self.unit(unit))];
            cells.extend(dimensions.iter().map(|(_, series)| Cell::Change(series.get(unit))));
            cells.extend(coverage.map(|series| Cell::Change(series.get(unit))));
            cells.push(Cell::Change(index.change.as_ref().and_then(|change| change.get(unit))));
            cells
        };
        let body = sheet.table(&columns, self.order().into_iter().map(row))?;
        sheet.change_scale(body, 1, last)?;
        if self.comparison.units.len() <= MOST_SHOWN && last > 0 {
            let chart = self.stacked(body, last);
            self.insert(sheet, &chart)?;
        }
        Ok(())
    }

    fn stacked(&self, body: Body, last: ColNum) -> Chart {
        let name = self.context.sheet_name(COMPARISON);
        let sheet = name.as_str();
        let mut chart = Chart::new(ChartType::BarStacked);
        for (column, colour) in (1..=last).zip(SERIES.into_iter().cycle()) {
            chart
                .add_series()
                .set_name((sheet, body.first.saturating_sub(1), column))
                .set_categories((sheet, body.first, 0, body.last, 0))
                .set_values((sheet, body.first, column, body.last, column))
                .set_gap(50)
                .set_format(&mut chart::fill(colour));
        }
        chart::frame(
            &mut chart,
            &self.say("指数变化的构成", "What the change is made of"),
            self.size(),
        );
        chart.legend().set_position(ChartLegendPosition::Right);
        chart
            .y_axis()
            .set_reverse()
            .set_label_position(rust_xlsxwriter::ChartAxisLabelPosition::Low);
        chart.x_axis().set_num_format("+0.0;−0.0;0");
        chart
    }

    /// What each indicator adds: indicators down, units across.
    fn by_indicator(&self, sheet: &mut Sheet<'_>, contributions: &Contributions) -> Result<(), XlsxError> {
        if self.comparison.units.len() > MOST_SHOWN {
            return Ok(());
        }
        sheet.heading(&self.say(
            "各指标对指数变化的贡献（分）",
            "What each indicator adds to the change of the index, in points",
        ))?;
        let order = self.order();
        let mut columns = vec![Column::new(self.say("指标", "Indicator"), 38)];
        columns.extend(order.iter().map(|unit| Column::new(self.unit(*unit), 14)));
        let indicators = self.context.report.framework.indicators();
        let rows = indicators.filter_map(|(position, element, _)| {
            let series = contributions.elements.get(&element.id)?;
            let mut cells = vec![Cell::Text(self.context.label(position))];
            cells.extend(order.iter().map(|unit| Cell::Change(series.get(*unit))));
            Some(cells)
        });
        let body = sheet.table(&columns, rows)?;
        sheet.change_scale(body, 1, ColNum::try_from(order.len()).unwrap_or(ColNum::MAX))
    }

    /// How far the respondents are the same, and what changed among those that are.
    fn overlap(&self, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
        let Some(overlap) = &self.comparison.overlap else {
            return Ok(());
        };
        sheet.heading(&self.say("两轮均答复的机构", "Organisations that answered in both rounds"))?;
        let panel = self
            .comparison
            .panel
            .as_ref()
            .and_then(|panel| panel.elements.get(self.context.index()));
        let mut columns = vec![
            Column::new(self.say("单位", "Unit"), 38),
            Column::new(self.say("上轮答卷", "Responses then"), 14),
            Column::new(self.say("本轮答卷", "Responses now"), 14),
            Column::new(self.say("两轮均答复", "In both"), 14),
            Column::new(self.say("占本轮比例", "Share of those now"), 14),
        ];
        if panel.is_some() {
            columns.push(Column::new(
                self.say("仅就这些机构的变化", "Change among them alone"),
                14,
            ));
            columns.push(Column::new(self.say("抽样区间", "Sampling interval"), 16));
        }
        let count = |number: usize| self.context.count_cell(number as u64, true);
        let told = |number: usize| self.context.is_told(number as u64, true);
        let row = |unit: usize| {
            let mut cells = vec![Cell::Name(self.unit(unit))];
            // A share of three known numbers is the one that is not told, and two organisations' change is theirs.
            let counts = overlap.get(unit);
            let all_told = counts.is_none_or(|it| told(it.old) && told(it.new) && told(it.both));
            if let Some(overlap) = counts {
                cells.extend([
                    count(overlap.old),
                    count(overlap.new),
                    count(overlap.both),
                    Cell::Share(overlap.share.filter(|_| all_told)),
                ]);
            }
            if let Some(panel) = panel {
                cells.push(Cell::Change(panel.change.get(unit).filter(|_| all_told)));
                let sampling = panel.sampling.as_ref().filter(|_| all_told);
                cells.push(Cell::text(
                    sampling.map_or_else(String::new, |it| ends(&it.change, unit)),
                ));
            }
            cells
        };
        sheet.table(&columns, self.order().into_iter().map(row))?;
        Ok(())
    }

    fn methods(&self, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
        let Some(index) = self.index() else { return Ok(()) };
        sheet.heading(&self.context.label(0))?;
        let columns = [
            Column::new(self.say("单位", "Unit"), 38),
            Column::new(self.say("对照得分", "Score there"), 14),
            Column::new(self.say("本次得分", "Score here"), 14),
            Column::new(self.say("对照名次", "Rank there"), 14),
            Column::new(self.say("本次名次", "Rank here"), 14),
            Column::new(self.say("名次变化", "Places gained"), 14),
        ];
        let row = |unit: usize| {
            let mut cells = vec![
                Cell::Name(self.unit(unit)),
                Cell::Score(index.old.get(unit)),
                Cell::Total(index.new.get(unit)),
            ];
            cells.extend(ranks(index, unit));
            cells
        };
        let body = sheet.table(&columns, self.order().into_iter().map(row))?;
        sheet.worksheet.set_freeze_panes(body.first, 1)?;
        Ok(())
    }

    /// How far the two rankings agree, for the index and each dimension.
    fn agreement(&self, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
        sheet.heading(&self.say("两次排名的一致程度", "How far the two rankings agree"))?;
        let columns = [
            Column::new(self.say("要素", "Element"), 38),
            Column::new(self.say("单位数", "Units"), 14),
            Column::new("Spearman ρ", 14),
            Column::new("Kendall τ-b", 14),
            Column::new(self.say("平均名次变化", "Mean change of rank"), 14),
            Column::new(self.say("最大名次变化", "Largest change of rank"), 14),
        ];
        let positions = std::iter::once(0).chain(self.context.dimensions().iter().copied());
        let rows = positions.filter_map(|position| {
            let element = self.context.report.framework.elements().get(position)?;
            let agreement = &self.comparison.elements.get(&element.id)?.agreement;
            Some(vec![
                Cell::Name(self.context.label(position)),
                Cell::Count(agreement.units as u64),
                agreement.spearman.map_or(Cell::Empty, Cell::Weight),
                agreement.kendall.map_or(Cell::Empty, Cell::Weight),
                Cell::Score(agreement.mean_abs_rank_change),
                agreement.max_abs_rank_change.map_or(Cell::Empty, Cell::Count),
            ])
        });
        sheet.table(&columns, rows)?;
        Ok(())
    }

    /// The options that are not the same.
    fn differences(&self, sheet: &mut Sheet<'_>) -> Result<(), XlsxError> {
        if self.comparison.differences.is_empty() {
            return Ok(());
        }
        sheet.heading(&self.say("选项差异", "Options that differ"))?;
        if self.comparison.kind == ComparisonKind::Rounds {
            sheet.line(&self.say(
                "两轮均按本次选项评分。",
                "Both rounds are scored with the options of now.",
            ))?;
        }
        let columns = [
            Column::new(self.say("选项", "Option"), 38),
            Column::new(self.say("对照", "Then"), 14),
            Column::new(self.say("本次", "Now"), 14),
        ];
        let words = |value: &serde_json::Value| match value {
            serde_json::Value::String(words) => words.clone(),
            serde_json::Value::Null => "–".to_owned(),
            other => other.to_string(),
        };
        let rows = self.comparison.differences.iter().map(|difference| {
            vec![
                Cell::Code(difference.option.clone()),
                Cell::Text(words(&difference.old)),
                Cell::Text(words(&difference.new)),
            ]
        });
        sheet.table(&columns, rows)?;
        Ok(())
    }
}

/// The ranks of a unit in both, and the places that it gained.
fn ranks(index: &ElementChange, unit: usize) -> [Cell; 3] {
    let rank = |ranks: &[Option<u32>]| {
        let rank = ranks.get(unit).copied().flatten();
        rank.map_or(Cell::Empty, |rank| Cell::Count(rank.into()))
    };
    let gained = index.rank_change.get(unit).copied().flatten();
    [rank(&index.old_rank), rank(&index.new_rank), Cell::Places(gained)]
}

/// `-1.2 – +3.4`; nothing where there is no interval.
fn ends(interval: &Interval, unit: usize) -> String {
    match interval.low.get(unit).zip(interval.high.get(unit)) {
        Some((low, high)) => format!("{low:+.1} – {high:+.1}"),
        None => String::new(),
    }
}
