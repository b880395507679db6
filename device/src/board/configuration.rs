//! The file that assigns pins to lamps, buzzer and buttons.
//!
//! ```toml
//! chip = "pinctrl-bcm2711"            # label of the GPIO chip, as `gpioinfo` prints it
//!
//! [lamps]
//! benign     = { line = 17 }          # a number, or the line's name in quotes
//! suspicious = { line = 27 }
//! look_again = { line = "GPIO22", active_low = true }
//!
//! [buzzer]
//! line = 18
//! beep_ms = 120
//!
//! [buttons]
//! take    = { line = 23, active_low = true, debounce_ms = 25 }
//! confirm = { line = 24, active_low = true }
//! ```
//! Every part is optional; a pin may name its own chip. After the program ends, a line has the level of its pull
//! resistor: an active-low lamp stays dark only with a pull-up.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use blastscope_files::Printable as _;
use serde::{Deserialize, Deserializer, de};
use toml::Spanned;

use super::{Button, Light};
use crate::support::files;

/// Why a file is rejected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {reason}", path.printable(), line.map(|line| format!(", line {line}")).unwrap_or_default())]
pub struct ConfigurationError {
    /// The file.
    pub path: PathBuf,
    /// Line of the error, from 1.
    pub line: Option<usize>,
    /// What is wrong, and the remedy.
    pub reason: String,
}

/// The table of a [`crate::config`] that assigns the pins.
const TABLE: &str = "hardware";

/// A [`crate::config`]; its other tables are checked there.
#[derive(Deserialize)]
struct Whole {
    hardware: Configuration,
}

/// The parts and their pins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Label of the default chip.
    pub chip: Option<String>,
    /// The lamps.
    #[serde(default)]
    pub lamps: Lamps,
    /// The buzzer.
    pub buzzer: Option<Buzzer>,
    /// The buttons.
    #[serde(default)]
    pub buttons: Buttons,
}

/// The configured lamps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lamps {
    /// [`Light::Benign`].
    pub benign: Option<Pin>,
    /// [`Light::Suspicious`].
    pub suspicious: Option<Pin>,
    /// [`Light::LookAgain`].
    pub look_again: Option<Pin>,
}

/// The configured buttons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buttons {
    /// [`Button::Take`].
    pub take: Option<ButtonPin>,
    /// [`Button::Confirm`].
    pub confirm: Option<ButtonPin>,
}

/// A line of a chip: its number, or its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineName {
    /// Counted from 0.
    Offset(u32),
    /// Name given by the board's maker.
    Name(String),
}

impl fmt::Display for LineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Offset(offset) => write!(f, "{offset}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for LineName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = LineName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a line's number, or its name in quotes")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<LineName, E> {
                let offset = u32::try_from(number);
                offset.map(LineName::Offset).map_err(|_| E::custom(format!("there is no line {number}")))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<LineName, E> {
                Ok(LineName::Name(name.to_string()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// An output pin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// Label of its chip, if not the default.
    pub chip: Option<String>,
    /// Its line.
    pub line: Spanned<LineName>,
    /// True if a low level means on.
    #[serde(default)]
    pub active_low: bool,
}

/// The buzzer's pin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buzzer {
    /// Label of its chip, if not the default.
    pub chip: Option<String>,
    /// Its line.
    pub line: Spanned<LineName>,
    /// True if a low level means on.
    #[serde(default)]
    pub active_low: bool,
    /// Length of a beep, in milliseconds, 1..=2000.
    #[serde(default = "default_beep")]
    pub beep_ms: u16,
    /// True to keep it silent.
    #[serde(default)]
    pub mute: bool,
}

/// A button's pin.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ButtonPin {
    /// Label of its chip, if not the default.
    pub chip: Option<String>,
    /// Its line.
    pub line: Spanned<LineName>,
    /// True if the level is low while pressed.
    #[serde(default)]
    pub active_low: bool,
    /// Debounce time: how long the level must be stable, in milliseconds, 0..=1000.
    #[serde(default = "default_debounce")]
    pub debounce_ms: u16,
}

const fn default_beep() -> u16 {
    120
}

const fn default_debounce() -> u16 {
    25
}

/// A pin with its role and chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub role: String,
    pub chip: String,
    pub line: LineName,
    pub active_low: bool,
    pub is_output: bool,
    /// Its position in the file, in bytes.
    start: usize,
}

impl Configuration {
    /// Reads and checks a file: either pins only, or a whole [`crate::config`] with the table `[hardware]`. The second value is
    /// that table unchanged.
    ///
    /// # Errors
    /// [`ConfigurationError`], with the line of the error.
    pub fn read(path: &Path) -> Result<(Self, toml::Table), ConfigurationError> {
        let fail = |line, reason| ConfigurationError { path: path.to_path_buf(), line, reason };
        let text = fs::read_to_string(path).map_err(|error| fail(None, files::reason(&error)))?;
        let read = Self::parse(&text).map_err(|(line, reason)| fail(line, reason))?;
        let mut file: toml::Table = toml::from_str(&text).map_err(|error| fail(None, error.message().to_owned()))?;
        Ok(match file.remove(TABLE) {
            Some(toml::Value::Table(table)) => (read, table),
            _ => (read, file),
        })
    }

    /// Checks a file's content.
    ///
    /// # Errors
    /// The line of the error, if known, and the reason.
    pub fn parse(text: &str) -> Result<Self, (Option<usize>, String)> {
        let line_of = |at: usize| text.bytes().take(at).filter(|&byte| byte == b'\n').count() + 1;
        let is_part = toml::from_str::<toml::Table>(text).is_ok_and(|file| file.contains_key(TABLE));
        let read = if is_part { toml::from_str(text).map(|Whole { hardware }| hardware) } else { toml::from_str(text) };
        let configuration = read.map_err(|error| {
            (error.span().map(|span| line_of(span.start)), error.message().replace('\n', " ").trim().to_string())
        })?;
        let places = configuration.places();
        if places.is_empty() {
            return Err((None, "names no lamp, no buzzer and no button".into()));
        }
        for (index, place) in places.iter().enumerate() {
            let fail = |reason: String| Err((Some(line_of(place.start)), reason));
            if place.chip.is_empty() {
                return fail(format!(
                    "the {} has no chip: write its label here (chip = \"...\"), or once at the top for all",
                    place.role
                ));
            }
            let same = |other: &&Place| other.chip == place.chip && other.line == place.line;
            if let Some(other) = places[..index].iter().find(same) {
                return fail(format!("the {} and the {} cannot share line {}", other.role, place.role, place.line));
            }
        }
        let outside = |value: u16, range: std::ops::RangeInclusive<u16>| !range.contains(&value);
        if let Some(buzzer) = configuration.buzzer.as_ref().filter(|buzzer| outside(buzzer.beep_ms, 1..=2000)) {
            let line = line_of(buzzer.line.span().start);
            return Err((Some(line), format!("beep_ms = {}: give 1 to 2000 milliseconds", buzzer.beep_ms)));
        }
        for (_, button) in configuration.buttons() {
            if outside(button.debounce_ms, 0..=1000) {
                let line = line_of(button.line.span().start);
                return Err((Some(line), format!("debounce_ms = {}: give 0 to 1000 milliseconds", button.debounce_ms)));
            }
        }
        Ok(configuration)
    }

    /// The configured lamps.
    pub(crate) fn lamps(&self) -> impl Iterator<Item = (Light, &Pin)> {
        let Lamps { benign, suspicious, look_again } = &self.lamps;
        let lamps = [(Light::Benign, benign), (Light::Suspicious, suspicious), (Light::LookAgain, look_again)];
        lamps.into_iter().filter_map(|(light, pin)| Some((light, pin.as_ref()?)))
    }

    /// The configured buttons.
    pub(crate) fn buttons(&self) -> impl Iterator<Item = (Button, &ButtonPin)> {
        let Buttons { take, confirm } = &self.buttons;
        let buttons = [(Button::Take, take), (Button::Confirm, confirm)];
        buttons.into_iter().filter_map(|(button, pin)| Some((button, pin.as_ref()?)))
    }

    /// All pins, in the order lamps, buzzer, buttons. A pin without a chip has an empty label.
    pub(crate) fn places(&self) -> Vec<Place> {
        let place = |role: String, chip: &Option<String>, line: &Spanned<LineName>, active_low, is_output| Place {
            role,
            chip: chip.as_ref().or(self.chip.as_ref()).cloned().unwrap_or_default(),
            line: line.get_ref().clone(),
            active_low,
            is_output,
            start: line.span().start,
        };
        let lamps = self
            .lamps()
            .map(|(light, pin)| place(format!("lamp {}", light.name()), &pin.chip, &pin.line, pin.active_low, true));
        let buzzer = self.buzzer.iter().map(|pin| place("buzzer".into(), &pin.chip, &pin.line, pin.active_low, true));
        let buttons = self
            .buttons()
            .map(|(button, pin)| place(format!("button {button}"), &pin.chip, &pin.line, pin.active_low, false));
        lamps.chain(buzzer).chain(buttons).collect()
    }
}

impl Buzzer {
    /// Length of a beep.
    pub(crate) fn beep(&self) -> Duration {
        Duration::from_millis(self.beep_ms.into())
    }
}

impl ButtonPin {
    /// Debounce time: how long the level must be stable.
    pub(crate) fn hold(&self) -> Duration {
        Duration::from_millis(self.debounce_ms.into())
    }
}

#[cfg(test)]
mod tests;
