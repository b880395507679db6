//! How unlike the training data a field is: in its activations, in its stain, in its detail, in its grain and, for a network that sees
//! colours, in its palette.
//!
//! Five distances make the score. The first is the smallest, over the classes, of the mean squared distance of the network's hidden
//! activations to the class's mean, each activation measured in units of the variance within classes: a Mahalanobis distance with a
//! diagonal, tied covariance, after Lee et al., "A Simple Unified Framework for Detecting Out-of-Distribution Samples" (NeurIPS
//! 2018), divided by the number of activations. The second is that of the field's hue to the nearest known [`stain`], the third that of
//! its [`palette`] to the nearest known sitting's, the fourth that of its [`detail`] to the nearest known texture, the fifth its grain
//! itself. Each is divided by the
//! distance that all but a few validation fields stay below, and the largest one counts: a field that is strange in one way is not
//! excused by being usual in another. Few usual fields exceed 1.

use alloc::{collections::BTreeMap, vec, vec::Vec};

use core::fmt;

use crate::{
    field::{
        appearance::Appearance,
        detail::{self, Detail, Texture},
        normal,
        palette::{self, Palette, Sitting},
        stain::{self, Hue, Stain},
    },
    label::Class,
};

/// Statistics of usual fields: class means and within-class variance of the hidden activations, and the known stains.
#[derive(Clone, Debug, PartialEq)]
pub struct NoveltyStatistics {
    /// For each class, the mean of each activation, in units of the quantized activation (0..=255).
    pub means: [Vec<f32>; Class::COUNT],
    /// One over the variance within classes of each activation.
    pub inverse_variances: Vec<f32>,
    /// The stains of the training data, and of sites that the model was adapted to.
    pub stains: Vec<Stain>,
    /// The palettes of the sittings of the training data, and of sites that the model was adapted to; empty if the network sees no
    /// colours.
    pub sittings: Vec<Sitting>,
    /// The textures of the training data. A site's own are not among them: a network does not learn another magnification from a few
    /// fields.
    pub textures: Vec<Texture>,
    /// The distances that few usual fields exceed.
    pub usual: Distances,
}

/// Distances of a field from usual ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distances {
    /// From its hidden activations to the nearest class mean.
    pub activations: f32,
    /// From its hue to the nearest stain.
    pub stain: f32,
    /// From its palette to the nearest sitting's; 0 for a network that sees no colours.
    pub palette: f32,
    /// Of what the camera does to it.
    pub optics: Optics,
}

/// Distances of a field that depend on its objective and camera alone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optics {
    /// From its detail to the nearest texture.
    pub detail: f32,
    /// Its grain.
    pub grain: f32,
}

/// A training field, to learn the statistics from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known<'a> {
    /// Its class.
    pub class: Class,
    /// The network's hidden activations for it; as many for every field.
    pub activations: &'a [u8],
    /// What was measured beside the network.
    pub appearance: Appearance,
    /// The sitting that it belongs to, if that is known.
    pub sitting: Option<&'a str>,
}

/// In what a field is most unlike the training data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// In the activations of the network: its cells, or what is in their place.
    Cells,
    /// In its stain.
    Stain,
    /// In its lamp and stain together, to a network that sees colours.
    Palette,
    /// In its detail: magnification, focus or sharpening.
    Detail,
    /// In its grain: the noise of the camera.
    Grain,
}

impl fmt::Display for Aspect {
    /// A few words, to follow "unlike the fields it was trained on".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cells => "in its cells",
            Self::Stain => "in its stain",
            Self::Palette => "in its lamp and stain together",
            Self::Detail => "in its detail (check objective, focus and the camera's sharpening)",
            Self::Grain => "in its noise (more light, or less gain of the camera)",
        })
    }
}

impl Distances {
    /// Unit distances, for use before the usual ones are known.
    pub const ONE: Self =
        Self { activations: 1.0, stain: 1.0, palette: 1.0, optics: Optics { detail: 1.0, grain: 1.0 } };
}

impl NoveltyStatistics {
    /// Learns the statistics from training `fields`. `delivered` are details of such fields as other cameras deliver them. The usual
    /// distances stay 1.
    ///
    /// Every variance gets 1 added: the rounding of the activations, and a floor for those that never move.
    /// `None` if a class has no field, or there are too few fields for a [`Stain`], a [`Sitting`] or a [`Texture`].
    #[must_use]
    pub fn learn(fields: &[Known<'_>], delivered: &[Detail]) -> Option<Self> {
        let length = fields.first()?.activations.len();
        let mut sums = [(); Class::COUNT].map(|()| vec![0.0f64; length]);
        let mut counts = [0u32; Class::COUNT];
        for Known { class, activations, .. } in fields {
            counts[class.index()] += 1;
            for (sum, &activation) in sums[class.index()].iter_mut().zip(*activations) {
                *sum += f64::from(activation);
            }
        }
        if counts.contains(&0) {
            return None;
        }
        for (sums, &count) in sums.iter_mut().zip(&counts) {
            sums.iter_mut().for_each(|sum| *sum /= f64::from(count));
        }
        let mut squares = vec![0.0f64; length];
        for Known { class, activations, .. } in fields {
            for ((square, &activation), mean) in squares.iter_mut().zip(*activations).zip(&sums[class.index()]) {
                *square += (f64::from(activation) - mean) * (f64::from(activation) - mean);
            }
        }
        let hues: Vec<Hue> = fields.iter().map(|field| field.appearance.hue).collect();
        let details = fields.iter().map(|field| field.appearance.detail);
        let details: Vec<Detail> = details.chain(delivered.iter().copied()).collect();
        let mut palettes: BTreeMap<Option<&str>, Vec<Palette>> = BTreeMap::new();
        for field in fields {
            if let Some(palette) = field.appearance.palette {
                palettes.entry(field.sitting).or_default().push(palette);
            }
        }
        let total = f64::from(counts.iter().sum::<u32>());
        Some(Self {
            means: sums.map(|means| means.iter().map(|&mean| mean as f32).collect()),
            inverse_variances: squares.iter().map(|square| (1.0 / (square / total + 1.0)) as f32).collect(),
            stains: vec![stain::learn(&hues)?],
            sittings: match palettes.is_empty() {
                true => Vec::new(),
                false => palette::learn(palettes.values().map(Vec::as_slice))?,
            },
            textures: vec![detail::learn(&details)?],
            usual: Distances::ONE,
        })
    }

    /// Distances of a field from usual ones; NaN if a statistic is NaN. Sums run in the order of the activations, so that every
    /// machine gets the same bits.
    #[must_use]
    pub fn distances(&self, activations: &[u8], appearance: &Appearance) -> Distances {
        let mut smallest = f32::INFINITY;
        for means in &self.means {
            let mut sum = 0.0f32;
            for ((&activation, mean), inverse_variance) in activations.iter().zip(means).zip(&self.inverse_variances) {
                let distance = f32::from(activation) - mean;
                sum += distance * distance * inverse_variance;
            }
            smallest = libm::fminimumf(smallest, sum / activations.len() as f32);
        }
        Distances {
            activations: smallest,
            stain: normal::nearest(&self.stains, &appearance.hue.0),
            palette: self.palette_distance(appearance),
            optics: self.optics(appearance),
        }
    }

    /// The distances that depend on objective and camera alone; NaN if a statistic is NaN.
    #[must_use]
    pub fn optics(&self, appearance: &Appearance) -> Optics {
        Optics { detail: normal::nearest(&self.textures, &appearance.detail.0), grain: appearance.grain }
    }

    /// 0 without sittings; NaN if there are some but the field has no palette.
    fn palette_distance(&self, appearance: &Appearance) -> f32 {
        match (self.sittings.as_slice(), &appearance.palette) {
            ([], _) => 0.0,
            (_, None) => f32::NAN,
            (sittings, Some(palette)) => normal::nearest(sittings, &palette.0),
        }
    }

    /// The novelty score for these distances; NaN if any is NaN.
    #[must_use]
    pub fn score(&self, distances: &Distances) -> f32 {
        self.strangest(distances).0
    }

    /// The novelty score for these distances, and in what the field is most unlike the training data.
    #[must_use]
    pub fn strangest(&self, distances: &Distances) -> (f32, Aspect) {
        let Distances { activations, stain, palette, optics } = &self.usual;
        let shares = [
            (distances.activations / activations, Aspect::Cells),
            (distances.stain / stain, Aspect::Stain),
            (distances.palette / palette, Aspect::Palette),
            (distances.optics.detail / optics.detail, Aspect::Detail),
            (distances.optics.grain / optics.grain, Aspect::Grain),
        ];
        // What is not a number is stranger than any number.
        let is_stranger = |share: f32, most: f32| share.is_nan() || share > most;
        shares.into_iter().fold((0.0, Aspect::Cells), |most, share| {
            if !f32::is_nan(most.0) && is_stranger(share.0, most.0) { share } else { most }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::field::{detail::SIZES, palette::COLOURS};

    /// What `learn` learns from fields of one sitting that look like `looks`.
    fn learn(fields: &[(Class, Vec<u8>)], looks: &[Appearance]) -> Option<NoveltyStatistics> {
        let known = fields.iter().zip(looks).map(|((class, activations), look)| Known {
            class: *class,
            activations,
            appearance: *look,
            sitting: Some("one"),
        });
        NoveltyStatistics::learn(&known.collect::<Vec<_>>(), &[])
    }

    fn appearance(hue: Hue) -> Appearance {
        Appearance { hue, palette: None, detail: Detail([0.0; SIZES]), grain: 0.5 }
    }

    #[test]
    fn training_fields_score_about_one_and_strange_ones_more() {
        let mut state = 1u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 27) as u8
        };
        let fields: Vec<(Class, Vec<u8>)> = (0..400)
            .map(|index| {
                let class = Class::ALL[index % 4];
                (class, (0..64).map(|at| if at % 4 == class.index() { 150 + noise() } else { noise() }).collect())
            })
            .collect();
        let hue = |at: usize| appearance(Hue([0.3 + 0.01 * (at % 7) as f32, 0.9 - 0.01 * (at % 5) as f32, 0.7, 0.5]));
        let looks: Vec<Appearance> = (0..400).map(hue).collect();
        let mut statistics = learn(&fields, &looks).expect("every class is there");
        let distances: Vec<Distances> =
            fields.iter().zip(&looks).map(|((_, activations), look)| statistics.distances(activations, look)).collect();
        let mean = |of: fn(&Distances) -> f32| distances.iter().map(of).sum::<f32>() / 400.0;
        assert!((0.9..1.1).contains(&mean(|field| field.activations)), "{distances:?}");
        assert!(mean(|field| field.stain) < 1.1, "{distances:?}");

        statistics.usual =
            Distances { activations: 1.5, stain: 3.0, palette: 1.0, optics: Optics { detail: 1.0, grain: 1.0 } };
        let found = |activations: &[u8], look| statistics.strangest(&statistics.distances(activations, &look));
        let score = |activations: &[u8], look| found(activations, look).0;
        let usual = &fields[0].1;
        assert!(score(usual, hue(0)) < 1.0);
        // Strange activations, a strange stain, a strange detail: each is enough, and is named.
        assert!(score(&[100; 64], hue(0)) > 10.0 / 1.5);
        assert_eq!(found(&[100; 64], hue(0)).1, Aspect::Cells);
        let other = appearance(Hue([0.8, 0.9, 0.7, 0.5]));
        assert!(score(usual, other) > 10.0);
        assert_eq!(found(usual, other).1, Aspect::Stain);
        let coarse = Appearance { detail: Detail([1.0; SIZES]), ..hue(0) };
        assert!(score(usual, coarse) > 10.0);
        assert_eq!(found(usual, coarse).1, Aspect::Detail);
        let noisy = Appearance { grain: 30.0, ..hue(0) };
        assert!(score(usual, noisy) > 10.0);
        assert_eq!(found(usual, noisy).1, Aspect::Grain);
    }

    #[test]
    fn what_is_not_a_number_is_never_familiar() {
        let fields: Vec<(Class, Vec<u8>)> = (0..40).map(|at| (Class::ALL[at % 4], vec![at as u8; 3])).collect();
        let looks = [appearance(Hue([0.5; 4])); 40];
        let sound = learn(&fields, &looks).expect("every class is there");
        let score = |statistics: &NoveltyStatistics, look| statistics.score(&statistics.distances(&[20; 3], &look));
        assert!(score(&sound, looks[0]).is_finite());
        assert!(score(&sound, appearance(Hue([f32::NAN, 0.5, 0.5, 0.5]))).is_nan());
        for class in 0..4 {
            let mut broken = sound.clone();
            broken.means[class][1] = f32::NAN;
            assert!(score(&broken, looks[0]).is_nan(), "class {class}");
        }
        let mut broken = sound.clone();
        broken.inverse_variances[2] = f32::NAN;
        assert!(score(&broken, looks[0]).is_nan());
        let usual = Distances { stain: f32::NAN, ..sound.usual };
        assert!(score(&NoveltyStatistics { usual, ..sound.clone() }, looks[0]).is_nan());
        let usual = Distances { optics: Optics { detail: f32::NAN, ..sound.usual.optics }, ..sound.usual };
        assert!(score(&NoveltyStatistics { usual, ..sound.clone() }, looks[0]).is_nan());
        let blurred = Appearance { detail: Detail([f32::NAN; SIZES]), ..looks[0] };
        assert!(score(&sound, blurred).is_nan());
        let usual = Distances { activations: f32::NAN, ..sound.usual };
        assert!(score(&NoveltyStatistics { usual, ..sound }, looks[0]).is_nan());
    }

    #[test]
    fn a_network_that_sees_colours_knows_its_sittings() {
        let fields: Vec<(Class, Vec<u8>)> = (0..40).map(|at| (Class::ALL[at % 4], vec![at as u8; 3])).collect();
        let (look, usual) = (appearance(Hue([0.5; 4])), Palette([5.5; COLOURS]));
        let seen = |palette| Appearance { palette, ..look };
        let statistics = learn(&fields, &[seen(Some(usual)); 40]).expect("every class");
        let score = |palette| statistics.score(&statistics.distances(&[20; 3], &seen(palette)));
        assert!(score(Some(Palette([5.3; COLOURS]))) > score(Some(usual)) + 50.0);
        assert!(score(None).is_nan(), "a palette that was not measured is not a known one");
    }

    #[test]
    fn a_missing_class_is_noticed() {
        let fields = vec![(Class::Pre, vec![1, 2, 3]); 50];
        assert_eq!(learn(&fields, &[appearance(Hue([1.0; 4])); 50]), None);
    }

    #[test]
    fn what_other_cameras_deliver_is_known() {
        let fields: Vec<(Class, Vec<u8>)> = (0..40).map(|at| (Class::ALL[at % 4], vec![at as u8; 3])).collect();
        let look = appearance(Hue([0.5; 4]));
        let sharp = Detail([0.3; SIZES]);
        let known: Vec<Known<'_>> = fields
            .iter()
            .map(|(class, activations)| Known { class: *class, activations, appearance: look, sitting: None })
            .collect();
        let distance = |delivered: &[Detail]| {
            let statistics = NoveltyStatistics::learn(&known, delivered).expect("every class is there");
            statistics.optics(&Appearance { detail: sharp, ..look }).detail
        };
        assert!(distance(&[]) > 10.0 && distance(&[sharp; 40]) < 2.0, "{} {}", distance(&[]), distance(&[sharp; 40]));
    }
}
