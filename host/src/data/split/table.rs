//! The split as a file: a comment on how it was drawn, a header, one line per item.
//!
//! ```text
//! # blastscope split 1; kind=grouped; seed=1; per_class=1000
//! part,class,file,symmetry,sha256,group
//! train,Benign,Benign/WBC-Benign-001.jpg,identity,8054c1...,0
//! ```

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    path::Path,
};

use blastscope_files::Printable as _;
use blastscope_shared::{Class, hex};

use super::{Item, Part, Split, SplitKind};
use crate::{
    Error,
    data::{
        dataset::{Dataset, sha256_from_hex},
        symmetry::Symmetry,
        table_text,
    },
};

const FIRST_LINE: &str = "# blastscope split 1; ";
const HEADER: [&str; 6] = ["part", "class", "file", "symmetry", "sha256", "group"];

pub(super) fn to_csv(split: &Split, dataset: &Dataset) -> Result<Vec<u8>, Error> {
    let Split { kind, seed, per_class, items } = split;
    let first = format!("{FIRST_LINE}kind={kind}; seed={seed}; per_class={per_class}\n");
    let mut writer = csv::Writer::from_writer(first.into_bytes());
    let failed = |error: csv::Error| Error::Usage(format!("the split cannot be written: {error}"));
    writer.write_record(HEADER).map_err(failed)?;
    for item in items {
        let image = dataset.images.get(item.image).ok_or_else(|| {
            Error::Usage(format!("the split belongs to another data set: this one has no picture {}", item.image))
        })?;
        let (part, class, symmetry) = (item.part.name(), image.class.name(), item.symmetry.name());
        let line = [part, class, &image.file, symmetry, &hex(&image.sha256), &image.group.to_string()];
        writer.write_record(line).map_err(failed)?;
    }
    writer.into_inner().map_err(|error| Error::Usage(format!("the split cannot be written: {error}")))
}

pub(super) fn from_csv(path: &Path, text: &[u8], dataset: &Dataset) -> Result<Split, Error> {
    let text = table_text::utf8(path, text).map_err(|error| match error {
        Error::Content { reason, .. } => Error::content(path, format!("is not a split file: {reason}")),
        error => error,
    })?;
    let (kind, seed, per_class) = text.lines().next().and_then(drawn_with).ok_or_else(|| {
        Error::content(path, format!("is not a split file: its first line must begin with {FIRST_LINE:?}"))
    })?;
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    let broken = |error: csv::Error| Error::content(path, format!("is damaged: {error}"));
    if reader.headers().map_err(broken)? != HEADER.as_slice() {
        return Err(Error::content(path, format!("is damaged: its columns must be {}", HEADER.join(","))));
    }
    let by_file: HashMap<&str, usize> =
        dataset.images.iter().enumerate().map(|(at, image)| (image.file.as_str(), at)).collect();
    let mut items = Vec::new();
    let mut met = HashSet::new();
    let mut part_of_group: HashMap<u32, Part> = HashMap::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let number = record.position().map_or(0, csv::Position::line);
        let wrong = |what: String| Error::content(path, format!("line {number}: {what}"));
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let unknown = |at: usize| wrong(format!("{} is {:?}, which is unknown", HEADER[at], cell(at)));
        let part = Part::ALL.into_iter().find(|part| part.name() == cell(0)).ok_or_else(|| unknown(0))?;
        let class: Class = cell(1).parse().map_err(|_| unknown(1))?;
        let file = cell(2);
        let symmetry = Symmetry::from_name(cell(3)).ok_or_else(|| unknown(3))?;
        let sha256 = sha256_from_hex(cell(4)).ok_or_else(|| unknown(4))?;
        let group: u32 = cell(5).parse().map_err(|_| unknown(5))?;

        let &image = by_file.get(file).ok_or_else(|| {
            wrong(format!(
                "{file} is not in {}; point to the data that the split was drawn from",
                dataset.root.printable()
            ))
        })?;
        let found = &dataset.images[image];
        if found.sha256 != sha256 {
            return Err(wrong(format!(
                "{file} has changed since the split was drawn: its SHA-256 was {}, and is {}; restore it or draw a new split",
                hex(&sha256),
                hex(&found.sha256)
            )));
        }
        if found.class != class {
            return Err(wrong(format!(
                "{file} was of class {class}, but now lies in a folder of class {}",
                found.class
            )));
        }
        if !met.insert((image, symmetry)) {
            return Err(wrong(format!("{file} with symmetry {symmetry} occurs twice")));
        }
        if matches!(kind, SplitKind::Grouped | SplitKind::HeldOut)
            && *part_of_group.entry(group).or_insert(part) != part
        {
            return Err(wrong(format!("group {group} lies on two sides, so the split leaks; draw a new one")));
        }
        items.push(Item { image, symmetry, part });
    }
    let split = Split { kind, seed, per_class, items };
    for part in Part::ALL {
        if split.items(part).next().is_none() {
            return Err(Error::content(path, format!("has no {part} items; it was cut off, draw a new split")));
        }
    }
    Ok(split)
}

fn drawn_with(line: &str) -> Option<(SplitKind, u64, usize)> {
    let mut fields = line.trim().strip_prefix(FIRST_LINE)?.split("; ");
    let name = fields.next()?.strip_prefix("kind=")?;
    let kind = SplitKind::ALL.into_iter().find(|kind| kind.name() == name)?;
    let seed = fields.next()?.strip_prefix("seed=")?.parse().ok()?;
    let per_class = fields.next()?.strip_prefix("per_class=")?.parse().ok()?;
    Some((kind, seed, per_class))
}

pub(super) fn summary(split: &Split, dataset: &Dataset) -> String {
    let mut text = format!("{:<20}", "");
    for class in Class::ALL {
        let _ = write!(text, "{class:>9}");
    }
    let parts: &[Part] = if split.kind == SplitKind::Paper { &[Part::Train, Part::Test] } else { &Part::ALL };
    for &part in parts {
        for (what, wanted) in [("", None), (" pictures", Some(Symmetry::Identity))] {
            if part != Part::Train && wanted.is_some() && split.kind != SplitKind::Paper {
                continue;
            }
            let _ = write!(text, "\n{:<20}", format!("{part}{what}"));
            for class in Class::ALL {
                let counted = split.items(part).filter(|item| {
                    dataset.images[item.image].class == class && wanted.is_none_or(|wanted| wanted == item.symmetry)
                });
                let _ = write!(text, "{:>9}", counted.count());
            }
        }
    }
    let is_counted = |item: &&Item| split.kind == SplitKind::Paper || item.part == Part::Train;
    for class in Class::ALL {
        let count =
            split.items.iter().filter(is_counted).filter(|item| dataset.images[item.image].class == class).count();
        let per_class = split.per_class;
        if count > per_class {
            let _ = write!(text, "\n{class} has {count} pictures, more than {per_class}: all are kept");
        } else if count < per_class {
            let _ = write!(text, "\n{class} has {count} items, fewer than {per_class}: no symmetry is left");
        }
    }
    text
}
