use blastscope_shared::{Observation, sight::Blank};

use super::*;

/// Twenty fields of each class, all classified correctly with 0.9 and answered.
fn good() -> Vec<Prediction> {
    let mut probabilities = [[0.1 / 3.0; 4]; 4];
    (0..4).for_each(|class| probabilities[class][class] = 0.9);
    let of = |at: usize| Prediction {
        file: format!("{at}.png"),
        truth: Class::ALL[at % 4],
        probabilities: Observation::Observed(probabilities[at % 4]),
        abstained: None,
        without_subtype: false,
    };
    (0..80).map(of).collect()
}

fn paired(champion: &[Prediction], challenger: &[Prediction]) -> Paired {
    let groups: Vec<u32> = (0..champion.len() as u32).collect();
    let bootstrap = Bootstrap { resamples: 20, seed: 1 };
    Paired::new(["champion", "challenger"], [champion, challenger], &groups, bootstrap).expect("compared")
}

/// Names of the scores that object to `challenger`.
fn objections(champion: &[Prediction], challenger: &[Prediction], tolerance: f64) -> Vec<String> {
    let worse = worse(&paired(champion, challenger), tolerance);
    worse.iter().map(|objection| objection.split(':').next().expect("a name").to_owned()).collect()
}

#[test]
fn the_same_or_a_better_challenger_passes() {
    let mut before = good();
    assert_eq!(objections(&before, &before, 0.0), [] as [&str; 0]);
    before.iter_mut().take(8).for_each(|one| one.abstained = Some("not sure enough".into()));
    before[40].probabilities = Observation::Nothing(Blank::NoCells);
    assert_eq!(objections(&before, &good(), 0.0), [] as [&str; 0]);
}

#[test]
fn a_challenger_that_answers_less_is_refused() {
    let champion = good();
    // The true class stays the most probable one, so only the coverage changes.
    for (silent, tolerance, is_refused) in
        [(80, 0.01, true), (2, 0.01, true), (80, 0.99, true), (2, 0.03, false), (0, 0.0, false)]
    {
        let mut challenger = good();
        challenger.iter_mut().take(silent).for_each(|one| one.abstained = Some("not sure enough".into()));
        let found = objections(&champion, &challenger, tolerance);
        assert_eq!(found, vec!["coverage"; usize::from(is_refused)], "{silent} of 80 silent, {tolerance} tolerated");
    }
    let silent: Vec<Prediction> =
        good().into_iter().map(|one| Prediction { abstained: Some("unfamiliar".into()), ..one }).collect();
    assert_eq!(worse(&paired(&champion, &silent), 0.01), ["coverage: answered: 0.0 % instead of 100.0 %"]);
}

#[test]
fn every_score_can_speak_against_a_challenger() {
    let champion = good();
    let spoilt = |spoil: &dyn Fn(&mut Prediction)| {
        let mut challenger = good();
        challenger.iter_mut().for_each(spoil);
        objections(&champion, &challenger, 0.01)
    };
    let taken_for = |class: Class, confidence: f32| {
        let mut probabilities = [(1.0 - confidence) / 3.0; 4];
        probabilities[class.index()] = confidence;
        Observation::Observed(probabilities)
    };
    for class in Class::ALL {
        let other = if class == Class::Benign { Class::Early } else { Class::Benign };
        let found = spoilt(&|one| {
            if one.truth == class {
                one.probabilities = taken_for(other, 0.9);
            }
        });
        assert!(found.contains(&format!("recall of {class}")) && found.contains(&"accuracy".to_owned()), "{found:?}");
        let side = if class == Class::Benign { "specificity, benign" } else { "sensitivity, malignant" };
        assert!(found.contains(&side.to_owned()), "{found:?}");
    }
    assert_eq!(spoilt(&|one| one.probabilities = taken_for(one.truth, 0.55)), ["calibration error"]);
    // A model that sees nothing answers nothing, and no computable score hides it.
    let found = spoilt(&|one| one.probabilities = Observation::Nothing(Blank::NoCells));
    let names: Vec<String> =
        Score::ALL.iter().map(|score| score.to_string().split(':').next().expect("a name").into()).collect();
    assert_eq!(found, names);
}

#[test]
fn a_score_that_is_missing_or_not_a_number_is_refused() {
    let sound = paired(&good(), &good());
    for at in 0..Score::ALL.len() {
        for side in 0..2 {
            for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut spoilt = sound.clone();
                spoilt.scores[at].values[side] = Some(wrong);
                assert_eq!(worse(&spoilt, 1.0).len(), 1, "{} of {side} is {wrong}", spoilt.scores[at].score);
            }
        }
        let mut missing = sound.clone();
        missing.scores[at].values[1] = None;
        assert_eq!(worse(&missing, 1.0).len(), 1);
        missing.scores.remove(at);
        assert_eq!(worse(&missing, 1.0), [format!("{}: not measured", Score::ALL[at])]);
        let mut absent = sound.clone();
        absent.scores[at].values = [None, None];
        assert_eq!(worse(&absent, 0.0), [] as [&str; 0]);
    }
}

#[test]
fn scores_are_told_by_their_names_in_json_alone() {
    for score in Score::ALL {
        let json = serde_json::to_string(&score).expect("written");
        assert_eq!(json, format!("\"{score}\""));
        assert_eq!(serde_json::from_str::<Score>(&json).expect("read"), score);
    }
    assert!(serde_json::from_str::<Score>("\"errors of recall\"").is_err());
}
