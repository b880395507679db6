//! Pins on Linux: GPIO character devices. A chip is found by its label, because its number may change at each start.

use std::{
    fs,
    os::fd::AsFd as _,
    path::{Path, PathBuf},
    time::Duration,
};

use blastscope_files::Printable as _;
use embedded_hal::digital::{ErrorKind, ErrorType, InputPin, OutputPin};
use gpio_cdev::{Chip, EventRequestFlags, Line, LineEventHandle, LineHandle, LineRequestFlags};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;

use super::configuration::{LineName, Place};

/// Consumer name of taken lines, as the kernel lists them.
const CONSUMER: &str = "blastscope";

/// An output pin. `linux-embedded-hal` has the same, but pulls in serial ports and two more versions of `nix`.
pub struct Output(LineHandle);

/// Why a pin is unavailable: names the pin and a remedy.
type Reason = String;

/// Takes the pin as an output, off.
pub fn output(place: &Place) -> Result<Output, Reason> {
    let off = u8::from(place.active_low);
    let handle = find(place)?.request(LineRequestFlags::OUTPUT, off, CONSUMER);
    handle.map(Output).map_err(|error| taken(place, &error))
}

/// An input pin with edge events.
pub struct Input(LineEventHandle);

/// Takes the pin as an input.
pub fn input(place: &Place) -> Result<Input, Reason> {
    let handle = find(place)?
        .events(LineRequestFlags::INPUT, EventRequestFlags::BOTH_EDGES, CONSUMER)
        .map_err(|error| taken(place, &error))?;
    Ok(Input(handle))
}

impl Input {
    /// Waits for an edge, at most `longest`.
    ///
    /// # Errors
    /// A clause that says why waiting failed.
    pub fn wait(&mut self, longest: Duration) -> Result<(), Reason> {
        let millis = u16::try_from(longest.as_millis()).unwrap_or(u16::MAX);
        let mut waited = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
        let ready = match poll(&mut waited, PollTimeout::from(millis)) {
            Ok(ready) => ready > 0,
            Err(nix::errno::Errno::EINTR) => false,
            Err(error) => return Err(error.to_string()),
        };
        if ready {
            // The level is read afterwards: an edge that bounced back by then does not count.
            self.0.get_event().map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

/// A pin that no longer answers.
#[derive(Debug)]
pub struct PinError(gpio_cdev::Error);

impl std::fmt::Display for PinError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl embedded_hal::digital::Error for PinError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for Output {
    type Error = PinError;
}

impl OutputPin for Output {
    fn set_low(&mut self) -> Result<(), PinError> {
        self.0.set_value(0).map_err(PinError)
    }

    fn set_high(&mut self) -> Result<(), PinError> {
        self.0.set_value(1).map_err(PinError)
    }
}

impl ErrorType for Input {
    type Error = PinError;
}

impl InputPin for Input {
    fn is_high(&mut self) -> Result<bool, PinError> {
        self.0.get_value().map(|value| value != 0).map_err(PinError)
    }

    fn is_low(&mut self) -> Result<bool, PinError> {
        self.is_high().map(|high| !high)
    }
}

fn taken(place: &Place, error: &gpio_cdev::Error) -> Reason {
    format!(
        "the {} cannot use line {} of chip {} ({error}): another program may hold it",
        place.role, place.line, place.chip
    )
}

/// Current state of a configured pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub(crate) enum PinState {
    /// Free; its chip's node and its line's number.
    Free { chip: String, offset: u32 },
    /// Held by another program.
    Held { by: String },
    /// Not found, and why.
    Missing { reason: Reason },
}

/// Checks a pin without taking it.
pub(crate) fn state(place: &Place) -> PinState {
    let line = match find(place) {
        Ok(line) => line,
        Err(reason) => return PinState::Missing { reason },
    };
    match line.info() {
        Ok(info) if info.is_used() => PinState::Held { by: info.consumer().unwrap_or("the kernel").to_string() },
        Ok(_) => PinState::Free { chip: line.chip().path().printable().to_string(), offset: line.offset() },
        Err(error) => PinState::Missing { reason: error.to_string() },
    }
}

fn find(place: &Place) -> Result<Line, Reason> {
    let mut chip = find_chip(place)?;
    let lines = chip.num_lines();
    let (role, label) = (&place.role, &place.chip);
    let offset = match &place.line {
        LineName::Offset(offset) if *offset < lines => *offset,
        LineName::Offset(offset) => {
            return Err(format!("the {role} has no line {offset}: chip {label} has the lines 0 to {}", lines - 1));
        }
        LineName::Name(name) => {
            let mut named = chip.lines().filter(|line| line.info().is_ok_and(|info| info.name() == Some(name)));
            let found = named.next().map(|line| line.offset());
            found.ok_or_else(|| format!("the {role} has no line: chip {label} has no line named {name}"))?
        }
    };
    chip.get_line(offset).map_err(|error| taken(place, &error))
}

/// The chip with the label or name given in the place.
fn find_chip(place: &Place) -> Result<Chip, Reason> {
    let (role, wanted) = (&place.role, &place.chip);
    let mut labels = Vec::new();
    let mut refused = None;
    for path in chip_nodes(Path::new("/dev")) {
        match Chip::new(&path) {
            Ok(chip) if chip.label() == wanted || chip.name() == wanted => return Ok(chip),
            Ok(chip) => labels.push(chip.label().to_string()),
            Err(error) => refused = Some(format!("{} cannot be opened ({error})", path.printable())),
        }
    }
    let found = match (labels.is_empty(), refused) {
        (false, _) => format!("there are {}", labels.join(", ")),
        (true, Some(refused)) => format!("{refused}: add your user to the group gpio"),
        (true, None) => "this machine has no GPIO chip".into(),
    };
    Err(format!("the {role} has no chip {wanted}: {found}"))
}

/// The nodes `/dev/gpiochipN`, in order; links with other names are left out.
fn chip_nodes(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix("gpiochip")?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| folder.join(format!("gpiochip{number}"))).collect()
}
