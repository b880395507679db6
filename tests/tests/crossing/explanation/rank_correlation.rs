//! How similar two lists of numbers are in their order alone.

/// Spearman's rank correlation of two lists of the same length, -1..=1; equal numbers share the mean of their ranks. `None` when
/// all numbers of a list are equal, so that they have no order.
#[must_use]
pub fn spearman(first: &[f32], second: &[f32]) -> Option<f64> {
    let (first, second) = (ranks(first), ranks(second));
    let mean = (first.len() as f64 + 1.0) / 2.0;
    let (mut both, mut one, mut other) = (0.0, 0.0, 0.0);
    for (a, b) in first.iter().map(|rank| rank - mean).zip(second.iter().map(|rank| rank - mean)) {
        both += a * b;
        one += a * a;
        other += b * b;
    }
    (one > 0.0 && other > 0.0).then(|| both / (one * other).sqrt())
}

/// From 1 for the smallest.
fn ranks(values: &[f32]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for equal in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (equal.len() as f64 + 1.0) / 2.0;
        equal.iter().for_each(|&at| ranks[at] = rank);
        before += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_all_that_counts() {
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[-5.0, 0.0, 900.0]), Some(1.0));
        assert_eq!(spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]), Some(-1.0));
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / sqrt(4.5 * 5).
        let tied = spearman(&[0.0, 1.0, 1.0, 2.0], &[0.0, 1.0, 2.0, 3.0]).expect("an order");
        assert!((tied - 0.9_f64.sqrt()).abs() < 1e-12, "{tied}");
    }

    #[test]
    fn without_an_order_there_is_no_correlation() {
        assert_eq!(spearman(&[0.0; 3], &[1.0, 2.0, 3.0]), None);
        assert_eq!(spearman(&[], &[]), None);
    }
}
