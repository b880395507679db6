//! Percentiles from a histogram of bytes.

/// The smallest value that at least `percent` per cent of the counted bytes do not exceed; 0 if `counts` is empty.
pub(crate) fn percentile(counts: &[u32; 256], percent: u64) -> u8 {
    let counted: u64 = counts.iter().map(|&count| u64::from(count)).sum();
    let wanted = (counted * percent).div_ceil(100);
    let mut seen = 0;
    let reaches = |&count: &u32| {
        seen += u64::from(count);
        seen >= wanted
    };
    counts.iter().position(reaches).map_or(u8::MAX, |value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_first_value_that_enough_stay_within() {
        let mut counts = [0; 256];
        assert_eq!(percentile(&counts, 95), 0);
        (counts[3], counts[7], counts[255]) = (1, 1, 2);
        let of = |percent| percentile(&counts, percent);
        assert_eq!([of(25), of(26), of(50), of(51), of(100)], [3, 7, 7, 255, 255]);
    }
}
