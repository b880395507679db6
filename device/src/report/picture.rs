//! Heat maps as a report shows them.

use blastscope_shared::{Class, RgbPixels, judge::calibration::most_probable};

use crate::{
    model::Loaded,
    overlay,
    pipeline::Assessor as _,
    record::{Field, StoredPicture},
};

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
    let tinted = overlay::tinted(picture, &explanation, model.classifier().framing());
    let small = StoredPicture::thumbnail_of(&tinted).map_err(|error| error.to_string())?;
    Ok(Some((small.into_bytes(), class)))
}
