//! Connections: how many, and how long.

use std::{net::TcpListener, sync::Arc, time::Duration};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpStream,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::sleep,
};
use tokio_io_timeout::TimeoutStream;

use super::{
    guard::Peer,
    routes::{self, App},
};
use crate::cli::note;

/// Connections at once: six a browser window, for a few screens, and some to spare.
const MOST: usize = 96;
/// How long a client may take for a request's head, also on a connection that waits for the next one.
const HEAD: Duration = Duration::from_secs(15);
/// How long a client may not read what it was sent.
const WRITE: Duration = Duration::from_secs(20);
/// Largest head of a request, in bytes.
const LARGEST_HEAD: usize = 16 << 10;

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n\
Retry-After: 5\r\n\r\n{\"error\":503,\"reason\":\"too many connections are open\",\
\"remedy\":\"close other windows of this page, then try again\"}";

/// Accepts connections for ever.
pub(super) async fn serve(listener: TcpListener, app: App) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return note(format_args!("the page cannot be served ({error}); start again")),
    };
    let app = Arc::new(app);
    let router = routes::router(&app);
    let slots = Arc::new(Semaphore::new(MOST));
    tokio::spawn(super::live_picture::work(Arc::clone(&app)));
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Out of descriptors, mostly: others must end first.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        match Arc::clone(&slots).try_acquire_owned() {
            Ok(slot) => drop(tokio::spawn(converse(stream, Peer(peer.ip()), router.clone(), slot))),
            // What does not fit into the socket's buffer is lost; this does.
            Err(_) => drop(stream.try_write(FULL)),
        }
    }
}

async fn converse(stream: TcpStream, peer: Peer, router: Router, _slot: OwnedSemaphorePermit) {
    // Pictures are written whole; waiting for more would only delay them.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE));
    let service = TowerToHyperService::new(router.layer(Extension(peer)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    // Clients go when they like.
    let _ = connection.await;
}
