//! The slide's verdict on the page, with the fields that speak against it.

use serde_json::json;

use super::{
    device::{SOON, Site, named, open_only_session},
    devtools::chromium,
    targets::{PALE, SIZES, SMALL, theme},
};
use crate::report::slide::write;

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
    open_only_session(&mut browser);
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
    // Sections of the page that lie on each other, such as two in one place of the grid.
    let covered = "(() => { const all = [...document.querySelectorAll('main > section')].filter(e => e.checkVisibility()).map(e => [e.id, e.getBoundingClientRect()]); \
        return all.flatMap(([a, r], at) => all.slice(at + 1).filter(([, s]) => r.left < s.right - 1 && s.left < r.right - 1 && r.top < s.bottom - 1 && s.top < r.bottom - 1).map(([b]) => `${a} on ${b}`)); })()";
    for (width, height) in SIZES {
        browser.resize(width, height, width < 500);
        for scheme in ["dark", "light"] {
            theme(&mut browser, scheme);
            browser.evaluate("document.querySelector('#slide').scrollIntoView({ block: 'center' })");
            browser.wait_at_most(SOON, "document.querySelector('#slide-against-list img').naturalWidth > 0");
            let fits = "document.documentElement.scrollWidth <= innerWidth";
            assert_eq!(browser.evaluate(fits), true, "{width}x{height}");
            for script in [SMALL, PALE, covered] {
                assert_eq!(browser.evaluate(script), json!([]), "{width}x{height} {scheme}");
            }
            if let Some(folder) = named("BLASTSCOPE_SCREENSHOTS") {
                browser.screenshot(&folder.join(format!("suspected-{width}x{height}-{scheme}.jpg")));
                browser.evaluate("scrollTo(0, 0)");
                browser.screenshot(&folder.join(format!("top-{width}x{height}-{scheme}.jpg")));
            }
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
