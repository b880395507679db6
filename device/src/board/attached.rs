//! The threads that switch pins and wait for buttons, and the channels to them.

use std::{
    fmt::Display,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use blastscope_core::pipeline::Statement;
use embedded_hal::digital::OutputPin;

use super::{
    Board, Button, ButtonEvent, ButtonReader, Configuration, Hardware, Lamp, Light, Notice, Sounder,
    configuration::Place, system,
};

/// How long a button's thread may take to notice the end of the program.
const LOOK_AROUND: Duration = Duration::from_millis(100);

/// The hardware of a configuration, in separate threads. When it is dropped, lamps go dark and lines are released.
#[derive(Debug)]
pub struct Attached {
    /// `None` during drop: closing the channel ends the thread.
    lights: Option<mpsc::Sender<Option<Light>>>,
    notices: mpsc::Receiver<Notice>,
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Attached {
    /// Takes the lines of `configuration`. Unavailable lines become warnings.
    #[must_use]
    pub fn start(configuration: &Configuration) -> Self {
        let (sender, notices) = mpsc::channel();
        let warn = |warning: String| {
            // The receiver exists, so this cannot fail.
            let _ = sender.send(Notice::Warning(format!("{warning}; the screening continues without it")));
        };
        let mut places = configuration.places().into_iter();
        let mut next = || places.next();
        let mut lamps = Vec::new();
        for (light, pin) in configuration.lamps() {
            match next().as_ref().map(system::output) {
                Some(Ok(output)) => lamps.push(Lamp::new(light, output, pin.active_low)),
                Some(Err(reason)) => warn(reason),
                None => {}
            }
        }
        let mut sounder = None;
        if let Some(buzzer) = &configuration.buzzer {
            match next().filter(|_| !buzzer.mute).as_ref().map(system::output) {
                Some(Ok(output)) => sounder = Some(Sounder::new(output, buzzer.active_low, buzzer.beep())),
                Some(Err(reason)) => warn(reason),
                None => {}
            }
        }
        let mut attached = Self::new(Hardware::new(lamps, sounder), sender.clone(), notices);
        for (button, pin) in configuration.buttons() {
            if let Some(place) = next() {
                attached.listen(button, place, pin.hold(), sender.clone());
            }
        }
        attached
    }

    /// Starts the thread of the lamps.
    fn new<L, B>(hardware: Hardware<L, B>, sender: mpsc::Sender<Notice>, notices: mpsc::Receiver<Notice>) -> Self
    where
        L: OutputPin + Send + 'static,
        B: OutputPin + Send + 'static,
    {
        let (lights, wanted) = mpsc::channel();
        let failed = sender.clone();
        let started = thread::Builder::new().name("lamps".into()).spawn(move || switch(hardware, &wanted, &sender));
        let threads = match started {
            Ok(thread) => vec![thread],
            Err(error) => {
                let _ = failed.send(Notice::Warning(format!("cannot start a thread for the lamps ({error})")));
                Vec::new()
            }
        };
        Self { lights: Some(lights), notices, ended: Arc::default(), threads }
    }

    /// Starts the thread of a button.
    fn listen(&mut self, button: Button, place: Place, hold: Duration, sender: mpsc::Sender<Notice>) {
        let ended = Arc::clone(&self.ended);
        let failed = sender.clone();
        let started = thread::Builder::new().name(format!("button {button}")).spawn(move || {
            let warning = match system::input(&place) {
                Ok(input) => wait_for_presses(input, button, &place, hold, &sender, &ended).err(),
                Err(reason) => Some(reason),
            };
            if let Some(warning) = warning {
                let _ = sender.send(Notice::Warning(format!("{warning}; the screening continues without it")));
            }
        });
        match started {
            Ok(thread) => self.threads.push(thread),
            Err(error) => {
                let _ = failed.send(Notice::Warning(format!("the button {button} has no thread ({error})")));
            }
        }
    }
}

/// Switches lamps on request, until the channel closes.
fn switch<L: OutputPin, B: OutputPin>(
    mut hardware: Hardware<L, B>,
    wanted: &mpsc::Receiver<Option<Light>>,
    notices: &mpsc::Sender<Notice>,
) {
    let start = Instant::now();
    // The receiver may be gone; the lamps are switched anyway.
    let tell = |warnings: Vec<String>| {
        for warning in warnings {
            let _ = notices.send(Notice::Warning(warning));
        }
    };
    tell(hardware.dark());
    loop {
        let received = match hardware.due() {
            Some(due) => wanted.recv_timeout(due.saturating_sub(start.elapsed())),
            None => wanted.recv().map_err(RecvTimeoutError::from),
        };
        match received {
            // Only the latest request counts.
            Ok(light) => {
                let light = wanted.try_iter().last().unwrap_or(light);
                tell(hardware.show(light, start.elapsed()));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        tell(hardware.tend(start.elapsed()));
    }
    tell(hardware.dark());
}

/// Waits for edges and reports presses, until the program ends.
fn wait_for_presses(
    input: system::Input,
    button: Button,
    place: &Place,
    hold: Duration,
    notices: &mpsc::Sender<Notice>,
    ended: &AtomicBool,
) -> Result<(), String> {
    let start = Instant::now();
    let fail = |error: &dyn Display| format!("the {} can no longer be read ({error})", place.role);
    let mut reader = ButtonReader::new(input, place.active_low, hold).map_err(|error| fail(&error))?;
    while !ended.load(Ordering::Relaxed) {
        let due = reader.due().map_or(LOOK_AROUND, |due| due.saturating_sub(start.elapsed()).min(LOOK_AROUND));
        // Waiting in whole milliseconds would busy-wait through the last one.
        reader.pin().wait(due + Duration::from_millis(1)).map_err(|error| fail(&error))?;
        let pressed = reader.look(start.elapsed()).map_err(|error| fail(&error))?;
        if pressed && notices.send(Notice::Pressed(ButtonEvent { button })).is_err() {
            break;
        }
    }
    Ok(())
}

impl Board for Attached {
    fn announce(&mut self, statement: &Statement) {
        if let Some(lights) = &self.lights {
            // A thread that ended has reported why.
            let _ = lights.send(Light::of(statement));
        }
    }

    fn notices(&mut self) -> Vec<Notice> {
        self.notices.try_iter().collect()
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        self.lights = None;
        self.ended.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use blastscope_shared::{
        Class,
        judge::verdict::{Subtype, Verdict},
    };
    use embedded_hal_mock::eh1::digital::{Mock, State, Transaction};

    use super::*;

    fn pin(states: &[State]) -> Mock {
        Mock::new(&states.iter().map(|state| Transaction::set(*state)).collect::<Vec<_>>())
    }

    fn statement(class: Class) -> Statement {
        Statement::Verdict(match class {
            Class::Benign => Verdict::Benign { probability: 0.9 },
            class => Verdict::Malignant { probability: 0.9, subtype: Subtype::Named { class, share: 1.0 } },
        })
    }

    /// With a beep that only the end of the program ends.
    fn attached(lamp: &Mock, buzzer: &Mock) -> Attached {
        let lamps = vec![Lamp::new(Light::Suspicious, lamp.clone(), false)];
        let sounder = Sounder::new(buzzer.clone(), false, Duration::from_secs(3600));
        let (sender, notices) = mpsc::channel();
        Attached::new(Hardware::new(lamps, Some(sounder)), sender, notices)
    }

    #[test]
    fn at_the_end_lamps_are_dark_and_the_buzzer_is_silent() {
        let states = [State::Low, State::High, State::Low];
        let (mut lamp, mut buzzer) = (pin(&states), pin(&states));
        let mut attached = attached(&lamp, &buzzer);
        attached.announce(&statement(Class::Early));
        assert_eq!(attached.notices(), []);
        drop(attached);
        lamp.done();
        buzzer.done();
    }

    #[test]
    fn after_a_panic_too() {
        let states = [State::Low, State::High, State::Low];
        let (mut lamp, mut buzzer) = (pin(&states), pin(&states));
        let mut attached = attached(&lamp, &buzzer);
        let ended = thread::spawn(move || {
            attached.announce(&statement(Class::Pro));
            panic!("a bug");
        });
        assert!(ended.join().is_err());
        lamp.done();
        buzzer.done();
    }

    #[test]
    fn a_lamp_that_fails_is_told_and_tried_again() {
        let broken = embedded_hal_mock::eh1::MockError::Io(std::io::ErrorKind::NotConnected);
        let mut lamp = Mock::new(&[
            Transaction::set(State::Low).with_error(broken),
            Transaction::set(State::High),
            Transaction::set(State::Low),
        ]);
        let lamps = vec![Lamp::new(Light::Benign, lamp.clone(), false)];
        let (sender, notices) = mpsc::channel();
        let mut attached = Attached::new(Hardware::<_, Mock>::new(lamps, None), sender, notices);
        let Ok(Notice::Warning(warning)) = attached.notices.recv() else { panic!("a warning") };
        assert!(warning.starts_with("the lamp benign cannot be switched ("), "{warning}");
        attached.announce(&statement(Class::Benign));
        drop(attached);
        lamp.done();
    }
}
