//! What a score on a data set is worth, before a network is trained on it.
//!
//! Four shortcuts make a network look better than it is: copies of one field on both sides of a split ([`copies`]), marks that the
//! camera's program burned in ([`marks`]), colours that differ from class to class, and classes that are sittings at the microscope
//! ([`colour`]). The audit measures what each gives to classifiers that cannot see a cell, and says in words what follows
//! ([`verdict`]).

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::{Mutex, PoisonError},
};

use blastscope_shared::{Class, Preprocessing, RgbPixels};
use serde::Serialize;

use crate::{
    Error, atomic_file,
    colour_baseline::{ColourFeatures, NUMBERS, colour_numbers},
    dataset::{Dataset, LabelledImage, Survey},
    progress::Progress,
    report::NOTICE,
};

pub mod colour;
pub mod copies;
pub mod marks;
mod page;
mod pictures;
mod plots;
mod summary;
pub mod verdict;

use self::{colour::Colour, copies::Copies, marks::Marks, verdict::Verdict};

/// Everything that an audit found.
#[derive(Clone, Debug, Serialize)]
pub struct Audit {
    /// [`NOTICE`].
    pub notice: &'static str,
    /// Version of the program.
    pub version: &'static str,
    /// The folder that holds the class folders.
    pub data: String,
    /// SHA-256 over the readable pictures ([`Dataset::manifest_hash`]), in hexadecimal.
    pub manifest: String,
    /// Whether the program drew the pictures itself.
    pub drawn: bool,
    /// What follows, in words.
    pub verdict: Verdict,
    /// Readable pictures by class.
    pub classes: Vec<ClassCount>,
    /// Overlap groups, and whether a list gave them.
    pub groups: Groups,
    /// Files that look like pictures and cannot be read.
    pub unreadable: Vec<UnreadableFile>,
    /// What was left out and what was taken from deeper folders, in sentences.
    pub remarks: Vec<String>,
    /// Widths and heights in pixels with the number of pictures, most frequent first.
    pub sizes: Vec<SizeCount>,
    /// Sittings with their pictures by class, by name; empty when none is known.
    pub sittings: Vec<Sitting>,
    /// Pictures whose sitting is not known.
    pub without_sitting: usize,
    /// Identical and near-identical pictures.
    pub copies: Copies,
    /// What the corners and edges give away.
    pub marks: Marks,
    /// What colour alone gives away.
    pub colour: Colour,
    /// Pictures for the page.
    #[serde(skip)]
    gallery: pictures::Gallery,
}

/// Pictures of a class.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ClassCount {
    /// The class.
    pub class: Class,
    /// Readable pictures.
    pub pictures: usize,
    /// Of them, different files.
    pub distinct: usize,
    /// Overlap groups.
    pub groups: usize,
    /// Share of all readable pictures, 0..=1.
    pub share: f64,
}

/// Overlap groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Groups {
    /// How many there are.
    pub count: usize,
    /// Whether a list gave them; otherwise the program found identical and near-identical pictures only.
    pub listed: bool,
    /// Groups that hold pictures of several classes.
    pub across_classes: usize,
}

/// A file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadableFile {
    /// Path relative to the class folders' parent.
    pub file: String,
    /// The class of its folder.
    pub class: Class,
    /// Why.
    pub reason: String,
}

/// Pictures of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SizeCount {
    /// Pixels.
    pub width: usize,
    /// Pixels.
    pub height: usize,
    /// How many, by class in the order of [`Class::ALL`].
    pub pictures: [usize; Class::COUNT],
}

/// Pictures of one sitting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sitting {
    /// Its name in the list.
    pub name: String,
    /// How many, by class in the order of [`Class::ALL`].
    pub pictures: [usize; Class::COUNT],
}

impl Sitting {
    /// Number of classes that it shows.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.pictures.iter().filter(|&&pictures| pictures > 0).count()
    }
}

/// What is kept of each picture.
struct Look {
    size: [usize; 2],
    numbers: [f64; NUMBERS],
    patches: marks::Patches,
}

impl Audit {
    /// Audits the pictures in or below `root`; `groups` and layouts are those of [`Dataset::scan`]. Files that cannot be read are
    /// listed and left out of everything else.
    ///
    /// # Errors
    /// A folder without the four classes or without any readable picture, a `groups` file that does not fit.
    pub fn of(root: &Path, groups: Option<&Path>, progress: Progress) -> Result<Self, Error> {
        let preprocessing = Preprocessing::square(marks::GRID as u16);
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
            preprocessing.mask(&mut input);
            let numbers = colour_numbers(&input, &preprocessing);
            Look { size: [pixels.width(), pixels.height()], numbers, patches }
        };
        let Survey { dataset, fingerprints, findings, unreadable, remarks, is_listed } =
            Dataset::survey(root, groups, progress, look)?;
        let sums = sums.map(|sums| sums.into_inner().unwrap_or_else(PoisonError::into_inner).0);
        let sizes = sizes(&dataset, &findings);
        let numbers = findings.iter().map(|look| look.numbers).collect();
        let patches: Vec<marks::Patches> = findings.into_iter().map(|look| look.patches).collect();

        let copies = Copies::of(&dataset, &fingerprints);
        let marks = Marks::of(&dataset, &patches, &sums, preprocessing.mask, progress);
        let colour = Colour::of(&dataset, &ColourFeatures::new(numbers), progress)?;
        let gallery = pictures::Gallery::of(&dataset, &copies, &sums);
        let unreadable = unreadable
            .into_iter()
            .map(|failed| UnreadableFile { file: failed.file, class: failed.class, reason: failed.reason.to_string() })
            .collect();
        let mut audit = Self {
            notice: NOTICE,
            version: env!("CARGO_PKG_VERSION"),
            data: dataset.root.display().to_string(),
            manifest: blastscope_shared::hex(&dataset.manifest_hash()),
            drawn: dataset.drawn,
            verdict: Verdict::default(),
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
        audit.verdict = Verdict::of(&audit);
        Ok(audit)
    }

    /// Readable pictures.
    #[must_use]
    pub fn pictures(&self) -> usize {
        self.classes.iter().map(|class| class.pictures).sum()
    }

    /// A summary for a terminal, at most 100 columns wide.
    #[must_use]
    pub fn summary(&self) -> String {
        summary::text(self)
    }

    /// Everything, for other programs.
    ///
    /// # Errors
    /// None that could occur; the type keeps the caller from having to panic.
    pub fn json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self).map_err(|error| Error::Usage(format!("the audit has no JSON: {error}")))
    }

    /// The audit as a page.
    #[must_use]
    pub fn html(&self) -> String {
        page::report(self).html()
    }

    /// Writes `audit.json` and `audit.html` to `folder`, each whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`] when a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<(), Error> {
        atomic_file::write(&folder.join("audit.json"), format!("{}\n", self.json()?).as_bytes())?;
        page::report(self).write_html(&folder.join("audit.html"))
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

#[cfg(test)]
mod tests;
