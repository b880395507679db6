//! Access to the page: by the token, by an unused link made from it, or by a cookie given in exchange for either.

use std::{
    collections::VecDeque,
    io,
    net::IpAddr,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use blastscope_shared::hex;
use subtle::ConstantTimeEq as _;

use super::{
    limiter::{Limiter, Limits},
    seal::{self, Purpose, Sealed},
    spent::Spent,
};

/// Header required, with the value `1`, of every request that changes something: other pages cannot send it.
pub const HEADER: &str = "x-blastscope";
/// Name of the cookie.
const COOKIE: &str = "blastscope";
/// Bytes of a token: 128 bits.
const BYTES: usize = 16;
/// Validity of a cookie, and of an unused link.
const VALID: Duration = Duration::from_secs(12 * 3600);
/// Number of cookies whose first use is remembered.
const MOST_SEEN: usize = 512;

/// A moment by the monotonic clock and by the wall clock, which may be wrong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) instant: Instant,
    /// Seconds since 1970 UTC.
    pub(super) utc: u64,
}

impl Now {
    pub(super) fn read() -> Self {
        Self { instant: Instant::now(), utc: utc() }
    }
}

/// Seconds since 1970 UTC by this machine's clock; 0 before.
fn utc() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A code that opens the page once, so that a browser's history gives no access.
///
/// # Errors
/// When the system gives no random numbers.
pub(super) fn link_code(token: &str) -> io::Result<String> {
    seal::seal(token, Purpose::Link, utc())
}

/// Why access is denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denied {
    /// No token, or a wrong one.
    Unknown,
    /// The link was used or has expired.
    Used,
    /// Too many wrong tokens.
    Limited {
        /// How long to wait.
        wait: Duration,
    },
}

/// Keeps the token, revoked cookies and used links, and counts wrong tokens.
#[derive(Debug)]
pub(super) struct Access {
    token: Option<String>,
    limiter: Mutex<Limiter>,
    spent: Mutex<Spent>,
    /// Cookies with the time this program first saw them: so a cookie issued by a clock that ran ahead expires too.
    seen: Mutex<VecDeque<(String, Instant)>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Access {
    /// Requires this token, if any. Revoked cookies and used links are kept beside `token_file`.
    pub(super) fn new(token: Option<String>, limits: Limits, token_file: Option<&Path>) -> Self {
        let limiter = Mutex::new(Limiter::new(limits));
        Self { token, limiter, spent: Mutex::new(Spent::beside(token_file)), seen: Mutex::default() }
    }

    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Admits a request with this `Cookie` or `Authorization` header, or says why not.
    pub(super) fn admit(
        &self,
        peer: IpAddr,
        cookies: Option<&str>,
        authorization: Option<&str>,
        now: Now,
    ) -> Result<(), Denied> {
        let Some(token) = &self.token else { return Ok(()) };
        let cookie = cookies.and_then(cookie_in).and_then(|cookie| seal::open(token, Purpose::Cookie, cookie));
        if cookie.is_some_and(|cookie| self.is_valid(&cookie, now)) {
            return Ok(());
        }
        match authorization.and_then(|text| text.strip_prefix("Bearer ")) {
            Some(given) => self.check(peer, now, || equal(token, given).then_some(()).ok_or(Denied::Unknown)),
            None => Err(Denied::Unknown),
        }
    }

    /// Whether a cookie is neither revoked nor expired by any of the clocks.
    fn is_valid(&self, cookie: &Sealed, now: Now) -> bool {
        if is_over(cookie, now) || locked(&self.spent).contains(cookie) {
            return false;
        }
        let mut seen = locked(&self.seen);
        if let Some((_, first)) = seen.iter().find(|(nonce, _)| *nonce == cookie.nonce) {
            return now.instant.saturating_duration_since(*first) < VALID;
        }
        if seen.len() >= MOST_SEEN {
            seen.pop_front();
        }
        seen.push_back((cookie.nonce.clone(), now.instant));
        true
    }

    /// Runs a check, unless this peer failed too often; failures count.
    fn check(&self, peer: IpAddr, now: Now, right: impl FnOnce() -> Result<(), Denied>) -> Result<(), Denied> {
        let mut limiter = locked(&self.limiter);
        limiter.allow(peer, now.instant).map_err(|wait| Denied::Limited { wait })?;
        let answer = right();
        match answer {
            Ok(()) => limiter.forgive(peer),
            // A guess cannot hit a used link.
            Err(Denied::Used) => {}
            Err(_) => limiter.fail(peer, now.instant),
        }
        answer
    }

    /// Returns the `Set-Cookie` header for the right token. `secure` if the page came over TLS.
    pub(super) fn log_in(
        &self,
        peer: IpAddr,
        given: &str,
        secure: bool,
        now: Now,
    ) -> Result<io::Result<String>, Denied> {
        let token = self.token.as_deref().unwrap_or_default();
        let open = self.token.is_none() || equal(token, given.trim());
        self.check(peer, now, || open.then_some(()).ok_or(Denied::Unknown))?;
        Ok(cookie(token, secure, now))
    }

    /// Exchanges the code of an unused link for a `Set-Cookie` header.
    pub(super) fn enter(&self, peer: IpAddr, code: &str, secure: bool, now: Now) -> Result<io::Result<String>, Denied> {
        let token = self.token.as_deref().unwrap_or_default();
        self.check(peer, now, || {
            let link = seal::open(token, Purpose::Link, code.trim()).ok_or(Denied::Unknown)?;
            let mut spent = locked(&self.spent);
            if is_over(&link, now) || spent.contains(&link) {
                return Err(Denied::Used);
            }
            spent.add(link, |known| is_over(known, now));
            Ok(())
        })?;
        Ok(cookie(token, secure, now))
    }

    /// Revokes the cookie in this `Cookie` header; returns the `Set-Cookie` header that removes it.
    pub(super) fn log_out(&self, cookies: Option<&str>, now: Now) -> String {
        let token = self.token.as_deref().unwrap_or_default();
        if let Some(sealed) = cookies.and_then(cookie_in).and_then(|text| seal::open(token, Purpose::Cookie, text)) {
            locked(&self.spent).add(sealed, |known| is_over(known, now));
        }
        format!("{COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0")
    }
}

/// Whether it has expired by the machine's clock. One from the future has not: a loss of power may have set the clock back.
fn is_over(sealed: &Sealed, now: Now) -> bool {
    now.utc.saturating_sub(sealed.issued) >= VALID.as_secs()
}

fn cookie(token: &str, secure: bool, now: Now) -> io::Result<String> {
    let cookie = seal::seal(token, Purpose::Cookie, now.utc)?;
    let secure = if secure { "; Secure" } else { "" };
    Ok(format!("{COOKIE}={cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}{secure}", VALID.as_secs()))
}

fn cookie_in(header: &str) -> Option<&str> {
    header.split(';').find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

fn equal(right: &str, given: &str) -> bool {
    right.as_bytes().ct_eq(given.as_bytes()).into()
}

/// A new token.
pub(super) fn random() -> io::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(format!("no random numbers: {error}")))?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests;
