//! What the device decides, as values: no input, no output, no clock, no thread. Time comes in with every call, so a whole slide can be
//! replayed and asserted. There is no standard library here: nothing in this crate can open a file, read a clock or start a thread.
//!
//! # Words
//! * **frame**: one picture that the camera delivers.
//! * **view**: a stretch of frames during which the slide stands still.
//! * **field**: what the objective shows at one place of a slide. It is **taken**, which means recorded once, when its verdict has stood
//!   for a while, or when the operator asks.
//! * **statement**: what is said at the moment: a verdict, a rejection by the gate, or that there is no picture.
//! * **session**: one slide of one pseudonymous patient, from start to sign-off.
//! * **left behind**: a session that a loss of power cut off.
//!
//! # Modules
//! ```text
//! frame ─▶ pipeline ─▶ field ─▶ screening            gate, network, smoothing │ what stands still │ both in one step
//!                      answer ─▶ session             what a person says of a field │ what is recorded, and what became of it
//!                      drawn_field                   a field for checks that need a picture
//! ```
//!
//! # Example
//! An order becomes something to write; the session is open once the record has it.
//! ```
//! use std::{convert::Infallible, time::Duration};
//! use blastscope_core::session::{Asker, Effect, Event, Now, Order, Session, SessionId};
//!
//! let now = Now { elapsed: Duration::ZERO, utc: Duration::from_secs(1_800_000_000), is_trusted: true };
//! let mut session = Session::new(None);
//! let order = Order::Start { specimen: "S-1".into(), operator: "A. B.".into() };
//! let effects = session.step(Event::<Infallible>::Asked { order, by: Asker(0), refused: None }, now);
//! let [Effect::Write(writes)] = &effects[..] else { panic!("a session is written") };
//! assert!(session.open().is_none());
//! let saved = Event::<Infallible>::Saved { write: writes[0].id, session: SessionId::new(1), sequence: None };
//! session.step(saved, now);
//! assert_eq!(session.open().map(|open| open.specimen.as_str()), Some("S-1"));
//! ```
//!
//! For research use only. Not for use in diagnostic procedures.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod advice;
pub mod answer;
pub mod drawn_field;
pub mod field;
mod focus;
pub mod frame;
pub mod pipeline;
pub mod screening;
pub mod session;

pub use self::focus::FocusBar;
