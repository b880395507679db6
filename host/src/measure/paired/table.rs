//! The comparison as text.

use std::fmt::Write;

use super::Paired;

/// Most changed fields that are listed.
const LISTED: usize = 20;

pub(super) fn table(paired: &Paired) -> String {
    let mut text = String::new();
    let [first, second] = &paired.names;
    let Paired { fields, groups, bootstrap, .. } = paired;
    let _ = writeln!(text, "A: {first}\nB: {second}\n{fields} fields in {groups} overlap groups\n");
    let _ = writeln!(text, "{:<26}{:>9}{:>9}{:>9}   95 % interval, points", "", "A %", "B %", "B - A");
    let percent = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{:.2}", value * 100.0));
    for score in &paired.scores {
        let [one, other] = score.values.map(percent);
        let _ = write!(text, "{:<26}{one:>9}{other:>9}", score.score.to_string());
        let _ = match &score.difference {
            Some(estimate) => {
                let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(points);
                let sign = if estimate.low > 0.0 || estimate.high < 0.0 { "  *" } else { "" };
                writeln!(text, "{value:>9}   {low:>7} to {high:>7}{sign}")
            }
            None => writeln!(text, "{:>9}", "-"),
        };
    }
    let [only_first, only_second] = paired.only_right;
    let _ = writeln!(
        text,
        "\nThey name the same class for {} of the fields; only A is right for {only_first}, only B for {only_second}.",
        paired.agreement.percent()
    );
    for changed in paired.changed.iter().take(LISTED) {
        let [one, other] = [0, 1].map(|at| match (changed.predicted[at], changed.confidence[at]) {
            (Some(class), Some(confidence)) => format!("{class} {confidence:.2}"),
            _ => "nothing seen".to_owned(),
        });
        let _ = writeln!(text, "  {}: {}, A {one}, B {other}", changed.file, changed.truth);
    }
    if paired.changed.len() > LISTED {
        let _ = writeln!(text, "  and {} more; --json lists all", paired.changed.len() - LISTED);
    }
    let _ = write!(
        text,
        "\nIntervals: paired percentile bootstrap, {} resamples of overlap groups, seed {}; * without zero.",
        bootstrap.resamples, bootstrap.seed
    );
    text
}

/// A difference in percentage points, with its sign.
pub(crate) fn points(difference: f64) -> String {
    let points = difference * 100.0;
    // No minus before a zero that results from rounding.
    if points.abs() < 0.005 { "0.00".to_owned() } else { format!("{points:+.2}") }
}
