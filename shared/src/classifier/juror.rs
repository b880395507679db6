//! One network of a model: what it is shown, and what it says of that.

use alloc::{vec, vec::Vec};

use crate::{
    artifact::{self, ArtifactError},
    engine::network::{self, Execution, Network},
    field::{framing::Framing, pixels::RgbPixels, squash::Squash},
    judge::{calibration::Calibration, jury::Testimony, novelty::NoveltyStatistics},
    label::Class,
    layers::explanation::{Explanation, Unexplained},
    sight::{Cell, Eye, Observation, Seen, Sight},
};

/// One network of a model in use.
pub struct Juror {
    sight: Sight,
    network: Network,
    calibration: Calibration,
    novelty: NoveltyStatistics,
}

/// One thread's buffers for a juror.
pub(super) struct Seat {
    /// Its own, because the tables of a squash are those of one size.
    squash: Squash,
    field: Vec<u8>,
    network: network::Workspace,
    eye: Eye,
}

impl Juror {
    /// Packs the network of a checked juror.
    pub(super) fn pack(parts: &artifact::Juror<'_>, execution: Execution) -> Result<Self, ArtifactError> {
        let network = Network::with(parts.sight.shape(), &parts.layers, execution)?;
        let novelty = parts.novelty.statistics(network.hidden_len())?;
        Ok(Self { sight: parts.sight, network, calibration: parts.calibration, novelty })
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

    pub(super) fn seat(&self) -> Seat {
        Seat {
            squash: Squash::new(),
            field: vec![0; self.sight.framing.input_len()],
            network: self.network.workspace(),
            eye: self.sight.eye(self.network.hidden_len()),
        }
    }

    /// Whether `seat` was made for this juror.
    pub(super) fn accepts(&self, seat: &Seat) -> bool {
        self.network.accepts(&seat.network)
    }

    /// What it says of a picture of any size.
    pub(super) fn look(&self, picture: &RgbPixels, seat: &mut Seat) -> Observation<Testimony> {
        let Seat { squash, field, network, eye } = seat;
        self.sight.framing.apply_with(squash, picture, field);
        self.testify(self.show(field, network, eye))
    }

    /// What it sees in a field from [`Framing::apply`].
    ///
    /// # Panics
    /// If the length of `field` is not [`Framing::input_len`].
    pub(super) fn observe<'a>(&self, field: &[u8], seat: &'a mut Seat) -> Observation<Seen<'a>> {
        self.show(field, &mut seat.network, &mut seat.eye)
    }

    fn show<'a>(&self, field: &[u8], network: &mut network::Workspace, eye: &'a mut Eye) -> Observation<Seen<'a>> {
        self.sight.observe(field, eye, |view, pool| {
            let output = self.network.run(view, network);
            pool.add(output.logits, output.hidden);
        })
    }

    /// What it says of what it saw.
    pub(super) fn testify(&self, observation: Observation<Seen<'_>>) -> Observation<Testimony> {
        observation.and_then(|Seen { logits, hidden, appearance }| {
            let (novelty, aspect) = self.novelty.strangest(&self.novelty.distances(hidden, &appearance));
            Testimony::new(logits, self.calibration.probabilities(&logits), novelty)
                .map(|testimony| testimony.strange_in(aspect))
        })
    }

    pub(super) fn cells<'a>(&self, seat: &'a Seat) -> (&'a [Cell], &'a [[f32; Class::COUNT]]) {
        if self.accepts(seat) { seat.eye.cells() } else { (&[], &[]) }
    }

    pub(super) fn explain(&self, seat: &mut Seat, class: Class) -> Result<Explanation, Unexplained> {
        if !self.accepts(seat) {
            return Err(Unexplained::OtherNetwork);
        }
        match seat.eye.explain(&self.sight.framing, class)? {
            Some(explanation) => Ok(explanation),
            None => self.network.explain(&mut seat.network, class),
        }
    }
}
