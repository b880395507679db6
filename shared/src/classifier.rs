//! From a picture to a verdict: the one path that host and device share.

use alloc::{string::String, vec, vec::Vec};

use crate::{
    artifact::{self, Artifact, ArtifactError, ModelCard, Provenance, hex},
    engine::network::{self, Execution, Network},
    field::{framing::Framing, pixels::RgbPixels, squash::Squash},
    judge::{Assessment, Judge, Scores, Thresholds, calibration::Calibration, novelty::NoveltyStatistics},
    label::Class,
    layers::explanation::{Explanation, Unexplained},
    sight::{Cell, Eye, Observation, Seen, Sight},
};

/// The id of a model not read from a file.
pub const UNSAVED: &str = "unsaved";

/// An artifact in use. Immutable: threads share it, each with its own [`Workspace`].
pub struct Classifier {
    model_id: String,
    model_version: Option<u32>,
    card: ModelCard,
    provenance: Provenance,
    sight: Sight,
    network: Network,
    calibration: Calibration,
    novelty: NoveltyStatistics,
    judge: Judge,
}

/// The buffers of one thread.
pub struct Workspace {
    squash: Squash,
    field: Vec<u8>,
    network: network::Workspace,
    eye: Eye,
}

impl Classifier {
    /// Reads an artifact's bytes; they may be dropped afterwards.
    ///
    /// # Errors
    /// [`ArtifactError`] for the first fault of the file.
    pub fn read(bytes: &[u8]) -> Result<Self, ArtifactError> {
        Self::read_with(bytes, Execution::default())
    }

    /// [`Self::read`] for an execution of the caller's choice.
    ///
    /// # Errors
    /// [`ArtifactError`] for the first fault of the file.
    pub fn read_with(bytes: &[u8], execution: Execution) -> Result<Self, ArtifactError> {
        let (artifact, hash) = Artifact::read(bytes)?;
        let classifier = Self::pack(artifact, execution)?;
        Ok(Self { model_id: hex(&hash), model_version: artifact::model_version(bytes)?, ..classifier })
    }

    /// Builds a classifier from a model in memory, without encoding, hashing or decoding. Its [id](Self::model_id) is [`UNSAVED`].
    ///
    /// # Errors
    /// [`ArtifactError`] if a reader would refuse the model.
    pub fn new(parts: Artifact<'_>) -> Result<Self, ArtifactError> {
        parts.check()?;
        Self::pack(parts, Execution::default())
    }

    /// Packs the network of a checked model.
    fn pack(parts: Artifact<'_>, execution: Execution) -> Result<Self, ArtifactError> {
        let network = Network::with(parts.sight.shape(), &parts.layers, execution)?;
        let novelty = parts.novelty.statistics(network.hidden_len())?;
        Ok(Self {
            model_id: UNSAVED.into(),
            model_version: None,
            card: parts.card,
            provenance: parts.provenance,
            sight: parts.sight,
            network,
            calibration: parts.calibration,
            novelty,
            judge: Judge::new(parts.thresholds),
        })
    }

    /// The same model with a [stricter](Judge::stricter) judge, for a site that names a class only with more certainty.
    #[must_use]
    pub fn stricter(self, min_probability: Option<f32>, max_novelty: Option<f32>) -> Self {
        Self { judge: self.judge.stricter(min_probability, max_novelty), ..self }
    }

    /// SHA-256 of the artifact's body, 64 hexadecimal digits; [`UNSAVED`] if the model was not read from a file.
    #[must_use]
    pub fn model_id(&self) -> &str {
        &self.model_id
    }

    /// The model version of a signed file; `None` if unsigned. The signature is not checked here; see [`artifact::signer`].
    #[must_use]
    pub const fn model_version(&self) -> Option<u32> {
        self.model_version
    }

    /// The model card: purpose and measured results.
    #[must_use]
    pub const fn card(&self) -> &ModelCard {
        &self.card
    }

    /// The model's origin.
    #[must_use]
    pub const fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// What the network is shown.
    #[must_use]
    pub const fn sight(&self) -> &Sight {
        &self.sight
    }

    /// How a frame becomes a field.
    #[must_use]
    pub const fn framing(&self) -> &Framing {
        &self.sight.framing
    }

    /// The network.
    #[must_use]
    pub const fn network(&self) -> &Network {
        &self.network
    }

    /// The judge, which decides the verdict.
    #[must_use]
    pub const fn judge(&self) -> &Judge {
        &self.judge
    }

    /// Thresholds of a verdict: the model's, or [stricter](Self::stricter) ones.
    #[must_use]
    pub const fn thresholds(&self) -> &Thresholds {
        self.judge.thresholds()
    }

    /// Buffers for [`Self::assess`].
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        Workspace {
            squash: Squash::new(),
            field: vec![0; self.sight.framing.input_len()],
            network: self.network.workspace(),
            eye: self.sight.eye(self.network.hidden_len()),
        }
    }

    /// Classifies a picture of any size. A workspace of another classifier is replaced by a new one, which allocates.
    pub fn assess(&self, picture: &RgbPixels, workspace: &mut Workspace) -> Assessment {
        self.judge.assess(self.look(picture, workspace))
    }

    /// Scores of a picture of any size, without a verdict; a [`Judge`] decides that. Another classifier's workspace is replaced as
    /// in [`Self::assess`].
    pub fn look(&self, picture: &RgbPixels, workspace: &mut Workspace) -> Observation<Scores> {
        self.take_over(workspace);
        let Workspace { squash, field, network, eye } = workspace;
        self.sight.framing.apply_with(squash, picture, field);
        self.scores(self.show(field, network, eye))
    }

    /// Classifies a field from [`Framing::apply`]. Another classifier's workspace is replaced as in [`Self::assess`].
    ///
    /// # Panics
    /// If the length of `field` is not [`Framing::input_len`].
    pub fn assess_field(&self, field: &[u8], workspace: &mut Workspace) -> Assessment {
        self.judge.assess(self.scores(self.observe(field, workspace)))
    }

    /// Scores of a field from [`Framing::apply`]; nothing if the field has no view or the outputs are not finite.
    ///
    /// # Panics
    /// As [`Self::assess_field`].
    pub fn observe<'a>(&self, field: &[u8], workspace: &'a mut Workspace) -> Observation<Seen<'a>> {
        self.take_over(workspace);
        self.show(field, &mut workspace.network, &mut workspace.eye)
    }

    /// Replaces a foreign workspace: its buffers would have the sizes of another network and sight.
    fn take_over(&self, workspace: &mut Workspace) {
        if !self.network.accepts(&workspace.network) {
            *workspace = self.workspace();
        }
    }

    fn show<'a>(&self, field: &[u8], network: &mut network::Workspace, eye: &'a mut Eye) -> Observation<Seen<'a>> {
        self.sight.observe(field, eye, |view, pool| {
            let output = self.network.run(view, network);
            pool.add(output.logits, output.hidden);
        })
    }

    /// The cells of the field last assessed with `workspace`, with the network's logits for each; empty if the sight does not show
    /// cells or another classifier assessed the field.
    #[must_use]
    pub fn cells<'a>(&self, workspace: &'a Workspace) -> (&'a [Cell], &'a [[f32; Class::COUNT]]) {
        if self.network.accepts(&workspace.network) { workspace.eye.cells() } else { (&[], &[]) }
    }

    /// Map of the evidence for `class` (usually [`Assessment::most_probable`]) in the field last assessed with `workspace`. As
    /// [`Network::explain`]; if the network sees cells, the map shows by how much each cell's logit of `class` exceeds the mean of
    /// its logits.
    ///
    /// # Errors
    /// [`Unexplained`] if nothing was assessed with `workspace` yet, another classifier used it, or the network has no convolution.
    pub fn explain(&self, workspace: &mut Workspace, class: Class) -> Result<Explanation, Unexplained> {
        if !self.network.accepts(&workspace.network) {
            return Err(Unexplained::OtherNetwork);
        }
        match workspace.eye.explain(&self.sight.framing, class)? {
            Some(explanation) => Ok(explanation),
            None => self.network.explain(&mut workspace.network, class),
        }
    }

    fn scores(&self, observation: Observation<Seen<'_>>) -> Observation<Scores> {
        observation.and_then(|Seen { logits, hidden, hue }| {
            let novelty = self.novelty.score(&self.novelty.distances(hidden, &hue));
            Scores::new(logits, self.calibration.probabilities(&logits), novelty)
        })
    }
}
