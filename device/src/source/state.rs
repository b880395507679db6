//! The state of a camera, as a small state machine: signs in, changes out. Pure: the time is a parameter.
//!
//! ```text
//! Opening --frame--> Streaming --silence--> Stalled --frame--> Streaming
//!    |                   |------equal frames--> Frozen --another frame--> Streaming
//!    |                   |------broken frame--> Corrupt --good frame--> Streaming
//!    '--nothing there--> Absent <--nothing there-- Lost <--unplugged-- any
//! ```

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::STALL;

/// State of a camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CameraState {
    /// It was found; the first frame is awaited.
    #[default]
    Opening,
    /// Frames come, and they change.
    Streaming,
    /// It is connected, but sends no frames.
    Stalled,
    /// Frames come, but all are bit-identical: a sensor has noise, so this is an old picture.
    Frozen,
    /// The last frame was damaged.
    Corrupt,
    /// It was disconnected, or is no longer usable.
    Lost,
    /// No camera is connected.
    Absent,
    /// A folder has no more pictures.
    Ended,
}

impl CameraState {
    /// All states.
    pub const ALL: [Self; 8] = [
        Self::Opening,
        Self::Streaming,
        Self::Stalled,
        Self::Frozen,
        Self::Corrupt,
        Self::Lost,
        Self::Absent,
        Self::Ended,
    ];

    /// Name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Opening => "opening",
            Self::Streaming => "streaming",
            Self::Stalled => "stalled",
            Self::Frozen => "frozen",
            Self::Corrupt => "corrupt",
            Self::Lost => "lost",
            Self::Absent => "absent",
            Self::Ended => "ended",
        }
    }
}

impl fmt::Display for CameraState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Time limits after which a problem is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Silence that counts as a stall.
    pub stall: Duration,
    /// Duration of identical frames that counts as frozen; `None` if identical frames are normal, as in a replay.
    pub frozen: Option<Duration>,
    /// Time without a good frame, while damaged ones come, after which an old verdict is withdrawn.
    pub corrupt: Duration,
}

impl Patience {
    /// For a camera: every problem is reported within two seconds.
    pub const CAMERA: Self =
        Self { stall: STALL, frozen: Some(Duration::from_millis(1800)), corrupt: Duration::from_millis(1000) };

    /// For a folder, whose pictures may stand still.
    pub const REPLAY: Self = Self { frozen: None, ..Self::CAMERA };
}

/// An observation of a camera.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It was opened or reopened.
    Opened,
    /// A good frame came; all frames of the last `unchanged` were identical to it.
    Frame {
        /// Duration of identical frames.
        unchanged: Duration,
    },
    /// A damaged frame came; the text says how.
    Damaged(String),
    /// No frame since the last sign.
    Silence,
    /// It is lost; the text says why.
    Gone(String),
    /// It cannot be opened; the text says why.
    Missing(String),
    /// It has no more frames; the text says so.
    Ended(String),
}

/// A change of state, with a reason in words if abnormal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The new state.
    #[serde(rename = "camera")]
    pub state: CameraState,
    /// Why; `None` for a normal state.
    pub reason: Option<String>,
}

/// Tracks the state from a camera's signs.
#[derive(Clone, Debug)]
pub struct Watchdog {
    patience: Patience,
    state: CameraState,
    reason: Option<String>,
    /// Time of the last frame, good or not, or of the opening.
    last_sign: Duration,
    /// Time of the last good frame, or of the opening.
    last_good: Duration,
}

impl Watchdog {
    /// For a camera whose opening starts at the time `now`.
    #[must_use]
    pub const fn new(patience: Patience, now: Duration) -> Self {
        Self { patience, state: CameraState::Opening, reason: None, last_sign: now, last_good: now }
    }

    /// State of the camera.
    #[must_use]
    pub const fn state(&self) -> CameraState {
        self.state
    }

    /// Reason of the state, unless it is normal.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }

    /// Notes `sign` at the time `now`, which must not decrease. Returns a change if the state is new, or the
    /// reason is new while there is no camera.
    pub fn note(&mut self, sign: Sign, now: Duration) -> Option<Change> {
        let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
        let (state, reason) = match sign {
            Sign::Opened => {
                (self.last_sign, self.last_good) = (now, now);
                (CameraState::Opening, None)
            }
            Sign::Frame { unchanged } => {
                self.last_sign = now;
                if self.patience.frozen.is_some_and(|longest| unchanged >= longest) {
                    let reason = format!(
                        "every frame for {} is bit-identical: unplug the camera and plug it in again",
                        seconds(unchanged)
                    );
                    (CameraState::Frozen, Some(reason))
                } else {
                    self.last_good = now;
                    (CameraState::Streaming, None)
                }
            }
            Sign::Damaged(reason) => {
                self.last_sign = now;
                (CameraState::Corrupt, Some(reason))
            }
            Sign::Silence => {
                let silence = now.saturating_sub(self.last_sign);
                if silence < self.patience.stall {
                    return None;
                }
                let reason = super::SourceError::Stalled { after: silence }.to_string();
                (CameraState::Stalled, Some(reason))
            }
            Sign::Gone(reason) => (CameraState::Lost, Some(reason)),
            Sign::Missing(reason) => (CameraState::Absent, Some(reason)),
            Sign::Ended(reason) => (CameraState::Ended, Some(reason)),
        };
        // The reason why a camera cannot be opened may change.
        let other_reason = matches!(state, CameraState::Lost | CameraState::Absent) && reason != self.reason;
        let changed = state != self.state || other_reason;
        // Report the newest damage, but keep the first reason of a stall.
        if changed || state == CameraState::Corrupt {
            self.reason.clone_from(&reason);
        }
        self.state = state;
        changed.then_some(Change { state, reason })
    }

    /// The time until `now` was spent on judging a frame: it does not count as silence.
    pub fn occupied_until(&mut self, now: Duration) {
        self.last_sign = self.last_sign.max(now);
    }

    /// Whether earlier statements must be withdrawn at the time `now`.
    #[must_use]
    pub fn is_blind(&self, now: Duration) -> bool {
        match self.state {
            CameraState::Opening | CameraState::Streaming => false,
            CameraState::Corrupt => now.saturating_sub(self.last_good) >= self.patience.corrupt,
            CameraState::Stalled
            | CameraState::Frozen
            | CameraState::Lost
            | CameraState::Absent
            | CameraState::Ended => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn frame(unchanged: u64) -> Sign {
        Sign::Frame { unchanged: at(unchanged) }
    }

    fn states(signs: impl IntoIterator<Item = (u64, Sign)>) -> Vec<(u64, CameraState)> {
        let mut watchdog = Watchdog::new(Patience::CAMERA, Duration::ZERO);
        signs.into_iter().filter_map(|(time, sign)| Some((time, watchdog.note(sign, at(time))?.state))).collect()
    }

    #[test]
    fn silence_becomes_a_stall_within_two_seconds_and_a_frame_ends_it() {
        let silence = (1..60).map(|step| (200 + step * 50, Sign::Silence));
        let signs = [(100, frame(0))].into_iter().chain(silence).chain([(4000, frame(0))]);
        let expected = [(100, CameraState::Streaming), (1600, CameraState::Stalled), (4000, CameraState::Streaming)];
        assert_eq!(states(signs), expected);
    }

    #[test]
    fn a_camera_that_never_sends_a_first_frame_is_stalled_too() {
        assert_eq!(states((0..40).map(|step| (step * 50, Sign::Silence))), [(1500, CameraState::Stalled)]);
    }

    #[test]
    fn equal_frames_are_frozen_within_two_seconds_unless_they_are_a_replay() {
        let signs = || (0..100).map(|step| (step * 33, frame(step * 33))).chain([(3400, frame(0))]);
        let expected = [(0, CameraState::Streaming), (1815, CameraState::Frozen), (3400, CameraState::Streaming)];
        assert_eq!(states(signs()), expected);
        let mut replay = Watchdog::new(Patience::REPLAY, Duration::ZERO);
        let changes: Vec<_> = signs().filter_map(|(time, sign)| replay.note(sign, at(time))).collect();
        assert_eq!(changes, [Change { state: CameraState::Streaming, reason: None }]);
    }

    #[test]
    fn one_damaged_frame_is_said_and_many_take_the_verdict_back() {
        let mut watchdog = Watchdog::new(Patience::CAMERA, Duration::ZERO);
        watchdog.note(frame(0), at(0));
        let change = watchdog.note(Sign::Damaged("is cut off".into()), at(30)).expect("a change");
        assert_eq!((change.state, change.reason.as_deref()), (CameraState::Corrupt, Some("is cut off")));
        assert!(!watchdog.is_blind(at(30)), "one missing frame is tolerated");
        assert_eq!(watchdog.note(Sign::Damaged("is cut off again".into()), at(1000)), None);
        assert_eq!(watchdog.reason(), Some("is cut off again"));
        assert!(watchdog.is_blind(at(1000)));
        watchdog.note(frame(0), at(1030));
        assert_eq!((watchdog.state(), watchdog.reason()), (CameraState::Streaming, None));
        assert!(!watchdog.is_blind(at(1030)));
    }

    #[test]
    fn a_lost_camera_is_absent_until_it_is_opened_again() {
        let missing = || Sign::Missing("none".into());
        let signs = [
            (0, frame(0)),
            (10, Sign::Gone("unplugged".into())),
            (20, missing()),
            (500, missing()),
            (1000, Sign::Opened),
            (1030, frame(0)),
        ];
        let names: Vec<_> = states(signs).into_iter().map(|(_, state)| state.name()).collect();
        assert_eq!(names, ["streaming", "lost", "absent", "opening", "streaming"]);
    }

    #[test]
    fn names_are_those_of_json_and_come_back() {
        for state in CameraState::ALL {
            let json = serde_json::to_string(&state).expect("JSON");
            assert_eq!(json, format!("\"{state}\""));
            assert_eq!(serde_json::from_str::<CameraState>(&json).expect("a state"), state);
        }
    }
}
