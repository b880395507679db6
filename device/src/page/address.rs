//! Names of this host, and the page that a request comes from.

use std::{
    fmt, fs,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use serde::{Serialize, Serializer};

/// A name under which others may reach the page besides its addresses, as an administrator writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// The name in lower case.
    name: String,
    /// The page's address where a proxy serves it with TLS, as browsers write it: `https://NAME[:PORT]`.
    secure: Option<String>,
}

impl AllowedHost {
    /// The page's address where a proxy serves it with TLS.
    #[must_use]
    pub fn secure(&self) -> Option<&str> {
        self.secure.as_deref()
    }
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const REMEDY: &str = "give a DNS name such as \"scope.hospital.example\", or for a proxy with TLS its address such as \
                              \"https://scope.hospital.example\"";
        let lower = text.to_ascii_lowercase();
        let (secure, rest) = lower.strip_prefix("https://").map_or((false, lower.as_str()), |rest| (true, rest));
        let (name, port) = rest.split_once(':').map_or((rest, None), |(name, port)| (name, Some(port)));
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // A browser writes no port where it is the scheme's own.
        let port_fits =
            port.is_none_or(|port| secure && port != "443" && port.parse::<u16>().is_ok_and(|port| port > 0));
        if name.len() > 253 || !name.split('.').all(label) || !port_fits {
            return Err(REMEDY.into());
        }
        Ok(Self { name: name.to_owned(), secure: secure.then(|| lower.clone()) })
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.secure.as_ref().unwrap_or(&self.name))
    }
}

impl Serialize for AllowedHost {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The names in `Host` headers that are answered, and the pages whose requests are followed.
#[derive(Clone, Debug)]
pub(super) struct Names {
    loopback: bool,
    own: Vec<String>,
    allowed: Vec<AllowedHost>,
}

impl Names {
    /// Of a server that listens on `address` and is reached under the names `allowed` too.
    pub(super) fn new(address: SocketAddr, allowed: Vec<AllowedHost>) -> Self {
        let name = hostname().to_ascii_lowercase();
        let own = if name.is_empty() { Vec::new() } else { vec![format!("{name}.local"), name] };
        Self { loopback: address.ip().is_loopback(), own, allowed }
    }

    /// Whether a `Host` header names this server. A foreign name that resolves to this address is another page's trick to become
    /// "the same origin" (DNS rebinding); an address cannot be one.
    pub(super) fn know(&self, host: &str) -> bool {
        let name = without_port(host).to_ascii_lowercase();
        let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        match address {
            Ok(address) => !self.loopback || address.is_loopback(),
            Err(_) => {
                name == "localhost"
                    || (!self.loopback && self.own.contains(&name))
                    || self.allowed.iter().any(|allowed| allowed.name == name)
            }
        }
    }

    /// Whether an `Origin` header is the page that this host serves, or a proxy that was named before it.
    pub(super) fn is_own(&self, origin: &str, host: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|rest| rest.eq_ignore_ascii_case(host)) || self.is_secure(origin)
    }

    /// Whether an `Origin` header is that of a proxy which serves the page with TLS.
    pub(super) fn is_secure(&self, origin: &str) -> bool {
        self.allowed.iter().any(|allowed| allowed.secure.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(origin)))
    }
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
        // A proxy passes its own name on, or the one that it asks for.
        for host in ["lab.hospital.example:8443", "127.0.0.1:8080"] {
            assert!(names.is_own("https://lab.hospital.example:8443", host), "{host}");
            assert!(!names.is_own("https://lab.hospital.example", host));
            assert!(!names.is_own("https://scope.hospital.example", host), "it was not named with TLS");
        }
        assert!(names.is_own("http://scope.hospital.example:8080", "scope.hospital.example:8080"));
        assert!(!names.is_own("http://scope.hospital.example", "127.0.0.1:8080"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for wrong in [
            "",
            " ",
            "*",
            "*.example",
            "a b",
            "http://a.example",
            "https://",
            "https://a.example/",
            "https://a.example/x",
            "a.example:80",
            "https://a.example:443",
            "https://a.example:0",
            "https://a.example:99999",
            "-a.example",
            "a..b",
            "ä.example",
            "a.example\r\n",
            &"a".repeat(64),
            &["a"; 200].join("."),
        ] {
            assert!(wrong.parse::<AllowedHost>().is_err(), "{wrong:?}");
        }
        let shown: AllowedHost = "HTTPS://Lab.example:8443".parse().expect("fine");
        assert_eq!(
            (shown.to_string().as_str(), shown.secure()),
            ("https://lab.example:8443", Some("https://lab.example:8443"))
        );
    }
}
