//! Fault injection: wraps a capture so that it stalls, freezes, drops, truncates and is unplugged, reproducibly for each seed.

use std::{thread, time::Duration};

use super::{Capture, RawFrame, SourceError};

/// Frequency of each fault, per 1000 frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    /// Nothing comes for a while.
    pub stall: u16,
    /// A frame is lost silently.
    pub drop: u16,
    /// A frame loses its end.
    pub truncate: u16,
}

/// A capture with faults.
#[derive(Debug)]
pub struct Faulty<C> {
    inner: C,
    rates: Rates,
    stall: Duration,
    freeze: Option<(u64, u64)>,
    frozen: Option<RawFrame>,
    unplug_after: Option<u64>,
    captured: u64,
    random: u64,
}

impl<C: Capture> Faulty<C> {
    /// Wraps `inner`.
    pub const fn new(inner: C, seed: u64, rates: Rates) -> Self {
        Self {
            inner,
            rates,
            stall: Duration::ZERO,
            freeze: None,
            frozen: None,
            unplug_after: None,
            captured: 0,
            random: seed,
        }
    }

    /// Unplugs the camera permanently after this number of frames.
    #[must_use]
    pub const fn unplugged_after(mut self, frames: u64) -> Self {
        self.unplug_after = Some(frames);
        self
    }

    /// Repeats the frame with the number `first` exactly for a number of frames after it.
    #[must_use]
    pub const fn frozen_at(mut self, first: u64, frames: u64) -> Self {
        self.freeze = Some((first, frames));
        self
    }

    /// How long a stall lasts.
    #[must_use]
    pub const fn stalls_for(mut self, time: Duration) -> Self {
        self.stall = time;
        self
    }

    /// A number below `limit`, by SplitMix64 (Steele, Lea and Flood 2014).
    fn below(&mut self, limit: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }

    fn strikes(&mut self, rate: u16) -> bool {
        self.below(1000) < u64::from(rate)
    }
}

impl<C: Capture> Capture for Faulty<C> {
    fn capture(&mut self) -> Result<Option<RawFrame>, SourceError> {
        loop {
            if self.unplug_after.is_some_and(|frames| self.captured >= frames) {
                return Err(SourceError::Lost("No such device".into()));
            }
            if self.strikes(self.rates.stall) {
                thread::sleep(self.stall);
                return Ok(None);
            }
            let Some(mut frame) = self.inner.capture()? else { return Ok(None) };
            self.captured += 1;
            if let Some((first, frames)) = self.freeze {
                match self.captured - 1 {
                    number if number == first => self.frozen = Some(frame.clone()),
                    number if number > first && number <= first.saturating_add(frames) => {
                        if let Some(frozen) = &self.frozen {
                            frame.bytes.clone_from(&frozen.bytes);
                        }
                    }
                    _ => {}
                }
            }
            if self.strikes(self.rates.drop) {
                continue;
            }
            if self.strikes(self.rates.truncate) {
                let kept = self.below(frame.bytes.len() as u64) as usize;
                frame.bytes.truncate(kept);
            }
            return Ok(Some(frame));
        }
    }
}
