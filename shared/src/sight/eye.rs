//! The buffers in which fields are looked at.

use alloc::boxed::Box;

use super::{
    cell::Cell,
    observation::Observation,
    pool::{Pool, Seen},
    show::{Look, Shows},
};
use crate::{
    field::{density::Density, framing::Framing, stain},
    label::Class,
    layers::explanation::{Explanation, Unexplained},
};

/// The buffers of one thread for a [`Sight`](super::Sight). It keeps what it needs to explain the field that it looked at last.
pub struct Eye {
    /// Number of the kind that it looks as.
    version: u16,
    look: Box<dyn Look>,
    /// For the hue, where `look` measures none.
    density: Density,
    pool: Pool,
    looked: bool,
}

impl Eye {
    pub(super) fn new(shows: &dyn Shows, hidden_len: usize) -> Self {
        Self {
            version: shows.version(),
            look: shows.look(),
            density: Density::default(),
            pool: Pool::new(shows.most_views(), hidden_len),
            looked: false,
        }
    }

    /// Number of the kind that it was made for.
    pub(super) fn version(&self) -> u16 {
        self.version
    }

    pub(super) fn observe(
        &mut self,
        framing: &Framing,
        field: &[u8],
        mut run: impl FnMut(&[u8], &mut Pool),
    ) -> Observation<Seen<'_>> {
        assert_eq!(field.len(), framing.input_len(), "a field has width * height * 3 bytes");
        let Self { look, density, pool, looked, .. } = self;
        pool.clear();
        *looked = true;
        look.look(framing, field).and_then(|views| {
            (0..views).for_each(|at| run(look.view(field, at), pool));
            let density = look.density().unwrap_or_else(|| {
                density.measure(framing, field);
                density.bytes()
            });
            pool.mean(stain::hue(framing, density))
        })
    }

    /// The cells of the field that was looked at last, and the logits of each; none where the views are not of cells.
    pub(crate) fn cells(&self) -> (&[Cell], &[[f32; Class::COUNT]]) {
        match self.look.cells() {
            [] => (&[], &[]),
            cells => (cells, self.pool.logits()),
        }
    }

    /// Where in the field that was looked at last lies what speaks for `class`; `None` where that is for the network to say.
    ///
    /// # Errors
    /// [`Unexplained::NothingRun`] when no field was looked at yet.
    pub(crate) fn explain(&self, framing: &Framing, class: Class) -> Result<Option<Explanation>, Unexplained> {
        match self.looked {
            true => Ok(self.look.explain(framing, self.pool.logits(), class)),
            false => Err(Unexplained::NothingRun),
        }
    }
}
