//! Limits wrong tokens. Pure: the time is a parameter.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    time::{Duration, Instant},
};

/// Limits of wrong tokens a minute. There is no limit for all addresses together: one attacker could lock everybody out with it,
/// and nobody guesses 128 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Per address; an IPv6 address counts as its network of 64 bits.
    pub each: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { each: 5 }
    }
}

/// How long wrong tokens count.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses remembered at most; beyond that, the oldest is dropped.
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

    /// How long the lockout lasts.
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
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, peers: HashMap::new() }
    }

    /// Whether the peer may try another token; otherwise how long to wait.
    pub(super) fn allow(&self, peer: IpAddr, now: Instant) -> Result<(), Duration> {
        let blocked = self.peers.get(&network(peer)).and_then(|window| window.blocked(self.limits.each, now));
        blocked.map_or(Ok(()), Err)
    }

    /// Counts a wrong token.
    pub(super) fn fail(&mut self, peer: IpAddr, now: Instant) {
        let peer = network(peer);
        if self.peers.len() >= MOST_PEERS && !self.peers.contains_key(&peer) {
            self.peers.retain(|_, window| !window.left(now).is_zero());
            let oldest = self.peers.iter().min_by_key(|(_, window)| window.since).map(|(peer, _)| *peer);
            if let Some(oldest) = oldest.filter(|_| self.peers.len() >= MOST_PEERS) {
                self.peers.remove(&oldest);
            }
        }
        self.peers.entry(peer).or_insert_with(|| Window::new(now)).fail(now);
    }

    /// Clears the count after the right token.
    pub(super) fn forgive(&mut self, peer: IpAddr) {
        self.peers.remove(&network(peer));
    }
}

/// The address that counts: for IPv6 its network of 64 bits.
pub(super) fn network(peer: IpAddr) -> IpAddr {
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
        let mut limiter = Limiter::new(Limits { each: 3 });
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(limiter.allow(peer("10.0.0.1"), now), Ok(()));
            limiter.fail(peer("10.0.0.1"), now);
        }
        assert_eq!(limiter.allow(peer("10.0.0.1"), now), Err(WINDOW));
        assert_eq!(limiter.allow(peer("10.0.0.2"), now), Ok(()));
        assert_eq!(limiter.allow(peer("10.0.0.1"), now + WINDOW), Ok(()), "the lockout ends");
        limiter.fail(peer("10.0.0.2"), now);
        limiter.forgive(peer("10.0.0.2"));
        assert_eq!(limiter.peers.len(), 1);
    }

    #[test]
    fn many_addresses_lock_out_nobody_else_and_memory_is_bounded() {
        let mut limiter = Limiter::new(Limits { each: 3 });
        let now = Instant::now();
        for number in 0..3000u32 {
            for _ in 0..3 {
                limiter.fail(IpAddr::V4(number.into()), now + Duration::from_millis(number.into()));
            }
        }
        assert!(limiter.peers.len() <= MOST_PEERS);
        let now = now + Duration::from_secs(3);
        assert_eq!(limiter.allow(peer("192.168.7.7"), now), Ok(()));
        assert!(limiter.allow(IpAddr::V4(2999.into()), now).is_err(), "the newest are remembered");
    }

    #[test]
    fn addresses_of_one_network_count_as_one() {
        assert_eq!(network(peer("2001:db8::1")), network(peer("2001:db8::ffff:2")));
        assert_ne!(network(peer("2001:db8::1")), network(peer("2001:db8:1::1")));
        assert_eq!(network(peer("::ffff:10.0.0.1")), peer("10.0.0.1"));
    }
}
