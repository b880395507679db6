//! Which names this host goes by, and which page a request comes from.

use std::{
    fs,
    net::{IpAddr, SocketAddr},
};

/// The names in `Host` headers that are answered.
#[derive(Clone, Debug)]
pub(super) struct Names {
    loopback: bool,
    own: Vec<String>,
}

impl Names {
    /// Of a server that listens on `address`.
    pub(super) fn new(address: SocketAddr) -> Self {
        let name = hostname().to_ascii_lowercase();
        let own = if name.is_empty() { Vec::new() } else { vec![format!("{name}.local"), name] };
        Self { loopback: address.ip().is_loopback(), own }
    }

    /// Whether a `Host` header names this server. A foreign name that resolves to this address is another page's trick to become
    /// "the same origin" (DNS rebinding); an address cannot be one.
    pub(super) fn know(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            Ok(address) => !self.loopback || address.is_loopback(),
            Err(_) => name == "localhost" || (!self.loopback && self.own.contains(&name)),
        }
    }
}

/// Whether an `Origin` header is the page that this host serves.
pub(super) fn is_own(origin: &str, host: &str) -> bool {
    origin.strip_prefix("http://").is_some_and(|rest| rest.eq_ignore_ascii_case(host))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The last colon of a bare IPv6 address is no port's.
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

/// The machine's name; empty where it is not told.
pub(crate) fn hostname() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| fs::read_to_string("/etc/hostname"));
    name.map(|name| name.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listen: &str) -> Names {
        Names { own: vec!["scope".into(), "scope.local".into()], ..Names::new(listen.parse().expect("an address")) }
    }

    #[test]
    fn the_loopback_answers_to_its_own_names_only() {
        let names = names("127.0.0.1:8080");
        for fine in ["localhost", "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:1"] {
            assert!(names.know(fine), "{fine}");
        }
        for foreign in
            ["evil.example:8080", "localhost.evil.example", "192.168.1.5", "scope.local", "", "127.0.0.1.nip.io:8080"]
        {
            assert!(!names.know(foreign), "{foreign}");
        }
    }

    #[test]
    fn elsewhere_addresses_and_the_machines_name_are_answered() {
        let names = names("0.0.0.0:8080");
        for fine in ["192.168.1.5:8080", "[fe80::1]:8080", "scope.local:8080", "Scope"] {
            assert!(names.know(fine), "{fine}");
        }
        for foreign in ["evil.example:8080", "scope.evil.example", "scope.local.evil.example", ""] {
            assert!(!names.know(foreign), "{foreign}");
        }
    }

    #[test]
    fn origins_must_be_this_very_page() {
        assert!(is_own("http://127.0.0.1:8080", "127.0.0.1:8080"));
        for foreign in
            ["http://127.0.0.1:9090", "https://127.0.0.1:8080", "null", "", "http://127.0.0.1:8080.evil.example"]
        {
            assert!(!is_own(foreign, "127.0.0.1:8080"), "{foreign}");
        }
    }
}
