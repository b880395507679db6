//! Keys against snapshots.

use super::*;
use crate::{
    instrument::{Left, OpenSession},
    live::tui::samples::{left, opened, slide},
};

fn pressed(app: &mut App, code: KeyCode) -> Wish {
    app.press(KeyEvent::new(code, KeyModifiers::NONE))
}

fn typed(app: &mut App, text: &str) {
    for letter in text.chars() {
        assert_eq!(pressed(app, KeyCode::Char(letter)), Wish::Nothing);
    }
}

/// With a session of so many fields, the newest of which came a while ago.
fn app(session: Option<&OpenSession>, left: Option<&Left>, fields: u64) -> App {
    let mut app = App::new("model".into(), None, None, true);
    let snapshot = |seconds| Snapshot {
        elapsed: Duration::from_secs(seconds),
        session: session.cloned(),
        left: left.cloned(),
        ..Snapshot::default()
    };
    app.see(Arc::new(snapshot(1)));
    if let Some(session) = session {
        app.read(slide(session.id, fields));
    }
    app.see(Arc::new(snapshot(100)));
    app
}

#[test]
fn a_session_is_started_by_its_pseudonym_and_signed_by_initials() {
    let mut app = app(None, None, 0);
    assert_eq!(pressed(&mut app, KeyCode::Char('n')), Wish::Nothing);
    // What is no pseudonym is not taken, and q is a letter here.
    typed(&mut app, "S q/ü7");
    pressed(&mut app, KeyCode::Backspace);
    typed(&mut app, "8");
    pressed(&mut app, KeyCode::Enter);
    typed(&mut app, "A. B.");
    let Wish::Order(order, _) = pressed(&mut app, KeyCode::Enter) else { panic!("no order") };
    assert_eq!(order, Order::Start { specimen: "Sq8".into(), operator: "A. B.".into() });

    let mut app = self::app(Some(&opened()), None, 3);
    assert_eq!(pressed(&mut app, KeyCode::Char('n')), Wish::Nothing);
    assert!(app.prompt.is_none() && app.messages[0].wrong, "one session at a time");
    pressed(&mut app, KeyCode::Char('s'));
    for _ in 0..5 {
        pressed(&mut app, KeyCode::Backspace);
    }
    assert_eq!(pressed(&mut app, KeyCode::Enter), Wish::Nothing, "nobody signs without a name");
    typed(&mut app, "E. F.");
    let Wish::Order(order, _) = pressed(&mut app, KeyCode::Enter) else { panic!("no order") };
    assert_eq!(order, Order::SignOff { session: opened().id, by: "E. F.".into() });
}

#[test]
fn answers_mean_the_chosen_field_and_never_one_that_has_just_come() {
    let mut app = app(Some(&opened()), None, 5);
    let field = |wish: Wish| match wish {
        Wish::Order(Order::Opinion { sequence, says, .. }, _) => (sequence, says),
        other => panic!("{other:?}"),
    };
    assert_eq!(field(pressed(&mut app, KeyCode::Enter)), (5, Says::Confirms));
    pressed(&mut app, KeyCode::Left);
    pressed(&mut app, KeyCode::Left);
    let third = field(pressed(&mut app, KeyCode::Char('4')));
    assert_eq!(third, (3, Says::Corrects(Label::Class(Class::Pro))));
    for _ in 0..9 {
        pressed(&mut app, KeyCode::Right);
    }
    assert_eq!(field(pressed(&mut app, KeyCode::Char('0'))), (5, Says::Corrects(Label::NotAssessable)));
    app.read(slide(opened().id, 6));
    assert_eq!(field(pressed(&mut app, KeyCode::Char('1'))).0, 5, "field 6 came under the finger");
    let later = Snapshot { elapsed: Duration::from_secs(101), ..(*app.snapshot).clone() };
    app.see(Arc::new(later));
    assert_eq!(field(pressed(&mut app, KeyCode::Char('1'))).0, 6);
}

#[test]
fn quitting_asks_while_a_session_goes_on_and_control_c_does_not() {
    assert_eq!(pressed(&mut app(None, None, 0), KeyCode::Char('q')), Wish::Quit);
    let mut app = app(Some(&opened()), None, 1);
    assert_eq!(pressed(&mut app, KeyCode::Char('q')), Wish::Nothing);
    assert_eq!(pressed(&mut app, KeyCode::Char('n')), Wish::Nothing);
    assert!(app.prompt.is_none());
    pressed(&mut app, KeyCode::Char('q'));
    assert_eq!(pressed(&mut app, KeyCode::Char('y')), Wish::Quit);
    pressed(&mut app, KeyCode::Char('s'));
    assert_eq!(app.press(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL)), Wish::Quit);
}

#[test]
fn a_session_that_was_cut_off_is_continued_or_closed() {
    let mut app = app(None, Some(&left()), 0);
    let session = left().id;
    let Wish::Order(order, _) = pressed(&mut app, KeyCode::Char('c')) else { panic!("no order") };
    assert_eq!(order, Order::Continue { session });
    let Wish::Order(order, _) = pressed(&mut app, KeyCode::Char('x')) else { panic!("no order") };
    assert!(matches!(order, Order::Close { .. }));
}

#[test]
fn without_a_record_nothing_is_asked_of_it() {
    let mut app = App::new("model".into(), None, None, false);
    for key in ['t', 'n', 's', 'e', '1', 'c'] {
        assert_eq!(pressed(&mut app, KeyCode::Char(key)), Wish::Nothing);
    }
    assert!(app.messages.iter().all(|message| message.text.contains("--data-dir")));
    assert_eq!(pressed(&mut app, KeyCode::Esc), Wish::Quit);
}
