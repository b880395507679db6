//! Lamps and buzzer on output pins.

use std::time::Duration;

use embedded_hal::digital::{OutputPin, PinState};

use super::Light;

/// A lamp on a pin.
#[derive(Debug)]
pub struct Lamp<P> {
    light: Light,
    pin: P,
    active_low: bool,
    /// The last level set; `None` if that failed.
    lit: Option<bool>,
}

impl<P: OutputPin> Lamp<P> {
    /// The lamp `light` on `pin`, lit by a low level if `active_low`.
    pub const fn new(light: Light, pin: P, active_low: bool) -> Self {
        Self { light, pin, active_low, lit: None }
    }

    /// Switches it, unless it has that state already.
    fn set(&mut self, lit: bool) -> Result<(), P::Error> {
        if self.lit == Some(lit) {
            return Ok(());
        }
        self.lit = None;
        self.pin.set_state(PinState::from(lit != self.active_low))?;
        self.lit = Some(lit);
        Ok(())
    }
}

/// A buzzer on a pin.
#[derive(Debug)]
pub struct Sounder<P> {
    pin: P,
    active_low: bool,
    beep: Duration,
    /// End of the current beep.
    until: Option<Duration>,
}

impl<P: OutputPin> Sounder<P> {
    /// A buzzer on `pin`, sounding at a low level if `active_low`; each beep lasts `beep`.
    pub const fn new(pin: P, active_low: bool, beep: Duration) -> Self {
        Self { pin, active_low, beep, until: None }
    }

    fn set(&mut self, sounding: bool) -> Result<(), P::Error> {
        self.pin.set_state(PinState::from(sounding != self.active_low))
    }
}

/// How long judgement of a suspicious field may be interrupted, by a blur or a shadow, without a second beep.
const SHORT_INTERRUPTION: Duration = Duration::from_secs(1);

/// The available lamps and buzzer. Methods return warnings in words instead of errors, because a failing pin must not stop
/// the screening.
#[derive(Debug)]
pub struct Hardware<L, B> {
    lamps: Vec<Lamp<L>>,
    buzzer: Option<Sounder<B>>,
    shown: Option<Light>,
    /// When judgement of a suspicious field was interrupted, if nothing else happened since.
    interrupted: Option<Duration>,
    /// Warnings already given about failing pins, so that they are not repeated.
    warned: Vec<String>,
}

impl<L: OutputPin, B: OutputPin> Hardware<L, B> {
    /// With these parts; switches nothing yet.
    #[must_use]
    pub const fn new(lamps: Vec<Lamp<L>>, buzzer: Option<Sounder<B>>) -> Self {
        Self { lamps, buzzer, shown: None, interrupted: None, warned: Vec::new() }
    }

    /// Lights one lamp, or none. Beeps when a field becomes suspicious, but not again after a frame or two that could not be
    /// judged.
    pub fn show(&mut self, light: Option<Light>, now: Duration) -> Vec<String> {
        let mut failed = Vec::new();
        // Switch off first: two lamps at once would be ambiguous.
        for lit in [false, true] {
            for lamp in self.lamps.iter_mut().filter(|lamp| (light == Some(lamp.light)) == lit) {
                if let Err(error) = lamp.set(lit) {
                    failed.push(format!("the lamp {} cannot be switched ({error:?})", lamp.light.name()));
                }
            }
        }
        let is_back = self.interrupted.is_some_and(|since| now.saturating_sub(since) < SHORT_INTERRUPTION);
        let became_suspicious = light == Some(Light::Suspicious) && self.shown != light && !is_back;
        self.interrupted = match (light, self.shown) {
            (Some(Light::LookAgain), Some(Light::Suspicious)) => Some(now),
            (Some(Light::LookAgain), _) => self.interrupted,
            _ => None,
        };
        self.shown = light;
        if let Some(buzzer) = self.buzzer.as_mut().filter(|_| became_suspicious) {
            match buzzer.set(true) {
                Ok(()) => buzzer.until = Some(now + buzzer.beep),
                Err(error) => failed.push(format!("the buzzer cannot be switched ({error:?})")),
            }
        }
        self.news(failed)
    }

    /// Ends an expired beep.
    pub fn tend(&mut self, now: Duration) -> Vec<String> {
        if self.due().is_none_or(|due| now < due) { Vec::new() } else { self.silence() }
    }

    /// When to call [`Self::tend`] next.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.buzzer.as_ref()?.until
    }

    /// Turns lamps and buzzer off; also at the start, because the pins may have any level then.
    pub fn dark(&mut self) -> Vec<String> {
        for lamp in &mut self.lamps {
            lamp.lit = None;
        }
        let mut failed = self.show(None, Duration::ZERO);
        failed.extend(self.silence());
        failed
    }

    fn silence(&mut self) -> Vec<String> {
        let Some(buzzer) = &mut self.buzzer else { return Vec::new() };
        buzzer.until = None;
        match buzzer.set(false) {
            Ok(()) => Vec::new(),
            Err(error) => {
                let failed = format!("the buzzer cannot be silenced ({error:?})");
                self.news(vec![failed])
            }
        }
    }

    /// Warnings not given before.
    fn news(&mut self, mut failed: Vec<String>) -> Vec<String> {
        failed.retain(|warning| !self.warned.contains(warning));
        self.warned.extend(failed.iter().cloned());
        failed.into_iter().map(|warning| format!("{warning}: check its wires; the screening continues")).collect()
    }
}

#[cfg(test)]
mod tests {
    use embedded_hal_mock::eh1::{
        MockError,
        digital::{Mock, State, Transaction},
    };

    use super::*;

    const HIGH: State = State::High;
    const LOW: State = State::Low;
    const BEEP: Duration = Duration::from_millis(120);

    fn pin(states: &[State]) -> Mock {
        Mock::new(&states.iter().map(|state| Transaction::set(*state)).collect::<Vec<_>>())
    }

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn one_lamp_at_a_time_follows_what_is_said() {
        let [mut benign, mut suspicious, mut look] =
            [pin(&[LOW, HIGH, LOW]), pin(&[HIGH, LOW, HIGH]), pin(&[LOW, HIGH, LOW])];
        let lamps = vec![
            Lamp::new(Light::Benign, benign.clone(), false),
            Lamp::new(Light::Suspicious, suspicious.clone(), true),
            Lamp::new(Light::LookAgain, look.clone(), false),
        ];
        let mut hardware = Hardware::<_, Mock>::new(lamps, None);
        let mut warnings = hardware.dark();
        for light in [Light::Benign, Light::Benign, Light::Suspicious, Light::LookAgain] {
            warnings.extend(hardware.show(Some(light), ms(0)));
        }
        warnings.extend(hardware.show(None, ms(0)));
        assert_eq!(warnings, [""; 0]);
        for pin in [&mut benign, &mut suspicious, &mut look] {
            pin.done();
        }
    }

    #[test]
    fn a_field_that_becomes_suspicious_beeps_once_and_briefly() {
        let mut buzzer = pin(&[LOW, HIGH, LOW, HIGH, LOW]);
        let mut hardware = Hardware::<Mock, _>::new(Vec::new(), Some(Sounder::new(buzzer.clone(), false, BEEP)));
        let mut warnings = hardware.dark();
        warnings.extend(hardware.show(Some(Light::Benign), ms(0)));
        assert_eq!(hardware.due(), None);
        warnings.extend(hardware.show(Some(Light::Suspicious), ms(1000)));
        assert_eq!(hardware.due(), Some(ms(1120)));
        // The same field stays suspicious; no further beep.
        warnings.extend(hardware.show(Some(Light::Suspicious), ms(1050)));
        warnings.extend(hardware.tend(ms(1119)));
        warnings.extend(hardware.tend(ms(1120)));
        warnings.extend(hardware.tend(ms(1200)));
        // The next field must settle first.
        warnings.extend(hardware.show(None, ms(2000)));
        warnings.extend(hardware.show(Some(Light::Suspicious), ms(2200)));
        warnings.extend(hardware.dark());
        assert_eq!(warnings, [""; 0]);
        buzzer.done();
    }

    #[test]
    fn a_suspicious_field_beeps_again_only_after_a_long_interruption() {
        let mut buzzer = pin(&[LOW, HIGH, LOW, HIGH, LOW, LOW]);
        let mut hardware = Hardware::<Mock, _>::new(Vec::new(), Some(Sounder::new(buzzer.clone(), false, BEEP)));
        let mut warnings = hardware.dark();
        let again = [(1000, Light::Suspicious), (1200, Light::LookAgain), (1400, Light::Suspicious)];
        let later = [(1600, Light::LookAgain), (1800, Light::LookAgain), (2600, Light::Suspicious)];
        for (at, light) in again.into_iter().chain(later) {
            warnings.extend(hardware.show(Some(light), ms(at)));
            warnings.extend(hardware.tend(ms(at + 150)));
        }
        warnings.extend(hardware.dark());
        assert_eq!(warnings, [""; 0]);
        buzzer.done();
    }

    #[test]
    fn a_lamp_that_fails_is_a_warning_said_once_and_the_others_go_on() {
        let broken = || MockError::Io(std::io::ErrorKind::NotConnected);
        let mut benign = Mock::new(&[
            Transaction::set(HIGH).with_error(broken()),
            Transaction::set(LOW).with_error(broken()),
            Transaction::set(HIGH),
        ]);
        let mut look = pin(&[LOW, HIGH, LOW]);
        let lamps =
            vec![Lamp::new(Light::Benign, benign.clone(), false), Lamp::new(Light::LookAgain, look.clone(), false)];
        let mut hardware = Hardware::<_, Mock>::new(lamps, None);
        let warnings = hardware.show(Some(Light::Benign), ms(0));
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].starts_with("the lamp benign cannot be switched (") && warnings[0].contains("wires"));
        assert_eq!(hardware.show(Some(Light::LookAgain), ms(10)), [""; 0]);
        assert_eq!(hardware.show(Some(Light::Benign), ms(20)), [""; 0], "it is tried again and works");
        benign.done();
        look.done();
    }
}
