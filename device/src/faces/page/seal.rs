//! Cookies and links: short texts that only the holder of the token can make. They survive a restart, because the token is kept.
//!
//! `ISSUED.NONCE.MAC`, in hexadecimal: seconds since 1970 UTC, 8 random bytes, and the first 16 bytes of HMAC-SHA-256 (RFC 2104),
//! keyed with the token, over purpose, ISSUED and NONCE.

use std::io;

use blastscope_shared::hex;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Block size of SHA-256, in bytes.
const BLOCK: usize = 64;
/// Length of a nonce, in bytes.
const NONCE: usize = 8;
/// Bytes kept of the code.
const MAC: usize = 16;

/// Purpose of a text; it is valid for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Admits its bearer.
    Cookie,
    /// Exchanged for a cookie, once.
    Link,
}

/// A text whose seal is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sealed {
    /// Seconds since 1970 UTC, by this machine's clock.
    pub(super) issued: u64,
    /// Makes equal times distinct.
    pub(super) nonce: String,
}

/// Makes a sealed text.
pub(super) fn seal(token: &str, purpose: Purpose, issued: u64) -> io::Result<String> {
    let mut nonce = [0; NONCE];
    getrandom::fill(&mut nonce).map_err(|error| io::Error::other(format!("no random numbers: {error}")))?;
    let content = format!("{issued:x}.{}", hex(&nonce));
    let mac = mac(token, purpose, &content);
    Ok(format!("{content}.{mac}"))
}

/// The content of a text; `None` unless it was made with this token for this purpose.
pub(super) fn open(token: &str, purpose: Purpose, text: &str) -> Option<Sealed> {
    let (content, given) = text.rsplit_once('.')?;
    let right: bool = mac(token, purpose, content).as_bytes().ct_eq(given.as_bytes()).into();
    let (issued, nonce) = content.split_once('.').filter(|_| right)?;
    Some(Sealed { issued: u64::from_str_radix(issued, 16).ok()?, nonce: nonce.to_owned() })
}

fn mac(token: &str, purpose: Purpose, content: &str) -> String {
    let purpose = match purpose {
        Purpose::Cookie => "cookie",
        Purpose::Link => "link",
    };
    hex(&hmac(token.as_bytes(), format!("blastscope {purpose} {content}").as_bytes())[..MAC])
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0; BLOCK];
    if key.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4231, cases 1, 2, 3 and 6.
    #[test]
    fn the_code_is_hmac_sha_256() {
        for (key, message, expected) in [
            (vec![0x0b; 20], b"Hi There".to_vec(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe".to_vec(),
                b"what do ya want for nothing?".to_vec(),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (vec![0xaa; 20], vec![0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                vec![0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First".to_vec(),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            assert_eq!(hex(&hmac(&key, &message)), expected);
        }
    }

    #[test]
    fn nothing_but_what_was_sealed_opens() {
        let text = seal("token", Purpose::Cookie, 0x65f0).expect("random");
        let sealed = open("token", Purpose::Cookie, &text).expect("sealed");
        assert!(sealed.issued == 0x65f0 && sealed.nonce.len() == 16, "{sealed:?}");
        assert_eq!(open("other", Purpose::Cookie, &text), None);
        assert_eq!(open("token", Purpose::Link, &text), None);
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
            assert_eq!(open("token", Purpose::Cookie, &String::from_utf8(changed).expect("text")), None, "at {at}");
        }
        for wrong in ["", ".", "..", "a.b.c", &text[1..], &text[..text.len() - 1], &format!("0{text}")] {
            assert_eq!(open("token", Purpose::Cookie, wrong), None, "{wrong}");
        }
    }
}
