//! Splits fields into training and test parts for cross-validation.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use crate::Class;

/// One fold: indices of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Training fields, ascending.
    pub train: Vec<usize>,
    /// Test fields, ascending.
    pub test: Vec<usize>,
}

/// At most `count` folds (at least 2) of whole `units`, which are lists of field indices. Each unit goes to the fold with the
/// fewest fields so far of the class of its first field. Empty folds are dropped.
#[must_use]
pub fn filled(units: Vec<Vec<usize>>, class_of: impl Fn(usize) -> Class, count: usize) -> Vec<Fold> {
    let mut filled: BTreeMap<Class, Vec<usize>> = BTreeMap::new();
    let mut tests = vec![Vec::new(); count.max(2)];
    for unit in units {
        let Some(&first) = unit.first() else { continue };
        let of_class = filled.entry(class_of(first)).or_insert_with(|| vec![0; tests.len()]);
        // Ties go to the fold with the fewest fields in total, so that small classes do not all fill the first.
        let fold = (0..tests.len()).min_by_key(|&fold| (of_class[fold], tests[fold].len())).unwrap_or(0);
        of_class[fold] += unit.len();
        tests[fold].extend(unit);
    }
    tests.iter_mut().for_each(|test| test.sort_unstable());
    let train = |out: usize| -> Vec<usize> {
        let others = tests.iter().enumerate().filter(|(at, _)| *at != out);
        let mut train: Vec<usize> = others.flat_map(|(_, test)| test).copied().collect();
        train.sort_unstable();
        train
    };
    (0..tests.len())
        .filter(|&at| !tests[at].is_empty())
        .map(|at| Fold { train: train(at), test: tests[at].clone() })
        .collect()
}

/// At most `count` folds of whole groups; `of` gives each field's class and group.
#[must_use]
pub fn grouped(of: &[(Class, u32)], count: usize) -> Vec<Fold> {
    let mut units: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (at, (_, group)) in of.iter().enumerate() {
        units.entry(*group).or_default().push(at);
    }
    filled(units.into_values().collect(), |at| of[at].0, count)
}

/// Whether each class comes from at least two groups, so that [`grouped`] leaves something to learn from; `of` gives each field's
/// class and group. Otherwise single fields are left out, and the results are better than they will be on the next slide.
#[must_use]
pub fn groups_suffice(of: &[(Class, u32)]) -> bool {
    let mut first: BTreeMap<Class, u32> = BTreeMap::new();
    let mut alone: BTreeMap<Class, bool> = BTreeMap::new();
    for (class, group) in of {
        let is_first = *first.entry(*class).or_insert(*group) == *group;
        *alone.entry(*class).or_insert(true) &= is_first;
    }
    alone.values().all(|alone| !alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_stay_whole_and_classes_are_spread() {
        let of: Vec<(Class, u32)> = (0..60).map(|at| (Class::ALL[at % 2], (at / 3) as u32)).collect();
        let folds = grouped(&of, 5);
        assert_eq!(folds.len(), 5);
        let mut tested: Vec<usize> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..60).collect::<Vec<_>>());
        for fold in &folds {
            assert!((9..=15).contains(&fold.test.len()), "{fold:?}");
            for &at in &fold.test {
                assert!(fold.train.iter().all(|&other| of[other].1 != of[at].1), "group of {at} is on both sides");
            }
        }
    }

    #[test]
    fn whole_groups_are_left_out_where_each_class_has_two() {
        let (benign, early) = (Class::Benign, Class::Early);
        assert!(groups_suffice(&[(benign, 0), (benign, 1), (early, 2), (early, 0)]));
        assert!(!groups_suffice(&[(benign, 0), (benign, 1), (early, 2), (early, 2)]));
        assert!(groups_suffice(&[]));
    }

    #[test]
    fn one_group_is_one_fold_with_nothing_to_learn_from() {
        let folds = grouped(&[(Class::Pre, 7), (Class::Pre, 7)], 5);
        assert_eq!(folds, [Fold { train: vec![], test: vec![0, 1] }]);
    }
}
