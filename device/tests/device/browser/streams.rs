//! A page that looks alive is alive: picture and verdict appear together or are marked, whatever happens to the connection.

use super::{
    device::{SOON, Site, begin, choose, fields, shown},
    devtools::{Browser, chromium},
    proxy::{Mood, Proxy},
};

const SPEAKS: &str = "['benign','early','pre','pro','abstain'].some(kind => \
                      document.querySelector('#verdict-box').classList.contains('is-' + kind))";
const LOST: &str = "document.body.classList.contains('is-lost')";

/// No earlier statement is left on the page.
fn says_that_it_is_lost(browser: &mut Browser) {
    browser.wait_at_most(SOON, LOST);
    assert_eq!(browser.evaluate(SPEAKS), false, "no verdict is shown");
    let camera = browser.evaluate("document.querySelector('#camera').textContent");
    assert!(!camera.as_str().expect("text").contains("a second"), "{camera}");
    assert_eq!(browser.evaluate("document.querySelector('#no-picture').hidden"), false);
    assert_eq!(browser.evaluate("document.querySelector('#take').disabled"), true);
}

#[test]
fn a_stream_that_is_cut_or_stalls_is_said_and_comes_back() {
    let Some(mut browser) = chromium("streams that fail") else { return };
    let site = Site::new(6);
    let device = site.start(22);
    let proxy = Proxy::start(device.address());
    browser.resize(1280, 800, false);
    browser.visit(&proxy.page());
    browser.wait_for(SPEAKS);
    // Picture and verdict on display always carry the same number.
    browser.evaluate(
        "window.apart = 0; (function look() { const number = id => document.querySelector(id).dataset.number; \
         if (number('#picture') !== number('#verdict-box') && !document.body.classList.contains('is-lost')) window.apart += 1; \
         requestAnimationFrame(look) })()",
    );
    for mood in [Mood::StallLive, Mood::StallAll, Mood::Refuse] {
        proxy.set(mood);
        if mood == Mood::Refuse {
            proxy.cut();
        }
        says_that_it_is_lost(&mut browser);
        proxy.set(Mood::Pass);
        browser.wait_at_most(SOON, &format!("!{LOST} && {SPEAKS} && document.querySelector('#no-picture').hidden"));
    }
    // A very short cut is hardly noticeable.
    for _ in 0..5 {
        proxy.cut();
        browser.wait_at_most(SOON, &format!("!{LOST} && {SPEAKS}"));
    }
    let frames = "Number(document.querySelector('#picture').dataset.number)";
    let before = browser.evaluate(frames).as_u64().expect("a number");
    browser.wait_at_most(SOON, &format!("{frames} > {}", before + 5));
    assert_eq!(browser.evaluate("window.apart"), 0, "picture and verdict of different frames were shown together");
}

#[test]
fn a_request_that_is_not_answered_says_so_and_is_not_saved_twice() {
    let Some(mut browser) = chromium("requests without an answer") else { return };
    let site = Site::new(2);
    let device = site.start(22);
    let proxy = Proxy::start(device.address());
    browser.resize(1280, 800, false);
    browser.visit(&proxy.page());
    begin(&mut browser, "S-1", "A. B.");
    fields(&mut browser, 2);
    let session = site.session();
    choose(&mut browser, 1);
    proxy.set(Mood::StallAll);
    browser.evaluate("document.querySelector('[data-label=Pre]').click()");
    // The device received it; the page cannot know.
    browser.wait_at_most(
        SOON,
        "!document.querySelector('#toast').hidden && document.querySelector('#toast').classList.contains('is-wrong')",
    );
    let told = browser.evaluate("document.querySelector('#toast').textContent");
    assert!(told.as_str().expect("text").contains("Field 1"), "{told}");
    proxy.cut();
    proxy.set(Mood::Pass);
    browser.wait_at_most(SOON, &format!("!{LOST}"));
    choose(&mut browser, 1);
    browser.evaluate("document.querySelector('[data-label=Pre]').click()");
    browser.wait_at_most(SOON, "document.querySelector('#field-1 .card-person').textContent.includes('Pre')");
    assert_eq!(site.field(session, 1).opinions.len(), 1);
}

#[test]
fn nine_windows_and_every_button_answers() {
    let Some(mut browser) = chromium("nine windows") else { return };
    let (site, device, session) = shown(&mut browser, (4, 22), (1280, 800), 4);
    let mut windows = vec![0];
    for _ in 1..9 {
        windows.push(browser.another_window());
        browser.resize(800, 480, false);
        browser.visit(&device.page);
    }
    let labels = ["Pre", "Pro", "Early", "Benign"];
    for (index, window) in windows.into_iter().enumerate() {
        browser.speak_to(window);
        browser.wait_at_most(SOON, SPEAKS);
        fields(&mut browser, 4);
        let (number, label) = (index % 4 + 1, labels[(index + index / 4) % 4]);
        let before = site.opinions(session);
        // The other windows' answers have arrived.
        let seen = site.field(session, number as u64).opinions.len();
        browser.wait_at_most(
            SOON,
            &format!("Number(document.querySelector('#field-{number}').dataset.opinions) === {seen}"),
        );
        browser.evaluate(&format!(
            "(card => card.classList.contains('is-selected') || card.click())(document.querySelector('#field-{number}')); \
             document.querySelector('[data-label={label}]').click()"
        ));
        site.wait_for_opinions(session, before + 1);
    }
}

#[test]
fn a_hidden_tab_lets_go_and_shows_nothing_old_when_it_is_seen_again() {
    let Some(mut browser) = chromium("hidden tabs") else { return };
    let site = Site::new(4);
    let device = site.start(22);
    let proxy = Proxy::start(device.address());
    browser.resize(1280, 800, false);
    browser.visit(&proxy.page());
    browser.wait_for(SPEAKS);
    let asked = |browser: &mut Browser| browser.requests().iter().filter(|path| path.contains("/api/live?")).count();
    let hide = |browser: &mut Browser, hidden: bool| {
        browser.evaluate(&format!(
            "Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }}); \
             Object.defineProperty(document, 'visibilityState', {{ value: {}, configurable: true }}); \
             document.dispatchEvent(new Event('visibilitychange'))",
            if hidden { "'hidden'" } else { "'visible'" }
        ));
    };
    hide(&mut browser, true);
    browser.evaluate("new Promise(done => setTimeout(done, 300))");
    let before = asked(&mut browser);
    browser.evaluate("new Promise(done => setTimeout(done, 2500))");
    assert_eq!(asked(&mut browser), before, "a hidden tab asks for nothing");
    proxy.set(Mood::StallAll);
    hide(&mut browser, false);
    assert_eq!(browser.evaluate(SPEAKS), false, "an old verdict is not shown as current");
    proxy.set(Mood::Pass);
    browser.wait_at_most(SOON, &format!("!{LOST} && {SPEAKS}"));
}

#[test]
fn a_model_that_was_changed_while_the_program_runs_is_said() {
    let Some(mut browser) = chromium("another model") else { return };
    let mut site = Site::new(2);
    let model = site.folder.path().join("model.bsm");
    std::fs::copy(&site.model, &model).expect("copied");
    site.model.clone_from(&model);
    let device = site.start(22);
    browser.resize(800, 480, false);
    browser.visit(&device.page);
    browser.wait_for(SPEAKS);
    assert_eq!(browser.evaluate("document.querySelector('#notices').hidden"), true);
    let bytes = std::fs::read(&model).expect("read");
    std::fs::write(&model, bytes).expect("written");
    browser.wait_at_most(SOON, "!document.querySelector('#notices').hidden");
    let told = browser.evaluate("document.querySelector('#notices').textContent");
    assert!(told.as_str().expect("text").contains("has changed since the start"), "{told}");
    // Another window says so from the start.
    browser.another_window();
    browser.visit(&device.page);
    browser.wait_at_most(SOON, "!document.querySelector('#notices').hidden");
}
