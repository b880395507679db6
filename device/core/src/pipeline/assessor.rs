//! The assessor of pictures that passed the gate.

use blastscope_shared::{RgbPixels, field::gate::Inspector, judge::Scores, sight::Observation};

use crate::cells::FieldCells;

/// Assesses a picture: the network, or a script in tests. The pipeline's judge decides on the result.
pub trait Assessor {
    /// Assesses one picture that passed the gate.
    fn look(&mut self, picture: &RgbPixels) -> Observation<Scores>;

    /// The cells that were seen in the picture assessed last; `None` if the network does not see cells.
    fn cells(&self) -> Option<FieldCells> {
        None
    }

    /// Width and height to which it squashes every picture, if it does; a picture of that size is not changed.
    fn squashes_to(&self) -> Option<(usize, usize)> {
        None
    }
}

impl<F: FnMut(&RgbPixels) -> Observation<Scores>> Assessor for F {
    fn look(&mut self, picture: &RgbPixels) -> Observation<Scores> {
        self(picture)
    }
}

/// The input for an assessor: the `picture` inspected last, or the gate's squashed copy if the assessor would squash it to
/// the same size.
#[must_use]
pub fn shown<'a>(
    picture: &'a RgbPixels,
    inspector: &'a Inspector,
    squashes_to: Option<(usize, usize)>,
) -> &'a RgbPixels {
    let field = inspector.field();
    if squashes_to == Some((field.width(), field.height())) { field } else { picture }
}

#[cfg(test)]
mod tests {
    use blastscope_shared::field::{gate::SIDE, squash::squash};

    use super::*;

    #[test]
    fn the_field_of_the_gate_is_shown_to_those_who_would_squash_to_it() {
        let picture = RgbPixels::new(300, 200, (0..180_000).map(|at| (at % 251) as u8).collect()).expect("its size");
        let mut inspector = Inspector::new();
        inspector.inspect(&picture);
        assert_eq!(shown(&picture, &inspector, None), &picture);
        assert_eq!(shown(&picture, &inspector, Some((64, 64))), &picture);
        assert_eq!(shown(&picture, &inspector, Some((SIDE, SIDE))), &squash(&picture, SIDE, SIDE));
    }
}
