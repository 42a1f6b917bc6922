//! What the charts of the workbook have in common.

use rust_xlsxwriter::{Chart, ChartAxis, ChartFont, ChartFormat, ChartLine, ChartSolidFill, Color};

use super::Context;
use super::style::{DEEP, GRID};

/// A chart's title, and its size in pixels.
pub(super) fn frame(chart: &mut Chart, title: &str, (width, height): (u32, u32)) {
    chart
        .title()
        .set_name(title)
        .set_font(ChartFont::new().set_size(12).set_color(DEEP));
    chart.set_width(width).set_height(height);
}

/// An axis of scores: from end to end of the common scale, where there is one.
pub(super) fn scores(context: &Context<'_>, axis: &mut ChartAxis) {
    if context.has_common_scale() {
        let normalise = &context.report.options.normalise;
        axis.set_min(normalise.low).set_max(normalise.high);
    }
    axis.set_num_format("0")
        .set_major_gridlines_line(ChartLine::new().set_color(GRID));
}

/// A fill of one colour.
pub(super) fn fill(colour: Color) -> ChartFormat {
    let mut format = ChartFormat::new();
    format.set_solid_fill(ChartSolidFill::new().set_color(colour));
    format
}
