//! Names of this host, and the origin of a request.

use std::net::{IpAddr, SocketAddr};

use crate::{config::AllowedHost, support::host_name::host_name};

/// The names accepted in `Host` headers, and the pages whose requests are accepted.
#[derive(Clone, Debug)]
pub(super) struct Names {
    loopback: bool,
    own: Vec<String>,
    allowed: Vec<AllowedHost>,
}

impl Names {
    /// For a server that listens on `address` and is also known under the names `allowed`.
    pub(super) fn new(address: SocketAddr, allowed: Vec<AllowedHost>) -> Self {
        let name = host_name().to_ascii_lowercase();
        let own = if name.is_empty() { Vec::new() } else { vec![format!("{name}.local"), name] };
        Self { loopback: address.ip().is_loopback(), own, allowed }
    }

    /// Whether a `Host` header names this server. A foreign name that resolves to this address is another page's trick to pass as
    /// "the same origin" (DNS rebinding); an IP address cannot be one.
    pub(super) fn know(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            Ok(address) => !self.loopback || address.is_loopback(),
            Err(_) => {
                name == "localhost"
                    || (!self.loopback && self.own.contains(&name))
                    || self.allowed.iter().any(|allowed| allowed.name() == name)
            }
        }
    }

    /// Whether an `Origin` header is this host's page, or that of a configured proxy in front of it.
    pub(super) fn is_own(&self, origin: &str, host: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|rest| rest.eq_ignore_ascii_case(host)) || self.is_secure(origin)
    }

    /// Whether an `Origin` header is that of a proxy that serves the page over TLS.
    pub(super) fn is_secure(&self, origin: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed.secure().is_some_and(|own| own.eq_ignore_ascii_case(origin)))
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        // The last colon of a bare IPv6 address does not start a port.
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && (!name.contains(':') || name.ends_with(']')) =>
        {
            name
        }
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listen: &str, allowed: &[&str]) -> Names {
        let allowed = allowed.iter().map(|name| name.parse().expect(name)).collect();
        let new = Names::new(listen.parse().expect("an address"), allowed);
        Names { own: vec!["scope".into(), "scope.local".into()], ..new }
    }

    #[test]
    fn the_loopback_answers_to_its_own_names_only() {
        let names = names("127.0.0.1:8080", &[]);
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
        let names = names("0.0.0.0:8080", &[]);
        for fine in ["192.168.1.5:8080", "[fe80::1]:8080", "scope.local:8080", "Scope"] {
            assert!(names.know(fine), "{fine}");
        }
        for foreign in ["evil.example:8080", "scope.evil.example", "scope.local.evil.example", ""] {
            assert!(!names.know(foreign), "{foreign}");
        }
    }

    #[test]
    fn origins_must_be_this_very_page() {
        let names = names("127.0.0.1:8080", &[]);
        assert!(names.is_own("http://127.0.0.1:8080", "127.0.0.1:8080"));
        for foreign in
            ["http://127.0.0.1:9090", "https://127.0.0.1:8080", "null", "", "http://127.0.0.1:8080.evil.example"]
        {
            assert!(!names.is_own(foreign, "127.0.0.1:8080"), "{foreign}");
        }
    }

    #[test]
    fn names_that_were_allowed_are_answered_and_no_others() {
        let names = names("127.0.0.1:8080", &["Scope.Hospital.example", "https://lab.hospital.example:8443"]);
        for fine in ["scope.hospital.example", "SCOPE.hospital.example:8080", "lab.hospital.example"] {
            assert!(names.know(fine), "{fine}");
        }
        for foreign in ["hospital.example", "evil.scope.hospital.example", "scope.hospital.example.evil", "scope"] {
            assert!(!names.know(foreign), "{foreign}");
        }
        // A proxy passes on its own name or the name it requests.
        for host in ["lab.hospital.example:8443", "127.0.0.1:8080"] {
            assert!(names.is_own("https://lab.hospital.example:8443", host), "{host}");
            assert!(!names.is_own("https://lab.hospital.example", host));
            assert!(!names.is_own("https://scope.hospital.example", host), "it was not configured with TLS");
        }
        assert!(names.is_own("http://scope.hospital.example:8080", "scope.hospital.example:8080"));
        assert!(!names.is_own("http://scope.hospital.example", "127.0.0.1:8080"));
    }
}
