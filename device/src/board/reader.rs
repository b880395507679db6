//! A button on an input pin.

use std::time::Duration;

use embedded_hal::digital::InputPin;

use super::{Debounce, Edge};

/// Reads a button through embedded-hal and debounces it.
#[derive(Debug)]
pub struct ButtonReader<P> {
    pin: P,
    active_low: bool,
    debounce: Debounce,
}

impl<P: InputPin> ButtonReader<P> {
    /// For the button on `pin`, which is low while pressed if `active_low`. A button already held down does not count as pressed.
    ///
    /// # Errors
    /// Those of the pin.
    pub fn new(mut pin: P, active_low: bool, hold: Duration) -> Result<Self, P::Error> {
        let down = pin.is_high()? != active_low;
        Ok(Self { pin, active_low, debounce: Debounce::new(hold, down) })
    }

    /// Reads the button at the time `now`. True if it was pressed.
    ///
    /// # Errors
    /// Those of the pin.
    pub fn look(&mut self, now: Duration) -> Result<bool, P::Error> {
        let down = self.pin.is_high()? != self.active_low;
        let (next, edge) = self.debounce.after(down, now);
        self.debounce = next;
        Ok(edge == Some(Edge::Pressed))
    }

    /// When to read again, even without an edge.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.debounce.due()
    }

    /// The pin.
    pub const fn pin(&mut self) -> &mut P {
        &mut self.pin
    }
}

#[cfg(test)]
mod tests {
    use embedded_hal_mock::eh1::{
        MockError,
        digital::{Mock, State, Transaction},
    };

    use super::*;

    fn look(levels: &[State], active_low: bool) -> Vec<bool> {
        let transactions: Vec<_> = levels.iter().map(|level| Transaction::get(*level)).collect();
        let mut pin = Mock::new(&transactions);
        let mut reader = ButtonReader::new(pin.clone(), active_low, Duration::from_millis(20)).expect("it answers");
        // Readings every 15 milliseconds: a level counts after three equal readings.
        let pressed =
            (1..levels.len() as u64).map(|step| reader.look(Duration::from_millis(step * 15)).expect("it answers"));
        let pressed = pressed.collect();
        pin.done();
        pressed
    }

    #[test]
    fn a_press_is_told_once_whichever_level_it_has() {
        let (low, high) = (State::Low, State::High);
        let presses = [false, false, false, true, false, false, false, false];
        assert_eq!(look(&[low, low, high, high, high, high, low, low, low], false)[..], presses);
        assert_eq!(look(&[high, high, low, low, low, low, high, high, high], true)[..], presses);
    }

    #[test]
    fn a_button_that_is_held_from_the_start_is_no_press() {
        let high = State::High;
        assert_eq!(look(&[high; 5], false), [false; 4]);
    }

    #[test]
    fn a_pin_that_fails_says_so() {
        let broken = MockError::Io(std::io::ErrorKind::NotConnected);
        let mut pin =
            Mock::new(&[Transaction::get(State::Low), Transaction::get(State::Low).with_error(broken.clone())]);
        let mut reader = ButtonReader::new(pin.clone(), false, Duration::ZERO).expect("it answers");
        assert_eq!(reader.look(Duration::ZERO), Err(broken));
        pin.done();
    }
}
