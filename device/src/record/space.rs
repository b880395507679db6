//! Free space on the disk.

use std::path::Path;

/// Bytes available to a normal user on the file system of `folder`; `None` if the system does not say.
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

/// Unknown on this system.
#[cfg(not(target_os = "linux"))]
pub(super) fn free(_folder: &Path) -> Option<u64> {
    None
}
