//! The reliability diagram: accuracy against confidence, with the number of fields in every bin.

use crate::{
    measure::evaluation::{BINS, Reliability},
    report::svg::{
        Anchor, BLUE, Font, GREY, INK, ORANGE, Svg,
        plot::{Plot, percent_ticks},
    },
};
use blastscope_shared::Rate;

/// Height of the panel, pixels.
pub(super) const HEIGHT: f64 = 412.0;
/// Height of the strip with the numbers of fields.
const COUNTS: f64 = 54.0;

/// Draws the panel with its upper left corner at `left` and `top`, `width` pixels wide.
pub(super) fn draw(picture: &mut Svg, calibration: &Reliability, [left, top, width]: [f64; 3]) {
    picture.text(left, top + 12.0, Font::new(16.0, INK).bold(), "Reliability");
    let percent = |error: f64| format!("{:.2} %", error * 100.0);
    let errors = format!(
        "calibration error {} in {BINS} bins of equal width, {} of equal mass",
        percent(calibration.expected_error),
        percent(calibration.equal_mass_error)
    );
    picture.text(left, top + 32.0, Font::new(12.0, GREY), errors);
    let plot =
        Plot { left: left + 52.0, top: top + 52.0, width: width - 56.0, height: 232.0, x: [0.0, 1.0], y: [0.0, 1.0] };
    plot.rows(picture, &percent_ticks(1.0, 0.2));
    for bin in calibration.bins.iter().filter(|bin| bin.count > 0) {
        let (from, to) = (plot.column(bin.low) + 1.0, plot.column(bin.high) - 1.0);
        let row = plot.row(bin.accuracy);
        picture.rectangle([from, row, to - from, plot.bottom() - row], "#9cc5e3", 0.0);
    }
    let [from, to] = [plot.at([0.0, 0.0]), plot.at([1.0, 1.0])];
    picture.dashed_line([from[0], from[1], to[0], to[1]], GREY, 1.2);
    for bin in calibration.bins.iter().filter(|bin| bin.count > 0) {
        let interval = Rate::new((bin.accuracy * bin.count as f64).round() as usize, bin.count);
        let column = plot.column(bin.confidence);
        picture.line([column, plot.row(interval.low), column, plot.row(interval.high)], INK, 1.4);
        picture.dot([column, plot.row(bin.accuracy)], 4.2, BLUE);
    }
    for bin in &calibration.equal_mass_bins {
        picture.dot(plot.at([bin.confidence, bin.accuracy]), 3.2, ORANGE);
    }
    plot.axes(picture);
    draw_key(picture, &plot);
    draw_counts(picture, calibration, &plot);
}

fn draw_key(picture: &mut Svg, plot: &Plot) {
    for (at, (colour, text)) in
        [(BLUE, "accuracy, equal width (95 % interval)"), (ORANGE, "accuracy, equal mass")].into_iter().enumerate()
    {
        let y = plot.top + 14.0 + 17.0 * at as f64;
        picture.dot([plot.left + 14.0, y], 4.2, colour);
        picture.text(plot.left + 24.0, y + 4.0, Font::new(11.5, GREY), text);
    }
}

/// The numbers of fields below the diagram, on a logarithmic scale.
fn draw_counts(picture: &mut Svg, calibration: &Reliability, plot: &Plot) {
    let most = calibration.bins.iter().map(|bin| bin.count).max().unwrap_or(0);
    let scale = |count: usize| ((count + 1) as f64).ln();
    let strip = Plot { top: plot.bottom() + 24.0, height: COUNTS, y: [0.0, scale(most).max(1.0)], ..*plot };
    for bin in calibration.bins.iter().filter(|bin| bin.count > 0) {
        let (from, to) = (strip.column(bin.low) + 1.0, strip.column(bin.high) - 1.0);
        let row = strip.row(scale(bin.count));
        picture.rectangle([from, row, to - from, strip.bottom() - row], "#c3ccd5", 0.0);
        picture.text((from + to) / 2.0, row - 3.0, Font::new(10.5, INK).at(Anchor::Middle), bin.count);
    }
    strip.columns(picture, &percent_ticks(1.0, 0.2));
    strip.axes(picture);
    let name = Font::new(12.0, GREY).at(Anchor::Middle);
    picture.text((strip.left + strip.right()) / 2.0, strip.bottom() + 32.0, name, "confidence");
    picture.turned_text(plot.left - 46.0, (plot.top + plot.bottom()) / 2.0, -90.0, name, "accuracy");
    picture.turned_text(strip.left - 10.0, (strip.top + strip.bottom()) / 2.0, -90.0, name, "fields");
}
