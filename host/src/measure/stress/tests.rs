use blastscope_shared::{Class, Observation, sight::Blank};

use super::*;

fn prediction(at: usize, class: Class, confidence: f32, abstained: Option<&str>) -> Prediction {
    let mut probabilities = [(1.0 - confidence) / 3.0; 4];
    probabilities[class.index()] = confidence;
    Prediction {
        file: format!("{at}.png"),
        truth: Class::Pre,
        probabilities: Observation::Observed(probabilities),
        abstained: abstained.map(str::to_owned),
        without_subtype: false,
    }
}

fn level(severity: Option<Severity>) -> Level {
    let predictions = [
        prediction(0, Class::Pre, 0.95, None),
        prediction(1, Class::Benign, 0.95, None),
        prediction(2, Class::Early, 0.7, None),
        prediction(3, Class::Benign, 0.99, Some("rejected by the quality gate")),
        prediction(4, Class::Pre, 0.5, Some("not sure enough")),
    ];
    Level::new(severity, "quality 6".into(), &predictions, 1).expect("measured")
}

fn stress() -> Stress {
    let kinds: Vec<Kind> = Degradation::ALL
        .into_iter()
        .map(|degradation| Kind {
            degradation,
            levels: Severity::ALL
                .map(|severity| Level { setting: degradation.setting(severity), ..level(Some(severity)) })
                .into(),
            mean_accuracy: 0.4,
        })
        .collect();
    Stress {
        subject: "a network <drawn>".into(),
        notice: RESEARCH_USE_ONLY.into(),
        drawn: true,
        clean: level(None),
        kinds,
        mean_accuracy: 0.4,
    }
}

#[test]
fn the_shares_by_hand() {
    let level = level(None);
    let hits =
        [level.accuracy, level.sensitivity, level.stopped, level.abstained, level.answered, level.answered_accuracy];
    assert_eq!(hits.map(|rate| (rate.hits, rate.of)), [(2, 5), (3, 5), (1, 5), (1, 5), (3, 5), (1, 3)]);
    assert_eq!((level.sure_and_wrong.hits, level.specificity.value), (1, None));
    assert_eq!((level.spoken_and_wrong.hits, level.wrong_side.hits), (2, 1));
}

#[test]
fn nothing_seen_is_an_abstention_and_never_right() {
    let blank = |at: usize, truth, abstained: Option<&str>| Prediction {
        file: format!("{at}.png"),
        truth,
        probabilities: Observation::Nothing(Blank::NoCells),
        abstained: abstained.map(str::to_owned),
        without_subtype: false,
    };
    let predictions = [
        prediction(0, Class::Pre, 0.95, None),
        blank(1, Class::Benign, None),
        blank(2, Class::Benign, Some("no cells")),
        blank(3, Class::Pre, Some("rejected by the quality gate")),
    ];
    let level = Level::new(None, "as they are".into(), &predictions, 1).expect("measured");
    let rates =
        [level.accuracy, level.specificity, level.stopped, level.abstained, level.answered, level.sure_and_wrong];
    assert_eq!(rates.map(|rate| (rate.hits, rate.of)), [(1, 4), (0, 2), (1, 4), (2, 4), (1, 4), (0, 4)]);
    assert_eq!(level.unseen, 3);
    let text = Stress { clean: level, ..stress() }.table();
    assert!(text.contains("Nothing seen, never right: 3 fields as they are, 0 degraded ones"), "{text}");
    assert!(!stress().table().contains("Nothing seen"));
}

#[test]
fn the_table_fits_a_terminal_and_says_what_it_must() {
    let text = stress().table();
    println!("{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    assert!(text.contains("Drawn fields") && text.ends_with(RESEARCH_USE_ONLY) && text.contains("5 quality 6"));
}

/// Writes the picture to the folder that BLASTSCOPE_PICTURES names, to be looked at.
#[test]
fn the_picture_has_a_diagram_for_each() {
    let picture = stress().svg();
    for degradation in Degradation::ALL {
        assert!(picture.contains(degradation.name()));
    }
    assert!(picture.contains("&lt;drawn&gt;") && picture.contains(RESEARCH_USE_ONLY) && !picture.contains("NaN"));
    if let Some(folder) = std::env::var_os("BLASTSCOPE_PICTURES") {
        let path = std::path::Path::new(&folder).join("stress.svg");
        crate::support::atomic_file::write(&path, picture.as_bytes()).expect("written");
    }
}
