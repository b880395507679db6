//! Quantiles of measured times.

use std::time::Duration;

use serde::Serialize;

/// Quantiles of measured times, in ms.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// Median.
    pub median_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// Minimum.
    pub min_ms: f64,
}

impl Times {
    /// Quantiles of `samples`, which must not be empty; sorts `samples`.
    pub fn of(samples: &mut [Duration]) -> Self {
        samples.sort_unstable();
        let at = |quantile: f64| {
            let place = (quantile * samples.len() as f64).ceil() as usize;
            samples.get(place.saturating_sub(1)).copied().map_or(0.0, ms)
        };
        Self { median_ms: at(0.5), p95_ms: at(0.95), min_ms: at(0.0) }
    }
}

/// A duration in ms.
pub fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_samples() {
        let mut samples: Vec<Duration> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(Times::of(&mut samples), Times { median_ms: 50.0, p95_ms: 95.0, min_ms: 1.0 });
        let mut one = [Duration::from_millis(3)];
        assert_eq!(Times::of(&mut one), Times { median_ms: 3.0, p95_ms: 3.0, min_ms: 3.0 });
    }
}
