//! Whether the device trusts its clock. Boards without a battery clock start in 1970 or at the time of the last shutdown, and a
//! clock that is set back during a session makes impossible times.

use std::{
    path::Path,
    str::FromStr,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

/// Earliest plausible time, when the program was made: 2026-11-01, raised with each release.
const PROGRAM: Duration = Duration::from_secs(1_793_491_200);
/// Tolerated step back: corrections by a time server are smaller.
const TOLERANCE: Duration = Duration::from_secs(2);
/// Maximum age of a cached judgement.
const FRESH: Duration = Duration::from_secs(1);

/// Trust in the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockTrust {
    /// No doubts.
    #[default]
    Trusted,
    /// No time server has set the clock since the start, and there is no battery clock.
    Unsynchronized,
    /// The clock is before this program was made.
    BeforeProgram,
    /// The clock was set back, or is behind the newest recorded time.
    SteppedBack,
}

impl ClockTrust {
    /// All values.
    pub const ALL: [Self; 4] = [Self::Trusted, Self::Unsynchronized, Self::BeforeProgram, Self::SteppedBack];

    /// Name in the record and in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trusted => "trusted",
            Self::Unsynchronized => "unsynchronized",
            Self::BeforeProgram => "before_program",
            Self::SteppedBack => "stepped_back",
        }
    }

    /// Whether the time is trusted.
    #[must_use]
    pub const fn is_trusted(self) -> bool {
        matches!(self, Self::Trusted)
    }

    /// Why the time is not trusted, as a clause that follows "the clock"; `None` if it is.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Trusted => None,
            Self::Unsynchronized => Some("was not set by a time server and has no battery"),
            Self::BeforeProgram => Some("was before this program was made"),
            Self::SteppedBack => Some("was set back, or was behind the newest recorded time"),
        }
    }
}

impl FromStr for ClockTrust {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|trust| trust.name() == text).ok_or_else(|| format!("{text:?} is not a clock state"))
    }
}

/// Evidence to judge a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Evidence {
    /// Time of the clock.
    now: SystemTime,
    /// Earliest possible time by the monotonic clock, counted from the program's start.
    counted: SystemTime,
    /// The newest time in the record.
    recorded: Option<SystemTime>,
    /// Whether a time server has set the clock; `None` if unknown.
    synchronized: Option<bool>,
    /// Whether there is a battery-backed clock.
    battery: bool,
}

impl Evidence {
    fn judged(self) -> ClockTrust {
        let behind = |time: SystemTime| self.now + TOLERANCE < time;
        let by_server = self.synchronized == Some(true);
        if self.now.duration_since(UNIX_EPOCH).unwrap_or_default() < PROGRAM {
            ClockTrust::BeforeProgram
        } else if behind(self.counted) || (!by_server && self.recorded.is_some_and(behind)) {
            ClockTrust::SteppedBack
        } else if self.synchronized == Some(false) && !self.battery {
            ClockTrust::Unsynchronized
        } else {
            ClockTrust::Trusted
        }
    }
}

/// Watches this machine's clock.
#[derive(Debug)]
pub struct Clock {
    /// The latest time of the clock, and when by the monotonic clock.
    anchor: (SystemTime, Instant),
    recorded: Option<SystemTime>,
    last: Option<(Instant, ClockTrust)>,
}

impl Clock {
    /// Starts watching; `recorded` is the newest time already in the record, if any.
    #[must_use]
    pub fn new(recorded: Option<SystemTime>) -> Self {
        Self { anchor: (SystemTime::now(), Instant::now()), recorded, last: None }
    }

    /// The clock's time, and whether it is trusted.
    pub fn now(&mut self) -> (SystemTime, ClockTrust) {
        let (now, running) = (SystemTime::now(), Instant::now());
        let counted = self.anchor.0 + running.saturating_duration_since(self.anchor.1);
        let (synchronized, battery) = (synchronized(Path::new("/")), has_battery(Path::new("/")));
        let trust = Evidence { now, counted, recorded: self.recorded, synchronized, battery }.judged();
        if now > counted {
            // The clock was set forward, usually from 1970 to the present: use it from now on.
            self.anchor = (now, running);
        }
        self.last = Some((running, trust));
        (now, trust)
    }

    /// Whether the clock is trusted, from a check that is at most a second old.
    pub fn trust(&mut self) -> ClockTrust {
        match self.last {
            Some((when, trust)) if when.elapsed() < FRESH => trust,
            _ => self.now().1,
        }
    }

    /// Starts a new period of judgement: earlier steps of the clock no longer count.
    pub fn begin(&mut self) {
        (self.anchor, self.last) = ((SystemTime::now(), Instant::now()), None);
    }

    /// As if the clock had been set back by `step` since the last judgement.
    #[cfg(test)]
    pub(crate) fn set_back(&mut self, step: Duration) {
        (self.anchor.0, self.last) = (self.anchor.0 + step, None);
    }

    /// The newest recorded time, if any.
    #[must_use]
    pub const fn newest(&self) -> Option<SystemTime> {
        self.recorded
    }

    /// Notes that something was recorded at `time`.
    pub fn recorded(&mut self, time: SystemTime) {
        self.recorded = Some(self.recorded.map_or(time, |recorded| recorded.max(time)));
    }
}

/// Whether systemd's time service has set the clock since the machine started; `None` if the service does not run. Files
/// are read below `root`.
pub(crate) fn synchronized(root: &Path) -> Option<bool> {
    let timesync = root.join("run/systemd/timesync");
    timesync.is_dir().then(|| timesync.join("synchronized").exists())
}

/// Whether the machine with its files below `root` has a battery-backed clock.
pub(crate) fn has_battery(root: &Path) -> bool {
    root.join("sys/class/rtc/rtc0").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + PROGRAM + Duration::from_secs(seconds)
    }

    fn fine() -> Evidence {
        Evidence { now: at(100), counted: at(100), recorded: Some(at(50)), synchronized: Some(true), battery: false }
    }

    #[test]
    fn a_clock_is_distrusted_for_what_is_wrong_with_it() {
        use ClockTrust::{BeforeProgram, SteppedBack, Trusted, Unsynchronized};
        let none = (None, false);
        for (evidence, expected) in [
            (fine(), Trusted),
            (Evidence { now: UNIX_EPOCH, ..fine() }, BeforeProgram),
            (Evidence { now: UNIX_EPOCH + PROGRAM - Duration::from_secs(1), ..fine() }, BeforeProgram),
            (Evidence { counted: at(101), ..fine() }, Trusted),
            (Evidence { counted: at(103), ..fine() }, SteppedBack),
            (Evidence { recorded: Some(at(103)), synchronized: none.0, ..fine() }, SteppedBack),
            (Evidence { recorded: Some(at(103)), ..fine() }, Trusted),
            (Evidence { synchronized: Some(false), ..fine() }, Unsynchronized),
            (Evidence { synchronized: Some(false), battery: true, ..fine() }, Trusted),
            (Evidence { synchronized: none.0, battery: none.1, ..fine() }, Trusted),
        ] {
            assert_eq!(evidence.judged(), expected, "{evidence:?}");
        }
    }

    #[test]
    fn what_is_recorded_later_than_now_makes_the_clock_suspect() {
        let hour = Duration::from_secs(3600);
        let mut clock = Clock::new(Some(SystemTime::now() - hour));
        assert_ne!(clock.trust(), ClockTrust::SteppedBack);
        clock.recorded(SystemTime::now() + hour);
        let (_, trust) = clock.now();
        assert!(trust == ClockTrust::SteppedBack || synchronized(Path::new("/")) == Some(true));
    }

    #[test]
    fn names_come_back_and_only_distrust_has_a_reason() {
        for trust in ClockTrust::ALL {
            assert_eq!(trust.name().parse(), Ok(trust));
            assert_eq!(serde_json::to_string(&trust).expect("JSON"), format!("\"{}\"", trust.name()));
            assert_eq!(trust.reason().is_none(), trust.is_trusted());
        }
        assert!("late".parse::<ClockTrust>().is_err());
    }
}
