//! The risk-coverage curve.

use crate::{
    measure::evaluation::Evaluation,
    report::svg::{
        Anchor, BLUE, Font, GREY, INK, RED, Svg,
        plot::{Plot, percent_ticks, round_scale},
    },
};

/// Draws the panel with its upper left corner at `left` and `top`, `width` pixels wide, as high as the reliability diagram.
pub(super) fn draw(picture: &mut Svg, evaluation: &Evaluation, [left, top, width]: [f64; 3]) {
    let curve = &evaluation.risk_coverage;
    picture.text(left, top + 12.0, Font::new(16.0, INK).bold(), "Risk and coverage");
    let area = format!(
        "area under the curve {:.3} %, at least {:.3} % with as many mistakes",
        curve.area * 100.0,
        curve.least_area * 100.0
    );
    picture.text(left, top + 32.0, Font::new(12.0, GREY), area);
    let operating = evaluation.selective.as_ref().and_then(|selective| {
        let risk = 1.0 - selective.accuracy.value?;
        Some([selective.coverage.value?, risk])
    });
    let highest =
        curve.points.iter().map(|point| point.risk).chain(operating.map(|[_, risk]| risk)).fold(0.0, f64::max);
    let (end, step) = round_scale(if highest > 0.0 { highest * 1.2 } else { 0.01 });
    let plot =
        Plot { left: left + 52.0, top: top + 52.0, width: width - 56.0, height: 310.0, x: [0.0, 1.0], y: [0.0, end] };
    plot.rows(picture, &percent_ticks(end, step));
    plot.columns(picture, &percent_ticks(1.0, 0.2));
    let mut points: Vec<[f64; 2]> = curve.points.iter().map(|point| [point.coverage, point.risk]).collect();
    if let Some(&[_, risk]) = points.first() {
        // The most confident fields tie, so their risk holds from the first on.
        points.insert(0, [0.0, risk]);
    }
    let mut area: Vec<[f64; 2]> = points.iter().map(|&point| plot.at(point)).collect();
    let end = points.last().map_or(0.0, |[coverage, _]| *coverage);
    area.extend([plot.at([end, 0.0]), plot.at([0.0, 0.0])]);
    picture.polygon(&area, BLUE, 0.13);
    plot.curve(picture, &points, BLUE, 2.0);
    plot.axes(picture);
    if let Some(point) = operating {
        picture.dot(plot.at(point), 5.0, RED);
        picture.dot([plot.left + 14.0, plot.top + 14.0], 4.2, RED);
        let text =
            format!("as it answers: {:.1} % of the fields, {:.2} % of these wrong", point[0] * 100.0, point[1] * 100.0);
        picture.text(plot.left + 24.0, plot.top + 18.0, Font::new(11.5, GREY), text);
    }
    let name = Font::new(12.0, GREY).at(Anchor::Middle);
    let middle = (plot.left + plot.right()) / 2.0;
    picture.text(middle, plot.bottom() + 32.0, name, "coverage: most confident fields that are answered");
    picture.turned_text(plot.left - 46.0, (plot.top + plot.bottom()) / 2.0, -90.0, name, "risk: wrong answers");
}
