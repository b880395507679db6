//! Identical and near-identical pictures, including turned and mirrored ones.

use std::collections::BTreeMap;

use blastscope_shared::Class;
use serde::Serialize;

use crate::data::{
    dataset::{
        Dataset,
        duplicates::{self, Fingerprint},
    },
    folds::distinct,
    symmetry::Symmetry,
};

/// Most pairs that are listed; all are counted.
pub const MOST_LISTED: usize = 2000;

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Copies {
    /// Pictures beyond the first of each content: this many files could be deleted without losing a pixel.
    pub surplus: usize,
    /// Pairs of identical files of one class, each file paired with the first of its content.
    pub identical_within: usize,
    /// Pairs of identical files with different classes: at least one label is wrong.
    pub identical_across: usize,
    /// Pairs of different files of one class that show nearly the same.
    pub near_within: usize,
    /// Pairs of different files with different classes that show nearly the same.
    pub near_across: usize,
    /// Of the near pairs, those that match best when one is turned or mirrored.
    pub near_transformed: usize,
    /// The pairs, those across classes first, then identical ones; at most [`MOST_LISTED`].
    pub pairs: Vec<CopyPair>,
}

/// Two pictures of the same field.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CopyPair {
    /// File and class of the first.
    pub one: (String, Class),
    /// File and class of the second.
    pub other: (String, Class),
    /// Whether the files are identical byte for byte.
    pub identical: bool,
    /// Differing bits of the perceptual hash, 0..=10.
    pub distance: u32,
    /// The symmetry that turns the second into the first: `identity`, `rotate-right` ...
    pub symmetry: &'static str,
}

impl CopyPair {
    /// Whether the classes differ.
    #[must_use]
    pub fn is_across(&self) -> bool {
        self.one.1 != self.other.1
    }
}

impl Copies {
    /// Compares all pictures; `fingerprints` are in the order of [`Dataset::images`].
    #[must_use]
    pub fn of(dataset: &Dataset, fingerprints: &[Fingerprint]) -> Self {
        let images = &dataset.images;
        let first = distinct(images);
        let pair = |one: usize, other: usize, identical, distance, symmetry: Symmetry| CopyPair {
            one: (images[one].file.clone(), images[one].class),
            other: (images[other].file.clone(), images[other].class),
            identical,
            distance,
            symmetry: symmetry.name(),
        };
        let by_content: BTreeMap<[u8; 32], usize> = first.iter().map(|&at| (images[at].sha256, at)).collect();
        let mut pairs: Vec<CopyPair> = images
            .iter()
            .enumerate()
            .filter_map(|(at, image)| by_content.get(&image.sha256).map(|&first| (first, at)))
            .filter(|(first, at)| first != at)
            .map(|(first, at)| pair(first, at, true, 0, Symmetry::Identity))
            .collect();
        let prints: Vec<Fingerprint> = first.iter().map(|&at| fingerprints[at]).collect();
        pairs.extend(
            duplicates::pairs(&prints)
                .into_iter()
                .map(|near| pair(first[near.one], first[near.other], false, near.distance, near.symmetry)),
        );
        let count = |identical: bool, across: bool| {
            pairs.iter().filter(|pair| pair.identical == identical && pair.is_across() == across).count()
        };
        let mut copies = Self {
            surplus: images.len() - first.len(),
            identical_within: count(true, false),
            identical_across: count(true, true),
            near_within: count(false, false),
            near_across: count(false, true),
            near_transformed: pairs.iter().filter(|pair| pair.symmetry != Symmetry::Identity.name()).count(),
            pairs: Vec::new(),
        };
        pairs.sort_by_key(|pair| (!pair.is_across(), !pair.identical, pair.distance));
        pairs.truncate(MOST_LISTED);
        copies.pairs = pairs;
        copies
    }

    /// All pairs.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.identical_within + self.identical_across + self.near_within + self.near_across
    }

    /// Pairs with different classes.
    #[must_use]
    pub const fn across(&self) -> usize {
        self.identical_across + self.near_across
    }
}
