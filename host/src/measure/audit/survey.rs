//! One pass over the pictures, and everything computed from it.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::{Mutex, PoisonError},
};

use blastscope_shared::{Class, Framing, RgbPixels};

use super::{
    Audit, ClassCount, Groups, Sitting, SizeCount, UnreadableFile,
    colour::Colour,
    conclusion::Conclusion,
    copies::Copies,
    marks::{self, Marks},
    pictures,
};
use crate::{
    Error,
    data::dataset::{Dataset, LabelledImage, Survey},
    measure::colour_baseline::{ColourFeatures, NUMBERS, colour_numbers},
    support::{notice::RESEARCH_USE_ONLY, progress::Progress},
};

/// What is kept of each picture.
struct Look {
    size: [usize; 2],
    numbers: [f64; NUMBERS],
    patches: marks::Patches,
}

impl Audit {
    /// Audits the pictures in or below `root`; `groups` and layouts are as in [`Dataset::scan`]. Unreadable files are listed and
    /// otherwise left out.
    ///
    /// # Errors
    /// A folder without the four classes or without any readable picture, a `groups` file that does not fit.
    pub fn of(root: &Path, groups: Option<&Path>, progress: Progress) -> Result<Self, Error> {
        let framing = Framing::square(marks::GRID as u16);
        let whole = marks::unmasked();
        let sums: [Mutex<(marks::Sums, HashSet<[u8; 32]>)>; Class::COUNT] = Default::default();
        let look = |image: &LabelledImage, pixels: &RgbPixels| {
            let mut input = whole.apply(pixels);
            {
                let mut sums = sums[image.class.index()].lock().unwrap_or_else(PoisonError::into_inner);
                if sums.1.insert(image.sha256) {
                    sums.0.add(&input);
                }
            }
            let patches = marks::Patches::of(&input);
            framing.mask(&mut input);
            let numbers = colour_numbers(&input, &framing);
            Look { size: [pixels.width(), pixels.height()], numbers, patches }
        };
        let Survey { dataset, fingerprints, findings, unreadable, remarks, is_listed } =
            Dataset::survey(root, groups, progress, look)?;
        let sums = sums.map(|sums| sums.into_inner().unwrap_or_else(PoisonError::into_inner).0);
        let sizes = sizes(&dataset, &findings);
        let numbers = findings.iter().map(|look| look.numbers).collect();
        let patches: Vec<marks::Patches> = findings.into_iter().map(|look| look.patches).collect();

        let copies = Copies::of(&dataset, &fingerprints);
        let marks = Marks::of(&dataset, &patches, &sums, framing.mask, progress);
        let colour = Colour::of(&dataset, &ColourFeatures::new(numbers), progress)?;
        let gallery = pictures::Gallery::of(&dataset, &copies, &sums);
        let unreadable = unreadable
            .into_iter()
            .map(|failed| UnreadableFile { file: failed.file, class: failed.class, reason: failed.reason.to_string() })
            .collect();
        let mut audit = Self {
            notice: RESEARCH_USE_ONLY,
            version: env!("CARGO_PKG_VERSION"),
            data: dataset.root.display().to_string(),
            manifest: blastscope_shared::hex(&dataset.manifest_hash()),
            drawn: dataset.drawn,
            verdict: Conclusion::default(),
            classes: classes(&dataset),
            groups: group_counts(&dataset, is_listed),
            unreadable,
            remarks,
            sizes,
            sittings: sittings(&dataset),
            without_sitting: dataset.images.iter().filter(|image| image.session.is_none()).count(),
            copies,
            marks,
            colour,
            gallery,
        };
        audit.verdict = Conclusion::of(&audit);
        Ok(audit)
    }
}

fn classes(dataset: &Dataset) -> Vec<ClassCount> {
    let of_class = |class: Class| {
        let images = dataset.images.iter().filter(move |image| image.class == class);
        let pictures = images.clone().count();
        ClassCount {
            class,
            pictures,
            distinct: images.clone().map(|image| image.sha256).collect::<HashSet<_>>().len(),
            groups: images.map(|image| image.group).collect::<HashSet<_>>().len(),
            share: pictures as f64 / dataset.images.len().max(1) as f64,
        }
    };
    Class::ALL.map(of_class).to_vec()
}

fn group_counts(dataset: &Dataset, listed: bool) -> Groups {
    let mut classes: BTreeMap<u32, HashSet<Class>> = BTreeMap::new();
    for image in &dataset.images {
        classes.entry(image.group).or_default().insert(image.class);
    }
    let across_classes = classes.values().filter(|classes| classes.len() > 1).count();
    Groups { count: classes.len(), listed, across_classes }
}

fn sizes(dataset: &Dataset, looks: &[Look]) -> Vec<SizeCount> {
    let mut counts: BTreeMap<[usize; 2], [usize; Class::COUNT]> = BTreeMap::new();
    for (image, look) in dataset.images.iter().zip(looks) {
        counts.entry(look.size).or_default()[image.class.index()] += 1;
    }
    let mut sizes: Vec<SizeCount> =
        counts.into_iter().map(|([width, height], pictures)| SizeCount { width, height, pictures }).collect();
    sizes.sort_by_key(|size| std::cmp::Reverse(size.pictures.iter().sum::<usize>()));
    sizes
}

fn sittings(dataset: &Dataset) -> Vec<Sitting> {
    let mut counts: BTreeMap<&str, [usize; Class::COUNT]> = BTreeMap::new();
    for image in &dataset.images {
        if let Some(session) = &image.session {
            counts.entry(session).or_default()[image.class.index()] += 1;
        }
    }
    counts.into_iter().map(|(name, pictures)| Sitting { name: name.to_string(), pictures }).collect()
}
