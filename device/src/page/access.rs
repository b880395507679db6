//! Who may see the page: a token, and cookies for those who knew it.

use std::{
    io,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use blastscope_shared::hex;
use subtle::ConstantTimeEq as _;

use super::limiter::{Limiter, Limits};

/// Header that a request which changes something must bear, with the value `1`: other pages cannot send it.
pub const HEADER: &str = "x-blastscope";
/// Name of the cookie.
const COOKIE: &str = "blastscope";
/// Bytes of a token and of a cookie: 128 bits.
const BYTES: usize = 16;
/// Cookies that are valid at once; the oldest goes.
const MOST_COOKIES: usize = 32;
/// How long a cookie is valid.
const VALID: Duration = Duration::from_secs(12 * 3600);

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// There is no token, or a wrong one.
    Unknown,
    /// There were too many wrong ones.
    Limited {
        /// How long to wait.
        wait: Duration,
    },
}

/// Keeps token and cookies.
#[derive(Debug)]
pub(super) struct Access {
    token: Option<String>,
    cookies: Mutex<Vec<(String, Instant)>>,
    limiter: Mutex<Limiter>,
}

impl Access {
    /// Asks for this token, if there is one.
    pub(super) fn new(token: Option<String>, limits: Limits) -> Self {
        Self { token, cookies: Mutex::default(), limiter: Mutex::new(Limiter::new(limits)) }
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    fn cookies(&self) -> MutexGuard<'_, Vec<(String, Instant)>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn limiter(&self) -> MutexGuard<'_, Limiter> {
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request with this `Cookie` and this `Authorization` header may go on.
    pub(super) fn admit(
        &self,
        peer: IpAddr,
        cookies: Option<&str>,
        authorization: Option<&str>,
        now: Instant,
    ) -> Result<(), Denied> {
        if self.token.is_none() {
            return Ok(());
        }
        if let Some(cookie) = cookies.and_then(cookie_in) {
            let mut known = self.cookies();
            known.retain(|(_, since)| now.saturating_duration_since(*since) < VALID);
            // Every one is compared, so that the time tells nothing.
            if known.iter().fold(false, |found, (valid, _)| found | equal(valid, cookie)) {
                return Ok(());
            }
        }
        match authorization.and_then(|text| text.strip_prefix("Bearer ")) {
            Some(token) => self.check(peer, token, now),
            None => Err(Denied::Unknown),
        }
    }

    /// Compares a token; a wrong one counts.
    fn check(&self, peer: IpAddr, token: &str, now: Instant) -> Result<(), Denied> {
        let mut limiter = self.limiter();
        limiter.allow(peer, now).map_err(|wait| Denied::Limited { wait })?;
        if self.token.as_deref().is_none_or(|right| equal(right, token)) {
            limiter.forgive(peer);
            return Ok(());
        }
        limiter.fail(peer, now);
        Err(Denied::Unknown)
    }

    /// Gives the `Set-Cookie` header of somebody who knows the token.
    pub(super) fn log_in(&self, peer: IpAddr, token: &str, now: Instant) -> Result<io::Result<String>, Denied> {
        self.check(peer, token.trim(), now)?;
        Ok(random().map(|cookie| {
            let header = format!("{COOKIE}={cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}", VALID.as_secs());
            let mut known = self.cookies();
            if known.len() >= MOST_COOKIES {
                known.remove(0);
            }
            known.push((cookie, now));
            header
        }))
    }

    /// Forgets the cookie in this `Cookie` header.
    pub(super) fn log_out(&self, cookies: Option<&str>) {
        if let Some(cookie) = cookies.and_then(cookie_in) {
            self.cookies().retain(|(valid, _)| !equal(valid, cookie));
        }
    }
}

fn cookie_in(header: &str) -> Option<&str> {
    header.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn equal(right: &str, given: &str) -> bool {
    right.as_bytes().ct_eq(given.as_bytes()).into()
}

/// A token or a cookie.
pub(super) fn random() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(format!("no random numbers: {error}")))?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 7));

    #[test]
    fn tokens_are_long_and_drawn_anew() {
        let tokens: Vec<String> = (0..50).map(|_| random().expect("random")).collect();
        for (index, token) in tokens.iter().enumerate() {
            assert!(token.len() == 32 && !tokens[..index].contains(token), "{token}");
        }
        assert_eq!(Access::new(None, Limits::default()).admit(PEER, None, None, Instant::now()), Ok(()));
    }

    #[test]
    fn a_cookie_is_given_for_the_token_and_ends() {
        let access = Access::new(Some(random().expect("random")), Limits::default());
        let now = Instant::now();
        assert_eq!(access.admit(PEER, None, None, now), Err(Denied::Unknown));
        assert_eq!(access.admit(PEER, Some("blastscope=; a=b"), Some("Bearer "), now), Err(Denied::Unknown));
        let token = access.token().expect("guarded").to_owned();
        let header = access.log_in(PEER, &token, now).expect("let in").expect("random");
        let cookie = header.split(';').next().expect("a pair");
        assert!(header.contains("HttpOnly") && header.contains("SameSite=Strict"), "{header}");
        assert_eq!(access.admit(PEER, Some(&format!("other=1; {cookie}")), None, now), Ok(()));
        assert_eq!(access.admit(PEER, Some(&cookie[..20]), None, now), Err(Denied::Unknown));
        assert_eq!(access.admit(PEER, Some(cookie), None, now + VALID), Err(Denied::Unknown));
        assert_eq!(access.admit(PEER, None, Some(&format!("Bearer {token}")), now), Ok(()));
        let header = access.log_in(PEER, &token, now).expect("let in").expect("random");
        access.log_out(Some(&header));
        assert_eq!(access.admit(PEER, Some(&header), None, now), Err(Denied::Unknown));
    }
}
