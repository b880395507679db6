use alloc::{string::ToString, vec::Vec};

use super::*;

const BACKGROUND: [u8; 3] = [240, 238, 230];
const RED_CELL: [u8; 3] = [200, 180, 205];
const NUCLEUS: [u8; 3] = [110, 60, 170];

/// A field at any camera resolution: round cells, every fifth with a dark nucleus, on a bright background.
fn field(width: usize, height: usize) -> RgbPixels {
    paint(width, height, |x, y| {
        // 10 x 7 cells; coordinates in thousandths of a cell's pitch.
        let (x, y) = (x * 10_000 / width, y * 7_000 / height);
        let (dx, dy) = ((x % 1000) as i64 - 500, (y % 1000) as i64 - 500);
        let distance = dx * dx + dy * dy;
        let nucleated = (x / 1000 + y / 1000 * 3).is_multiple_of(5);
        match distance {
            0..90_000 if nucleated => NUCLEUS,
            0..120_000 => RED_CELL,
            _ => BACKGROUND,
        }
    })
}

fn paint(width: usize, height: usize, mut colour: impl FnMut(usize, usize) -> [u8; 3]) -> RgbPixels {
    let mut bytes = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            bytes.extend(colour(x, y));
        }
    }
    RgbPixels::new(width, height, bytes).expect("three bytes per pixel")
}

fn map(picture: &RgbPixels, mut change: impl FnMut([u8; 3]) -> [u8; 3]) -> RgbPixels {
    paint(picture.width(), picture.height(), |x, y| change(picture.get(x, y).expect("inside")))
}

/// Three box filters of `2 * reach + 1` pixels: nearly a Gaussian of sigma `reach`.
fn blur(picture: &RgbPixels, reach: usize) -> RgbPixels {
    let mut blurred = picture.clone();
    for _ in 0..3 {
        for along_rows in [true, false] {
            let source = blurred;
            blurred = paint(source.width(), source.height(), |x, y| {
                let (at, len) = if along_rows { (x, source.width()) } else { (y, source.height()) };
                let range = at.saturating_sub(reach)..(at + reach + 1).min(len);
                let count = range.len() as u32;
                let mut sums = [0u32; 3];
                for other in range {
                    let pixel = if along_rows { source.get(other, y) } else { source.get(x, other) };
                    for (sum, value) in sums.iter_mut().zip(pixel.expect("inside")) {
                        *sum += u32::from(value);
                    }
                }
                sums.map(|sum| (sum / count) as u8)
            });
        }
    }
    blurred
}

fn verdict(picture: &RgbPixels) -> &'static str {
    Gate::default().check(picture).map_or_else(|rejection| rejection.name(), |_| "passes")
}

#[test]
fn a_sharp_field_passes_at_every_resolution_with_the_same_numbers() {
    let reference = Gate::inspect(&field(1024, 768));
    for (width, height) in [(224, 224), (640, 480), (1024, 768), (1280, 720), (2560, 1920)] {
        let picture = field(width, height);
        assert_eq!(verdict(&picture), "passes", "{width}x{height}: {:?}", Gate::inspect(&picture));
        let quality = Gate::inspect(&picture);
        assert!((quality.focus - reference.focus).abs() < 0.08, "{width}x{height}: {quality:?} and {reference:?}");
        assert!((quality.stained - reference.stained).abs() < 0.02, "{width}x{height}: {quality:?}");
    }
}

#[test]
fn spoiled_fields_are_rejected_with_the_reason() {
    let good = field(640, 480);
    for (what, picture, expected) in [
        ("blurred", blur(&good, 9), "out of focus"),
        ("underexposed", map(&good, |pixel| pixel.map(|value| value / 2)), "too dark"),
        ("overexposed", map(&good, |pixel| pixel.map(|value| value.saturating_mul(2))), "too bright"),
        ("without colour", map(&good, |pixel| [pixel[1]; 3]), "not a smear"),
        ("in yellow", map(&good, |[red, green, blue]| [red, green, blue / 2]), "not a smear"),
        ("a negative", map(&good, |pixel| pixel.map(|value| 255 - value)), "not a smear"),
    ] {
        assert_eq!(verdict(&picture), expected, "{what}: {:?}", Gate::inspect(&picture));
    }
}

#[test]
fn blank_frames_are_rejected_whatever_their_colour_and_noise() {
    for (level, expected) in [(0, "too dark"), (100, "too dark"), (180, "empty"), (240, "empty"), (255, "too bright")] {
        assert_eq!(verdict(&paint(640, 480, |_, _| [level; 3])), expected, "level {level}");
        let mut state = 1u32;
        let noisy = paint(640, 480, |_, _| {
            [(); 3].map(|()| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                level.saturating_add_signed((state >> 24) as i8 / 8)
            })
        });
        assert_ne!(verdict(&noisy), "passes", "noisy level {level}");
    }
}

#[test]
fn noise_is_not_a_smear() {
    let mut state = 7u32;
    let noise = paint(224, 224, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        [200 + (state >> 27) as u8, 100 + (state >> 25) as u8, 200 + (state >> 27) as u8]
    });
    assert_eq!(verdict(&noise), "not a smear", "{:?}", Gate::inspect(&noise));
}

#[test]
fn focus_falls_with_every_step_of_blur() {
    let good = field(640, 480);
    let sharpness: Vec<f32> = [0, 1, 3, 6, 12].map(|reach| Gate::inspect(&blur(&good, reach)).focus).to_vec();
    assert!(sharpness.is_sorted_by(|a, b| a > b), "{sharpness:?}");
}

#[test]
fn the_corner_of_the_scale_bar_changes_nothing() {
    let good = field(224, 224);
    let with_bar = paint(224, 224, |x, y| if x >= 170 && y >= 196 { [0; 3] } else { good.get(x, y).expect("inside") });
    assert_eq!(Gate::inspect(&good), Gate::inspect(&with_bar));
}

#[test]
fn extreme_shapes_are_measured_without_a_panic() {
    for (width, height) in [(1, 1), (1, 5000), (5000, 1), (64, 64)] {
        let _ = Gate::default().check(&field(width, height));
    }
}

#[test]
fn a_rejection_says_what_to_do() {
    let rejection = Rejection::TooBright { clipped: 0.714, threshold: 0.6 };
    assert_eq!(
        rejection.to_string(),
        "too bright (71 % of the field is clipped, at most 60 % may be): turn down the lamp or shorten the exposure"
    );
}

#[test]
fn a_measure_that_is_not_a_number_does_not_pass() {
    let sound = Gate::inspect(&field(400, 300));
    let gate = Gate::default();
    assert_eq!(gate.judge(&sound), Ok(()));
    for (name, quality) in [
        ("too bright", Quality { clipped: f32::NAN, ..sound }),
        ("not a smear", Quality { foreign: f32::NAN, ..sound }),
        ("not a smear", Quality { stained: f32::NAN, ..sound }),
        ("not a smear", Quality { focus: f32::NAN, ..sound }),
    ] {
        assert_eq!(gate.judge(&quality).map_err(|rejection| rejection.name()), Err(name), "{quality:?}");
    }
}
