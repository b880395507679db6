//! PDF and HTML.

use std::{fs, path::Path, process::Command};

use blastscope::record::{Label, NewOpinion, NewSession, Says, path_in};
use blastscope_shared::Rate;
use rusqlite::Connection;
use serde_json::Value;

use crate::{
    binary::model,
    record::samples::{at, names, new_session, opinion},
    report::sessions::{HOSTILE, hostile, report, tiny_hash, write},
};

const NOTICE: &str = "For Research Use Only. Not for use in diagnostic procedures.";

/// The HTML page of session 1.
fn page(data: &Path, arguments: &[&str]) -> String {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("report.html");
    let mut all = vec!["--session", "1", "--html", file.to_str().expect("UTF-8")];
    all.extend(arguments);
    let (code, _, stderr) = report(data, &all);
    assert_eq!(code, Some(0), "{stderr}");
    fs::read_to_string(&file).expect("written")
}

/// Output of a poppler tool for a PDF; `None` if it is not installed.
fn poppler(tool: &str, arguments: &[&str], file: &Path) -> Option<String> {
    let mut command = Command::new(tool);
    command.args(arguments).arg(file);
    if tool == "pdftotext" {
        command.arg("-");
    }
    match command.output() {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8(output.stdout).expect("UTF-8"))
        }
        Err(error) => {
            println!("SKIPPED: the text of the PDF; {tool} of poppler-utils cannot be run ({error})");
            None
        }
    }
}

#[test]
fn the_page_says_what_the_record_holds() {
    let data = tempfile::tempdir().expect("a folder");
    let (mut record, session) = write(data.path(), &new_session("S-2026.007"), 8);
    let draft = page(data.path(), &[]);
    // Seeds 1 to 8 are Benign, Early, Early, Pre, Pre, Pro, Pro, Benign; the first is corrected to Early.
    for (class, said, corrected) in
        [("Benign (hematogones)", 2, 1), ("Early pre-B", 2, 3), ("Pre-B", 2, 2), ("Pro-B", 2, 2)]
    {
        let cell = |count: usize| {
            let rate = Rate::new(count, 8);
            let (low, high) = (rate.low * 100.0, rate.high * 100.0);
            format!("<td class=\"number\">{count}</td><td>{:.1} % ({low:.1} to {high:.1})</td>", count as f64 / 0.08)
        };
        let row = format!("<th scope=\"row\">{class}</th>{}{}</tr>", cell(said), cell(corrected));
        assert!(draft.contains(&row), "{row}");
    }
    for words in [
        "<th scope=\"row\">abstained</th><td class=\"number\">1</td>",
        "<th scope=\"row\">rejected by the gate</th><td class=\"number\">1</td>",
        "<dt>Slide</dt><dd>Not enough yet</dd>",
        "<dt>Missing</dt><dd>2 more fields with a verdict are needed</dd>",
        "<dt>Rests on</dt><dd>8 fields with a verdict; 2 fields without a verdict</dd>",
        "<strong>Draft</strong>",
        "<strong>Insufficient</strong> 8 of at least 50 fields are called benign or malignant",
        "not patients",
        "S-2026.007",
        "2026-11-25 00:00:00 UTC",
        "corrected to Early pre-B by C. D.",
        "confirmed by C. D.",
        "probability 75 %",
        "too dark: turn up the lamp",
        &"0a".repeat(32),
        "the model&#39;s file was not available",
        NOTICE,
    ] {
        assert!(draft.contains(words), "{words}");
    }
    assert!(draft.find("<h2>Slide</h2>") < draft.find("<strong>Draft"), "the slide comes first");
    assert_eq!(draft.matches("<figure").count(), 10);
    assert_eq!(draft.matches("<img src=\"data:image/jpeg;base64,").count(), 10);

    let head = record.sign_off(session, "E. F.", at(700)).expect("signed").head.to_string();
    let approved = page(data.path(), &["--min-fields", "8", "--max-pictures", "3"]);
    assert!(approved.contains("<strong>Approved</strong> Signed off by E. F. on 2026-11-25 00:11:40 UTC."), "approved");
    assert!(approved.contains(&head) && !approved.contains("Insufficient") && !approved.contains("Draft"));
    assert_eq!(approved.matches("<figure").count(), 3);
    assert!(approved.contains("The first 3 of 10 fields are shown; the other 7 are only counted."));
    assert!(page(data.path(), &["--min-fields", "9"]).contains("8 of at least 9"));
}

#[test]
fn names_and_notes_cannot_become_markup_and_the_page_asks_for_nothing() {
    let data = tempfile::tempdir().expect("a folder");
    drop(hostile(data.path()));
    let page = page(data.path(), &[]);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;amp;&lt;/style&gt;"));
    assert!(page.contains("&lt;/dd&gt;&lt;img src=x onerror=alert(1)&gt;") && !page.contains('\u{202e}'));
    // All markup is ours: every tag, and every attribute that could cause a request.
    let mut rest = page.as_str();
    let known = [
        "!DOCTYPE",
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "p",
        "main",
        "header",
        "h1",
        "h2",
        "strong",
        "section",
        "dl",
        "div",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
        "span",
        "figure",
        "figcaption",
        "img",
        "footer",
    ];
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let name = rest.trim_start_matches('/').split([' ', '>', '\n']).next().expect("a name");
        assert!(known.contains(&name), "<{name}>");
    }
    assert!(
        !page.contains("http://") && !page.contains("https://") && !page.contains("url(") && !page.contains("@import")
    );
    let sources: Vec<&str> = page.split(" src=\"").skip(1).collect();
    assert_eq!(sources.len(), 8);
    assert!(sources.iter().all(|source| source.starts_with("data:image/jpeg;base64,")));
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn the_pdf_has_its_notice_on_every_page_and_text_that_can_be_searched() {
    let data = tempfile::tempdir().expect("a folder");
    let (mut record, session) = hostile(data.path());
    record.sign_off(session, "Dr. Čapková", at(700)).expect("signed");
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("report.pdf");
    let (code, stdout, stderr) = report(data.path(), &["--session", "1", "--pdf", file.to_str().expect("UTF-8")]);
    assert!(
        code == Some(0) && stdout.contains("insufficient: 5 of at least 50") && stdout.contains(NOTICE),
        "{stderr}"
    );
    assert_eq!(names(place.path()), ["report.pdf"], "nothing temporary is left");
    let bytes = fs::read(&file).expect("written");
    assert!(bytes.starts_with(b"%PDF-") && bytes.trim_ascii_end().ends_with(b"%%EOF"));
    let raw = String::from_utf8_lossy(&bytes);
    for word in ["/Lang", "/StructTreeRoot", "/FontFile2", "/ToUnicode", "/DCTDecode", "S-2026.003"] {
        assert!(raw.contains(word), "{word}");
    }
    assert!(!raw.contains("/URI") && !raw.contains("/JavaScript"));
    let Some(text) = poppler("pdftotext", &["-layout"], &file) else { return };
    let pages: Vec<&str> = text.split('\u{c}').filter(|page| !page.trim().is_empty()).collect();
    assert!(pages.len() > 1 && pages.iter().all(|page| page.contains(NOTICE)), "{text}");
    assert!(pages.iter().enumerate().all(|(index, page)| page.contains(&format!(
        "page {} of {}",
        index + 1,
        pages.len()
    ))));
    let letters = |text: &str| text.split_whitespace().collect::<String>();
    for words in ["Dr. Čapková", HOSTILE, "S-2026.003", "Insufficient", "not assessable", "not patients", "Wilson"] {
        assert!(letters(&text).to_lowercase().contains(&letters(words).to_lowercase()), "{words}: {text}");
    }
    if let Some(information) = poppler("pdfinfo", &[], &file) {
        for words in ["Title:", "S-2026.003, session 1", "Tagged:          yes", "A4"] {
            assert!(information.contains(words), "{words}: {information}");
        }
    }
}

#[test]
fn excluded_fields_are_named_and_not_shown_and_malignant_needs_no_class() {
    let data = tempfile::tempdir().expect("a folder");
    let (mut record, session) = write(data.path(), &new_session("S-2026.007"), 8);
    let exclusion = NewOpinion { note: "oil on the lens".into(), ..opinion("G. H.", Says::Excludes) };
    record.add_opinion(session, 3, &exclusion).expect("added");
    record.add_opinion(session, 4, &opinion("G. H.", Says::Corrects(Label::Malignant))).expect("added");
    let shown = page(data.path(), &[]);
    assert!(shown.contains("field 3, taken by mistake, by G. H.") && shown.contains("oil on the lens"), "{shown}");
    assert!(shown.contains("corrected to malignant, subtype not named by G. H."), "{shown}");
    assert!(
        shown.contains("9: 1 confirmed and 2 corrected by a person, 6 unanswered, 2 of them without any assessment")
    );
    assert_eq!(shown.matches("<figure").count(), 9, "every field but the excluded one");
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("report.json");
    let (code, _, stderr) = report(data.path(), &["--session", "1", "--fhir", file.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(0), "{stderr}");
    let fhir: Value = serde_json::from_slice(&fs::read(&file).expect("written")).expect("JSON");
    assert!(fhir["conclusion"].as_str().is_some_and(|text| text.contains("not counted: 1 of 10 fields")), "{fhir}");
    let observations = fhir["contained"].as_array().expect("a list");
    let count =
        |id: &str| observations.iter().find(|other| other["id"] == id).map(|other| &other["valueQuantity"]["value"]);
    assert_eq!(count("corrected-subtype-not-sure"), Some(&Value::from(1)));
}

#[test]
fn hand_overs_the_old_pseudonym_and_reopenings_stand_in_the_report() {
    let data = tempfile::tempdir().expect("a folder");
    let (mut record, session) = write(data.path(), &new_session("S-2026.070"), 2);
    record.hand_over(session, "G. H.", at(600)).expect("handed over");
    record.correct_specimen(session, "S-2026.007", "G. H.", at(610)).expect("corrected");
    record.end_session(session, at(620), "stopped").expect("ended");
    record.reopen(session, "G. H.", at(630)).expect("reopened");
    let shown = page(data.path(), &[]);
    for expected in
        ["from A. B. to G. H. on ", "from S-2026.070 to S-2026.007 by G. H. on ", "after 4 fields, by G. H."]
    {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("report.json");
    let (code, _, stderr) = report(data.path(), &["--session", "1", "--fhir", file.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(0), "{stderr}");
    let fhir: Value = serde_json::from_slice(&fs::read(&file).expect("written")).expect("JSON");
    assert_eq!(fhir["subject"]["identifier"]["value"], "S-2026.007");
    let performers = fhir["performer"].as_array().expect("a list").iter().map(|name| name["display"].as_str());
    assert_eq!(performers.collect::<Vec<_>>(), [Some("A. B."), Some("G. H.")]);
}

#[test]
fn heat_maps_need_the_model_that_judged_the_session() {
    let data = tempfile::tempdir().expect("a folder");
    let model = model();
    let model = model.to_str().expect("UTF-8");
    drop(write(data.path(), &NewSession { model_sha256: tiny_hash(), ..new_session("S-1") }, 2));
    let with_maps = page(data.path(), &["--model", model]);
    // Two with a class and one abstained have maps; the rejected one has none.
    assert_eq!(with_maps.matches("with the places that speak for").count(), 3);
    assert_eq!(with_maps.matches("<img").count(), 4 + 3);
    assert!(with_maps.contains("Grad-CAM") && with_maps.contains("<strong>Drawn model</strong>"));
    let pictures: Vec<&str> =
        with_maps.split("<img src=\"").skip(1).map(|rest| rest.split('"').next().expect("a URI")).collect();
    assert_ne!(pictures[0], pictures[1], "a map is not its picture");
    assert!(!page(data.path(), &[]).contains("Grad-CAM"));

    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("r.pdf");
    let other = tempfile::tempdir().expect("a folder");
    drop(write(other.path(), &new_session("S-2"), 2));
    let arguments = ["--session", "1", "--pdf", file.to_str().expect("UTF-8"), "--model", model];
    let (code, _, stderr) = report(other.path(), &arguments);
    assert!(code == Some(2) && stderr.contains(&"0a".repeat(32)) && stderr.contains("--model"), "{stderr}");
    assert!(names(place.path()).is_empty());
}

#[test]
fn what_cannot_be_reported_is_said_and_nothing_is_written() {
    let data = tempfile::tempdir().expect("a folder");
    drop(write(data.path(), &new_session("S-1"), 2));
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("r.html").display().to_string();
    let (code, _, stderr) = report(data.path(), &["--session", "9", "--html", &file]);
    assert!(code == Some(2) && stderr.contains("no session 9"), "{stderr}");
    let (code, _, stderr) = report(data.path(), &["--session", "1"]);
    assert!(code == Some(2) && stderr.contains("--pdf"), "{stderr}");
    let absent = place.path().join("no/r.html").display().to_string();
    let (code, _, stderr) = report(data.path(), &["--session", "1", "--html", &absent]);
    assert!(code == Some(2) && stderr.contains("its folder does not exist"), "{stderr}");
    let raw = Connection::open(path_in(data.path())).expect("opened");
    raw.execute_batch("DROP TRIGGER fields_never_updated; UPDATE fields SET class = 'Pro' WHERE id = 1")
        .expect("spoiled");
    let (code, _, stderr) = report(data.path(), &["--session", "1", "--html", &file]);
    assert!(code == Some(1) && stderr.contains("column class"), "{stderr}");
    assert!(names(place.path()).is_empty());
}

#[test]
fn programs_get_one_object() {
    let data = tempfile::tempdir().expect("a folder");
    drop(write(data.path(), &new_session("S-1"), 4));
    let place = tempfile::tempdir().expect("a folder");
    let file = |name: &str| place.path().join(name).display().to_string();
    let (pdf, html, fhir) = (file("r.pdf"), file("r.html"), file("r.json"));
    let all = ["--session", "1", "--json", "--pdf", &pdf, "--html", &html, "--fhir", &fhir];
    let (code, stdout, stderr) = report(data.path(), &all);
    let json: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!((code, &json["fields"], &json["assessed"]), (Some(0), &6.into(), &4.into()), "{stderr}");
    assert_eq!((&json["insufficient"], &json["state"]), (&true.into(), &"draft".into()));
    assert_eq!(json["files"], serde_json::json!([pdf, html, fhir]));
    assert_eq!(names(place.path()), ["r.html", "r.json", "r.pdf"]);
}

/// If the machine's time zone is not UTC, times are local, with their offset.
#[test]
fn times_are_those_of_the_clock_on_the_wall() {
    let data = tempfile::tempdir().expect("a folder");
    drop(write(data.path(), &new_session("S-1"), 2));
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("r.html");
    let output = Command::new(env!("CARGO_BIN_EXE_blastscope"))
        .args(["report", "--session", "1", "--data-dir"])
        .arg(data.path())
        .arg("--html")
        .arg(&file)
        .env("TZ", "<+0530>-5:30")
        .env("BLASTSCOPE_CONFIG", Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/blastscope.toml"))
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let page = fs::read_to_string(&file).expect("written");
    assert!(page.contains("2026-11-25 05:30:00 +05:30 (00:00:00 UTC)"), "{page}");
}

/// Nobody signed the tests' tiny model.
#[test]
fn a_model_that_nobody_signed_is_said() {
    let data = tempfile::tempdir().expect("a folder");
    drop(write(data.path(), &NewSession { model_sha256: tiny_hash(), ..new_session("S-1") }, 2));
    let model = model();
    let known = page(data.path(), &["--model", model.to_str().expect("UTF-8")]);
    assert!(known.contains("<strong>Unsigned model</strong>") && known.contains("not signed"));
    assert!(page(data.path(), &[]).contains("signature unknown"));
}

/// Letters that no font of the machine has must not become boxes in an approved document.
#[test]
fn a_name_that_cannot_be_written_is_refused_with_what_to_install() {
    let data = tempfile::tempdir().expect("a folder");
    let new = NewSession { operator: "ডাঃ রহিমা খাতুন".into(), ..new_session("S-1") };
    drop(write(data.path(), &new, 2));
    let place = tempfile::tempdir().expect("a folder");
    let run = |form: &str, fonts: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_blastscope"))
            .args(["report", "--session", "1", form])
            .arg(place.path().join("r"))
            .arg("--data-dir")
            .arg(data.path())
            .env("BLASTSCOPE_FONTS", fonts)
            .env("BLASTSCOPE_CONFIG", Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/blastscope.toml"))
            .output()
            .expect("it runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = run("--pdf", place.path());
    assert_eq!(code, Some(2), "{said}");
    for words in ["U+09A1", "fonts-noto-core", "web page"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(names(place.path()).is_empty());
    assert_eq!(run("--html", place.path()).0, Some(0));
}

/// Not a check but something to view: a report with heat maps by the shipped model, in the folder that `BLASTSCOPE_SHOW` names.
#[test]
fn a_report_to_look_at() {
    let Some(folder) = std::env::var_os("BLASTSCOPE_SHOW").map(std::path::PathBuf::from) else {
        println!("SKIPPED: a report to view; BLASTSCOPE_SHOW names no folder");
        return;
    };
    let data = tempfile::tempdir().expect("a folder");
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/blastscope.bsm");
    let classifier =
        blastscope::model::open(&model, blastscope_shared::engine::network::Execution::default()).expect("a model");
    // Names in other scripts need fonts; BLASTSCOPE_FONTS may name their folder.
    let fonts = std::env::var_os("BLASTSCOPE_FONTS").is_some();
    let [operator, signs, notes] = if fonts {
        ["ডাঃ রহিমা খাতুন, শ্রীমতী", "王小明 (Wáng)", "محمد: خلايا كبيرة 12, דנה"]
    } else {
        ["A. B.", "E. F.", "large"]
    };
    let new = NewSession {
        model_sha256: classifier.model_id().into(),
        operator: operator.into(),
        ..new_session("S-2026.007")
    };
    let (mut record, session) = write(data.path(), &new, 9);
    let mut noted = opinion(signs, Says::Corrects(Label::NotAssessable));
    noted.note = notes.into();
    record.add_opinion(session, 3, &noted).expect("written");
    record.end_session(session, at(600), "stopped").expect("written");
    record.sign_off(session, signs, at(700)).expect("signed");
    let file = |name: &str| folder.join(name).display().to_string();
    let (plain, maps) = (file("plain.pdf"), file("maps.pdf"));
    let (page, fhir) = (file("report.html"), file("report.json"));
    let model = model.to_str().expect("UTF-8");
    for arguments in [
        vec!["--session", "1", "--pdf", &plain],
        vec!["--session", "1", "--pdf", &maps, "--html", &page, "--fhir", &fhir, "--model", model, "--min-fields", "5"],
    ] {
        let (code, stdout, stderr) = report(data.path(), &arguments);
        assert_eq!(code, Some(0), "{stdout}{stderr}");
    }
}
