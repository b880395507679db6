//! The audit's drawings.

use crate::{
    measure::audit::{
        colour::Colour,
        marks::{Marks, PlaceMarks},
    },
    report::svg::{Anchor, BLUE, FAINT, Font, GREY, INK, ORANGE, Svg},
};
use blastscope_shared::Rate;

const WIDTH: f64 = 760.0;
const LEFT: f64 = 300.0;
const RIGHT: f64 = 690.0;
const LINE: f64 = 26.0;
const TOP: f64 = 40.0;

/// One line of a plot.
struct Line {
    name: String,
    rate: Rate,
    colour: &'static str,
}

fn at(share: f64) -> f64 {
    LEFT + (RIGHT - LEFT) * share.clamp(0.0, 1.0)
}

/// Points with their intervals on a scale from 0 to 100 %, and one vertical line that they are compared with.
fn plot(title: &str, lines: &[Line], reference: f64, reference_name: &str) -> String {
    let bottom = TOP + LINE * lines.len() as f64 + 8.0;
    let mut svg = Svg::new(WIDTH, bottom + 30.0, title);
    for tick in 0..=5 {
        let share = f64::from(tick) / 5.0;
        svg.line([at(share), TOP - 8.0, at(share), bottom], FAINT, 1.0);
        let font = Font::new(11.0, GREY).at(Anchor::Middle);
        svg.text(at(share), bottom + 18.0, font, format!("{} %", tick * 20));
    }
    svg.line([at(reference), TOP - 12.0, at(reference), bottom], GREY, 1.5);
    let font = Font::new(11.0, GREY).at(Anchor::Middle);
    svg.text(at(reference), TOP - 18.0, font, format!("{reference_name} {:.1} %", reference * 100.0));
    for (number, Line { name, rate, colour }) in lines.iter().enumerate() {
        let y = TOP + LINE * (number as f64 + 0.5);
        svg.text(LEFT - 12.0, y + 4.0, Font::new(12.5, INK).at(Anchor::End), name);
        let Some(value) = rate.value else { continue };
        svg.line([at(rate.low), y, at(rate.high), y], colour, 3.0);
        svg.rectangle([at(value) - 5.0, y - 5.0, 10.0, 10.0], colour, 5.0);
        svg.text(RIGHT + 12.0, y + 4.0, Font::new(12.5, INK), rate.percent());
    }
    svg.finish()
}

/// Accuracies of colour alone.
pub(super) fn colour(colour: &Colour) -> String {
    let lines: Vec<Line> = colour
        .folds
        .iter()
        .map(|score| {
            let method = if score.method == "nearest-neighbours" { "5 neighbours" } else { "regression" };
            let folds = if score.grouped { "grouped folds" } else { "random folds" };
            Line {
                name: format!("{method}, {} numbers, {folds}", score.numbers),
                rate: score.accuracy,
                colour: if score.grouped { BLUE } else { ORANGE },
            }
        })
        .collect();
    plot("Accuracy of colour alone, four classes", &lines, colour.chance, "largest class")
}

/// Left-out sittings.
pub(super) fn sittings(colour: &Colour) -> String {
    let lines: Vec<Line> = colour
        .sittings
        .iter()
        .map(|sitting| {
            let classes: Vec<&str> = sitting.classes.iter().map(|class| class.name()).collect();
            let is_malignant = sitting.classes.iter().any(|class| class.is_malignant());
            Line {
                name: format!("{} ({})", sitting.sitting, classes.join(", ")),
                rate: sitting.neighbours[1],
                colour: if is_malignant { ORANGE } else { BLUE },
            }
        })
        .collect();
    plot("Benign or malignant, one sitting left out", &lines, 0.5, "a coin")
}

/// What each place gives away.
pub(super) fn places(marks: &Marks) -> String {
    let line = |place: &PlaceMarks| Line {
        name: place.name.to_string(),
        rate: place.nearest,
        colour: if place.marked { ORANGE } else { BLUE },
    };
    let lines: Vec<Line> = marks.places.iter().map(line).collect();
    plot("Accuracy of the nearest picture by one place alone", &lines, marks.chance, "largest class")
}
