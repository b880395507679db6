//! The differences as a picture: one line per score, with its interval around the line of no difference.

use crate::{
    measure::paired::{Paired, table::points},
    report::svg::{
        Anchor, BLUE, FAINT, Font, GREY, INK, Svg,
        plot::{Plot, round_scale},
    },
    support::{notice::RESEARCH_USE_ONLY, text::wrap},
};

const WIDTH: f64 = 1080.0;
const MARGIN: f64 = 36.0;
/// Height of a score's row.
const ROW: f64 = 36.0;

impl Paired {
    /// A picture of the differences with their intervals; `notices` are what its reader must know.
    #[must_use]
    pub fn svg(&self, notices: &[&str]) -> String {
        svg(self, notices)
    }
}

fn svg(paired: &Paired, notices: &[&str]) -> String {
    let [first, second] = &paired.names;
    let mut lines: Vec<String> = vec![format!("A: {first}"), format!("B: {second}")];
    lines.push(format!(
        "{} fields in {} overlap groups; same class for {}; only A right for {}, only B for {}",
        paired.fields,
        paired.groups,
        paired.agreement.percent(),
        paired.only_right[0],
        paired.only_right[1]
    ));
    lines.extend(notices.iter().flat_map(|notice| wrap(notice, 130)));
    let top = 74.0 + 20.0 * lines.len() as f64 + 30.0;
    let height = top + ROW * paired.scores.len() as f64 + 100.0;
    let mut picture = Svg::new(WIDTH, height, &format!("{second} compared with {first}"));
    picture.text(MARGIN, 46.0, Font::new(24.0, INK).bold(), "Two networks on the same fields");
    for (at, line) in lines.iter().enumerate() {
        picture.text(MARGIN, 72.0 + 20.0 * at as f64, Font::new(13.5, GREY), line);
    }

    let reach = paired
        .scores
        .iter()
        .filter_map(|score| score.difference)
        .flat_map(|difference| [difference.low.abs(), difference.high.abs()])
        .fold(0.0, f64::max);
    let (end, step) = round_scale(if reach > 0.0 { reach * 100.0 } else { 1.0 });
    let left = 400.0;
    let plot = Plot {
        left,
        top,
        width: WIDTH - MARGIN - left - 210.0,
        height: ROW * paired.scores.len() as f64,
        x: [-end, end],
        y: [0.0, 1.0],
    };
    let count = (end / step).round() as i32;
    let decimals = usize::from(step < 1.0);
    let ticks: Vec<(f64, String)> = (-count..=count)
        .map(|at| {
            (
                f64::from(at) * step,
                if at == 0 { "0".to_owned() } else { format!("{:+.decimals$}", f64::from(at) * step) },
            )
        })
        .collect();
    plot.columns(&mut picture, &ticks);
    let zero = plot.column(0.0);
    picture.line([zero, plot.top - 8.0, zero, plot.bottom()], GREY, 1.6);
    let axis = Font::new(12.0, GREY).at(Anchor::Middle);
    picture.text(zero, plot.bottom() + 33.0, axis, "B less A, points of a hundred, with 95 % interval");
    let heading = Font::new(12.0, GREY).at(Anchor::End);
    picture.text(left - 104.0, top - 12.0, heading, "A");
    picture.text(left - 26.0, top - 12.0, heading, "B");
    for (at, score) in paired.scores.iter().enumerate() {
        let y = top + (at as f64 + 0.5) * ROW;
        if at > 0 {
            picture.line([MARGIN, y - ROW / 2.0, left - 20.0, y - ROW / 2.0], FAINT, 1.0);
        }
        picture.text(MARGIN, y + 5.0, Font::new(14.0, INK), score.score.to_string());
        for (x, value) in [(left - 104.0, score.values[0]), (left - 26.0, score.values[1])] {
            let text = value.map_or_else(|| "-".to_owned(), |value| format!("{:.2} %", value * 100.0));
            picture.text(x, y + 5.0, Font::new(13.0, INK).at(Anchor::End), text);
        }
        let Some(difference) = score.difference else { continue };
        let [low, high] = [difference.low, difference.high].map(|value| plot.column(value * 100.0));
        picture.line([low, y, high, y], BLUE, 3.0);
        for x in [low, high] {
            picture.line([x, y - 6.0, x, y + 6.0], BLUE, 2.0);
        }
        picture.dot([plot.column(difference.value * 100.0), y], 5.5, BLUE);
        let [value, low, high] = [difference.value, difference.low, difference.high].map(points);
        let sure = difference.low > 0.0 || difference.high < 0.0;
        let font = Font::new(12.5, INK);
        picture.text(
            plot.right() + 18.0,
            y + 5.0,
            if sure { font.bold() } else { font },
            format!("{value}  ({low} to {high})"),
        );
    }
    let footer = height - 22.0;
    picture.line([MARGIN, footer - 22.0, WIDTH - MARGIN, footer - 22.0], FAINT, 1.0);
    picture.text(MARGIN, footer, Font::new(13.0, INK).bold(), RESEARCH_USE_ONLY);
    let how = format!("Paired percentile bootstrap over overlap groups, {} resamples", paired.bootstrap.resamples);
    picture.text(WIDTH - MARGIN, footer, Font::new(12.0, GREY).at(Anchor::End), how);
    picture.finish()
}
