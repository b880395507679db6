//! Access, over time and across restarts.

use super::*;

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 7));

fn access(folder: &Path) -> Access {
    Access::new(Some("00112233445566778899aabbccddeeff".into()), Limits::default(), Some(&folder.join("page-token")))
}

fn later(now: Now, seconds: u64, set_back: u64) -> Now {
    Now { instant: now.instant + Duration::from_secs(seconds), utc: now.utc + seconds - set_back }
}

#[test]
fn tokens_are_long_and_drawn_anew() {
    let tokens: Vec<String> = (0..50).map(|_| random().expect("random")).collect();
    for (index, token) in tokens.iter().enumerate() {
        assert!(token.len() == 32 && !tokens[..index].contains(token), "{token}");
    }
    assert_eq!(Access::new(None, Limits::default(), None).admit(PEER, None, None, Now::read()), Ok(()));
}

#[test]
fn a_cookie_is_given_for_the_token_outlives_a_restart_and_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, now) = (access(folder.path()), Now { instant: Instant::now(), utc: 1_800_000_000 });
    assert_eq!(first.admit(PEER, None, None, now), Err(Denied::Unknown));
    assert_eq!(first.admit(PEER, Some("blastscope=; a=b"), Some("Bearer "), now), Err(Denied::Unknown));
    let token = first.token().expect("guarded").to_owned();
    let header = first.log_in(PEER, &token, false, now).expect("let in").expect("random");
    let cookie = header.split(';').next().expect("a pair");
    assert!(
        header.contains("HttpOnly") && header.contains("SameSite=Strict") && !header.contains("Secure"),
        "{header}"
    );
    let secure = first.log_in(PEER, &token, true, now).expect("let in").expect("random");
    assert!(secure.ends_with("; Secure"), "{secure}");

    let again = access(folder.path());
    assert_eq!(again.admit(PEER, Some(&format!("other=1; {cookie}")), None, now), Ok(()), "restarted after a kill");
    assert_eq!(again.admit(PEER, Some(&cookie[..20]), None, now), Err(Denied::Unknown));
    assert_eq!(again.admit(PEER, Some(cookie), None, later(now, VALID.as_secs() - 1, 0)), Ok(()));
    assert_eq!(again.admit(PEER, Some(cookie), None, later(now, VALID.as_secs(), 0)), Err(Denied::Unknown));
    assert_eq!(again.admit(PEER, None, Some(&format!("Bearer {token}")), now), Ok(()));
    let other = Access::new(Some("ff112233445566778899aabbccddeeff".into()), Limits::default(), None);
    assert_eq!(other.admit(PEER, Some(cookie), None, now), Err(Denied::Unknown), "sealed with another token");

    let other = again.log_in(PEER, &token, false, now).expect("let in").expect("random");
    let removed = again.log_out(Some(&other), now);
    assert!(removed.contains("Max-Age=0"), "{removed}");
    assert_eq!(again.admit(PEER, Some(&other), None, now), Err(Denied::Unknown));
    assert_eq!(access(folder.path()).admit(PEER, Some(&other), None, now), Err(Denied::Unknown), "nor after a restart");
    assert_eq!(access(folder.path()).admit(PEER, Some(cookie), None, now), Ok(()), "and the others stay valid");
}

#[test]
fn a_clock_that_is_set_keeps_nobody_out_and_nobody_in_for_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, now) = (access(folder.path()), Now { instant: Instant::now(), utc: 1_800_000_000 });
    let token = first.token().expect("guarded").to_owned();
    let header = first.log_in(PEER, &token, false, now).expect("let in").expect("random");
    // After a loss of power the clock may stand at 1970.
    let again = access(folder.path());
    assert_eq!(again.admit(PEER, Some(&header), None, later(now, 60, 1_800_000_000)), Ok(()));
    let end = later(now, 60 + VALID.as_secs(), 1_800_000_000);
    assert_eq!(again.admit(PEER, Some(&header), None, end), Err(Denied::Unknown), "it still expires");
}

#[test]
fn a_link_opens_once_also_after_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let (first, now) = (access(folder.path()), Now::read());
    let code = link_code(first.token().expect("guarded")).expect("random");
    let header = first.enter(PEER, &code, false, now).expect("let in").expect("random");
    assert_eq!(first.admit(PEER, Some(&header), None, now), Ok(()));
    assert_eq!(first.enter(PEER, &code, false, now).map(drop), Err(Denied::Used));
    let again = access(folder.path());
    assert_eq!(again.enter(PEER, &code, false, now).map(drop), Err(Denied::Used));
    let other = link_code(first.token().expect("guarded")).expect("random");
    assert_eq!(again.enter(PEER, &other, false, later(now, VALID.as_secs(), 0)).map(drop), Err(Denied::Used));
    assert!(again.enter(PEER, &other, false, now).is_ok());
    // A cookie is not a link, and a link is not a cookie.
    let cookie = cookie_in(&header).expect("a cookie").split(';').next().expect("a value").to_owned();
    assert_eq!(again.enter(PEER, &cookie, false, now).map(drop), Err(Denied::Unknown));
    assert_eq!(again.admit(PEER, Some(&format!("blastscope={other}")), None, now), Err(Denied::Unknown));
    // Guesses are limited; a used link is not a guess.
    for _ in 0..20 {
        assert_eq!(again.enter(PEER, &code, false, now).map(drop), Err(Denied::Used));
    }
    for _ in 0..5 {
        drop(again.enter(PEER, "guess", false, now));
    }
    assert!(matches!(again.enter(PEER, "guess", false, now), Err(Denied::Limited { .. })));
}
