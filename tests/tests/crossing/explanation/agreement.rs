//! Whether the device's maps can be trusted: compares them with float maps found by differentiation, and with those of a head with
//! shuffled weights (Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018). A map that survives the shuffling would show
//! the picture and not the network.

use std::path::{Path, PathBuf};

use blastscope_shared::{
    Class, Network, Sight,
    artifact::{Artifact, ArtifactError, Juror},
    engine::network::Workspace,
    layers::{Layer, UnfitLayers},
};
use burn::prelude::Device;
use rand::{RngExt as _, SeedableRng as _, rngs::ChaCha8Rng, seq::SliceRandom as _};

use blastscope_host::{Error, data::picture::read_picture, support::progress::Progress};

use super::rank_correlation::spearman;
use super::{dequantized::dequantized, float::FloatExplainer};

/// The required rank correlation.
pub const ENOUGH: f64 = 0.9;

/// Correlations of a field's map with others.
#[derive(Clone, Debug)]
pub struct Field {
    /// Spearman's rank correlation with the float map; `None` if one of the two is flat.
    pub float: Option<f64>,
    /// The same for the int8 maps of the shuffled heads, one each.
    pub shuffled: Vec<Option<f64>>,
}

/// Correlations of the maps of several fields.
#[derive(Clone, Debug)]
pub struct Agreement {
    /// One for each picture, in order.
    pub fields: Vec<Field>,
}

/// A network in device arithmetic, and in float.
pub struct Subject<'a> {
    /// The int8 network.
    pub artifact: &'a Artifact<'a>,
}

impl Subject<'_> {
    /// Explains each picture in int8, in float, and behind `heads` shuffled heads.
    ///
    /// # Errors
    /// If a picture cannot be read, or the network cannot be run or explained.
    pub fn measure(
        &self,
        pictures: &[PathBuf],
        device: &Device,
        heads: u32,
        progress: Progress,
    ) -> Result<Agreement, Error> {
        let Juror { sight, layers, .. } = self.artifact.lead();
        let unusable = |error: UnfitLayers| Error::Usage(format!("the network {}", ArtifactError::from(error)));
        let network = Network::new(sight.shape(), layers).map_err(unusable)?;
        let shuffled = (0..heads).map(|seed| {
            let weights = shuffled_head(layers, seed.into());
            let network = Network::new(sight.shape(), &with_weights(layers, &weights)).map_err(unusable)?;
            let workspace = network.workspace();
            Ok((network, workspace))
        });
        let mut shuffled = shuffled.collect::<Result<Vec<_>, Error>>()?;
        let float = dequantized(layers);
        let float = FloatExplainer::new(&float, sight.shape(), device)?;
        let mut workspace = network.workspace();
        let task = progress.start("explaining", pictures.len());
        let mut fields = Vec::with_capacity(pictures.len());
        for path in pictures {
            let input = input(path, sight)?;
            let class = most_probable(&network.run(&input, &mut workspace).logits)
                .ok_or_else(|| Error::content(path, "gets no finite numbers from the network; take another model"))?;
            let own = map(&network, &mut workspace, class)?;
            let float = float.explain(&input, class)?;
            let behind = shuffled.iter_mut().map(|(network, workspace)| {
                network.run(&input, workspace);
                Ok(spearman(&own, &map(network, workspace, class)?))
            });
            fields.push(Field { float: spearman(&own, &float.map), shuffled: behind.collect::<Result<_, Error>>()? });
            task.advance(1);
        }
        Ok(Agreement { fields })
    }
}

/// The network's input for a picture; the first view if there are several.
fn input(path: &Path, sight: &Sight) -> Result<Vec<u8>, Error> {
    let views = sight.views(&sight.framing.apply(&read_picture(path)?));
    views.into_iter().next().ok_or_else(|| Error::content(path, "shows the network nothing; take another picture"))
}

fn map(network: &Network, workspace: &mut Workspace, class: Class) -> Result<Vec<f32>, Error> {
    let explanation = network.explain(workspace, class).map_err(|error| Error::Usage(error.to_string()))?;
    Ok(explanation.values().to_vec())
}

fn most_probable(logits: &[f32; Class::COUNT]) -> Option<Class> {
    let largest = Class::ALL.into_iter().max_by(|one, other| logits[one.index()].total_cmp(&logits[other.index()]));
    largest.filter(|_| logits.iter().all(|logit| logit.is_finite()))
}

/// The weights of the dense layers, each layer's in random order and with random signs, as in a fresh layer: with unchanged signs
/// every hidden unit is off, because most weights of a trained layer are negative.
fn shuffled_head(layers: &[Layer<'_>], seed: u64) -> Vec<Vec<u8>> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let dense = layers.iter().filter_map(|layer| if let Layer::Dense(filters) = layer { Some(filters) } else { None });
    let shuffled = |weights: &[u8]| {
        let mut weights = weights.to_vec();
        weights.shuffle(&mut random);
        for weight in weights.iter_mut().filter(|_| random.random()) {
            *weight = weight.wrapping_neg();
        }
        weights
    };
    dense.map(|filters| filters.weights).map(shuffled).collect()
}

/// `layers` with other weights in the dense ones.
fn with_weights<'a>(layers: &[Layer<'a>], dense: &'a [Vec<u8>]) -> Vec<Layer<'a>> {
    let mut dense = dense.iter();
    let mut layers = layers.to_vec();
    for layer in &mut layers {
        if let Layer::Dense(filters) = layer
            && let Some(weights) = dense.next()
        {
            filters.weights = weights;
        }
    }
    layers
}

/// Summary of correlations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// The median.
    pub median: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub largest: f64,
    /// Share of all that reach [`ENOUGH`], 0..=1.
    pub enough: f64,
    /// Number without a correlation, because a map is flat.
    pub flat: usize,
}

impl Summary {
    fn of(correlations: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        let all: Vec<Option<f64>> = correlations.collect();
        let mut known: Vec<f64> = all.iter().flatten().copied().collect();
        known.sort_unstable_by(f64::total_cmp);
        Some(Self {
            median: *known.get(known.len().saturating_sub(1) / 2)?,
            least: *known.first()?,
            largest: *known.last()?,
            enough: known.iter().filter(|&&correlation| correlation >= ENOUGH).count() as f64 / all.len() as f64,
            flat: all.len() - known.len(),
        })
    }
}

impl Agreement {
    /// Summary for the float maps; `None` if no field has a map.
    #[must_use]
    pub fn float(&self) -> Option<Summary> {
        Summary::of(self.fields.iter().map(|field| field.float))
    }

    /// Summary for the maps of shuffled heads, over all heads and fields; `None` if none has a map.
    #[must_use]
    pub fn shuffled(&self) -> Option<Summary> {
        Summary::of(self.fields.iter().flat_map(|field| field.shuffled.iter().copied()))
    }

    /// A table for the terminal.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = format!(
            "{:<22} {:>7} {:>7} {:>7} {:>8} {:>5}\n",
            "rank correlation of", "median", "least", "largest", ">= 0.9", "flat"
        );
        for (name, summary) in [("int8 and float maps", self.float()), ("shuffled heads", self.shuffled())] {
            out += &match summary {
                Some(Summary { median, least, largest, enough, flat }) => {
                    format!(
                        "{name:<22} {median:>7.3} {least:>7.3} {largest:>7.3} {:>6.1} % {flat:>5}\n",
                        enough * 100.0
                    )
                }
                None => format!("{name:<22} no field has a map\n"),
            };
        }
        out + &format!("{} fields\n", self.fields.len())
    }
}

fn field(float: Option<f64>) -> Field {
    Field { float, shuffled: vec![None; 2] }
}

#[test]
fn a_summary_counts_flat_maps_against_agreement() {
    let agreement = Agreement { fields: [Some(0.95), None, Some(0.5), Some(0.91)].map(field).to_vec() };
    let expected = Summary { median: 0.91, least: 0.5, largest: 0.95, enough: 0.5, flat: 1 };
    assert_eq!((agreement.float(), agreement.shuffled()), (Some(expected), None));
    assert!(agreement.table().contains("no field has a map"));
}
