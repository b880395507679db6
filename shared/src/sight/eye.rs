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
    shows_colours: bool,
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
            shows_colours: shows.shows_colours(),
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
        assert_eq!(field.len(), framing.input_len(), "a field has width * height * 3 bytes");
        let Self { look, density, detail, pool, looked, shows_colours, .. } = self;
        pool.clear();
        *looked = true;
        look.look(framing, field).and_then(|views| {
            (0..views).for_each(|at| run(look.view(field, at), pool));
            let density = look.density().unwrap_or_else(|| {
                density.measure(framing, field);
                density.bytes()
            });
            pool.mean(Appearance::of(framing, field, density, *shows_colours, detail))
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
