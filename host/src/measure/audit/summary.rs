//! The audit for a terminal.

use std::fmt::Write;

use blastscope_shared::Class;

use super::Audit;
use crate::{
    measure::colour_baseline::ColourSet,
    support::{notice::DRAWN_FIELDS, text::wrap},
};

/// Columns of the text.
const WIDTH: usize = 100;
/// Most unreadable files that are named; the page and JSON name all.
const MOST_NAMED: usize = 5;

pub(super) fn text(audit: &Audit) -> String {
    let mut text = String::new();
    let what = format!("Audit of {}: {} pictures, {} groups", audit.data, audit.pictures(), audit.groups.count);
    let drawn = if audit.drawn { DRAWN_FIELDS } else { "" };
    for line in [what.as_str(), audit.notice, drawn].into_iter().flat_map(|paragraph| wrap(paragraph, WIDTH)) {
        let _ = writeln!(text, "{line}");
    }
    text.push('\n');
    for line in wrap(&audit.verdict.headline, WIDTH) {
        let _ = writeln!(text, "{line}");
    }
    text.push('\n');
    for finding in &audit.verdict.findings {
        for (at, line) in wrap(&finding.text, WIDTH - 9).iter().enumerate() {
            let word = if at == 0 { finding.weight.word() } else { "" };
            let _ = writeln!(text, "{word:<9}{line}");
        }
    }

    let _ = write!(text, "\n{:<12}", "pictures");
    for class in Class::ALL {
        let _ = write!(text, "{class:>9}");
    }
    let _ = write!(text, "\n{:<12}", "all");
    for class in &audit.classes {
        let _ = write!(text, "{:>9}", class.pictures);
    }
    for sitting in &audit.sittings {
        let _ = write!(text, "\n{:<12}", sitting.name);
        for count in sitting.pictures {
            let count = if count == 0 { "-".to_string() } else { count.to_string() };
            let _ = write!(text, "{count:>9}");
        }
    }
    text.push('\n');

    if !audit.colour.folds.is_empty() {
        let _ = write!(text, "\n{:<38}", "colour alone, four classes");
        for set in ColourSet::ALL {
            let _ = write!(text, "{:>12}", format!("{} numbers", set.count()));
        }
        for (method, grouped) in [
            ("nearest-neighbours", false),
            ("nearest-neighbours", true),
            ("logistic-regression", false),
            ("logistic-regression", true),
        ] {
            let folds = if grouped { "grouped folds" } else { "random folds" };
            let _ = write!(text, "\n{:<38}", format!("  {}, {folds}", method.replace('-', " ")));
            for score in audit.colour.folds.iter().filter(|score| score.method == method && score.grouped == grouped) {
                let _ = write!(text, "{:>12}", score.accuracy.percent());
            }
        }
        text.push('\n');
    }
    if !audit.colour.sittings.is_empty() {
        let _ = writeln!(text, "\n{:<38}{:>12}   95 % interval", "sitting left out, benign or malignant", "6 numbers");
        for sitting in &audit.colour.sittings {
            let rate = &sitting.neighbours[1];
            let _ = writeln!(text, "  {:<36}{:>12}   {}", sitting.sitting, rate.percent(), rate.interval());
        }
    }
    if !audit.remarks.is_empty() {
        text.push('\n');
        for remark in &audit.remarks {
            for line in wrap(remark, WIDTH) {
                let _ = writeln!(text, "{line}");
            }
        }
    }
    if !audit.unreadable.is_empty() {
        let _ = writeln!(text, "\ncannot be read");
        for file in audit.unreadable.iter().take(MOST_NAMED) {
            for line in wrap(&file.reason, WIDTH - 2) {
                let _ = writeln!(text, "  {line}");
            }
        }
        if audit.unreadable.len() > MOST_NAMED {
            let _ = writeln!(text, "  and {} more", audit.unreadable.len() - MOST_NAMED);
        }
    }
    text
}
