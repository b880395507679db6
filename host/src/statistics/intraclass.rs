//! Intraclass correlation by a one-way analysis of variance: how alike the measurements of one group are. The estimator of Donner and
//! Koval, "The estimation of intraclass correlation in the analysis of family data", Biometrics 36, 1980, for groups of unequal size;
//! the groups are nested in strata whose means are removed first.

/// Sums over the measurements of one group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Number of measurements.
    count: f64,
    /// Their mean.
    mean: f64,
    /// Sum of the squared distances from the mean.
    squares: f64,
}

impl Group {
    /// Of `measurements`; `None` if there are none, or one is not finite.
    #[must_use]
    pub fn new(measurements: &[f64]) -> Option<Self> {
        let count = measurements.len() as f64;
        let mean = measurements.iter().sum::<f64>() / count;
        let squares: f64 = measurements.iter().map(|measurement| (measurement - mean).powi(2)).sum();
        (count > 0.0 && squares.is_finite()).then_some(Self { count, mean, squares })
    }
}

/// The correlation of two measurements of one group, at most 1; below 0 when groups differ less than chance would have it. Each group
/// counts `times` times, all strata in a row.
///
/// `None` with fewer than two groups in every stratum, with one measurement a group, or when all measurements of a stratum are equal.
#[must_use]
pub fn correlation(strata: &[Vec<Group>], times: &[u32]) -> Option<f64> {
    let mut times = times.iter().copied().map(f64::from);
    let (mut groups, mut used, mut fields, mut unequal) = (0.0, 0.0, 0.0, 0.0);
    let (mut between, mut within) = (0.0, 0.0);
    for stratum in strata {
        let weighted: Vec<(f64, Group)> = times.by_ref().zip(stratum.iter().copied()).collect();
        let sum = |of: &dyn Fn(&Group) -> f64| weighted.iter().map(|(times, group)| times * of(group)).sum::<f64>();
        let count = sum(&|group| group.count);
        if count == 0.0 {
            continue;
        }
        let mean = sum(&|group| group.count * group.mean) / count;
        groups += sum(&|_| 1.0);
        used += 1.0;
        fields += count;
        unequal += sum(&|group| group.count.powi(2)) / count;
        between += sum(&|group| group.count * (group.mean - mean).powi(2));
        within += sum(&|group| group.squares);
    }
    let (between_freedom, within_freedom) = (groups - used, fields - groups);
    if between_freedom < 1.0 || within_freedom < 1.0 {
        return None;
    }
    let size = (fields - unequal) / between_freedom;
    let (between, within) = (between / between_freedom, within / within_freedom);
    let total = between + (size - 1.0) * within;
    (total > 0.0).then(|| (between - within) / total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(measurements: &[&[f64]]) -> Vec<Group> {
        measurements.iter().map(|group| Group::new(group).expect("measurements")).collect()
    }

    #[test]
    fn the_example_of_shrout_and_fleiss() {
        // Six targets, four measurements each: Shrout and Fleiss, Psychological Bulletin 86, 1979; ICC(1,1) is 0.17.
        let targets: [&[f64]; 6] = [
            &[9.0, 2.0, 5.0, 8.0],
            &[6.0, 1.0, 3.0, 2.0],
            &[8.0, 4.0, 6.0, 8.0],
            &[7.0, 1.0, 2.0, 6.0],
            &[10.0, 5.0, 6.0, 9.0],
            &[6.0, 2.0, 4.0, 7.0],
        ];
        let found = correlation(&[groups(&targets)], &[1; 6]).expect("a correlation");
        assert!((found - 0.1657).abs() < 1e-4, "{found}");
    }

    #[test]
    fn groups_of_equal_measurements_correlate_fully_and_strata_are_no_correlation() {
        let alike = groups(&[&[1.0, 1.0, 1.0], &[3.0, 3.0], &[4.0, 4.0]]);
        assert_eq!(correlation(std::slice::from_ref(&alike), &[1; 3]), Some(1.0));
        // What tells the strata apart is removed: within each, the groups do not differ.
        let low = groups(&[&[0.0, 1.0], &[0.0, 1.0]]);
        let high = groups(&[&[8.0, 9.0], &[8.0, 9.0]]);
        let found = correlation(&[low, high], &[1; 4]).expect("a correlation");
        assert_eq!(found, -1.0);
        assert!(
            correlation(&[groups(&[&[0.0, 1.0], &[0.0, 1.0], &[8.0, 9.0]])], &[1; 3]).is_some_and(|high| high > 0.9)
        );
    }

    #[test]
    fn groups_count_as_often_as_they_are_drawn() {
        let three = groups(&[&[0.0, 1.0], &[2.0, 4.0, 6.0], &[1.0, 1.5]]);
        let doubled = [three[0], three[0], three[2]].to_vec();
        assert_eq!(correlation(&[three], &[2, 0, 1]), correlation(&[doubled], &[1; 3]));
    }

    #[test]
    fn too_little_has_no_correlation() {
        assert_eq!(Group::new(&[]), None);
        assert_eq!(Group::new(&[1.0, f64::NAN]), None);
        let single = groups(&[&[1.0, 2.0]]);
        assert_eq!(correlation(&[single.clone(), single.clone()], &[1, 1]), None, "one group a stratum");
        assert_eq!(correlation(&[groups(&[&[1.0], &[2.0]])], &[1, 1]), None, "one measurement a group");
        assert_eq!(correlation(&[groups(&[&[1.0, 1.0], &[1.0, 1.0]])], &[1, 1]), None, "nothing varies");
        assert_eq!(correlation(&[single], &[0]), None);
    }
}
