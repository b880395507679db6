//! Hands that are faster than the page: an answer within 100 ms of a change of selection counts for the field that the buttons
//! named, or not at all.

use std::{thread, time::Duration};

use blastscope::record::Label;

use super::{
    device::{choose, fields, shown},
    devtools::chromium,
};

/// Key and label of each answer.
const ANSWERS: [(&str, &str); 5] =
    [("1", "Benign"), ("2", "Early"), ("3", "Pre"), ("4", "Pro"), ("0", "not assessable")];

fn label(name: &str) -> Label {
    name.parse().expect("a label")
}

#[test]
fn an_answer_right_after_a_choice_is_of_the_field_that_was_chosen() {
    let Some(mut browser) = chromium("fast hands") else { return };
    // Then all slides are known: no more fields appear by themselves.
    let (site, _device, session) = shown(&mut browser, (6, 22), (1280, 800), 6);
    let (mut answers, mut expected) = (0, Vec::new());

    // By key, to older fields (the gallery has the newest first) and back.
    browser.evaluate("document.activeElement.blur()");
    let older = [(5, "1"), (4, "2"), (3, "3"), (2, "4"), (1, "0")];
    // A repeated answer would rightly not be saved.
    let newer = [(2, "1"), (3, "0"), (4, "3"), (5, "2"), (6, "4")];
    for (arrow, steps) in [("ArrowRight", older), ("ArrowLeft", newer)] {
        // The page tells hands to wait that answer a field again while its last answer is under way. No field's is, after this.
        thread::sleep(Duration::from_secs(2));
        for (number, key) in steps {
            browser.press(arrow);
            browser.press(key);
            answers += 1;
            let name = ANSWERS.iter().find(|answer| answer.0 == key).expect("a key").1;
            expected.push((number, name));
            site.wait_for_opinions(session, answers);
        }
    }
    for (number, name) in expected {
        let said: Vec<Label> =
            site.field(session, number).opinions.iter().filter_map(|opinion| opinion.label).collect();
        assert!(said.contains(&label(name)), "field {number}: {name} is not among {said:?}");
    }

    // By taps, on every screen, both without a pause.
    for (width, height) in [(1280, 800), (800, 480), (390, 844)] {
        browser.resize(width, height, width < 500);
        for (number, name) in [(5, "Pro"), (2, "Benign"), (6, "Early"), (1, "not assessable"), (3, "Pre")] {
            let newest = site.field(session, number).opinion().and_then(|opinion| opinion.label);
            // A repeated answer would rightly not be saved.
            let name = if newest == Some(label(name)) { "Benign" } else { name };
            let name = if newest == Some(label(name)) { "Early" } else { name };
            browser.evaluate(&format!(
                "(card => card.classList.contains('is-selected') || card.click())(document.querySelector('#field-{number}')); \
                 document.querySelector('[data-label={name:?}]').click()"
            ));
            answers += 1;
            site.wait_for_opinions(session, answers);
            let newest = site.field(session, number).opinion().and_then(|opinion| opinion.label);
            assert_eq!(newest, Some(label(name)), "field {number} at {width}x{height}");
            browser.wait_for(&format!(
                "document.querySelector('#field-{number} .card-person').textContent.includes(document.querySelector('[data-label={name:?}] .word').textContent)"
            ));
        }
    }
    assert_eq!(site.opinions(session), answers, "nothing else was answered");
}

#[test]
fn an_answer_that_was_on_its_way_is_not_taken_for_a_field_that_came_by_itself() {
    let Some(mut browser) = chromium("a field that comes by itself") else { return };
    let (site, _device, session) = shown(&mut browser, (8, 40), (1280, 800), 2);
    browser.evaluate("document.activeElement.blur()");
    // The hand comes down at the moment the panel switches to another field.
    for (place, event) in [
        ("document", "new KeyboardEvent('keydown', { key: '4', bubbles: true })"),
        ("document.querySelector('[data-label=Pro]')", "new MouseEvent('click', { bubbles: true })"),
    ] {
        browser.evaluate(&format!(
            "new Promise(done => {{ const head = document.querySelector('#correct-number'), was = head.textContent; \
             new MutationObserver((_, watch) => {{ if (head.textContent === was) return; watch.disconnect(); \
             setTimeout(() => {{ {place}.dispatchEvent({event}); done() }}, 60) }}) \
             .observe(head, {{ childList: true, characterData: true, subtree: true }}) }})"
        ));
        // Once another field has appeared, all requests are answered.
        let count = browser.evaluate("document.querySelectorAll('#fields li').length").as_u64().expect("a number");
        fields(&mut browser, count as usize + 1);
        let said: Vec<_> = (1..=count).map(|number| site.field(session, number).opinions.len()).collect();
        assert!(said.iter().all(|count| *count == 0), "{said:?}: nobody has looked at the field yet");
    }
}

#[test]
fn a_note_is_saved_with_the_field_that_it_was_written_for() {
    let Some(mut browser) = chromium("notes") else { return };
    let (site, device, session) = shown(&mut browser, (8, 40), (1280, 800), 1);
    let shown = |browser: &mut super::devtools::Browser| -> u64 {
        let text = browser.evaluate("document.querySelector('#correct-number').textContent");
        text.as_str()
            .expect("text")
            .trim_start_matches(|letter: char| !letter.is_ascii_digit())
            .parse()
            .expect("a number")
    };
    browser.write("#note", "folded nuclei");
    let number = shown(&mut browser);
    // Two more fields are taken while somebody writes.
    fields(&mut browser, number as usize + 2);
    browser.evaluate("document.querySelector('[data-label=Pro]').click()");
    site.wait_for_opinions(session, 1);
    let field = site.field(session, number);
    let opinion = field.opinion().expect("the note's field has the answer");
    assert_eq!((opinion.note.as_str(), opinion.label), ("folded nuclei", Some(label("Pro"))));

    // An unsent note survives other selections, another window's fields and a reload.
    choose(&mut browser, 1);
    browser.write("#note", "kept for later");
    choose(&mut browser, 2);
    assert_eq!(browser.evaluate("document.querySelector('#note').value"), "", "field 2 has its own note");
    browser.evaluate("document.querySelector('[data-label=Benign]').click()");
    site.wait_for_opinions(session, 2);
    assert_eq!(site.field(session, 2).opinion().map(|opinion| opinion.note.as_str()), Some(""));
    browser.visit("about:blank");
    browser.visit(&device.page);
    fields(&mut browser, 2);
    choose(&mut browser, 1);
    assert_eq!(browser.evaluate("document.querySelector('#note').value"), "kept for later");
}

#[test]
fn a_double_tap_saves_one_opinion() {
    let Some(mut browser) = chromium("double taps") else { return };
    let (site, _device, session) = shown(&mut browser, (3, 22), (390, 844), 3);
    let mut answers = 0;
    for pause in [0, 30, 400] {
        for (number, button) in [(1, "[data-label=Pre]"), (2, "#confirm"), (3, "[data-label='not assessable']")] {
            choose(&mut browser, number);
            if browser.evaluate(&format!("document.querySelector({button:?}).disabled")) == true {
                continue;
            }
            let before = site.field(session, number).opinions.len();
            let spoken = before > 0;
            browser.evaluate(&format!(
                "new Promise(done => {{ const button = document.querySelector({button:?}); button.click(); \
                 setTimeout(() => {{ button.click(); setTimeout(done, 600) }}, {pause}) }})"
            ));
            answers += usize::from(!spoken);
            site.wait_for_opinions(session, answers);
            let after = site.field(session, number).opinions.len();
            assert_eq!(after, 1, "field {number}, {button}, {pause} ms between the taps, {before} before");
        }
    }
    assert!(answers >= 2 && site.opinions(session) == answers, "{answers}");
}
