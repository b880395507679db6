//! The audit as a report.

mod plots;

use std::path::Path;

use blastscope_shared::Class;

use crate::{
    Error,
    measure::{
        audit::{Audit, conclusion::Weight, copies::CopyPair, marks::LEAST_PICTURES},
        colour_baseline::ColourSet,
    },
    report::document::{Callout, Cell, Column, Figure, Report, Table},
    support::atomic_file,
};

/// Most unreadable files in the table; `audit.json` has all.
const MOST_FILES: usize = 50;
/// Most sizes in the table.
const MOST_SIZES: usize = 12;

impl Audit {
    /// The audit as a page.
    #[must_use]
    pub fn html(&self) -> String {
        report(self).html()
    }

    /// Writes `audit.json` and `audit.html` to `folder`, each whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`] when a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        atomic_file::write(&folder.join("audit.json"), format!("{}\n", self.json()?).as_bytes())?;
        report(self).write_html(&folder.join("audit.html"))
    }
}

fn report(audit: &Audit) -> Report {
    let mut report = Report::new("What a score on this data set is worth");
    report.drawn_fields(audit.drawn);
    report.facts([
        ("Data", audit.data.clone()),
        ("Pictures", format!("{} readable, {} unreadable", audit.pictures(), audit.unreadable.len())),
        (
            "Overlap groups",
            format!(
                "{}, {}",
                audit.groups.count,
                if audit.groups.listed { "from a list" } else { "found by the program alone" }
            ),
        ),
        ("Manifest", format!("SHA-256 {}", audit.manifest)),
        ("Program", format!("blastscope-host {}, command audit", audit.version)),
    ]);
    report.callout(Callout::Verdict, &audit.verdict.headline);
    let mut findings = Table::new([Column::text("weight"), Column::text("finding")]);
    for finding in &audit.verdict.findings {
        let weight = Cell::from(finding.weight.word()).alarm_if(finding.weight == Weight::Serious);
        findings.row([weight, finding.text.as_str().into()]);
    }
    report.table(findings);
    colour(&mut report, audit);
    sittings(&mut report, audit);
    marks(&mut report, audit);
    copies(&mut report, audit);
    pictures(&mut report, audit);
    report
}

fn colour(report: &mut Report, audit: &Audit) {
    report.section("Colour alone");
    if audit.colour.folds.is_empty() {
        report.paragraph("Too few pictures to learn from.");
    } else {
        report.paragraph(
            "Mean red, green and blue (3 numbers), their standard deviations (6), and their correlations and the dark and bright \
             end of green (11), outside of the masked corner. Byte-identical pictures count once; five folds.",
        );
        report.figure(Figure::svg(
            "colour",
            plots::colour(&audit.colour),
            "Accuracy over four classes with 95 % intervals, of 5 nearest neighbours and of logistic regression. Blue: overlap groups \
             stay together. Orange: single pictures.",
        ));
    }
}

fn sittings(report: &mut Report, audit: &Audit) {
    report.section("Sittings");
    if audit.sittings.is_empty() {
        report.paragraph("No sitting is known.");
        return;
    }
    let mut table = Table::new(class_columns("sitting")).caption("Pictures by class and sitting");
    for sitting in &audit.sittings {
        let count = |count: usize| Cell::from(if count == 0 { "-".to_string() } else { count.to_string() });
        table.row([Cell::from(sitting.name.as_str())].into_iter().chain(sitting.pictures.map(count)));
    }
    report.table(table);
    if audit.colour.sittings.is_empty() {
        report.paragraph("No sitting can be left out: each alone shows one of its classes.");
        return;
    }
    report.paragraph(
        "Leave one sitting out, learn from the others, and ask benign or malignant. This is the honest measure for a network, too.",
    );
    report.figure(Figure::svg(
        "sittings",
        plots::sittings(&audit.colour),
        "Five neighbours on six colour numbers: fields of the left-out sitting correctly called benign or malignant.",
    ));
    let columns = ["5 neighbours", "regression"]
        .into_iter()
        .flat_map(|method| ColourSet::ALL.map(|set| Column::number(format!("{method}, {}", set.count()))));
    let mut table = Table::new([Column::text("sitting"), Column::number("pictures")].into_iter().chain(columns))
        .caption("Correctly called benign or malignant, by number of colour numbers");
    for sitting in &audit.colour.sittings {
        let rates = sitting.neighbours.into_iter().chain(sitting.regression);
        let pictures = sitting.neighbours[1].of;
        table.row([Cell::from(sitting.sitting.as_str()), pictures.into()].into_iter().chain(rates.map(Cell::from)));
    }
    report.table(table);
    report.list(audit.colour.impossible.iter().map(|left| {
        format!("{} ({} pictures) cannot be left out: it alone shows {}.", left.sitting, left.pictures, left.class)
    }));
}

fn marks(report: &mut Report, audit: &Audit) {
    let marks = &audit.marks;
    report.section("Burned-in marks");
    report.paragraph(format!(
        "The unmasked pictures, squashed to 224x224, one place at a time: how often the most similar picture of another overlap group \
         has the same class ({} different pictures). What a place gives away beyond the middle is not the field's colour. A pixel \
         stands still when it differs from its neighbour in the same way in many pictures of a class.",
        marks.compared
    ));
    report.figure(Figure::svg(
        "places",
        plots::places(marks),
        "Accuracy by one place alone with 95 % intervals. Orange: something stands still there.",
    ));
    let mut table = Table::new(
        [Column::text("place"), Column::number("right"), Column::number("95 % interval"), Column::number("masked")]
            .into_iter()
            .chain(Class::ALL.map(|class| Column::number(format!("{class} still")))),
    )
    .caption(format!(
        "Share of pixels that stand still, by class; - for a class of fewer than {LEAST_PICTURES} pictures"
    ));
    for place in &marks.places {
        let still = place.still.map(|share| {
            let text = share.map_or_else(|| "-".to_string(), |share| format!("{:.1} %", share * 100.0));
            Cell::from(text).strong_if(place.marked && share.is_some_and(|share| share > 0.0))
        });
        let accuracy = Cell::from(place.nearest).alarm_if(place.leaks());
        let masked = format!("{:.0} %", place.masked * 100.0);
        let cells = [Cell::from(place.name), accuracy, place.nearest.interval().into(), masked.into()];
        table.row(cells.into_iter().chain(still));
    }
    report.table(table);
    report.paragraph(if marks.still == 0 {
        "Nothing stands still anywhere in the picture.".to_string()
    } else {
        format!(
            "{} pixels of the whole picture stand still in some class. The mask that training and the device lay over the lower right \
             corner covers {} of them, {} remain; where the mask covers a place wholly, nothing is left to tell classes apart there.",
            marks.still,
            marks.still_masked,
            marks.still - marks.still_masked
        )
    });
    let figures = marks.places.iter().zip(&audit.gallery.places).map(|(place, png)| {
        let width = (u32::from(place.area.right - place.area.left) * 4 + 12) * 2;
        let caption = format!("Mean picture, {}: Benign, Early, Pre, Pro", place.name);
        Figure::png(place.name, png.clone(), caption).width(width.min(1000))
    });
    report.figures(figures);
}

fn copies(report: &mut Report, audit: &Audit) {
    let copies = &audit.copies;
    report.section("Copies");
    let mut table = Table::new([Column::text("pairs"), Column::number("one class"), Column::number("across classes")]);
    let across = |count: usize| Cell::from(count).alarm_if(count > 0);
    table.row(["identical files".into(), copies.identical_within.into(), across(copies.identical_across)]);
    table.row([
        "nearly identical, also turned or mirrored".into(),
        copies.near_within.into(),
        across(copies.near_across),
    ]);
    report.table(table);
    report.paragraph(format!(
        "Files that are copies of others byte for byte: {}. Near pairs that fit best when one is turned or mirrored: {}. Overlap groups \
         that hold several classes: {}. A perceptual hash finds the near pairs; a few of them may be different fields, so look at \
         them.",
        copies.surplus, copies.near_transformed, audit.groups.across_classes
    ));
    report.figures(
        audit.gallery.pairs.iter().map(|(pair, png)| Figure::png("pair", png.clone(), caption(pair)).width(180)),
    );
    let shown = audit.gallery.pairs.len();
    if copies.count() > shown {
        report.paragraph(format!("{} more pairs are in audit.json.", copies.count() - shown));
    }
}

fn caption(pair: &CopyPair) -> String {
    let how = match (pair.identical, pair.symmetry) {
        (true, _) => "identical".to_string(),
        (false, "identity") => format!("{} bits differ", pair.distance),
        (false, symmetry) => format!("{symmetry}, {} bits differ", pair.distance),
    };
    format!("{} and {}: {how}", pair.one.0, pair.other.0)
}

fn pictures(report: &mut Report, audit: &Audit) {
    report.section("Pictures");
    let mut table = Table::new([
        Column::text("class"),
        Column::number("pictures"),
        Column::number("different"),
        Column::number("overlap groups"),
        Column::number("share"),
    ]);
    for class in &audit.classes {
        let share = format!("{:.1} %", class.share * 100.0);
        table.row([
            class.class.name().into(),
            class.pictures.into(),
            class.distinct.into(),
            class.groups.into(),
            share.into(),
        ]);
    }
    report.table(table);
    let mut sizes = Table::new(class_columns("size")).caption("Pictures by size in pixels");
    for size in audit.sizes.iter().take(MOST_SIZES) {
        let name = Cell::from(format!("{}x{}", size.width, size.height));
        sizes.row([name].into_iter().chain(size.pictures.map(Cell::from)));
    }
    report.table(sizes);
    if audit.sizes.len() > MOST_SIZES {
        report.paragraph(format!("{} more sizes are in audit.json.", audit.sizes.len() - MOST_SIZES));
    }
    for remark in &audit.remarks {
        report.paragraph(remark.as_str());
    }
    let mut files = Table::new([Column::text("file"), Column::text("why it cannot be read")])
        .caption("Files that cannot be read; everything above leaves them out");
    for file in audit.unreadable.iter().take(MOST_FILES) {
        files.row([file.file.as_str().into(), file.reason.as_str().into()]);
    }
    report.table(files);
    if audit.unreadable.len() > MOST_FILES {
        report.paragraph(format!("{} more are in audit.json.", audit.unreadable.len() - MOST_FILES));
    }
}

fn class_columns(first: &str) -> Vec<Column> {
    let classes = Class::ALL.into_iter().map(|class| Column::number(class.name()));
    [Column::text(first)].into_iter().chain(classes).collect()
}
