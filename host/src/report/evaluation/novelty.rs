//! Novelty of familiar and unfamiliar pictures.

use crate::{
    measure::unfamiliar::Unfamiliar,
    report::svg::{
        Anchor, BLUE, Font, GREY, INK, ORANGE, RED, Svg,
        plot::{Plot, percent_ticks, round_scale},
    },
    statistics::bootstrap::Estimate,
};

/// Height of a panel, pixels.
pub(super) const HEIGHT: f64 = 330.0;

/// Draws the panel with its upper left corner at `left` and `top`, `width` pixels wide.
pub(super) fn draw(picture: &mut Svg, unfamiliar: &Unfamiliar, [left, top, width]: [f64; 3]) {
    picture.text(left, top + 12.0, Font::new(16.0, INK).bold(), format!("Novelty of {}", unfamiliar.folder));
    let area = unfamiliar.area.map_or_else(
        || unfamiliar.not_measured().to_owned(),
        |Estimate { value, low, high }| format!("{value:.3} ({low:.3} to {high:.3})"),
    );
    let found = format!(
        "ROC area {area}; {} flagged, {} stopped by the gate",
        unfamiliar.flagged.percent(),
        unfamiliar.stopped.percent()
    );
    picture.text(left, top + 32.0, Font::new(12.0, GREY), found);
    let sure = format!(
        "named with more than 0.9: Benign {}, malignant {}",
        unfamiliar.sure_benign.percent(),
        unfamiliar.sure_malignant.percent()
    );
    picture.text(left, top + 49.0, Font::new(12.0, GREY), sure);
    let histogram = &unfamiliar.histogram;
    let sides = [
        (&histogram.familiar, unfamiliar.familiar, BLUE, "familiar pictures"),
        (&histogram.foreign, unfamiliar.pictures, ORANGE, unfamiliar.folder.as_str()),
    ];
    let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
    let highest =
        sides.iter().flat_map(|(bars, of, ..)| bars.iter().map(|&count| share(count, *of))).fold(0.0, f64::max);
    let (end, step) = round_scale(highest * 1.15);
    let plot = Plot {
        left: left + 52.0,
        top: top + 66.0,
        width: width - 56.0,
        height: 196.0,
        x: [histogram.low.ln(), histogram.high.ln()],
        y: [0.0, end],
    };
    plot.rows(picture, &percent_ticks(end, step));
    plot.columns(picture, &ticks(histogram.low, histogram.high));
    for (at, (bars, of, colour, name)) in sides.into_iter().enumerate() {
        let edge = |bar: usize| plot.x[0] + (plot.x[1] - plot.x[0]) * bar as f64 / bars.len().max(1) as f64;
        let mut outline = vec![plot.at([edge(0), 0.0])];
        for (bar, &count) in bars.iter().enumerate() {
            outline.extend([edge(bar), edge(bar + 1)].map(|x| plot.at([x, share(count, of)])));
        }
        outline.push(plot.at([edge(bars.len()), 0.0]));
        picture.polygon(&outline, colour, 0.3);
        picture.polyline(&outline, colour, 1.6, false);
        let y = plot.top + 14.0 + 17.0 * at as f64;
        picture.rectangle([plot.left + 8.0, y - 9.0, 11.0, 11.0], colour, 2.0);
        picture.text(plot.left + 25.0, y + 1.0, Font::new(11.5, GREY), format!("{name}, {of}"));
    }
    plot.axes(picture);
    let threshold = plot.column(f64::from(unfamiliar.threshold).ln());
    picture.dashed_line([threshold, plot.top, threshold, plot.bottom()], RED, 1.6);
    let right = threshold < plot.left + plot.width * 0.45;
    let (x, anchor) = if right { (threshold + 6.0, Anchor::Start) } else { (threshold - 6.0, Anchor::End) };
    picture.text(x, plot.top + 15.0, Font::new(11.5, RED).at(anchor), "unfamiliar from here on");
    let name = Font::new(12.0, GREY).at(Anchor::Middle);
    picture.text(
        (plot.left + plot.right()) / 2.0,
        plot.bottom() + 32.0,
        name,
        "novelty; few usual fields are beyond 1",
    );
    picture.turned_text(plot.left - 46.0, (plot.top + plot.bottom()) / 2.0, -90.0, name, "share of pictures");
}

/// Ticks at 1, 2 and 5 times powers of ten, on a logarithmic scale.
fn ticks(low: f64, high: f64) -> Vec<(f64, String)> {
    (-6..9)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power)))
        .filter(|value| (low..=high).contains(value))
        .map(|value| (value.ln(), format!("{value}")))
        .collect()
}
