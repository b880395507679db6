//! From a picture to a verdict: the one path that host and device share.

mod juror;

use alloc::{string::String, vec::Vec};

pub use self::juror::Juror;
use self::juror::Seat;
use crate::{
    artifact::{self, Artifact, ArtifactError, ModelCard, Provenance, hex},
    engine::network::Execution,
    field::{framing::Framing, pixels::RgbPixels},
    judge::{
        Assessment, Judge, Scores, Thresholds,
        calibration::malignancy_margin,
        jury::{MAX_JURORS, Testimony},
        slide::SlidePooling,
    },
    label::Class,
    layers::explanation::{Explanation, Unexplained},
    sight::{Blank, Cell, Observation, Seen},
};

/// The id of a model not read from a file.
pub const UNSAVED: &str = "unsaved";

/// An artifact in use. Immutable: threads share it, each with its own [`Workspace`].
pub struct Classifier {
    model_id: String,
    model_version: Option<u32>,
    card: ModelCard,
    provenance: Provenance,
    /// At least one; the first draws the maps.
    jurors: Vec<Juror>,
    judge: Judge,
    slide: SlidePooling,
}

/// The buffers of one thread.
pub struct Workspace {
    /// One for each juror.
    seats: Vec<Seat>,
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

    /// Packs the networks of a checked model.
    fn pack(parts: Artifact<'_>, execution: Execution) -> Result<Self, ArtifactError> {
        let jury = parts.jury()?;
        let jurors = parts.jurors.iter().map(|juror| Juror::pack(juror, execution)).collect::<Result<_, _>>()?;
        Ok(Self {
            model_id: UNSAVED.into(),
            model_version: None,
            jurors,
            card: parts.card,
            provenance: parts.provenance,
            judge: Judge::of(jury, parts.thresholds),
            slide: parts.slide,
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

    /// The first juror, which draws the maps; a model of one network has no other.
    #[must_use]
    pub fn lead(&self) -> &Juror {
        &self.jurors[0]
    }

    /// All jurors, the [lead](Self::lead) first.
    #[must_use]
    pub fn jurors(&self) -> &[Juror] {
        &self.jurors
    }

    /// How a frame becomes the field of the [lead](Self::lead), over which maps are drawn.
    #[must_use]
    pub fn framing(&self) -> &Framing {
        self.lead().framing()
    }

    /// The judge, which decides the verdict.
    #[must_use]
    pub const fn judge(&self) -> &Judge {
        &self.judge
    }

    /// How the fields of a slide are pooled.
    #[must_use]
    pub const fn slide(&self) -> &SlidePooling {
        &self.slide
    }

    /// Thresholds of a verdict: the model's, or [stricter](Self::stricter) ones.
    #[must_use]
    pub const fn thresholds(&self) -> &Thresholds {
        self.judge.thresholds()
    }

    /// Buffers for [`Self::assess`].
    #[must_use]
    pub fn workspace(&self) -> Workspace {
        Workspace { seats: self.jurors.iter().map(Juror::seat).collect() }
    }

    /// Classifies a picture of any size. A workspace of another classifier is replaced by a new one, which allocates.
    pub fn assess(&self, picture: &RgbPixels, workspace: &mut Workspace) -> Assessment {
        self.judge.assess(self.look(picture, workspace))
    }

    /// Scores of a picture of any size, without a verdict; a [`Judge`] decides that. Another classifier's workspace is replaced as
    /// in [`Self::assess`].
    pub fn look(&self, picture: &RgbPixels, workspace: &mut Workspace) -> Observation<Scores> {
        self.hear(workspace, |juror, seat| juror.look(picture, seat))
    }

    /// What the jurors say, each with its seat, as the judge weighs it.
    fn hear(
        &self,
        workspace: &mut Workspace,
        mut ask: impl FnMut(&Juror, &mut Seat) -> Observation<Testimony>,
    ) -> Observation<Scores> {
        self.take_over(workspace);
        let mut seen = [Observation::Nothing(Blank::NoCells); MAX_JURORS];
        for ((to, juror), seat) in seen.iter_mut().zip(&self.jurors).zip(&mut workspace.seats) {
            *to = ask(juror, seat);
        }
        self.judge.weigh(&seen[..self.jurors.len()])
    }

    /// Classifies a field from [`Framing::apply`], for a model whose jurors all see the same framing. Another classifier's workspace
    /// is replaced as in [`Self::assess`].
    ///
    /// # Panics
    /// If the length of `field` is not [`Framing::input_len`] of a juror.
    pub fn assess_field(&self, field: &[u8], workspace: &mut Workspace) -> Assessment {
        self.judge.assess(self.hear(workspace, |juror, seat| juror.testify(juror.observe(field, seat))))
    }

    /// What the juror `number`, from 0, sees in a field from [`Framing::apply`]; nothing if the field has no view or the outputs are
    /// not finite.
    ///
    /// # Panics
    /// If there is no such juror, or the length of `field` is not its [`Framing::input_len`].
    pub fn observe<'a>(&self, number: usize, field: &[u8], workspace: &'a mut Workspace) -> Observation<Seen<'a>> {
        self.take_over(workspace);
        self.jurors[number].observe(field, &mut workspace.seats[number])
    }

    /// Replaces a foreign workspace: its buffers would have the sizes of other networks and sights.
    fn take_over(&self, workspace: &mut Workspace) {
        let same = self.jurors.len() == workspace.seats.len()
            && self.jurors.iter().zip(&workspace.seats).all(|(juror, seat)| juror.accepts(seat));
        if !same {
            *workspace = self.workspace();
        }
    }

    /// The cells of the field last assessed with `workspace`, with the lead's logits for each; empty if its sight does not show cells
    /// or another classifier assessed the field.
    #[must_use]
    pub fn cells<'a>(&self, workspace: &'a Workspace) -> (&'a [Cell], &'a [[f32; Class::COUNT]]) {
        self.lead().cells(&workspace.seats[0])
    }

    /// The cells that [`Self::cells`] returns, and how each leans by itself: 0..=1, above 0.5 towards malignant.
    ///
    /// A leaning is `1 / (1 + e^-m)`. `m` is the cell's own log-odds of malignancy, `ln(e^early + e^pre + e^pro) - benign` over the
    /// logits that a network gives for this cell alone: the mean over the jurors that see these cells, by their
    /// [weights](crate::judge::jury::Voice::weight). It sorts cells. It is not calibrated, because a calibration is chosen on
    /// whole fields, and it is neither the probability that a cell is a blast nor a verdict: nobody told the networks what a
    /// single cell is, and they know fields by the mean over their cells.
    pub fn leanings<'a>(&'a self, workspace: &'a Workspace) -> impl Iterator<Item = (Cell, f32)> + 'a {
        let (cells, _) = self.cells(workspace);
        let voices = self.judge.jury().voices();
        let heard = move || {
            let all = self.jurors.iter().zip(&workspace.seats).zip(voices);
            all.map(|((juror, seat), voice)| (juror.cells(seat), voice.weight))
                .filter(move |((own, _), _)| *own == cells)
        };
        cells.iter().enumerate().map(move |(at, &cell)| {
            let (mut sum, mut weights) = (0.0, 0.0);
            for ((_, logits), weight) in heard() {
                sum += weight * malignancy_margin(&logits[at]);
                weights += weight;
            }
            (cell, 1.0 / (1.0 + libm::expf(-sum / weights)))
        })
    }

    /// Map of the evidence for `class` (usually [`Assessment::most_probable`]) in the field last assessed with `workspace`, as the
    /// lead sees it. As [`Network::explain`](crate::Network::explain); if the network sees cells, the map shows by how much each
    /// cell's logit of `class` exceeds the mean of its logits.
    ///
    /// # Errors
    /// [`Unexplained`] if nothing was assessed with `workspace` yet, another classifier used it, or the network has no convolution.
    pub fn explain(&self, workspace: &mut Workspace, class: Class) -> Result<Explanation, Unexplained> {
        self.lead().explain(&mut workspace.seats[0], class)
    }
}
