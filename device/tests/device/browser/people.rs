//! Who answers: several windows, several people, one slide.

use blastscope::record::{Label, State};
use blastscope_shared::Class;

use super::{
    device::{SOON, Site, agree, begin, choose, fields, shown},
    devtools::{Browser, chromium},
};

/// Enters the name of the person at this screen.
fn introduce(browser: &mut Browser, name: &str) {
    browser.wait_at_most(SOON, "document.querySelector('#person-dialog').open");
    browser.write("#person-dialog [name=by]", name);
    browser.press("Enter");
    browser.wait_at_most(SOON, "!document.querySelector('#person-dialog').open");
}

#[test]
fn a_second_phone_answers_in_its_own_name_and_on_the_session_that_it_shows() {
    let Some(mut browser) = chromium("a second person") else { return };
    let site = Site::new(3);
    let device = site.start(22);
    browser.resize(1280, 800, false);
    browser.visit(&device.page);
    begin(&mut browser, "S-old", "A. B.");
    fields(&mut browser, 3);
    let old = site.session();
    browser.evaluate("document.querySelector('#end-session').click()");
    agree(&mut browser);
    begin(&mut browser, "S-new", "A. B.");
    fields(&mut browser, 1);

    let phone = browser.another_person();
    browser.resize(390, 844, true);
    browser.visit(&device.page);
    fields(&mut browser, 1);
    browser.click("#sessions-button");
    browser.wait_at_most(SOON, "document.querySelector('#sessions-dialog').open");
    browser.evaluate("document.querySelectorAll('#sessions-list button')[1].click()");
    browser.wait_at_most(SOON, "document.querySelector('#session-line').textContent.includes('S-old')");
    fields(&mut browser, 3);
    // Nobody has entered a name on this phone: nothing is saved under another name.
    choose(&mut browser, 2);
    browser.evaluate("document.querySelector('[data-label=Pre]').click()");
    introduce(&mut browser, "C. D.");
    assert_eq!(site.opinions(old), 0, "entering a name is not an answer");
    let button = "document.querySelector('[data-label=Pre]')";
    assert_eq!(
        browser.evaluate(&format!("['2', 'C. D.'].every(text => {button}.textContent.includes(text))")),
        true,
        "the button names the person and the field"
    );
    // The other slide continues meanwhile; this page stays on its own.
    browser.speak_to(0);
    fields(&mut browser, 2);
    browser.speak_to(phone);
    browser.evaluate(&format!("{button}.click()"));
    site.wait_for_opinions(old, 1);
    let opinion = site.field(old, 2).opinion().cloned().expect("an answer");
    assert_eq!((opinion.given_by.as_str(), opinion.label), ("C. D.", Some(Label::Class(Class::Pre))));

    // A change in one window appears in the other, also on fields answered before.
    browser.speak_to(0);
    browser.click("#sessions-button");
    browser.wait_at_most(SOON, "document.querySelector('#sessions-dialog').open");
    browser.evaluate("document.querySelectorAll('#sessions-list button')[1].click()");
    let card = "document.querySelector('#field-2 .card-person')?.textContent ?? ''";
    browser.wait_at_most(SOON, &format!("({card}).includes('Pre')"));
    browser.speak_to(phone);
    browser.evaluate("document.querySelector('[data-label=Early]').click()");
    site.wait_for_opinions(old, 2);
    browser.speak_to(0);
    browser.wait_at_most(SOON, &format!("({card}).includes('Early')"));
}

#[test]
fn an_answer_to_what_has_changed_meanwhile_is_refused_and_shown() {
    let Some(mut browser) = chromium("an answer that comes too late") else { return };
    let (site, _device, session) = shown(&mut browser, (2, 22), (1280, 800), 2);
    let reader = blastscope::record::RecordReader::open(&site.data()).expect("a record");
    let started = reader.session(session).expect("read").started_utc;
    // Like a window that does not know the earlier answer: it still sends what it showed.
    let post = |seen: u32, label: &str, key: &str| {
        format!(
            "fetch('/api/sessions/{session}/fields/1/opinion', {{ method: 'POST', headers: {{ 'content-type': 'application/json', \
             'x-blastscope': '1' }}, body: JSON.stringify({{ started: '{started}', label: '{label}', by: 'C. D.', seen: {seen}, request: '{key}' }}) }}) \
             .then(async reply => [reply.status, (await reply.json()).reason ?? ''])"
        )
    };
    let first = browser.evaluate(&post(0, "Pre", "0123456789abcdef"));
    assert_eq!(first[0], 200, "{first}");
    assert_eq!(browser.evaluate(&post(0, "Pre", "0123456789abcdef"))[0], 200, "a repeated request is the same answer");
    let late = browser.evaluate(&post(0, "Pro", "fedcba9876543210"));
    assert_eq!(late[0], 409, "{late}");
    assert!(late[1].as_str().expect("text").contains("C. D."), "{late}");
    assert_eq!(site.field(session, 1).opinions.len(), 1);
    browser.wait_at_most(SOON, "document.querySelector('#field-1 .card-person').textContent.includes('Pre')");
}

#[test]
fn what_ends_or_changes_a_session_asks_first() {
    let Some(mut browser) = chromium("questions") else { return };
    let (site, _device, session) = shown(&mut browser, (2, 22), (800, 480), 2);
    let reader =
        || blastscope::record::RecordReader::open(&site.data()).expect("a record").session(session).expect("read");
    for way_back in ["Escape", "#confirm-dialog [data-close]"] {
        browser.click("#end-session");
        browser.wait_at_most(SOON, "document.querySelector('#confirm-dialog').open");
        let asked = browser.evaluate("document.querySelector('#confirm-dialog').textContent");
        assert!(asked.as_str().expect("text").contains(&format!("session {session}")), "{asked}");
        if way_back == "Escape" {
            browser.press(way_back);
        } else {
            browser.click(way_back);
        }
        browser.wait_at_most(SOON, "!document.querySelector('#confirm-dialog').open");
        assert!(reader().ended_utc.is_none(), "it is still open");
    }

    browser.click("#sign-off");
    browser.wait_at_most(SOON, "document.querySelector('#sign-dialog').open");
    browser.write("#sign-by", "E. F.");
    browser.press("Enter");
    browser.wait_at_most(SOON, "document.querySelector('#session-state').classList.contains('is-approved')");
    choose(&mut browser, 1);
    browser.evaluate("document.querySelector('[data-label=Pro]').click()");
    browser.wait_at_most(SOON, "document.querySelector('#confirm-dialog').open");
    let asked = browser.evaluate("document.querySelector('#confirm-dialog').textContent");
    assert!(asked.as_str().expect("text").contains("E. F."), "{asked}");
    browser.press("Escape");
    browser.wait_at_most(SOON, "!document.querySelector('#confirm-dialog').open");
    assert_eq!((reader().state, site.opinions(session)), (State::Approved, 0));
    browser.evaluate("document.querySelector('[data-label=Pro]').click()");
    // The second tap of a double tap is not an answer, wherever it falls.
    browser.wait_at_most(SOON, "document.querySelector('#confirm-dialog').open");
    browser.press("Enter");
    browser.wait_at_most(SOON, "!document.querySelector('#confirm-dialog').open");
    assert_eq!(site.opinions(session), 0);
    // A question opened before the close event of the last one is a separate question.
    browser.evaluate("document.querySelector('[data-label=Pro]').click()");
    browser.wait_at_most(SOON, "document.querySelector('#confirm-dialog').open");
    browser.evaluate(
        "document.querySelector('#confirm-dialog [data-close]').click(); \
         document.querySelector('[data-label=Pro]').click()",
    );
    agree(&mut browser);
    site.wait_for_opinions(session, 1);
    assert_eq!(reader().state, State::Changed);
}
