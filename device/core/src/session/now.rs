//! The time of an event.

use core::time::Duration;

/// The current time, by both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Since the program's start, by the monotonic clock.
    pub elapsed: Duration,
    /// Since 1970 UTC, by the wall clock.
    pub utc: Duration,
    /// Whether the wall clock is trusted.
    pub is_trusted: bool,
}
