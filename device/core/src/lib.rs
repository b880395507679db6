//! The device's decisions as pure values: no input, no output, no clock, no thread. Time is a parameter of every call, so a whole
//! slide can be replayed and asserted. The crate is `no_std`: it cannot open a file, read a clock or start a thread.
//!
//! # Words
//! * **frame**: one picture that the camera delivers.
//! * **view**: a stretch of frames during which the slide stands still.
//! * **field**: what the objective shows at one place of a slide. It is **taken**, which means recorded once, when its verdict has
//!   held for a while, or on the operator's order.
//! * **statement**: what the device says now: a verdict, a rejection by the gate, or that there is no picture.
//! * **session**: one slide of one pseudonymous patient, from start to sign-off.
//! * **left behind**: a session cut off by a loss of power.
//!
//! # Modules
//! ```text
//! frame ─▶ pipeline ─▶ field ─▶ screening            gate, network, smoothing │ still fields │ both in one step
//!              cells ─▶ answer ─▶ session            a field's cells │ a person's answer │ what is recorded, and the outcome
//!                      drawn_field                   a field for checks that need a picture
//! ```
//!
//! # Example
//! An order becomes a write; the session opens once the record has saved it.
//! ```
//! use std::{convert::Infallible, time::Duration};
//! use blastscope_core::session::{Asker, Effect, Event, Now, Order, Session, SessionId};
//! use blastscope_shared::judge::slide::SlidePooling;
//!
//! let now = Now { elapsed: Duration::ZERO, utc: Duration::from_secs(1_800_000_000), is_trusted: true };
//! let mut session = Session::new(None, SlidePooling::UNMEASURED);
//! let order = Order::Start { specimen: "S-1".into(), operator: "A. B.".into() };
//! let effects = session.step(Event::<Infallible>::Asked { order, by: Asker(0), refused: None }, now);
//! let [Effect::Write(writes)] = &effects[..] else { panic!("a session is written") };
//! assert!(session.open().is_none());
//! let write = writes[0].id;
//! let saved = Event::<Infallible>::Saved { write, session: SessionId::new(1), sequence: None, excluded: false };
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
pub mod cells;
pub mod drawn_field;
pub mod field;
mod focus;
pub mod frame;
pub mod pipeline;
pub mod screening;
pub mod session;

pub use self::focus::FocusBar;
