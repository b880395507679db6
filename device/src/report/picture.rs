//! Thumbnails and heat maps as a report shows them.

use blastscope_shared::{Class, RgbPixels, calibration::most_probable, decode, preprocess::squash};
use image::{ExtendedColorType, ImageEncoder as _, codecs::jpeg::JpegEncoder};

use crate::{model::Loaded, overlay, pipeline::Assessor as _, record::Field};

/// Widest and highest that a thumbnail is, in pixels: 55 mm at 166 dots an inch.
const WIDEST: usize = 360;
/// Quality of the thumbnails, 1..=100.
const QUALITY: u8 = 82;

/// The pixels of a stored picture.
pub(super) fn decoded(jpeg: &[u8]) -> Result<RgbPixels, String> {
    decode::decode_jpeg(jpeg).map_err(|error| error.to_string())
}

/// The picture as a small JPEG without anything but the picture.
pub(super) fn thumbnail(picture: &RgbPixels) -> Result<Vec<u8>, String> {
    let (width, height) = (picture.width(), picture.height());
    let longest = width.max(height);
    if longest <= WIDEST {
        return encoded(picture);
    }
    let scaled = |side: usize| (side * WIDEST / longest).max(1);
    encoded(&squash(picture, scaled(width), scaled(height)))
}

/// The picture under the map of what spoke for the class that was named, or else for the most probable one. `None` where the
/// gate rejected the picture or nothing was seen, and for networks of which no map can be made.
pub(super) fn map(
    picture: &RgbPixels,
    field: &Field,
    model: &mut Loaded<'_>,
) -> Result<Option<(Vec<u8>, Class)>, String> {
    let likely = || most_probable(&field.judgement.probabilities?).map(|(class, _)| class);
    let Some(class) = field.judgement.said.class.or_else(likely) else { return Ok(None) };
    model.look(picture);
    let Ok(explanation) = model.explain(class) else { return Ok(None) };
    let tinted = overlay::tinted(picture, &explanation, model.classifier().preprocessing());
    thumbnail(&tinted).map(|jpeg| Some((jpeg, class)))
}

fn encoded(picture: &RgbPixels) -> Result<Vec<u8>, String> {
    let side = |length: usize| u32::try_from(length).map_err(|error| error.to_string());
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, QUALITY)
        .write_image(picture.bytes(), side(picture.width())?, side(picture.height())?, ExtendedColorType::Rgb8)
        .map_err(|error| error.to_string())?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drawn_field;

    #[test]
    fn thumbnails_keep_the_aspect_and_small_pictures_their_size() {
        for (width, height, expected) in [(1024, 768, (360, 270)), (480, 960, (180, 360)), (96, 64, (96, 64))] {
            let jpeg = thumbnail(&drawn_field::field(width, height, 0)).expect("a picture");
            let decoded = decoded(&jpeg).expect("a JPEG");
            assert_eq!((decoded.width(), decoded.height()), expected);
        }
    }
}
