//! Whole sessions, scripted and written down as tables.

use std::fmt::Write as _;

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

fn thresholds() -> Thresholds {
    Thresholds { min_probability: 0.6, max_novelty: 2.0 }
}

/// An assessment as the classifier would make it, `probability` for `class` and the rest shared.
fn assessment(class: Class, probability: f32, novelty: f32) -> Assessment {
    let mut probabilities = [(1.0 - probability) / 3.0; Class::COUNT];
    probabilities[class.index()] = probability;
    let verdict = if novelty == f32::MAX {
        Verdict::Abstain(Abstention::NoCells)
    } else {
        judge(&probabilities, novelty, &thresholds())
    };
    Assessment { logits: [0.0; 4], probabilities, novelty, verdict }
}

/// One line of a script: the field's seed (0: blank), and what the network says.
type Step = (u32, Class, f32, f32);

/// Plays a script at 10 frames a second; one line a frame with the view, the statement and whether it was announced.
fn play(settings: Settings, script: &[Step]) -> (String, Tally) {
    let mut assessments = script.iter().filter(|step| step.0 != 0).map(|&(_, class, p, n)| assessment(class, p, n));
    let mut pipeline = Pipeline::new(move |_: &RgbPixels| assessments.next().expect("scripted"), settings);
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
        Statement::Verdict(Verdict::Class { class, probability }) => format!("{class} {probability:.2}"),
        Statement::Verdict(Verdict::Abstain(Abstention::Unfamiliar { .. })) => "unfamiliar".into(),
        Statement::Verdict(Verdict::Abstain(Abstention::LowConfidence { .. })) => "doubtful".into(),
        Statement::Verdict(Verdict::Abstain(Abstention::NoCells)) => "no cells".into(),
        Statement::Rejected(rejection) => rejection.name().into(),
        Statement::NoPicture(reason) => reason.clone(),
    }
}

const PRE: Step = (1, Class::Pre, 0.9, 1.0);

#[test]
fn a_verdict_is_spoken_when_the_view_has_settled() {
    let (table, tally) = play(Settings::new(thresholds()), &[PRE, PRE, PRE, PRE]);
    assert_eq!(table, "0 1 settling 1/3 !\n1 1 settling 2/3\n2 1 Pre 0.90 !\n3 1 Pre 0.90\n");
    assert_eq!((tally.frames, tally.views, tally.settling, tally.classes), (4, 1, 2, [0, 0, 2, 0]));
}

#[test]
fn another_view_starts_anew() {
    let other = (2, Class::Benign, 0.8, 1.0);
    let settings = Settings { settle: 2, ..Settings::new(thresholds()) };
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
    let (table, _) = play(Settings::new(thresholds()), &script);
    let said: Vec<&str> = table.lines().map(|line| line.splitn(3, ' ').nth(2).expect("three words")).collect();
    assert_eq!(
        said[3..],
        [
            "Pre 0.90",
            "Pre 0.63",
            "Pre 0.71",
            "Pre 0.77",
            "Pre 0.54",
            "doubtful !",
            "doubtful",
            "doubtful",
            "Early 0.85 !",
            "Early 0.89",
        ],
        "{table}"
    );
}

#[test]
fn rejected_frames_are_named_and_a_short_blackout_keeps_the_verdict() {
    let dark = (0, Class::Pre, 0.0, 0.0);
    let (table, tally) = play(Settings::new(thresholds()), &[dark, PRE, PRE, PRE, dark, dark, dark, PRE]);
    assert_eq!(
        table,
        "0 0 too dark !\n1 1 settling 1/3 !\n2 1 settling 2/3\n3 1 Pre 0.90 !\n4 1 Pre 0.90\n5 1 Pre 0.90\n\
         6 1 too dark !\n7 2 settling 1/3 !\n"
    );
    assert_eq!((tally.rejected, tally.classes), (4, [0, 0, 1, 0]));
}

#[test]
fn frames_without_cells_are_named_when_they_last_and_do_not_spoil_the_mean() {
    let empty = (1, Class::Benign, 0.25, f32::MAX);
    let settings = Settings { settle: 2, ..Settings::new(thresholds()) };
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
fn doubt_and_novelty_are_different_abstentions() {
    let settings = Settings { settle: 1, ..Settings::new(thresholds()) };
    let script = [(1, Class::Pre, 0.5, 1.0), (2, Class::Pre, 0.95, 3.0), (3, Class::Pro, 0.7, 1.0)];
    let (table, tally) = play(settings, &script);
    assert_eq!(table, "0 1 doubtful !\n1 2 unfamiliar !\n2 3 Pro 0.70 !\n");
    assert_eq!((tally.doubtful, tally.unfamiliar, tally.abstained()), (1, 1, 2));
}

#[test]
fn without_a_gate_everything_is_assessed() {
    let settings = Settings { gate: None, settle: 1, ..Settings::new(thresholds()) };
    let mut pipeline = Pipeline::new(|_: &RgbPixels| assessment(Class::Pro, 0.9, 1.0), settings);
    let picture = RgbPixels::new(64, 64, vec![0; 64 * 64 * 3]).expect("a picture");
    let frame = Frame { picture, sequence: 0, time: Duration::ZERO, name: None, original: None };
    assert_eq!(line(&pipeline.step(&frame, Duration::ZERO)), "0 1 Pro 0.90 !\n");
}

#[test]
fn a_pause_and_an_interruption_take_the_verdict_back() {
    let mut pipeline = Pipeline::new(|_: &RgbPixels| assessment(Class::Pro, 0.9, 1.0), Settings::new(thresholds()));
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
    let mut pipeline = Pipeline::new(|_: &RgbPixels| assessment(Class::Pro, 0.9, 1.0), Settings::new(thresholds()));
    for (index, light) in [240, 232, 225, 240].into_iter().enumerate() {
        let time = Duration::from_millis(index as u64 * 100);
        pipeline.step(&Frame { picture: field(9, light), sequence: 0, time, name: None, original: None }, time);
    }
    assert_eq!(pipeline.tally().views, 1);
}
