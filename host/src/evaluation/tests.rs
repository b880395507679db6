use super::*;

/// A prediction that gives `class` the probability `confidence` and shares the rest.
fn prediction(truth: Class, class: Class, confidence: f32) -> Prediction {
    let mut probabilities = [(1.0 - confidence) / 3.0; 4];
    probabilities[class.index()] = confidence;
    Prediction { file: format!("{truth}/as-{class}.png"), truth, probabilities, abstained: None }
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
fn abstentions_change_the_selective_scores_only() {
    let mut predictions = of_confusion(CONFUSION);
    let forced = evaluate(&predictions);
    for prediction in &mut predictions {
        if prediction.class() != prediction.truth && prediction.truth == Class::Benign {
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

#[test]
fn rejects_what_are_no_probabilities() {
    let subject = Subject::default();
    assert!(Evaluation::new(&subject, &[]).is_err());
    for wrong in [[f32::NAN, 0.0, 0.0, 1.0], [0.5, 0.4, 0.0, 0.0], [-0.5, 1.5, 0.0, 0.0]] {
        let mut predictions = vec![prediction(Class::Pro, Class::Pro, 0.9)];
        predictions[0].probabilities = wrong;
        let text = Evaluation::new(&subject, &predictions).expect_err("no probabilities").to_string();
        assert!(text.contains("Pro/as-Pro.png"), "{text}");
    }
}

#[test]
fn json_reads_back() {
    let evaluation = evaluate(&of_confusion(CONFUSION));
    let text = evaluation.json().expect("written");
    let read: Evaluation = serde_json::from_str(&text).expect("read");
    assert_eq!(read.confusion, evaluation.confusion);
    assert!(text.contains(RESEARCH_USE_ONLY));
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
            crate::atomic_file::write(&folder.join(name), picture.as_bytes()).expect("written");
        }
    }
}
