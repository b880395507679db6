//! A network between browser and device that fails as a test demands.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// What happens to the device's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Mood {
    /// They pass.
    Pass,
    /// Answers with the live picture stall, and their connections stay open.
    StallLive,
    /// All answers stall, and connections stay open.
    StallAll,
    /// New connections are refused.
    Refuse,
}

#[derive(Default)]
struct State {
    mood: AtomicU8,
    /// Increases when all connections are cut.
    cuts: AtomicU64,
}

/// Forwards bytes, or not.
pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Proxy {
    pub fn start(device: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                if shared.mood.load(Ordering::SeqCst) == Mood::Refuse as u8 {
                    continue;
                }
                if let Ok(server) = TcpStream::connect(device) {
                    converse(&client, &server, &shared);
                }
            }
        });
        Self { address, state }
    }

    pub fn page(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub fn set(&self, mood: Mood) {
        self.state.mood.store(mood as u8, Ordering::SeqCst);
    }

    /// Ends every open connection; new ones follow the mood.
    pub fn cut(&self) {
        self.state.cuts.fetch_add(1, Ordering::SeqCst);
    }
}

fn converse(client: &TcpStream, server: &TcpStream, state: &Arc<State>) {
    let live = Arc::new(AtomicBool::new(false));
    let both = || (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
    let (mut from, mut to) = both();
    let asked = Arc::clone(&live);
    thread::spawn(move || {
        let mut bytes = [0; 16 << 10];
        while let Ok(length @ 1..) = from.read(&mut bytes) {
            // A browser sends a request's head in one piece.
            if bytes.starts_with(b"GET ") || bytes.starts_with(b"POST ") {
                asked.store(bytes.split(|byte| *byte == b' ').nth(1).is_some_and(is_live), Ordering::SeqCst);
            }
            if to.write_all(&bytes[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let (mut to, mut from) = both();
    let state = Arc::clone(state);
    thread::spawn(move || {
        let cuts = state.cuts.load(Ordering::SeqCst);
        let _ = from.set_read_timeout(Some(Duration::from_millis(20)));
        let mut bytes = [0; 64 << 10];
        while state.cuts.load(Ordering::SeqCst) == cuts {
            let mood = state.mood.load(Ordering::SeqCst);
            let stalled =
                mood == Mood::StallAll as u8 || (mood == Mood::StallLive as u8 && live.load(Ordering::SeqCst));
            if stalled {
                thread::sleep(Duration::from_millis(10));
                continue;
            }
            match from.read(&mut bytes) {
                Ok(0) => break,
                Ok(length) if to.write_all(&bytes[..length]).is_ok() => {}
                Err(error) if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) => {
                }
                _ => break,
            }
        }
        let _ = (to.shutdown(Shutdown::Both), from.shutdown(Shutdown::Both));
    });
}

fn is_live(path: &[u8]) -> bool {
    path.starts_with(b"/api/live") && !path.starts_with(b"/api/live/map")
}
