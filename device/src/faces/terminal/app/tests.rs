//! Keys against snapshots.

use super::*;
use crate::{
    faces::terminal::samples::{left, opened, slide},
    station::{Change, Left, OpenSession},
};

fn pressed(app: &mut App, code: KeyCode) -> Wish {
    app.press(KeyEvent::new(code, KeyModifiers::NONE))
}

fn typed(app: &mut App, text: &str) {
    for letter in text.chars() {
        assert_eq!(pressed(app, KeyCode::Char(letter)), Wish::Nothing);
    }
}

/// With a session of so many fields, the newest of which appeared a while ago.
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
    // Only letters of a pseudonym are accepted, and q is a letter here.
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
    assert_eq!(pressed(&mut app, KeyCode::Enter), Wish::Nothing, "nobody signs without a name");
    typed(&mut app, "E. F.");
    let Wish::Order(order, _) = pressed(&mut app, KeyCode::Enter) else { panic!("no order") };
    assert_eq!(order, Order::SignOff { session: opened().id, by: "E. F.".into(), fields: Some(3) });
}

#[test]
fn a_signature_covers_the_fields_shown_when_it_was_asked_for() {
    let mut app = app(Some(&opened()), None, 3);
    pressed(&mut app, KeyCode::Char('s'));
    typed(&mut app, "E. F.");
    app.read(slide(opened().id, 4));
    let Wish::Order(order, _) = pressed(&mut app, KeyCode::Enter) else { panic!("no order") };
    assert_eq!(order, Order::SignOff { session: opened().id, by: "E. F.".into(), fields: Some(3) });
}

#[test]
fn nobody_signs_a_session_whose_fields_are_not_shown() {
    let other = "2".parse().expect("a number");
    for shown in [None, Some(slide(other, 3))] {
        let mut app = App { slide: shown, ..app(Some(&opened()), None, 3) };
        assert_eq!(pressed(&mut app, KeyCode::Char('s')), Wish::Nothing);
        assert!(app.prompt.is_none() && app.messages[0].wrong, "{:?}", app.messages);
    }
}

/// Enters a name.
fn introduced(app: &mut App, name: &str) {
    pressed(app, KeyCode::Char('o'));
    typed(app, name);
    assert_eq!(pressed(app, KeyCode::Enter), Wish::Nothing);
}

fn opinion(wish: Wish) -> (SessionId, u64, Says, String, Seen) {
    match wish {
        Wish::Order(Order::Change { session, change: Change::Opinion { sequence, says, by, seen, .. } }, _) => {
            (session, sequence, says, by, seen)
        }
        other => panic!("{other:?}"),
    }
}

/// Field `number` of a session with the fields `numbers`, as read when it is selected.
fn chosen(number: u64, numbers: &[u64]) -> Slide {
    let mut read = slide(opened().id, numbers.len() as u64);
    if let Some(field) = &mut read.field {
        field.sequence = number;
    }
    let previous = numbers.iter().copied().rfind(|&other| other < number);
    let next = numbers.iter().copied().find(|&other| other > number);
    read.around = Around { previous, next, newest: numbers.last().copied() };
    read
}

/// Presses Left or Right, and reads what is then selected.
fn stepped(app: &mut App, code: KeyCode, numbers: &[u64]) -> Option<u64> {
    assert_eq!(pressed(app, code), Wish::Nothing);
    let newest = numbers.last().copied().expect("a field");
    app.read(chosen(app.selected.unwrap_or(newest), numbers));
    app.selected
}

#[test]
fn left_and_right_pass_over_the_numbers_that_a_salvage_lost() {
    let numbers = [1, 2, 3, 8, 9];
    let mut app = app(Some(&opened()), None, 5);
    app.read(chosen(9, &numbers));
    let left: Vec<_> = (0..5).map(|_| stepped(&mut app, KeyCode::Left, &numbers)).collect();
    assert_eq!(left, [Some(8), Some(3), Some(2), Some(1), Some(1)]);
    let right: Vec<_> = (0..5).map(|_| stepped(&mut app, KeyCode::Right, &numbers)).collect();
    assert_eq!(right, [Some(2), Some(3), Some(8), None, None]);
}

#[test]
fn answers_mean_the_field_that_is_shown_and_never_one_that_has_just_come() {
    let mut app = app(Some(&opened()), None, 5);
    introduced(&mut app, "C. D.");
    let (session, sequence, says, by, seen) = opinion(pressed(&mut app, KeyCode::Enter));
    assert_eq!((session, sequence, says, by.as_str()), (opened().id, 5, Says::Confirms, "C. D."));
    assert_eq!(seen, Seen { opinions: 1, amends: false, request: None }, "what was shown of it");
    stepped(&mut app, KeyCode::Left, &[1, 2, 3, 4, 5]);
    assert_eq!(stepped(&mut app, KeyCode::Left, &[1, 2, 3, 4, 5]), Some(3));
    let (_, sequence, says, ..) = opinion(pressed(&mut app, KeyCode::Char('4')));
    assert_eq!((sequence, says), (3, Says::Corrects(Label::Class(Class::Pro))));
    for _ in 0..9 {
        stepped(&mut app, KeyCode::Right, &[1, 2, 3, 4, 5]);
    }
    assert_eq!(opinion(pressed(&mut app, KeyCode::Char('0'))).1, 5);
    for (key, expected) in
        [('5', Says::Corrects(Label::Malignant)), ('u', Says::Undoes), ('w', Says::Withdraws), ('d', Says::Excludes)]
    {
        assert_eq!(opinion(pressed(&mut app, KeyCode::Char(key))).2, expected, "{key}");
    }
    app.read(slide(opened().id, 6));
    assert_eq!(pressed(&mut app, KeyCode::Char('1')), Wish::Nothing, "field 6 came under the finger");
    assert!(app.messages.back().is_some_and(|message| message.text.contains("field 6 has only just appeared")));
    let later = Snapshot { elapsed: Duration::from_secs(101), ..(*app.snapshot).clone() };
    app.see(Arc::new(later));
    assert_eq!(opinion(pressed(&mut app, KeyCode::Char('1'))).1, 6);
}

#[test]
fn nobody_answers_in_anothers_name() {
    let mut app = app(Some(&opened()), None, 5);
    assert_eq!(pressed(&mut app, KeyCode::Char('1')), Wish::Nothing, "the session's operator may sit elsewhere");
    assert_eq!(app.prompt, Some(Prompt::Operator { name: String::new() }));
    typed(&mut app, "E. F.");
    assert_eq!(pressed(&mut app, KeyCode::Enter), Wish::Nothing, "entering a name is not an answer");
    assert_eq!(opinion(pressed(&mut app, KeyCode::Char('1'))).3, "E. F.");
    // The newest opinion of the sample is A. B.'s: Early.
    introduced(&mut app, "");
    let mut again = self::app(Some(&opened()), None, 5);
    introduced(&mut again, "A. B.");
    assert_eq!(pressed(&mut again, KeyCode::Char('2')), Wish::Nothing, "it is saved already");
    assert_eq!(opinion(pressed(&mut again, KeyCode::Char('3'))).1, 5);
}

#[test]
fn what_cannot_be_taken_back_asks_first_and_names_its_session() {
    let mut app = app(Some(&opened()), None, 5);
    introduced(&mut app, "C. D.");
    for no in [KeyCode::Esc, KeyCode::Char('e'), KeyCode::Char('n')] {
        assert_eq!(pressed(&mut app, KeyCode::Char('e')), Wish::Nothing);
        assert!(
            matches!(&app.prompt, Some(Prompt::Sure { asks, .. }) if asks.contains("end session 3 of S-2026-0412"))
        );
        assert_eq!(pressed(&mut app, no), Wish::Nothing);
        assert!(app.prompt.is_none());
    }
    pressed(&mut app, KeyCode::Char('e'));
    let Wish::Order(order, _) = pressed(&mut app, KeyCode::Char('y')) else { panic!("no order") };
    assert!(matches!(order, Order::End { session, .. } if session == opened().id));
    let Wish::Order(order, _) = pressed(&mut app, KeyCode::Char('t')) else { panic!("no order") };
    assert_eq!(order, Order::Take { session: opened().id, frame: None });

    let mut signed = chosen(5, &[1, 2, 3, 4, 5]);
    signed.session.state = State::Approved;
    app.read(signed);
    assert_eq!(pressed(&mut app, KeyCode::Char('1')), Wish::Nothing, "it would change what was signed");
    assert!(opinion(pressed(&mut app, KeyCode::Char('y'))).4.amends);
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
    assert_eq!(pressed(&mut app, KeyCode::Char('x')), Wish::Nothing, "it asks first");
    assert_eq!(pressed(&mut app, KeyCode::Char('x')), Wish::Nothing, "twice does not mean yes");
    assert!(app.prompt.is_none());
    pressed(&mut app, KeyCode::Char('x'));
    let Wish::Order(order, _) = pressed(&mut app, KeyCode::Char('y')) else { panic!("no order") };
    assert!(matches!(order, Order::Close { session: closed, .. } if closed == session));
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
