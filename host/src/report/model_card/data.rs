//! The data set in a card, if available: pictures by class, part and sitting.

use std::collections::BTreeMap;

use blastscope_shared::{Class, artifact::Provenance, hex};

use crate::{
    Error,
    data::{dataset::Dataset, split::Part},
    measure::screening::known_as,
    report::document::{Cell, Column, Report, Table},
};

/// Adds the tables of pictures by class and part, and of sittings.
///
/// # Errors
/// [`Error::Content`] with the data's folder when it holds none of the model's pictures.
pub(super) fn describe(report: &mut Report, data: &Dataset, provenance: &Provenance) -> Result<(), Error> {
    let parts = Part::ALL.map(|part| known_as(&provenance.pictures, data, Some(part)));
    let known: usize = parts.iter().map(Vec::len).sum();
    if known == 0 {
        let reason = "holds none of the pictures that the model was made from; give its own data set";
        return Err(Error::content(&data.root, reason));
    }
    let same = data.manifest_hash() == provenance.manifest_hash;
    report.facts([
        ("pictures in the folder", data.images.len().to_string()),
        ("of these known to the model", known.to_string()),
        ("overlap groups", data.group_count().to_string()),
        (
            "data manifest",
            if same {
                "the model's own".to_owned()
            } else {
                format!("another than the model's: {}", hex(&data.manifest_hash()))
            },
        ),
    ]);
    let mut table = Table::new(
        [Column::text("class")]
            .into_iter()
            .chain(["pictures", "training", "validation", "test", "sittings"].map(Column::number)),
    );
    let sittings = sittings(data);
    for class in Class::ALL {
        let of_class = |images: &[usize]| images.iter().filter(|&&image| data.images[image].class == class).count();
        let count = sittings.values().filter(|counts| counts[class.index()] > 0).count();
        let mut row: Vec<Cell> = vec![class.name().into(), data.count(class).into()];
        row.extend(parts.iter().map(|images| Cell::from(of_class(images))));
        row.push(if sittings.is_empty() { "unknown".into() } else { count.into() });
        table.row(row);
    }
    report.table(table);
    if !sittings.is_empty() {
        let mut table = Table::new(
            [Column::text("sitting")].into_iter().chain(Class::ALL.map(|class| Column::number(class.name()))),
        );
        for (sitting, counts) in &sittings {
            let row = counts.iter().map(|&count| if count == 0 { "".into() } else { Cell::from(count) });
            table.row(std::iter::once(Cell::from(*sitting)).chain(row));
        }
        report.table(table);
    }
    Ok(())
}

/// Pictures of each class in every known sitting.
fn sittings(data: &Dataset) -> BTreeMap<&str, [usize; Class::COUNT]> {
    let mut sittings = BTreeMap::new();
    for image in &data.images {
        if let Some(session) = &image.session {
            sittings.entry(session.as_str()).or_insert([0; Class::COUNT])[image.class.index()] += 1;
        }
    }
    sittings
}
