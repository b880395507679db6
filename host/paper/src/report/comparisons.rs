//! The paper's network against others, with other numbers of items, and at other depths.

use super::{optimizers::confusions, percent, protocol};
use crate::{
    curves::{Chart, Series},
    outcome::Outcome,
    paper,
    plan::{SPLITS, Study},
};
use blastscope_host::{
    data::split::SplitKind,
    report::document::{Cell, Column, Figure, Report, Table},
    training::optimizer::OptimizerKind,
};

pub(super) fn networks(report: &mut Report, outcomes: &[&Outcome]) {
    if outcomes.is_empty() {
        return;
    }
    report.section("Other networks");
    report.paragraph(
        "All use the same data, optimizer, batch size and epochs. GMAC: billions of multiplications for one picture of 224 x 224. \
         Fresh weights are random.",
    );
    let columns = ["network", "weights", "parameters", "GMAC", "paper"];
    for split in SPLITS {
        let here = on(outcomes, split);
        let row = |outcome: &Outcome| -> Vec<Cell> {
            let weights = outcome.plan.weights.as_ref().and_then(|weights| weights.file_name());
            vec![
                outcome.plan.arch.name().into(),
                weights.map_or_else(|| "fresh".into(), |name| name.to_string_lossy().into_owned()).into(),
                millions(outcome.parameters).into(),
                format!("{:.2}", outcome.plan.arch.gmac()).into(),
                paper::cited_of(outcome.plan.arch, OptimizerKind::Adam).into(),
            ]
        };
        report.table(scores(&columns, &here, row, protocol(split)));
        report.figures(validation(&here, "networks", |outcome| outcome.plan.arch.name().to_owned()));
        // The matrix of the paper's network stands in the section on optimizers.
        let others: Vec<&Outcome> =
            here.iter().copied().filter(|outcome| !outcome.studies.contains(&Study::Optimizers)).collect();
        report.figures(confusions(&others));
    }
}

pub(super) fn sizes(report: &mut Report, outcomes: &[&Outcome]) {
    if outcomes.is_empty() {
        return;
    }
    report.section("Items per class");
    report.paragraph(
        "The paper's network with Adam. A class with too few pictures gets rotated and mirrored copies; a class with more keeps \
         all. On the paper's protocol a fifth of the items is the test part, so each size is measured on different items.",
    );
    for split in SPLITS {
        let mut here = on(outcomes, split);
        here.sort_by_key(|outcome| outcome.plan.per_class);
        let row = |outcome: &Outcome| -> Vec<Cell> { vec![outcome.plan.per_class.into(), outcome.items[0].into()] };
        report.table(scores(&["items per class", "training items"], &here, row, protocol(split)));
    }
}

pub(super) fn depths(report: &mut Report, outcomes: &[&Outcome]) {
    if outcomes.is_empty() {
        return;
    }
    report.section("Depth");
    report.paragraph(
        "The paper's network has 13 convolutions in five blocks, like VGG-16. The shallower one follows VGG-11 (8), the deeper one \
         VGG-19 (16), with the same filters per block (Simonyan and Zisserman, ICLR 2015, configurations A, D and E).",
    );
    for split in SPLITS {
        let mut here = on(outcomes, split);
        here.sort_by_key(|outcome| outcome.plan.arch.convolutions());
        let row = |outcome: &Outcome| -> Vec<Cell> {
            vec![
                outcome.plan.arch.name().into(),
                outcome.plan.arch.convolutions().to_string().into(),
                millions(outcome.parameters).into(),
                format!("{:.2}", outcome.plan.arch.gmac()).into(),
            ]
        };
        let columns = ["network", "convolutions", "parameters", "GMAC"];
        report.table(scores(&columns, &here, row, protocol(split)));
        report.figures(validation(&here, "depths", |outcome| outcome.plan.arch.name().to_owned()));
    }
}

fn on<'a>(outcomes: &[&'a Outcome], split: SplitKind) -> Vec<&'a Outcome> {
    outcomes.iter().copied().filter(|outcome| outcome.plan.split == split).collect()
}

/// One row per training: the cells of `row`, its scores, then the baseline's on the same test part.
fn scores(columns: &[&str], outcomes: &[&Outcome], row: impl Fn(&Outcome) -> Vec<Cell>, caption: &str) -> Table {
    let named = columns.iter().enumerate().map(|(at, name)| match (at, *name) {
        (0, _) | (_, "weights" | "paper") => Column::text(*name),
        (_, name) => Column::number(name),
    });
    let measured =
        ["test fields", "accuracy", "interval", "precision", "recall", "F1", "six colours, 5-NN", "s per epoch"];
    let mut table = Table::new(named.chain(measured.map(Column::number))).caption(caption);
    let best = outcomes.iter().filter_map(|outcome| outcome.test.accuracy.value).fold(0.0, f64::max);
    for outcome in outcomes {
        let (test, average) = (&outcome.test, &outcome.test.macro_average);
        let mut cells = row(outcome);
        cells.extend([
            Cell::from(test.accuracy.of),
            Cell::from(test.accuracy).strong_if(test.accuracy.value == Some(best)),
            test.accuracy.interval().into(),
            percent(average.precision).into(),
            percent(average.recall).into(),
            percent(average.f1).into(),
            Cell::from(outcome.baseline.accuracy).alarm_if(outcome.baseline.accuracy.value >= test.accuracy.value),
            outcome.seconds_per_epoch.map_or_else(String::new, |seconds| format!("{seconds:.0}")).into(),
        ]);
        table.row(cells);
    }
    table
}

/// Validation accuracy over the epochs.
fn validation(outcomes: &[&Outcome], study: &str, name: impl Fn(&Outcome) -> String) -> Vec<Figure> {
    let Some(first) = outcomes.first() else { return Vec::new() };
    let series = outcomes
        .iter()
        .enumerate()
        .map(|(colour, outcome)| Series {
            name: name(outcome),
            colour,
            dashed: false,
            points: outcome.epochs.iter().map(|epoch| (epoch.epoch as f64, epoch.validation_accuracy)).collect(),
        })
        .collect();
    let level = first.baseline_validation.value.map(|value| (format!("six colours {}", percent(value)), value));
    let chart = Chart { title: "Validation accuracy".into(), shares: true, series, level };
    let caption = format!("Validation accuracy over the epochs, {}", protocol(first.plan.split));
    vec![Figure::svg(format!("{study}-{}", first.plan.split), chart.svg(), caption).width(super::FIGURE)]
}

/// `8.38 million`.
fn millions(number: usize) -> String {
    format!("{:.2} million", number as f64 / 1e6)
}
