//! Room on the disk.

use std::path::Path;

/// Bytes that a normal user may still take on the file system that holds `folder`; `None` where the system does not say.
#[cfg(target_os = "linux")]
pub(super) fn free(folder: &Path) -> Option<u64> {
    let statistics = nix::sys::statvfs::statvfs(folder).ok()?;
    bytes(statistics.blocks_available(), statistics.fragment_size())
}

/// The system's types have 32 bits on some boards.
#[cfg(target_os = "linux")]
fn bytes(blocks: impl Into<u64>, unit: impl Into<u64>) -> Option<u64> {
    blocks.into().checked_mul(unit.into())
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
pub(super) fn free(_folder: &Path) -> Option<u64> {
    None
}
