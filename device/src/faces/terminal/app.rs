//! What the operator sees and does at the terminal, without the terminal: snapshots and keys in, orders out.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use blastscope_shared::Class;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{prompt::Prompt, slide::Slide};
use crate::{
    record::{Around, Label, Says, Seen, SessionId, State},
    station::{Change, JUST_NOW, Order, Snapshot},
};

/// Number of messages kept.
const MESSAGES: usize = 3;

/// A message with its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) at: Duration,
    pub(super) text: String,
    pub(super) wrong: bool,
}

/// The effect of a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    /// Only redraw.
    Nothing,
    /// An order, and the message once it succeeds.
    Order(Order, String),
    /// Show the page's address and a new code.
    Page,
    /// Quit.
    Quit,
}

/// The state of the terminal.
#[derive(Debug, Default)]
pub(super) struct App {
    pub(super) model: String,
    pub(super) caution: Option<&'static str>,
    /// Whether sessions are recorded.
    pub(super) records: bool,
    /// The page's address with token and QR code, if there is a page.
    pub(super) page: Option<String>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) slide: Option<Slide>,
    /// Number of the selected field; `None` for the newest.
    pub(super) selected: Option<u64>,
    pub(super) prompt: Option<Prompt>,
    pub(super) messages: VecDeque<Message>,
    /// Who works at this terminal; empty until somebody enters a name.
    pub(super) operator: String,
    /// When the newest field appeared.
    newest_since: Duration,
    last_note: u64,
}

impl App {
    pub(super) fn new(model: String, caution: Option<&'static str>, page: Option<String>, records: bool) -> Self {
        Self { model, caution, page, records, ..Self::default() }
    }

    /// Takes over a snapshot.
    pub(super) fn see(&mut self, snapshot: Arc<Snapshot>) {
        self.snapshot = snapshot;
        let fresh: Vec<_> = self.snapshot.notes.iter().filter(|note| note.number > self.last_note).cloned().collect();
        for note in fresh {
            self.last_note = note.number;
            self.tell(note.text, false);
        }
    }

    /// The session on display: the open one, or the last one shown.
    pub(super) fn watched(&self) -> Option<SessionId> {
        let running = self.snapshot.session.as_ref().map(|session| session.id);
        running.or_else(|| self.slide.as_ref().map(|slide| slide.session.id))
    }

    /// Takes over what was read from the record.
    pub(super) fn read(&mut self, slide: Slide) {
        let before = self.slide.as_ref().map(|slide| (slide.session.id, slide.session.fields));
        let now = (slide.session.id, slide.session.fields);
        if before != Some(now) {
            self.newest_since = self.snapshot.elapsed;
            if before.map(|(id, _)| id) != Some(now.0) {
                self.selected = None;
            }
        }
        self.slide = Some(slide);
    }

    /// Adds a message.
    pub(super) fn tell(&mut self, text: String, wrong: bool) {
        if self.messages.len() >= MESSAGES {
            self.messages.pop_front();
        }
        self.messages.push_back(Message { at: self.snapshot.elapsed, text, wrong });
    }

    fn refuse(&mut self, text: &str) -> Wish {
        self.tell(text.into(), true);
        Wish::Nothing
    }

    /// Handles a key.
    pub(super) fn press(&mut self, key: KeyEvent) -> Wish {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return if key.code == KeyCode::Char('c') { Wish::Quit } else { Wish::Nothing };
        }
        if let Some(prompt) = self.prompt.take() {
            return self.answer(prompt, key.code);
        }
        match key.code {
            KeyCode::Char('q') | KeyCode::Esc => match &self.snapshot.session {
                None => return Wish::Quit,
                Some(session) => self.prompt = Some(Prompt::Quit { session: session.id }),
            },
            KeyCode::Char('p') if self.page.is_some() => {
                self.prompt = Some(Prompt::Page);
                return Wish::Page;
            }
            _ if !self.records => {
                return self
                    .refuse("nothing is recorded: start `blastscope live --tui --data-dir DIR` to record sessions");
            }
            KeyCode::Char('t') => {
                let Some(session) = &self.snapshot.session else { return self.refuse("no session is open") };
                return Wish::Order(Order::Take { session: session.id, frame: None }, "the field is taken".into());
            }
            KeyCode::Char('o') => self.prompt = Some(Prompt::Operator { name: self.operator.clone() }),
            KeyCode::Enter => return self.speak(Says::Confirms, "confirmed"),
            KeyCode::Char(digit @ '1'..='4') => {
                let class = Class::ALL[digit as usize - '1' as usize];
                return self.speak(Says::Corrects(Label::Class(class)), class.name());
            }
            KeyCode::Char('5') => return self.speak(Says::Corrects(Label::Malignant), "malignant, subtype not named"),
            KeyCode::Char('u') => return self.speak(Says::Undoes, "last answer undone"),
            KeyCode::Char('w') => return self.speak(Says::Withdraws, "no answer"),
            KeyCode::Char('d') => return self.speak(Says::Excludes, "excluded, taken by mistake"),
            KeyCode::Char('0') => return self.speak(Says::Corrects(Label::NotAssessable), "not assessable"),
            KeyCode::Left => self.step(|around| around.previous),
            KeyCode::Right => self.step(|around| around.next),
            KeyCode::Char('n') => return self.ask_start(),
            KeyCode::Char('s') => return self.ask_signature(),
            KeyCode::Char('e') => {
                let Some(session) = &self.snapshot.session else { return self.refuse("no session is open") };
                let id = session.id;
                let order = Order::End { session: id, reason: "ended by the operator".into() };
                let asks = format!("end session {id} of {}, {} fields?", session.specimen, session.fields);
                self.prompt = Some(Prompt::sure(asks, order, format!("session {id} has ended")));
            }
            KeyCode::Char(key @ ('c' | 'x')) => return self.decide(key == 'c'),
            _ => {}
        }
        Wish::Nothing
    }

    fn answer(&mut self, mut prompt: Prompt, key: KeyCode) -> Wish {
        match prompt.press(key) {
            super::prompt::Answer::Open => self.prompt = Some(prompt),
            super::prompt::Answer::Dropped => {}
            super::prompt::Answer::Given => match prompt {
                Prompt::Start { specimen, operator, .. } => {
                    self.operator = operator.trim().to_owned();
                    let told = format!("a session of {} has started", specimen.trim());
                    let order = Order::Start { specimen: specimen.trim().into(), operator: operator.trim().into() };
                    return Wish::Order(order, told);
                }
                Prompt::SignOff { session, by, fields } => {
                    self.operator = by.trim().to_owned();
                    let told = format!("session {session} is signed off");
                    let order = Order::SignOff { session, by: by.trim().into(), fields: Some(fields) };
                    return Wish::Order(order, told);
                }
                Prompt::Operator { name } => self.operator = name.trim().to_owned(),
                Prompt::Sure { order, told, .. } => return Wish::Order(*order, told),
                Prompt::Quit { .. } => return Wish::Quit,
                Prompt::Page => {}
            },
        }
        Wish::Nothing
    }

    fn ask_start(&mut self) -> Wish {
        if let Some(session) = &self.snapshot.session {
            let text = format!("session {} is open: end it (e) or sign it off (s) first", session.id);
            return self.refuse(&text);
        }
        self.prompt = Some(Prompt::start(self.operator.clone()));
        Wish::Nothing
    }

    fn ask_signature(&mut self) -> Wish {
        let Some(session) = self.watched() else { return self.refuse("there is no session to sign off") };
        let Some(slide) = self.slide.as_ref().filter(|slide| slide.session.id == session) else {
            return self.refuse(&format!("the fields of session {session} are not shown yet: look at them, then sign"));
        };
        let fields = slide.counts.fields;
        self.prompt = Some(Prompt::SignOff { session, by: self.operator.clone(), fields });
        Wish::Nothing
    }

    fn decide(&mut self, goes_on: bool) -> Wish {
        let Some(left) = &self.snapshot.left else { return self.refuse("no session was left open") };
        let session = left.id;
        if goes_on {
            return Wish::Order(Order::Continue { session }, format!("session {session} continues"));
        }
        let order = Order::Close { session, reason: "cut off; closed by the operator".into() };
        let asks = format!("close session {session} of {}, {} fields?", left.specimen, left.fields);
        self.prompt = Some(Prompt::sure(asks, order, format!("session {session} is closed")));
        Wish::Nothing
    }

    /// Records an answer to the field on display, by whoever works here.
    fn speak(&mut self, says: Says, word: &str) -> Wish {
        let Some(slide) = &self.slide else { return self.refuse("there is no field to correct yet") };
        let Some(field) = &slide.field else { return self.refuse("there is no field to correct yet") };
        let (session, sequence) = (slide.session.id, field.sequence);
        let came = self.snapshot.elapsed.saturating_sub(self.newest_since);
        if self.selected.is_none() && slide.session.fields > 1 && came < JUST_NOW {
            return self.refuse(&format!("field {sequence} has only just appeared: look at it, then press again"));
        }
        let by = self.operator.clone();
        if by.is_empty() {
            self.prompt = Some(Prompt::Operator { name: by });
            return self.refuse("enter your name, then answer");
        }
        let same = field.standing().is_some_and(|standing| {
            standing.given_by == by
                && match says {
                    Says::Confirms => standing.confirms(),
                    Says::Corrects(label) => !standing.confirms() && standing.label == Some(label),
                    Says::Withdraws | Says::Excludes | Says::Undoes => false,
                }
        });
        if same {
            return self.refuse(&format!("field {sequence}: {word} is saved already"));
        }
        let (opinions, state) = (field.opinions.len() as u64, slide.session.state);
        let signed_by = slide.session.sign_offs.last().map(|signed| signed.signed_by.clone()).unwrap_or_default();
        let amends = matches!(state, State::Approved | State::Amended);
        let seen = Seen { opinions, amends, request: None };
        let told = format!("field {sequence}: {word}, saved for {by}");
        let change = Change::Opinion { sequence, says, note: String::new(), by, seen };
        let order = Order::Change { session, change };
        if amends {
            let asks = format!("session {session} was signed off by {signed_by}: change field {sequence} to {word}?");
            self.prompt = Some(Prompt::sure(asks, order, told));
            return Wish::Nothing;
        }
        Wish::Order(order, told)
    }

    /// Selects a field beside the one on display.
    fn step(&mut self, to: impl FnOnce(&Around) -> Option<u64>) {
        let Some(Slide { around, .. }) = &self.slide else { return };
        if let Some(number) = to(around) {
            self.selected = Some(number).filter(|_| around.newest != Some(number));
        }
    }
}

#[cfg(test)]
mod tests;
