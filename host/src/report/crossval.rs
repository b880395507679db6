//! The report on a cross-validation.

use std::path::Path;

use crate::{
    Error,
    data::folds::LeftOut,
    measure::{
        crossval::{
            By, FoldOutcome,
            summary::{Rates, Summary},
        },
        evidence::{Evidence, ShownTable},
        slides::Measured,
    },
    report::{
        document::{Callout, Column, Figure, Report, Table},
        slides,
        svg::{Anchor, FAINT, Font, GREY, INK, Svg},
    },
    statistics::bootstrap::Estimate,
    support::atomic_file,
};

/// What the report is about.
#[derive(Clone, Copy, Debug)]
pub struct Setup<'a> {
    /// What each fold holds out.
    pub by: By,
    /// The recipe of the trainings.
    pub recipe: &'a str,
    /// Epochs of each training.
    pub epochs: usize,
    /// Options of each training.
    pub training: &'a [(String, String)],
    /// Whether the fields are drawn.
    pub drawn: bool,
    /// Sittings that could not be left out.
    pub impossible: &'a [LeftOut],
    /// Planned folds; fewer may be finished.
    pub planned: usize,
    /// Back end and machine.
    pub hardware: &'a str,
}

/// The report.
#[must_use]
pub fn report(setup: &Setup<'_>, outcomes: &[FoldOutcome], summary: &Summary, measured: Option<&Measured>) -> Report {
    let mut report = Report::new(match setup.by {
        By::Session => "Leave one sitting out: benign or malignant?",
        By::Pair => "Leave a benign and a malignant sitting out: which is which?",
        By::Group => "Cross-validation by overlap group: benign or malignant?",
        By::Random => "Cross-validation by picture: benign or malignant?",
    });
    report.drawn_fields(setup.drawn);
    report.callout(Callout::Verdict, verdict(setup, summary));
    if setup.by == By::Random {
        report.callout(
            Callout::Warning,
            "Folds of single pictures: overlapping fields lie in training and test, and scores come out too high.",
        );
    }
    if outcomes.len() < setup.planned {
        report.callout(
            Callout::Warning,
            format!(
                "{} of {} folds are finished; run the same command again to continue.",
                outcomes.len(),
                setup.planned
            ),
        );
    }
    report.section("Fold by fold");
    report.table(fold_table(summary));
    report.paragraph(
        "Each fold was judged by a network that had never seen it; validation, calibration and the choice of the epoch \
         used the other folds only. Intervals of a fold are Wilson's; those of means are from 10,000 bootstrap resamples \
         of whole overlap groups within each fold. They do not predict the next sitting: there are too few sittings. The \
         colour baseline is the vote of the five nearest training pictures by mean and standard deviation of red, green and blue.",
    );
    report.list(setup.impossible.iter().map(|left| {
        format!(
            "{} ({} fields) cannot be left out: no other sitting shows {}. It is in the training part of every fold.",
            left.session, left.pictures, left.class
        )
    }));
    let unseen: usize = outcomes.iter().map(|outcome| outcome.validation_unseen).sum();
    if unseen > 0 {
        report.paragraph(format!(
            "Nothing was seen in {unseen} fields of the validation parts; the calibrations ignore them."
        ));
    }
    report.figure(Figure::svg("folds", bars(summary), "Share of right answers, fold by fold, with 95 % intervals"));
    report.section("When it may abstain");
    report.paragraph("One confidence threshold for all folds. Each fold counts the same.");
    report.table(trade_table(summary));
    if let Some(measured) = measured {
        slides::describe(&mut report, measured);
    }
    report.section("How it was trained");
    let computed = [
        ("computed on".to_owned(), setup.hardware.to_owned()),
        ("program".to_owned(), format!("blastscope-host {}", env!("CARGO_PKG_VERSION"))),
    ];
    report.facts(setup.training.iter().cloned().chain(computed));
    report
}

/// Writes `REPORT.md`, `report.html`, `results.json` and, for a model's card, `evidence.json` into `out`.
///
/// # Errors
/// [`Error::Io`] when a file cannot be written.
pub fn write(
    out: &Path,
    setup: &Setup<'_>,
    outcomes: &[FoldOutcome],
    summary: &Summary,
    slides: Option<&Measured>,
) -> Result<(), Error> {
    let report = report(setup, outcomes, summary, slides);
    report.write_html(&out.join("report.html"))?;
    report.write_markdown(&out.join("REPORT.md"))?;
    atomic_file::write(&out.join("evidence.json"), evidence(setup, summary, slides).json()?.as_bytes())?;
    let path = out.join("results.json");
    atomic_file::write(&path, json(setup, summary, slides)?.as_bytes())
}

/// The card section for a model that was trained the same way.
#[must_use]
pub fn evidence(setup: &Setup<'_>, summary: &Summary, measured: Option<&Measured>) -> Evidence {
    let mut rows: Vec<Vec<String>> = summary
        .folds
        .iter()
        .map(|fold| {
            let name = format!("{}, {}", fold.name, side(fold.malignant));
            vec![
                name,
                fold.network.of.to_string(),
                fold.network.percent(),
                fold.network.interval(),
                fold.colour.percent(),
            ]
        })
        .collect();
    let means =
        [("mean, benign", &summary.benign), ("mean, malignant", &summary.malignant), ("balanced", &summary.balanced)];
    for ((name, estimate), colour) in means.into_iter().zip(&summary.colour) {
        let Some(Estimate { value, low, high }) = estimate else { continue };
        let interval = format!("{:.1} to {:.1} %", low * 100.0, high * 100.0);
        let colour = colour.as_ref().map_or("-".into(), |colour| percent(colour.value));
        rows.push(vec![name.into(), String::new(), percent(*value), interval, colour]);
    }
    let columns = ["fold", "fields", "network right", "95 % interval", "six colours right"];
    Evidence::Tables {
        title: match setup.by {
            By::Session => "Leave one sitting out: benign or malignant".into(),
            By::Pair => "Leave a benign and a malignant sitting out: benign or malignant".into(),
            By::Group => "Cross-validation by overlap group: benign or malignant".into(),
            By::Random => "Cross-validation by picture (leaks): benign or malignant".into(),
        },
        paragraphs: vec![
            verdict(setup, summary),
            format!(
                "Other networks of the same recipe ({}, {} epochs), each trained without the fold that it was asked about; in float. {} of \
                 {} folds.",
                setup.recipe,
                setup.epochs,
                summary.folds.len(),
                setup.planned
            ),
        ],
        tables: [ShownTable { caption: None, columns: columns.map(String::from).to_vec(), rows }]
            .into_iter()
            .chain(measured.map(|measured| slides::shown(&measured.slides)))
            .collect(),
    }
}

/// The results for other programs.
///
/// # Errors
/// None in practice; the type saves the caller from panicking.
pub fn json(setup: &Setup<'_>, summary: &Summary, slides: Option<&Measured>) -> Result<String, Error> {
    let value = serde_json::json!({
        "by": setup.by.name(),
        "recipe": setup.recipe,
        "drawn": setup.drawn,
        "planned": setup.planned,
        "hardware": setup.hardware,
        "summary": summary,
        "slides": slides,
    });
    serde_json::to_string_pretty(&value).map_err(|error| Error::Usage(format!("the results have no JSON: {error}")))
}

/// A few lines for a terminal.
#[must_use]
pub fn text(setup: &Setup<'_>, summary: &Summary, measured: Option<&Measured>) -> String {
    use std::fmt::Write;
    let mut text = format!("{:<14}{:<11}{:>7}   {:>8}  {:<18}{:>8}\n", "fold", "", "fields", "network", "", "colours");
    for fold in &summary.folds {
        let _ = writeln!(
            text,
            "{:<14}{:<11}{:>7}   {:>8}  {:<18}{:>8}",
            fold.name,
            side(fold.malignant),
            fold.network.of,
            fold.network.percent(),
            fold.network.interval(),
            fold.colour.percent()
        );
    }
    if let Some(measured) = measured {
        let _ = write!(
            text,
            "\n{}pooling of a slide: {}\n",
            slides::text(&measured.slides),
            slides::pooling(&measured.pooling)
        );
    }
    let _ = write!(text, "\n{}\n{}", verdict(setup, summary), crate::support::notice::RESEARCH_USE_ONLY);
    text
}

fn verdict(setup: &Setup<'_>, summary: &Summary) -> String {
    let what = match setup.by {
        By::Session | By::Pair => "On sittings it has never seen, the network",
        By::Group | By::Random => "On folds it has not been trained on, the network",
    };
    let [benign_colour, malignant_colour, balanced_colour] = &summary.colour;
    let Some(balanced) = &summary.balanced else {
        return "No verdict yet: it needs finished benign and finished malignant folds.".into();
    };
    let of = |estimate: &Option<Estimate>| estimate.as_ref().map_or("-".into(), |estimate| percent(estimate.value));
    let gain = summary.gain.as_ref().map_or_else(String::new, |gain| {
        let points = |value: f64| format!("{:+.1}", value * 100.0);
        let better = if gain.low > 0.0 {
            "more than colour explains"
        } else if gain.high < 0.0 {
            "less than colour alone"
        } else {
            "which colour alone might reach as well"
        };
        format!(
            ", a difference of {} points ({} to {}): {better}",
            points(gain.value),
            points(gain.low),
            points(gain.high)
        )
    });
    let area = summary.area.as_ref().map_or_else(String::new, |area| {
        format!(" The area under ROC over all fields is {:.3} ({:.3} to {:.3}).", area.value, area.low, area.high)
    });
    let [unseen, fields] = [|fold: &Rates| fold.unseen, |fold: &Rates| fold.network.of]
        .map(|of: fn(&Rates) -> usize| summary.folds.iter().map(of).sum::<usize>());
    let nothing = match unseen {
        0 => String::new(),
        _ => {
            format!(" In {unseen} of {fields} fields it saw nothing: these count as not answered, and never as right.")
        }
    };
    format!(
        "{what} is right about {} of benign and {} of malignant fields, balanced {} ({} to {}). Six colour numbers reach {}, {} and \
         {}{gain}.{area}{nothing}",
        of(&summary.benign),
        of(&summary.malignant),
        percent(balanced.value),
        percent(balanced.low),
        percent(balanced.high),
        of(benign_colour),
        of(malignant_colour),
        of(balanced_colour)
    )
}

fn percent(value: f64) -> String {
    format!("{:.1} %", value * 100.0)
}

const fn side(malignant: Option<bool>) -> &'static str {
    match malignant {
        Some(false) => "benign",
        Some(true) => "malignant",
        None => "both",
    }
}

fn fold_table(summary: &Summary) -> Table {
    let mut table = Table::new([
        Column::text("fold"),
        Column::text("shows"),
        Column::number("fields"),
        Column::number("network right"),
        Column::number("95 % interval"),
        Column::number("six colours right"),
    ]);
    for fold in &summary.folds {
        let better = fold.network.hits >= fold.colour.hits;
        table.row([
            fold.name.clone().into(),
            side(fold.malignant).into(),
            fold.network.of.into(),
            crate::report::document::Cell::from(fold.network.percent()).strong_if(better),
            fold.network.interval().into(),
            crate::report::document::Cell::from(fold.colour.percent()).strong_if(!better),
        ]);
    }
    let means = [
        ("mean, benign", &summary.benign, 0),
        ("mean, malignant", &summary.malignant, 1),
        ("balanced", &summary.balanced, 2),
    ];
    for (name, estimate, at) in means {
        let Some(estimate) = estimate else { continue };
        let colour = summary.colour[at].as_ref().map_or("-".into(), |colour| percent(colour.value));
        table.row([
            crate::report::document::Cell::from(name).strong_if(true),
            "".into(),
            "".into(),
            crate::report::document::Cell::from(percent(estimate.value)).strong_if(true),
            format!("{:.1} to {:.1} %", estimate.low * 100.0, estimate.high * 100.0).into(),
            colour.into(),
        ]);
    }
    table
}

fn trade_table(summary: &Summary) -> Table {
    let mut table = Table::new([Column::number("fields answered"), Column::number("of these right, balanced")]);
    for trade in &summary.trade {
        let balanced = trade.balanced.map_or("one side is not answered".into(), percent);
        table.row([format!("{:.0} %", trade.coverage * 100.0).into(), balanced.into()]);
    }
    table
}

/// One bar for the network and one for the colours in each fold.
fn bars(summary: &Summary) -> String {
    const LEFT: f64 = 110.0;
    const SPAN: f64 = 400.0;
    const ROW: f64 = 40.0;
    const TOP: f64 = 56.0;
    let height = TOP + ROW * summary.folds.len() as f64 + 30.0;
    let mut picture = Svg::new(LEFT + SPAN + 70.0, height, "Right answers, fold by fold");
    picture.rectangle([LEFT, 16.0, 12.0, 12.0], "#0072b2", 2.0);
    picture.text(LEFT + 18.0, 26.0, Font::new(12.0, INK), "network");
    picture.rectangle([LEFT + 90.0, 16.0, 12.0, 12.0], "#c4c4c0", 2.0);
    picture.text(LEFT + 108.0, 26.0, Font::new(12.0, INK), "six colour numbers");
    for tick in 0..=4 {
        let x = LEFT + SPAN * f64::from(tick) / 4.0;
        picture.line([x, TOP - 8.0, x, height - 26.0], if tick == 2 { GREY } else { FAINT }, 1.0);
        picture.text(x, height - 10.0, Font::new(11.0, GREY).at(Anchor::Middle), format!("{} %", tick * 25));
    }
    for (at, fold) in summary.folds.iter().enumerate() {
        let y = TOP + ROW * at as f64;
        picture.text(LEFT - 10.0, y + 12.0, Font::new(13.0, INK).at(Anchor::End), &fold.name);
        picture.text(LEFT - 10.0, y + 26.0, Font::new(11.0, GREY).at(Anchor::End), side(fold.malignant));
        let (network, colour) = (fold.network.value.unwrap_or(0.0), fold.colour.value.unwrap_or(0.0));
        picture.rectangle([LEFT, y, SPAN * network, 16.0], "#0072b2", 2.0);
        picture.rectangle([LEFT, y + 18.0, SPAN * colour, 9.0], "#c4c4c0", 2.0);
        picture.line([LEFT + SPAN * fold.network.low, y + 8.0, LEFT + SPAN * fold.network.high, y + 8.0], INK, 1.5);
        picture.text(LEFT + SPAN + 8.0, y + 13.0, Font::new(12.0, INK), fold.network.percent());
    }
    picture.finish()
}

#[cfg(test)]
mod tests {
    use blastscope_shared::{Class, Observation, sight::Blank};

    use super::*;
    use crate::{
        measure::{crossval::Answer, slides::measure},
        statistics::bootstrap::Bootstrap,
    };

    #[test]
    fn the_report_says_what_was_measured_and_what_was_not() {
        let training = [("recipe", "robust"), ("epochs", "8")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let outcome = |name: &str, truth: Class, right: usize| FoldOutcome {
            name: name.into(),
            epoch: 3,
            calibration: blastscope_shared::judge::calibration::Calibration::NONE,
            validation_unseen: 3,
            answers: (0..10)
                .map(|at| {
                    let malignant = if (at < right) == truth.is_malignant() { 0.8 } else { 0.3 };
                    Answer {
                        file: format!("{name}/{at}.jpg"),
                        group: at as u32,
                        truth,
                        probabilities: Observation::Observed([1.0 - malignant, malignant, 0.0, 0.0]),
                        colour: 0.0,
                    }
                })
                .collect(),
        };
        let mut outcomes = [outcome("Ben-1", Class::Benign, 9), outcome("Ear-1", Class::Early, 7)];
        let summary = Summary::new(&outcomes, Bootstrap { resamples: 100, seed: 1 });
        let impossible = [LeftOut { session: "Pro-1".into(), class: Class::Pro, pictures: 12 }];
        let setup = Setup {
            by: By::Session,
            recipe: "robust",
            epochs: 8,
            training: &training,
            drawn: true,
            impossible: &impossible,
            planned: 3,
            hardware: "flex on a test",
        };
        let sittings: Vec<_> = outcomes.iter().filter_map(FoldOutcome::sitting).collect();
        let slides = measure(&sittings, Bootstrap { resamples: 100, seed: 1 });
        let text = report(&setup, &outcomes, &summary, Some(&slides)).markdown("report").text;
        for expected in [
            "80.0 %",
            "90.0 %",
            "70.0 %",
            "Pro-1 (12 fields) cannot be left out",
            "2 of 3 folds",
            "Drawn fields",
            "pseudo-slides",
            "not enough",
        ] {
            assert!(text.contains(expected), "{expected} is missing in\n{text}");
        }
        assert!(verdict(&setup, &summary).contains("balanced 80.0 %"));
        let Evidence::Tables { tables, .. } = evidence(&setup, &summary, Some(&slides)) else { panic!("tables") };
        assert_eq!(tables[0].rows.len(), 5);
        assert!(tables[0].rows.iter().all(|row| row.len() == tables[0].columns.len()));
        assert!(super::text(&setup, &summary, Some(&slides)).contains("Research Use Only"));
        // The report mentions fields with nothing seen, in the validation parts and in the folds.
        assert!(text.contains("Nothing was seen in 6 fields of the validation parts"), "{text}");
        assert!(!text.contains("it saw nothing"));
        outcomes[0].answers[0].probabilities = Observation::Nothing(Blank::NoCells);
        let summary = Summary::new(&outcomes, Bootstrap { resamples: 100, seed: 1 });
        let text = verdict(&setup, &summary);
        assert!(text.contains("80.0 % of benign") && text.contains("In 1 of 20 fields it saw nothing"), "{text}");
    }
}
