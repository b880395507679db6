//! Buffers for looking at fields.

use alloc::boxed::Box;

use super::{
    cell::Cell,
    observation::Observation,
    pool::{Pool, Seen},
    show::{Look, Shows},
};
use crate::{
    field::{appearance::Appearance, density::Density, detail::DetailMeter, framing::Framing},
    label::Class,
    layers::explanation::{Explanation, Unexplained},
};

/// One thread's buffers for a [`Sight`](super::Sight). Keeps the data to explain the last field.
pub struct Eye {
    /// Number of its kind of sight.
    version: u16,
    look: Box<dyn Look>,
    /// Density for the appearance, if `look` measures none.
    density: Density,
    detail: DetailMeter,
    pool: Pool,
    looked: bool,
}

impl Eye {
    pub(super) fn new(shows: &dyn Shows, hidden_len: usize) -> Self {
        Self {
            version: shows.version(),
            look: shows.look(),
            density: Density::default(),
            detail: DetailMeter::default(),
            pool: Pool::new(shows.most_views(), hidden_len),
            looked: false,
        }
    }

    /// Number of the kind of sight it was made for.
    pub(super) fn version(&self) -> u16 {
        self.version
    }

    pub(super) fn observe(
        &mut self,
        framing: &Framing,
        field: &[u8],
        mut run: impl FnMut(&[u8], &mut Pool),
    ) -> Observation<Seen<'_>> {
        let measured = self.measure(framing, field);
        let Self { look, pool, .. } = self;
        measured.and_then(|(views, appearance)| {
            (0..views).for_each(|at| run(look.view(field, at), pool));
            pool.mean(appearance)
        })
    }

    pub(super) fn appearance(&mut self, framing: &Framing, field: &[u8]) -> Observation<Appearance> {
        self.measure(framing, field).map(|(_, appearance)| appearance)
    }

    /// The number of views of a field, and what is measured beside them.
    fn measure(&mut self, framing: &Framing, field: &[u8]) -> Observation<(usize, Appearance)> {
        assert_eq!(field.len(), framing.input_len(), "a field has width * height * 3 bytes");
        let Self { look, density, detail, pool, looked, .. } = self;
        pool.clear();
        *looked = true;
        look.look(framing, field).map(|views| {
            let (bytes, background) = match look.density() {
                Some(bytes) => (bytes, None),
                None => {
                    density.measure(framing, field);
                    (density.bytes(), Some(density.background()))
                }
            };
            (views, Appearance::of(framing, bytes, background, detail))
        })
    }

    /// The cells of the last field and the logits of each; empty if the views are not cells.
    pub(crate) fn cells(&self) -> (&[Cell], &[[f32; Class::COUNT]]) {
        match self.look.cells() {
            [] => (&[], &[]),
            cells => (cells, self.pool.logits()),
        }
    }

    /// Map of the evidence for `class` in the last field; `None` if the network's own map shows it.
    ///
    /// # Errors
    /// [`Unexplained::NothingRun`] if no field was looked at yet.
    pub(crate) fn explain(&self, framing: &Framing, class: Class) -> Result<Option<Explanation>, Unexplained> {
        match self.looked {
            true => Ok(self.look.explain(framing, self.pool.logits(), class)),
            false => Err(Unexplained::NothingRun),
        }
    }
}
