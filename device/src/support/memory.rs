//! Memory of this process. All in bytes; `None` if the system does not say.

use std::fs;

/// Memory in use now.
pub(crate) fn resident() -> Option<u64> {
    // The counters behind `status` are per processor and may lag by a megabyte; `smaps_rollup` counts pages.
    let exact = fs::read_to_string("/proc/self/smaps_rollup").ok().and_then(|text| field(&text, "Rss"));
    exact.or_else(|| field(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS"))
}

/// Peak memory.
pub(crate) fn peak() -> Option<u64> {
    field(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM")
}

/// Highest peak memory of any child process that was waited for.
///
/// A child starts as a copy of this process, so the result is never below this process's own memory.
#[cfg(target_os = "linux")]
pub(crate) fn peak_of_children() -> Option<u64> {
    use nix::sys::resource::{UsageWho, getrusage};
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    u64::try_from(usage.max_rss()).ok().filter(|&kib| kib > 0).map(|kib| kib * 1024)
}

/// Highest peak memory of any child process that was waited for.
#[cfg(not(target_os = "linux"))]
pub(crate) fn peak_of_children() -> Option<u64> {
    None
}

/// The number after `name` in a list of lines `name:  123 kB`, a format of /proc, in bytes.
pub(crate) fn field(list: &str, name: &str) -> Option<u64> {
    let value = list.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    value.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Bytes in units of 2^20.
pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let list = "VmRSSx:\t  9 kB\nVmRSS:\t    1676 kB\nThreads:\t1\nVmHWM:\t18446744073709551615 kB\n";
        assert_eq!(field(list, "VmRSS"), Some(1676 * 1024));
        assert_eq!((field(list, "Vm"), field(list, "Threads"), field(list, "VmHWM")), (None, None, None));
    }
}
