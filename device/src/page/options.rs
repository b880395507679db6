//! How the page is served.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use super::{access, address::AllowedHost, error::PageError, limiter::Limits, notices::ModelSource, token};
use crate::{record::Remembered, report};

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
    pub report: report::Options,
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
            report: report::Options::default(),
            remembered: Arc::default(),
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            notices: Vec::new(),
            model: None,
        }
    }

    /// Whether a token is asked for of whoever reaches the page at `address`: everywhere but on the loopback address, and there too behind a
    /// proxy.
    pub(super) fn is_guarded(&self, address: SocketAddr) -> bool {
        let proxied = !self.trusted_proxies.is_empty() || self.allowed_hosts.iter().any(|host| host.secure().is_some());
        self.token_always || proxied || !address.ip().is_loopback()
    }

    /// The token that is kept, or another one.
    pub(super) fn token(&self) -> Result<String, PageError> {
        match &self.token_file {
            Some(path) => token::kept_or_new(path).map_err(|reason| PageError::Token { path: path.clone(), reason }),
            None => access::random().map_err(|error| PageError::System(error.to_string())),
        }
    }
}
