//! Bootstrap intervals (Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 7, 1979), by cluster if
//! cases belong together (Field and Welsh, "Bootstrapping Clustered Data", JRSS B 69, 2007): whole overlap groups are drawn,
//! because pictures of one place on a slide are not independent cases.

use rand::Rng;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::support::random::stream;

/// Number of resamples, and the seed for drawing them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bootstrap {
    /// Number of resamples, at least 1.
    pub resamples: usize,
    /// The same seed gives the same intervals on every machine.
    pub seed: u64,
}

impl Default for Bootstrap {
    /// 10,000 resamples: the ends of a 95 % interval then vary by about 2 % of its width from seed to seed.
    fn default() -> Self {
        Self { resamples: 10_000, seed: 1 }
    }
}

/// A number with a 95 % percentile interval.
///
/// An interval without width does not mean certainty: every resample gave the same number, as for a class without an error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number over the original cases.
    pub value: f64,
    /// The 2.5 % point of the resamples.
    pub low: f64,
    /// The 97.5 % point of the resamples.
    pub high: f64,
}

impl Bootstrap {
    /// Estimates `N` numbers at once from the same resamples.
    ///
    /// The cases come in clusters, the clusters in `strata` of the given sizes. Each resample draws, with replacement, as many
    /// clusters from a stratum as it has. `statistics` gets how often each cluster was drawn, all strata in a row, and returns the
    /// numbers. A number that is undefined there, such as the sensitivity without a malignant case, is skipped. An estimate is
    /// `None` when the number is undefined for the original cases.
    #[must_use]
    pub fn estimates<const N: usize>(
        &self,
        strata: &[usize],
        statistics: impl Fn(&[u32]) -> [Option<f64>; N] + Sync,
    ) -> [Option<Estimate>; N] {
        let clusters: usize = strata.iter().sum();
        let values = statistics(&vec![1; clusters]);
        let drawn: Vec<[Option<f64>; N]> = (0..self.resamples.max(1))
            .into_par_iter()
            .map_init(
                || vec![0; clusters],
                |times, resample| {
                    self.draw(strata, resample, times);
                    statistics(times)
                },
            )
            .collect();
        std::array::from_fn(|at| {
            let mut resampled: Vec<f64> = drawn.iter().filter_map(|numbers| numbers[at]).collect();
            resampled.sort_unstable_by(f64::total_cmp);
            let value = values[at]?;
            Some(Estimate { value, low: quantile(&resampled, 0.025)?, high: quantile(&resampled, 0.975)? })
        })
    }

    /// How often each cluster is drawn in the `resample`th resample. Each resample has its own random numbers, so threads may take
    /// them in any order.
    fn draw(&self, strata: &[usize], resample: usize, times: &mut [u32]) {
        let mut random = stream(self.seed, resample as u64);
        times.fill(0);
        let mut rest = times;
        for &size in strata {
            let (stratum, others) = rest.split_at_mut(size);
            for _ in 0..size {
                // The upper bits of a product: uniform but for less than one part in 2^32 / size.
                let at = (u64::from(random.next_u32()) * size as u64) >> 32;
                stratum[at as usize] += 1;
            }
            rest = others;
        }
    }
}

/// The `share` quantile of sorted numbers, interpolated between neighbours; `None` without numbers.
fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * last as f64;
    let low = place.floor() as usize;
    let [below, above] = [sorted[low], sorted[(low + 1).min(last)]];
    Some(below + (above - below) * (place - low as f64))
}

/// Numbers the clusters of cases from 0 in the order of first occurrence; returns each case's number, and how many there are.
#[must_use]
pub fn number_clusters(groups: &[u32]) -> (Vec<usize>, usize) {
    let mut numbers = std::collections::HashMap::new();
    let cases = groups
        .iter()
        .map(|group| {
            let next = numbers.len();
            *numbers.entry(*group).or_insert(next)
        })
        .collect();
    (cases, numbers.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean(values: &[f64], times: &[u32]) -> Option<f64> {
        let count: u32 = times.iter().sum();
        let sum: f64 = values.iter().zip(times).map(|(value, &times)| value * f64::from(times)).sum();
        (count > 0).then(|| sum / f64::from(count))
    }

    #[test]
    fn the_interval_of_a_mean_is_the_normal_one() {
        let values: Vec<f64> = (0..400).map(|at| f64::from(u8::from(at % 5 == 0))).collect();
        let [estimate] = Bootstrap::default().estimates(&[values.len()], |times| [mean(&values, times)]);
        let estimate = estimate.expect("a mean");
        let half = 1.96 * (0.2f64 * 0.8 / 400.0).sqrt();
        assert_eq!(estimate.value, 0.2);
        assert!(
            (estimate.low - (0.2 - half)).abs() < 0.003 && (estimate.high - (0.2 + half)).abs() < 0.003,
            "{estimate:?}"
        );
    }

    #[test]
    fn a_seed_decides_and_strata_keep_their_sizes() {
        let bootstrap = |seed| Bootstrap { resamples: 50, seed };
        let record = |seed| {
            bootstrap(seed).estimates(&[3, 5], |times| {
                assert_eq!((times[..3].iter().sum::<u32>(), times[3..].iter().sum::<u32>()), (3, 5));
                [mean(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], times), None]
            })
        };
        let [estimate, undefined] = record(1);
        assert_eq!((estimate, undefined), (record(1)[0], None));
        assert_ne!(estimate, record(2)[0]);
    }

    #[test]
    fn what_is_undefined_in_a_resample_is_left_out() {
        let [estimate] = Bootstrap { resamples: 500, seed: 1 }
            .estimates(&[2], |times| [(times[0] > 0).then(|| f64::from(times[0]))]);
        let estimate = estimate.expect("defined as it is");
        assert_eq!((estimate.value, estimate.low, estimate.high), (1.0, 1.0, 2.0));
    }

    #[test]
    fn clusters_are_numbered_as_they_come() {
        assert_eq!(number_clusters(&[7, 3, 7, 9]), (vec![0, 1, 0, 2], 3));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0, 2.0], 0.25), Some(1.25));
    }
}
