//! Area under the receiver operating characteristic.

/// A case's score, for [`area`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Case {
    /// The value it is ranked by.
    pub score: f32,
    /// Index of its weight.
    pub cluster: usize,
    /// Whether it should have the higher score.
    pub positive: bool,
}

/// Sorts cases by score, as [`area`] expects them.
pub fn sort(cases: &mut [Case]) {
    cases.sort_by(|one, other| one.score.total_cmp(&other.score));
}

/// The chance that a positive case scores higher than a negative one, 0..=1, ties counting half (Mann and Whitney, 1947). Each case
/// has its cluster's weight. `None` when a side is empty.
///
/// `sorted` is in the order of [`sort`].
#[must_use]
pub fn area(sorted: &[Case], weights: &[u32]) -> Option<f64> {
    let (mut below, mut higher, mut all_positive) = (0.0, 0.0, 0.0);
    for equal in sorted.chunk_by(|one, other| one.score == other.score) {
        let mut sides = [0.0; 2];
        for case in equal {
            sides[usize::from(case.positive)] += f64::from(weights[case.cluster]);
        }
        let [negative, positive] = sides;
        higher += positive * (below + negative / 2.0);
        below += negative;
        all_positive += positive;
    }
    (below * all_positive > 0.0).then(|| higher / (below * all_positive))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_counts_pairs_and_ties_half() {
        let case = |(cluster, (score, positive)): (usize, (f32, bool))| Case { score, cluster, positive };
        let scores = [(0.1, false), (0.4, false), (0.6, false), (0.5, true), (0.6, true), (0.9, true), (0.9, true)];
        let mut cases: Vec<Case> = scores.into_iter().enumerate().map(case).collect();
        sort(&mut cases);
        // Of 12 pairs, 10 are in order, one (0.5 against 0.6) is not, and one is a tie.
        assert_eq!(area(&cases, &[1; 7]), Some(10.5 / 12.0));
        // Without the negative 0.6, all are.
        assert_eq!(area(&cases, &[1, 1, 0, 1, 1, 1, 1]), Some(1.0));
        assert_eq!(area(&cases, &[1, 1, 1, 0, 0, 0, 0]), None);
    }
}
