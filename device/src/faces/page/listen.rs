//! Connections: their number, peers and time limits.

use std::{
    net::{IpAddr, TcpListener},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{net::TcpStream, time::sleep};
use tokio_io_timeout::TimeoutStream;

use super::{
    app::App,
    connections::{Connections, Held},
    guard::Peer,
    live_view, notices, routes,
};
use crate::support::terminal::note;

/// Connections at once: six per browser, for a room of browsers.
const MOST: usize = 128;
/// Connections at once per peer.
const EACH: usize = 32;
/// Time limit for a request's head, also while a connection waits for its next request.
const HEAD: Duration = Duration::from_secs(10);
/// Time limit for a client to read what it was sent.
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
    let connections = Connections::new(MOST, EACH);
    tokio::spawn(live_view::work(app.remote.snapshots(), Arc::clone(&app.live)));
    tokio::spawn(notices::follow(Arc::clone(&app.notices)));
    loop {
        let Ok((stream, peer)) = listener.accept().await else {
            // Usually out of descriptors: others must end first.
            sleep(Duration::from_millis(100)).await;
            continue;
        };
        let address = peer.ip();
        match connections.enter(address, app.trusts(address), Instant::now()) {
            Some(held) => drop(tokio::spawn(converse(stream, address, router.clone(), held))),
            // This answer fits the socket's buffer; anything longer could be lost.
            None => drop(stream.try_write(FULL)),
        }
    }
}

async fn converse(stream: TcpStream, address: IpAddr, router: Router, held: Held) {
    // Pictures are written in one go; waiting for more data would only delay them.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE));
    let connection = Arc::new(held);
    let service =
        TowerToHyperService::new(router.layer(Extension(Peer { address, connection: Arc::clone(&connection) })));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(Box::pin(stream)), service);
    let (served, ended) = (std::pin::pin!(served), std::pin::pin!(connection.ended()));
    // A client leaves when it likes, and an idle one when another needs its place.
    drop(futures_util::future::select(served, ended).await);
}
