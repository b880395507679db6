//! What a network is shown of a field, and what it observes there.
//!
//! A [`Sight`] defines how a frame becomes a field ([`Framing`]), which views are cut from it, one or many, the size of a view, and
//! how the network's outputs for the views are pooled to one [`Observation`]. It is frozen in the artifact.
//!
//! ```text
//! frame --Framing--> field --Look--> views --network--> outputs --Pool--> Observation<Seen>
//! ```
//! A kind of sight is one file, which implements `Shows` and `Look`, and a variant of [`Kind`] with its constructor in this file.
//! The host names it in a recipe. Nothing else distinguishes the kinds, and none is a default.
//!
//! A model of several networks would hold a sight for each, run each through [`Sight::observe`], and pool their observations.

mod cell;
pub mod cells;
mod eye;
mod observation;
mod pool;
mod show;
mod whole_field;

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::show::Shows;
pub use self::{
    cell::Cell,
    eye::Eye,
    observation::{Blank, Observation},
    pool::{Pool, Seen},
};
use crate::{
    field::{
        appearance::Appearance,
        framing::{Framing, Rectangle},
    },
    layers::Shape,
};

/// The kinds of sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The whole field, unchanged.
    WholeField,
    /// The field's nucleated cells, one at a time; see [`cells`].
    Cells,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 2] = [Self::WholeField, Self::Cells];

    fn shows(self) -> &'static dyn Shows {
        match self {
            Self::WholeField => &whole_field::WholeField,
            Self::Cells => &cells::Cells,
        }
    }

    /// The kind's number in an artifact.
    #[must_use]
    pub fn version(self) -> u16 {
        self.shows().version()
    }

    /// The kind with this number; `None` if this program does not know it.
    #[must_use]
    pub fn of_version(version: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.version() == version)
    }
}

/// What a network is shown of a field. In an artifact and in JSON: [`Kind::version`], then the framing's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Encoded", into = "Encoded")]
pub struct Sight {
    /// The kind of views cut from a field.
    pub kind: Kind,
    /// How a frame becomes a field.
    pub framing: Framing,
}

impl Sight {
    /// A square field of `side` pixels, as one view.
    #[must_use]
    pub const fn whole_field(side: u16) -> Self {
        Self { kind: Kind::WholeField, framing: Framing::square(side) }
    }

    /// The cells of fields of 200 x 150 pixels: at that size, a nucleus with a rim around it fills a cell's view. The fields have the
    /// shape of a camera's frame, so that a nucleus is as wide as it is: one that was squashed is another one after a turn.
    #[must_use]
    pub const fn cells() -> Self {
        Self { kind: Kind::Cells, framing: Framing::of(200, 150) }
    }

    /// Size of a view: what the network sees at one time.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.kind.shows().shape(&self.framing)
    }

    /// Most views per field.
    #[must_use]
    pub fn most_views(&self) -> usize {
        self.kind.shows().most_views()
    }

    /// A few words for what the network is shown, to follow "sees".
    #[must_use]
    pub fn description(&self) -> String {
        self.kind.shows().description(&self.framing)
    }

    /// Buffers for looking, for a network whose last layer has `hidden_len` inputs.
    #[must_use]
    pub fn eye(&self, hidden_len: usize) -> Eye {
        Eye::new(self.kind.shows(), hidden_len)
    }

    /// Shows every view of a field to `run`, which adds the network's outputs to the pool. `field` comes from [`Framing::apply`].
    /// Nothing if there is no view or an output is not finite.
    ///
    /// # Panics
    /// If the length of `field` is not [`Framing::input_len`], or `eye` belongs to another sight.
    pub fn observe<'a>(
        &self,
        field: &[u8],
        eye: &'a mut Eye,
        run: impl FnMut(&[u8], &mut Pool),
    ) -> Observation<Seen<'a>> {
        assert_eq!(eye.version(), self.kind.version(), "an eye looks as the sight that it was made for");
        eye.observe(&self.framing, field, run)
    }

    /// What is measured of a field beside the network; nothing if there is no view. For learning what is usual of fields that no network
    /// is run on.
    ///
    /// # Panics
    /// As [`Self::observe`].
    pub fn appearance(&self, field: &[u8], eye: &mut Eye) -> Observation<Appearance> {
        assert_eq!(eye.version(), self.kind.version(), "an eye looks as the sight that it was made for");
        eye.appearance(&self.framing, field)
    }

    /// The views of a field, HWC bytes of [`Self::shape`] each; empty if there is nothing to see. For training, which does not run
    /// the shipped network.
    ///
    /// # Panics
    /// As [`Self::observe`].
    #[must_use]
    pub fn views(&self, field: &[u8]) -> Vec<Vec<u8>> {
        assert_eq!(field.len(), self.framing.input_len(), "a field has width * height * 3 bytes");
        let mut look = self.kind.shows().look();
        let count = look.look(&self.framing, field).observed().unwrap_or_default();
        (0..count).map(|at| look.view(field, at).to_vec()).collect()
    }

    /// SHA-256 of all parameters, little-endian in the order of the artifact. Two artifacts with the same hash see the same pixels.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let Encoded { version, width, height, mask, fill } = (*self).into();
        let Rectangle { left, top, right, bottom } = mask;
        let mut hash = Sha256::new();
        hash.update(b"blastscope preprocessing");
        for number in [version, width, height, left, top, right, bottom] {
            hash.update(number.to_le_bytes());
        }
        hash.update(fill);
        hash.finalize().into()
    }
}

/// A sight's number is unknown to this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sight {version} is unknown to this program")]
pub struct UnknownSight {
    /// The number.
    pub version: u16,
}

/// The encoded form of a [`Sight`].
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Encoded {
    version: u16,
    width: u16,
    height: u16,
    mask: Rectangle,
    fill: [u8; 3],
}

impl From<Sight> for Encoded {
    fn from(Sight { kind, framing: Framing { width, height, mask, fill } }: Sight) -> Self {
        Self { version: kind.version(), width, height, mask, fill }
    }
}

impl TryFrom<Encoded> for Sight {
    type Error = UnknownSight;

    fn try_from(Encoded { version, width, height, mask, fill }: Encoded) -> Result<Self, UnknownSight> {
        let kind = Kind::of_version(version).ok_or(UnknownSight { version })?;
        Ok(Self { kind, framing: Framing { width, height, mask, fill } })
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn the_hash_changes_with_every_parameter() {
        let reference = Sight::whole_field(224);
        let mut changed = [reference; 5];
        changed[0].framing.width = 192;
        changed[1].framing.mask.left = 169;
        changed[2].framing.fill = [0, 0, 1];
        changed[3].kind = Kind::Cells;
        changed[4].framing.mask.bottom = 223;
        for other in &changed {
            assert_ne!(reference.hash(), other.hash(), "{other:?}");
        }
    }

    #[test]
    fn every_kind_has_a_number_of_its_own_and_reads_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_version(kind.version()), Some(kind));
            let sight = Sight { kind, framing: Framing::square(64) };
            let bytes = postcard::to_allocvec(&sight).expect("encoded");
            assert_eq!(postcard::from_bytes::<Sight>(&bytes), Ok(sight));
            assert!(sight.most_views() > 0 && sight.shape().len() > 0);
        }
        assert_eq!(Kind::of_version(0), None);
        assert_eq!(Kind::of_version(99), None);
    }

    #[test]
    fn a_whole_field_is_its_own_view_and_an_empty_one_has_no_cells() {
        let framing = Framing::square(192);
        let field = vec![200; framing.input_len()];
        assert_eq!(Sight { kind: Kind::WholeField, framing }.views(&field), [field.as_slice()]);
        assert!(Sight { kind: Kind::Cells, framing }.views(&field).is_empty());
    }
}
