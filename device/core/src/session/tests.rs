//! Sessions, stepped event by event.

use alloc::{string::ToString as _, vec};

use blastscope_shared::judge::slide::Spoken;

use super::*;
use crate::{
    advice::Advice,
    answer::{Says, Seen},
};

#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
enum Disk {
    #[error("the disk is full")]
    Full,
    #[error("the name is invalid")]
    Invalid,
}

impl Fault for Disk {
    fn is_passing(&self) -> bool {
        *self == Self::Full
    }

    fn advice(&self) -> Advice {
        Advice::new(self.to_string(), "free some space")
    }
}

const DAY: Duration = Duration::from_secs(20_000 * 86_400);
const ASKER: Asker = Asker(7);
const POOLING: SlidePooling = SlidePooling::UNMEASURED;
const FIELD: SlideField = SlideField { spoken: Some(Spoken { margin: -6.0, subtype: None }), cells: Some(9) };

fn at(seconds: u64) -> Now {
    let elapsed = Duration::from_secs(seconds);
    Now { elapsed, utc: DAY + elapsed, is_trusted: true }
}

fn id(number: i64) -> SessionId {
    SessionId::new(number)
}

fn left(problem: Option<&str>) -> LeftBehind {
    let shown = Left {
        id: id(1),
        specimen: "S-1".into(),
        operator: "A. B.".into(),
        fields: 4,
        last_utc: "2024-10-04T00:00:00.000Z".into(),
        problem: problem.map(Into::into),
    };
    LeftBehind {
        shown,
        last: Some(DAY),
        since_start: Duration::from_secs(60),
        known: Vec::new(),
        slide: Vec::new(),
        excluded: Vec::new(),
    }
}

fn start() -> Order {
    Order::Start { specimen: "S-2".into(), operator: "C. D.".into() }
}

/// Steps a session, and remembers its writes.
struct Table(Session);

impl Table {
    fn ask_refused(&mut self, order: Order, refused: Option<Disk>, now: Now) -> Vec<Effect<Disk>> {
        self.0.step(Event::Asked { order, by: ASKER, refused }, now)
    }

    fn ask(&mut self, order: Order, now: Now) -> Vec<Effect<Disk>> {
        self.ask_refused(order, None, now)
    }

    fn save(&mut self, effects: &[Effect<Disk>], session: SessionId, now: Now) -> Vec<Effect<Disk>> {
        let mut done = Vec::new();
        for write in writes(effects) {
            let sequence = matches!(write.what, What::Field { .. }).then_some(1);
            done.extend(self.0.step(Event::Saved { write: write.id, session, sequence, excluded: false }, now));
        }
        done
    }

    fn fail(&mut self, effects: &[Effect<Disk>], fault: Disk, now: Now) -> Vec<Effect<Disk>> {
        let mut done = Vec::new();
        for write in writes(effects) {
            done.extend(self.0.step(Event::Failed { write: write.id, refusal: Refusal::Record(fault) }, now));
        }
        done
    }

    /// With session 2 open.
    fn open() -> Self {
        let mut table = Self(Session::new(None, POOLING));
        let effects = table.ask(start(), at(0));
        table.save(&effects, id(2), at(1));
        table
    }
}

fn writes(effects: &[Effect<Disk>]) -> Vec<Write> {
    let written = |effect: &Effect<Disk>| match effect {
        Effect::Write(writes) => Some(writes.clone()),
        _ => None,
    };
    effects.iter().filter_map(written).flatten().collect()
}

fn refused(refusal: Refusal<Disk>) -> Vec<Effect<Disk>> {
    vec![Effect::Answer { to: ASKER, answer: Err(refusal) }]
}

#[test]
fn a_session_is_open_once_it_is_on_the_disk() {
    let mut table = Table(Session::new(None, POOLING));
    let effects = table.ask(start(), at(0));
    assert_eq!((table.0.open(), table.0.saving()), (None, &Saving::Writing));
    assert_eq!(table.ask(start(), at(0)), refused(Refusal::Busy), "one start is pending");
    let done = table.save(&effects, id(2), at(1));
    assert_eq!(done, [Effect::Count, Effect::Answer { to: ASKER, answer: Ok(()) }]);
    assert_eq!(table.0.open().map(|open| open.id), Some(id(2)));
    assert_eq!(table.ask(start(), at(2)), refused(Refusal::SessionGoesOn(id(2))));
}

#[test]
fn a_field_is_timed_by_the_clock_that_is_never_set() {
    let mut table = Table::open();
    let token = Token::default();
    let effects: Vec<Effect<Disk>> =
        table.0.step(Event::Taken { token, field: FIELD, by: None }, Now { utc: Duration::ZERO, ..at(31) });
    let since_start = Duration::from_secs(31);
    assert_eq!(writes(&effects)[0].what, What::Field { session: id(2), token, since_start });
    assert_eq!(table.save(&effects, id(2), at(32)), [Effect::Counted(token, 1)]);
    assert_eq!(table.0.open().map(|open| open.fields), Some(1));
}

#[test]
fn a_field_that_is_not_saved_may_be_taken_again() {
    let mut table = Table::open();
    let token = Token::default();
    let effects = table.0.step(Event::Taken { token, field: FIELD, by: None }, at(5));
    assert_eq!(table.fail(&effects, Disk::Full, at(6)), [Effect::Free(token)]);
    assert_eq!(
        (table.0.unsaved(), table.0.saving()),
        (1, &Saving::Failed { reason: "the disk is full; free some space".into() })
    );
    let effects = table.ask(Order::End { session: id(2), reason: "over".into() }, at(7));
    let freed: Vec<Effect<Disk>> = table.0.step(Event::Taken { token, field: FIELD, by: None }, at(7));
    assert_eq!(freed, [Effect::Free(token)], "nothing is added to a session that is closing");
    table.save(&effects, id(2), at(8));
    assert_eq!((table.0.open(), table.0.unsaved()), (None, 0));
}

#[test]
fn who_asked_for_a_field_without_a_session_hears_it() {
    let token = Token::default();
    let mut closing = Table::open();
    closing.ask(Order::End { session: id(2), reason: "over".into() }, at(3));
    for mut table in [closing, Table(Session::new(None, POOLING)), Table(Session::new(Some(left(None)), POOLING))] {
        let effects = table.0.step(Event::Taken { token, field: FIELD, by: Some(ASKER) }, at(4));
        let answer = Err(Refusal::<Disk>::NoSession);
        assert_eq!(effects, [Effect::Free(token), Effect::Answer { to: ASKER, answer }]);
    }
}

#[test]
fn an_end_that_is_not_saved_leaves_the_session_open() {
    let mut table = Table::open();
    let end = || Order::End { session: id(2), reason: "over".into() };
    let effects = table.ask(end(), at(3));
    assert_eq!(table.ask(end(), at(3)), refused(Refusal::NoSession), "it is closing");
    let answer = Err(Refusal::Record(Disk::Full));
    assert_eq!(table.fail(&effects, Disk::Full, at(4)), [Effect::Answer { to: ASKER, answer }]);
    let effects = table.ask(end(), at(5));
    assert_eq!(table.save(&effects, id(2), at(6))[0], Effect::Rest);
}

#[test]
fn an_order_for_another_session_changes_nothing() {
    let mut table = Table::open();
    let before = table.0.clone();
    let another = || refused(Refusal::AnotherSession { named: id(1), open: id(2) });
    assert_eq!(table.ask(Order::End { session: id(1), reason: "over".into() }, at(3)), another());
    assert_eq!(table.ask(Order::Take { session: id(1), frame: None }, at(3)), another());
    assert_eq!(
        table.ask(Order::Close { session: id(2), reason: "over".into() }, at(3)),
        refused(Refusal::NotLeft(id(2)))
    );
    assert_eq!(table.0, before);
}

#[test]
fn a_start_or_a_sign_off_that_the_record_would_refuse_ends_no_session() {
    let sign_off = |session| Order::SignOff { session, by: "\n".into(), fields: None };
    let mut table = Table::open();
    let before = table.0.clone();
    assert_eq!(table.ask_refused(sign_off(id(2)), Some(Disk::Invalid), at(3)), refused(Refusal::Record(Disk::Invalid)));
    assert_eq!(table.0, before, "the session stays open");

    let mut table = Table(Session::new(Some(left(None)), POOLING));
    let before = table.0.clone();
    for order in [start(), sign_off(id(1))] {
        assert_eq!(table.ask_refused(order, Some(Disk::Invalid), at(3)), refused(Refusal::Record(Disk::Invalid)));
        assert_eq!(table.0, before, "the session that was left open waits");
    }
}

fn sign_off(session: SessionId, fields: u64) -> Order {
    Order::SignOff { session, by: "C. D.".into(), fields: Some(fields) }
}

#[test]
fn what_is_signed_off_ends_first() {
    for (mut table, session) in [(Table::open(), id(2)), (Table(Session::new(Some(left(None)), POOLING)), id(1))] {
        let fields = if session == id(1) { 4 } else { 0 };
        let ended = table.ask(sign_off(session, fields), at(3));
        let written = writes(&ended);
        assert_eq!(written.len(), 1, "nothing is signed before the end is saved: {written:?}");
        assert_eq!(written[0].what, What::End { session, reason: "signed off".into() });
        let signed = table.save(&ended, session, at(4));
        assert_eq!((table.0.open(), table.0.left(), table.0.is_waiting()), (None, None, true));
        let written = writes(&signed);
        assert!(matches!(written[..], [Write { what: What::SignOff { .. }, .. }]), "{written:?}");
        assert_eq!(written[0].at, at(3).utc, "it is signed when the order was given");
        assert!(!signed.iter().any(|effect| matches!(effect, Effect::Answer { .. })), "{signed:?}");
        let answered = vec![Effect::Answer { to: ASKER, answer: Ok(()) }];
        assert_eq!(table.save(&signed, session, at(5)), answered, "the answer is about the signature");
    }
}

#[test]
fn a_session_whose_end_fails_is_not_signed() {
    for (mut table, session) in [(Table::open(), id(2)), (Table(Session::new(Some(left(None)), POOLING)), id(1))] {
        let fields = if session == id(1) { 4 } else { 0 };
        let effects = table.ask(sign_off(session, fields), at(3));
        assert_eq!(
            table.fail(&effects, Disk::Full, at(4)),
            refused(Refusal::Record(Disk::Full)),
            "the signer hears it"
        );
        assert!(!table.0.is_waiting(), "no signature is on its way");
        let still = table.0.open().map(|open| open.id).or_else(|| table.0.left().map(|left| left.id));
        assert_eq!(still, Some(session));
        let again = table.ask(sign_off(session, fields), at(5));
        assert_eq!(writes(&again).len(), 1, "{again:?}");
    }
}

#[test]
fn a_session_whose_end_is_being_saved_is_not_signed() {
    let mut table = Table::open();
    let effects = table.ask(Order::End { session: id(2), reason: "over".into() }, at(3));
    assert_eq!(table.ask(sign_off(id(2), 0), at(3)), refused(Refusal::Busy));
    table.fail(&effects, Disk::Full, at(4));
    assert_eq!(table.0.open().map(|open| open.id), Some(id(2)));
    assert!(!table.0.is_waiting());
}

#[test]
fn fields_that_nobody_was_shown_are_not_signed() {
    let mut table = Table::open();
    let sign_off = || Order::SignOff { session: id(2), by: "C. D.".into(), fields: Some(0) };
    let effects: Vec<Effect<Disk>> =
        table.0.step(Event::Taken { token: Token::default(), field: FIELD, by: None }, at(2));
    let before = table.0.clone();
    assert_eq!(table.ask(sign_off(), at(3)), refused(Refusal::FieldBeingSaved(id(2))));
    assert_eq!(table.0, before, "the session stays open");
    table.save(&effects, id(2), at(4));
    let other = Refusal::OtherFields { session: id(2), shown: 0, now: 1 };
    assert_eq!(table.ask(sign_off(), at(5)), refused(other));
}

#[test]
fn a_gap_in_the_numbers_does_not_keep_a_session_from_being_signed() {
    let mut behind = left(None);
    behind.shown.fields = 9;
    let mut table = Table(Session::new(Some(behind), POOLING));
    let effects = table.ask(Order::Continue { session: id(1) }, at(1));
    table.save(&effects, id(1), at(2));
    let effects: Vec<Effect<Disk>> =
        table.0.step(Event::Taken { token: Token::default(), field: FIELD, by: None }, at(3));
    let write = writes(&effects)[0].id;
    table.0.step(Event::<Disk>::Saved { write, session: id(1), sequence: Some(11), excluded: false }, at(4));
    assert_eq!(table.0.open().map(|open| open.fields), Some(10));
    let ended = table.ask(sign_off(id(1), 10), at(5));
    let signed = table.save(&ended, id(1), at(6));
    let what = What::SignOff { session: id(1), by: "C. D.".into(), fields: Some(10) };
    assert_eq!(writes(&signed).last().map(|write| &write.what), Some(&what), "{signed:?}");
}

#[test]
fn a_session_that_was_cut_off_shortly_goes_on_by_itself() {
    let mut table = Table(Session::new(Some(left(None)), POOLING));
    let effects: Vec<Effect<Disk>> = table.0.step(Event::Begun, at(60));
    let written = writes(&effects);
    assert_eq!(written[0].what, What::Continue { session: id(1), decision: Decision::Automatic });
    assert_eq!(table.ask(start(), at(60)), refused(Refusal::Busy), "a decision is pending");
    assert_eq!(table.save(&effects, id(1), at(61)), [Effect::Resume(Vec::new())]);
    let open = table.0.open().expect("it goes on");
    assert_eq!((open.fields, open.cut_off_utc.as_deref()), (4, Some("2024-10-04T00:00:00.000Z")));
    assert_eq!(table.0.left(), None);
    let token = Token::default();
    let effects: Vec<Effect<Disk>> = table.0.step(Event::Taken { token, field: FIELD, by: None }, at(71));
    let since_start = Duration::from_secs(60 + 10);
    assert_eq!(writes(&effects)[0].what, What::Field { session: id(1), token, since_start });
}

#[test]
fn a_clock_that_is_not_trusted_or_a_long_cut_continues_no_session() {
    let begun = |left: LeftBehind, now: Now| Session::new(Some(left), POOLING).step::<Disk>(Event::Begun, now);
    let asks_nobody = |left, now| !begun(left, now).is_empty();
    assert!(asks_nobody(left(None), at(1799)));
    assert!(!asks_nobody(left(None), Now { is_trusted: false, ..at(60) }), "the length of the interruption is unknown");
    assert!(!asks_nobody(left(None), at(1801)), "another slide may be under the objective");
    assert!(!asks_nobody(left(None), Now { utc: DAY - Duration::from_secs(1), ..at(60) }), "the clock was set back");
    assert!(!asks_nobody(left(Some("it was made with another model")), at(60)));
    assert!(!asks_nobody(LeftBehind { last: None, ..left(None) }, at(60)));
}

#[test]
fn another_start_ends_the_session_that_was_left_open() {
    let mut table = Table(Session::new(Some(left(None)), POOLING));
    let effects = table.ask(start(), at(3000));
    let written = writes(&effects);
    let reason = "cut off; another session was started".to_string();
    assert_eq!(written[0].what, What::End { session: id(1), reason });
    for (write, session) in written.iter().zip([id(1), id(2)]) {
        let event = Event::<Disk>::Saved { write: write.id, session, sequence: None, excluded: false };
        table.0.step(event, at(3001));
    }
    assert_eq!((table.0.open().map(|open| open.id), table.0.left()), (Some(id(2)), None));
}

#[test]
fn a_session_whose_end_could_not_be_saved_waits_behind_the_next() {
    let mut table = Table(Session::new(Some(left(None)), POOLING));
    let effects = table.ask(start(), at(3000));
    let written = writes(&effects);
    let failed = Event::Failed { write: written[0].id, refusal: Refusal::Record(Disk::Full) };
    table.0.step(failed, at(3001));
    let saved: Event<Disk> = Event::Saved { write: written[1].id, session: id(2), sequence: None, excluded: false };
    table.0.step(saved, at(3001));
    assert_eq!(table.0.left().map(|left| left.id), Some(id(1)));
    let effects = table.0.step(Event::Quit, at(3002));
    table.save(&effects, id(2), at(3003));
    assert_eq!((table.0.open(), table.0.left().map(|left| left.id)), (None, Some(id(1))));
}

#[test]
fn a_session_whose_end_fails_at_quit_is_ended_by_the_next_quit() {
    let mut table = Table::open();
    let first = table.0.step(Event::Quit, at(2));
    assert_eq!(table.0.step(Event::<Disk>::Quit, at(3)), [], "its end is being saved");
    table.fail(&first, Disk::Full, at(4));
    let again = table.0.step(Event::Quit, at(5));
    assert_eq!(writes(&again).len(), 1, "{again:?}");
    table.save(&again, id(2), at(6));
    assert_eq!((table.0.open(), table.0.is_waiting()), (None, false));
}

#[test]
fn a_slide_grows_with_what_is_saved_and_goes_on_after_a_cut() {
    let mut table = Table::open();
    assert_eq!(table.0.slide().map(|slide| (slide.fields, slide.more)), Some((0, Some(10))));
    for number in 1..=10 {
        let effects: Vec<Effect<Disk>> =
            table.0.step(Event::Taken { token: Token::default(), field: FIELD, by: None }, at(number));
        assert_eq!(table.0.slide().map(|slide| slide.fields), Some(number as usize - 1), "not before it is saved");
        let write = writes(&effects)[0].id;
        table
            .0
            .step(Event::<Disk>::Saved { write, session: id(2), sequence: Some(number), excluded: false }, at(number));
    }
    assert_eq!(table.0.slide().and_then(|slide| slide.malignant), Some(false));
    let effects: Vec<Effect<Disk>> =
        table.0.step(Event::Taken { token: Token::default(), field: FIELD, by: None }, at(20));
    table.fail(&effects, Disk::Full, at(21));
    assert_eq!(table.0.slide().map(|slide| slide.fields), Some(10), "what is not saved does not count");
    let effects = table.ask(Order::End { session: id(2), reason: "over".into() }, at(22));
    assert!(table.0.slide().is_some(), "it stands while the end is saved");
    table.save(&effects, id(2), at(23));
    assert_eq!(table.0.slide(), None);

    let behind = LeftBehind { slide: (1..=9).map(|number| (number, FIELD)).collect(), ..left(None) };
    let mut table = Table(Session::new(Some(behind), POOLING));
    let effects: Vec<Effect<Disk>> = table.0.step(Event::Begun, at(60));
    assert_eq!(table.0.slide(), None);
    table.save(&effects, id(1), at(61));
    assert_eq!(table.0.slide().map(|slide| (slide.fields, slide.more)), Some((9, Some(1))));
}

#[test]
fn a_hand_over_and_a_corrected_pseudonym_show_once_they_are_saved() {
    let mut table = Table::open();
    let shown =
        |table: &Table| table.0.open().map(|open| (open.specimen.clone(), open.operator.clone())).expect("open");
    let hand_over = || Order::Change { session: id(2), change: Change::HandOver { to: "E. F.".into() } };
    let effects = table.ask(hand_over(), at(2));
    assert_eq!(shown(&table), ("S-2".into(), "C. D.".into()), "not before it is saved");
    table.fail(&effects, Disk::Full, at(2));
    assert_eq!(shown(&table).1, "C. D.");
    let effects = table.ask(hand_over(), at(3));
    table.save(&effects, id(2), at(3));
    let other = Order::Change { session: id(1), change: Change::HandOver { to: "E. F.".into() } };
    assert_eq!(table.ask(other, at(3)), refused(Refusal::AnotherSession { named: id(1), open: id(2) }));
    let change = || Change::Specimen { specimen: "S-20".into(), by: "E. F.".into() };
    let correct = |session| Order::Change { session, change: change() };
    let effects = table.ask(correct(id(1)), at(4));
    table.save(&effects, id(1), at(4));
    assert_eq!(shown(&table), ("S-2".into(), "E. F.".into()), "another session's pseudonym");
    let effects = table.ask(correct(id(2)), at(5));
    table.save(&effects, id(2), at(5));
    assert_eq!(shown(&table), ("S-20".into(), "E. F.".into()));
}

#[test]
fn an_ended_session_goes_on_only_if_nothing_else_is_open_or_undecided() {
    let reopen = |problem| Order::Reopen { ended: Box::new(left(problem)), version: 0, by: "C. D.".into() };
    let mut table = Table(Session::new(Some(left(None)), POOLING));
    assert_eq!(table.ask(reopen(None), at(0)), refused(Refusal::Undecided(id(1))));
    let mut table = Table::open();
    assert_eq!(table.ask(reopen(None), at(0)), refused(Refusal::SessionGoesOn(id(2))));
    let mut table = Table(Session::new(None, POOLING));
    let reason = String::from("it was made with another model");
    assert_eq!(
        table.ask(reopen(Some("it was made with another model")), at(0)),
        refused(Refusal::Differs { session: id(1), reason })
    );
    let effects = table.ask(reopen(None), at(5));
    assert_eq!(table.ask(start(), at(5)), refused(Refusal::Busy), "the decision is being saved");
    let done = table.save(&effects, id(1), at(6));
    assert!(done.contains(&Effect::Resume(Vec::new())), "{done:?}");
    let open = table.0.open().expect("open");
    assert_eq!((open.id, open.fields, open.cut_off_utc.as_ref()), (id(1), 4, None));
}

#[test]
fn an_excluded_field_leaves_the_slide_once_that_is_saved_and_comes_back() {
    let behind =
        || LeftBehind { slide: (1..=11).map(|number| (number, FIELD)).collect(), excluded: vec![3], ..left(None) };
    let say = |table: &mut Table, says, excluded| {
        let (note, by) = (String::new(), "C. D.".into());
        let change = Change::Opinion { sequence: 4, says, note, by, seen: Seen::default() };
        let order = Order::Change { session: id(1), change };
        let before = table.0.slide().cloned();
        let write = writes(&table.ask(order, at(70)))[0].id;
        assert_eq!(table.0.slide(), before.as_ref(), "not before it is saved");
        table.0.step(Event::<Disk>::Saved { write, session: id(1), sequence: Some(4), excluded }, at(71));
    };
    let fields = |table: &Table| table.0.slide().map(|slide| (slide.fields, slide.more));

    // Continued after a cut: what was excluded before counts no more, and what is excluded while it waits neither.
    let mut table = Table(Session::new(Some(behind()), POOLING));
    say(&mut table, Says::Excludes, true);
    let effects = table.ask(Order::Continue { session: id(1) }, at(72));
    table.save(&effects, id(1), at(73));
    assert_eq!(fields(&table), Some((9, Some(1))));
    say(&mut table, Says::Undoes, false);
    assert_eq!(fields(&table), Some((10, None)));
    say(&mut table, Says::Excludes, true);
    assert_eq!(fields(&table), Some((9, Some(1))));
    say(&mut table, Says::Confirms, false);

    // A session that goes on after its end has its fields again, without those excluded meanwhile.
    let effects = table.ask(Order::End { session: id(1), reason: "over".into() }, at(80));
    table.save(&effects, id(1), at(81));
    let reopen = |version| Order::Reopen { ended: Box::new(behind()), version, by: "C. D.".into() };
    let version = table.0.version();
    say(&mut table, Says::Excludes, true);
    // What was read before that may count the field.
    assert_eq!(table.ask(reopen(version), at(82)), refused(Refusal::Outdated(id(1))));
    say(&mut table, Says::Undoes, false);
    let effects = table.ask(reopen(table.0.version()), at(82));
    say(&mut table, Says::Excludes, true);
    table.save(&effects, id(1), at(83));
    assert_eq!(fields(&table), Some((9, Some(1))));
}

#[test]
fn a_session_that_waits_has_its_corrected_pseudonym_when_it_goes_on() {
    let correct = || {
        let change = Change::Specimen { specimen: "S-10".into(), by: "C. D.".into() };
        Order::Change { session: id(1), change }
    };
    // While it is being reopened.
    let mut table = Table(Session::new(None, POOLING));
    let order = Order::Reopen { ended: Box::new(left(None)), version: 0, by: "C. D.".into() };
    let reopening = table.ask(order, at(0));
    let effects = table.ask(correct(), at(1));
    table.save(&effects, id(1), at(2));
    assert_eq!(table.ask(sign_off(id(1), 4), at(2)), refused(Refusal::Busy), "a signed session is not open");
    table.save(&reopening, id(1), at(3));
    assert_eq!(table.0.open().map(|open| open.specimen.as_str()), Some("S-10"));

    // Behind the session that is open, because its end could not be saved.
    let mut table = Table(Session::new(Some(left(None)), POOLING));
    let effects = writes(&table.ask(start(), at(0)));
    table.0.step(Event::Failed { write: effects[0].id, refusal: Refusal::Record(Disk::Full) }, at(1));
    let started = Event::<Disk>::Saved { write: effects[1].id, session: id(2), sequence: None, excluded: false };
    table.0.step(started, at(1));
    let effects = table.ask(correct(), at(2));
    table.save(&effects, id(1), at(2));
    assert_eq!(table.0.left().map(|left| left.specimen.as_str()), Some("S-10"));
}
