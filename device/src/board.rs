//! Lamps, buzzer and buttons on the pins of a board.
//!
//! ```text
//! Statement -> Light -> Hardware<L, B> (embedded-hal OutputPin) -> lamps, buzzer     one thread
//! edge -> ButtonReader<P> (embedded-hal InputPin) -> Debounce -> ButtonEvent          one thread per button
//! ```
//! Nothing here stops or delays the screening: pins are switched in a separate thread, and a failure is a warning. Lamps
//! are dark without a picture, while a view settles, and after the program, however it ends.

mod attached;
mod configuration;
mod debounce;
mod light;
#[cfg(target_os = "linux")]
mod linux;
mod output;
#[cfg(not(target_os = "linux"))]
mod portable;
mod reader;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use self::{
    attached::Attached,
    configuration::{ButtonPin, Buttons, Buzzer, Configuration, ConfigurationError, Lamps, LineName, Pin},
    debounce::{Debounce, Edge},
    light::Light,
    output::{Hardware, Lamp, Sounder},
    reader::ButtonReader,
};
pub(crate) use self::{
    configuration::Place,
    system::{PinState, state},
};
use blastscope_core::pipeline::Statement;

/// A button of the instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Button {
    /// Take this field into the record.
    Take,
    /// Confirm the verdict.
    Confirm,
}

impl Button {
    /// Name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Take => "take",
            Self::Confirm => "confirm",
        }
    }
}

impl fmt::Display for Button {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ButtonEvent {
    /// The button.
    pub button: Button,
}

/// A message from the hardware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A button was pressed.
    Pressed(ButtonEvent),
    /// Something does not work, with a remedy.
    Warning(String),
}

/// Shows the current statement and collects messages. Neither method blocks. Lamps go dark when it is dropped.
pub trait Board {
    /// Called when the statement has changed.
    fn announce(&mut self, statement: &Statement);
    /// Messages since the last call.
    fn notices(&mut self) -> Vec<Notice>;
}

impl<B: Board + ?Sized> Board for &mut B {
    fn announce(&mut self, statement: &Statement) {
        (**self).announce(statement);
    }

    fn notices(&mut self) -> Vec<Notice> {
        (**self).notices()
    }
}

/// A board without lamps and buttons.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHardware;

impl Board for NoHardware {
    fn announce(&mut self, _: &Statement) {}

    fn notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }
}
