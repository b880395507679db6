//! Shared by the targets: a valid header for a model's body, and a served page.

#[cfg(feature = "device")]
mod page;

use blastscope_shared::artifact::HEADER_LEN;
use blastscope_tests::{reseal, tiny_artifact};

#[cfg(feature = "device")]
pub use page::Page;

/// Prepends the matching header of an unsigned model to `body`: length, hash and checksum.
#[must_use]
pub fn with_header(body: &[u8]) -> Vec<u8> {
    let mut bytes = tiny_artifact()[..HEADER_LEN].to_vec();
    bytes[16..24].copy_from_slice(&(body.len() as u64).to_le_bytes());
    bytes.extend_from_slice(body);
    reseal(&mut bytes);
    bytes
}
