//! A laboratory's day on the page: undo, exclusion, next without an answer, people, hand-over, the list of sessions.

use blastscope::record::{RecordReader, Session, State};

use super::{
    device::{SOON, Site, agree, begin, choose, fields, shown},
    devtools::{Browser, chromium},
};

/// Longer than a field that has just appeared is protected from a slip.
const SETTLE: &str = "new Promise(done => setTimeout(done, 900))";

fn newest(site: &Site) -> Session {
    let reader = RecordReader::open(&site.data()).expect("a record");
    reader.session(site.session()).expect("read")
}

/// Presses a key for the selected field, and waits for the answer.
fn answer(browser: &mut Browser, site: &Site, key: &str, answers: usize) {
    browser.press(key);
    let session = site.session();
    site.wait_for_opinions(session, answers);
    browser.wait_at_most(
        SOON,
        &format!("[...document.querySelectorAll('#fields .card')].reduce((sum, card) => sum + Number(card.dataset.opinions), 0) >= {answers}"),
    );
}

#[test]
fn answers_are_taken_back_and_a_field_is_excluded_by_key() {
    let Some(mut browser) = chromium("answers taken back") else { return };
    let (site, _device, session) = shown(&mut browser, (3, 22), (800, 480), 3);
    let stands = |number: u64| site.field(session, number).standing().map(blastscope::record::Opinion::name);
    choose(&mut browser, 1);
    browser.evaluate(SETTLE);
    answer(&mut browser, &site, "5", 1);
    assert_eq!(stands(1), Some("malignant"));
    browser.press("n");
    browser.wait_at_most(SOON, "document.querySelector('#field-2').classList.contains('is-selected')");
    browser.evaluate(SETTLE);
    answer(&mut browser, &site, "3", 2);
    answer(&mut browser, &site, "1", 3);
    assert_eq!(stands(2), Some("Benign"));
    answer(&mut browser, &site, "u", 4);
    assert_eq!(stands(2), Some("Pre"), "the answer before stands again");
    answer(&mut browser, &site, "w", 5);
    assert_eq!((stands(2), site.field(session, 2).opinion().is_none()), (Some("withdrawal"), true));
    browser.wait_at_most(SOON, "document.querySelector('#withdraw').disabled");
    answer(&mut browser, &site, "d", 6);
    assert_eq!(stands(2), Some("exclusion"));
    browser.wait_at_most(SOON, "document.querySelector('#field-2').classList.contains('is-excluded')");
    browser.wait_at_most(SOON, "document.querySelector('[data-label=Pre]').disabled");
    // The next one without an answer is neither answered nor excluded.
    browser.press("n");
    browser.wait_at_most(SOON, "document.querySelector('#field-3').classList.contains('is-selected')");
    // The last answer of this screen is on another field: undo shows it first.
    answer(&mut browser, &site, "u", 7);
    assert_eq!(stands(2), Some("withdrawal"));
    browser.wait_at_most(SOON, "document.querySelector('#field-2').classList.contains('is-selected')");

    // The sign-off says what is open, and asks.
    browser.evaluate("document.querySelector('#sign-off').click()");
    browser.wait_at_most(SOON, "document.querySelector('#sign-dialog').open");
    let open = browser.evaluate(
        "document.querySelector('#sign-open').hidden ? '' : document.querySelector('#sign-open-text').textContent",
    );
    assert!(open.as_str().expect("text").starts_with("Unanswered fields: "), "{open}");
    browser.click("#sign-next");
    browser.wait_at_most(SOON, "!document.querySelector('#sign-dialog').open && document.querySelector('.card.is-selected .card-person').textContent === ''");

    // In the enlarged view the same buttons answer.
    choose(&mut browser, 3);
    browser.evaluate(SETTLE);
    browser.press("l");
    browser.wait_at_most(
        SOON,
        "document.querySelector('#large').open && document.querySelector('#large-picture').naturalWidth > 0",
    );
    browser.evaluate("document.querySelector('#large-answer [data-label=Pro]').click()");
    site.wait_for_opinions(session, 8);
    assert_eq!(stands(3), Some("Pro"));
    browser.wait_at_most(SOON, "document.querySelector('#large-person').textContent.includes('Pro-B')");
    browser.press("Escape");
    browser.wait_at_most(
        SOON,
        "!document.querySelector('#large').open && document.querySelector('#correct #labels') !== null",
    );
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// The page in French, chosen on the screen; the notice stays as it must be.
#[test]
fn the_page_speaks_french() {
    let Some(mut browser) = chromium("another language") else { return };
    let site = Site::new(2);
    let device = site.start(22);
    browser.resize(800, 480, false);
    browser.visit(&device.page);
    browser.wait_at_most(
        SOON,
        "document.documentElement.lang === 'en' && document.querySelector('#languages [lang=fr]') !== null",
    );
    browser.evaluate("document.querySelector('#languages [lang=fr]').click()");
    browser.wait_at_most(SOON, "document.documentElement?.lang === 'fr' && document.querySelector('#sessions-button')?.textContent === 'Séances'");
    begin(&mut browser, "S-1", "A. B.");
    fields(&mut browser, 1);
    browser.wait_at_most(SOON, "document.querySelector('#session-head').textContent === 'Séance 1' && document.querySelector('#undo .word').textContent === 'Annuler'");
    assert_eq!(browser.evaluate("document.querySelector('#notice').textContent"), blastscope::RESEARCH_USE);
    assert_eq!(browser.evaluate("document.documentElement.scrollWidth <= innerWidth"), true);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn people_change_with_one_tap_and_a_session_goes_from_hand_to_hand() {
    let Some(mut browser) = chromium("a hand-over") else { return };
    let site = Site::new(3);
    let device = site.start(22);
    browser.resize(800, 480, false);
    browser.visit(&device.page);
    assert_eq!(browser.evaluate("document.body.dataset.awake ?? 'false'"), "false", "the screen may go dark");
    // "New session" stands where "nothing is recorded" does.
    browser.wait_at_most(SOON, "(e => e.offsetParent && e.getBoundingClientRect().bottom < innerHeight)(document.querySelector('#taking #new-session'))");
    begin(&mut browser, "S-1", "A. B.");
    fields(&mut browser, 2);
    browser.wait_at_most(SOON, "document.body.dataset.awake === 'true'");
    let session = site.session();
    browser.click("#person-button");
    browser.wait_at_most(SOON, "document.querySelector('#person-dialog').open");
    browser.write("#person-dialog [name=by]", "C. D.");
    browser.press("Enter");
    let chosen = |name: &str| format!("document.querySelector('#people [aria-pressed=true]')?.title === {name:?}");
    browser.wait_at_most(SOON, &format!("!document.querySelector('#person-dialog').open && {}", chosen("C. D.")));
    browser.evaluate("document.querySelector('#people [title=\"A. B.\"]').click()");
    browser.wait_at_most(SOON, &chosen("A. B."));
    browser.evaluate("document.querySelector('#people [title=\"C. D.\"]').click()");
    browser.wait_at_most(SOON, &format!("{} && !document.querySelector('#hand-over').hidden", chosen("C. D.")));
    choose(&mut browser, 1);
    browser.evaluate("document.querySelector('[data-label=Pre]').click()");
    site.wait_for_opinions(session, 1);
    assert_eq!(site.field(session, 1).opinion().map(|opinion| opinion.given_by.clone()), Some("C. D.".into()));
    browser.evaluate("document.querySelector('#hand-over').click()");
    browser.wait_at_most(SOON, "document.querySelector('#hand-over').hidden && document.querySelector('#session-line').textContent.includes('C. D.')");
    assert_eq!(newest(&site).operator_now(), "C. D.");

    // With a PIN, one tap asks for it; the answer of a screen that has not given it is refused.
    browser.click("#person-button");
    browser.wait_at_most(SOON, "document.querySelector('#person-dialog').open");
    browser.click("#pin-button");
    browser.wait_at_most(SOON, "document.querySelector('#pin-dialog').open");
    browser.write("#pin-dialog [name=new]", "4711");
    browser.press("Enter");
    browser.wait_at_most(
        SOON,
        "!document.querySelector('#pin-dialog').open && document.querySelector('#people .lock') !== null",
    );
    browser.evaluate("document.querySelector('#people [title=\"A. B.\"]').click()");
    browser.wait_at_most(SOON, &chosen("A. B."));
    browser.evaluate("document.querySelector('#people [title=\"C. D.\"]').click()");
    browser.wait_at_most(
        SOON,
        "document.querySelector('#person-dialog').open && !document.querySelector('#person-pin-line').hidden",
    );
    assert_eq!(browser.evaluate(&chosen("A. B.")), true, "not before the PIN is given");
    browser.write("#person-dialog [name=pin]", "4711");
    browser.press("Enter");
    browser.wait_at_most(SOON, &format!("!document.querySelector('#person-dialog').open && {}", chosen("C. D.")));

    // A mistyped pseudonym, a session that ended too early, the same specimen again.
    browser.evaluate("document.querySelector('#specimen-button').click()");
    browser.wait_at_most(SOON, "document.querySelector('#specimen-dialog').open");
    browser.write("#specimen-dialog [name=specimen]", "S-10");
    browser.press("Enter");
    browser.wait_at_most(SOON, "document.querySelector('#session-line').textContent.includes('S-10')");
    browser.evaluate("document.querySelector('#end-session').click()");
    agree(&mut browser);
    browser.wait_at_most(SOON, "!document.querySelector('#reopen').hidden");
    browser.evaluate("document.querySelector('#reopen').click()");
    agree(&mut browser);
    browser.wait_at_most(
        SOON,
        "document.querySelector('#reopen').hidden && !document.querySelector('#end-session').hidden",
    );
    let kept = newest(&site);
    assert_eq!((kept.specimen.as_str(), kept.reopenings.len(), kept.state), ("S-10", 1, State::Draft));
    browser.evaluate("document.querySelector('#end-session').click()");
    agree(&mut browser);
    browser.wait_at_most(SOON, "!document.querySelector('#new-session').hidden");
    browser.click("#new-session");
    browser.wait_at_most(SOON, "document.querySelector('#start-dialog').open");
    browser.write("#start-dialog [name=specimen]", "S-10");
    browser.press("Enter");
    browser.wait_at_most(SOON, "!document.querySelector('#start-repeat').hidden");
    assert_eq!(site.session(), session, "nothing has started");
    browser.press("Enter");
    browser.wait_at_most(
        SOON,
        "!document.querySelector('#start-dialog').open && !document.querySelector('#end-session').hidden",
    );

    browser.click("#sessions-button");
    browser.wait_at_most(SOON, "document.querySelectorAll('#sessions-list tr').length === 2");
    let list = browser.evaluate("document.querySelector('#sessions-list').textContent");
    let list = list.as_str().expect("text");
    assert!(list.contains("running") && list.contains("ended, not signed") && list.contains("first S-1"), "{list}");
    browser.write("#sessions-specimen", "s-1x");
    browser.wait_at_most(SOON, "document.querySelectorAll('#sessions-list tr').length === 0 && !document.querySelector('#sessions-none').hidden");
    browser.write("#sessions-specimen", "s-1");
    browser.wait_at_most(SOON, "document.querySelectorAll('#sessions-list tr').length === 2");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
