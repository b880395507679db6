use super::*;
use crate::{
    data::{drawn_folder, folds::random_folds, split::SplitKind},
    statistics::answer::answer,
    support::progress::Progress,
};

#[test]
fn the_masked_corner_does_not_count() {
    let framing = Framing::square(32);
    let mut input = Vec::new();
    for at in 0..32 * 32 {
        input.extend([if at % 2 == 0 { 10 } else { 30 }, 77, 200]);
    }
    let open = colour_numbers(&input, &framing);
    assert_eq!(open, [20.0, 77.0, 200.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, 77.0, 77.0]);
    framing.mask(&mut input);
    assert_eq!(colour_numbers(&input, &framing), open);
}

#[test]
fn correlations_and_quantiles_are_those_of_the_pixels() {
    let framing = Framing::square(64);
    let mut input = vec![0; framing.input_len()];
    for (at, pixel) in input.chunks_exact_mut(3).enumerate() {
        let value = (at % 64) as u8;
        pixel.copy_from_slice(&[value, 2 * value, 200 - value]);
    }
    let mut whole = framing;
    whole.mask.left = whole.mask.right;
    let numbers = colour_numbers(&input, &whole);
    assert!((numbers[6] - 1.0).abs() < 1e-9 && (numbers[7] + 1.0).abs() < 1e-9 && (numbers[8] + 1.0).abs() < 1e-9);
    assert_eq!(numbers[9..], [6.0, 120.0]);
}

#[test]
fn drawn_colours_are_told_apart_and_the_drawing_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    for (class, tint) in Class::ALL.into_iter().zip([20, 90, 160, 230]) {
        let class_folder = folder.path().join(class.name());
        std::fs::create_dir_all(&class_folder).expect("a folder");
        for number in 0..12 {
            let field = image::RgbImage::from_pixel(64, 64, image::Rgb([tint + number, tint, 255 - tint]));
            field.save(class_folder.join(format!("{number}.png"))).expect("saved");
        }
    }
    std::fs::write(folder.path().join(crate::data::dataset::DRAWN_FILE), "{}").expect("written");
    let dataset = Dataset::scan(folder.path(), None, Progress::Silent).expect("scanned");
    let framing = Framing::square(32);
    let inputs = dataset.load_inputs(&framing, Progress::Silent).expect("loaded");
    let split = Split::draw(&dataset, SplitKind::Random, 1, 12).expect("drawn");
    let evaluation = evaluate(&dataset, &inputs, &framing, &split, Part::Test).expect("evaluated");
    assert_eq!(evaluation.accuracy.value, Some(1.0), "{}", evaluation.table());
    assert!(evaluation.drawn && evaluation.warning.is_some());
    assert!(evaluate(&dataset, &inputs[1..], &framing, &split, Part::Test).is_err());

    let features = ColourFeatures::of(&inputs, &framing).expect("computed");
    assert!(ColourFeatures::of(&inputs, &Framing::square(64)).is_err());
    let folds = random_folds(&dataset.images, 4, 1);
    for set in ColourSet::ALL {
        for question in [Question::Class, Question::Malignant] {
            for method in [Method::NearestNeighbours, Method::LogisticRegression] {
                let mut right = 0;
                for fold in &folds {
                    let shares = predict(&dataset, &features, set, method, question, fold).expect("predicted");
                    for (&image, shares) in fold.test.iter().zip(shares) {
                        assert_eq!(shares.len(), question.labels());
                        right += usize::from(answer(&shares) == question.label(dataset.images[image].class));
                    }
                }
                assert!(right >= 44, "{set:?} {question:?} {method:?}: {right} of 48");
            }
        }
    }
    let foreign = Fold { name: "foreign".to_string(), train: vec![0, 1, 2, 3, 4], test: vec![999] };
    let refused = predict(&dataset, &features, ColourSet::Six, Method::NearestNeighbours, Question::Class, &foreign);
    assert!(refused.expect_err("foreign").to_string().contains("foreign"));
}

#[test]
fn colour_nearly_solves_the_real_set() {
    let Some(root) = drawn_folder::real_data("colour_nearly_solves_the_real_set") else { return };
    let dataset = Dataset::scan(&root, None, Progress::Silent).expect("scanned");
    let framing = Framing::square(224);
    let inputs = dataset.load_inputs(&framing, Progress::Silent).expect("loaded");
    for kind in [SplitKind::Grouped, SplitKind::Random, SplitKind::Paper] {
        let split = Split::draw(&dataset, kind, 1, 1000).expect("drawn");
        for part in [Part::Validation, Part::Test] {
            let evaluation = evaluate(&dataset, &inputs, &framing, &split, part).expect("evaluated");
            println!("{}\n", evaluation.table());
            assert!(evaluation.accuracy.value > Some(0.9));
        }
    }
}
