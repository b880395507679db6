//! The whole field as one view, its pixels unchanged.

use alloc::{boxed::Box, format, string::String};

use super::{
    observation::Observation,
    show::{Look, Shows},
};
use crate::{field::framing::Framing, layers::Shape};

pub(super) struct WholeField;

impl Shows for WholeField {
    fn version(&self) -> u16 {
        1
    }

    fn shape(&self, framing: &Framing) -> Shape {
        Shape { height: framing.height.into(), width: framing.width.into(), channels: 3 }
    }

    fn most_views(&self) -> usize {
        1
    }

    fn description(&self, framing: &Framing) -> String {
        format!("whole fields of {}x{}", framing.width, framing.height)
    }

    fn look(&self) -> Box<dyn Look> {
        Box::new(Self)
    }
}

impl Look for WholeField {
    fn look(&mut self, _: &Framing, _: &[u8]) -> Observation<usize> {
        Observation::Observed(1)
    }

    fn view<'a>(&'a mut self, field: &'a [u8], _: usize) -> &'a [u8] {
        field
    }
}
