use super::*;

use blastscope_shared::Class;

fn prediction(at: usize, class: Class, confidence: f32, abstained: Option<&str>) -> Prediction {
    let mut probabilities = [(1.0 - confidence) / 3.0; 4];
    probabilities[class.index()] = confidence;
    Prediction { file: format!("{at}.png"), truth: Class::Pre, probabilities, abstained: abstained.map(str::to_owned) }
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
        crate::atomic_file::write(&path, picture.as_bytes()).expect("written");
    }
}
