use super::*;
use crate::{
    data::{
        dataset::LabelledImage,
        drawn_folder,
        folds::{
            Fold, LeftOut, SittingFolds, grouped_folds, leave_one_sitting_out, leave_two_sittings_out, random_folds,
        },
        split::SplitKind,
    },
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

fn grey(value: f64) -> [f64; 6] {
    [value, value, value, 1.0, 1.0, 1.0]
}

#[test]
fn the_nearest_vote_and_break_ties() {
    let places = [0.0, 1.0, 10.0, 11.0, 5.9, 90.0].map(grey);
    let labels = [Class::Benign, Class::Benign, Class::Pre, Class::Pre, Class::Pro, Class::Early].map(Class::index);
    let training: Vec<(&[f64], usize)> = places.iter().map(|place| &place[..]).zip(labels).collect();
    let baseline = NearestNeighbours::fit(&training, 4, NEIGHBOURS).expect("fitted");
    let shares = baseline.shares(&grey(6.0));
    assert!((shares.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    assert!(shares[Class::Pre.index()] > shares[Class::Benign.index()], "{shares:?}");
    let shares = baseline.shares(&grey(4.0));
    assert!(shares[Class::Benign.index()] > shares[Class::Pre.index()], "{shares:?}");
    let near = grey(88.0);
    assert_eq!(answer(&NearestNeighbours::fit(&training, 4, 1).expect("fitted").shares(&near)), Class::Early.index());
    assert!(NearestNeighbours::fit(&training[..4], 4, NEIGHBOURS).is_err());
    assert!(NearestNeighbours::fit(&training, 3, NEIGHBOURS).is_err());
}

/// Points on a line, of which a label's share grows with the place.
fn sloped() -> Vec<([f64; 1], usize)> {
    (0..400).map(|at| ([f64::from(at % 20)], usize::from(at / 20 * 7 % 20 < at % 20))).collect()
}

#[test]
fn logistic_regression_reaches_its_minimum() {
    let points = sloped();
    let training: Vec<(&[f64], usize)> = points.iter().map(|(place, label)| (&place[..], *label)).collect();
    let fitted = LogisticRegression::fit(&training, 2).expect("fitted");
    // At the minimum, the intercepts' derivative (all but unpenalized) vanishes: predicted and true shares agree.
    let ones = training.iter().filter(|(_, label)| *label == 1).count() as f64 / training.len() as f64;
    let predicted: f64 = training.iter().map(|(place, _)| f64::from(fitted.probabilities(place)[1])).sum::<f64>()
        / training.len() as f64;
    assert!((predicted - ones).abs() < 1e-4, "{predicted} for {ones}");
    let shares: Vec<f32> = (0..20).map(|place| fitted.probabilities(&[f64::from(place)])[1]).collect();
    assert!(shares.is_sorted(), "{shares:?}");
    let errors: f64 = (0..20)
        .map(|place| {
            let here: Vec<_> = points.iter().filter(|(at, _)| at[0] == f64::from(place)).collect();
            let share = here.iter().filter(|(_, label)| *label == 1).count() as f64 / here.len() as f64;
            (share - f64::from(shares[place as usize])).abs()
        })
        .sum();
    assert!(errors / 20.0 < 0.12, "{errors}: {shares:?}");
}

#[test]
fn logistic_regression_separates_and_survives_odd_training() {
    let places: Vec<([f64; 2], usize)> =
        (0..90).map(|at| ([f64::from(at / 30) * 10.0 + f64::from(at % 5), 3.0], at as usize / 30)).collect();
    let training: Vec<(&[f64], usize)> = places.iter().map(|(place, label)| (&place[..], *label)).collect();
    // Label 3 never occurs, the second number never varies.
    let fitted = LogisticRegression::fit(&training, 4).expect("fitted");
    for (place, label) in &places {
        let probabilities = fitted.probabilities(place);
        assert_eq!(answer(&probabilities), *label);
        assert!(probabilities[3] < 0.05 && (probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5, "{probabilities:?}");
    }
    let single = LogisticRegression::fit(&training[..1], 4).expect("fitted");
    assert_eq!(answer(&single.probabilities(&[50.0, 3.0])), 0);
    assert!(LogisticRegression::fit(&[], 4).is_err());
}

/// Pictures of given class, group, session and content.
fn images(list: &[(Class, u32, &str, u8)]) -> Vec<LabelledImage> {
    let image = |(at, (class, group, session, content)): (usize, &(Class, u32, &str, u8))| LabelledImage {
        file: format!("{at:03}"),
        class: *class,
        sha256: [*content; 32],
        group: *group,
        session: (!session.is_empty()).then(|| (*session).to_string()),
    };
    list.iter().enumerate().map(image).collect()
}

#[test]
fn folds_test_every_distinct_picture_once_and_keep_groups_together() {
    let list: Vec<(Class, u32, &str, u8)> =
        (0..60u8).map(|at| (Class::ALL[usize::from(at / 15)], u32::from(at / 3), "", at.min(57))).collect();
    let images = images(&list);
    for (folds, grouped) in [(random_folds(&images, 5, 1), false), (grouped_folds(&images, 5, 1), true)] {
        assert_eq!(folds.len(), 5);
        let mut tested: Vec<usize> = folds.iter().flat_map(|fold| fold.test.clone()).collect();
        tested.sort_unstable();
        assert_eq!(tested, (0..58).collect::<Vec<_>>());
        for fold in &folds {
            assert_eq!(fold.train.len() + fold.test.len(), 58);
            for class in Class::ALL {
                assert!(fold.test.iter().any(|&at| images[at].class == class), "{class} in {}", fold.name);
            }
            let leaks =
                fold.test.iter().any(|&test| fold.train.iter().any(|&at| images[at].group == images[test].group));
            assert_eq!(leaks, !grouped);
        }
    }
    assert_eq!(random_folds(&images, 5, 1), random_folds(&images, 5, 1));
    assert_ne!(random_folds(&images, 5, 1), random_folds(&images, 5, 2));
}

#[test]
fn a_sitting_that_alone_shows_a_class_is_named() {
    use Class::{Benign, Pre, Pro};
    let images = images(&[
        (Benign, 0, "b1", 0),
        (Benign, 1, "b1", 0),
        (Benign, 2, "b2", 2),
        (Benign, 3, "b3", 3),
        (Pre, 4, "p1", 4),
        (Pre, 5, "p2", 5),
        (Pre, 4, "p2", 6),
        (Pro, 7, "q", 7),
        (Pro, 8, "", 8),
    ]);
    let SittingFolds { folds, impossible, unknown } = leave_one_sitting_out(&images);
    assert_eq!(folds.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["b1", "b2", "b3", "p1"]);
    assert_eq!((&folds[0].test, &folds[0].train), (&vec![0], &vec![2, 3, 4, 5, 6, 7]));
    // Picture 6 shares a group with the sitting that is left out.
    assert_eq!((&folds[3].test, &folds[3].train), (&vec![4], &vec![0, 2, 3, 5, 7]));
    // And without picture 4, which shares that group with p2, nothing is left that would show Pre to p2.
    let left = |session: &str, class, pictures| LeftOut { session: session.to_string(), class, pictures };
    assert_eq!(impossible, [left("p2", Pre, 2), left("q", Pro, 1)]);
    assert_eq!(unknown, 1);

    let pairs = leave_two_sittings_out(&images);
    assert_eq!(pairs.folds.iter().map(|fold| fold.name.as_str()).collect::<Vec<_>>(), ["b1+p1", "b2", "b3"]);
    assert_eq!((&pairs.folds[0].test, &pairs.folds[0].train), (&vec![0, 4], &vec![2, 3, 5, 7]));
    assert_eq!(pairs.folds[1..], folds[1..3]);
    assert_eq!(pairs.impossible, impossible);
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
