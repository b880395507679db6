//! The measurements in a card.

use crate::{
    measure::{
        evaluation::{BINS, Evaluation},
        evidence::{Evidence, Origin, ShownTable},
        paired::Paired,
        unfamiliar::Unfamiliar,
    },
    report::{
        document::{Callout, Cell, Column, Figure, Report, Table},
        slides,
    },
    statistics::bootstrap::Estimate,
};
use blastscope_shared::{Class, Rate};

/// Adds the sections of one file of evidence. `manifest` is the model's own data manifest.
pub(super) fn describe(report: &mut Report, evidence: &Evidence, manifest: &str, figures: bool) {
    match evidence {
        Evidence::Evaluate { origin, evaluation, colour_baseline } => {
            report.section("Evaluation");
            where_from(report, &evaluation.subject, origin.iter(), manifest);
            if let Some(warning) = &evaluation.warning {
                report.callout(Callout::Warning, warning);
            }
            report.table(rates(evaluation, colour_baseline.as_deref()));
            report.subsection("Confusion");
            report.table(confusion(evaluation));
            report.subsection("Calibration and abstention");
            report.table(calibration(evaluation));
            if figures {
                let caption = "Confusion, reliability, risk over coverage, and novelty where it was measured.";
                report.figure(Figure::svg("evaluation", evaluation.svg(), caption));
            }
            if !evaluation.unfamiliar.is_empty() {
                report.subsection("Unfamiliar pictures");
                report.table(unfamiliar(&evaluation.unfamiliar));
            }
            if let Some(slides) = &evaluation.slides {
                report.subsection("Slides");
                report.table(slides::table(slides));
            }
        }
        Evidence::Stress { origin, stress } => {
            report.section("Degraded pictures");
            where_from(report, &stress.subject, std::iter::once(origin), manifest);
            report.callout(Callout::Verdict, stress.verdict());
            report.table(stress.summary());
            if figures {
                let caption = "Rates by severity; severity 0 is the picture as it is.";
                report.figure(Figure::svg("severities", stress.svg(), caption));
            }
        }
        Evidence::Compare { origins, paired } => {
            report.section("Comparison of two models");
            let [first, second] = &paired.names;
            where_from(report, &format!("A: {first}. B: {second}"), origins.iter(), manifest);
            report.table(differences(paired));
        }
        Evidence::Tables { title, paragraphs, tables } => {
            report.section(title);
            for paragraph in paragraphs {
                report.paragraph(paragraph);
            }
            tables.iter().for_each(|shown| report.table(as_it_is(shown)));
        }
    }
}

fn as_it_is(shown: &ShownTable) -> Table {
    let column =
        |(at, heading): (usize, &String)| if at == 0 { Column::text(heading) } else { Column::number(heading) };
    let mut table = Table::new(shown.columns.iter().enumerate().map(column));
    if let Some(caption) = &shown.caption {
        table = table.caption(caption);
    }
    for row in &shown.rows {
        table.row(row.iter().map(|cell| Cell::from(cell.as_str())));
    }
    table
}

/// Names the pictures, and says whether they belong to the model's own data set.
fn where_from<'a>(report: &mut Report, subject: &str, origins: impl Iterator<Item = &'a Origin>, manifest: &str) {
    report.paragraph(format!("{subject}."));
    let mut origins = origins.peekable();
    let program = origins.peek().map_or("", |origin| origin.program.as_str()).to_owned();
    let other = origins.find(|origin| origin.data != manifest);
    let data = other.map_or_else(
        || "the data set that the model was made from".to_owned(),
        |origin| format!("a data set of another manifest ({:.12})", origin.data),
    );
    report.paragraph(format!("Measured by blastscope-host {program} on {data}."));
}

fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

fn rates(evaluation: &Evaluation, baseline: Option<&Evaluation>) -> Table {
    let mut table = Table::new([
        Column::text("score"),
        Column::number("value"),
        Column::number("95 % interval"),
        Column::number("fields"),
        Column::number("six colour numbers"),
    ]);
    let mut row = |name: String, rate: &Rate, baseline: Option<&Rate>| {
        let value = |rate: &Rate| rate.value.map_or_else(|| "-".to_owned(), percent);
        table.row([
            Cell::from(name),
            value(rate).into(),
            rate.interval().into(),
            rate.of.into(),
            baseline.map(value).unwrap_or_default().into(),
        ]);
    };
    row("accuracy".into(), &evaluation.accuracy, baseline.map(|baseline| &baseline.accuracy));
    row(
        "sensitivity, malignant against benign".into(),
        &evaluation.sensitivity,
        baseline.map(|baseline| &baseline.sensitivity),
    );
    row(
        "specificity, malignant against benign".into(),
        &evaluation.specificity,
        baseline.map(|baseline| &baseline.specificity),
    );
    for score in &evaluation.classes {
        let at = score.class.index();
        row(format!("recall of {}", score.class), &score.recall, baseline.map(|baseline| &baseline.classes[at].recall));
    }
    for score in &evaluation.classes {
        let at = score.class.index();
        let of_baseline = baseline.map(|baseline| &baseline.classes[at].precision);
        row(format!("precision of {}", score.class), &score.precision, of_baseline);
    }
    table
}

fn confusion(evaluation: &Evaluation) -> Table {
    let columns = Class::ALL.map(|class| Column::number(format!("taken for {class}")));
    // A column of zeros would only distract.
    let shows_unseen = evaluation.unseen.iter().any(|&count| count > 0);
    let unseen = shows_unseen.then(|| Column::number("nothing seen"));
    let mut table = Table::new([Column::text("truth")].into_iter().chain(columns).chain(unseen));
    for (score, counts) in evaluation.classes.iter().zip(&evaluation.confusion) {
        let cells =
            counts.iter().enumerate().map(|(at, &count)| Cell::from(count).strong_if(at == score.class.index()));
        let unseen = shows_unseen.then(|| Cell::from(evaluation.unseen[score.class.index()]));
        table.row(std::iter::once(Cell::from(score.class.name())).chain(cells).chain(unseen));
    }
    table
}

fn calibration(evaluation: &Evaluation) -> Table {
    let mut table = Table::new([Column::text("score"), Column::number("value")]);
    let calibration = &evaluation.calibration;
    let curve = &evaluation.risk_coverage;
    let thousandth = |share: f64| format!("{:.3} %", share * 100.0);
    let mut rows = vec![
        (format!("expected calibration error, {BINS} bins of equal width"), percent(calibration.expected_error)),
        ("expected calibration error, bins of equal mass".to_owned(), percent(calibration.equal_mass_error)),
        ("area under the risk-coverage curve".to_owned(), thousandth(curve.area)),
        ("least area with as many mistakes".to_owned(), thousandth(curve.least_area)),
    ];
    if let Some(selective) = &evaluation.selective {
        let of = |rate: &Rate| format!("{} ({} of {})", rate.percent(), rate.hits, rate.of);
        rows.push(("fields that are answered".to_owned(), of(&selective.coverage)));
        rows.push(("of these, answered rightly".to_owned(), of(&selective.accuracy)));
        let reasons = selective.reasons.iter();
        rows.extend(reasons.map(|(reason, count)| (format!("not answered: {reason}"), count.to_string())));
    }
    for (name, value) in rows {
        table.row([Cell::from(name), value.into()]);
    }
    table
}

fn unfamiliar(folders: &[Unfamiliar]) -> Table {
    let mut table = Table::new([
        Column::text("folder"),
        Column::number("pictures"),
        Column::number("novelty, ROC area"),
        Column::number("flagged as unfamiliar"),
        Column::number("stopped by the gate"),
        Column::number("named all the same"),
        Column::number("Benign above 0.9"),
        Column::number("malignant above 0.9"),
    ])
    .caption(
        "The area is the probability that a picture of the folder is more novel to the model than a familiar one.",
    );
    for unfamiliar in folders {
        let area = unfamiliar.area.map_or_else(
            || unfamiliar.not_measured().to_owned(),
            |Estimate { value, low, high }| format!("{value:.3} ({low:.3} to {high:.3})"),
        );
        table.row([
            Cell::from(unfamiliar.folder.as_str()),
            unfamiliar.pictures.into(),
            area.into(),
            unfamiliar.flagged.into(),
            unfamiliar.stopped.into(),
            unfamiliar.named.into(),
            unfamiliar.sure_benign.into(),
            unfamiliar.sure_malignant.into(),
        ]);
    }
    table
}

fn differences(paired: &Paired) -> Table {
    let mut table = Table::new([
        Column::text("score"),
        Column::number("A"),
        Column::number("B"),
        Column::number("B less A, points"),
        Column::number("95 % interval"),
    ])
    .caption(format!(
        "{} fields in {} overlap groups; paired percentile bootstrap over the groups, {} resamples",
        paired.fields, paired.groups, paired.bootstrap.resamples
    ));
    for score in &paired.scores {
        let [first, second] = score.values.map(|value| value.map_or_else(|| "-".to_owned(), percent));
        let (difference, interval) = score.difference.map_or_else(Default::default, |estimate| {
            let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(|share| share * 100.0);
            (format!("{value:+.2}"), format!("{low:+.2} to {high:+.2}"))
        });
        table.row([
            Cell::from(score.score.to_string()),
            first.into(),
            second.into(),
            difference.into(),
            interval.into(),
        ]);
    }
    table
}
