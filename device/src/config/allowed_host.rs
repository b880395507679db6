//! A name under which the page may be reached, from the configuration.

use std::{fmt, str::FromStr};

use serde::{Serialize, Serializer};

/// A name, besides its addresses, under which the page may be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    /// The name in lower case.
    name: String,
    /// The page's address behind a TLS proxy, as browsers write it: `https://NAME[:PORT]`.
    secure: Option<String>,
}

impl AllowedHost {
    /// The name in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The page's address behind a TLS proxy.
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
        // A browser omits the scheme's default port.
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

#[cfg(test)]
mod tests {
    use super::*;

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
