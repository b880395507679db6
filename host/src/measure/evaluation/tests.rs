use blastscope_shared::sight::Blank;

use super::*;

/// A prediction that gives `class` the probability `confidence` and shares the rest.
fn prediction(truth: Class, class: Class, confidence: f32) -> Prediction {
    let mut probabilities = [(1.0 - confidence) / 3.0; 4];
    probabilities[class.index()] = confidence;
    Prediction {
        file: format!("{truth}/as-{class}.png"),
        truth,
        probabilities: Observation::Observed(probabilities),
        abstained: None,
        without_subtype: false,
    }
}

fn evaluate(predictions: &[Prediction]) -> Evaluation {
    let subject = Subject { name: "a drawn network".to_string(), drawn: true, warning: None };
    Evaluation::new(&subject, predictions).expect("evaluated")
}

/// Rows are true classes.
fn of_confusion(confusion: [[usize; 4]; 4]) -> Vec<Prediction> {
    let mut predictions = Vec::new();
    for (truth, row) in Class::ALL.into_iter().zip(confusion) {
        for (class, count) in Class::ALL.into_iter().zip(row) {
            predictions.extend((0..count).map(|_| prediction(truth, class, 0.97)));
        }
    }
    predictions
}

const CONFUSION: [[usize; 4]; 4] = [[58, 5, 2, 0], [3, 120, 3, 0], [1, 6, 116, 0], [0, 0, 4, 98]];

#[test]
fn scores_by_hand() {
    let evaluation = evaluate(&of_confusion(CONFUSION));
    assert_eq!(evaluation.confusion, CONFUSION);
    assert_eq!((evaluation.accuracy.hits, evaluation.accuracy.of), (392, 416));
    assert_eq!((evaluation.sensitivity.hits, evaluation.sensitivity.of), (347, 351));
    assert_eq!((evaluation.specificity.hits, evaluation.specificity.of), (58, 65));
    let early = &evaluation.classes[1];
    assert_eq!((early.support, early.recall.hits, early.precision.of), (126, 120, 131));
    assert_eq!(early.f1, Some(240.0 / 257.0));
    let recall = (58.0 / 65.0 + 120.0 / 126.0 + 116.0 / 123.0 + 98.0 / 102.0) / 4.0;
    assert!((evaluation.macro_average.recall - recall).abs() < 1e-12);
    assert_eq!(evaluation.selective, None);
    assert_eq!(evaluation.mistakes.len(), 24);
}

#[test]
fn a_class_that_does_not_occur_is_left_out_of_the_means() {
    let evaluation = evaluate(&of_confusion([[4, 0, 0, 0], [2, 0, 0, 0], [0; 4], [0; 4]]));
    assert_eq!(evaluation.classes[1].precision.value, None);
    assert_eq!(evaluation.classes[1].f1, Some(0.0));
    assert_eq!(evaluation.classes[3].f1, None);
    assert_eq!(evaluation.macro_average.recall, 0.5);
    assert!((evaluation.macro_average.precision - 1.0 / 3.0).abs() < 1e-12);
}

#[test]
fn calibration_error_by_hand() {
    // Ten of confidence 0.95, nine right; ten of 0.5, eight right: (|9 - 9.5| + |8 - 5|) / 20.
    let mut predictions = Vec::new();
    for at in 0..10 {
        predictions.push(prediction(if at < 9 { Class::Pre } else { Class::Pro }, Class::Pre, 0.95));
        predictions.push(prediction(if at < 8 { Class::Early } else { Class::Pro }, Class::Early, 0.5));
    }
    let calibration = evaluate(&predictions).calibration;
    assert!((calibration.expected_error - 3.5 / 20.0).abs() < 1e-6, "{}", calibration.expected_error);
    assert_eq!((calibration.bins[14].count, calibration.bins[7].count), (10, 10));
    let certain = evaluate(&[prediction(Class::Pro, Class::Pro, 1.0)]).calibration;
    assert_eq!((certain.expected_error, certain.bins[14].count), (0.0, 1));
}

#[test]
fn equal_mass_bins_hold_as_many_fields_each_whatever_the_order() {
    // 28 fields of 0.95, 21 of them right, and two of 0.5, both right, in 15 bins of two.
    let mut predictions: Vec<Prediction> = (0..28)
        .map(|at| prediction(if at % 4 == 0 { Class::Pro } else { Class::Pre }, Class::Pre, 0.95))
        .chain((0..2).map(|_| prediction(Class::Early, Class::Early, 0.5)))
        .collect();
    let calibration = evaluate(&predictions).calibration;
    assert!(calibration.equal_mass_bins.iter().all(|bin| bin.count == 2));
    assert!((calibration.equal_mass_error - (28.0 * 0.2 + 2.0 * 0.5) / 30.0).abs() < 1e-6);
    predictions.reverse();
    let reversed = evaluate(&predictions).calibration;
    assert!((reversed.equal_mass_error - calibration.equal_mass_error).abs() < 1e-12);
    assert_eq!(evaluate(&predictions[..3]).calibration.equal_mass_bins.len(), 3);
}

#[test]
fn the_area_under_the_risk_coverage_curve_by_hand() {
    // From the most confident: right, wrong, then a tie of one right and one wrong.
    let predictions = [
        prediction(Class::Pro, Class::Pro, 0.9),
        prediction(Class::Pre, Class::Pro, 0.8),
        prediction(Class::Pro, Class::Pro, 0.7),
        prediction(Class::Benign, Class::Pro, 0.7),
    ];
    let curve = evaluate(&predictions).risk_coverage;
    // The tie adds half a mistake a field: risks 0, 1/2, 1.5/3, 2/4.
    assert!((curve.area - (0.0 + 0.5 + 0.5 + 0.5) / 4.0).abs() < 1e-12, "{}", curve.area);
    // Both mistakes last: 0, 0, 1/3, 2/4.
    assert!((curve.least_area - (1.0 / 3.0 + 0.5) / 4.0).abs() < 1e-12);
    let points: Vec<(f64, f64)> = curve.points.iter().map(|point| (point.coverage, point.risk)).collect();
    assert_eq!(points, [(0.25, 0.0), (0.5, 0.5), (1.0, 0.5)]);
    let perfect = evaluate(&[prediction(Class::Pro, Class::Pro, 0.9)]).risk_coverage;
    assert_eq!((perfect.area, perfect.least_area), (0.0, 0.0));
}

#[test]
fn abstentions_change_the_selective_scores_only() {
    let mut predictions = of_confusion(CONFUSION);
    let forced = evaluate(&predictions);
    for prediction in &mut predictions {
        if !prediction.is_right() && prediction.truth == Class::Benign {
            prediction.abstained = Some("too uncertain".to_string());
        }
    }
    let evaluation = evaluate(&predictions);
    assert_eq!(evaluation.accuracy, forced.accuracy);
    let selective = evaluation.selective.expect("abstentions");
    assert_eq!((selective.coverage.hits, selective.coverage.of), (409, 416));
    assert_eq!((selective.accuracy.hits, selective.accuracy.of), (392, 409));
    assert_eq!((selective.specificity.hits, selective.specificity.of), (58, 58));
    assert_eq!(selective.reasons["too uncertain"], 7);

    for prediction in &mut predictions {
        prediction.abstained = Some("out of distribution".to_string());
    }
    let nothing = evaluate(&predictions).selective.expect("abstentions");
    assert_eq!((nothing.coverage.hits, nothing.accuracy.value), (0, None));
}

/// A field in which nothing was seen, with and without a reason beside it.
fn nothing(truth: Class, blank: Blank, abstained: Option<&str>) -> Prediction {
    Prediction {
        file: format!("{truth}/blank.png"),
        truth,
        probabilities: Observation::Nothing(blank),
        abstained: abstained.map(str::to_owned),
        without_subtype: false,
    }
}

#[test]
fn a_field_with_nothing_to_see_is_never_right_never_benign_and_teaches_no_calibration() {
    let mut predictions = of_confusion(CONFUSION);
    let seen = evaluate(&predictions);
    // One of each class: without cells, fields can be benign or malignant.
    predictions.extend(Class::ALL.map(|truth| nothing(truth, Blank::NoCells, Some("no cells"))));
    predictions.push(nothing(Class::Benign, Blank::NotFinite, None));
    for blank in &predictions[416..] {
        assert_eq!((blank.most_probable(), blank.is_right(), blank.is_benign()), (None, false, false));
    }
    let with = evaluate(&predictions);
    assert_eq!((with.confusion, with.unseen), (CONFUSION, [2, 1, 1, 1]));
    // The same fields are right, out of more.
    assert_eq!((with.accuracy.hits, with.accuracy.of), (392, 421));
    assert_eq!((with.sensitivity.hits, with.sensitivity.of), (347, 354));
    assert_eq!((with.specificity.hits, with.specificity.of), (58, 67));
    let benign = &with.classes[0];
    assert_eq!((benign.support, benign.recall.hits, benign.precision), (67, 58, seen.classes[0].precision));
    assert_eq!((&with.calibration, &with.mistakes), (&seen.calibration, &seen.mistakes));
    // Never answered, so the curve ends before all fields.
    let last = with.risk_coverage.points.last().expect("a point");
    assert!((last.coverage - 416.0 / 421.0).abs() < 1e-12, "{last:?}");
    assert_eq!((with.risk_coverage.area, last.risk), (seen.risk_coverage.area, 24.0 / 416.0));
    let selective = with.selective.as_ref().expect("abstentions");
    assert_eq!((selective.coverage.hits, selective.coverage.of), (416, 421));
    assert_eq!((selective.reasons["no cells"], selective.reasons["not a number"]), (4, 1));
    let table = with.table();
    assert!(table.contains("nothing seen, never right") && table.contains("5 of 421"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(!evaluate(&of_confusion(CONFUSION)).table().contains("nothing seen"));
    let picture = with.svg();
    assert!(picture.contains("in 5 nothing was seen") && !picture.contains("NaN"));
}

#[test]
fn a_network_that_sees_nothing_anywhere_is_right_nowhere() {
    let blind: Vec<Prediction> = Class::ALL.map(|truth| nothing(truth, Blank::NoCells, None)).into();
    let evaluation = evaluate(&blind);
    assert_eq!((evaluation.accuracy.hits, evaluation.accuracy.of, evaluation.specificity.hits), (0, 4, 0));
    assert_eq!(evaluation.selective.as_ref().map(|selective| selective.coverage.hits), Some(0));
    assert_eq!((evaluation.calibration.expected_error, evaluation.risk_coverage.points.len()), (0.0, 0));
    assert!(!evaluation.svg().contains("NaN") && evaluation.table().contains("4 of 4"));
    // Evidence from before fields could be blank lacks the number.
    let mut written = serde_json::to_value(evaluate(&of_confusion(CONFUSION))).expect("written");
    written.as_object_mut().expect("an object").remove("unseen");
    let read: Evaluation = serde_json::from_value(written).expect("read");
    assert_eq!(read.unseen, [0; 4]);
}

#[test]
fn rejects_what_are_no_probabilities() {
    let subject = Subject::default();
    assert!(Evaluation::new(&subject, &[]).is_err());
    for wrong in [[f32::NAN, 0.0, 0.0, 1.0], [0.5, 0.4, 0.0, 0.0], [-0.5, 1.5, 0.0, 0.0]] {
        let mut predictions = vec![prediction(Class::Pro, Class::Pro, 0.9)];
        predictions[0].probabilities = Observation::Observed(wrong);
        let text = Evaluation::new(&subject, &predictions).expect_err("no probabilities").to_string();
        assert!(text.contains("Pro/as-Pro.png"), "{text}");
    }
}

#[test]
fn the_table_is_as_drawn() {
    let mut predictions = of_confusion(CONFUSION);
    for prediction in predictions.iter_mut().take(5) {
        prediction.abstained = Some("too uncertain".to_string());
    }
    let table = evaluate(&predictions).table();
    println!("{table}");
    let expected = "\
a drawn network
Drawn fields: the pictures were drawn by the program, so these numbers say nothing about blood.

accuracy                   94.2 %   392 of 416      95 % interval 91.6 to 96.1 %
";
    assert!(table.starts_with(expected), "{table}");
    assert!(table.ends_with(RESEARCH_USE_ONLY));
    assert!(table.lines().all(|line| line.chars().count() <= 100));
}

/// Writes pictures to the folder that BLASTSCOPE_PICTURES names, to be looked at.
#[test]
fn the_picture_says_what_it_must() {
    let mut predictions = of_confusion(CONFUSION);
    let plain = evaluate(&predictions).svg();
    for prediction in predictions.iter_mut().take(30) {
        prediction.abstained = Some("too uncertain".to_string());
    }
    let warning = "this split leaks: pictures were augmented before they were divided, so most test pictures are turned or \
                   mirrored copies of training pictures, and validation and test are the same";
    let subject = Subject {
        name: "int8 network, test part of the paper's split with seed 1, <fields>".to_string(),
        drawn: false,
        warning: Some(warning.to_string()),
    };
    let warned = Evaluation::new(&subject, &predictions).expect("evaluated").svg();
    let few = evaluate(&of_confusion([[2, 0, 0, 0], [0, 1, 1, 0], [0; 4], [0, 0, 0, 1]])).svg();
    assert!(plain.contains("Drawn fields") && !warned.contains("Drawn fields"));
    assert!(warned.contains("Warning: this split leaks") && warned.contains("&lt;fields&gt;"));
    for picture in [&plain, &warned, &few] {
        assert!(picture.contains(RESEARCH_USE_ONLY) && !picture.contains("NaN"));
    }
    if let Some(folder) = std::env::var_os("BLASTSCOPE_PICTURES") {
        let folder = std::path::Path::new(&folder);
        for (name, picture) in [("plain.svg", plain), ("warned.svg", warned), ("few.svg", few)] {
            crate::support::atomic_file::write(&folder.join(name), picture.as_bytes()).expect("written");
        }
    }
}

#[test]
fn an_unfamiliar_folder_in_which_nothing_was_seen_is_shown() {
    use crate::{
        measure::{
            screening::Finding,
            unfamiliar::{Familiar, Unfamiliar},
        },
        statistics::bootstrap::Bootstrap,
    };
    let judge = blastscope_shared::Judge::new(blastscope_shared::judge::Thresholds {
        min_probability: 0.6,
        min_subtype: 0.5,
        max_novelty: 2.0,
    });
    let nothing = Finding { assessment: judge.assess(Observation::Nothing(Blank::NoCells)), rejected: false };
    let familiar = [Familiar { novelty: 1.0, group: 0 }];
    let mut evaluation = evaluate(&of_confusion(CONFUSION));
    let holidays = Unfamiliar::new("holidays".into(), &familiar, &[nothing; 3], 2.0, Bootstrap::default());
    evaluation.unfamiliar.push(holidays);
    let table = evaluation.table();
    assert!(table.contains("novelty, ROC area       not measured: the network saw nothing in them"), "{table}");
    assert!(table.contains("3 of 3") && table.contains("named all the same"), "{table}");
    let svg = evaluation.svg();
    assert!(svg.contains("ROC area not measured: the network saw nothing in them") && !svg.contains("NaN"), "{svg}");
}
