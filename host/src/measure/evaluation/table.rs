//! The evaluation as text.

use std::fmt::Write;

use super::Evaluation;
use crate::support::{notice::DRAWN_FIELDS, text::wrap};
use blastscope_shared::{Class, Rate};

/// Columns of the text.
const WIDTH: usize = 100;

pub(super) fn table(evaluation: &Evaluation) -> String {
    let mut text = String::new();
    let drawn = evaluation.drawn.then_some(DRAWN_FIELDS);
    let warning = evaluation.warning.as_ref().map(|warning| format!("Warning: {warning}."));
    for paragraph in [Some(evaluation.subject.as_str()), drawn, warning.as_deref()].into_iter().flatten() {
        for line in wrap(paragraph, WIDTH) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text.push('\n');

    line(&mut text, "accuracy", &evaluation.accuracy);
    line(&mut text, "sensitivity, malignant", &evaluation.sensitivity);
    line(&mut text, "specificity, benign", &evaluation.specificity);
    let unseen: usize = evaluation.unseen.iter().sum();
    if unseen > 0 {
        let seen = Rate::new(unseen, evaluation.accuracy.of);
        line(&mut text, "nothing seen, never right", &seen);
    }
    let (bins, calibration) = (super::BINS, &evaluation.calibration);
    let [width, mass] = [calibration.expected_error, calibration.equal_mass_error].map(|error| error * 100.0);
    let _ = writeln!(
        text,
        "{:<24}{width:>7.2} %   expected, {bins} bins of equal width; {mass:.2} % of equal mass",
        "calibration error"
    );
    let curve = &evaluation.risk_coverage;
    let [area, least] = [curve.area, curve.least_area].map(|area| area * 100.0);
    let _ = writeln!(
        text,
        "{:<24}{area:>7.3} %   area under the curve; at least {least:.3} % with as many mistakes",
        "risk over coverage"
    );
    if let Some(selective) = &evaluation.selective {
        line(&mut text, "answered", &selective.coverage);
        line(&mut text, "  accuracy", &selective.accuracy);
        line(&mut text, "  sensitivity", &selective.sensitivity);
        line(&mut text, "  specificity", &selective.specificity);
        for (reason, count) in &selective.reasons {
            let _ = writeln!(text, "  withheld {count}: {reason}");
        }
    }

    let _ = write!(text, "\n{:<10}", "");
    let _ = writeln!(text, "{:^32}  {:>9}{:>11}{:>9}{:>9}", "predicted", "", "", "", "");
    let _ = write!(text, "{:<10}", "truth");
    for class in Class::ALL {
        let _ = write!(text, "{class:>8}");
    }
    let _ = writeln!(text, "  {:>9}{:>11}{:>9}{:>9}", "fields", "precision", "recall", "F1");
    let percent = |value: Option<f64>| value.map_or_else(|| "-".to_string(), |value| format!("{:.1}", value * 100.0));
    for (score, row) in evaluation.classes.iter().zip(&evaluation.confusion) {
        let _ = write!(text, "{:<10}", score.class);
        for count in row {
            let _ = write!(text, "{count:>8}");
        }
        let (precision, recall) = (percent(score.precision.value), percent(score.recall.value));
        let _ = writeln!(text, "  {:>9}{precision:>11}{recall:>9}{:>9}", score.support, percent(score.f1));
    }
    let mean = &evaluation.macro_average;
    let [precision, recall, f1] = [mean.precision, mean.recall, mean.f1].map(|value| percent(Some(value)));
    let _ = writeln!(text, "{:<42}  {:>9}{precision:>11}{recall:>9}{f1:>9}", "mean", evaluation.accuracy.of);
    for unfamiliar in &evaluation.unfamiliar {
        let _ = writeln!(
            text,
            "\n{}: {} pictures unlike the training's, beside {} like them",
            unfamiliar.folder, unfamiliar.pictures, unfamiliar.familiar
        );
        if unfamiliar.unreadable > 0 {
            let _ = writeln!(text, "  {} files or folders more cannot be read", unfamiliar.unreadable);
        }
        let _ = write!(text, "{:<24}", "  novelty, ROC area");
        let _ = match unfamiliar.area {
            Some(area) => {
                let [value, low, high] = [area.value, area.low, area.high].map(|share| share * 100.0);
                writeln!(text, "{value:>7.1} %   {:<14}  95 % interval {low:.1} to {high:.1} %", "")
            }
            None => writeln!(text, "  {}", unfamiliar.not_measured()),
        };
        if unfamiliar.unseen > 0 {
            line(&mut text, "  nothing seen", &Rate::new(unfamiliar.unseen, unfamiliar.pictures));
        }
        line(&mut text, "  flagged as unfamiliar", &unfamiliar.flagged);
        line(&mut text, "  stopped by the gate", &unfamiliar.stopped);
        line(&mut text, "  named all the same", &unfamiliar.named);
        line(&mut text, "  Benign above 0.9", &unfamiliar.sure_benign);
        line(&mut text, "  malignant above 0.9", &unfamiliar.sure_malignant);
    }
    let _ = write!(text, "\n{}", evaluation.notice);
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn line(text: &mut String, name: &str, rate: &Rate) {
    let of = format!("{} of {}", rate.hits, rate.of);
    let _ = writeln!(text, "{name:<24}{:>9}   {of:<14}  95 % interval {}", rate.percent(), rate.interval());
}
