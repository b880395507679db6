//! The slide's verdict on the page, with the fields that speak against it.

use std::time::Duration;

use super::{
    device::{Site, named},
    devtools::chromium,
};
use crate::report::slide::write;

const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_slide_is_shown_with_what_it_rests_on_and_what_speaks_against_it() {
    let Some(mut browser) = chromium("the slide's verdict") else { return };
    let site = Site::new(2);
    write(&site.data());
    let device = site.start(22);
    browser.resize(800, 480, false);
    browser.visit(&device.page);
    browser.wait_at_most(SOON, "document.querySelector('#picture').naturalWidth > 0");
    assert_eq!(browser.evaluate("document.querySelector('#slide').hidden"), true, "no session is on display");
    browser.click("#sessions-button");
    browser.wait_at_most(SOON, "document.querySelectorAll('#sessions-list button').length === 1");
    browser.evaluate("document.querySelector('#sessions-list button').click()");
    browser.wait_at_most(SOON, "document.querySelector('#slide-word').textContent === 'ALL suspected'");
    let told = browser.evaluate("document.querySelector('#slide').innerText");
    let told = told.as_str().expect("text");
    for words in [
        "Pre-B",
        "99 % probable",
        "12 fields with a verdict",
        "240 cells",
        "1 field speaks against it",
        "Not a diagnosis",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    for (width, height) in [(1280, 800), (800, 480), (390, 844)] {
        browser.resize(width, height, width < 500);
        browser.evaluate("document.querySelector('#slide').scrollIntoView({ block: 'center' })");
        browser.wait_at_most(SOON, "document.querySelector('#slide-against-list img').naturalWidth > 0");
        let fits = "document.documentElement.scrollWidth <= innerWidth && \
                    [...document.querySelectorAll('#slide button')].every(e => e.offsetHeight >= 48 && e.offsetWidth >= 48)";
        assert_eq!(browser.evaluate(fits), true, "{width}x{height}");
        if let Some(folder) = named("BLASTSCOPE_SCREENSHOTS") {
            browser.screenshot(&folder.join(format!("suspected-{width}x{height}.jpg")));
        }
    }
    // A tap shows the field that differs.
    browser.evaluate("document.querySelector('#slide-against-list button').click()");
    browser.wait_at_most(
        SOON,
        "document.querySelector('#large').open && document.querySelector('#large-head').textContent === 'Field 4'",
    );
    assert!(browser.complaints().is_empty(), "{:?}", browser.complaints());
}
