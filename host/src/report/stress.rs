//! The scores as a report.

mod picture;

use crate::{
    measure::{
        degradation::Severity,
        stress::{Kind, Level, Stress},
    },
    report::document::{Callout, Cell, Column, Figure, Report, Table},
};
use blastscope_shared::Rate;

/// Share of fields with a wrong answer above which a cell is marked.
const ALARMING: f64 = 0.01;

impl Stress {
    /// A table of all degradations: the mean over the severities and the worst one.
    #[must_use]
    pub fn summary(&self) -> Table {
        summary(self)
    }

    /// A report with every severity.
    #[must_use]
    pub fn report(&self) -> Report {
        report(self)
    }

    /// A picture: the rates by severity, one diagram per degradation.
    #[must_use]
    pub fn svg(&self) -> String {
        picture::svg(self)
    }
}

fn report(stress: &Stress) -> Report {
    let mut report = Report::new("Degraded pictures");
    report.drawn_fields(stress.drawn);
    report.paragraph(&stress.subject);
    report.callout(Callout::Verdict, stress.verdict());
    report.section("At a glance");
    report.table(stress.summary());
    report.figure(Figure::svg("severities", stress.svg(), "Rates by severity; severity 0 is the picture as it is."));
    report.section("Every severity");
    report.paragraph(
        "Accuracy, sensitivity and specificity take the most probable class of every field, whether it would be answered or \
         not; a field in which nothing was seen has none and is never right. Stopped and abstained fields get no wrong \
         answer; those that are spoken and wrong do: this is the number that hurts people.",
    );
    for kind in &stress.kinds {
        report.subsection(kind.degradation.name());
        report.table(levels(&stress.clean, kind));
    }
    report
}

fn summary(stress: &Stress) -> Table {
    let mut table = Table::new([
        Column::text("degradation"),
        Column::number("mean accuracy"),
        Column::text("at severity 5"),
        Column::number("spoken and wrong"),
        Column::number("on the wrong side"),
        Column::number("stopped by gate"),
        Column::number("abstained"),
        Column::number("accuracy"),
        Column::number("sensitivity"),
        Column::number("specificity"),
    ])
    .caption(
        "Mean accuracy is over severities 1 to 5; spoken and wrong: a verdict is given and is not true; on the wrong side: malignant \
         called benign, or the other way round",
    );
    let row = |name: Cell, mean: f64, level: &Level| {
        let mean = Cell::from(format!("{:.1} %", mean * 100.0));
        [vec![name, mean, level.setting.as_str().into()], rates(level)].concat()
    };
    table.row(row("none".into(), stress.clean.accuracy.value.unwrap_or(0.0), &stress.clean));
    for kind in &stress.kinds {
        if let Some(worst) = kind.levels.last() {
            table.row(row(kind.degradation.name().into(), kind.mean_accuracy, worst));
        }
    }
    table
}

fn levels(clean: &Level, kind: &Kind) -> Table {
    let mut table = Table::new([
        Column::text("severity"),
        Column::number("spoken and wrong"),
        Column::number("on the wrong side"),
        Column::number("stopped by gate"),
        Column::number("abstained"),
        Column::number("accuracy"),
        Column::number("sensitivity"),
        Column::number("specificity"),
        Column::number("answered rightly"),
        Column::number("calibration error"),
        Column::number("nothing seen"),
    ]);
    for level in std::iter::once(clean).chain(&kind.levels) {
        let number = level.severity.map_or(0, Severity::number);
        let mut row = vec![Cell::from(format!("{number}: {}", level.setting))];
        row.extend(rates(level));
        let answered: Rate = level.answered_accuracy;
        row.push(if answered.of == 0 { "-".into() } else { format!("{} of {}", answered.hits, answered.of).into() });
        row.push(format!("{:.1} %", level.calibration_error * 100.0).into());
        row.push(level.unseen.into());
        table.row(row);
    }
    table
}

fn rates(level: &Level) -> Vec<Cell> {
    let alarming = |rate: Rate| Cell::from(rate).alarm_if(rate.value.is_some_and(|share| share > ALARMING));
    vec![
        alarming(level.spoken_and_wrong),
        alarming(level.wrong_side),
        level.stopped.into(),
        level.abstained.into(),
        level.accuracy.into(),
        level.sensitivity.into(),
        level.specificity.into(),
    ]
}
