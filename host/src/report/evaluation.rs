//! The evaluation as an SVG picture.

mod novelty;
mod reliability;
mod risk;

use crate::{
    measure::evaluation::Evaluation,
    report::svg::{Anchor, BLUE, FAINT, Font, GREY, INK, ORANGE, Svg, heat},
    support::{notice::DRAWN_FIELDS, text::wrap},
};
use blastscope_shared::{Class, Rate};

const WIDTH: f64 = 1080.0;
const MARGIN: f64 = 36.0;
/// Height of a tile with a headline number.
const TILE: f64 = 92.0;
/// Side of a cell of the confusion matrix.
const CELL: f64 = 84.0;
/// Left edge of the confusion matrix's cells.
const MATRIX_LEFT: f64 = MARGIN + 104.0;
/// Left edge and width of the bars' area.
const BARS_LEFT: f64 = 610.0;
const BARS_WIDTH: f64 = WIDTH - MARGIN - BARS_LEFT - 62.0;

impl Evaluation {
    /// A picture: the confusion matrix, bars by class with intervals, the reliability diagram, the risk-coverage curve, and the
    /// notices.
    #[must_use]
    pub fn svg(&self) -> String {
        svg(self)
    }

    /// A picture of the confusion matrix alone; `title` stands above it.
    #[must_use]
    pub fn confusion_svg(&self, title: &str) -> String {
        confusion(self, title)
    }
}

fn svg(evaluation: &Evaluation) -> String {
    let subject = wrap(&evaluation.subject, 120);
    let drawn = evaluation.drawn.then(|| DRAWN_FIELDS.to_string());
    let warning = evaluation.warning.as_ref().map(|warning| format!("Warning: {warning}."));
    let notices: Vec<Vec<String>> = [drawn, warning].into_iter().flatten().map(|text| wrap(&text, 128)).collect();

    let notices_top = 70.0 + 20.0 * subject.len() as f64;
    let notices_height: f64 = notices.iter().map(|lines| 28.0 + 18.0 * lines.len() as f64).sum();
    let tiles_top = notices_top + notices_height + 6.0;
    let panels_top = tiles_top + TILE + 34.0;
    let curves_top = panels_top + 96.0 + CELL * Class::COUNT as f64 + 22.0;
    let novelty_top = curves_top + reliability::HEIGHT + 22.0;
    let novelty_rows = evaluation.unfamiliar.len().div_ceil(2) as f64;
    let height = novelty_top + novelty::HEIGHT * novelty_rows + 44.0;

    let mut picture = Svg::new(WIDTH, height, &format!("Evaluation: {}", evaluation.subject));
    picture.text(MARGIN, 46.0, Font::new(24.0, INK).bold(), "Evaluation");
    for (at, line) in subject.iter().enumerate() {
        picture.text(MARGIN, 72.0 + 20.0 * at as f64, Font::new(14.0, GREY), line);
    }
    draw_notices(&mut picture, &notices, notices_top);
    draw_tiles(&mut picture, evaluation, tiles_top);
    draw_matrix(&mut picture, evaluation, panels_top);
    draw_bars(&mut picture, evaluation, panels_top);
    let half = (WIDTH - 2.0 * MARGIN - 40.0) / 2.0;
    reliability::draw(&mut picture, &evaluation.calibration, [MARGIN, curves_top, half]);
    risk::draw(&mut picture, evaluation, [WIDTH - MARGIN - half, curves_top, half]);
    for (at, unfamiliar) in evaluation.unfamiliar.iter().enumerate() {
        let left = if at % 2 == 0 { MARGIN } else { WIDTH - MARGIN - half };
        let top = novelty_top + novelty::HEIGHT * (at / 2) as f64;
        novelty::draw(&mut picture, unfamiliar, [left, top, half]);
    }

    let footer = height - 22.0;
    picture.line([MARGIN, footer - 22.0, WIDTH - MARGIN, footer - 22.0], FAINT, 1.0);
    picture.text(MARGIN, footer, Font::new(13.0, INK).bold(), &evaluation.notice);
    let intervals = Font::new(12.0, GREY).at(Anchor::End);
    picture.text(WIDTH - MARGIN, footer, intervals, "Intervals: 95 %, Wilson 1927");
    picture.finish()
}

/// The confusion matrix alone, below a title.
fn confusion(evaluation: &Evaluation, title: &str) -> String {
    let side = CELL * Class::COUNT as f64;
    let mut picture = Svg::new(MATRIX_LEFT + side + MARGIN, side + 150.0, title);
    picture.text(MARGIN, 34.0, Font::new(16.0, INK).bold(), title);
    draw_matrix(&mut picture, evaluation, 48.0);
    picture.finish()
}

fn draw_notices(picture: &mut Svg, notices: &[Vec<String>], mut top: f64) {
    for lines in notices {
        let height = 18.0 + 18.0 * lines.len() as f64;
        picture.rectangle([MARGIN, top, WIDTH - 2.0 * MARGIN, height], "#fff4d9", 4.0);
        picture.rectangle([MARGIN, top, 5.0, height], ORANGE, 2.0);
        for (at, line) in lines.iter().enumerate() {
            picture.text(MARGIN + 18.0, top + 22.0 + 18.0 * at as f64, Font::new(13.0, INK), line);
        }
        top += height + 10.0;
    }
}

/// The headline numbers, side by side.
fn draw_tiles(picture: &mut Svg, evaluation: &Evaluation, top: f64) {
    let rate = |name: &str, rate: &Rate| (name.to_string(), rate.percent(), rate.interval());
    let mut tiles = vec![
        rate("Accuracy", &evaluation.accuracy),
        rate("Sensitivity (malignant)", &evaluation.sensitivity),
        rate("Specificity (benign)", &evaluation.specificity),
    ];
    let error = evaluation.calibration.expected_error * 100.0;
    tiles.push((
        "Calibration error".to_string(),
        format!("{error:.1} %"),
        format!("expected, {} bins", crate::measure::evaluation::BINS),
    ));
    if let Some(selective) = &evaluation.selective {
        let accuracy = format!("of these right: {}", selective.accuracy.percent());
        tiles.push(("Answered".to_string(), selective.coverage.percent(), accuracy));
    }
    let gap = 12.0;
    let width = (WIDTH - 2.0 * MARGIN + gap) / tiles.len() as f64 - gap;
    for (at, (name, number, below)) in tiles.iter().enumerate() {
        let left = MARGIN + at as f64 * (width + gap);
        picture.rectangle([left, top, width, TILE], "#f2f5f8", 6.0);
        picture.text(left + 16.0, top + 25.0, Font::new(12.5, GREY), name);
        picture.text(left + 16.0, top + 57.0, Font::new(27.0, INK).bold(), number);
        picture.text(left + 16.0, top + 78.0, Font::new(12.0, GREY), below);
    }
}

fn draw_matrix(picture: &mut Svg, evaluation: &Evaluation, top: f64) {
    picture.text(MARGIN, top + 12.0, Font::new(16.0, INK).bold(), "Confusion matrix");
    let unseen: usize = evaluation.unseen.iter().sum();
    let what = match unseen {
        0 => "fields, and percent of the row".to_owned(),
        _ => format!("fields, and percent of the class; in {unseen} nothing was seen"),
    };
    picture.text(MARGIN, top + 32.0, Font::new(12.0, GREY), what);
    let side = CELL * Class::COUNT as f64;
    let cells_top = top + 80.0;
    let heading = Font::new(13.0, GREY).at(Anchor::Middle);
    picture.text(MATRIX_LEFT + side / 2.0, top + 50.0, heading, "predicted");
    picture.turned_text(MARGIN + 10.0, cells_top + side / 2.0, -90.0, heading, "truth");
    for (row, (score, counts)) in evaluation.classes.iter().zip(&evaluation.confusion).enumerate() {
        let y = cells_top + row as f64 * CELL;
        let label = Font::new(14.0, INK).at(Anchor::End);
        picture.text(MATRIX_LEFT - 12.0, y + CELL / 2.0 - 1.0, label.bold(), score.class);
        let fields = format!("n = {}", score.support);
        picture.text(MATRIX_LEFT - 12.0, y + CELL / 2.0 + 16.0, Font { size: 11.0, colour: GREY, ..label }, fields);
        let x = MATRIX_LEFT + (row as f64 + 0.5) * CELL;
        picture.text(x, cells_top - 9.0, Font::new(14.0, INK).bold().at(Anchor::Middle), score.class);
        for (column, &count) in counts.iter().enumerate() {
            let share = count as f64 / score.support.max(1) as f64;
            let x = MATRIX_LEFT + column as f64 * CELL;
            picture.rectangle([x + 1.5, y + 1.5, CELL - 3.0, CELL - 3.0], &heat(share), 3.0);
            let colour = match count {
                0 => "#9aa5b1",
                _ if share > 0.55 => "#ffffff",
                _ => INK,
            };
            let middle = x + CELL / 2.0;
            let number = Font::new(20.0, colour).at(Anchor::Middle);
            if count == 0 {
                picture.text(middle, y + CELL / 2.0 + 7.0, number, 0);
                continue;
            }
            picture.text(middle, y + CELL / 2.0 + 2.0, number.bold(), count);
            let percent = format!("{:.1} %", share * 100.0);
            picture.text(middle, y + CELL / 2.0 + 21.0, Font { size: 11.5, ..number }, percent);
        }
    }
}

fn draw_bars(picture: &mut Svg, evaluation: &Evaluation, top: f64) {
    picture.text(BARS_LEFT - 66.0, top + 12.0, Font::new(16.0, INK).bold(), "Scores by class");
    let cells_top = top + 80.0;
    let bottom = cells_top + CELL * Class::COUNT as f64;
    let at = |share: f64| BARS_LEFT + share * BARS_WIDTH;
    for tenth in [0, 2, 4, 6, 8, 10] {
        let x = at(f64::from(tenth) / 10.0);
        picture.line([x, cells_top - 4.0, x, bottom], FAINT, 1.0);
        let label = Font::new(11.0, GREY).at(Anchor::Middle);
        picture.text(x, cells_top - 12.0, label, format!("{} %", tenth * 10));
    }
    for (left, colour, name) in [(-66.0, BLUE, "recall"), (4.0, ORANGE, "precision")] {
        picture.rectangle([BARS_LEFT + left, top + 23.0, 11.0, 11.0], colour, 2.0);
        picture.text(BARS_LEFT + left + 16.0, top + 32.5, Font::new(12.0, GREY), name);
    }
    draw_interval(picture, BARS_LEFT + 96.0, BARS_LEFT + 118.0, top + 28.5);
    picture.text(BARS_LEFT + 126.0, top + 32.5, Font::new(12.0, GREY), "95 % interval");
    for (row, score) in evaluation.classes.iter().enumerate() {
        let middle = cells_top + (row as f64 + 0.5) * CELL;
        picture.text(BARS_LEFT - 14.0, middle + 5.0, Font::new(14.0, INK).bold().at(Anchor::End), score.class);
        for (offset, colour, rate) in [(-25.0, BLUE, &score.recall), (3.0, ORANGE, &score.precision)] {
            draw_bar(picture, middle + offset, colour, rate, &at);
        }
    }
    picture.line([at(0.0), cells_top - 4.0, at(0.0), bottom], GREY, 1.5);
}

/// A bar of 22 pixels with its interval and its number.
fn draw_bar(picture: &mut Svg, top: f64, colour: &str, rate: &Rate, at: &impl Fn(f64) -> f64) {
    let middle = top + 11.0;
    let number = Font::new(12.0, INK);
    let Some(value) = rate.value else {
        picture.text(at(0.0) + 8.0, middle + 4.0, Font { colour: GREY, ..number }, "no such fields");
        return;
    };
    picture.rectangle([at(0.0), top, at(value) - at(0.0), 22.0], colour, 2.0);
    draw_interval(picture, at(rate.low), at(rate.high), middle);
    picture.text(at(1.0) + 10.0, middle + 4.5, number, rate.percent());
}

/// A whisker with a light edge, so that it shows on every bar.
fn draw_interval(picture: &mut Svg, low: f64, high: f64, y: f64) {
    for (colour, width) in [("#ffffff", 4.5), (INK, 1.7)] {
        let reach = (width - 1.7) / 2.0;
        picture.line([low - reach, y, high + reach, y], colour, width);
        for end in [low, high] {
            picture.line([end, y - 5.0 - reach, end, y + 5.0 + reach], colour, width);
        }
    }
}
