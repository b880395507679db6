//! The screen, on a terminal backend in memory.

use std::sync::Arc;

use ratatui::{Terminal, backend::TestBackend};

use super::*;
use crate::{
    faces::terminal::samples::{id, left, slide, snapshot},
    record::SessionId,
    station::{Order, Saving, Snapshot},
};

fn app(snapshot: Snapshot) -> App {
    let mut app = App::new("allcnn 0123456789ab".into(), Some("unsigned model"), None, true);
    app.see(Arc::new(snapshot));
    app
}

/// The screen's rows.
fn rows(app: &App, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("remembers");
    terminal.draw(|frame| draw(frame, app)).expect("drawn");
    let buffer = terminal.backend().buffer();
    let row = |y| (0..width).filter_map(|x| buffer.cell((x, y))).map(ratatui::buffer::Cell::symbol).collect::<String>();
    (0..height).map(|y| row(y).trim_end().to_owned()).collect()
}

#[track_caller]
fn shows(screen: &[String], expected: &[&str]) {
    for text in expected {
        assert!(screen.iter().any(|row| row.contains(text)), "no {text:?} in\n{}", screen.join("\n"));
    }
}

#[test]
fn everything_of_a_session_fits_80_by_24() {
    let mut app = app(snapshot());
    app.read(slide(id(), 12));
    app.tell("field 11: Pre, saved".into(), false);
    let screen = rows(&app, 80, 24);
    shows(
        &screen,
        &[
            "allcnn 0123456789ab",
            "unsigned model",
            "streaming 7.9 a second  camera:0 (Scope)",
            "PRE  93 %  malignant subtype",
            "Benign",
            "  93 %",
            "sharp",
            "hold still: 3 of 5",
            "Session 3 · draft",
            "S-2026-0412 · A. B.",
            // 6 of 10, and 4 of 10: Wilson's intervals.
            "Benign      6     6  60 % (31-83)",
            "any ALL     4     4  40 % (17-69)",
            "none        2     2",
            "Slide  ALL suspected, Pre  99 %",
            "Field 12 of 12  model Pre 93 %",
            "Early, A. B.",
            "record    saved",
            "01:15 field 11: Pre, saved",
            "1-4 Benign Early Pre Pro",
            "u undo  w no answer  d exclude",
            "s sign off",
        ],
    );
    assert_eq!(screen[23], format!(" {RESEARCH_USE}"));
    let large = rows(&app, 110, 44);
    shows(&large, &["10 fields with a verdict, 120 cells", "against it:", "4, 9; not a diagnosis"]);
    let full = screen.iter().find(|row| row.starts_with("│ Pre ")).expect("a bar");
    assert!(full.matches('█').count() >= 15, "{full}");
}

#[test]
fn a_field_after_a_gap_is_not_of_fewer() {
    let mut app = app(snapshot());
    let mut read = slide(id(), 5);
    if let Some(field) = &mut read.field {
        field.sequence = 9;
    }
    read.around.newest = Some(9);
    app.read(read);
    shows(&rows(&app, 80, 24), &["Field 9, 5 in all  model Pre 93 %"]);
}

#[test]
fn a_camera_that_is_frozen_leaves_no_verdict_and_says_why() {
    let reason = "every frame for 1.8 s is bit-identical: unplug the camera and plug it in again";
    let app = app(Snapshot {
        source_state: CameraState::Frozen,
        source_reason: Some(reason.into()),
        said: None,
        probabilities: None,
        quality: None,
        ..snapshot()
    });
    let screen = rows(&app, 80, 24);
    shows(&screen, &["camera frozen", "no picture", "every frame for 1.8 s is", "and plug it in again"]);
    assert!(!screen.join("").contains("93 %"), "{}", screen.join("\n"));
}

#[test]
fn what_could_not_be_saved_and_what_was_cut_off_is_in_sight() {
    let failed = Saving::Failed { reason: "the disk is full".into() };
    let screen = rows(&app(Snapshot { saving: failed, unsaved: 2, ..snapshot() }), 80, 24);
    shows(&screen, &["NOT SAVED: the disk is full", "2 fields were not saved"]);
    let offer = Snapshot { session: None, left: Some(left()), ..snapshot() };
    let screen = rows(&app(offer), 80, 24);
    shows(
        &screen,
        &["session 3 of S-2026-0412 was cut off:", "the last 2026-11-25 04:40", "x closes it", "c continue"],
    );
}

#[test]
fn questions_never_hide_the_notice_and_small_windows_keep_it() {
    let mut app = app(snapshot());
    app.page = Some("the page is at http://127.0.0.1:8080/\n".repeat(40));
    let session: SessionId = id();
    for prompt in [
        Prompt::start("A. B.".into()),
        Prompt::SignOff { session, by: "A. B.".into(), fields: 12 },
        Prompt::Operator { name: "A. B.".into() },
        Prompt::sure("end session 3?".into(), Order::End { session, reason: "over".into() }, "it has ended".into()),
        Prompt::Quit { session },
        Prompt::Page,
    ] {
        app.prompt = Some(prompt);
        for (width, height) in [(80, 24), (120, 50), (40, 12), (20, 5), (3, 2), (1, 1)] {
            let screen = rows(&app, width, height);
            let notice: String = format!(" {RESEARCH_USE}").chars().take(width.into()).collect();
            assert_eq!(screen[usize::from(height) - 1], notice.trim_end(), "{width}x{height}");
        }
    }
    app.prompt = Some(Prompt::start("A. B.".into()));
    shows(&rows(&app, 80, 24), &["New session", "Operator  A. B.", "never a person's name"]);
}

#[test]
fn the_question_for_a_signature_shows_the_number_that_is_signed() {
    let mut app = app(snapshot());
    app.read(slide(id(), 3));
    app.prompt = Some(Prompt::SignOff { session: id(), by: String::new(), fields: 3 });
    shows(&rows(&app, 80, 24), &["session 3, 3 fields: 2 confirmed, 1 corrected"]);
    app.read(slide(id(), 4));
    shows(&rows(&app, 80, 24), &["session 3, 3 fields: now there are others"]);
}

#[test]
fn names_of_others_do_not_steer_the_terminal() {
    let mut app = app(Snapshot { source: "Scope\u{1b}[31m".into(), ..snapshot() });
    app.tell("file\u{1b}]0;x\u{7}".into(), true);
    assert!(!rows(&app, 80, 24).join("").contains('\u{1b}'));
}
