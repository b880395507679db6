//! The novelty statistics as bytes.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::ArtifactError;
use crate::{
    field::{detail::SIZES, normal::Normal, palette::COLOURS, stain::HUES},
    judge::novelty::{Distances, NoveltyStatistics, Optics},
    label::Class,
    layers::filters::f32s,
};

/// Most stains in a model.
pub const MAX_STAINS: usize = 16;
/// Number of values per normal distribution of `numbers` numbers: mean, then inverse covariance.
const fn normal_len(numbers: usize) -> usize {
    numbers * (1 + numbers)
}

/// [`NoveltyStatistics`] as stored in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Novelty<'a> {
    /// `f32` little-endian: the means of all activations for each class in turn.
    #[serde(with = "serde_bytes")]
    pub means: &'a [u8],
    /// `f32` little-endian: one over the variance of each activation.
    #[serde(with = "serde_bytes")]
    pub inverse_variances: &'a [u8],
    /// `f32` little-endian: for each stain the mean of its four hues, then the inverse of their covariance, row by row.
    #[serde(with = "serde_bytes")]
    pub stains: &'a [u8],
    /// `f32` little-endian: for each sitting the mean of its nine colours, then the inverse of their covariance, row by row; empty if
    /// the network sees no colours.
    #[serde(with = "serde_bytes")]
    pub sittings: &'a [u8],
    /// `f32` little-endian: for each texture the mean of its nine details, then the inverse of their covariance, row by row.
    #[serde(with = "serde_bytes")]
    pub textures: &'a [u8],
    /// The distances that few usual fields exceed: activations, hues, palettes, details, grain.
    pub usual: [f32; 5],
}

impl Novelty<'_> {
    /// The statistics, for a network whose last layer sees `hidden_len` activations.
    ///
    /// # Errors
    /// As [`Self::check`], and [`ArtifactError::Invalid`] if the lengths do not fit.
    pub fn statistics(&self, hidden_len: usize) -> Result<NoveltyStatistics, ArtifactError> {
        if self.means.len() != 4 * hidden_len * Class::COUNT || self.inverse_variances.len() != 4 * hidden_len {
            return Err(ArtifactError::Invalid("its novelty statistics do not fit the network"));
        }
        self.check()?;
        let class_means = |class: Class| f32s(self.means).skip(class.index() * hidden_len).take(hidden_len).collect();
        let [activations, stain, palette, detail, grain] = self.usual;
        Ok(NoveltyStatistics {
            means: Class::ALL.map(class_means),
            inverse_variances: f32s(self.inverse_variances).collect(),
            stains: normals(self.stains).collect(),
            sittings: normals(self.sittings).collect(),
            textures: normals(self.textures).collect(),
            usual: Distances { activations, stain, palette, optics: Optics { detail, grain } },
        })
    }

    /// Checks, for any network, that the numbers give valid distances, so that no unfamiliar field seems familiar.
    ///
    /// # Errors
    /// [`ArtifactError::Invalid`] for an unusable number, [`ArtifactError::InvalidStain`] or
    /// [`ArtifactError::InvalidTexture`] for one that gives no valid distance.
    pub fn check(&self) -> Result<(), ArtifactError> {
        if !holds_some::<HUES>(self.stains) {
            return Err(ArtifactError::Invalid("it knows no stain, or more than 16"));
        }
        if !holds_some::<SIZES>(self.textures) {
            return Err(ArtifactError::Invalid("it knows no texture, or more than 16"));
        }
        let usable = |number: f32| number.is_finite() && number >= 0.0;
        if !f32s(self.means).all(usable) {
            return Err(ArtifactError::Invalid(
                "a mean activation in its novelty statistics is not a finite number of at least 0",
            ));
        }
        if !f32s(self.inverse_variances).all(usable) {
            return Err(ArtifactError::Invalid(
                "an inverse variance in its novelty statistics is not a finite number of at least 0",
            ));
        }
        if !self.usual.into_iter().all(|number| usable(number) && number > 0.0) {
            return Err(ArtifactError::Invalid(
                "a usual distance in its novelty statistics is not a finite number above 0",
            ));
        }
        if !self.sittings.is_empty() && !holds_some::<COLOURS>(self.sittings) {
            return Err(ArtifactError::Invalid("it knows the palettes of more than 16 sittings, or a part of one"));
        }
        for (number, stain) in (1..).zip(normals::<HUES>(self.stains)) {
            stain.check().map_err(|reason| ArtifactError::InvalidStain { number, reason })?;
        }
        for (number, sitting) in (1..).zip(normals::<COLOURS>(self.sittings)) {
            sitting.check().map_err(|reason| ArtifactError::InvalidSitting { number, reason })?;
        }
        for (number, texture) in (1..).zip(normals::<SIZES>(self.textures)) {
            texture.check().map_err(|reason| ArtifactError::InvalidTexture { number, reason })?;
        }
        Ok(())
    }
}

/// Whether `bytes` hold 1 to [`MAX_STAINS`] distributions of `N` numbers.
fn holds_some<const N: usize>(bytes: &[u8]) -> bool {
    let length = 4 * normal_len(N);
    bytes.len().is_multiple_of(length) && (1..=MAX_STAINS).contains(&(bytes.len() / length))
}

/// The distributions in `bytes`.
fn normals<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = Normal<N>> {
    bytes.chunks_exact(4 * normal_len(N)).map(|bytes| {
        let mut numbers = f32s(bytes);
        let mut row = || {
            let mut row = [0.0; N];
            row.iter_mut().zip(&mut numbers).for_each(|(to, number)| *to = number);
            row
        };
        Normal { mean: row(), inverse_covariance: [(); N].map(|()| row()) }
    })
}

/// The distributions as bytes.
fn bytes_of<const N: usize>(normals: &[Normal<N>]) -> Vec<u8> {
    normals
        .iter()
        .flat_map(|normal| bytes(normal.mean.iter().chain(normal.inverse_covariance.iter().flatten())))
        .collect()
}

/// The bytes of a [`Novelty`], for writing.
#[derive(Clone, Debug, PartialEq)]
pub struct NoveltyBytes {
    means: Vec<u8>,
    inverse_variances: Vec<u8>,
    stains: Vec<u8>,
    sittings: Vec<u8>,
    textures: Vec<u8>,
    usual: [f32; 5],
}

impl NoveltyBytes {
    /// The statistics as bytes.
    #[must_use]
    pub fn new(statistics: &NoveltyStatistics) -> Self {
        let Distances { activations, stain, palette, optics: Optics { detail, grain } } = statistics.usual;
        Self {
            means: bytes(statistics.means.iter().flatten()),
            inverse_variances: bytes(&statistics.inverse_variances),
            stains: bytes_of(&statistics.stains),
            sittings: bytes_of(&statistics.sittings),
            textures: bytes_of(&statistics.textures),
            usual: [activations, stain, palette, detail, grain],
        }
    }

    /// The borrowed form for an artifact.
    #[must_use]
    pub fn view(&self) -> Novelty<'_> {
        let Self { means, inverse_variances, stains, sittings, textures, usual } = self;
        Novelty { means, inverse_variances, stains, sittings, textures, usual: *usual }
    }
}

fn bytes<'a>(numbers: impl IntoIterator<Item = &'a f32>) -> Vec<u8> {
    numbers.into_iter().flat_map(|number| number.to_le_bytes()).collect()
}
