//! The report as a FHIR R4 `DiagnosticReport` (JSON), with the model as `Device`, and the slide and the counts as
//! `Observation`s inside.
//!
//! * The subject is a pseudonym only: an identifier, no name and no reference to be resolved.
//! * `meta.security` says that an artificial intelligence asserted the content (`AIAST`, as HL7's "AI Transparency on FHIR"
//!   requires) and that it is for research (`HRESCH`). Contained resources have no security label: R4's rule dom-5 forbids it.
//! * The slide's verdict is an `Observation` of its own, the first; without a verdict it says what is missing.
//! * Counts have no code: LOINC has none for fields by class, and we do not invent one. They are described in text.
//! * A session changed after its sign-off is `preliminary` until it is signed off again.

use blastscope_shared::{Class, Rate};
use serde_json::{Value, json};

use super::{Report, malignant_share, share, words};
use crate::{
    RESEARCH_USE,
    record::{CellCount, Period, State, Tally},
};

/// The resource, as JSON.
#[must_use]
pub fn diagnostic_report(report: &Report) -> Value {
    let session = &report.session;
    let (contained, results) = contained(report);
    let mut resource = json!({
        "resourceType": "DiagnosticReport",
        "meta": { "security": [
            {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
                "code": "AIAST",
                "display": "Artificial Intelligence asserted",
            },
            {
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                "code": "HRESCH",
                "display": "healthcare research",
            },
        ]},
        "language": "en",
        "text": { "status": "generated", "div": narrative(report) },
        "contained": contained,
        "identifier": [
            { "type": { "text": "device and session" }, "value": format!("{}/{}", session.device_id, session.id) },
            { "type": { "text": "head of the audit log, SHA-256" }, "value": report.head.to_string() },
        ],
        "status": status(session.state),
        "category": [{ "text": "research" }],
        "code": { "text": "Fields of a blood smear, counted by class (research use only)" },
        "subject": {
            "type": "Patient",
            "identifier": { "type": { "text": "pseudonym" }, "value": session.specimen },
        },
        "effectivePeriod": period(report),
        "issued": report.written_utc,
        "performer": session.operators().into_iter()
            .map(|name| json!({ "type": "Practitioner", "display": name })).collect::<Vec<_>>(),
        "result": results,
        "conclusion": conclusion(report),
    });
    let signed: Vec<Value> = session
        .sign_offs
        .iter()
        .map(|signed| json!({ "type": "Practitioner", "display": format!("{}, {} {}", signed.signed_by, signed.kind, signed.signed_utc) }))
        .collect();
    if !signed.is_empty() {
        resource["resultsInterpreter"] = signed.into();
    }
    resource
}

/// Status of the report and of its observations.
const fn status(state: State) -> &'static str {
    match state {
        State::Draft | State::Changed => "preliminary",
        State::Approved => "final",
        State::Amended => "amended",
    }
}

fn period(report: &Report) -> Value {
    let Period { start_utc, end_utc, .. } = report.session.period();
    match end_utc {
        Some(end) => json!({ "start": start_utc, "end": end }),
        None => json!({ "start": start_utc }),
    }
}

/// The device, the observations, and references to the observations.
fn contained(report: &Report) -> (Vec<Value>, Vec<Value>) {
    let counts = &report.counts;
    let mut observations = vec![slide(report)];
    for (tally, id, how) in
        [(&counts.said, "said", "as the model said"), (&counts.corrected, "corrected", "as corrected by people")]
    {
        observations.extend(Class::ALL.into_iter().map(|class| {
            let name = class.name().to_lowercase();
            let text = format!("Fields of class {}, {how}", words::long_name(class));
            let count = tally.classes[class.index()];
            observation(report, &format!("{id}-{name}"), &text, count, Some(&share(tally, class)))
        }));
        let text = format!("Fields called malignant, whatever their subtype, {how}");
        let malignant = malignant_share(tally);
        observations.push(observation(report, &format!("{id}-malignant"), &text, tally.malignant(), Some(&malignant)));
        observations.extend(others(tally).into_iter().map(|(name, text, count)| {
            observation(report, &format!("{id}-{name}"), &format!("Fields {text}, {how}"), count, None)
        }));
    }
    observations.extend(cells(report));
    let results = observations
        .iter()
        .filter_map(|observation| observation["id"].as_str())
        .map(|id| json!({ "reference": format!("#{id}") }))
        .collect();
    let mut contained = vec![device(report)];
    contained.extend(observations);
    (contained, results)
}

/// What people called the cells that they looked at, if they looked at any.
fn cells(report: &Report) -> Vec<Value> {
    let count = &report.cells;
    if count.looked_at() == 0 {
        return Vec::new();
    }
    let CellCount { blasts, lymphocytes, others, debris, not_cells, .. } = *count;
    let mut counted: Vec<Value> = [
        ("blasts", "blasts", blasts),
        ("lymphocytes", "lymphocytes", lymphocytes),
        ("others", "other nucleated cells", others),
        ("debris", "debris", debris),
        ("not-cells", "not a cell", not_cells),
    ]
    .into_iter()
    .map(|(name, text, number)| {
        let mut observation = about(report, &format!("cells-{name}"), &format!("Cells that a person called {text}"));
        observation["valueQuantity"] =
            json!({ "value": number, "unit": "cells", "system": "http://unitsofmeasure.org", "code": "{cells}" });
        observation
    })
    .collect();
    let share = count.blast_share();
    if let Some(value) = share.value {
        counted[0]["component"] = json!([
            { "code": { "text": "share of the whole nucleated cells looked at" }, "valueQuantity": percent(value) },
            interval(&share),
        ]);
    }
    counted
}

/// The 95 % interval of a share.
fn interval(rate: &Rate) -> Value {
    json!({
        "code": { "text": "95 % interval of the share (Wilson)" },
        "valueRange": { "low": percent(rate.low), "high": percent(rate.high) },
    })
}

/// What the fields say of the slide together. Its verdict has no code either: it is none of a laboratory's findings.
fn slide(report: &Report) -> Value {
    let slide = &report.slide;
    let mut observation =
        about(report, "slide", "Slide, by the model's verdicts on its fields (research use only, not a diagnosis)");
    match &slide.missing {
        None => observation["valueCodeableConcept"] = json!({ "text": slide.name() }),
        Some(missing) => observation["dataAbsentReason"] = json!({ "text": format!("{}: {missing}", slide.verdict) }),
    }
    let count = |text: &str, value: usize, code: &str| {
        let unit = code.trim_matches(['{', '}']);
        let system = "http://unitsofmeasure.org";
        let quantity = json!({ "value": value, "unit": unit, "system": system, "code": code });
        json!({ "code": { "text": text }, "valueQuantity": quantity })
    };
    let mut components = Vec::new();
    if let Some(probability) = slide.probability {
        components.push(json!({ "code": { "text": "probability" }, "valueQuantity": percent(probability.into()) }));
    }
    components.push(count("fields with a verdict, on which it rests", slide.fields, "{fields}"));
    components.push(count("fields without a verdict", slide.abstained, "{fields}"));
    components.extend(slide.cells.map(|cells| count("cells in the fields with a verdict", cells as usize, "{cells}")));
    if !slide.against.is_empty() {
        let numbers: Vec<String> = slide.against.iter().map(u64::to_string).collect();
        components.push(json!({
            "code": { "text": "numbers of the fields that speak against it" },
            "valueString": numbers.join(", "),
        }));
    }
    observation["component"] = components.into();
    observation
}

fn others(tally: &Tally) -> [(&'static str, &'static str, u64); 6] {
    [
        ("judged", "called benign or malignant", tally.judged()),
        ("subtype-not-sure", "called malignant, subtype not named", tally.subtype_not_sure),
        ("abstained", "of which nothing was said because the model abstained", tally.abstained),
        ("rejected", "rejected by the quality gate", tally.rejected),
        ("settling", "that were still settling", tally.settling),
        ("not-assessable", "that a person called not assessable", tally.not_assessable),
    ]
}

/// An observation without its value.
fn about(report: &Report, id: &str, text: &str) -> Value {
    let session = &report.session;
    json!({
        "resourceType": "Observation",
        "id": id,
        "status": status(session.state),
        "code": { "text": text },
        "subject": { "type": "Patient", "identifier": { "type": { "text": "pseudonym" }, "value": session.specimen } },
        "effectivePeriod": period(report),
        "device": { "reference": "#model" },
    })
}

fn observation(report: &Report, id: &str, text: &str, count: u64, rate: Option<&Rate>) -> Value {
    let mut observation = about(report, id, text);
    observation["valueQuantity"] =
        json!({ "value": count, "unit": "fields", "system": "http://unitsofmeasure.org", "code": "{fields}" });
    if let Some((rate, value)) = rate.and_then(|rate| Some((rate, rate.value?))) {
        observation["component"] = json!([
            { "code": { "text": "share of the fields called benign or malignant" }, "valueQuantity": percent(value) },
            interval(rate),
        ]);
    }
    observation
}

fn percent(share: f64) -> Value {
    let value = (share * 10_000.0).round() / 100.0;
    json!({ "value": value, "unit": "%", "system": "http://unitsofmeasure.org", "code": "%" })
}

fn device(report: &Report) -> Value {
    let session = &report.session;
    json!({
        "resourceType": "Device",
        "id": "model",
        "identifier": [
            { "type": { "text": "SHA-256 of the model" }, "value": session.model_sha256 },
            { "type": { "text": "device" }, "value": session.device_id },
        ],
        "deviceName": [{ "name": session.model_name, "type": "model-name" }],
        "type": { "text": "artificial intelligence: image classifier for fields of blood smears" },
        "version": [
            { "type": { "text": "blastscope" }, "value": session.program_version },
            { "type": { "text": "code" }, "value": session.code_hash },
            { "type": { "text": "settings, SHA-256" }, "value": session.config_sha256 },
        ],
        "note": [{ "text": RESEARCH_USE }],
    })
}

fn conclusion(report: &Report) -> String {
    let mut sentences: Vec<String> =
        words::banners(report).into_iter().map(|banner| format!("{}: {}", banner.word, banner.sentence)).collect();
    if report.counts.excluded_fields > 0 {
        let excluded = report.counts.excluded_fields;
        sentences.push(format!(
            "Excluded as taken by mistake, and not counted: {excluded} of {} fields.",
            report.counts.fields
        ));
    }
    sentences.push(words::NOT_A_DIAGNOSIS.into());
    sentences.push(RESEARCH_USE.into());
    sentences.join(" ")
}

/// XHTML for human readers.
fn narrative(report: &Report) -> String {
    let escaped = |text: &str| super::html::escaped(text);
    let slide: Vec<String> = words::slide(report).iter().map(|(name, value)| format!("{name}: {value}.")).collect();
    let rows: String = words::rows(&report.counts)
        .iter()
        .map(|row| format!("<tr><td>{}</td><td>{}</td><td>{}</td></tr>", row.name, row.said.0, row.corrected.0))
        .collect();
    format!(
        "<div xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\"><p>{}</p><p>{}</p><p>Specimen {}, session {}</p><table><tr><th>fields\
         </th><th>as the model said</th><th>as corrected</th></tr>{rows}</table></div>",
        escaped(&slide.join(" ")),
        escaped(&conclusion(report)),
        escaped(&report.session.specimen),
        report.session.id,
    )
}
