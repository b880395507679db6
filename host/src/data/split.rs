//! Which pictures the network learns from, and which it is measured on.
//!
//! | kind | sides | what a score on it means |
//! | --- | --- | --- |
//! | [`Grouped`](SplitKind::Grouped) | 70/15/15, whole overlap groups | how well new fields of known sittings are told apart |
//! | [`Random`](SplitKind::Random) | 70/15/15, single pictures | the same, made easier by overlapping fields |
//! | [`HeldOut`](SplitKind::HeldOut) | the test part is given; the rest 85/15 | how well held-out fields are told apart |
//! | [`Paper`](SplitKind::Paper) | 80/20, after the augmentation | comparable with Anand et al. 2025 and nothing else |
//!
//! Augmentation: a class with fewer than `per_class` training items gets transformed copies of its pictures, first one of every
//! picture in random order, then a second ...; first with [`Symmetry::PAPER`], then with its combinations.

use std::fmt;

use blastscope_shared::Class;
use clap::ValueEnum;
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

use crate::{
    Error,
    data::{dataset::Dataset, symmetry::Symmetry},
};

mod assign;
mod table;

/// How the pictures are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, ValueEnum, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SplitKind {
    /// Whole overlap groups go to one side, balanced by class and sitting.
    Grouped,
    /// Single pictures, balanced by class and sitting; only byte-identical files stay together.
    Random,
    /// As the reference paper: augmented first, then divided 80 to 20. It leaks.
    Paper,
    /// The test part is given, such as a sitting; whole overlap groups go to one side.
    #[value(skip)]
    HeldOut,
}

impl SplitKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Grouped, Self::Random, Self::Paper, Self::HeldOut];

    /// The name in split files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grouped => "grouped",
            Self::Random => "random",
            Self::Paper => "paper",
            Self::HeldOut => "held-out",
        }
    }

    /// What every reader of a score on a split of this kind must know.
    #[must_use]
    pub fn warning(self) -> Option<&'static str> {
        match self {
            Self::Grouped | Self::HeldOut => None,
            Self::Random => Some(
                "this split ignores overlap groups: fields that show the same cells may lie in training and test, and scores \
                 come out too high; use the grouped split for a number to rely on",
            ),
            Self::Paper => Some(
                "this split leaks: as in the reference paper, pictures were augmented before they were divided, so most test \
                 pictures are turned or mirrored copies of training pictures, and validation and test are the same; scores on \
                 it are comparable with the paper's and say nothing about new fields",
            ),
        }
    }
}

impl fmt::Display for SplitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A side of the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum)]
pub enum Part {
    /// What the network learns from.
    Train,
    /// What stops the training and sets calibration and thresholds.
    Validation,
    /// What is measured once, at the end.
    Test,
}

impl Part {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Test];

    /// The name in split files and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One picture, transformed, on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// Position in [`Dataset::images`].
    pub image: usize,
    /// How it is transformed.
    pub symmetry: Symmetry,
    /// Where it goes.
    pub part: Part,
}

/// A division of a data set. The same data set, kind, seed and `per_class` give the same split on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// How it was divided.
    pub kind: SplitKind,
    /// The seed it was drawn with.
    pub seed: u64,
    /// The number of training items per class after augmentation (all items of a class, for [`SplitKind::Paper`]).
    pub per_class: usize,
    /// The items, sorted by part, picture and symmetry.
    pub items: Vec<Item>,
}

impl Split {
    /// Divides `dataset`.
    ///
    /// # Errors
    /// [`Error::Usage`] when `per_class` is 0; [`Error::Content`] when a class has too few groups for every part.
    pub fn draw(dataset: &Dataset, kind: SplitKind, seed: u64, per_class: usize) -> Result<Self, Error> {
        if per_class == 0 {
            return Err(Error::Usage("the number of training items per class must be at least 1".to_string()));
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut items = Vec::new();
        match kind {
            SplitKind::HeldOut => {
                return Err(Error::Usage("a held-out split needs the pictures to hold out".to_string()));
            }
            SplitKind::Grouped | SplitKind::Random => {
                let parts = assign::parts(dataset, kind, None, &mut random)?;
                items = parted(dataset, &parts, per_class, &mut random);
            }
            SplitKind::Paper => {
                for class in Class::ALL {
                    let mut augmented = augment(&of_class(dataset, class).collect::<Vec<_>>(), per_class, &mut random);
                    if augmented.len() < 5 {
                        return Err(too_few(dataset, class, augmented.len(), "items", 5));
                    }
                    augmented.shuffle(&mut random);
                    let train = (augmented.len() * 4 + 2) / 5;
                    for (at, (image, symmetry)) in augmented.into_iter().enumerate() {
                        items.push(Item { image, symmetry, part: if at < train { Part::Train } else { Part::Test } });
                    }
                }
            }
        }
        items.sort_by_key(|item| (item.part, item.image, item.symmetry));
        Ok(Self { kind, seed, per_class, items })
    }

    /// Holds out the pictures `held_out` as the test part, and divides the rest 85 to 15 into training and validation part, as
    /// `kind` does: [`SplitKind::HeldOut`] by whole overlap groups, or [`SplitKind::Random`].
    ///
    /// # Errors
    /// [`Error::Usage`] when `per_class` is 0, nothing is held out or `kind` is a different one; [`Error::Content`] when a class
    /// has too few groups left.
    pub fn hold_out(
        dataset: &Dataset,
        held_out: &[usize],
        kind: SplitKind,
        seed: u64,
        per_class: usize,
    ) -> Result<Self, Error> {
        if per_class == 0 {
            return Err(Error::Usage("the number of training items per class must be at least 1".to_string()));
        }
        if held_out.is_empty() || !matches!(kind, SplitKind::HeldOut | SplitKind::Random) {
            return Err(Error::Usage("there is nothing to hold out".to_string()));
        }
        let mut is_held_out = vec![false; dataset.images.len()];
        for &image in held_out {
            is_held_out[image] = true;
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let parts = assign::parts(dataset, kind, Some(&is_held_out), &mut random)?;
        let mut items = parted(dataset, &parts, per_class, &mut random);
        items.sort_by_key(|item| (item.part, item.image, item.symmetry));
        Ok(Self { kind, seed, per_class, items })
    }

    /// The items of a part. The paper validates on its test items: for [`SplitKind::Paper`], the validation items are the test
    /// items.
    pub fn items(&self, part: Part) -> impl Iterator<Item = &Item> {
        let part = match (self.kind, part) {
            (SplitKind::Paper, Part::Validation) => Part::Test,
            (_, part) => part,
        };
        self.items.iter().filter(move |item| item.part == part)
    }

    /// A table of item counts, with a remark for every class whose training part could not be brought to [`Self::per_class`] or was
    /// larger to begin with.
    #[must_use]
    pub fn summary(&self, dataset: &Dataset) -> String {
        table::summary(self, dataset)
    }

    /// Writes the split as a table, one line per item, whole or not at all.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be written.
    pub fn write(&self, path: &std::path::Path, dataset: &Dataset) -> Result<(), Error> {
        crate::support::atomic_file::write(path, &table::to_csv(self, dataset)?)
    }

    /// Reads a split and checks it against `dataset`.
    ///
    /// # Errors
    /// Invalid lines, by number; a picture that is missing or whose SHA-256 has changed; a split of kind grouped with a group on
    /// two sides.
    pub fn read(path: &std::path::Path, dataset: &Dataset) -> Result<Self, Error> {
        let text = std::fs::read(path).map_err(Error::io("read", path))?;
        table::from_csv(path, &text, dataset)
    }

    /// SHA-256 of what [`Self::write`] writes, for the network's provenance.
    ///
    /// # Errors
    /// As [`Self::write`], without the file.
    pub fn hash(&self, dataset: &Dataset) -> Result<[u8; 32], Error> {
        use sha2::Digest;
        Ok(sha2::Sha256::digest(table::to_csv(self, dataset)?).into())
    }
}

/// The items of pictures with a part; the training part is augmented to `per_class` per class.
fn parted(dataset: &Dataset, parts: &[Option<Part>], per_class: usize, random: &mut ChaCha8Rng) -> Vec<Item> {
    let mut items = Vec::new();
    for class in Class::ALL {
        let of_part = |part| of_class(dataset, class).filter(move |&image| parts[image] == Some(part));
        for (image, symmetry) in augment(&of_part(Part::Train).collect::<Vec<_>>(), per_class, random) {
            items.push(Item { image, symmetry, part: Part::Train });
        }
        for part in [Part::Validation, Part::Test] {
            items.extend(of_part(part).map(|image| Item { image, symmetry: Symmetry::Identity, part }));
        }
    }
    items
}

fn of_class(dataset: &Dataset, class: Class) -> impl Iterator<Item = usize> {
    dataset.images.iter().enumerate().filter(move |(_, image)| image.class == class).map(|(at, _)| at)
}

/// The pictures themselves, then transformed copies until there are `wanted` items or no symmetry is left.
fn augment(images: &[usize], wanted: usize, random: &mut ChaCha8Rng) -> Vec<(usize, Symmetry)> {
    let mut shuffled: Vec<(usize, Vec<Symmetry>)> = Vec::with_capacity(images.len());
    for &image in images {
        let (mut first, mut then) = (Symmetry::PAPER, Symmetry::COMBINED);
        first.shuffle(random);
        then.shuffle(random);
        shuffled.push((image, first.into_iter().chain(then).collect()));
    }
    shuffled.shuffle(random);
    let copies = Symmetry::ALL.len() - 1;
    let rounds = (0..copies).flat_map(|round| shuffled.iter().map(move |(image, order)| (*image, order[round])));
    let originals = images.iter().map(|&image| (image, Symmetry::Identity));
    originals.chain(rounds).take(wanted.max(images.len())).collect()
}

fn too_few(dataset: &Dataset, class: Class, count: usize, what: &str, needed: usize) -> Error {
    let reason = format!("class {class} has {count} {what}, and at least {needed} are needed; add pictures");
    Error::content(&dataset.root, reason)
}

#[cfg(test)]
mod tests;
