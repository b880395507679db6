//! Limits open connections, in total and per peer, so that no peer locks out the others; an idle connection is closed to admit a
//! new one. Pure: the time is a parameter.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::Notify;

use super::limiter::network;

#[derive(Debug)]
struct Open {
    peer: IpAddr,
    /// Since when the connection is idle; `None` while a request is processed.
    idle: Option<Instant>,
    end: Arc<Notify>,
}

/// The open connections.
#[derive(Debug)]
pub(super) struct Connections {
    most: usize,
    each: usize,
    next: AtomicU64,
    open: Mutex<BTreeMap<u64, Open>>,
}

impl Connections {
    /// At most `most` at once, and at most `each` per peer; an IPv6 peer is its network of 64 bits.
    pub(super) fn new(most: usize, each: usize) -> Arc<Self> {
        Arc::new(Self { most, each, next: AtomicU64::new(0), open: Mutex::default() })
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<u64, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Admits a connection of `peer`. When full, ends the longest idle one: of the same peer if it has used up its share, else of
    /// the peer with the most. `None` if all are busy. A `trusted` peer, a proxy, speaks for many and has no share limit.
    pub(super) fn enter(self: &Arc<Self>, peer: IpAddr, trusted: bool, now: Instant) -> Option<Held> {
        let peer = network(peer);
        let mut open = self.open();
        let mut shares: HashMap<IpAddr, usize> = HashMap::new();
        for connection in open.values() {
            *shares.entry(connection.peer).or_default() += 1;
        }
        let share = shares.get(&peer).copied().unwrap_or(0);
        let crowded = !trusted && share >= self.each;
        if crowded || open.len() >= self.most {
            let idle = open.iter().filter(|(_, connection)| !crowded || connection.peer == peer).filter_map(
                |(id, connection)| {
                    connection.idle.map(|since| (shares[&connection.peer], std::cmp::Reverse(since), *id))
                },
            );
            let (_, _, victim) = idle.max()?;
            if let Some(victim) = open.remove(&victim) {
                victim.end.notify_one();
            }
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let end = Arc::new(Notify::new());
        open.insert(id, Open { peer, idle: Some(now), end: Arc::clone(&end) });
        drop(open);
        Some(Held { connections: Arc::clone(self), id, end })
    }
}

/// An admitted connection; dropping it frees the place.
#[derive(Debug)]
pub(super) struct Held {
    connections: Arc<Connections>,
    id: u64,
    end: Arc<Notify>,
}

impl Held {
    /// Marks the start (a request has fully arrived) or the end of the work on a request.
    pub(super) fn work(&self, works: bool, now: Instant) {
        if let Some(connection) = self.connections.open().get_mut(&self.id) {
            connection.idle = (!works).then_some(now);
        }
    }

    /// Resolves when the connection must make way.
    pub(super) async fn ended(&self) {
        self.end.notified().await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.connections.open().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn peer(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn second(number: u64) -> Instant {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        *START.get_or_init(Instant::now) + Duration::from_secs(number)
    }

    fn is_open(held: &Held) -> bool {
        held.connections.open().contains_key(&held.id)
    }

    #[test]
    fn a_peer_that_opens_many_gives_up_its_own_oldest_and_no_one_elses() {
        let connections = Connections::new(10, 3);
        let enter = |address: &str, at| connections.enter(peer(address), false, second(at));
        let other = enter("10.0.0.2", 0).expect("room");
        let slow: Vec<_> = (1..4).map(|at| enter("10.0.0.1", at).expect("room")).collect();
        slow[0].work(true, second(4));
        let newest = enter("10.0.0.1", 5).expect("an idle one makes way");
        assert_eq!([is_open(&slow[0]), is_open(&slow[1]), is_open(&slow[2])], [true, false, true]);
        assert!(is_open(&other) && is_open(&newest));
        // A connection with a later request counts as younger.
        slow[0].work(false, second(6));
        drop(enter("10.0.0.1", 7).expect("one makes way"));
        assert_eq!([is_open(&slow[0]), is_open(&slow[2])], [true, false]);
    }

    #[test]
    fn where_all_are_at_work_another_is_refused_and_places_come_back() {
        let connections = Connections::new(3, 2);
        let busy = |address: &str| {
            let held = connections.enter(peer(address), false, second(0))?;
            held.work(true, second(0));
            Some(held)
        };
        let (first, second_one) = (busy("10.0.0.1").expect("room"), busy("10.0.0.1").expect("room"));
        assert!(busy("10.0.0.1").is_none());
        let third = busy("10.0.0.2").expect("room of its own");
        assert!(busy("10.0.0.3").is_none());
        drop(first);
        assert!(busy("10.0.0.3").is_some());
        drop((second_one, third));
    }

    #[test]
    fn when_all_places_are_taken_the_peer_with_most_makes_way() {
        let connections = Connections::new(6, 4);
        let enter = |address: &str, at| connections.enter(peer(address), false, second(at)).expect("room");
        let few = enter("10.0.0.9", 0);
        let many: Vec<_> = (1..5).map(|at| enter("10.0.0.1", at)).collect();
        let last = enter("10.0.0.2", 6);
        let come = enter("10.0.0.3", 7);
        assert!(is_open(&few) && is_open(&last) && is_open(&come) && !is_open(&many[0]) && is_open(&many[1]));
        assert_eq!(connections.open().len(), 6);
    }

    #[test]
    fn a_trusted_proxy_speaks_for_many() {
        let connections = Connections::new(10, 2);
        let held: Vec<_> =
            (0..8).map(|at| connections.enter(peer("127.0.0.1"), true, second(at)).expect("room")).collect();
        assert!(held.iter().all(is_open));
    }
}
