//! Lamps, buzzer and buttons on the pins of a board.
//!
//! ```text
//! Statement -> Light -> Hardware<L, B> (embedded-hal OutputPin) -> lamps, buzzer     a thread of its own
//! edge -> ButtonReader<P> (embedded-hal InputPin) -> Debounce -> ButtonEvent          a thread for each button
//! ```
//! Nothing here stops or delays the screening: pins are switched in their own thread, and one that fails is a warning. Lamps
//! are dark while nothing is said: without a picture, while a view settles, and after the program however it ends.

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
    /// Confirm what is said of it.
    Confirm,
}

impl Button {
    /// Its name, as in JSON.
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
    /// Which.
    pub button: Button,
}

/// What hardware has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A button was pressed.
    Pressed(ButtonEvent),
    /// Something does not work, and what to do about it.
    Warning(String),
}

/// Tells the world what is said, and what the world answers. Neither ever waits.
pub trait Board {
    /// What is said has changed.
    fn announce(&mut self, statement: &Statement);
    /// What there is to say since the last time.
    fn notices(&mut self) -> Vec<Notice>;
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
