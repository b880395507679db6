//! Rates with Wilson's score interval (E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
//! JASA 22, 1927). Unlike the usual normal interval, it stays sensible near 0 and 1 and for few cases.

use alloc::{
    format,
    string::{String, ToString as _},
};
use core::fmt;

use serde::{Deserialize, Serialize};

/// The 97.5 % quantile of the normal distribution: 95 % two-sided.
const Z: f64 = 1.959_963_984_540_054;

/// `hits` out of `of` cases, with a 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rate {
    /// Number of hits.
    pub hits: usize,
    /// Number of cases.
    pub of: usize,
    /// `hits / of`, 0..=1; `None` without cases.
    pub value: Option<f64>,
    /// Lower end of the 95 % interval, 0..=1; 0 without cases.
    pub low: f64,
    /// Upper end of the 95 % interval, 0..=1; 1 without cases.
    pub high: f64,
}

impl Rate {
    /// The rate and its interval. `hits` is capped at `of`.
    #[must_use]
    pub fn new(hits: usize, of: usize) -> Self {
        let hits = hits.min(of);
        if of == 0 {
            return Self { hits, of, value: None, low: 0.0, high: 1.0 };
        }
        let cases = of as f64;
        let rate = hits as f64 / cases;
        let square = Z * Z / cases;
        let middle = rate + square / 2.0;
        let half = Z * libm::sqrt(rate * (1.0 - rate) / cases + square / (4.0 * cases));
        // The ends are exactly 0 and 1 here, without rounding errors.
        let low = if hits == 0 { 0.0 } else { (middle - half) / (1.0 + square) };
        let high = if hits == of { 1.0 } else { (middle + half) / (1.0 + square) };
        Self { hits, of, value: Some(rate), low, high }
    }

    /// The rate in percent with one decimal, `-` without cases.
    #[must_use]
    pub fn percent(&self) -> String {
        self.value.map_or_else(|| "-".to_string(), |value| format!("{:.1} %", value * 100.0))
    }

    /// The interval in percent: `94.1 to 97.9 %`.
    #[must_use]
    pub fn interval(&self) -> String {
        format!("{:.1} to {:.1} %", self.low * 100.0, self.high * 100.0)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({} of {}, 95 % interval {})", self.percent(), self.hits, self.of, self.interval())
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
            let rate = Rate::new(hits, of);
            assert!((rate.low - low).abs() < 5e-5 && (rate.high - high).abs() < 5e-5, "{hits}/{of}: {rate:?}");
            let mirrored = Rate::new(of - hits, of);
            assert!((mirrored.low - (1.0 - high)).abs() < 5e-5 && (mirrored.high - (1.0 - low)).abs() < 5e-5);
        }
    }

    #[test]
    fn the_ends_are_exact_and_no_cases_say_nothing() {
        assert_eq!(Rate::new(0, 7).low, 0.0);
        assert_eq!(Rate::new(7, 7).high, 1.0);
        let nothing = Rate::new(0, 0);
        assert_eq!((nothing.value, nothing.low, nothing.high), (None, 0.0, 1.0));
        assert_eq!(nothing.percent(), "-");
        assert_eq!(Rate::new(1, 2).to_string(), "50.0 % (1 of 2, 95 % interval 9.5 to 90.5 %)");
    }
}
