//! What the device decides, as values: no input, no output, no clock, no thread. Time comes in with every call.
//!
//! ```text
//! Frame -> Screening::step(frame, now) -> Reading, field to take, what to announce
//!            pipeline   gate, network, smoothing over the view
//!            field      what stands under the objective, and when it is taken
//!            focus      the bar for the fine focus
//! ```
//! A whole slide can therefore be replayed and asserted. There is no standard library here, so nothing in this crate can open
//! a file, read a clock or start a thread.
//!
//! For research use only. Not for use in diagnostic procedures.

#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod answer;
pub mod drawn_field;
pub mod field;
mod focus;
pub mod frame;
pub mod pipeline;
pub mod screening;
pub mod session;

pub use self::focus::FocusBar;
