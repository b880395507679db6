//! The gallery of cells on the page.

use std::{fs, path::Path};

use blastscope::record::{CellLabel, Record, RecordReader, SessionCells, State};
use blastscope_shared::Class;
use serde_json::json;

use super::{
    device::{SOON, Site, agree, open_only_session, shown_at},
    devtools::{Browser, chromium},
    screens::shot,
    targets::{FORM, PALE, SIZES, SMALL, theme},
};
use crate::record::samples::{at, field_with_cells, named, new_session};

/// A site whose networks see cells.
fn site(slides: u32) -> Site {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/tiny-cells.bsm");
    Site { model: fs::canonicalize(model).expect("a model"), ..Site::new(slides) }
}

fn cells(site: &Site) -> SessionCells {
    RecordReader::open(&site.data()).expect("a record").cells(site.session()).expect("read")
}

/// Waits for an entry of labels, and until the page shows it.
fn labelled(browser: &mut Browser, site: &Site, entries: u64) -> SessionCells {
    let start = std::time::Instant::now();
    while cells(site).last < entries {
        assert!(start.elapsed() < SOON, "{:?}", cells(site).last);
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let found = cells(site);
    let shown = found.count.looked_at();
    browser.wait_at_most(
        SOON,
        &format!("document.querySelectorAll('#cells-list .cell-label svg').length >= {}", shown.min(1)),
    );
    browser.wait_at_most(SOON, "!document.querySelector('#cell-labels [data-label=blast]').disabled");
    found
}

fn open_gallery(browser: &mut Browser) {
    browser.wait_at_most(SOON, "!document.querySelector('#cells-button').hidden");
    browser.evaluate("document.querySelector('#cells-button').click()");
}

fn tiles(browser: &mut Browser) -> usize {
    browser.evaluate("document.querySelectorAll('#cells-list .cell').length").as_u64().expect("a number") as usize
}

#[test]
fn cells_are_sorted_looked_at_and_labelled_by_tap_and_key() {
    let Some(mut browser) = chromium("the gallery of cells") else { return };
    let (site, _device, _) = shown_at(&mut browser, site(3), 22, (800, 480), 3);
    browser.wait_at_most(SOON, "!document.querySelector('#cells-button').hidden");
    browser.evaluate("document.activeElement.blur(); scrollTo(0, 0)");
    browser.press("c");
    browser.wait_at_most(SOON, "document.querySelectorAll('#cells-list .cell').length > 8");
    let all = tiles(&mut browser);
    assert_eq!(cells(&site).count.found as usize, all);
    let leanings = "[...document.querySelectorAll('#cells-list .cell-leaning')].map(e => parseFloat(e.style.width))";
    let leanings: Vec<f64> = serde_json::from_value(browser.evaluate(leanings)).expect("numbers");
    assert!(leanings.windows(2).all(|pair| pair[0] >= pair[1]), "from most to least: {leanings:?}");

    // A key labels the cell that has the focus, and goes on to the next.
    browser.wait_at_most(SOON, "!document.querySelector('#cell-picture').hidden");
    let first = browser.evaluate("document.querySelector('#cells-list li').dataset.key");
    browser.press("1");
    let found = labelled(&mut browser, &site, 1);
    assert_eq!((found.count.blasts, found.count.looked_at()), (1, 1));
    let current = "document.querySelector('#cells-list .is-current').parentElement.dataset.key";
    assert_ne!(browser.evaluate(current), first);
    let of_first = format!("document.querySelector('#cells-list li[data-key={first}] .cell').dataset.label");
    assert_eq!(browser.evaluate(&of_first), "blast");

    // Several at once are one entry.
    browser.click("#cells-several");
    for number in 3..=5 {
        browser.evaluate(&format!("document.querySelector('#cells-list li:nth-child({number}) .cell').click()"));
    }
    assert_eq!(browser.evaluate("document.querySelectorAll('#cells-list .is-chosen').length"), 3);
    let told = browser.evaluate("document.querySelector('#cell-said').textContent");
    assert!(told.as_str().is_some_and(|told| told.contains("3 cells selected")), "{told}");
    shot(&mut browser, "cells-several-800x480");
    browser.click("#cell-labels [data-label=debris]");
    let found = labelled(&mut browser, &site, 2);
    assert_eq!((found.count.debris, found.count.looked_at()), (3, 4));
    browser.click("#cells-several");

    // The filters: only blasts; not looked at; and every cell again, in the order found.
    browser.click("#cells-filters [data-filter=blast]");
    assert_eq!(tiles(&mut browser), 1);
    let named: Vec<_> = found
        .fields
        .iter()
        .flat_map(|field| &field.cells)
        .filter(|cell| cell.label == Some(CellLabel::Blast))
        .collect();
    assert_eq!(named[0].labelled_by.as_deref(), Some("A. B."));
    browser.click("#cells-filters [data-filter=open]");
    assert_eq!(tiles(&mut browser), all - 4);
    browser.click("#cells-filters [data-filter=all]");
    browser.click("#cells-order");
    let order = "JSON.stringify([...document.querySelectorAll('#cells-list li')].map(e => e.dataset.key))";
    let found_order: Vec<String> =
        found.fields.iter().flat_map(|f| f.cells.iter().map(move |c| format!("{}/{}", f.field, c.cell))).collect();
    assert_eq!(browser.evaluate(order), json!(serde_json::to_string(&found_order).expect("JSON")));

    // A tap shows the cell in its field, larger; another one on the picture the whole field.
    browser.evaluate("document.querySelector('#cells-list li:nth-child(2) .cell').click()");
    let framed = "(e => { const v = document.querySelector('#cell-view').getBoundingClientRect(), r = e.getBoundingClientRect(); \
        return { share: r.width / Math.min(v.width, v.height), isInside: r.left >= v.left - 1 && r.right <= v.right + 1 && r.top >= v.top - 1 && r.bottom <= v.bottom + 1 }; })(document.querySelector('#cell-frame'))";
    browser.wait_at_most(
        SOON,
        "document.querySelector('#cell-picture').naturalWidth === 320 && !document.querySelector('#cell-frame').hidden",
    );
    let near = browser.evaluate(framed);
    browser.evaluate("document.querySelector('#cell-view').click()");
    let whole = browser.evaluate(framed);
    assert!(near["share"].as_f64() > whole["share"].as_f64(), "{near} {whole}");
    assert_eq!((&near["isInside"], &whole["isInside"]), (&json!(true), &json!(true)), "{near} {whole}");
    browser.evaluate("document.querySelector('#cell-view').click()");

    // 0 takes the label back.
    browser.evaluate(&format!("document.querySelector('#cells-list li[data-key={first}] .cell').click()"));
    browser.press("0");
    let found = labelled(&mut browser, &site, 3);
    assert_eq!((found.count.blasts, found.count.looked_at()), (0, 3));
    browser.wait_at_most(SOON, &format!("{of_first} === ''"));

    let mut wrong = Vec::new();
    for (width, height) in SIZES {
        browser.resize(width, height, width < 500);
        for name in ["dark", "light"] {
            theme(&mut browser, name);
            for (what, script) in [("small", SMALL), ("form", FORM), ("pale", PALE)] {
                let found = browser.evaluate(script);
                // The confirmation is named when it is asked.
                let found = found.as_array().expect("a list").iter().filter(|one| **one != "no name: confirm-yes");
                wrong.extend(found.map(|one| format!("{width}x{height} {name}, {what}: {one}")));
            }
            shot(&mut browser, &format!("cells-{width}x{height}-{name}"));
        }
        let fits = "document.documentElement.scrollWidth <= innerWidth && document.querySelector('#cells-dialog').scrollWidth <= document.querySelector('#cells-dialog').clientWidth + 1";
        if browser.evaluate(fits) != true {
            wrong.push(format!("{width}x{height} scrolls sideways"));
        }
        // Tiles, picture and labels are in sight together.
        for part in ["#cells-list .is-current", "#cell-view", "#cells-bar"] {
            let seen = format!(
                "(r => r.height > 40 && r.top >= 0 && r.top < document.querySelector('#bottom').getBoundingClientRect().top)(document.querySelector('{part}').getBoundingClientRect())"
            );
            if browser.evaluate(&seen) != true {
                wrong.push(format!("{width}x{height}: {part} is out of sight"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    theme(&mut browser, "dark");
    browser.resize(800, 480, false);
    browser.press("Escape");
    browser.wait_at_most(SOON, "!document.querySelector('#cells-dialog').open");
    browser.wait_at_most(SOON, "document.querySelector('#cells-line').textContent.includes('none of them a whole')");
    browser.evaluate("document.querySelector('#session').scrollIntoView()");
    shot(&mut browser, "cells-session-800x480");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// Labels after a signature are asked for and need another one; and the gallery fits in French, too.
#[test]
fn a_label_after_the_signature_is_asked_for_and_french_fits() {
    let Some(mut browser) = chromium("cells of a signed session") else { return };
    let (site, _device, _) = shown_at(&mut browser, site(2), 22, (800, 480), 2);
    browser.evaluate("document.querySelector('#sign-off').click()");
    browser.wait_at_most(SOON, "document.querySelector('#sign-dialog').open");
    browser.write("#sign-by", "E. F.");
    browser.press("Enter");
    browser.wait_at_most(SOON, "document.querySelector('#session-state').classList.contains('is-approved')");
    browser.evaluate("localStorage.setItem('blastscope-language', 'fr'); location.reload()");
    browser.wait_at_most(SOON, "document.documentElement.lang === 'fr'");
    open_only_session(&mut browser);
    open_gallery(&mut browser);
    browser.wait_at_most(SOON, "document.querySelectorAll('#cells-list .cell').length > 5");
    for (width, height) in [(800, 480), (390, 844)] {
        browser.resize(width, height, width < 500);
        let cut = "[...document.querySelectorAll('#cells-bar button')].filter(e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight).map(e => e.textContent)";
        assert_eq!(browser.evaluate(cut), json!([]), "{width}x{height}");
        shot(&mut browser, &format!("cells-french-{width}x{height}"));
    }
    browser.press("2");
    browser.wait_at_most(SOON, "document.querySelector('#confirm-dialog').open");
    assert_eq!(cells(&site).last, 0, "it is asked first");
    agree(&mut browser);
    let found = labelled(&mut browser, &site, 1);
    assert_eq!((found.count.lymphocytes, found.count.looked_at()), (1, 1));
    let session = RecordReader::open(&site.data()).expect("a record").session(site.session()).expect("read");
    assert_eq!(session.state, State::Changed);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// A session of 2,000 cells scrolls to its end from the stored strips: no field is decoded for it.
#[test]
fn two_thousand_cells_scroll_from_what_is_stored() {
    let Some(mut browser) = chromium("2,000 cells") else { return };
    let site = site(1);
    let mut record = Record::open(&site.data()).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("S-2000")).expect("started").session;
    for seed in 1..=100 {
        record.add_field(session, &field_with_cells(named(Class::Pre), seed, 20)).expect("added");
    }
    record.end_session(session, at(600), "over").expect("ended");
    drop(record);
    let device = site.start(22);
    browser.resize(800, 480, false);
    browser.visit(&device.page);
    open_only_session(&mut browser);
    open_gallery(&mut browser);
    browser.wait_at_most(SOON, "document.querySelectorAll('#cells-list .cell').length === 2000");
    let loaded =
        |place: &str| format!("(e => e.naturalWidth === 1920)(document.querySelector('#cells-list li:{place} img'))");
    browser.wait_at_most(SOON, &loaded("first-child"));
    assert_eq!(browser.evaluate(&loaded("last-child")), false, "only what is in view is loaded");
    browser.evaluate("document.querySelector('#cells-list').scrollTo(0, 1e9)");
    shot(&mut browser, "cells-2000");
    browser.wait_at_most(SOON, &loaded("last-child"));
    let requests = browser.requests();
    let pictures =
        requests.iter().filter(|request| request.contains("/fields/") && request.contains("picture.jpg")).count();
    assert!(pictures <= 1, "the field of the current cell at most: {pictures}");
    let strips = requests.iter().filter(|request| request.contains("cells.jpg")).count();
    assert!((2..=100).contains(&strips), "{strips}");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
