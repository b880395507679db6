//! From a classifier's shares to its answer.

/// The label with the largest share, the first of equals.
#[must_use]
pub fn answer(shares: &[f32]) -> usize {
    let mut best = 0;
    for (label, share) in shares.iter().enumerate() {
        if *share > shares[best] {
            best = label;
        }
    }
    best
}
