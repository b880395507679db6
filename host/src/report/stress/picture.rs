//! The scores as small diagrams, one per degradation.

use crate::{
    measure::stress::{Kind, Level, Stress},
    report::svg::{
        Anchor, BLUE, FAINT, Font, GREEN, GREY, INK, ORANGE, RED, Svg,
        plot::{Plot, percent_ticks},
    },
    support::{notice::DRAWN_FIELDS, text::wrap},
};
use blastscope_shared::Rate;

const WIDTH: f64 = 1080.0;
const MARGIN: f64 = 36.0;
/// Diagrams side by side.
const COLUMNS: usize = 4;
/// Width and height of a diagram, labels included.
const CELL: [f64; 2] = [(WIDTH - 2.0 * MARGIN) / COLUMNS as f64, 218.0];

/// A curve: its name, its colour, and the rate it shows.
type Curve = (&'static str, &'static str, fn(&Level) -> &Rate);

const CURVES: [Curve; 4] = [
    ("accuracy, answered or not", BLUE, |level| &level.accuracy),
    ("answered at all", GREEN, |level| &level.answered),
    ("stopped by the gate", ORANGE, |level| &level.stopped),
    ("said and wrong", RED, |level| &level.spoken_and_wrong),
];

pub(super) fn svg(stress: &Stress) -> String {
    let mut lines = wrap(&stress.subject, 130);
    if stress.drawn {
        lines.extend(wrap(DRAWN_FIELDS, 130));
    }
    lines.push(format!(
        "{} fields; mean accuracy {:.1} % over all severities, {} as they are",
        stress.clean.accuracy.of,
        stress.mean_accuracy * 100.0,
        stress.clean.accuracy.percent()
    ));
    let top = 66.0 + 20.0 * lines.len() as f64 + 40.0;
    let rows = stress.kinds.len().div_ceil(COLUMNS).max(1);
    let height = top + CELL[1] * rows as f64 + 60.0;
    let mut picture = Svg::new(WIDTH, height, &format!("Degraded pictures: {}", stress.subject));
    picture.text(MARGIN, 46.0, Font::new(24.0, INK).bold(), "Degraded pictures");
    for (at, line) in lines.iter().enumerate() {
        picture.text(MARGIN, 72.0 + 20.0 * at as f64, Font::new(13.5, GREY), line);
    }
    let key = top - 22.0;
    for (at, (name, colour, _)) in CURVES.into_iter().enumerate() {
        let left = MARGIN + 250.0 * at as f64;
        picture.line([left, key - 4.0, left + 24.0, key - 4.0], colour, 2.5);
        picture.dot([left + 12.0, key - 4.0], 3.6, colour);
        picture.text(left + 32.0, key, Font::new(12.5, INK), name);
    }
    for (at, kind) in stress.kinds.iter().enumerate() {
        let left = MARGIN + CELL[0] * (at % COLUMNS) as f64;
        draw_kind(&mut picture, stress, kind, [left, top + CELL[1] * (at / COLUMNS) as f64]);
    }
    let footer = height - 22.0;
    picture.line([MARGIN, footer - 22.0, WIDTH - MARGIN, footer - 22.0], FAINT, 1.0);
    picture.text(MARGIN, footer, Font::new(13.0, INK).bold(), &stress.notice);
    let how = Font::new(12.0, GREY).at(Anchor::End);
    picture.text(WIDTH - MARGIN, footer, how, "Severities after Hendrycks and Dietterich 2019; 0: as they are");
    picture.finish()
}

fn draw_kind(picture: &mut Svg, stress: &Stress, kind: &Kind, [left, top]: [f64; 2]) {
    picture.text(left, top + 14.0, Font::new(14.5, INK).bold(), kind.degradation.name());
    let worst = kind.levels.last().map_or("", |level| level.setting.as_str());
    picture.text(left, top + 30.0, Font::new(10.5, GREY), format!("{}: {worst}", kind.levels.len()));
    let plot = Plot {
        left: left + 40.0,
        top: top + 42.0,
        width: CELL[0] - 64.0,
        height: 132.0,
        x: [0.0, kind.levels.len() as f64],
        y: [0.0, 1.0],
    };
    plot.rows(picture, &percent_ticks(1.0, 0.25));
    let severities: Vec<(f64, String)> = (0..=kind.levels.len()).map(|at| (at as f64, at.to_string())).collect();
    plot.columns(picture, &severities);
    plot.axes(picture);
    for (_, colour, rate) in CURVES {
        let levels = std::iter::once(&stress.clean).chain(&kind.levels);
        let points: Vec<[f64; 2]> =
            levels.enumerate().filter_map(|(at, level)| Some([at as f64, rate(level).value?])).collect();
        plot.curve(picture, &points, colour, 2.2);
        for point in points {
            picture.dot(plot.at(point), 3.2, colour);
        }
    }
}
