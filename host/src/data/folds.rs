//! Which pictures to learn from and which to ask about.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use blastscope_shared::{Class, adaptation::folds};
use rand::{SeedableRng, rngs::ChaCha8Rng, seq::SliceRandom};

use crate::data::dataset::LabelledImage;

/// Training and test pictures, as positions in [`Dataset::images`](crate::data::dataset::Dataset::images).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// What the test pictures have in common: `fold 1`, `Ben-08`.
    pub name: String,
    /// Pictures to learn from.
    pub train: Vec<usize>,
    /// Pictures to ask about.
    pub test: Vec<usize>,
}

/// A sitting that cannot be left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The sitting.
    pub session: String,
    /// The first of its classes that no other sitting shows.
    pub class: Class,
    /// Number of its pictures, byte-identical ones counted once.
    pub pictures: usize,
}

/// The folds of [`leave_one_sitting_out`].
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SittingFolds {
    /// A fold for each sitting that can be left out, by name.
    pub folds: Vec<Fold>,
    /// The sittings that cannot be left out.
    pub impossible: Vec<LeftOut>,
    /// Pictures without a known sitting; they are in no fold.
    pub unknown: usize,
}

/// The pictures without byte-identical copies: the first of each.
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
/// group with the left-out sitting are not learned from.
///
/// A sitting that alone shows one of its classes cannot be left out: no classifier could know that class.
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
/// The folds of [`leave_one_sitting_out`], one benign and one malignant at a time, in the order of their names: a stand-in for
/// another clinic, whose slides nothing was learned from. Sittings without a partner are left out alone.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Pictures of given class, group, session and content.
    fn images(list: &[(Class, u32, &str, u8)]) -> Vec<LabelledImage> {
        let image = |(at, (class, group, session, content)): (usize, &(Class, u32, &str, u8))| LabelledImage {
            file: format!("{at:03}"),
            class: *class,
            sha256: [*content; 32],
            group: *group,
            session: (!session.is_empty()).then(|| (*session).to_string()),
        };
        list.iter().enumerate().map(image).collect()
    }

    #[test]
    fn folds_test_every_distinct_picture_once_and_keep_groups_together() {
        let list: Vec<(Class, u32, &str, u8)> =
            (0..60u8).map(|at| (Class::ALL[usize::from(at / 15)], u32::from(at / 3), "", at.min(57))).collect();
        let images = images(&list);
        for (folds, grouped) in [(random_folds(&images, 5, 1), false), (grouped_folds(&images, 5, 1), true)] {
            assert_eq!(folds.len(), 5);
            let mut tested: Vec<usize> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
            tested.sort_unstable();
            assert_eq!(tested, (0..58).collect::<Vec<_>>());
            for fold in &folds {
                assert_eq!(fold.train.len() + fold.test.len(), 58);
                for class in Class::ALL {
                    assert!(fold.test.iter().any(|&at| images[at].class == class), "{class} in {}", fold.name);
                }
                let leaks =
                    fold.test.iter().any(|&test| fold.train.iter().any(|&at| images[at].group == images[test].group));
                assert_eq!(leaks, !grouped);
            }
        }
        assert_eq!(random_folds(&images, 5, 1), random_folds(&images, 5, 1));
        assert_ne!(random_folds(&images, 5, 1), random_folds(&images, 5, 2));
    }

    #[test]
    fn a_sitting_that_alone_shows_a_class_is_named() {
        use Class::{Benign, Pre, Pro};
        let images = images(&[
            (Benign, 0, "b1", 0),
            (Benign, 1, "b1", 0),
            (Benign, 2, "b2", 2),
            (Benign, 3, "b3", 3),
            (Pre, 4, "p1", 4),
            (Pre, 5, "p2", 5),
            (Pre, 4, "p2", 6),
            (Pro, 7, "q", 7),
            (Pro, 8, "", 8),
        ]);
        let SittingFolds { folds, impossible, unknown } = leave_one_sitting_out(&images);
        assert_eq!(folds.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["b1", "b2", "b3", "p1"]);
        assert_eq!((&folds[0].test, &folds[0].train), (&vec![0], &vec![2, 3, 4, 5, 6, 7]));
        // Picture 6 shares a group with the left-out sitting.
        assert_eq!((&folds[3].test, &folds[3].train), (&vec![4], &vec![0, 2, 3, 5, 7]));
        // Without picture 4, which shares that group with p2, nothing would show Pre to p2.
        let left = |session: &str, class, pictures| LeftOut { session: session.to_string(), class, pictures };
        assert_eq!(impossible, [left("p2", Pre, 2), left("q", Pro, 1)]);
        assert_eq!(unknown, 1);

        let pairs = leave_two_sittings_out(&images);
        assert_eq!(pairs.folds.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["b1+p1", "b2", "b3"]);
        assert_eq!((&pairs.folds[0].test, &pairs.folds[0].train), (&vec![0, 4], &vec![2, 3, 5, 7]));
        assert_eq!(pairs.folds[1..], folds[1..3]);
        assert_eq!(pairs.impossible, impossible);
    }
}
