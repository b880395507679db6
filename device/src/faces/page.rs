//! The page: what a browser beside the microscope shows, without any other machine.
//!
//! ```text
//! browser --HTTP--> listen (shares, time limits) -> guard (host, origin, token) -> routes -> Remote (the instrument)
//!                                                                                       -> RecordReader (what is on the disk)
//! ```
//! # What it defends against
//! * **Another machine**: the page listens on the loopback address. On any other address it requires a token of 128 bits, kept in a
//!   file that only its owner may read and compared in constant time; after a few wrong tokens it refuses the sender's address. A
//!   link opens the page once, so a browser's history opens nothing; cookies are sealed with the token and survive a restart. There
//!   is no encryption: whoever can read the network's packets can read the cookie. Use a network of your own, such as the device's
//!   access point, or a TLS proxy named in `[server] allowed_hosts` and `trusted_proxies`.
//! * **Another page in the same browser**: requests must name this host or an allowed one (no DNS rebinding) and must come from
//!   this page; those that change something must carry a header that other pages cannot send. Cookies are `HttpOnly` and
//!   `SameSite=Strict`. The content security policy allows nothing from elsewhere and no inline script.
//! * **Load**: connections, bodies and times are bounded, and each peer has a share of the connections: idle ones make way. A frame
//!   is encoded once for all viewers, and slow viewers ask less often (`live`); a client that does not read is cut off. The
//!   instrument's thread never waits for a client.

mod about;
mod access;
mod address;
mod app;
mod assets;
mod connections;
mod download;
mod error;
mod extract;
mod guard;
mod heat_map;
mod limiter;
mod listen;
mod live;
mod live_view;
mod notices;
mod operations;
mod options;
mod people;
mod pictures;
mod problem;
mod reads;
mod review;
mod routes;
mod seal;
mod spent;
mod start_message;
mod token;
mod wire;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use blastscope_shared::classifier::Classifier;
use tokio::sync::oneshot;

use self::app::App;
pub use self::{
    access::HEADER,
    error::PageError,
    limiter::Limits,
    notices::ModelSource,
    options::Options,
    start_message::{link, text as message, url},
    token::{path_in as token_in, read as read_token, tightened as tighten_token},
};
use crate::{
    faces::people::{People, path_in as people_in},
    station::Remote,
};

/// The running page; dropping it stops the server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    url: String,
    token: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens, and serves on a separate thread.
    ///
    /// # Errors
    /// [`PageError`] if the address is taken or the system gives no thread.
    pub fn start(options: &Options, remote: Remote, classifier: Arc<Classifier>) -> Result<Self, PageError> {
        let failed = |reason| PageError::Address { address: options.listen, reason };
        let listener = TcpListener::bind(options.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let system = |error: io::Error| PageError::System(error.to_string());
        let token = options.is_guarded(address).then(|| options.token()).transpose()?;
        let access = access::Access::new(token, options.limits, options.token_file.as_deref());
        let token = access.token().map(str::to_owned);
        let unreadable = |reason| PageError::People { path: people_in(&options.data_dir), reason };
        let known = People::open(&options.data_dir).map_err(unreadable)?;
        let app = App::new(options, address, remote, classifier, access, known);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            // Reads; a map or report; the look at the model; a PIN; and the live picture, which never waits for a hung disk.
            .max_blocking_threads(reads::READS + 4)
            .thread_name("page-work")
            .build()
            .map_err(system)?;
        let (stop, stopped) = oneshot::channel();
        let work = move || {
            runtime.block_on(async {
                // A dropped stop signal is a stop too.
                let serving = std::pin::pin!(listen::serve(listener, app));
                let stopped = std::pin::pin!(stopped);
                futures_util::future::select(serving, stopped).await;
            });
            runtime.shutdown_timeout(Duration::from_secs(2));
        };
        let thread = thread::Builder::new().name("page".into()).spawn(work).map_err(system)?;
        let url = url(address, &options.allowed_hosts);
        Ok(Self { address, url, token, stop: Some(stop), thread: Some(thread) })
    }

    /// The address it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The token that opens the page; `None` if everybody on this machine may see it.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// The page's address and, for a phone, a QR code with a one-time link, different at each call.
    #[must_use]
    pub fn start_message(&self) -> String {
        start_message::text(&self.url, self.token())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread has printed its own panic.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests;
