//! The scores as text.

use std::fmt::Write;

use super::{Level, Stress};
use crate::support::{notice::DRAWN_FIELDS, text::wrap};

/// Columns of the text.
const WIDTH: usize = 100;

pub(super) fn table(stress: &Stress) -> String {
    let mut text = String::new();
    for paragraph in [Some(stress.subject.as_str()), stress.drawn.then_some(DRAWN_FIELDS)].into_iter().flatten() {
        for line in wrap(paragraph, WIDTH) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    let _ = writeln!(
        text,
        "Percent of {} fields; wrong side: malignant called benign, or the other way round.\n",
        stress.clean.accuracy.of
    );
    let _ = writeln!(
        text,
        "{:<18}{:<28}{:>10}{:>7}{:>9}{:>9}{:>10}{:>9}",
        "", "", "said and", "wrong", "", "stopped", "", ""
    );
    let _ = writeln!(
        text,
        "{:<18}{:<28}{:>10}{:>7}{:>9}{:>9}{:>10}{:>9}",
        "", "severity", "wrong", "side", "answered", "by gate", "abstained", "accuracy"
    );
    line(&mut text, "", &stress.clean);
    for kind in &stress.kinds {
        for (at, level) in kind.levels.iter().enumerate() {
            line(&mut text, if at == 0 { kind.degradation.name() } else { "" }, level);
        }
    }
    let _ =
        writeln!(text, "\nMean accuracy over all degradations and severities {:.2} %", stress.mean_accuracy * 100.0);
    for kind in &stress.kinds {
        let _ = writeln!(text, "  {:<18}{:>8.2} %", kind.degradation.name(), kind.mean_accuracy * 100.0);
    }
    let of = |levels: &[Level]| levels.iter().map(|level| level.unseen).sum::<usize>();
    let unseen = [stress.clean.unseen, stress.kinds.iter().map(|kind| of(&kind.levels)).sum()];
    if unseen != [0; 2] {
        let [clean, degraded] = unseen;
        let _ = writeln!(text, "\nNothing seen, never right: {clean} fields as they are, {degraded} degraded ones");
    }
    let _ = write!(text, "\n{}", stress.notice);
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn line(text: &mut String, name: &str, level: &Level) {
    let setting = level
        .severity
        .map_or_else(|| level.setting.clone(), |severity| format!("{} {}", severity.number(), level.setting));
    let _ = write!(text, "{name:<18}{setting:<28}");
    for (rate, width) in [
        (&level.spoken_and_wrong, 10),
        (&level.wrong_side, 7),
        (&level.answered, 9),
        (&level.stopped, 9),
        (&level.abstained, 10),
        (&level.accuracy, 9),
    ] {
        let percent = rate.value.map_or_else(|| "-".to_owned(), |value| format!("{:.1}", value * 100.0));
        let _ = write!(text, "{percent:>width$}");
    }
    text.push('\n');
}
