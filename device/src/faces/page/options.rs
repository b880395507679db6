//! Options of the page.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use blastscope_core::field::Rules;

use super::{access, error::PageError, limiter::Limits, notices::ModelSource, token};
use crate::{config::AllowedHost, record::Remembered, report, station::Origin};

/// Address, access and contents of the page.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on. Any but the loopback address requires a token.
    pub listen: SocketAddr,
    /// Folder of the record.
    pub data_dir: PathBuf,
    /// Require a token on the loopback address too.
    pub token_always: bool,
    /// File that keeps the token between starts; without one, each start draws a new token.
    pub token_file: Option<PathBuf>,
    /// Limits of wrong tokens.
    pub limits: Limits,
    /// How sessions are reported.
    pub report: report::Options,
    /// What this process has already verified of the record, so that reports hash only what was added.
    pub remembered: Arc<Remembered>,
    /// Names besides the machine's own; a proxy among them makes the token mandatory.
    pub allowed_hosts: Vec<AllowedHost>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<IpAddr>,
    /// Model, settings, program and device: only sessions made with the same can be reopened.
    pub origin: Origin,
    /// How many fields of a reopened session are recognized when they come into view again.
    pub recognized: usize,
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
            origin: Origin::default(),
            recognized: Rules::default().remembered,
            notices: Vec::new(),
            model: None,
        }
    }

    /// Whether the page at `address` requires a token: always except on the loopback address, and there too behind a proxy.
    pub(super) fn is_guarded(&self, address: SocketAddr) -> bool {
        let proxied = !self.trusted_proxies.is_empty() || self.allowed_hosts.iter().any(|host| host.secure().is_some());
        self.token_always || proxied || !address.ip().is_loopback()
    }

    /// The stored token, or a new one.
    pub(super) fn token(&self) -> Result<String, PageError> {
        match &self.token_file {
            Some(path) => token::kept_or_new(path).map_err(|reason| PageError::Token { path: path.clone(), reason }),
            None => access::random().map_err(|error| PageError::System(error.to_string())),
        }
    }
}
