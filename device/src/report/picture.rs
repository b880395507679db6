//! Heat maps of a report.

use blastscope_core::pipeline::Assessor as _;
use blastscope_shared::{Class, Classifier, RgbPixels, judge::calibration::most_probable};

use crate::{
    model::Loaded,
    record::{Field, StoredPicture},
    report::overlay,
};

/// The picture under the map for the verdict's class, or else for the most probable class. `None` if the gate rejected the picture,
/// nothing was seen, or the network allows no map.
pub(super) fn map(
    picture: &RgbPixels,
    field: &Field,
    model: &mut Loaded<&Classifier>,
) -> Result<Option<(Vec<u8>, Class)>, String> {
    let likely = || most_probable(&field.judgement.probabilities?).map(|(class, _)| class);
    let Some(class) = field.judgement.said.class.or_else(likely) else { return Ok(None) };
    model.look(picture);
    let Ok(explanation) = model.explain(class) else { return Ok(None) };
    let tinted = overlay::tinted(picture, &explanation, model.classifier().framing());
    let small = StoredPicture::thumbnail_of(&tinted).map_err(|error| error.to_string())?;
    Ok(Some((small.into_bytes(), class)))
}
