use proptest::prelude::*;

use super::*;

/// A picture of random bytes with a few black or white rows, so that sums reach both extremes.
fn drawn(width: usize, height: usize, seed: u32) -> RgbPixels {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    let mut bytes = Vec::with_capacity(width * height * 3);
    for _ in 0..height {
        let kind = next() % 4;
        bytes.extend((0..width * 3).map(|_| match kind {
            0 => 0,
            1 => 255,
            _ => next(),
        }));
    }
    RgbPixels::new(width, height, bytes).expect("as many bytes as pixels")
}

/// The definition from the docs of [`super`]: every overlap of every pair of pixels, in 128 bits.
fn by_definition(picture: &RgbPixels, width: usize, height: usize) -> Vec<u8> {
    let overlap = |source: usize, sources: usize, output: usize, outputs: usize| {
        let start = (source * outputs).max(output * sources);
        let end = ((source + 1) * outputs).min((output + 1) * sources);
        end.saturating_sub(start) as u128
    };
    let mut output = Vec::new();
    for y in 0..height {
        let rows: Vec<_> = (0..picture.height())
            .map(|row| (row, overlap(row, picture.height(), y, height)))
            .filter(|&(_, weight)| weight > 0)
            .collect();
        for x in 0..width {
            let mut sums = [0u128; 3];
            for column in 0..picture.width() {
                let along = overlap(column, picture.width(), x, width);
                if along == 0 {
                    continue;
                }
                for &(row, down) in &rows {
                    let pixel = picture.get(column, row).expect("inside");
                    for (sum, value) in sums.iter_mut().zip(pixel) {
                        *sum += along * down * u128::from(value);
                    }
                }
            }
            let area = (picture.width() * picture.height()) as u128;
            output.extend(sums.map(|sum| ((sum + area / 2) / area) as u8));
        }
    }
    output
}

fn squashed(squash: &mut Squash, picture: &RgbPixels, width: usize, height: usize) -> Vec<u8> {
    let mut output = vec![77; width * height * 3];
    squash.run(picture, width, height, &mut output);
    output
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn small_pictures_become_the_area_mean(
        source in (1usize..48, 1usize..48),
        target in (1usize..40, 1usize..40),
        seed: u32,
    ) {
        let picture = drawn(source.0, source.1, seed);
        let output = squashed(&mut Squash::new(), &picture, target.0, target.1);
        prop_assert_eq!(output, by_definition(&picture, target.0, target.1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn pictures_of_any_size_become_the_area_mean(
        source in (1usize..700, 1usize..700),
        target in (1usize..260, 1usize..260),
        seed: u32,
    ) {
        let picture = drawn(source.0, source.1, seed);
        let output = squashed(&mut Squash::new(), &picture, target.0, target.1);
        prop_assert_eq!(output, by_definition(&picture, target.0, target.1));
    }
}

/// Camera sizes, sizes around the limits of 16 and 32 bits, and more outputs than sources; one squash for all.
#[test]
fn sizes_of_cameras_and_sizes_at_the_limits_become_the_area_mean() {
    let mut squash = Squash::new();
    for ((width, height), target) in [
        ((640, 480), (224, 224)),
        ((1024, 768), (224, 224)),
        ((1280, 720), (224, 224)),
        ((1024, 768), (192, 192)),
        ((1024, 768), (32, 1024)),
        ((223, 225), (224, 224)),
        ((3, 257), (2, 256)),
        ((3, 258), (2, 257)),
        ((3, 259), (2, 256)),
        ((16_321, 257), (5, 3)),
        ((16_319, 257), (5, 3)),
        ((1, 1), (224, 224)),
        ((1, 900), (224, 224)),
        ((900, 1), (224, 224)),
    ] {
        let picture = drawn(width, height, 5);
        let output = squashed(&mut squash, &picture, target.0, target.1);
        assert!(output == by_definition(&picture, target.0, target.1), "{width}x{height} to {target:?}");
        let white = RgbPixels::new(width, height, vec![255; width * height * 3]).expect("three bytes per pixel");
        let output = squashed(&mut squash, &white, target.0, target.1);
        assert!(output.iter().all(|&byte| byte == 255), "{width}x{height} to {target:?} in white");
    }
}

/// At the sums where the mean changes, for areas up to the largest narrow one.
#[test]
fn the_reciprocal_divides() {
    let areas = (1..2000).chain((1..=22).flat_map(|bits| [(1 << bits) - 1, 1 << bits])).chain([32 * 24, 3_999_971]);
    for area in areas.filter(|&area| narrow(1, area)) {
        let reciprocal = Reciprocal::of(area);
        for mean in 0..=255 {
            let last = (mean * area + area.div_ceil(2)).min(255 * area + 1) - 1;
            for sum in [mean * area, last, last + 1].into_iter().filter(|&sum| sum <= 255 * area) {
                let mut mean = [0];
                reciprocal.means(&[sum as u32], &mut mean);
                assert_eq!(u64::from(mean[0]), (sum + area / 2) / area, "{sum} / {area}");
            }
        }
    }
}

#[test]
fn weights_are_divided_by_what_the_sizes_have_in_common() {
    let axis = Axis::new(1024, 224);
    assert_eq!((axis.inner, axis.total, axis.borders.len()), (7, 32, 225));
}
