//! Whole sessions: scripted, with results as tables.

use alloc::{borrow::ToOwned as _, string::String};
use core::fmt::Write as _;

use blastscope_shared::{judge::Thresholds, sight::Blank};

use super::*;

/// A field with cells at places that depend on `seed`; `light` is the background.
pub fn field(seed: u32, light: u8) -> RgbPixels {
    let (width, height) = (320, 240);
    let mut bytes: Vec<u8> = (0..width * height).flat_map(|_| [light, light, light - 8]).collect();
    let mut state = seed;
    let mut below = |limit: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize % limit
    };
    for _ in 0..40 {
        let (cx, cy, nucleus) = (below(width), below(height), below(3) == 0);
        let colour = if nucleus { [110, 60, 170] } else { [light - 40, light - 62, light - 36] };
        for y in cy.saturating_sub(9)..(cy + 10).min(height) {
            for x in cx.saturating_sub(9)..(cx + 10).min(width) {
                if x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2) <= 81 {
                    bytes[(y * width + x) * 3..][..3].copy_from_slice(&colour);
                }
            }
        }
    }
    RgbPixels::new(width, height, bytes).expect("three bytes a pixel")
}

const JUDGE: Judge = Judge::new(Thresholds { min_probability: 0.6, min_subtype: 0.6, max_novelty: 2.0 });

/// Scores with `probability` for `class` and the rest for the other side; no cells if the novelty is infinite.
fn sight(class: Class, probability: f32, novelty: f32) -> Observation<Scores> {
    if novelty == f32::INFINITY {
        return Observation::Nothing(Blank::NoCells);
    }
    Scores::new([0.0; 4], opposed(class, probability), novelty)
}

/// `probability` for `class`, the rest for the other side.
pub(crate) fn opposed(class: Class, probability: f32) -> [f32; Class::COUNT] {
    let rest = 1.0 - probability;
    let mut probabilities = match class {
        Class::Benign => [0.0, rest / 3.0, rest / 3.0, rest / 3.0],
        _ => [rest, 0.0, 0.0, 0.0],
    };
    probabilities[class.index()] = probability;
    probabilities
}

/// One line of a script: the field's seed (0: blank), and the network's scores.
type Step = (u32, Class, f32, f32);

/// Plays a script at 10 frames a second; one line a frame with the view, the statement and whether it was announced.
fn play(settings: Settings, script: &[Step]) -> (String, Tally) {
    let mut sights = script.iter().filter(|step| step.0 != 0).map(|&(_, class, p, n)| sight(class, p, n));
    let mut pipeline = Pipeline::new(move |_: &RgbPixels| sights.next().expect("scripted"), settings);
    let mut table = String::new();
    for (index, &(seed, ..)) in script.iter().enumerate() {
        let picture = if seed == 0 { RgbPixels::new(64, 64, vec![20; 64 * 64 * 3]) } else { Some(field(seed, 240)) };
        let time = Duration::from_millis(index as u64 * 100);
        let frame =
            Frame { picture: picture.expect("a picture"), sequence: index as u64, time, name: None, original: None };
        let actions = pipeline.step(&frame, time);
        table.push_str(&line(&actions));
    }
    (table, *pipeline.tally())
}

fn line(actions: &[Action]) -> String {
    let mut line = String::new();
    for action in actions {
        match action {
            Action::Show(reading) => {
                let _ = write!(line, "{} {} {}", reading.sequence, reading.view, say(&reading.statement));
            }
            Action::Announce(_) => line.push_str(" !"),
        }
    }
    line + "\n"
}

fn say(statement: &Statement) -> String {
    match statement {
        Statement::Settling { seen, needed } => format!("settling {seen}/{needed}"),
        Statement::Verdict(Verdict::Benign { probability }) => format!("Benign {probability:.2}"),
        Statement::Verdict(Verdict::Malignant { probability, subtype: Subtype::Named { class, share } }) => {
            format!("{class} {:.2}", probability * share)
        }
        Statement::Verdict(Verdict::Malignant { probability, .. }) => format!("Malignant {probability:.2}"),
        Statement::Verdict(Verdict::Abstain(Abstention::Unfamiliar { .. })) => "unfamiliar".into(),
        Statement::Verdict(Verdict::Abstain(Abstention::LowConfidence { .. })) => "doubtful".into(),
        Statement::Verdict(Verdict::Abstain(nothing)) => nothing.kind().into(),
        Statement::Rejected(rejection) => rejection.name().into(),
        Statement::NoPicture(reason) => reason.clone(),
    }
}

const PRE: Step = (1, Class::Pre, 0.9, 1.0);

#[test]
fn a_verdict_is_spoken_when_the_view_has_settled() {
    let (table, tally) = play(Settings::new(JUDGE), &[PRE, PRE, PRE, PRE]);
    assert_eq!(table, "0 1 settling 1/3 !\n1 1 settling 2/3\n2 1 Pre 0.90 !\n3 1 Pre 0.90\n");
    assert_eq!((tally.frames, tally.views, tally.settling, tally.classes), (4, 1, 2, [0, 0, 2, 0]));
}

#[test]
fn another_view_starts_anew() {
    let other = (2, Class::Benign, 0.8, 1.0);
    let settings = Settings { settle: 2, ..Settings::new(JUDGE) };
    let (table, tally) = play(settings, &[PRE, PRE, other, other, PRE]);
    assert_eq!(
        table,
        "0 1 settling 1/2 !\n1 1 Pre 0.90 !\n2 2 settling 1/2 !\n3 2 Benign 0.80 !\n4 3 settling 1/2 !\n"
    );
    assert_eq!(tally.views, 3);
}

#[test]
fn one_odd_frame_does_not_change_what_is_spoken_but_a_lasting_change_does() {
    let early = (1, Class::Early, 0.99, 1.0);
    let script = [PRE, PRE, PRE, PRE, early, PRE, PRE, early, early, early, early, early, early];
    let (table, _) = play(Settings::new(JUDGE), &script);
    let said: Vec<&str> = table.lines().map(|line| line.splitn(3, ' ').nth(2).expect("three words")).collect();
    assert_eq!(
        said[3..],
        [
            "Pre 0.90",
            "Pre 0.63",
            "Pre 0.71",
            "Pre 0.77",
            "Pre 0.54",
            "Malignant 0.95 !",
            "Malignant 0.96",
            "Early 0.79 !",
            "Early 0.85",
            "Early 0.89",
        ],
        "{table}"
    );
}

#[test]
fn rejected_frames_have_no_verdict_and_a_short_blackout_keeps_the_view() {
    let dark = (0, Class::Pre, 0.0, 0.0);
    let (table, tally) = play(Settings::new(JUDGE), &[dark, PRE, PRE, PRE, dark, dark, PRE, dark, dark, dark, PRE]);
    assert_eq!(
        table,
        "0 0 too dark !\n1 1 settling 1/3 !\n2 1 settling 2/3\n3 1 Pre 0.90 !\n4 1 too dark !\n5 1 too dark\n\
         6 1 Pre 0.90 !\n7 1 too dark !\n8 1 too dark\n9 1 too dark\n10 2 settling 1/3 !\n"
    );
    assert_eq!((tally.rejected, tally.classes), (6, [0, 0, 2, 0]));
}

/// A picture for each rejection by the gate.
fn rejects() -> [(&'static str, RgbPixels); 5] {
    let (width, height) = (320, 240);
    let picture = |bytes: Vec<u8>| RgbPixels::new(width, height, bytes).expect("a picture");
    let plain = |value: u8| picture(vec![value; width * height * 3]);
    let good = &field(1, 240);
    let channels_turned = good.bytes().chunks(3).flat_map(|pixel| [pixel[1], pixel[2], pixel[0]]).collect();
    let mean = |at: usize| {
        let (x, y) = (at % width, at / width);
        let near = (x.saturating_sub(8)..(x + 8).min(width))
            .step_by(2)
            .flat_map(|x| (y.saturating_sub(8)..(y + 8).min(height)).step_by(2).filter_map(move |y| good.get(x, y)));
        let (count, sum) = near.fold((0u32, [0u32; 3]), |(count, sum), pixel| {
            (count + 1, std::array::from_fn(|channel| sum[channel] + u32::from(pixel[channel])))
        });
        sum.map(|sum| (sum / count) as u8)
    };
    let blurred = (0..width * height).flat_map(mean).collect();
    [
        ("too dark", plain(5)),
        ("too bright", plain(255)),
        ("empty", plain(200)),
        ("not a smear", picture(channels_turned)),
        ("out of focus", picture(blurred)),
    ]
}

#[test]
fn a_frame_that_the_gate_rejects_never_shows_the_verdict_of_another_whatever_the_reason() {
    let singly = Settings { settle: 1, same_view: -1.0, ..Settings::new(JUDGE) };
    let held = Settings { settle: 2, ..Settings::new(JUDGE) };
    let mut reasons = Vec::new();
    for (settings, named) in [(singly, true), (held, true), (held, false)] {
        for (what, reject) in rejects() {
            let mut pipeline = Pipeline::new(|_: &RgbPixels| sight(Class::Pre, 0.9, 1.0), settings);
            let good = field(1, 240);
            // At the start, after a verdict, and after another rejection.
            for (at, picture) in [&reject, &good, &good, &reject, &reject, &good].into_iter().enumerate() {
                let time = Duration::from_millis(at as u64 * 100);
                let name = named.then(|| format!("{at}.jpg"));
                let frame = Frame { picture: picture.clone(), sequence: at as u64, time, name, original: None };
                let actions = pipeline.step(&frame, time);
                let Some(Action::Show(reading)) = actions.first() else { panic!("every frame is shown") };
                let is_rejected = reading.frame.is_err();
                assert_eq!(is_rejected, std::ptr::eq(picture, &raw const reject), "{what} {at}");
                if let Err(rejection) = reading.frame {
                    assert_eq!(reading.statement, Statement::Rejected(rejection), "{what} {at}");
                    assert_eq!(reading.probabilities, None, "{what} {at}");
                    assert!(reading.statement.reason().is_some() && reading.statement.class().is_none());
                    reasons.push(rejection.name());
                }
                // Lamps and buzzer get the statement that is shown.
                for action in &actions[1..] {
                    assert_eq!(action, &Action::Announce(reading.statement.clone()), "{what} {at}");
                }
            }
        }
    }
    reasons.sort_unstable();
    reasons.dedup();
    assert_eq!(reasons.len(), rejects().len(), "each of the gate's reasons: {reasons:?}");
}

#[test]
fn files_are_not_smoothed_over_each_other_even_when_they_look_alike() {
    let settings = Settings { settle: 1, ..Settings::new(JUDGE) };
    let said = [Class::Pre, Class::Pre, Class::Benign, Class::Benign, Class::Pro];
    let mut classes = said.into_iter();
    let mut pipeline = Pipeline::new(move |_: &RgbPixels| sight(classes.next().expect("scripted"), 0.9, 1.0), settings);
    for (at, (class, name)) in said.into_iter().zip(["a", "a", "b", "b", "c"]).enumerate() {
        let time = Duration::from_millis(at as u64 * 100);
        let frame =
            Frame { picture: field(1, 240), sequence: at as u64, time, name: Some(name.into()), original: None };
        let actions = pipeline.step(&frame, time);
        let Some(Action::Show(reading)) = actions.first() else { panic!("every frame is shown") };
        assert_eq!((reading.statement.class(), reading.view), (Some(class), [1, 1, 2, 2, 3][at]), "{name}");
        let probability = reading.probabilities.expect("averaged")[class.index()];
        assert!((probability - 0.9).abs() < 1e-6, "{name}: {probability}");
    }
}

#[test]
fn frames_without_cells_are_named_when_they_last_and_do_not_spoil_the_mean() {
    let empty = (1, Class::Benign, 0.25, f32::INFINITY);
    let settings = Settings { settle: 2, ..Settings::new(JUDGE) };
    let (table, tally) = play(settings, &[PRE, PRE, empty, PRE, empty, empty, PRE]);
    assert_eq!(
        table,
        "0 1 settling 1/2 !\n1 1 Pre 0.90 !\n2 1 Pre 0.90\n3 1 Pre 0.90\n4 1 Pre 0.90\n5 1 no cells !\n6 1 no cells\n"
    );
    assert_eq!((tally.without_cells, tally.abstained()), (2, 2));
    let (table, _) = play(settings, &[empty, empty, PRE, PRE, PRE]);
    assert_eq!(table, "0 1 settling 1/2 !\n1 1 no cells !\n2 1 no cells\n3 1 Pre 0.90 !\n4 1 Pre 0.90\n");
}

#[test]
fn a_view_that_is_malignant_either_way_is_called_so_without_a_subtype() {
    let settings = Settings { settle: 2, ..Settings::new(JUDGE) };
    let both = Scores::new([0.0; 4], [0.01, 0.55, 0.44, 0.0], 1.0);
    let early = sight(Class::Early, 0.99, 1.0);
    let mut sights = [both, both, both, early, early, early, early].into_iter();
    let mut pipeline = Pipeline::new(move |_: &RgbPixels| sights.next().expect("scripted"), settings);
    let mut said = Vec::new();
    for index in 0..7 {
        let frame = Frame {
            picture: field(1, 240),
            sequence: index,
            time: Duration::from_millis(100 * index),
            name: None,
            original: None,
        };
        let actions = pipeline.step(&frame, frame.time);
        said.push(line(&actions));
    }
    assert!(said[1].contains("Malignant 0.99"), "{said:?}");
    assert!(said.iter().skip(1).all(|line| !line.contains("doubtful")), "it is malignant all the time: {said:?}");
    assert!(said[6].contains("Early"), "{said:?}");
    assert_eq!(pipeline.tally().abstained(), 0);
    assert!(pipeline.tally().subtype_not_sure >= 2 && pipeline.tally().classes[1] >= 1, "{:?}", pipeline.tally());
}

#[test]
fn doubt_and_novelty_are_different_abstentions() {
    let settings = Settings { settle: 1, ..Settings::new(JUDGE) };
    let script = [(1, Class::Pre, 0.5, 1.0), (2, Class::Pre, 0.95, 3.0), (3, Class::Pro, 0.7, 1.0)];
    let (table, tally) = play(settings, &script);
    assert_eq!(table, "0 1 doubtful !\n1 2 unfamiliar !\n2 3 Pro 0.70 !\n");
    assert_eq!((tally.doubtful, tally.unfamiliar, tally.abstained()), (1, 1, 2));
}

#[test]
fn without_a_gate_everything_is_assessed() {
    let settings = Settings { gate: None, settle: 1, ..Settings::new(JUDGE) };
    let mut pipeline = Pipeline::new(|_: &RgbPixels| sight(Class::Pro, 0.9, 1.0), settings);
    let picture = RgbPixels::new(64, 64, vec![0; 64 * 64 * 3]).expect("a picture");
    let frame = Frame { picture, sequence: 0, time: Duration::ZERO, name: None, original: None };
    assert_eq!(line(&pipeline.step(&frame, Duration::ZERO)), "0 1 Pro 0.90 !\n");
}

#[test]
fn a_pause_and_an_interruption_take_the_verdict_back() {
    let mut pipeline = Pipeline::new(|_: &RgbPixels| sight(Class::Pro, 0.9, 1.0), Settings::new(JUDGE));
    let step = |pipeline: &mut Pipeline<_>, millis| {
        let time = Duration::from_millis(millis);
        line(&pipeline.step(&Frame { picture: field(5, 235), sequence: 0, time, name: None, original: None }, time))
    };
    for millis in [0, 100, 200] {
        step(&mut pipeline, millis);
    }
    assert_eq!(step(&mut pipeline, 300), "0 1 Pro 0.90\n");
    assert_eq!(step(&mut pipeline, 5000), "0 2 settling 1/3 !\n");
    let actions = pipeline.interrupt("no frame");
    assert_eq!(actions, [Action::Announce(Statement::NoPicture("no frame".into()))]);
    assert_eq!(pipeline.interrupt("no frame"), [], "said once");
    assert_eq!(step(&mut pipeline, 5100), "0 3 settling 1/3 !\n");
}

#[test]
fn the_lamp_is_not_a_movement() {
    let mut pipeline = Pipeline::new(|_: &RgbPixels| sight(Class::Pro, 0.9, 1.0), Settings::new(JUDGE));
    for (index, light) in [240, 232, 225, 240].into_iter().enumerate() {
        let time = Duration::from_millis(index as u64 * 100);
        pipeline.step(&Frame { picture: field(9, light), sequence: 0, time, name: None, original: None }, time);
    }
    assert_eq!(pipeline.tally().views, 1);
}

/// The result of one frame alone, as a separate view.
fn alone(judge: Judge, sight: Observation<Scores>) -> Reading {
    let settings = Settings { settle: 1, same_view: -1.0, ..Settings::new(judge) };
    let mut pipeline = Pipeline::new(move |_: &RgbPixels| sight, settings);
    let frame = Frame { picture: field(5, 235), sequence: 0, time: Duration::ZERO, name: None, original: None };
    match pipeline.step(&frame, Duration::ZERO).swap_remove(0) {
        Action::Show(reading) => *reading,
        Action::Announce(statement) => panic!("{statement:?} before its reading"),
    }
}

#[test]
fn the_frame_is_judged_as_its_view_is() {
    for judge in [JUDGE, JUDGE.stricter(Some(0.95), None), JUDGE.stricter(None, Some(0.5))] {
        for sight in [
            sight(Class::Pro, 0.9, 1.0),
            sight(Class::Benign, 0.97, 0.4),
            sight(Class::Pre, 0.5, 3.0),
            Observation::Nothing(Blank::NoCells),
            Observation::Nothing(Blank::NotFinite),
        ] {
            let reading = alone(judge, sight);
            let frame = reading.frame.expect("passed the gate");
            assert_eq!(Statement::Verdict(frame.verdict), reading.statement, "{judge:?}");
            assert_eq!(frame.probabilities(), reading.probabilities);
        }
    }
    assert_eq!(alone(JUDGE, sight(Class::Pro, 0.9, 1.0)).statement.class(), Some(Class::Pro));
    let strict = JUDGE.stricter(Some(0.95), None);
    assert_eq!(alone(strict, sight(Class::Pro, 0.9, 1.0)).statement.class(), None);
}

#[test]
fn the_probabilities_of_a_view_go_when_nothing_is_seen_any_more() {
    let script = [sight(Class::Pre, 0.9, 1.0); 2].into_iter().chain([Observation::Nothing(Blank::NotFinite); 3]);
    let mut sights = script;
    let settings = Settings { settle: 2, ..Settings::new(JUDGE) };
    let mut pipeline = Pipeline::new(move |_: &RgbPixels| sights.next().expect("scripted"), settings);
    let mut shown = Vec::new();
    for index in 0..5 {
        let time = Duration::from_millis(index * 100);
        let actions =
            pipeline.step(&Frame { picture: field(5, 235), sequence: index, time, name: None, original: None }, time);
        let Action::Show(reading) = &actions[0] else { panic!("a reading comes first") };
        shown.push((say(&reading.statement), reading.probabilities.is_some()));
    }
    let expected = [
        ("settling 1/2", true),
        ("Pre 0.90", true),
        ("Pre 0.90", true),
        ("not a number", false),
        ("not a number", false),
    ];
    assert_eq!(shown, expected.map(|(said, numbers)| (said.to_owned(), numbers)));
    assert_eq!((pipeline.tally().not_finite, pipeline.tally().abstained()), (2, 2));
}
