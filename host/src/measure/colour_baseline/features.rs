//! A field as numbers without position: what a glance at its colours tells.

use blastscope_shared::Framing;
use rayon::prelude::*;

use crate::Error;

/// How many colour numbers a field has.
pub const NUMBERS: usize = 11;

/// Which of the colour numbers are used; each set begins with the smaller one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ColourSet {
    /// Mean of red, green and blue.
    Three,
    /// And their standard deviations.
    Six,
    /// And the correlations of red and green, red and blue, green and blue, and green's 5 % and 95 % quantiles: how dark the
    /// nuclei are and how bright the glass is.
    Eleven,
}

impl ColourSet {
    /// All three, the smallest first.
    pub const ALL: [Self; 3] = [Self::Three, Self::Six, Self::Eleven];

    /// How many numbers: 3, 6 or 11.
    #[must_use]
    pub const fn count(self) -> usize {
        match self {
            Self::Three => 3,
            Self::Six => 6,
            Self::Eleven => NUMBERS,
        }
    }
}

/// The colour numbers of a preprocessed input (HWC, [`Framing::input_len`] bytes), the masked rectangle left out: mean of
/// red, green and blue, their standard deviations and green's quantiles in units of a byte (0..=255), correlations in -1..=1 (0
/// where a colour does not vary).
///
/// # Panics
/// When `input` has another length.
#[must_use]
pub fn colour_numbers(input: &[u8], framing: &Framing) -> [f64; NUMBERS] {
    assert_eq!(input.len(), framing.input_len(), "the network's input has width * height * 3 bytes");
    let (width, mask) = (usize::from(framing.width), framing.mask);
    let (rows, columns) = (mask.top.into()..mask.bottom.into(), mask.left.into()..mask.right.into());
    let (mut sums, mut products, mut greens, mut count) = ([0u64; 3], [[0u64; 3]; 3], [0u64; 256], 0u64);
    for (y, row) in input.chunks_exact(width * 3).enumerate() {
        let is_masked_row = rows.contains(&y);
        for (x, pixel) in row.chunks_exact(3).enumerate() {
            if is_masked_row && columns.contains(&x) {
                continue;
            }
            count += 1;
            greens[usize::from(pixel[1])] += 1;
            for one in 0..3 {
                sums[one] += u64::from(pixel[one]);
                for other in one..3 {
                    products[one][other] += u64::from(pixel[one]) * u64::from(pixel[other]);
                }
            }
        }
    }
    let cases = count.max(1) as f64;
    let mean = sums.map(|sum| sum as f64 / cases);
    let covariance = |one: usize, other: usize| products[one][other] as f64 / cases - mean[one] * mean[other];
    let deviation: [f64; 3] = std::array::from_fn(|channel| covariance(channel, channel).max(0.0).sqrt());
    let correlation = |one: usize, other: usize| {
        let scale = deviation[one] * deviation[other];
        if scale > 1e-9 { covariance(one, other) / scale } else { 0.0 }
    };
    let quantile = |share: f64| {
        let (wanted, mut passed) = ((share * cases).ceil().max(1.0) as u64, 0);
        let reached = |&value: &usize| {
            passed += greens[value];
            passed >= wanted
        };
        (0..greens.len()).find(reached).unwrap_or(0) as f64
    };
    let [red, green, blue] = mean;
    let [red_deviation, green_deviation, blue_deviation] = deviation;
    [
        red,
        green,
        blue,
        red_deviation,
        green_deviation,
        blue_deviation,
        correlation(0, 1),
        correlation(0, 2),
        correlation(1, 2),
        quantile(0.05),
        quantile(0.95),
    ]
}

/// The colour numbers of a data set's pictures, in their order.
#[derive(Clone, Debug, PartialEq)]
pub struct ColourFeatures(Vec<[f64; NUMBERS]>);

impl ColourFeatures {
    /// Computes them from inputs of [`Dataset::load_inputs`](crate::data::dataset::Dataset::load_inputs).
    ///
    /// # Errors
    /// [`Error::Usage`] when an input is not of `framing`.
    pub fn of(inputs: &[Vec<u8>], framing: &Framing) -> Result<Self, Error> {
        if inputs.iter().any(|input| input.len() != framing.input_len()) {
            return Err(Error::Usage("the inputs or the split belong to another data set".to_string()));
        }
        Ok(Self(inputs.par_iter().map(|input| colour_numbers(input, framing)).collect()))
    }

    /// Takes the result of [`colour_numbers`] for each picture.
    #[must_use]
    pub const fn new(numbers: Vec<[f64; NUMBERS]>) -> Self {
        Self(numbers)
    }

    /// Number of pictures.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no pictures.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The numbers of a set for one picture.
    ///
    /// # Panics
    /// When there is no such picture.
    #[must_use]
    pub fn numbers(&self, image: usize, set: ColourSet) -> &[f64] {
        &self.0[image][..set.count()]
    }
}
