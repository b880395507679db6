//! Adam against Adamax: epochs, curves, confusion, scores by class.

use super::{percent, protocol};
use crate::{
    curves::{Chart, Series},
    outcome::Outcome,
    paper,
    plan::SPLITS,
};
use blastscope_host::{
    report::document::{Cell, Column, Figure, Report, Table},
    support::text::value_name,
    training::{optimizer::OptimizerKind, run_folder::Epoch},
};

pub(super) fn write(report: &mut Report, outcomes: &[&Outcome]) {
    if outcomes.is_empty() {
        return;
    }
    report.section("Adam and Adamax");
    for split in SPLITS {
        let here: Vec<&Outcome> = outcomes.iter().copied().filter(|outcome| outcome.plan.split == split).collect();
        if here.is_empty() {
            continue;
        }
        report.subsection(format!("On {}", protocol(split)));
        report.table(epochs(&here));
        report.figures(curves(&here, split.name()));
        report.table(classes(&here));
        report.figures(confusions(&here));
        report.figure(baseline_confusion(here[0]));
    }
}

/// Accuracy and loss at the epochs of the paper's table.
fn epochs(outcomes: &[&Outcome]) -> Table {
    let mut columns = vec![Column::number("epoch")];
    for outcome in outcomes {
        let name = title(outcome.plan.optimizer);
        columns.extend(
            [format!("{name} acc."), "loss".into(), "val. acc.".into(), "val. loss".into()].map(Column::number),
        );
    }
    let mut table = Table::new(columns)
        .caption(
        "Accuracy and loss (mean cross-entropy, nats) in training and validation. The last row is the baseline on the validation \
         part.",
    );
    for epoch in epochs_shown(outcomes) {
        let mut row: Vec<Cell> = vec![epoch.into()];
        for outcome in outcomes {
            match outcome.epochs.iter().find(|row| row.epoch == epoch) {
                Some(Epoch { train_accuracy, train_loss, validation_accuracy, validation_loss, .. }) => row.extend([
                    Cell::from(percent(*train_accuracy)),
                    format!("{train_loss:.4}").into(),
                    percent(*validation_accuracy).into(),
                    format!("{validation_loss:.4}").into(),
                ]),
                None => row.extend([""; 4].map(Cell::from)),
            }
        }
        table.row(row);
    }
    let mut baseline: Vec<Cell> = vec!["six colours".into()];
    for outcome in outcomes {
        baseline.extend(["".into(), "".into(), Cell::from(outcome.baseline_validation), "".into()]);
    }
    table.row(baseline);
    table
}

/// The paper's epochs that were trained, or all if there are few, and always the last.
pub(super) fn epochs_shown(outcomes: &[&Outcome]) -> Vec<usize> {
    let mut all: Vec<usize> = outcomes.iter().flat_map(|outcome| &outcome.epochs).map(|epoch| epoch.epoch).collect();
    all.sort_unstable();
    all.dedup();
    let last = all.last().copied().unwrap_or(0);
    if last < paper::EPOCHS[0] {
        return all;
    }
    all.retain(|epoch| epoch % paper::EPOCHS[0] == 0 || *epoch == last);
    all
}

fn curves(outcomes: &[&Outcome], split: &str) -> Vec<Figure> {
    let charts = [
        (
            "accuracy",
            "Accuracy",
            true,
            [|epoch: &Epoch| epoch.train_accuracy, |epoch: &Epoch| epoch.validation_accuracy],
        ),
        (
            "loss",
            "Loss (cross-entropy, nats)",
            false,
            [|epoch: &Epoch| epoch.train_loss, |epoch| epoch.validation_loss],
        ),
    ];
    charts
        .into_iter()
        .map(|(name, title_text, shares, values)| {
            let mut series = Vec::new();
            for (colour, outcome) in outcomes.iter().enumerate() {
                for (part, dashed, value) in [("training", true, values[0]), ("validation", false, values[1])] {
                    let points = outcome.epochs.iter().map(|epoch| (epoch.epoch as f64, value(epoch))).collect();
                    let name = format!("{}, {part}", title(outcome.plan.optimizer));
                    series.push(Series { name, colour, dashed, points });
                }
            }
            let level = outcomes[0].baseline_validation.value.filter(|_| shares);
            let level = level.map(|value| (format!("six colours {}", percent(value)), value));
            let chart = Chart { title: title_text.into(), shares, series, level };
            let caption = format!("{title_text} over the epochs, {split} split");
            Figure::svg(format!("{name}-{split}"), chart.svg(), caption).width(super::FIGURE)
        })
        .collect()
}

/// Precision, recall and F1 of each class.
fn classes(outcomes: &[&Outcome]) -> Table {
    let mut columns = vec![Column::text("class"), Column::number("test fields")];
    let names = outcomes.iter().map(|outcome| title(outcome.plan.optimizer)).chain(["six colours".to_owned()]);
    for name in names {
        columns.extend([format!("{name} prec."), "recall".into(), "F1".into()].map(Column::number));
    }
    let mut table = Table::new(columns).caption("Scores by class on the test part, in percent");
    let evaluations = || outcomes.iter().map(|outcome| &outcome.test).chain([&outcomes[0].baseline]);
    let number =
        |value: Option<f64>| Cell::from(value.map_or_else(|| "-".into(), |value| format!("{:.1}", value * 100.0)));
    for (at, score) in outcomes[0].test.classes.iter().enumerate() {
        let mut row: Vec<Cell> = vec![score.class.name().into(), score.support.into()];
        for evaluation in evaluations() {
            let score = &evaluation.classes[at];
            row.extend([score.precision.value, score.recall.value, score.f1].map(number));
        }
        table.row(row);
    }
    let mut mean: Vec<Cell> = vec!["mean".into(), outcomes[0].test.accuracy.of.into()];
    for evaluation in evaluations() {
        let average = &evaluation.macro_average;
        mean.extend([average.precision, average.recall, average.f1].map(|value| number(Some(value))));
    }
    table.row(mean);
    table
}

/// The confusion matrices of trainings.
pub(super) fn confusions(outcomes: &[&Outcome]) -> Vec<Figure> {
    let figure = |outcome: &&Outcome| {
        let (arch, optimizer) = (outcome.plan.arch.name(), title(outcome.plan.optimizer));
        let caption = format!("{arch} with {optimizer}, epoch {}", outcome.measured_epoch);
        let svg = outcome.test.confusion_svg(&caption);
        Figure::svg(format!("confusion-{}", outcome.name), svg, caption).width(super::FIGURE)
    };
    outcomes.iter().map(figure).collect()
}

/// The baseline's confusion matrix on a training's test part.
fn baseline_confusion(outcome: &Outcome) -> Figure {
    let caption = "six colour numbers, 5 nearest neighbours";
    let name = format!("confusion-baseline-{}", outcome.plan.split);
    Figure::svg(name, outcome.baseline.confusion_svg(caption), caption).width(super::FIGURE)
}

/// `Adam` for `adam`.
pub(super) fn title(optimizer: OptimizerKind) -> String {
    let name = value_name(&optimizer);
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
