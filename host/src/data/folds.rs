//! Which pictures are learned from and which are asked about.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use blastscope_shared::{Class, adaptation::folds};
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

use crate::data::dataset::LabelledImage;

/// Training and test pictures, as positions in [`Dataset::images`](crate::data::dataset::Dataset::images).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// What the test pictures have in common: `fold 1`, `Ben-08`.
    pub name: String,
    /// What is learned from.
    pub train: Vec<usize>,
    /// What is asked about.
    pub test: Vec<usize>,
}

/// A sitting that cannot be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The sitting.
    pub session: String,
    /// The first of its classes that no other sitting shows.
    pub class: Class,
    /// Its pictures, byte-identical ones once.
    pub pictures: usize,
}

/// The folds of [`leave_one_sitting_out`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SittingFolds {
    /// A fold for each sitting that can be left out, by name.
    pub folds: Vec<Fold>,
    /// The sittings that cannot.
    pub impossible: Vec<LeftOut>,
    /// Pictures whose sitting is not known; they are in no fold.
    pub unknown: usize,
}

/// The pictures, byte-identical ones once: the first of each.
#[must_use]
pub fn distinct(images: &[LabelledImage]) -> Vec<usize> {
    let mut met = HashSet::new();
    (0..images.len()).filter(|&at| met.insert(images[at].sha256)).collect()
}

/// `count` folds of single pictures, byte-identical ones once, each class spread evenly.
#[must_use]
pub fn random_folds(images: &[LabelledImage], count: usize, seed: u64) -> Vec<Fold> {
    folds_of(images, distinct(images).into_iter().map(|at| vec![at]).collect(), count, seed)
}

/// `count` folds of whole overlap groups, byte-identical pictures once, each class spread evenly.
#[must_use]
pub fn grouped_folds(images: &[LabelledImage], count: usize, seed: u64) -> Vec<Fold> {
    let mut units: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for at in distinct(images) {
        units.entry(images[at].group).or_default().push(at);
    }
    folds_of(images, units.into_values().collect(), count, seed)
}

fn folds_of(images: &[LabelledImage], mut units: Vec<Vec<usize>>, count: usize, seed: u64) -> Vec<Fold> {
    units.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    folds::filled(units, |at| images[at].class, count)
        .into_iter()
        .enumerate()
        .map(|(at, folds::Fold { train, test })| Fold { name: format!("fold {}", at + 1), train, test })
        .collect()
}

/// For each sitting: learn from the others, ask about it. Byte-identical pictures count once, and pictures that share an overlap
/// group with the sitting left out are not learned from.
///
/// A sitting that alone shows one of its classes cannot be left out: nothing could know that class.
#[must_use]
pub fn leave_one_sitting_out(images: &[LabelledImage]) -> SittingFolds {
    let distinct = distinct(images);
    let mut by_session: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    let mut result = SittingFolds::default();
    for at in distinct {
        match &images[at].session {
            Some(session) => by_session.entry(session).or_default().push(at),
            None => result.unknown += 1,
        }
    }
    for (session, test) in &by_session {
        let groups: HashSet<u32> = test.iter().map(|&at| images[at].group).collect();
        let others = by_session.iter().filter(|(other, _)| *other != session).flat_map(|(_, pictures)| pictures);
        let mut train: Vec<usize> = others.copied().filter(|&at| !groups.contains(&images[at].group)).collect();
        train.sort_unstable();
        let classes: BTreeSet<Class> = test.iter().map(|&at| images[at].class).collect();
        let lost = classes.into_iter().find(|&class| !train.iter().any(|&at| images[at].class == class));
        match lost {
            Some(class) => {
                result.impossible.push(LeftOut { session: (*session).to_string(), class, pictures: test.len() });
            }
            None => result.folds.push(Fold { name: (*session).to_string(), train, test: test.clone() }),
        }
    }
    result
}
/// The folds of [`leave_one_sitting_out`], a benign and a malignant one at a time, in the order of their names: a stand-in for another
/// clinic, of whose slides nothing was learned from. Sittings without a partner are left out alone.
#[must_use]
pub fn leave_two_sittings_out(images: &[LabelledImage]) -> SittingFolds {
    let mut result = leave_one_sitting_out(images);
    let malignant = |fold: &Fold| fold.test.iter().any(|&at| images[at].class.is_malignant());
    let (malignant, benign): (Vec<Fold>, Vec<Fold>) =
        std::mem::take(&mut result.folds).into_iter().partition(malignant);
    let (mut malignant, mut benign) = (malignant.into_iter(), benign.into_iter());
    loop {
        match (benign.next(), malignant.next()) {
            (Some(one), Some(other)) => {
                let learned: HashSet<usize> = other.train.into_iter().collect();
                let mut test = [one.test, other.test].concat();
                test.sort_unstable();
                let train = one.train.into_iter().filter(|at| learned.contains(at)).collect();
                result.folds.push(Fold { name: format!("{}+{}", one.name, other.name), train, test });
            }
            (Some(alone), None) | (None, Some(alone)) => result.folds.push(alone),
            (None, None) => return result,
        }
    }
}
