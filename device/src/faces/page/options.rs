//! How the page is served.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use super::{access, error::PageError, limiter::Limits, notices::ModelSource, token};
use crate::{config::AllowedHost, record::Remembered, report};

/// Address, access and contents of the page.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on. On any but the loopback address a token is required.
    pub listen: SocketAddr,
    /// Folder of the record.
    pub data_dir: PathBuf,
    /// Require a token on the loopback address too.
    pub token_always: bool,
    /// File that keeps the token between starts; without one each start draws a new token.
    pub token_file: Option<PathBuf>,
    /// Limits of wrong tokens.
    pub limits: Limits,
    /// How sessions are reported.
    pub report: report::Options,
    /// What this process has verified of the record, so that reports hash only what was added.
    pub remembered: Arc<Remembered>,
    /// Names besides the machine's own; a proxy among them makes the token required.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpAddr>,
    /// Warnings about model and program, one sentence each.
    pub notices: Vec<String>,
    /// Source of the model, watched for changes.
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
