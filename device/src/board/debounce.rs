//! Debouncing: a button's level counts once it is stable. Pure: a function of levels and times.

use std::time::Duration;

/// An edge of a button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Pressed.
    Pressed,
    /// Released.
    Released,
}

/// Debouncer of one button.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Debounce {
    hold: Duration,
    /// The level reported last; true is down.
    down: bool,
    /// Since when the level has differed from it without interruption.
    differs_since: Option<Duration>,
}

impl Debounce {
    /// For a button whose level must be stable for `hold`; initially up, or held down if `down`.
    #[must_use]
    pub const fn new(hold: Duration, down: bool) -> Self {
        Self { hold, down, differs_since: None }
    }

    /// Takes the level `down` at the time `now`, which must not decrease; returns the edge that it completes, if any.
    ///
    /// Between two calls the level is assumed to be that of the earlier call.
    #[must_use]
    pub fn after(self, down: bool, now: Duration) -> (Self, Option<Edge>) {
        if down == self.down {
            return (Self { differs_since: None, ..self }, None);
        }
        let since = self.differs_since.unwrap_or(now);
        if now.saturating_sub(since) < self.hold {
            return (Self { differs_since: Some(since), ..self }, None);
        }
        let edge = if down { Edge::Pressed } else { Edge::Released };
        (Self { down, differs_since: None, ..self }, Some(edge))
    }

    /// When to read again, even without an edge; `None` while the button rests.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.differs_since.map(|since| since + self.hold)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Edges of a button that has each level for the given number of milliseconds and is read every millisecond.
    fn play(hold: u64, levels: &[(bool, u64)]) -> Vec<(u64, Edge)> {
        let mut debounce = Debounce::new(ms(hold), false);
        let mut edges = Vec::new();
        let mut now = 0;
        for &(level, lasts) in levels {
            for _ in 0..lasts {
                let (next, edge) = debounce.after(level, ms(now));
                debounce = next;
                edges.extend(edge.map(|edge| (now, edge)));
                now += 1;
            }
        }
        edges
    }

    #[test]
    fn a_bouncing_press_is_one_press() {
        let bounces = [(false, 5), (true, 2), (false, 1), (true, 3), (false, 2), (true, 100), (false, 1), (true, 1)];
        let edges = play(20, &bounces);
        assert_eq!(edges, [(33, Edge::Pressed)]);
    }

    #[test]
    fn without_a_hold_every_level_counts_at_once() {
        let edges = play(0, &[(true, 1), (false, 1), (true, 1)]);
        assert_eq!(edges, [(0, Edge::Pressed), (1, Edge::Released), (2, Edge::Pressed)]);
    }

    proptest! {
        #[test]
        fn what_is_shorter_than_the_hold_is_never_reported(
            hold in 2u64..50,
            bounces in vec((1u64..1000, 1u64..1000), 0..40),
        ) {
            let levels: Vec<_> = bounces
                .iter()
                .flat_map(|&(down, up)| [(true, down % hold), (false, up % hold + 1)])
                .collect();
            prop_assert_eq!(play(hold, &levels), []);
        }

        #[test]
        fn what_stands_longer_than_the_hold_is_always_reported_once_and_in_time(
            hold in 1u64..50,
            levels in vec((any::<bool>(), 1u64..120), 0..40),
        ) {
            let edges = play(hold, &levels);
            for pair in edges.windows(2) {
                prop_assert_ne!(pair[0].1, pair[1].1, "presses and releases alternate");
                prop_assert!(pair[1].0 - pair[0].0 >= hold);
            }
            // An independent count: join equal levels, and count changed levels that last longer than the hold.
            let mut runs: Vec<(bool, u64, u64)> = Vec::new();
            let mut now = 0;
            for &(level, lasts) in &levels {
                match runs.last_mut() {
                    Some(last) if last.0 == level => last.2 += lasts,
                    _ => runs.push((level, now, lasts)),
                }
                now += lasts;
            }
            let mut down = false;
            let mut expected = Vec::new();
            for (level, start, lasts) in runs {
                if lasts > hold && level != down {
                    down = level;
                    expected.push((start + hold, if level { Edge::Pressed } else { Edge::Released }));
                }
            }
            prop_assert_eq!(edges, expected);
        }

        #[test]
        fn a_look_when_it_is_due_is_enough(hold in 1u64..50, lasts in 60u64..200) {
            let (waiting, edge) = Debounce::new(ms(hold), false).after(true, ms(10));
            prop_assert_eq!(edge, None);
            let due = waiting.due().expect("it waits");
            prop_assert!(due <= ms(10 + lasts));
            let (rests, edge) = waiting.after(true, due);
            prop_assert_eq!((edge, rests.due()), (Some(Edge::Pressed), None));
        }
    }
}
