//! From the shares that a classifier gives to its answer.

/// The largest share's label, the first of equals.
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
