//! How many wrong tokens are borne. Pure: the time is a parameter.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

/// How many wrong tokens are borne in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// From one address; an IPv6 address counts with its network of 64 bits.
    pub each: u32,
    /// From all together.
    pub all: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { each: 5, all: 30 }
    }
}

/// How long wrong tokens count.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered; beyond, all that is over is forgotten.
const MOST_PEERS: usize = 1024;

#[derive(Debug)]
struct Window {
    since: Instant,
    failures: u32,
}

impl Window {
    const fn new(since: Instant) -> Self {
        Self { since, failures: 0 }
    }

    /// How long it still lasts.
    fn left(&self, now: Instant) -> Duration {
        WINDOW.saturating_sub(now.saturating_duration_since(self.since))
    }

    fn fail(&mut self, now: Instant) {
        if self.left(now).is_zero() {
            *self = Self::new(now);
        }
        self.failures = self.failures.saturating_add(1);
    }

    fn blocked(&self, most: u32, now: Instant) -> Option<Duration> {
        Some(self.left(now)).filter(|left| !left.is_zero() && self.failures >= most)
    }
}

/// Counts wrong tokens.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: Limits,
    peers: HashMap<IpAddr, Window>,
    all: Option<Window>,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, peers: HashMap::new(), all: None }
    }

    /// Whether another token may be tried; otherwise how long to wait.
    pub(super) fn allow(&self, peer: IpAddr, now: Instant) -> Result<(), Duration> {
        let each = self.peers.get(&network(peer)).and_then(|window| window.blocked(self.limits.each, now));
        let all = self.all.as_ref().and_then(|window| window.blocked(self.limits.all, now));
        each.max(all).map_or(Ok(()), Err)
    }

    /// A wrong token.
    pub(super) fn fail(&mut self, peer: IpAddr, now: Instant) {
        if self.peers.len() >= MOST_PEERS {
            self.peers.retain(|_, window| !window.left(now).is_zero());
        }
        self.all.get_or_insert_with(|| Window::new(now)).fail(now);
        // A flood from more addresses than are remembered runs into the limit of all.
        if self.peers.len() < MOST_PEERS {
            self.peers.entry(network(peer)).or_insert_with(|| Window::new(now)).fail(now);
        }
    }

    /// The right token.
    pub(super) fn forgive(&mut self, peer: IpAddr) {
        self.peers.remove(&network(peer));
    }
}

fn network(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => IpAddr::V4(mapped),
            None => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn one_address_is_stopped_and_the_others_are_not() {
        let mut limiter = Limiter::new(Limits { each: 3, all: 100 });
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(limiter.allow(peer("10.0.0.1"), now), Ok(()));
            limiter.fail(peer("10.0.0.1"), now);
        }
        assert_eq!(limiter.allow(peer("10.0.0.1"), now), Err(WINDOW));
        assert_eq!(limiter.allow(peer("10.0.0.2"), now), Ok(()));
        assert_eq!(limiter.allow(peer("10.0.0.1"), now + WINDOW), Ok(()), "it ends");
        limiter.fail(peer("10.0.0.2"), now);
        limiter.forgive(peer("10.0.0.2"));
        assert_eq!(limiter.peers.len(), 1);
    }

    #[test]
    fn many_addresses_run_into_the_limit_of_all_and_memory_is_bounded() {
        let mut limiter = Limiter::new(Limits { each: 3, all: 50 });
        let now = Instant::now();
        for number in 0..3000u32 {
            limiter.fail(IpAddr::V4(number.into()), now);
        }
        assert!(limiter.peers.len() <= MOST_PEERS);
        assert!(limiter.allow(peer("192.168.7.7"), now).is_err());
        assert_eq!(limiter.allow(peer("192.168.7.7"), now + WINDOW), Ok(()));
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        assert_eq!(network(peer("2001:db8::1")), network(peer("2001:db8::ffff:2")));
        assert_ne!(network(peer("2001:db8::1")), network(peer("2001:db8:1::1")));
        assert_eq!(network(peer("::ffff:10.0.0.1")), peer("10.0.0.1"));
    }
}
