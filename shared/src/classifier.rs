//! From a picture to a verdict: the one way that host and device share.

use alloc::{string::String, vec, vec::Vec};

mod by_cell;

use self::by_cell::ByCell;
use crate::{
    artifact::{self, Artifact, ArtifactError, ModelCard, Provenance, Thresholds},
    calibration::{Calibration, most_probable},
    cells::Cell,
    density::Density,
    explanation::{Explanation, Unexplained},
    hex::hex,
    label::Class,
    network::{self, Execution, Network},
    novelty::NoveltyStatistics,
    pixels::RgbPixels,
    preprocess::{Preprocessing, Squash},
    stain::{self, Hue},
    verdict::{Abstention, Verdict},
};

/// An artifact in use. Immutable: threads share it, each with its own [`Workspace`].
pub struct Classifier {
    model_id: String,
    model_version: Option<u32>,
    card: ModelCard,
    provenance: Provenance,
    preprocessing: Preprocessing,
    network: Network,
    calibration: Calibration,
    novelty: NoveltyStatistics,
    thresholds: Thresholds,
}

/// The buffers of one thread.
pub struct Workspace {
    squash: Squash,
    input: Vec<u8>,
    sight: Sight,
}

/// What [`Workspace`] has for a field's input and after.
struct Sight {
    network: network::Workspace,
    by_cell: ByCell,
    /// Of a network that sees fields as a whole; the other has its own.
    density: Density,
}

/// What the network makes of a field, and what is measured beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation<'a> {
    /// The network's outputs; of a network that sees cells, the mean over them.
    pub logits: [f32; Class::COUNT],
    /// The activations before the last layer, each 0..=255, likewise.
    pub hidden: &'a [u8],
    /// The hue of the field's stain.
    pub hue: Hue,
}

/// What is found in a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assessment {
    /// The network's outputs.
    pub logits: [f32; Class::COUNT],
    /// Calibrated probabilities in the order of [`Class::ALL`]; they add up to 1.
    pub probabilities: [f32; Class::COUNT],
    /// How unlike the training data the field is; see [`crate::novelty`]. [`f32::MAX`] where there was nothing to look at.
    pub novelty: f32,
    /// The most probable class, or why none is named.
    pub verdict: Verdict,
}

impl Assessment {
    /// Whether the network saw something of the field: not where it sees cells and there are none.
    #[must_use]
    pub const fn is_seen(&self) -> bool {
        !matches!(self.verdict, Verdict::Abstain(Abstention::NoCells))
    }

    /// The most probable class, also of a field that no class is named for.
    #[must_use]
    pub fn most_probable(&self) -> Class {
        most_probable(&self.probabilities).0
    }
}

impl Classifier {
    /// Reads an artifact's bytes; they may be dropped afterwards.
    ///
    /// # Errors
    /// [`ArtifactError`] says what is wrong with the file.
    pub fn read(bytes: &[u8]) -> Result<Self, ArtifactError> {
        Self::read_with(bytes, Execution::default())
    }

    /// [`Self::read`] for an execution of the caller's choice.
    ///
    /// # Errors
    /// [`ArtifactError`] says what is wrong with the file.
    pub fn read_with(bytes: &[u8], execution: Execution) -> Result<Self, ArtifactError> {
        let (artifact, hash) = Artifact::read(bytes)?;
        let network = Network::with(&artifact.preprocessing, &artifact.layers, execution)?;
        let novelty = artifact.novelty.statistics(network.hidden_len())?;
        Ok(Self {
            model_id: hex(&hash),
            model_version: artifact::model_version(bytes)?,
            card: artifact.card,
            provenance: artifact.provenance,
            preprocessing: artifact.preprocessing,
            network,
            calibration: artifact.calibration,
            novelty,
            thresholds: artifact.thresholds,
        })
    }

    /// SHA-256 of the artifact's body, 64 hexadecimal digits.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The model version of a signed file, `None` when it is not signed. Who signed it was not checked here; see
    /// [`artifact::signer`].
    #[must_use]
    pub const fn model_version(&self) -> Option<u32> {
        self.model_version
    }

    /// What the model is for and what it is worth.
    #[must_use]
    pub const fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Where the model comes from.
    #[must_use]
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// How a picture becomes the network's input.
    #[must_use]
    pub const fn preprocessing(&self) -> &Preprocessing {
        &self.preprocessing
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// What a verdict needs.
    #[must_use]
    pub const fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }

    /// Buffers for [`Self::assess`].
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        Workspace {
            squash: Squash::new(),
            input: vec![0; self.preprocessing.input_len()],
            sight: Sight {
                network: self.network.workspace(),
                by_cell: ByCell::new(&self.network),
                density: Density::default(),
            },
        }
    }

    /// Classifies a picture of any size. A workspace of another classifier is replaced by a new one of this, which allocates.
    pub fn assess(&self, picture: &RgbPixels, workspace: &mut Workspace) -> Assessment {
        self.take_over(workspace);
        let Workspace { squash, input, sight } = workspace;
        self.preprocessing.apply_with(squash, picture, input);
        self.judge_observation(self.observe_with(input, sight))
    }

    /// Classifies what [`Preprocessing::apply`] made of a picture; with another classifier's workspace as [`Self::assess`].
    ///
    /// # Panics
    /// When `input` has another length than [`Preprocessing::input_len`].
    pub fn assess_input(&self, input: &[u8], workspace: &mut Workspace) -> Assessment {
        self.judge_observation(self.observe(input, workspace))
    }

    /// What the network makes of what [`Preprocessing::apply`] made of a picture. `None` where it sees cells and there are none.
    ///
    /// # Panics
    /// As [`Self::assess_input`].
    pub fn observe<'a>(&'a self, input: &[u8], workspace: &'a mut Workspace) -> Option<Observation<'a>> {
        self.take_over(workspace);
        self.observe_with(input, &mut workspace.sight)
    }

    /// Makes a workspace this classifier's: its buffers have the sizes of the network and the preprocessing that they were made for.
    fn take_over(&self, workspace: &mut Workspace) {
        if !self.network.accepts(&workspace.sight.network) {
            *workspace = self.workspace();
        }
    }

    fn observe_with<'a>(&'a self, input: &[u8], sight: &'a mut Sight) -> Option<Observation<'a>> {
        let Sight { network, by_cell, density } = sight;
        let (output, hue) = if self.preprocessing.is_cell_by_cell() {
            by_cell.run(&self.preprocessing, input, &self.network, network)?
        } else {
            density.measure(&self.preprocessing, input);
            (self.network.run(input, network), stain::hue(&self.preprocessing, density.bytes()))
        };
        Some(Observation { logits: output.logits, hidden: output.hidden, hue })
    }

    /// The cells of the field that was assessed last with `workspace`, and what the network says of each; none where the network
    /// sees fields as a whole, or another classifier assessed it.
    #[must_use]
    pub fn cells<'a>(&self, workspace: &'a Workspace) -> (&'a [Cell], &'a [[f32; Class::COUNT]]) {
        if self.network.accepts(&workspace.sight.network) { workspace.sight.by_cell.cells() } else { (&[], &[]) }
    }

    /// Where in the field that was assessed last with `workspace` lies what speaks for `class`, usually
    /// [`Assessment::most_probable`]. As [`Network::explain`]; where the network sees cells, the map shows by how much each cell's
    /// logit of `class` surpasses the mean of its logits.
    ///
    /// # Errors
    /// [`Unexplained`] when nothing was assessed with `workspace` yet, or by another classifier, or the network has no convolution.
    pub fn explain(&self, workspace: &mut Workspace, class: Class) -> Result<Explanation, Unexplained> {
        if !self.network.accepts(&workspace.sight.network) {
            return Err(Unexplained::OtherNetwork);
        }
        if self.preprocessing.is_cell_by_cell() {
            return workspace.sight.by_cell.explain(&self.preprocessing, class).ok_or(Unexplained::NothingRun);
        }
        self.network.explain(&mut workspace.sight.network, class)
    }

    fn judge_observation(&self, observation: Option<Observation<'_>>) -> Assessment {
        let Some(Observation { logits, hidden, hue }) = observation else {
            return Assessment {
                logits: [0.0; Class::COUNT],
                probabilities: [1.0 / Class::COUNT as f32; Class::COUNT],
                novelty: f32::MAX,
                verdict: Verdict::Abstain(Abstention::NoCells),
            };
        };
        let probabilities = self.calibration.probabilities(&logits);
        let novelty = self.novelty.score(&self.novelty.distances(hidden, &hue));
        Assessment { logits, probabilities, novelty, verdict: judge(&probabilities, novelty, &self.thresholds) }
    }
}

/// The verdict over calibrated probabilities and novelty: unfamiliar fields first, then doubtful ones.
#[must_use]
pub fn judge(probabilities: &[f32; Class::COUNT], novelty: f32, thresholds: &Thresholds) -> Verdict {
    let (class, probability) = most_probable(probabilities);
    if novelty > thresholds.max_novelty {
        Verdict::Abstain(Abstention::Unfamiliar { novelty, threshold: thresholds.max_novelty })
    } else if probability < thresholds.min_probability {
        Verdict::Abstain(Abstention::LowConfidence { probability, threshold: thresholds.min_probability })
    } else {
        Verdict::Class { class, probability }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unfamiliar_and_the_doubtful_get_no_class() {
        let thresholds = Thresholds { min_probability: 0.6, max_novelty: 2.0 };
        let sure = [0.1, 0.1, 0.7, 0.1];
        let doubtful = [0.3, 0.5, 0.1, 0.1];
        assert_eq!(judge(&sure, 1.0, &thresholds), Verdict::Class { class: Class::Pre, probability: 0.7 });
        assert_eq!(
            judge(&sure, 2.5, &thresholds),
            Verdict::Abstain(Abstention::Unfamiliar { novelty: 2.5, threshold: 2.0 })
        );
        assert_eq!(
            judge(&doubtful, 1.0, &thresholds),
            Verdict::Abstain(Abstention::LowConfidence { probability: 0.5, threshold: 0.6 })
        );
    }
}
