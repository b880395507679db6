//! Shares of fields with Wilson's score interval (E. B. Wilson, "Probable inference, the law of succession, and statistical
//! inference", JASA 22, 1927), which stays sensible for few fields and near 0 and 1.

use blastscope_shared::Class;
use serde::Serialize;

use crate::{classify::ByClass, record::Tally};

/// The normal distribution's 97.5 % point: 95 % two-sided.
const Z: f64 = 1.959_963_984_540_054;

/// `hits` of `of` fields with a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Share {
    pub(super) hits: u64,
    pub(super) of: u64,
    /// Lower end, 0..=1; 0 without fields.
    pub(super) low: f64,
    /// Upper end, 0..=1; 1 without fields.
    pub(super) high: f64,
}

impl Share {
    pub(super) fn new(hits: u64, of: u64) -> Self {
        if of == 0 {
            return Self { hits, of, low: 0.0, high: 1.0 };
        }
        let cases = of as f64;
        let (rate, square) = (hits as f64 / cases, Z * Z / cases);
        let middle = rate + square / 2.0;
        let half = Z * (rate * (1.0 - rate) / cases + square / (4.0 * cases)).sqrt();
        // The ends are exactly 0 and 1 there; rounding would leave crumbs.
        let low = if hits == 0 { 0.0 } else { (middle - half) / (1.0 + square) };
        let high = if hits == of { 1.0 } else { (middle + half) / (1.0 + square) };
        Self { hits, of, low, high }
    }
}

/// Shares of the fields that have a class.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Shares {
    classes: ByClass<Share>,
    /// Early, Pre and Pro together.
    malignant: Share,
}

impl Shares {
    pub(super) fn of(tally: &Tally) -> Self {
        let named: u64 = tally.classes.iter().sum();
        let malignant = Class::ALL.into_iter().filter(|class| class.is_malignant());
        let malignant = malignant.map(|class| tally.classes[class.index()]).sum();
        let classes = ByClass(tally.classes.map(|hits| Share::new(hits, named)));
        Self { classes, malignant: Share::new(malignant, named) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, table I,
    /// method 3.
    #[test]
    fn the_interval_is_the_published_one() {
        for (hits, of, low, high) in
            [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
        {
            let share = Share::new(hits, of);
            assert!((share.low - low).abs() < 5e-5 && (share.high - high).abs() < 5e-5, "{hits}/{of}: {share:?}");
        }
        assert_eq!((Share::new(0, 0).low, Share::new(0, 0).high, Share::new(5, 5).high), (0.0, 1.0, 1.0));
    }

    #[test]
    fn shares_are_of_the_fields_with_a_class() {
        let tally = Tally { classes: [6, 1, 2, 3], abstained: 9, rejected: 4, settling: 0, not_assessable: 1 };
        let Shares { classes: ByClass(classes), malignant } = Shares::of(&tally);
        assert_eq!(classes[0], Share::new(6, 12));
        assert_eq!(malignant, Share::new(6, 12));
    }
}
