//! sd_notify(3): datagrams to the socket that `NOTIFY_SOCKET` names. Does nothing without that variable.
//!
//! ```no_run
//! use std::time::Instant;
//! use blastscope::support::notify::{self, Watchdog};
//!
//! let mut watchdog = Watchdog::from_environment();
//! notify::ready();
//! loop {
//!     // a frame, or a time-out
//!     watchdog.beat(Instant::now());
//! #   break;
//! }
//! notify::stopping();
//! ```
//! Call [`Watchdog::beat`] in the loop that must not hang; from a separate thread it would prove nothing.

use std::{
    env, io, process,
    time::{Duration, Instant},
};

/// Environment variable that names the socket.
const SOCKET: &str = "NOTIFY_SOCKET";

/// Reports that the service is ready.
pub fn ready() {
    tell("READY=1");
}

/// Reports that the service is stopping.
pub fn stopping() {
    tell("STOPPING=1");
}

/// Sends a message; a failure is only logged as a warning.
fn tell(message: &str) {
    let Some(socket) = env::var_os(SOCKET).filter(|name| !name.is_empty()) else { return };
    if let Err(error) = send(&socket, message) {
        tracing::warn!(%error, message, "cannot notify systemd");
    }
}

#[cfg(target_os = "linux")]
fn send(socket: &std::ffi::OsStr, message: &str) -> io::Result<()> {
    use std::os::{
        linux::net::SocketAddrExt as _,
        unix::{
            ffi::OsStrExt as _,
            net::{SocketAddr, UnixDatagram},
        },
    };
    let address = match socket.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        [b'/', ..] => SocketAddr::from_pathname(socket)?,
        _ => return Err(io::Error::other(format!("{SOCKET}={} is not a socket address", socket.display()))),
    };
    let sent = UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address)?;
    if sent == message.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// There is no systemd on this system.
#[cfg(not(target_os = "linux"))]
fn send(_socket: &std::ffi::OsStr, _message: &str) -> io::Result<()> {
    Ok(())
}

/// Sends heartbeats to systemd, twice per watchdog time.
#[derive(Debug)]
pub struct Watchdog {
    /// `None` without a watchdog.
    every: Option<Duration>,
    last: Option<Instant>,
}

impl Watchdog {
    /// Reads `WATCHDOG_USEC` and `WATCHDOG_PID`.
    #[must_use]
    pub fn from_environment() -> Self {
        let number = |name| env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
        let is_ours = env::var_os("WATCHDOG_PID").is_none() || number("WATCHDOG_PID") == Some(process::id().into());
        Self::new(number("WATCHDOG_USEC").filter(|_| is_ours).map(Duration::from_micros))
    }

    /// With the watchdog time `limit`, after which systemd restarts the service; `None` without a watchdog.
    #[must_use]
    pub fn new(limit: Option<Duration>) -> Self {
        Self { every: limit.filter(|limit| !limit.is_zero()).map(|limit| limit / 2), last: None }
    }

    /// Sends a heartbeat if one is due. Cheap: call it for every frame.
    pub fn beat(&mut self, now: Instant) {
        if self.is_due(now) {
            self.last = Some(now);
            tell("WATCHDOG=1");
        }
    }

    fn is_due(&self, now: Instant) -> bool {
        let Some(every) = self.every else { return false };
        self.last.is_none_or(|last| now.saturating_duration_since(last) >= every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beats_are_due_twice_in_the_limit() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut watchdog = Watchdog::new(Some(Duration::from_secs(30)));
        let mut due = Vec::new();
        for second in 0..40 {
            if watchdog.is_due(at(second)) {
                due.push(second);
                watchdog.last = Some(at(second));
            }
        }
        assert_eq!(due, [0, 15, 30]);
        for nobody in [None, Some(Duration::ZERO)] {
            assert!(!Watchdog::new(nobody).is_due(at(100)));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn messages_arrive_at_both_kinds_of_sockets() {
        use std::{
            ffi::OsString,
            os::{
                linux::net::SocketAddrExt as _,
                unix::net::{SocketAddr, UnixDatagram},
            },
        };
        let received = |socket: &UnixDatagram| {
            let mut bytes = [0; 64];
            let length = socket.recv(&mut bytes).expect("a message");
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        };
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("bound");
        send(path.as_os_str(), "READY=1").expect("sent");
        assert_eq!(received(&socket), "READY=1");

        let name = format!("blastscope-test-{}", process::id());
        let address = SocketAddr::from_abstract_name(&name).expect("an address");
        let socket = UnixDatagram::bind_addr(&address).expect("bound");
        send(&OsString::from(format!("@{name}")), "WATCHDOG=1").expect("sent");
        assert_eq!(received(&socket), "WATCHDOG=1");

        assert!(send("vsock:2:1".as_ref(), "x").is_err() && send(folder.path().join("no").as_os_str(), "x").is_err());
    }
}
