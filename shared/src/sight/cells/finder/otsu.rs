//! The threshold between two kinds of pixels (Otsu, "A threshold selection method from gray-level histograms", 1979).

/// Steps of the histogram.
const STEPS: usize = 256;

/// The value up to which pixels belong to the lower kind, so that the variance between the kinds is largest. 0 if all values are equal
/// or there are none.
pub(super) fn threshold(values: &[u16]) -> u16 {
    let highest = values.iter().copied().max().map_or(0, usize::from);
    let step = highest / STEPS + 1;
    let mut counts = [0u64; STEPS];
    for &value in values {
        counts[usize::from(value) / step] += 1;
    }
    let total = values.len() as u64;
    let sum: u64 = (0u64..).zip(counts).map(|(at, count)| at * count).sum();
    let (mut below, mut sum_below) = (0, 0);
    let (mut best, mut largest) = (0, 0);
    for (at, count) in (0u64..).zip(counts) {
        below += count;
        sum_below += at * count;
        if below == 0 || below == total {
            continue;
        }
        // The variance between the kinds, times the square of `total`.
        let difference = u128::from((sum_below * total).abs_diff(sum * below));
        let variance = difference * difference / u128::from(below * (total - below));
        if variance > largest {
            (best, largest) = ((at as usize + 1) * step - 1, variance);
        }
    }
    best as u16
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn it_lies_between_two_kinds() {
        let values: Vec<u16> = [20, 25, 30, 22].repeat(50).into_iter().chain([900, 910, 930].repeat(9)).collect();
        assert!((30..900).contains(&threshold(&values)), "{}", threshold(&values));
    }

    #[test]
    fn it_is_that_of_the_definition() {
        let values: Vec<u16> = (0..400u32).map(|at| (at * at % 251) as u16).collect();
        let found = threshold(&values);
        let between = |limit: u16| {
            let (low, high): (Vec<f64>, Vec<f64>) =
                values.iter().map(|&v| f64::from(v)).partition(|&v| v <= f64::from(limit));
            let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
            low.len() as f64 * high.len() as f64 * (mean(&low) - mean(&high)).powi(2)
        };
        let best = (0..250).map(between).fold(0.0, f64::max);
        assert!((between(found) - best).abs() < 1e-9 * best, "{found}");
    }

    #[test]
    fn a_flat_field_has_none() {
        assert_eq!(threshold(&[7; 100]), 0);
        assert_eq!(threshold(&[]), 0);
    }
}
