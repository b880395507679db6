//! The report of an experiment: `REPORT.md`, `report.html` and `results.json`.

use std::path::Path;

use blastscope_shared::{Class, hex};
use serde::Serialize;

use super::{
    outcome::Outcome,
    paper::{CITATION, CITED, Cited, Measure},
    plan::{Design, SPLITS, Study},
};
use blastscope_host::{
    Error,
    data::{dataset::Dataset, split::SplitKind},
    measure::evaluation::Evaluation,
    report::document::{Callout, Cell, Column, Report, Table},
    support::{atomic_file, notice::RESEARCH_USE_ONLY},
    training::batch_statistics::BatchStatistics,
};

mod comparisons;
mod optimizers;

/// Width of a figure on the page, in pixels: two fit side by side.
const FIGURE: u32 = 410;

/// The experiment's data, settings and size.
#[derive(Clone, Copy, Debug)]
pub struct Experiment<'a> {
    /// The data.
    pub data: &'a Dataset,
    /// The settings.
    pub design: &'a Design,
    /// Number of trainings requested.
    pub planned: usize,
}

/// The content of `results.json`, for other programs.
#[derive(Serialize)]
struct Results<'a> {
    notice: &'a str,
    drawn: bool,
    paper: &'a str,
    cited: &'a [Cited],
    warnings: Vec<String>,
    planned: usize,
    finished: usize,
    manifest_hash: String,
    runs: &'a [&'a Outcome],
}

/// Writes the report of the finished trainings into the experiment's folder.
///
/// # Errors
/// A file cannot be written.
pub fn write(out: &Path, subject: &Experiment<'_>, finished: &[&Outcome]) -> Result<(), Error> {
    let results = Results {
        notice: RESEARCH_USE_ONLY,
        drawn: subject.data.drawn,
        paper: CITATION,
        cited: &CITED,
        warnings: SPLITS.into_iter().filter_map(SplitKind::warning).map(str::to_owned).collect(),
        planned: subject.planned,
        finished: finished.len(),
        manifest_hash: hex(&subject.data.manifest_hash()),
        runs: finished,
    };
    let path = out.join("results.json");
    let json = serde_json::to_vec_pretty(&results).map_err(|error| Error::content(&path, error.to_string()))?;
    atomic_file::write(&path, &json)?;
    let report = compose(subject, finished);
    report.write_markdown(&out.join("REPORT.md"))?;
    report.write_html(&out.join("report.html"))
}

/// The report.
#[must_use]
pub fn compose(subject: &Experiment<'_>, finished: &[&Outcome]) -> Report {
    let mut report = Report::new("Reproduction of Anand et al. 2025");
    report.drawn_fields(subject.data.drawn);
    if finished.len() < subject.planned {
        let state =
            format!("{} of {} trainings are finished; the others are missing here", finished.len(), subject.planned);
        report.callout(Callout::Warning, format!("{state}. Run the same command again to continue."));
    }
    if let Some(verdict) = verdict(subject, finished) {
        report.callout(Callout::Verdict, verdict);
    }
    report.paragraph(format!(
        "{CITATION} trains a network of 13 convolutions on blood-smear fields of four classes. Here it is trained again, on the \
         paper's own protocol and on a split that does not leak, side by side. Columns called paper cite its numbers; all others \
         were measured here. Each network stands beside a baseline on the same test part that looks at no cell: six colour \
         numbers (mean and standard deviation of red, green and blue) and a vote of the five nearest training pictures."
    ));
    for text in SPLITS.into_iter().filter_map(SplitKind::warning) {
        report.callout(Callout::Warning, format!("The paper's protocol: {text}."));
    }
    facts(&mut report, subject, finished);
    cited(&mut report, finished);
    optimizers::write(&mut report, &of_study(finished, Study::Optimizers));
    comparisons::networks(&mut report, &of_study(finished, Study::Networks));
    comparisons::sizes(&mut report, &of_study(finished, Study::Sizes));
    comparisons::depths(&mut report, &of_study(finished, Study::Depths));
    limits(&mut report);
    report
}

fn of_study<'a>(finished: &[&'a Outcome], study: Study) -> Vec<&'a Outcome> {
    finished.iter().copied().filter(|outcome| outcome.studies.contains(&study)).collect()
}

/// Name of a split in headings.
const fn protocol(kind: SplitKind) -> &'static str {
    match kind {
        SplitKind::Paper => "the paper's protocol (leaks)",
        SplitKind::Grouped => "split by overlap group",
        SplitKind::Random => "split by picture",
        SplitKind::HeldOut => "held out",
    }
}

/// The result of the paper's network with Adam, in one sentence.
fn verdict(subject: &Experiment<'_>, finished: &[&Outcome]) -> Option<String> {
    let of = |kind| {
        finished.iter().find(|outcome| {
            outcome.plan.split == kind
                && outcome.plan.optimizer == blastscope_host::training::optimizer::OptimizerKind::Adam
                && outcome.studies.len() == Study::ALL.len()
        })
    };
    let sentence = |outcome: &&Outcome| {
        format!(
            "on the {}: {} ({}), against {} ({}) for six colour numbers",
            if outcome.plan.split == SplitKind::Paper { "paper's protocol" } else { "split by overlap group" },
            outcome.test.accuracy.percent(),
            outcome.test.accuracy.interval(),
            outcome.baseline.accuracy.percent(),
            outcome.baseline.accuracy.interval()
        )
    };
    let parts: Vec<String> = SPLITS.into_iter().filter_map(of).map(sentence).collect();
    if parts.is_empty() {
        return None;
    }
    let drawn = if subject.data.drawn { " The fields are drawn, so this says nothing about the paper." } else { "" };
    Some(format!("Accuracy of the paper's network with Adam (the paper reports 96 %): {}.{drawn}", parts.join("; ")))
}

fn facts(report: &mut Report, subject: &Experiment<'_>, finished: &[&Outcome]) {
    let counts: Vec<String> =
        Class::ALL.into_iter().map(|class| format!("{class} {}", subject.data.count(class))).collect();
    let mut machines: Vec<&str> = finished.iter().map(|outcome| outcome.hardware.as_str()).collect();
    machines.sort_unstable();
    machines.dedup();
    let design = subject.design;
    report.facts([
        ("Data", format!("{} pictures ({})", subject.data.images.len(), counts.join(", "))),
        ("Overlap groups", subject.data.group_count().to_string()),
        ("SHA-256 of the data set", hex(&subject.data.manifest_hash())),
        ("Input", format!("{0} x {0} pixels, the corner of the scale bar masked", design.common.image_size)),
        (
            "Training",
            format!(
                "{} epochs, batches of {}, seed {}",
                design.common.epochs, design.common.batch_size, design.common.seed
            ),
        ),
        ("Statistics of batch normalization", statistics(design.common.batch_statistics).into()),
        ("Computed by", machines.join("; ")),
        ("Program", format!("blastscope-host {}", env!("CARGO_PKG_VERSION"))),
    ]);
}

const fn statistics(of: BatchStatistics) -> &'static str {
    match of {
        BatchStatistics::Anew => {
            "measured again after each epoch with fixed weights (Wu and Johnson 2021, arXiv:2105.07576)"
        }
        BatchStatistics::Running => "running averages of training",
    }
}

/// The table that compares the paper's numbers with ours.
fn cited(report: &mut Report, finished: &[&Outcome]) {
    report.section("The paper's numbers and ours");
    let mut table = Table::new([
        Column::text("network"),
        Column::text("score"),
        Column::number("paper"),
        Column::text("here"),
        Column::number("paper's protocol"),
        Column::number("six colours"),
        Column::number("by overlap group"),
        Column::number("six colours"),
    ]);
    for cited in CITED {
        for &arch in cited.here {
            let of = |kind| {
                finished.iter().find(|outcome| {
                    outcome.plan.split == kind
                        && outcome.plan.arch == arch
                        && outcome.plan.optimizer == cited.optimizer
                        && (outcome.studies.contains(&Study::Optimizers) || outcome.studies.contains(&Study::Networks))
                })
            };
            let mut row: Vec<Cell> = vec![
                cited.network.into(),
                cited.measure.name().into(),
                // The paper's number of digits.
                format!("{} %", (cited.value * 1000.0).round() / 10.0).into(),
                arch.name().into(),
            ];
            for kind in SPLITS {
                let outcome = of(kind);
                row.push(outcome.map_or_else(missing, |outcome| score(&outcome.test, cited.measure).into()));
                row.push(outcome.map_or_else(missing, |outcome| score(&outcome.baseline, cited.measure).into()));
            }
            table.row(row);
        }
    }
    report.table(table);
}

fn missing() -> Cell {
    "not trained".into()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

fn score(evaluation: &Evaluation, measure: Measure) -> String {
    match measure {
        Measure::Accuracy => evaluation.accuracy.percent(),
        Measure::Precision => percent(evaluation.macro_average.precision),
    }
}

fn limits(report: &mut Report) {
    report.section("How to read this");
    report.list([
        "Intervals are 95 % intervals of Wilson (1927) for the test fields alone. Each training was run once, with one seed: \
         another seed gives another number, and fields of one sitting are more alike than the intervals assume.",
        "On the paper's protocol the last epoch's weights are measured, as in the paper; it has no validation part, so its \
         validation columns show the test part. On the split by overlap group the epoch of lowest validation loss is measured.",
        "The paper leaves some choices open, which were made here: the learning rate (0.001, or 0.0001 from given weights), the \
         dropout (0.5), how augmented items are drawn, and which YOLOv8 is compared.",
        "The corner of the burned-in scale bar is masked here, because the bar's style gives away the class; the paper does not \
         mask it.",
        "In the public data set no sitting at the microscope shows more than one class. No split of it can tell whether a network \
         sees cells or sittings.",
    ]);
}

#[cfg(test)]
mod tests;
