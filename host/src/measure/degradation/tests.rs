use blastscope_shared::{Class, field::gate::Gate};

use super::*;
use blastscope_drawn::draw_field;

fn field() -> RgbPixels {
    draw_field(Class::Pre, 7, 224, 224)
}

/// Mean absolute difference of two pictures, bytes.
fn distance(one: &RgbPixels, other: &RgbPixels) -> f64 {
    let sum: u64 = one.bytes().iter().zip(other.bytes()).map(|(&one, &other)| u64::from(one.abs_diff(other))).sum();
    sum as f64 / one.bytes().len() as f64
}

fn means(picture: &RgbPixels) -> [f64; 3] {
    std::array::from_fn(|channel| {
        let values = picture.bytes().iter().skip(channel).step_by(3);
        values.map(|&value| f64::from(value)).sum::<f64>() / (picture.bytes().len() / 3) as f64
    })
}

#[test]
fn a_greater_severity_changes_more() {
    let field = field();
    for degradation in Degradation::ALL {
        let mut before = 0.0;
        for severity in Severity::ALL {
            let degraded = degradation.apply(&field, severity, 5);
            assert_eq!((degraded.width(), degraded.height()), (224, 224));
            let change = distance(&field, &degraded);
            assert!(change > before, "{degradation} {}: {change} after {before}", severity.number());
            before = change;
        }
        assert!(before > 2.5, "{degradation} at its worst changes {before} of 255");
    }
}

#[test]
fn the_same_arguments_give_the_same_bytes_and_the_seed_only_noise() {
    let field = field();
    let strong = Severity::ALL[3];
    for degradation in Degradation::ALL {
        let [one, again, other] = [1, 1, 2].map(|seed| degradation.apply(&field, strong, seed));
        assert_eq!(one, again, "{degradation}");
        assert_eq!(one == other, degradation != Degradation::Noise, "{degradation}");
    }
}

#[test]
fn each_goes_the_way_that_its_name_says() {
    let field = field();
    let strong = Severity::ALL[3];
    let [red, green, blue] = means(&field);
    let after = |degradation: Degradation| means(&degradation.apply(&field, strong, 1));
    assert!(after(Degradation::Dark).iter().zip([red, green, blue]).all(|(after, before)| *after < before - 20.0));
    assert!(after(Degradation::Bright).iter().zip([red, green, blue]).all(|(after, before)| *after > before + 5.0));
    assert!(after(Degradation::StrongStain)[1] < green - 2.0 && after(Degradation::PaleStain)[1] > green + 2.0);
    let redness = |[red, _, blue]: [f64; 3]| red - blue;
    assert!(redness(after(Degradation::WarmLight)) > redness([red, green, blue]) + 10.0);
    assert!(redness(after(Degradation::CoolLight)) < redness([red, green, blue]) - 10.0);
    // Methylene blue takes red, eosin takes green.
    let pinkness = |[red, green, _]: [f64; 3]| red - green;
    assert!(pinkness(after(Degradation::PinkTint)) > pinkness([red, green, blue]) + 2.0);
    assert!(pinkness(after(Degradation::BlueTint)) < pinkness([red, green, blue]) - 2.0);
    let focus = |degradation: Degradation| Gate::inspect(&degradation.apply(&field, strong, 1)).focus;
    assert!(
        focus(Degradation::Blur) < Gate::inspect(&field).focus
            && focus(Degradation::Noise) > Gate::inspect(&field).focus
    );
}

#[test]
fn a_stop_is_twice_the_light_and_blur_keeps_the_mean() {
    let grey = RgbPixels::new(64, 64, vec![128; 64 * 64 * 3]).expect("three bytes a pixel");
    let doubled = light::gains(&grey, [2.0; 3]);
    assert!((light::light(doubled.bytes()[0]) / light::light(128) - 2.0).abs() < 0.02);
    for value in 0..=255 {
        assert_eq!(light::byte(light::light(value)), value);
    }
    let (field, blurred) = (field(), blur::gaussian(&field(), 2.0));
    for (before, after) in means(&field).into_iter().zip(means(&blurred)) {
        assert!((before - after).abs() < 0.5, "{before} {after}");
    }
    assert_eq!(blur::gaussian(&grey, 3.0), grey);
}

#[test]
fn noise_has_the_deviation_that_its_electrons_say() {
    let grey = RgbPixels::new(200, 200, vec![180; 200 * 200 * 3]).expect("three bytes a pixel");
    let noisy = noise::sensor(&grey, 600.0, 9);
    let lights: Vec<f64> = noisy.bytes().iter().map(|&value| f64::from(light::light(value))).collect();
    let mean = lights.iter().sum::<f64>() / lights.len() as f64;
    let variance = lights.iter().map(|light| (light - mean).powi(2)).sum::<f64>() / lights.len() as f64;
    let white = f64::from(light::light(180));
    let expected = white / 600.0 + 16.0 / (600.0 * 600.0);
    assert!((mean - white).abs() < 0.001, "{mean} {white}");
    assert!((variance / expected - 1.0).abs() < 0.05, "{variance} {expected}");
}

#[test]
fn sizes_mean_the_same_in_a_larger_picture() {
    let [small, large] = [224, 672].map(|side| draw_field(Class::Pre, 7, side, side));
    let focus = |field: &RgbPixels| Gate::inspect(&Degradation::Blur.apply(field, Severity::ALL[3], 1)).focus;
    assert!((focus(&small) - focus(&large)).abs() < 0.05, "{} {}", focus(&small), focus(&large));
}

#[test]
fn severities_are_one_to_five() {
    assert_eq!((Severity::new(0), Severity::new(6), Severity::new(5)), (None, None, Some(Severity::ALL[4])));
    let read: Result<Severity, _> = serde_json::from_str("6");
    assert!(read.expect_err("refused").to_string().contains("1 to 5"));
    for degradation in Degradation::ALL {
        let settings = Severity::ALL.map(|severity| degradation.setting(severity));
        assert!(settings.windows(2).all(|pair| pair[0] != pair[1]), "{settings:?}");
    }
}

/// Writes a field in every state to the folder that BLASTSCOPE_PICTURES names, to be looked at.
#[test]
fn a_sheet_of_all_can_be_drawn() {
    let field = field();
    let (columns, rows) = (Severity::ALL.len() + 1, Degradation::ALL.len());
    let mut sheet = image::RgbImage::new(columns as u32 * 224, rows as u32 * 224);
    for (row, degradation) in Degradation::ALL.into_iter().enumerate() {
        let mut pictures = vec![field.clone()];
        pictures.extend(Severity::ALL.map(|severity| degradation.apply(&field, severity, 1)));
        for (column, picture) in pictures.into_iter().enumerate() {
            let tile = image::RgbImage::from_raw(224, 224, picture.into_bytes()).expect("three bytes a pixel");
            image::imageops::replace(&mut sheet, &tile, column as i64 * 224, row as i64 * 224);
        }
    }
    assert_eq!(sheet.get_pixel(0, 0), sheet.get_pixel(0, 224), "the first column is the field itself");
    if let Some(folder) = std::env::var_os("BLASTSCOPE_PICTURES") {
        sheet.save(std::path::Path::new(&folder).join("degradations.png")).expect("saved");
    }
}
