//! The page: what a browser beside the microscope shows, without any other machine.
//!
//! ```text
//! browser --HTTP--> listen (shares, time limits) -> guard (host, origin, token) -> routes -> Remote (the instrument)
//!                                                                                       -> RecordReader (what is on the disk)
//! ```
//! # What it defends against
//! * **Another machine**: it listens on the loopback address. On any other it asks for a token of 128 bits, which is kept in a file that
//!   only its owner may read, compares it in constant time, and refuses an address after a few wrong ones. A link opens it once, so that
//!   a browser's history opens nothing; cookies are sealed with the token and hold across a restart. There is no encryption: whoever may
//!   read the network's packets reads the cookie. Use a network of your own, such as the device's access point, or a proxy with TLS, which
//!   `[server] allowed_hosts` and `trusted_proxies` name.
//! * **Another page in the same browser**: requests must name this host or one that was allowed (no DNS rebinding), must come from this page, and those
//!   that change something must bear a header that other pages cannot send. Cookies are `HttpOnly` and `SameSite=Strict`. The content
//!   security policy allows nothing from elsewhere and no script in the page.
//! * **Load**: connections, bodies and times are bounded, and a peer has a share of the connections: those that ask for nothing make way.
//!   A frame is encoded once for all who look, and whoever is slow asks less often (`live`); a client that does not read is cut
//!   off. The instrument's thread never waits for a client.

mod access;
mod address;
mod answer;
mod assets;
mod connections;
mod download;
mod guard;
mod heat_map;
mod limiter;
mod listen;
mod live;
mod notices;
mod operations;
mod pictures;
mod review;
mod routes;
mod seal;
mod spent;
mod start_message;
mod token;

use std::{
    io,
    net::{IpAddr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

use blastscope_shared::classifier::Classifier;
use tokio::sync::oneshot;

pub use self::{
    access::HEADER,
    limiter::Limits,
    notices::ModelSource,
    start_message::{link, text as message, url},
    token::{path_in as token_in, read as read_token, tightened as tighten_token},
};
use crate::{config::AllowedHost, record::Remembered, station::Remote};

/// How to serve.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen. On another address than the loopback a token is asked for.
    pub listen: SocketAddr,
    /// Folder of the record.
    pub data_dir: PathBuf,
    /// Ask for a token on the loopback address too.
    pub token_always: bool,
    /// File that the token is kept in between starts; without one another token is drawn at each start.
    pub token_file: Option<PathBuf>,
    /// How many wrong tokens are borne.
    pub limits: Limits,
    /// How sessions are reported.
    pub report: crate::report::Options,
    /// What this process has verified of the record: reports hash only what was added.
    pub remembered: Arc<Remembered>,
    /// Names besides the machine's own; where a proxy is among them a token is asked for.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Proxies that are believed when they name whom they speak for.
    pub trusted_proxies: Vec<IpAddr>,
    /// What is to be said of model and program, in sentences.
    pub notices: Vec<String>,
    /// Where the model is from, so that another one is noticed.
    pub model: Option<ModelSource>,
}

impl Options {
    /// The defaults for an address and a record.
    #[must_use]
    pub fn new(listen: SocketAddr, data_dir: PathBuf) -> Self {
        Self {
            listen,
            data_dir,
            token_always: false,
            token_file: None,
            limits: Limits::default(),
            report: crate::report::Options::default(),
            remembered: Arc::default(),
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            notices: Vec::new(),
            model: None,
        }
    }

    fn token(&self) -> Result<String, PageError> {
        match &self.token_file {
            Some(path) => token::kept_or_new(path).map_err(|reason| PageError::Token { path: path.clone(), reason }),
            None => access::random().map_err(|error| PageError::System(error.to_string())),
        }
    }
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The address is not to be had.
    #[error("{address} cannot be listened on ({reason}); name another address or port with --listen")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        reason: io::Error,
    },
    /// The token cannot be kept.
    #[error("{} cannot be used for the page's token ({reason}); see to its permissions, or remove it", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The system gives no thread or no random numbers.
    #[error("the page cannot be served: {0}")]
    System(String),
}

/// A page that is served until this is dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    url: String,
    token: Option<String>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens and serves in a thread of its own.
    ///
    /// # Errors
    /// [`PageError`] when the address is taken or the system gives no thread.
    pub fn start(options: &Options, remote: Remote, classifier: Arc<Classifier>) -> Result<Self, PageError> {
        let failed = |reason| PageError::Address { address: options.listen, reason };
        let listener = TcpListener::bind(options.listen).map_err(failed)?;
        listener.set_nonblocking(true).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let system = |error: io::Error| PageError::System(error.to_string());
        let proxied =
            !options.trusted_proxies.is_empty() || options.allowed_hosts.iter().any(|host| host.secure().is_some());
        let guarded = options.token_always || proxied || !address.ip().is_loopback();
        let token = guarded.then(|| options.token()).transpose()?;
        let access = access::Access::new(token, options.limits, options.token_file.as_deref());
        let token = access.token().map(str::to_owned);
        let app = routes::App::new(options, address, remote, classifier, access);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .max_blocking_threads(4)
            .thread_name("page-work")
            .build()
            .map_err(system)?;
        let (stop, stopped) = oneshot::channel();
        let work = move || {
            runtime.block_on(async {
                // A stop that was dropped is a stop too.
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

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What must be known to see it; `None` where everybody on this machine may.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Where the page is, and for a phone a QR code that opens it once, another one each time.
    #[must_use]
    pub fn start_message(&self) -> String {
        start_message::text(&self.url, self.token())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was printed by it.
            let _ = thread.join();
        }
    }
}
