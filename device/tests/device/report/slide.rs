//! The slide's verdict in the reports.

use std::{fs, path::Path};

use blastscope::record::{CellLabel, LabelsSeen, Record, Says};
use blastscope_shared::Class;
use serde_json::Value;

use crate::{
    record::samples::{at, cell_labels, field_with_cells, named, new_session, opinion},
    report::{fhir_rules::violations, sessions::report},
};

/// A session of 11 fields that are surely Pre-B and one, number 4, that is surely benign.
pub fn write(folder: &Path) {
    let mut record = Record::open(folder).expect("opened").with_min_free(0);
    let session = record.start_session(&new_session("S-2026.009")).expect("written").session;
    for seed in 1..=12 {
        let class = if seed == 4 { Class::Benign } else { Class::Pre };
        let mut new = field_with_cells(named(class), seed, 20);
        new.judgement.probabilities = Some(if seed == 4 { [0.97, 0.01, 0.01, 0.01] } else { [0.01, 0.01, 0.97, 0.01] });
        record.add_field(session, &new).expect("written");
    }
    record.end_session(session, at(600), "over").expect("written");
}

fn reported(data: &Path, form: &str) -> Vec<u8> {
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("report");
    let (code, _, stderr) =
        report(data, &["--session", "1", &format!("--{form}"), file.to_str().expect("UTF-8"), "--min-fields", "10"]);
    assert_eq!(code, Some(0), "{stderr}");
    fs::read(&file).expect("written")
}

/// What people called the cells stands in every form, and nothing does where nobody has looked.
#[test]
fn the_cells_that_a_person_looked_at_are_counted_in_every_form() {
    let data = tempfile::tempdir().expect("a folder");
    write(data.path());
    let page = String::from_utf8(reported(data.path(), "html")).expect("UTF-8");
    assert!(page.contains("<dt>Looked at</dt><dd>0 of 240: nobody has labelled a cell</dd>"), "{page}");
    let fhir: Value = serde_json::from_slice(&reported(data.path(), "fhir")).expect("JSON");
    assert!(!fhir.to_string().contains("cells-blasts"));

    let mut record = Record::open(data.path()).expect("opened").with_min_free(0);
    let session = "1".parse().expect("a number");
    for (label, field, cells) in
        [(CellLabel::Blast, 1, &[1, 2, 3][..]), (CellLabel::Lymphocyte, 1, &[4]), (CellLabel::Debris, 2, &[1, 2])]
    {
        let labels = cell_labels("C. D.", Some(label), field, cells);
        record.label_cells(session, &labels, &LabelsSeen::default()).expect("labelled");
    }
    drop(record);
    let page = String::from_utf8(reported(data.path(), "html")).expect("UTF-8");
    for words in [
        "<dt>Looked at</dt><dd>6 of 240</dd>",
        "<dt>Called</dt><dd>3 blasts, 1 lymphocytes, 0 other, 2 debris, 0 not a cell</dd>",
        "<dt>Blasts</dt><dd>75.0 % (3 of 4, 95 % interval 30.1 to 95.4 %)</dd>",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let fhir: Value = serde_json::from_slice(&reported(data.path(), "fhir")).expect("JSON");
    assert_eq!(violations(&fhir), Vec::<String>::new());
    let contained = fhir["contained"].as_array().expect("observations");
    let blasts = contained.iter().find(|resource| resource["id"] == "cells-blasts").expect("an observation");
    assert_eq!((&blasts["valueQuantity"]["value"], &blasts["valueQuantity"]["code"]), (&3.into(), &"{cells}".into()));
    assert_eq!(blasts["component"][0]["valueQuantity"]["value"], 75.0);
    assert!(reported(data.path(), "pdf").starts_with(b"%PDF"));
}

#[test]
fn what_is_said_of_the_slide_comes_first_with_what_speaks_against_it() {
    let data = tempfile::tempdir().expect("a folder");
    write(data.path());
    let page = String::from_utf8(reported(data.path(), "html")).expect("UTF-8");
    for words in [
        "<dt>Slide</dt><dd>ALL suspected, Pre</dd>",
        "<dt>Probability</dt><dd>99 %</dd>",
        "<dt>Rests on</dt><dd>12 fields with a verdict, 240 cells</dd>",
        "<dt>Speaks against it</dt><dd>field 4</dd>",
        "a person signs below",
        "It is not a diagnosis",
    ] {
        assert!(page.contains(words), "{words}");
    }
    let first = page.find("<figure").expect("pictures");
    assert!(
        first < page.find("Counts").expect("counts") && page[first..].contains("4 · Benign"),
        "the field that differs"
    );
    assert_eq!(page.matches("<figure").count(), 13, "it is shown again among all fields");

    let resource: Value = serde_json::from_slice(&reported(data.path(), "fhir")).expect("JSON");
    assert_eq!(violations(&resource), [""; 0], "{resource:#}");
    let slide = &resource["contained"][1];
    assert_eq!((&slide["id"], &slide["valueCodeableConcept"]["text"]), (&"slide".into(), &"ALL suspected, Pre".into()));
    let text = |component: &Value| component["code"]["text"].as_str().expect("text").to_owned();
    let components = slide["component"].as_array().expect("components");
    let against = components.iter().find(|component| text(component).contains("speak against it")).expect("against");
    assert_eq!((&against["valueString"], slide.get("dataAbsentReason")), (&"4".into(), None));

    let pdf = reported(data.path(), "pdf");
    assert!(pdf.starts_with(b"%PDF-"));
}

#[test]
fn an_excluded_field_is_not_among_those_that_the_slide_rests_on() {
    let data = tempfile::tempdir().expect("a folder");
    write(data.path());
    let mut record = Record::open(data.path()).expect("opened").with_min_free(0);
    let session = blastscope::record::SessionId::new(1);
    let mut said = |says| {
        record.add_opinion(session, 4, &opinion("C. D.", says)).expect("saved");
        let page = String::from_utf8(reported(data.path(), "html")).expect("UTF-8");
        let resource: Value = serde_json::from_slice(&reported(data.path(), "fhir")).expect("JSON");
        (page, resource["contained"][1]["component"].to_string())
    };
    let (page, components) = said(Says::Excludes);
    assert!(page.contains("<dt>Rests on</dt><dd>11 fields with a verdict, 220 cells</dd>"), "{page}");
    assert!(!page.contains("Speaks against it") && !components.contains("speak against it"), "{components}");
    assert!(components.contains("\"value\":11"), "{components}");
    let (page, components) = said(Says::Undoes);
    assert!(page.contains("12 fields with a verdict, 240 cells"), "{page}");
    assert!(components.contains("speak against it"), "{components}");
}
