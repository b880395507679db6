use blastscope_shared::{Observation, sight::Blank};

use super::*;

fn prediction(file: usize, truth: Class, class: Class, confidence: f32) -> Prediction {
    let mut probabilities = [(1.0 - confidence) / 3.0; 4];
    probabilities[class.index()] = confidence;
    Prediction {
        file: format!("{file}.png"),
        truth,
        probabilities: Observation::Observed(probabilities),
        abstained: None,
        without_subtype: false,
    }
}

/// Two networks on 400 fields: both are right, but for 20 that only the first and 8 that only the second gets right.
fn pair() -> [Vec<Prediction>; 2] {
    let of = |wrong: std::ops::Range<usize>| {
        (0..400)
            .map(|at| {
                let truth = Class::ALL[at % 4];
                let class = if wrong.contains(&at) { Class::ALL[(at + 1) % 4] } else { truth };
                prediction(at, truth, class, 0.9)
            })
            .collect()
    };
    [of(100..108), of(200..220)]
}

fn compare(predictions: &[Vec<Prediction>; 2], groups: &[u32]) -> Paired {
    let [first, second] = predictions;
    Paired::new(["old", "new"], [first, second], groups, Bootstrap { resamples: 4000, seed: 1 }).expect("compared")
}

fn alone(count: u32) -> Vec<u32> {
    (0..count).collect()
}

#[test]
fn the_interval_of_paired_rates_is_the_normal_one() {
    let paired = compare(&pair(), &alone(400));
    let accuracy = &paired.scores[0];
    assert_eq!(accuracy.values, [Some(0.98), Some(0.95)]);
    let difference = accuracy.difference.expect("a difference");
    // b = 20 and c = 8 discordant fields of n = 400: variance (b + c - (b - c)^2 / n) / n^2.
    let half = 1.96 * (28.0f64 - 144.0 / 400.0).sqrt() / 400.0;
    assert!((difference.value + 0.03).abs() < 1e-12);
    assert!((difference.low - (-0.03 - half)).abs() < 0.003 && (difference.high - (-0.03 + half)).abs() < 0.003);
    assert_eq!((paired.only_right, paired.changed.len(), paired.agreement.hits), ([20, 8], 28, 372));
    // Confidence is 0.9 throughout: |0.98 - 0.9| and |0.95 - 0.9|.
    let calibration = paired.scores[7].values.map(|value| value.expect("a value"));
    assert!((calibration[0] - 0.08).abs() < 1e-6 && (calibration[1] - 0.05).abs() < 1e-6, "{calibration:?}");
}

#[test]
fn the_same_predictions_do_not_differ() {
    let [first, _] = pair();
    let paired = compare(&[first.clone(), first], &alone(400));
    for score in &paired.scores {
        assert_eq!(score.difference, Some(Estimate { value: 0.0, low: 0.0, high: 0.0 }), "{}", score.score);
    }
    assert!(!paired.table().contains("  *"), "{}", paired.table());
}

#[test]
fn fields_of_one_group_are_one_case() {
    // Every field of each network four times: as groups of four the interval is that of the single fields, twice as wide as if
    // the copies were fields of their own.
    let [first, second] = pair().map(|predictions| {
        let copies = (0..1600).map(|at| Prediction { file: format!("{at}.png"), ..predictions[at / 4].clone() });
        copies.collect::<Vec<Prediction>>()
    });
    let both = [first, second];
    let width = |groups: &[u32]| {
        let difference = compare(&both, groups).scores[0].difference.expect("a difference");
        difference.high - difference.low
    };
    let grouped: Vec<u32> = (0..1600).map(|at| at / 4).collect();
    let ratio = width(&grouped) / width(&alone(1600));
    assert!((1.8..2.2).contains(&ratio), "{ratio}");
}

#[test]
fn abstentions_are_coverage_and_an_absent_class_has_no_recall() {
    let mut first: Vec<Prediction> = (0..40).map(|at| prediction(at, Class::Early, Class::Early, 0.8)).collect();
    let second = first.clone();
    first.iter_mut().take(10).for_each(|prediction| prediction.abstained = Some("unfamiliar".into()));
    let paired = compare(&[first, second], &alone(40));
    assert_eq!(paired.scores[8].values, [Some(0.75), Some(1.0)]);
    assert!(paired.scores[8].difference.is_some_and(|difference| difference.low > 0.0));
    assert_eq!((paired.scores[3].values, paired.scores[3].difference), ([None, None], None));
    assert_eq!(paired.scores[2].difference, None);
    let text = paired.table();
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn nothing_seen_is_neither_right_nor_answered() {
    let seen: Vec<Prediction> = (0..40).map(|at| prediction(at, Class::Benign, Class::Benign, 0.8)).collect();
    let mut blank = seen.clone();
    blank.iter_mut().take(10).for_each(|one| one.probabilities = Observation::Nothing(Blank::NoCells));
    let paired = compare(&[seen, blank.clone()], &alone(40));
    let of = |score| paired.scores.iter().find(|found| found.score == score).expect("measured").values;
    for score in [Score::Accuracy, Score::Specificity, Score::Recall(Class::Benign), Score::Coverage] {
        assert_eq!(of(score), [Some(1.0), Some(0.75)], "{score}");
    }
    // The calibration is that of the fields in which something was seen.
    let [one, other] = of(Score::CalibrationError).map(|error| error.expect("fields"));
    assert!((one - other).abs() < 1e-12 && (one - 0.2).abs() < 1e-6, "{one} {other}");
    assert_eq!((paired.only_right, paired.changed.len(), paired.agreement.hits), ([10, 0], 10, 30));
    assert_eq!(paired.changed[0].predicted, [Some(Class::Benign), None]);
    let text = paired.table();
    assert!(text.contains("A Benign 0.80, B nothing seen") && !text.contains("NaN"), "{text}");
    let same = compare(&[blank.clone(), blank], &alone(40));
    assert_eq!((same.agreement.hits, same.changed.len(), same.only_right), (40, 0, [0, 0]));
}

#[test]
fn rejects_other_fields_by_name() {
    let [first, mut second] = pair();
    second[3].file = "other.png".into();
    let compared = |first: &[Prediction], second: &[Prediction]| {
        Paired::new(["a", "b"], [first, second], &alone(400), Bootstrap::default()).expect_err("refused").to_string()
    };
    let text = compared(&first, &second);
    assert!(text.contains("3.png") && text.contains("other.png"), "{text}");
    assert!(compared(&first, &second[1..]).contains("399"));
}

/// Writes the picture to the folder that BLASTSCOPE_PICTURES names, to be looked at.
#[test]
fn the_picture_says_what_it_must() {
    let picture = compare(&pair(), &alone(400)).svg(&["Drawn fields <and> no blood."]);
    assert!(picture.contains(RESEARCH) && picture.contains("&lt;and&gt;") && !picture.contains("NaN"));
    if let Some(folder) = std::env::var_os("BLASTSCOPE_PICTURES") {
        let path = std::path::Path::new(&folder).join("paired.svg");
        crate::support::atomic_file::write(&path, picture.as_bytes()).expect("written");
    }
}

const RESEARCH: &str = crate::support::notice::RESEARCH_USE_ONLY;
