//! A field as another camera delivers it. The files of a data set were saved smooth; the same camera's own frames are sharper and
//! noisier. A model that knew the files alone would refuse them.

use blastscope_shared::{RgbPixels, field::framing::Framing};

use crate::measure::degradation::{Degradation, Severity};

/// A field from [`Framing::apply`] with the mildest noise of a sensor, then the mildest sharpening of a camera, in the order in which
/// they happen. Give every field its own `seed` of the noise.
pub(super) fn delivered(field: &[u8], framing: &Framing, seed: u64) -> Vec<u8> {
    let (width, height) = (framing.width.into(), framing.height.into());
    let picture = RgbPixels::new(width, height, field.to_vec()).expect("a field has width * height * 3 bytes");
    let [mildest, ..] = Severity::ALL;
    let noisy = Degradation::Noise.apply(&picture, mildest, seed);
    let mut bytes = Degradation::Sharpened.apply(&noisy, mildest, seed).into_bytes();
    framing.mask(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use blastscope_drawn::draw_field;
    use blastscope_shared::{Class, Sight};

    use super::*;

    #[test]
    fn a_field_grows_sharper_and_noisier_and_stays_masked() {
        let framing = Sight::cells().framing;
        let field = framing.apply(&draw_field(Class::Pre, 4, 320, 240));
        let contrast =
            |field: &[u8]| field.windows(4).map(|pair| (i32::from(pair[0]) - i32::from(pair[3])).pow(2)).sum::<i32>();
        let other = delivered(&field, &framing, 7);
        assert!(contrast(&other) > contrast(&field));
        let mut masked = other.clone();
        framing.mask(&mut masked);
        assert_eq!(other, masked);
        assert_ne!(other, delivered(&field, &framing, 8), "another seed is other noise");
        assert_eq!(other, delivered(&field, &framing, 7));
    }
}
