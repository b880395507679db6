//! The page in a real Chromium: verdicts, a correction that reaches the exports, the signature. Nothing leaves the machine, and the
//! browser logs no error.
//!
//! Runs if `BLASTSCOPE_BROWSER` names a Chromium, as in `make test` and `make page`. `BLASTSCOPE_SCREENSHOTS` takes pictures of the
//! window; `BLASTSCOPE_FIELDS` and `BLASTSCOPE_MODEL` choose other drawn fields and another model.

mod cells;
mod day;
mod device;
mod devtools;
mod fast_hands;
mod people;
mod proxy;
mod screens;
mod slide;
mod streams;
mod targets;

use crate::page::{program, scene};
use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use blastscope::record::{Label, RecordReader, Session, State};
use blastscope_shared::Class;
use tempfile::TempDir;

use self::{
    device::named,
    devtools::{Browser, chromium},
};

use crate::binary;

struct Shots(Option<PathBuf>);

impl Shots {
    fn take(&self, browser: &mut Browser, name: &str) {
        if let Some(folder) = &self.0 {
            browser.screenshot(&folder.join(format!("{name}.jpg")));
        }
    }
}

#[test]
fn the_page_works_in_a_browser() {
    let Some(mut browser) = chromium("the page in a browser") else { return };
    let folder = TempDir::new().expect("a folder");
    let data = folder.path().join("data");
    // The page shows the source's name as given: here one that reveals nothing about this machine.
    let slides = folder.path().join("slides");
    match named("BLASTSCOPE_FIELDS") {
        Some(fields) => {
            let fields = fs::canonicalize(fields).expect("BLASTSCOPE_FIELDS names a folder");
            std::os::unix::fs::symlink(fields, slides).expect("linked");
        }
        None => {
            fs::create_dir(&slides).expect("made");
            scene::draw_slides(&slides, 24, 640, 480);
        }
    }
    let tiny = binary::model();
    let model = fs::canonicalize(named("BLASTSCOPE_MODEL").unwrap_or(tiny)).expect("a model");
    let device =
        device::start(folder.path(), &model, &data, &["--listen", "127.0.0.1:0", "--fps", "16", "--hold", "32"]);
    let shots = Shots(named("BLASTSCOPE_SCREENSHOTS"));
    if let Some(folder) = &shots.0 {
        fs::create_dir_all(folder).expect("a folder for pictures");
    }
    browser.resize(1280, 800, false);
    browser.visit(&device.page);
    browser.wait_for("document.querySelector('#picture')?.naturalWidth > 0");

    // The notice is in view before any input, and verdicts appear by themselves.
    let notice = "(e => { const r = e.getBoundingClientRect(); return r.top >= 0 && r.bottom <= innerHeight && r.height > 0 && \
                  e.textContent === 'For Research Use Only. Not for use in diagnostic procedures.' })(document.querySelector('#notice'))";
    browser.wait_for(notice);
    browser.wait_for("['benign','early','pre','pro','abstain'].some(kind => document.querySelector('#verdict-box').classList.contains('is-' + kind))");
    browser.wait_for("Number(document.querySelector('#focus-bar').getAttribute('aria-valuenow')) > 0");
    shots.take(&mut browser, "no-session-1280x800");

    browser.click("#new-session");
    browser.wait_for("document.querySelector('#start-dialog').open");
    browser.write("#start-dialog [name=specimen]", "S-2026-0412");
    browser.write("#start-dialog [name=operator]", "A. B.");
    shots.take(&mut browser, "start-1280x800");
    browser.press("Enter");
    browser.wait_for("document.querySelectorAll('#fields li').length >= 8");

    correct(&mut browser);
    let reader = RecordReader::open(&data).expect("a record");
    let id = reader.sessions().expect("read")[0].id;
    assert_eq!(
        reader.field(id, 2).expect("read").opinion().and_then(|opinion| opinion.label),
        Some(Label::Class(Class::Pre))
    );
    assert_eq!(
        reader.field(id, 3).expect("read").opinion().and_then(|opinion| opinion.label),
        Some(Label::NotAssessable)
    );
    assert_eq!(
        reader.field(id, 4).expect("read").opinion().and_then(|opinion| opinion.label),
        Some(Label::Class(Class::Early))
    );

    for (width, height) in [(1280, 800), (800, 480), (390, 844)] {
        browser.resize(width, height, width < 500);
        browser.evaluate("scrollTo(0, 0)");
        browser.wait_for("['benign','early','pre','pro','abstain'].some(kind => document.querySelector('#verdict-box').classList.contains('is-' + kind))");
        assert_eq!(
            browser.evaluate("document.documentElement.scrollWidth <= innerWidth"),
            true,
            "{width}x{height} scrolls sideways"
        );
        assert_eq!(browser.evaluate(notice), true, "{width}x{height}");
        // Brief messages do not cover the notice.
        let clear = browser.evaluate(
            "(() => { const toast = document.querySelector('#toast'), was = toast.hidden; toast.hidden = false; \
             const [told, notice] = [toast, document.querySelector('footer')].map(e => e.getBoundingClientRect()); \
             toast.hidden = was; return told.bottom <= notice.top; })()",
        );
        assert_eq!(clear, true, "{width}x{height}");
        // Fingers need about 44 pixels.
        let small = browser.evaluate(
            "[...document.querySelectorAll('main button')].filter(e => e.offsetParent && e.offsetHeight < 38).map(e => e.id + e.textContent)",
        );
        assert_eq!(small, serde_json::json!([]), "{width}x{height}");
        shots.take(&mut browser, &format!("live-{width}x{height}"));
        slide_card(&mut browser, &shots, &format!("{width}x{height}"));
        browser.evaluate("scrollTo(0, innerHeight * .9)");
        browser.evaluate("new Promise(done => setTimeout(done, 300))");
        shots.take(&mut browser, &format!("below-{width}x{height}"));
    }
    browser.resize(1280, 800, false);
    browser.evaluate("scrollTo(0, 0)");
    browser.press("m");
    browser.wait_for("document.querySelector('#map').naturalWidth > 0");
    shots.take(&mut browser, "map-1280x800");
    browser.press("m");
    browser.click("#enlarge");
    browser
        .wait_for("document.querySelector('#large').open && document.querySelector('#large-picture').naturalWidth > 0");
    shots.take(&mut browser, "field-1280x800");
    browser.evaluate("document.querySelector('#large').close()");

    browser.evaluate("document.querySelector('#reports [data-query]').click()");
    browser.wait_for("document.querySelector('#toast').textContent.includes('.csv')");
    assert!(browser.requests().iter().any(|path| path.ends_with("/report/csv?excel=1")), "the table for Excel");

    browser.click("#sign-off");
    browser.wait_for("document.querySelector('#sign-dialog').open");
    browser.write("#sign-by", "E. F.");
    shots.take(&mut browser, "sign-1280x800");
    // Another field may be taken during the signature: then nothing is signed, and the question names the new number.
    let approved = "document.querySelector('#session-state').classList.contains('is-approved')";
    let asked_again = "!document.querySelector('#sign-dialog .problem').hidden";
    loop {
        browser.press("Enter");
        browser.wait_for(&format!("{approved} || {asked_again}"));
        if browser.evaluate(approved) == true {
            break;
        }
    }
    let session = reader.session(id).expect("read");
    assert_eq!((session.state, session.sign_offs[0].signed_by.as_str()), (State::Approved, "E. F."));
    browser.wait_for("!document.querySelector('#new-session').hidden");
    assert_eq!(
        browser.evaluate("document.querySelector('#record').classList.contains('is-bad')"),
        false,
        "nothing failed to be saved"
    );
    shots.take(&mut browser, "signed-1280x800");
    exported(&data, &session, folder.path());

    // Chromium reports every refused request, also a signature that was asked again.
    let asked_again = |text: &String| text.contains("409 (Conflict)") && text.contains("/sign-off");
    let complaints: Vec<String> = browser.complaints().into_iter().filter(|text| !asked_again(text)).collect();
    assert!(complaints.is_empty(), "the browser complains: {complaints:#?}");
    let requests = browser.requests();
    assert!(requests.len() > 20, "{requests:?}");
    let foreign: Vec<_> = requests
        .iter()
        .filter(|address| {
            !address.starts_with(&device.page)
                && !address.starts_with(&format!("blob:{}", device.page))
                && *address != "about:blank"
        })
        .collect();
    assert!(foreign.is_empty(), "requests to other hosts: {foreign:?}");
    drop(device);
    browser.wait_for("document.body.classList.contains('is-lost')");
    shots.take(&mut browser, "lost-1280x800");
}

/// The slide's verdict has a card of its own, that says what it is for.
fn slide_card(browser: &mut Browser, shots: &Shots, size: &str) {
    browser.wait_for(
        "['Benign', 'ALL suspected', 'Not enough yet'].includes(document.querySelector('#slide-word').textContent)",
    );
    browser.evaluate("document.querySelector('#slide').scrollIntoView({ block: 'center' })");
    let told = browser.evaluate("document.querySelector('#slide').innerText");
    let told = told.as_str().expect("text").to_owned();
    assert!(told.contains("Research Use Only") && told.contains("Not a diagnosis"), "{size}: {told}");
    assert!(told.contains("with a verdict"), "{size}: {told}");
    assert_eq!(browser.evaluate("document.querySelector('#slide-link').hidden"), false, "{size}");
    browser.evaluate("new Promise(done => setTimeout(done, 300))");
    shots.take(browser, &format!("slide-{size}"));
}

/// Corrections and signature from the page reach the table and the training folder while the page is still running.
fn exported(data: &Path, session: &Session, folder: &Path) {
    let export = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_blastscope"))
            .current_dir(folder)
            .args(["export", "--session", &session.id.to_string(), "--data-dir"])
            .arg(data)
            .args(arguments)
            .output()
            .expect("the program");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let table = |path: &Path| -> Vec<HashMap<String, String>> {
        csv::Reader::from_path(path).expect("opened").deserialize().map(|line| line.expect("a line")).collect()
    };
    export(&["--csv", "session.csv"]);
    let lines = table(&folder.join("session.csv"));
    assert_eq!(lines.len() as u64, session.fields);
    for (sequence, label, note) in [(2, "Pre", "large nucleoli"), (3, "not assessable", ""), (4, "Early", "")] {
        let line = &lines[sequence - 1];
        assert_eq!(
            [&line["sequence"], &line["label"], &line["note"], &line["labelled_by"], &line["state"]],
            [&sequence.to_string(), label, note, "A. B.", "approved"],
        );
    }
    export(&["--for-training", "corrected"]);
    for (class, sequence) in [("Pre", 2), ("Early", 4)] {
        let file = folder.join(format!("corrected/{class}/s{}-f{sequence}-{}.jpg", session.id, session.specimen));
        let picture = fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let reader = RecordReader::open(data).expect("a record");
        assert_eq!(picture, reader.picture(session.id, sequence).expect("read").bytes, "{}", file.display());
    }
    assert_eq!(table(&folder.join("corrected/manifest.csv")).len(), 2, "fields that are not assessable are left out");
}

/// Corrects field 2 by a tap, fields 3 and 4 by keys.
fn correct(browser: &mut Browser) {
    let opinion = |number: u32| format!("document.querySelector('#field-{number}').dataset.opinion !== ''");
    // Keys only apply to a field that has been visible for a moment.
    let settle = "new Promise(done => setTimeout(done, 900))";
    browser.click("#field-2");
    browser.evaluate(settle);
    browser.write("#note", "large nucleoli");
    browser.click("[data-label=Pre]");
    browser.wait_for(&opinion(2));
    browser.evaluate("document.activeElement.blur()");
    for (number, key) in [(3, "0"), (4, "2")] {
        browser.press("ArrowLeft");
        browser.wait_for(&format!("document.querySelector('#field-{number}').classList.contains('is-selected')"));
        browser.evaluate(settle);
        browser.press(key);
        browser.wait_for(&opinion(number));
    }
}
