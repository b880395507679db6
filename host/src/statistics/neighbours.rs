//! The vote of the nearest training pictures.

use super::standard::Standard;
use crate::Error;

/// Number of training pictures that vote.
pub const NEIGHBOURS: usize = 5;

/// Training pictures as points in the standardized space of their numbers.
#[derive(Clone, Debug)]
pub struct NearestNeighbours {
    standard: Standard,
    points: Vec<(Vec<f64>, usize)>,
    labels: usize,
    neighbours: usize,
}

impl NearestNeighbours {
    /// Standardizes the training pictures, each given by its numbers and its label in `0..labels`; `neighbours` of them vote.
    ///
    /// # Errors
    /// [`Error::Usage`] with fewer than `neighbours` pictures, when pictures differ in the number of numbers, or a label is beyond
    /// `labels`.
    pub fn fit(train: &[(&[f64], usize)], labels: usize, neighbours: usize) -> Result<Self, Error> {
        let standard = Standard::fit(train, neighbours)?;
        check_labels(train, labels)?;
        let points = train.iter().map(|(numbers, label)| (standard.apply(numbers), *label)).collect();
        Ok(Self { standard, points, labels, neighbours })
    }

    /// The shares of the votes, by label. Among labels with equally many votes, the one with the nearest picture wins: it gets a
    /// thousandth of a vote more.
    #[must_use]
    pub fn shares(&self, numbers: &[f64]) -> Vec<f32> {
        let place = self.standard.apply(numbers);
        let mut nearest: Vec<(f64, usize)> = Vec::with_capacity(self.neighbours + 1);
        for (point, label) in &self.points {
            let distance: f64 = point.iter().zip(&place).map(|(one, other)| (one - other).powi(2)).sum();
            if nearest.len() == self.neighbours && nearest.last().is_none_or(|(farthest, _)| distance >= *farthest) {
                continue;
            }
            let at = nearest.partition_point(|(other, _)| *other <= distance);
            nearest.insert(at, (distance, *label));
            nearest.truncate(self.neighbours);
        }
        let mut votes = vec![0.0; self.labels];
        for (_, label) in &nearest {
            votes[*label] += 1.0;
        }
        let most = votes.iter().copied().fold(0.0, f32::max);
        if let Some((_, winner)) = nearest.iter().find(|(_, label)| votes[*label] == most) {
            votes[*winner] += 0.001;
        }
        let sum: f32 = votes.iter().sum();
        votes.iter().map(|vote| vote / sum).collect()
    }
}

pub(super) fn check_labels(train: &[(&[f64], usize)], labels: usize) -> Result<(), Error> {
    match train.iter().find(|(_, label)| *label >= labels) {
        Some((_, label)) => Err(Error::Usage(format!("label {label} is not one of {labels}"))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use blastscope_shared::Class;

    use super::*;
    use crate::statistics::answer::answer;

    fn grey(value: f64) -> [f64; 6] {
        [value, value, value, 1.0, 1.0, 1.0]
    }

    #[test]
    fn the_nearest_vote_and_break_ties() {
        let places = [0.0, 1.0, 10.0, 11.0, 5.9, 90.0].map(grey);
        let labels = [Class::Benign, Class::Benign, Class::Pre, Class::Pre, Class::Pro, Class::Early].map(Class::index);
        let training: Vec<(&[f64], usize)> = places.iter().map(|place| &place[..]).zip(labels).collect();
        let baseline = NearestNeighbours::fit(&training, 4, NEIGHBOURS).expect("fitted");
        let shares = baseline.shares(&grey(6.0));
        assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert!(shares[Class::Pre.index()] > shares[Class::Benign.index()], "{shares:?}");
        let shares = baseline.shares(&grey(4.0));
        assert!(shares[Class::Benign.index()] > shares[Class::Pre.index()], "{shares:?}");
        let near = grey(88.0);
        assert_eq!(
            answer(&NearestNeighbours::fit(&training, 4, 1).expect("fitted").shares(&near)),
            Class::Early.index()
        );
        assert!(NearestNeighbours::fit(&training[..4], 4, NEIGHBOURS).is_err());
        assert!(NearestNeighbours::fit(&training, 3, NEIGHBOURS).is_err());
    }
}
