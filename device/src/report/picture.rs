//! Heat maps as a report shows them.

use blastscope_shared::{Class, RgbPixels};

use crate::{
    model::Loaded,
    overlay,
    pipeline::Assessor as _,
    record::{Field, StoredPicture},
};

/// The picture under the map of what spoke for the class that was named, or else for the most probable one. `None` where the
/// gate rejected the picture, and for networks of which no map can be made.
pub(super) fn map(
    picture: &RgbPixels,
    field: &Field,
    model: &mut Loaded<'_>,
) -> Result<Option<(Vec<u8>, Class)>, String> {
    let said = field.judgement.said.class.or_else(|| field.judgement.probabilities.as_ref().map(most_probable));
    let Some(class) = said else { return Ok(None) };
    model.assess(picture);
    let Ok(explanation) = model.explain(class) else { return Ok(None) };
    let tinted = overlay::tinted(picture, &explanation, model.classifier().preprocessing());
    let small = StoredPicture::thumbnail_of(&tinted).map_err(|error| error.to_string())?;
    Ok(Some((small.into_bytes(), class)))
}

fn most_probable(probabilities: &[f32; Class::COUNT]) -> Class {
    let by_probability = |a: &Class, b: &Class| probabilities[a.index()].total_cmp(&probabilities[b.index()]);
    Class::ALL.into_iter().rev().max_by(by_probability).unwrap_or(Class::Benign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_equally_probable_classes_is_explained() {
        assert_eq!(most_probable(&[0.1, 0.4, 0.4, 0.1]), Class::Early);
        assert_eq!(most_probable(&[0.1, 0.1, 0.1, 0.7]), Class::Pro);
    }
}
