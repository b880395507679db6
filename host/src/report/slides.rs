//! How the fields of a slide are pooled, and what that is worth.

use std::fmt::Write as _;

use blastscope_shared::{Rate, judge::slide::SlidePooling};

use crate::{
    measure::{
        evidence::ShownTable,
        slides::{Measured, OfSize, Slides},
    },
    report::document::{Cell, Column, Report, Table},
    statistics::bootstrap::Estimate,
};

const HEADINGS: [&str; 7] =
    ["pseudo-slides", "of fields", "slides", "right", "wrong", "not enough", "on the right side"];
const CAPTION: &str = "Pseudo-slides of consecutive fields of one sitting. Right and wrong are those that are called benign or ALL \
                       suspected; on the right side are those whose probability is, however sure. The intervals of the total, Wilson's, \
                       take pseudo-slides of one sitting for independent; they are not.";

/// One line on how fields are pooled.
#[must_use]
pub fn pooling(pooling: &SlidePooling) -> String {
    let SlidePooling { correlation, clip, fewest_fields, min_spoken, min_probability } = *pooling;
    let origin = match *pooling == SlidePooling::UNMEASURED {
        true => "; conservative defaults, because it was not measured on sittings left out",
        false => "",
    };
    format!(
        "at least {fewest_fields} fields with a verdict and {:.0} % of all; correlation {correlation:.2}, margins clipped to \
         {clip:.2}, probability at least {min_probability:.2}{origin}",
        f64::from(min_spoken) * 100.0
    )
}

/// Adds the section of a cross-validation's report.
pub(super) fn describe(report: &mut Report, measured: &Measured) {
    report.section("Slides");
    let correlation = measured.correlation.map_or_else(
        || "The correlation could not be estimated: there are too few sittings, or their margins do not vary.".to_owned(),
        |Estimate { value, low, high }| {
            format!(
                "Two fields of one sitting correlate by {value:.2} ({low:.2} to {high:.2}, bootstrap over sittings); the upper end is \
                 used, and each sitting is judged with that of the others."
            )
        },
    );
    report.paragraph(format!(
        "What pooling the fields of a sitting left out is worth. No threshold of a verdict is applied here: each field in which \
         something was seen counts. {correlation}"
    ));
    report.table(table(&measured.slides));
    report.paragraph(format!("Pooling for a model trained like this: {}.", pooling(&measured.pooling)));
}

/// The table of pseudo-slides.
#[must_use]
pub fn table(slides: &Slides) -> Table {
    let column = |(at, heading): (usize, &str)| if at == 0 { Column::text(heading) } else { Column::number(heading) };
    let mut table = Table::new(HEADINGS.into_iter().enumerate().map(column)).caption(CAPTION);
    for row in rows(slides) {
        table.row(row.map(Cell::from));
    }
    table
}

/// The table as it is shown in a card.
#[must_use]
pub(super) fn shown(slides: &Slides) -> ShownTable {
    let columns = HEADINGS.map(String::from).to_vec();
    ShownTable { caption: Some(CAPTION.into()), columns, rows: rows(slides).into_iter().map(Vec::from).collect() }
}

/// The table for a terminal, at most 100 columns wide.
#[must_use]
pub fn text(slides: &Slides) -> String {
    let mut text = String::new();
    let mut line = |[name, fields, of, right, wrong, not_enough, leaning]: [&str; 7]| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name:<27}{fields:>9}{of:>8}{right:>9}{wrong:>9}{not_enough:>12}{leaning:>19}");
    };
    line(HEADINGS);
    for row in plain_rows(slides) {
        line(row.each_ref().map(String::as_str));
    }
    text
}

/// Sitting by sitting without intervals, then the total with intervals.
fn rows(slides: &Slides) -> Vec<[String; 7]> {
    let mut rows = plain_rows(slides);
    for (row, of) in rows.iter_mut().rev().zip(slides.total.iter().rev()) {
        let with = |rate: &Rate| format!("{} ({})", rate.percent(), rate.interval());
        row[3..].clone_from_slice(&[&of.right, &of.wrong, &of.not_enough, &of.leaning].map(with));
    }
    rows
}

fn plain_rows(slides: &Slides) -> Vec<[String; 7]> {
    let row = |name: &str, of: &OfSize| {
        let OfSize { fields, right, wrong, not_enough, leaning } = of;
        let rates = [right, wrong, not_enough, leaning].map(Rate::percent);
        let [right, wrong, not_enough, leaning] = rates;
        [name.to_owned(), fields.to_string(), of.right.of.to_string(), right, wrong, not_enough, leaning]
    };
    let sittings = slides.sittings.iter().flat_map(|sitting| {
        let name = format!("{}, {}", sitting.name, if sitting.malignant { "malignant" } else { "benign" });
        let some = sitting.sizes.iter().filter(|of| of.right.of > 0);
        some.map(|of| row(&name, of)).collect::<Vec<_>>()
    });
    sittings.chain(slides.total.iter().map(|of| row("total", of))).collect()
}

#[cfg(test)]
mod tests {
    use blastscope_shared::judge::slide::{SlideField, Spoken};

    use super::*;
    use crate::measure::slides::Sitting;

    #[test]
    fn the_total_has_intervals_and_sittings_without_pseudo_slides_no_rows() {
        let field = SlideField { spoken: Some(Spoken { margin: -5.0, subtype: None }), cells: None };
        let sitting = Sitting { name: "Ben-1".into(), malignant: false, fields: vec![field; 12] };
        let slides = Slides::new(&[sitting], |_, _| SlidePooling::UNMEASURED);
        let rows = rows(&slides);
        assert_eq!(rows.len(), 4 + 5, "no row of 20 fields for the sitting of 12");
        assert_eq!(rows[3][..4], ["Ben-1, benign", "10", "1", "100.0 %"].map(String::from));
        assert!(rows[7][3].starts_with("100.0 % (") && rows[8][3].starts_with("- ("), "{rows:?}");
        assert!(text(&slides).lines().all(|line| line.len() <= 100), "{}", text(&slides));
        assert!(pooling(&SlidePooling::UNMEASURED).contains("not measured on sittings left out"));
        let measured = SlidePooling { correlation: 0.2, ..SlidePooling::UNMEASURED };
        assert!(!pooling(&measured).contains("default"));
    }
}
