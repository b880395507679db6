//! Pins of systems that have none.

use std::{convert::Infallible, time::Duration};

use embedded_hal::digital::{ErrorType, InputPin, OutputPin};
use serde::Serialize;

use super::configuration::Place;

type Reason = String;

/// A pin that never is.
pub enum Output {}

/// A pin that never is.
pub enum Input {}

pub fn output(place: &Place) -> Result<Output, Reason> {
    Err(missing(place))
}

pub fn input(place: &Place) -> Result<Input, Reason> {
    Err(missing(place))
}

fn missing(place: &Place) -> Reason {
    format!("the {} has no pin: pins are switched on Linux only", place.role)
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

/// What a pin of a configuration is at the moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum PinState {
    /// It can be taken.
    #[allow(dead_code, reason = "no pin is free where there are none")]
    Free { chip: String, offset: u32 },
    /// It is there, but held.
    #[allow(dead_code, reason = "no pin is held where there are none")]
    Held { by: String },
    /// It cannot be found, and why.
    Missing { reason: Reason },
}

pub(crate) fn state(place: &Place) -> PinState {
    PinState::Missing { reason: missing(place) }
}
