//! Colours of an overlay. Stained smears are pink and purple, so the ramp runs from green to yellow, colours that no stain has: the
//! upper half of viridis (van der Walt and Smith, 2015), whose lightness grows evenly.

/// Colours at values 0, 1/4, 1/2, 3/4 and 1.
const STOPS: [[u8; 3]; 5] = [[33, 145, 140], [53, 183, 121], [109, 205, 89], [180, 222, 44], [253, 231, 37]];
/// Opacity at value 1: the picture below stays readable.
pub(super) const MOST: f32 = 0.5;
/// Below this value the picture stays bare.
const CLEAR: f32 = 0.2;
/// Colour of the contour around the most telling places.
pub(super) const LINE: [u8; 3] = [18, 92, 60];

/// The colour of a value in 0..=1.
pub(super) fn colour(value: f32) -> [u8; 3] {
    let place = value.clamp(0.0, 1.0) * (STOPS.len() - 1) as f32;
    let first = (place as usize).min(STOPS.len() - 2);
    mixed(STOPS[first], STOPS[first + 1], place - first as f32)
}

/// Opacity of the colour, 0..=[`MOST`].
pub(super) fn opacity(value: f32) -> f32 {
    MOST * ((value - CLEAR) / (1.0 - CLEAR)).clamp(0.0, 1.0)
}

/// Blends `share` of `above` over `below`.
pub(super) fn mixed(below: [u8; 3], above: [u8; 3], share: f32) -> [u8; 3] {
    std::array::from_fn(|channel| {
        let (below, above) = (f32::from(below[channel]), f32::from(above[channel]));
        (below + (above - below) * share).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_lighter_and_covers_more() {
        let luminance =
            |[red, green, blue]: [u8; 3]| 2126 * u32::from(red) + 7152 * u32::from(green) + 722 * u32::from(blue);
        let values: Vec<f32> = (0..=20).map(|step| step as f32 / 20.0).collect();
        assert!(values.iter().map(|&value| luminance(colour(value))).is_sorted());
        assert!(values.iter().map(|&value| opacity(value)).is_sorted());
        assert_eq!((opacity(0.0), opacity(1.0)), (0.0, MOST));
    }
}
