//! SVG charts of values over epochs.

use blastscope_host::report::svg::{Anchor, FAINT, Font, GREY, INK, Svg, plot::round_scale};

/// Colours of Okabe and Ito that colour-blind readers can tell apart, in the order of their use.
const COLOURS: [&str; 6] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 44.0;

/// One line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name in the legend.
    pub name: String,
    /// Index of the colour; related lines share one.
    pub colour: usize,
    /// Thin and dashed instead of solid.
    pub dashed: bool,
    /// Epoch and value; non-finite values are left out.
    pub points: Vec<(f64, f64)>,
}

/// A chart of values over epochs.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// Title above the chart.
    pub title: String,
    /// Whether values are shares (drawn from 0 to 100 %) rather than losses.
    pub shares: bool,
    /// The lines.
    pub series: Vec<Series>,
    /// A level across all epochs, with its name.
    pub level: Option<(String, f64)>,
}

impl Chart {
    /// The chart as SVG.
    #[must_use]
    pub fn svg(&self) -> String {
        let mut picture = Svg::new(WIDTH, HEIGHT, &self.title);
        picture.text(LEFT, 24.0, Font::new(15.0, INK).bold(), &self.title);
        self.draw_legend(&mut picture);
        let values = || self.series.iter().flat_map(|series| &series.points).filter(|(_, value)| value.is_finite());
        let last = values().map(|(epoch, _)| *epoch).fold(1.0, f64::max);
        let first = values().map(|(epoch, _)| *epoch).fold(last, f64::min);
        let highest = values().map(|(_, value)| *value).fold(0.0, f64::max);
        let (top, step) = if self.shares { (1.0, 0.2) } else { round_scale(highest) };
        let x = |epoch: f64| {
            let share = if last > first { (epoch - first) / (last - first) } else { 0.5 };
            LEFT + share * (WIDTH - LEFT - RIGHT)
        };
        let y = |value: f64| HEIGHT - BOTTOM - (value / top).clamp(0.0, 1.0) * (HEIGHT - TOP - BOTTOM);
        for at in 0..=(top / step).round() as usize {
            let value = at as f64 * step;
            picture.line([LEFT, y(value), WIDTH - RIGHT, y(value)], FAINT, 1.0);
            let label = if self.shares { format!("{:.0} %", value * 100.0) } else { short(value) };
            picture.text(LEFT - 8.0, y(value) + 4.0, Font::new(11.0, GREY).at(Anchor::End), label);
        }
        let stride = ((last - first) / 6.0).ceil().max(1.0) as usize;
        for epoch in (first as usize..=last as usize).filter(|epoch| epoch % stride == 0 || *epoch == first as usize) {
            let label = Font::new(11.0, GREY).at(Anchor::Middle);
            picture.text(x(epoch as f64), HEIGHT - BOTTOM + 18.0, label, epoch);
        }
        let middle = f64::midpoint(LEFT, WIDTH - RIGHT);
        picture.text(middle, HEIGHT - 8.0, Font::new(12.0, GREY).at(Anchor::Middle), "epoch");
        if let Some((name, value)) = &self.level {
            picture.dashed_line([LEFT, y(*value), WIDTH - RIGHT, y(*value)], GREY, 1.5);
            // Below the line: the curves of good networks lie above it.
            picture.text(WIDTH - RIGHT - 4.0, y(*value) + 15.0, Font::new(11.0, GREY).at(Anchor::End), name);
        }
        for series in &self.series {
            let points: Vec<[f64; 2]> = series
                .points
                .iter()
                .filter(|(_, value)| value.is_finite())
                .map(|&(epoch, value)| [x(epoch), y(value)])
                .collect();
            let colour = COLOURS[series.colour % COLOURS.len()];
            picture.polyline(&points, colour, if series.dashed { 1.5 } else { 2.5 }, series.dashed);
            if points.len() <= 10 {
                for [x, y] in points {
                    picture.rectangle([x - 2.5, y - 2.5, 5.0, 5.0], colour, 2.5);
                }
            }
        }
        picture.finish()
    }

    /// The legend, in two rows: a piece of each line, then its name.
    fn draw_legend(&self, picture: &mut Svg) {
        let columns = self.series.len().div_ceil(2).max(1);
        let width = (WIDTH - LEFT - RIGHT) / columns as f64;
        for (at, series) in self.series.iter().enumerate() {
            let left = LEFT + (at / 2) as f64 * width;
            let y = 42.0 + (at % 2) as f64 * 17.0;
            let colour = COLOURS[series.colour % COLOURS.len()];
            let thickness = if series.dashed { 1.5 } else { 2.5 };
            picture.polyline(&[[left, y - 4.0], [left + 22.0, y - 4.0]], colour, thickness, series.dashed);
            picture.text(left + 28.0, y, Font::new(12.0, INK), &series.name);
        }
    }
}

/// A number without trailing zeros.
fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_end_with_their_last_digit() {
        assert_eq!(short(0.5), "0.5");
        assert_eq!(short(10.0), "10");
    }

    #[test]
    fn gaps_and_single_epochs_are_drawn() {
        let series = |points| Series { name: "a < b".into(), colour: 7, dashed: true, points };
        for points in [vec![(1.0, 0.5)], vec![(1.0, 0.25), (2.0, f64::NAN), (3.0, 0.5)], Vec::new()] {
            let chart = Chart {
                title: "Accuracy".into(),
                shares: true,
                series: vec![series(points)],
                level: Some(("six colours".into(), 0.9)),
            };
            let svg = chart.svg();
            assert!(svg.contains("a &lt; b") && svg.contains("six colours") && !svg.contains("NaN"), "{svg}");
        }
    }
}
