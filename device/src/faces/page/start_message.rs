//! The message at the start: where the page is.

use std::{
    fmt::Write as _,
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
};

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

use super::access::link_code;
use crate::{config::AllowedHost, support::host_name::host_name};

/// URL of a page that listens on `address`, or that a proxy serves over TLS under one of the names `allowed`.
#[must_use]
pub fn url(address: SocketAddr, allowed: &[AllowedHost]) -> String {
    if let Some(secure) = allowed.iter().find_map(AllowedHost::secure) {
        return format!("{secure}/");
    }
    let host = match address.ip() {
        ip if ip.is_unspecified() => outward(ip).map_or_else(
            || {
                Some(host_name())
                    .filter(|name| !name.is_empty())
                    .map_or("localhost".into(), |name| format!("{name}.local"))
            },
            |ip| SocketAddr::new(ip, 0).to_string().trim_end_matches(":0").to_owned(),
        ),
        _ => address.to_string().trim_end_matches(&format!(":{}", address.port())).to_owned(),
    };
    format!("http://{host}:{}/", address.port())
}

/// A one-time link to the page at `page`.
///
/// # Errors
/// If the system gives no random numbers.
pub fn link(page: &str, token: &str) -> io::Result<String> {
    Ok(format!("{page}#enter={}", link_code(token)?))
}

/// Address, token, and a QR code of a one-time link. The browser never sends the part behind the hash; the link left in its history
/// opens nothing any more.
#[must_use]
pub fn text(page: &str, token: Option<&str>) -> String {
    let Some(token) = token else { return format!("the page is at {page} (this machine only)") };
    let mut text = format!("the page is at {page}\nits token is {token}\n");
    let drawn = link(page, token)
        .map_err(|error| error.to_string())
        .and_then(|link| QrCode::with_error_correction_level(&link, EcLevel::L).map_err(|error| error.to_string()));
    match drawn {
        Ok(code) => {
            // Most terminals are dark: light characters draw the light modules.
            let drawn = code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build();
            let _ = writeln!(text, "or scan this code, valid once (`blastscope token` shows a new one):\n\n{drawn}");
        }
        Err(error) => {
            let _ = writeln!(text, "(no QR code: {error})");
        }
    }
    text
}

/// This machine's address as others on the network see it. Nothing is sent: connecting such a socket only chooses an address.
fn outward(any: IpAddr) -> Option<IpAddr> {
    let (own, far) = if any.is_ipv4() { ("0.0.0.0:0", "192.0.2.1:9") } else { ("[::]:0", "[2001:db8::1]:9") };
    let socket = UdpSocket::bind(own).ok()?;
    socket.connect(far).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_unspecified()).then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(address: &str, allowed: &[&str]) -> String {
        let allowed: Vec<_> = allowed.iter().map(|name| name.parse().expect("a name")).collect();
        url(address.parse().expect("an address"), &allowed)
    }

    #[test]
    fn the_loopback_needs_no_token() {
        let said = text(&page("127.0.0.1:8080", &[]), None);
        assert_eq!(said, "the page is at http://127.0.0.1:8080/ (this machine only)");
        assert_eq!(page("[::1]:80", &["scope.example"]), "http://[::1]:80/");
        assert_eq!(page("127.0.0.1:80", &["scope.example", "https://scope.example"]), "https://scope.example/");
    }

    #[test]
    fn others_get_address_token_and_a_code_that_is_another_one_each_time() {
        let token = "00112233445566778899aabbccddeeff";
        let said = text(&page("192.168.4.1:8080", &[]), Some(token));
        assert!(said.contains("http://192.168.4.1:8080/\nits token is 00112233445566778899aabbccddeeff\n"), "{said}");
        let rows = said.lines().filter(|line| line.contains('█')).count();
        assert!((15..40).contains(&rows), "{said}");
        assert_ne!(said, text(&page("192.168.4.1:8080", &[]), Some(token)));
    }
}
