//! Small screens, the lock screen, a restart.

use std::{net::TcpListener, process::Command};

use super::{
    device::{SOON, Site, begin, choose, fields, named, shown},
    devtools::{Browser, chromium},
};

pub(super) fn shot(browser: &mut Browser, name: &str) {
    if let Some(folder) = named("BLASTSCOPE_SCREENSHOTS") {
        browser.screenshot(&folder.join(format!("{name}.jpg")));
    }
}

/// Whether the selected element is fully visible, with nothing over its middle.
fn seen(selector: &str) -> String {
    format!(
        "(e => {{ const r = e.getBoundingClientRect(); const top = document.elementFromPoint(r.x + r.width / 2, r.y + r.height / 2); \
         return r.top >= 0 && r.bottom <= innerHeight && r.left >= 0 && r.right <= innerWidth && e.contains(top) }}) \
         (document.querySelector({selector:?}))"
    )
}

#[test]
fn whoever_can_tap_a_class_sees_which_field_gets_it() {
    let Some(mut browser) = chromium("small screens") else { return };
    let site = Site::new(3);
    let device = site.start(22);
    browser.resize(1280, 800, false);
    browser.visit(&device.page);
    begin(&mut browser, "S-1", "A person with a long name of 40 letters");
    fields(&mut browser, 3);
    choose(&mut browser, 2);
    for (width, height) in [(1280, 800), (1024, 600), (800, 480), (390, 844), (320, 568)] {
        browser.resize(width, height, width < 500);
        for label in ["Benign", "Early", "Pre", "Pro", "not assessable"] {
            let button = format!("[data-label={label:?}]");
            browser.evaluate(&format!("document.querySelector({button:?}).scrollIntoView({{ block: 'start' }})"));
            let named = browser.evaluate(&format!(
                "(e => [e.querySelector('.target-field').textContent, e.getAttribute('aria-label'), e.querySelector('.target-field').offsetHeight > 8, \
                 e.scrollWidth <= e.clientWidth + 1])(document.querySelector({button:?}))"
            ));
            assert!(named[0].as_str().expect("text").contains('2'), "{width}x{height} {label}: {named}");
            assert!(named[1].as_str().expect("text").contains("A person with a long name"), "{named}");
            assert_eq!((&named[2], &named[3]), (&true.into(), &true.into()), "{width}x{height} {label}: {named}");
            assert_eq!(browser.evaluate(&seen(&format!("{button} .target-field"))), true, "{width}x{height} {label}");
        }
        // Before scrolling, a window shows the heading together with the classes, or neither.
        browser.evaluate("scrollTo(0, 0)");
        let first = browser.evaluate(&seen("[data-label=Benign]"));
        assert!(first != true || browser.evaluate(&seen("#correct-number")) == true, "{width}x{height}");
        // A message covers no button, and lets taps through.
        let covered = browser.evaluate(
            "(() => { const toast = document.querySelector('#toast'); toast.hidden = false; toast.textContent = 'Field 2: Pre-B, saved'; \
             const t = toast.getBoundingClientRect(); const over = [...document.querySelectorAll('main button, main input')].filter(e => { \
             const r = e.getBoundingClientRect(); const x = r.x + r.width / 2, y = r.y + r.height / 2; \
             return e.offsetParent && y > 0 && y < innerHeight && toast.contains(document.elementFromPoint(x, y)) }).map(e => e.id); \
             toast.hidden = true; return over })()",
        );
        assert_eq!(covered, serde_json::json!([]), "{width}x{height}");
        shot(&mut browser, &format!("answers-{width}x{height}"));
        browser.evaluate("document.querySelector('#correct').scrollIntoView({ block: 'start' })");
        shot(&mut browser, &format!("panel-{width}x{height}"));
    }
}

#[test]
fn a_key_answers_no_field_that_is_out_of_sight() {
    let Some(mut browser) = chromium("fields out of sight") else { return };
    let (site, _device, session) = shown(&mut browser, (3, 22), (800, 480), 3);
    choose(&mut browser, 2);
    browser.evaluate("document.activeElement.blur(); document.body.style.paddingBottom = '2000px'; scrollTo(0, 5000)");
    browser.press("4");
    browser.wait_at_most(SOON, &seen("#correct-number"));
    assert_eq!(site.opinions(session), 0, "the field was out of view");
    browser.press("4");
    site.wait_for_opinions(session, 1);
    assert_eq!(site.field(session, 2).opinions.len(), 1);
}

#[test]
fn the_lock_screen_stays_until_it_is_opened() {
    let Some(mut browser) = chromium("the lock screen") else { return };
    let site = Site::new(2);
    // The same port again: the address belongs to the session's settings.
    let port = TcpListener::bind("0.0.0.0:0").and_then(|free| free.local_addr()).expect("a port").port();
    let listen = format!("0.0.0.0:{port}");
    let start = || site.start_with(&["--listen", &listen, "--fps", "16", "--hold", "22"]);
    let device = start();
    let token = device.token.clone().expect("a token");
    let page = format!("http://127.0.0.1:{port}/");
    browser.resize(390, 844, true);
    browser.visit(&page);
    let locked = "document.querySelector('#token-dialog').open";
    browser.wait_at_most(SOON, locked);
    for _ in 0..3 {
        browser.press("Escape");
        browser.evaluate("new Promise(done => setTimeout(done, 100))");
        browser.wait_at_most(SOON, locked);
    }
    shot(&mut browser, "locked-390x844");
    browser.write("#token-dialog [name=token]", "00112233445566778899aabbccddeeff");
    browser.press("Enter");
    browser.wait_at_most(SOON, &format!("{locked} && !document.querySelector('#token-dialog .problem').hidden"));
    browser.write("#token-dialog [name=token]", &token);
    browser.press("Enter");
    browser.wait_at_most(SOON, &format!("!{locked} && document.querySelector('#picture').naturalWidth > 0"));
    begin(&mut browser, "S-1", "A. B.");
    fields(&mut browser, 2);
    let session = site.session();
    choose(&mut browser, 1);
    browser.write("#note", "seen before the power went");

    // The power fails; the same phone continues, without a token and with its note.
    drop(device);
    browser.wait_at_most(SOON, "document.body.classList.contains('is-lost')");
    let again = start();
    assert_eq!(again.token.as_ref(), Some(&token));
    browser.wait_at_most(SOON, "!document.body.classList.contains('is-lost')");
    assert_eq!(browser.evaluate(locked), false, "a logged-in phone stays logged in");
    assert_eq!(browser.evaluate("document.querySelector('#note').value"), "seen before the power went");
    browser.visit("about:blank");
    browser.visit(&page);
    fields(&mut browser, 2);
    assert_eq!(browser.evaluate(locked), false);
    choose(&mut browser, 1);
    assert_eq!(browser.evaluate("document.querySelector('#note').value"), "seen before the power went");
    browser.evaluate("document.querySelector('[data-label=Pre]').click()");
    site.wait_for_opinions(session, 1);
    assert_eq!(
        site.field(session, 1).opinion().map(|opinion| opinion.note.as_str()),
        Some("seen before the power went")
    );
}

#[test]
fn a_link_opens_once_and_leaves_nothing_in_the_history_that_opens_again() {
    let Some(mut browser) = chromium("links") else { return };
    let site = Site::new(2);
    let device = site.start_with(&["--listen", "0.0.0.0:0", "--fps", "16", "--hold", "22"]);
    let token = device.token.clone().expect("a token");
    let port = device.page.trim_end_matches('/').rsplit(':').next().expect("a port").to_owned();
    let shown = Command::new(env!("CARGO_BIN_EXE_blastscope"))
        .args(["token", "--json", "--listen", &format!("0.0.0.0:{port}"), "--data-dir"])
        .arg(site.data())
        .output()
        .expect("the program");
    let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    let code = shown["link"].as_str().expect("a link").split('#').nth(1).expect("a code").to_owned();
    let link = format!("http://127.0.0.1:{port}/#{code}");
    browser.resize(390, 844, true);
    browser.visit(&link);
    browser.wait_at_most(SOON, "document.querySelector('#picture').naturalWidth > 0");
    assert_eq!(browser.evaluate("location.href"), format!("http://127.0.0.1:{port}/"));
    // Everything in the browser's history.
    let history = browser.call("Page.getNavigationHistory", &serde_json::json!({})).to_string();
    assert!(!history.contains(&token), "{history}");
    // The link from the history opens nothing, and the page says why.
    browser.another_person();
    browser.visit(&link);
    browser.wait_at_most(SOON, "document.querySelector('#token-dialog').open");
    browser.wait_at_most(SOON, "document.querySelector('#token-dialog .problem').textContent.includes('used already')");
}

/// What the other tests stand on: a wait outlives the document that it began in.
#[test]
fn a_page_that_loads_anew_is_waited_for() {
    let Some(mut browser) = chromium("a page that loads anew") else { return };
    let site = Site::new(1);
    let device = site.start(22);
    browser.visit(&device.page);
    browser.evaluate("setTimeout(() => location.reload(), 200)");
    // The first document never answers; the browser gives this wait up when it goes.
    let again = "performance.getEntriesByType('navigation')[0].type === 'reload' || new Promise(() => {})";
    browser.wait_at_most(SOON, again);
    browser.wait_at_most(SOON, "document.querySelector('#notice') !== null");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
