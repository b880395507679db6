//! The page's form: targets for gloved hands, names, contrast, order of focus, language and headings, in both themes.

use serde_json::json;

use super::{
    device::{SOON, Site, begin, fields},
    devtools::{Browser, chromium},
    screens::shot,
};

pub(super) const SIZES: [(u32, u32); 4] = [(800, 480), (390, 844), (844, 390), (1280, 800)];

/// What is shown and can be tapped, smaller than 48 pixels; a tick box is tapped by its label.
pub(super) const SMALL: &str = "[...document.querySelectorAll('button, a[href]:not(.skip), input, select, summary')] \
    .filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.closest('dialog:not([open])')) \
    .map(e => [e, (e.type === 'checkbox' ? e.closest('label') : e).getBoundingClientRect()]) \
    .filter(([, r]) => r.width < 47.5 || r.height < 47.5) \
    .map(([e, r]) => `${e.id || e.textContent || e.name}: ${Math.round(r.width)} x ${Math.round(r.height)}`)";

/// Controls without a name, pictures without one, more or less than one h1, no language, an order of focus set by hand.
pub(super) const FORM: &str = "(() => { \
    const name = e => (e.getAttribute('aria-label') ?? '') + e.textContent + [...(e.labels ?? [])].map(l => l.textContent).join(''); \
    const wrong = [...document.querySelectorAll('button, a, input, [role=meter]')].filter(e => name(e).trim() === '' && !e.closest('[hidden]') && !e.hidden).map(e => `no name: ${e.id || e.outerHTML.slice(0, 80)}`); \
    wrong.push(...[...document.querySelectorAll('img:not([alt])')].map(e => `no alt: ${e.id}`)); \
    wrong.push(...[...document.querySelectorAll('[tabindex]')].filter(e => e.tabIndex > 0).map(e => `tabindex: ${e.id}`)); \
    wrong.push(...[...document.querySelectorAll('dialog')].filter(e => !document.getElementById(e.getAttribute('aria-labelledby'))).map(e => `dialog: ${e.id}`)); \
    const ids = [...document.querySelectorAll('[id]')].map(e => e.id); \
    wrong.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map(id => `id twice: ${id}`)); \
    if (document.documentElement.lang === '') wrong.push('no language'); \
    if (document.querySelectorAll('h1').length !== 1) wrong.push('h1'); \
    return wrong; })()";

/// Texts with a contrast below 4.5 (3 for large ones) to what is behind them; disabled controls are exempt (WCAG 1.4.3).
pub(super) const PALE: &str = "(() => { \
    const parse = c => (c.match(/[\\d.]+/g) ?? []).map(Number); \
    const over = ([r, g, b, a = 1], under) => [r, g, b].map((v, i) => v * a + under[i] * (1 - a)); \
    const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; }; \
    const behind = e => { const all = []; for (; e; e = e.parentElement) { const s = getComputedStyle(e); const c = parse(s.backgroundColor); if ((c[3] ?? 1) > 0) all.push(c); if ((c[3] ?? 1) === 1) break; } \
        return all.reverse().reduce((under, c) => over(c, under), [255, 255, 255]); }; \
    const pale = []; \
    for (const e of document.querySelectorAll('body *')) { \
        if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue; \
        if (e.closest('dialog:not([open])') || e.closest(':disabled') || e.closest('.unseen, .skip, .is-held, .is-excluded, kbd, #map-button, #map-label')) continue; \
        const s = getComputedStyle(e), back = behind(e), fore = over(parse(s.color), back); \
        const [a, b] = [light(fore), light(back)].sort((x, y) => y - x); \
        const ratio = (a + .05) / (b + .05), large = parseFloat(s.fontSize) >= 24 || (parseFloat(s.fontSize) >= 18.66 && s.fontWeight >= 700); \
        if (ratio < (large ? 3 : 4.5)) pale.push(`${e.id || e.className || e.tagName} '${e.textContent.slice(0, 20)}': ${ratio.toFixed(2)}`); \
    } \
    return pale; })()";

pub(super) fn theme(browser: &mut Browser, name: &str) {
    let features = json!({"features": [{"name": "prefers-color-scheme", "value": name}]});
    browser.call("Emulation.setEmulatedMedia", &features);
}

/// Every screen and dialog at every size, in both themes.
#[test]
fn every_target_has_48_pixels_and_every_text_can_be_read() {
    let Some(mut browser) = chromium("the page's form") else { return };
    let site = Site::new(2);
    let device = site.start(22);
    browser.resize(1280, 800, false);
    browser.visit(&device.page);
    browser.wait_at_most(SOON, "document.querySelector('#picture')?.naturalWidth > 0");
    begin(&mut browser, "S-2026-0412", "Dr. Maximiliane von und zu Hohenstein");
    fields(&mut browser, 2);
    browser.evaluate("document.querySelector('#end-session').click()");
    browser.wait_at_most(
        SOON,
        "document.querySelector('#confirm-dialog').open && !document.querySelector('#confirm-yes').disabled",
    );
    browser.click("#confirm-yes");
    browser.wait_at_most(SOON, "!document.querySelector('#new-session').hidden");
    let mut wrong = Vec::new();
    for (width, height) in SIZES {
        browser.resize(width, height, width < 500);
        let mut check = |browser: &mut Browser, screen: &str| {
            for name in ["dark", "light"] {
                theme(browser, name);
                for (what, script) in [("small", SMALL), ("form", FORM), ("pale", PALE)] {
                    let found = browser.evaluate(script);
                    for one in found.as_array().expect("a list") {
                        wrong.push(format!("{width}x{height} {name} {screen}, {what}: {one}"));
                    }
                }
            }
            if browser.evaluate("document.documentElement.scrollWidth <= innerWidth") != true {
                wrong.push(format!("{width}x{height} {screen} scrolls sideways"));
            }
        };
        browser.evaluate("scrollTo(0, 0)");
        check(&mut browser, "page");
        shot(&mut browser, &format!("page-{width}x{height}"));
        for (button, dialog) in [
            ("new-session", "start-dialog"),
            ("sign-off", "sign-dialog"),
            ("person-button", "person-dialog"),
            ("specimen-button", "specimen-dialog"),
            ("sessions-button", "sessions-dialog"),
            ("help-button", "help"),
            ("enlarge", "large"),
        ] {
            browser.evaluate(&format!("document.querySelector('#{button}').click()"));
            browser.wait_at_most(SOON, &format!("document.querySelector('#{dialog}').open"));
            check(&mut browser, dialog);
            shot(&mut browser, &format!("{dialog}-{width}x{height}"));
            browser.evaluate(&format!("document.querySelector('#{dialog}').close()"));
        }
        // What has the focus never stands behind the notice, and the order of focus is that of the page.
        let hidden = browser.evaluate(
            "[...document.querySelectorAll('main button:not(:disabled)')].filter(e => e.checkVisibility()).filter(e => { e.focus(); const r = e.getBoundingClientRect(); \
             return r.bottom > document.querySelector('#bottom').getBoundingClientRect().top + 1; }).map(e => e.id || e.className)",
        );
        if hidden != json!([]) {
            wrong.push(format!("{width}x{height}: behind the notice: {hidden}"));
        }
        browser.evaluate("document.activeElement.blur(); scrollTo(0, 0)");
        let first = browser.evaluate("(e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= document.querySelector('#bottom').getBoundingClientRect().top; })(document.querySelector('#new-session'))");
        if (width, height) != (390, 844) && first != true {
            wrong.push(format!("{width}x{height}: New session is out of sight"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
