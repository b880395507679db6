//! Pins on systems without GPIO.

use std::{convert::Infallible, time::Duration};

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use serde::Serialize;

use super::configuration::Place;

type Reason = String;

/// A pin that cannot exist here.
pub enum Output {}

/// A pin that cannot exist here.
pub enum Input {}

pub fn output(place: &Place) -> Result<Output, Reason> {
    Err(missing(place))
}

pub fn input(place: &Place) -> Result<Input, Reason> {
    Err(missing(place))
}

fn missing(place: &Place) -> Reason {
    format!("the {} has no pin: pins work on Linux only", place.role)
}

impl Input {
    pub fn wait(&mut self, _: Duration) -> Result<(), Reason> {
        match *self {}
    }
}

impl ErrorType for Output {
    type Error = Infallible;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), Infallible> {
        match *self {}
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        match *self {}
    }
}

impl ErrorType for Input {
    type Error = Infallible;
}

impl InputPin for Input {
    fn is_high(&mut self) -> Result<bool, Infallible> {
        match *self {}
    }

    fn is_low(&mut self) -> Result<bool, Infallible> {
        match *self {}
    }
}

/// Current state of a configured pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum PinState {
    /// Free.
    #[allow(dead_code, reason = "no pin is free where there are none")]
    Free { chip: String, offset: u32 },
    /// Held by another program.
    #[allow(dead_code, reason = "no pin is held where there are none")]
    Held { by: String },
    /// Not found, and why.
    Missing { reason: Reason },
}

pub(crate) fn state(place: &Place) -> PinState {
    PinState::Missing { reason: missing(place) }
}
