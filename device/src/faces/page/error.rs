//! Errors at the start of the page.

use std::{io, net::SocketAddr, path::PathBuf};

/// Why the page cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The address cannot be used.
    #[error("cannot listen on {address} ({reason}); name another address or port with --listen")]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        reason: io::Error,
    },
    /// The token file cannot be read or written.
    #[error("{} cannot hold the page's token ({reason}); check its permissions, or remove it", path.display())]
    Token {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The file of the people cannot be read.
    #[error("{} cannot be read ({reason}): nobody knows which names have PINs; remove it, and set the PINs again", path.display())]
    People {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// The system gives no thread or no random numbers.
    #[error("the page cannot be served: {0}")]
    System(String),
}
