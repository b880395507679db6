//! State shared by all requests.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::Arc,
};

use axum::extract::State;
use blastscope_shared::classifier::Classifier;
use tokio::sync::Semaphore;

use super::{access::Access, address::Names, live_view::LiveView, notices::Notices, options::Options, reads::Reads};
use crate::{
    faces::people::People,
    record::Remembered,
    report,
    station::{Origin, Remote},
};

/// What handlers receive.
pub(super) type Shared = State<Arc<App>>;

/// State shared by all requests.
pub(super) struct App {
    pub(super) remote: Remote,
    pub(super) data_dir: PathBuf,
    pub(super) reads: Reads,
    pub(super) report: report::Options,
    pub(super) remembered: Arc<Remembered>,
    pub(super) classifier: Arc<Classifier>,
    pub(super) access: Access,
    pub(super) names: Names,
    pub(super) live: Arc<LiveView>,
    pub(super) notices: Arc<Notices>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    trusted_proxies: Vec<IpAddr>,
    pub(super) people: Arc<People>,
    /// A PIN is checked slowly: one at a time.
    pub(super) proving: Arc<Semaphore>,
    /// Model, settings, program and device, and how many fields a reopened session recognizes.
    pub(super) origin: Origin,
    pub(super) recognized: usize,
    /// Heat maps and reports take a core each: one request at a time.
    pub(super) heavy: Arc<Semaphore>,
}

impl App {
    pub(super) fn new(
        options: &Options,
        address: SocketAddr,
        remote: Remote,
        classifier: Arc<Classifier>,
        access: Access,
        people: People,
    ) -> Self {
        Self {
            remote,
            data_dir: options.data_dir.clone(),
            reads: Reads::new(options.data_dir.clone()),
            report: options.report,
            remembered: Arc::clone(&options.remembered),
            classifier,
            access,
            names: Names::new(address, options.allowed_hosts.clone()),
            live: Arc::default(),
            notices: Arc::new(Notices::new(&options.notices, options.model.clone())),
            trusted_proxies: options.trusted_proxies.clone(),
            people: Arc::new(people),
            proving: Arc::new(Semaphore::new(1)),
            origin: options.origin.clone(),
            recognized: options.recognized,
            heavy: Arc::new(Semaphore::new(1)),
        }
    }

    /// Whether a peer is a trusted proxy.
    pub(super) fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_proxies.iter().any(|proxy| proxy.to_canonical() == peer)
    }
}
