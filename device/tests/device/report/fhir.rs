//! The FHIR resource.

use std::{fs, path::Path};

use blastscope::record::{Label, Says};
use blastscope_shared::{Class, Rate};
use serde_json::{Value, json};

use crate::{
    record::samples::{at, new_session, opinion},
    report::fhir_rules::violations,
    report::sessions::{HOSTILE, hostile, report, write},
};

fn resource(data: &Path) -> Value {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("report.json");
    let (code, _, stderr) = report(data, &["--session", "1", "--fhir", file.to_str().expect("UTF-8")]);
    assert_eq!(code, Some(0), "{stderr}");
    serde_json::from_slice(&fs::read(&file).expect("written")).expect("JSON")
}

fn observation<'a>(resource: &'a Value, id: &str) -> &'a Value {
    let contained = resource["contained"].as_array().expect("resources");
    contained.iter().find(|inner| inner["id"] == id).expect(id)
}

#[test]
fn the_resource_follows_r4_in_every_state() {
    let data = tempfile::tempdir().expect("a folder");
    let (mut record, session) = write(data.path(), &new_session("S-2026.007"), 8);
    let status = |data: &Path| {
        let resource = resource(data);
        assert_eq!(violations(&resource), [""; 0], "{resource:#}");
        let inner = resource["contained"].as_array().expect("resources");
        assert!(inner[1..].iter().all(|inner| inner["status"] == resource["status"]));
        (
            resource["status"].as_str().expect("a code").to_string(),
            resource["resultsInterpreter"].as_array().map_or(0, Vec::len),
        )
    };
    assert_eq!(status(data.path()), ("preliminary".into(), 0));
    record.end_session(session, at(600), "stopped").expect("written");
    record.sign_off(session, "E. F.", at(700)).expect("written");
    assert_eq!(status(data.path()), ("final".into(), 1));
    let changed = opinion("C. D.", Says::Corrects(Label::Class(Class::Pro)));
    record.add_opinion(session, 4, &changed).expect("written");
    assert_eq!(status(data.path()), ("preliminary".into(), 1));
    record.sign_off(session, "E. F.", at(800)).expect("written");
    assert_eq!(status(data.path()), ("amended".into(), 2));
}

#[test]
fn counts_shares_model_and_pseudonym_are_in_it_and_a_label_says_who_asserted_it() {
    let data = tempfile::tempdir().expect("a folder");
    drop(write(data.path(), &new_session("S-2026.007"), 8));
    let resource = resource(data.path());
    let security = &resource["meta"]["security"][0];
    assert_eq!(security["system"], "http://terminology.hl7.org/CodeSystem/v3-ObservationValue");
    assert_eq!(security["code"], "AIAST");
    assert_eq!(resource["subject"]["identifier"]["value"], "S-2026.007");
    assert!(resource["subject"].get("display").is_none() && resource["subject"].get("reference").is_none());
    assert_eq!(resource["effectivePeriod"], json!({ "start": "2026-11-25T00:00:00.000Z" }));
    let model = observation(&resource, "model");
    assert_eq!(
        (&model["identifier"][0]["value"], &model["deviceName"][0]["name"]),
        (&"0a".repeat(32).into(), &"allcnn".into())
    );
    let slide = observation(&resource, "slide");
    assert_eq!(resource["result"][0]["reference"], "#slide", "it comes first");
    let missing = slide["dataAbsentReason"]["text"].as_str().expect("a reason");
    assert_eq!(missing, "Not enough yet: 2 more fields with a verdict are needed");
    assert_eq!(
        (&slide["component"][0]["valueQuantity"]["value"], slide.get("valueCodeableConcept")),
        (&8.into(), None)
    );
    for (id, count) in [
        ("said-benign", 2),
        ("said-early", 2),
        ("corrected-benign", 1),
        ("corrected-early", 3),
        ("corrected-judged", 8),
        ("said-abstained", 1),
        ("said-rejected", 1),
        ("corrected-not-assessable", 0),
    ] {
        assert_eq!(observation(&resource, id)["valueQuantity"]["value"], count, "{id}");
    }
    let interval = &observation(&resource, "corrected-early")["component"][1]["valueRange"];
    let rate = Rate::new(3, 8);
    let close = |value: &Value, share: f64| (value["value"].as_f64().expect("a number") - share * 100.0).abs() < 0.0051;
    assert!(close(&interval["low"], rate.low) && close(&interval["high"], rate.high), "{interval}");
    let conclusion = resource["conclusion"].as_str().expect("text");
    for words in ["Insufficient: 8 of at least 50", "not patients", "For Research Use Only"] {
        assert!(conclusion.contains(words), "{conclusion}");
    }
    // Only codes known to be right: labels, and units of UCUM.
    let mut systems: Vec<String> = Vec::new();
    let text = resource.to_string();
    systems.extend(text.split("\"system\":\"").skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
    systems.sort();
    systems.dedup();
    assert_eq!(
        systems,
        [
            "http://terminology.hl7.org/CodeSystem/v3-ActReason",
            "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
            "http://unitsofmeasure.org"
        ]
    );
}

#[test]
fn a_session_without_fields_and_hostile_names_are_fine_too() {
    let data = tempfile::tempdir().expect("a folder");
    let mut record = blastscope::record::Record::open(data.path()).expect("opened").with_min_free(0);
    record.start_session(&new_session("S-1")).expect("written");
    assert_eq!(violations(&resource(data.path())), [""; 0]);
    let data = tempfile::tempdir().expect("a folder");
    drop(hostile(data.path()));
    let resource = resource(data.path());
    assert_eq!(violations(&resource), [""; 0]);
    assert_eq!(resource["performer"][0]["display"], HOSTILE);
}

/// The rules detect errors.
#[test]
fn broken_resources_are_found() {
    let data = tempfile::tempdir().expect("a folder");
    drop(write(data.path(), &new_session("S-1"), 2));
    let whole = resource(data.path());
    let spoiled = |spoil: &dyn Fn(&mut Value)| {
        let mut resource = whole.clone();
        spoil(&mut resource);
        violations(&resource).join("; ")
    };
    for (spoil, words) in [
        (&(|r: &mut Value| r["status"] = "done".into()) as &dyn Fn(&mut Value), "is no code:"),
        (&|r| drop(r.as_object_mut().map(|r| r.remove("code"))), "code is missing"),
        (&|r| r["patient"] = "x".into(), "patient is unknown"),
        (&|r| r["contained"][1]["meta"] = json!({ "security": [{ "code": "AIAST" }] }), "dom-5"),
        (&|r| r["contained"][1]["id"] = "other".into(), "ref-1"),
        (&|r| r["result"] = json!([{ "reference": "#model" }]), "dom-3"),
        (&|r| r["issued"] = "yesterday".into(), "is no instant"),
        (&|r| r["contained"][1]["valueQuantity"]["value"] = "3".into(), "is no number"),
        (&|r| r["effectivePeriod"]["end"] = "2020-01-01T00:00:00.000Z".into(), "per-1"),
        (&|r| r["text"]["div"] = "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p></div>".into(), "is no xhtml"),
    ] {
        let found = spoiled(spoil);
        assert!(found.contains(words), "{words}: {found}");
    }
}
