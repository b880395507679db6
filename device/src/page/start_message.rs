//! What is said at the start: where the page is.

use std::{
    fmt::Write as _,
    net::{IpAddr, SocketAddr, UdpSocket},
};

use qrcode::{EcLevel, QrCode, render::unicode::Dense1x2};

use super::address::hostname;

/// Where a page is that listens on `address`.
#[must_use]
pub fn url(address: SocketAddr) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() => outward(ip).map_or_else(
            || {
                Some(hostname())
                    .filter(|name| !name.is_empty())
                    .map_or("localhost".into(), |name| format!("{name}.local"))
            },
            |ip| SocketAddr::new(ip, 0).to_string().trim_end_matches(":0").to_owned(),
        ),
        _ => address.to_string().trim_end_matches(&format!(":{}", address.port())).to_owned(),
    };
    format!("http://{host}:{}/", address.port())
}

/// Address, token and QR code.
#[must_use]
pub fn text(address: SocketAddr, token: Option<&str>) -> String {
    let page = url(address);
    let Some(token) = token else { return format!("the page is at {page} (this machine only)") };
    // What follows the hash stays in the browser.
    let link = format!("{page}#token={token}");
    let mut text = format!("the page is at {page}\nits token is {token}\nor scan this:\n\n");
    match QrCode::with_error_correction_level(&link, EcLevel::L) {
        Ok(code) => {
            // Terminals are dark mostly: light letters draw the light modules.
            let drawn = code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build();
            let _ = writeln!(text, "{drawn}");
        }
        Err(error) => {
            let _ = writeln!(text, "(no QR code: {error})\n{link}");
        }
    }
    text
}

/// The address that others on the network see. Nothing is sent: connecting such a socket only chooses an address.
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

    #[test]
    fn the_loopback_needs_no_token() {
        let said = text("127.0.0.1:8080".parse().expect("an address"), None);
        assert_eq!(said, "the page is at http://127.0.0.1:8080/ (this machine only)");
        assert!(text("[::1]:80".parse().expect("an address"), None).contains("http://[::1]:80/ "));
    }

    #[test]
    fn others_get_address_token_and_a_code() {
        let said = text("192.168.4.1:8080".parse().expect("an address"), Some("00112233445566778899aabbccddeeff"));
        assert!(said.contains("http://192.168.4.1:8080/\nits token is 00112233445566778899aabbccddeeff\n"), "{said}");
        let rows = said.lines().filter(|line| line.contains('█')).count();
        assert!((15..40).contains(&rows), "{said}");
    }
}
