//! What FHIR R4 (4.0.1) requires of the resources in a report: which elements, how often, of which type; and the rules dom-2 to
//! dom-5, ref-1, per-1, qty-3, rng-2, obs-6 and obs-7 of the specification. Written from its pages on DiagnosticReport, Observation,
//! Device and the data types; anything not listed here is an error.

use serde_json::{Map, Value};

/// How often an element occurs.
#[derive(Clone, Copy, PartialEq)]
enum Times {
    One,
    Optional,
    Any,
}
use Times::{Any, One, Optional};

/// Element, how often, type.
type Element = (&'static str, Times, &'static str);

fn elements(kind: &str) -> Option<&'static [Element]> {
    Some(match kind {
        "DiagnosticReport" => &[
            ("resourceType", One, "code:DiagnosticReport"),
            ("id", Optional, "id"),
            ("meta", Optional, "Meta"),
            ("language", Optional, "token"),
            ("text", Optional, "Narrative"),
            ("contained", Any, "Resource"),
            ("identifier", Any, "Identifier"),
            (
                "status",
                One,
                "code:registered|partial|preliminary|final|amended|corrected|appended|cancelled|entered-in-error|unknown",
            ),
            ("category", Any, "CodeableConcept"),
            ("code", One, "CodeableConcept"),
            ("subject", Optional, "Reference"),
            ("effectivePeriod", Optional, "Period"),
            ("issued", Optional, "instant"),
            ("performer", Any, "Reference"),
            ("resultsInterpreter", Any, "Reference"),
            ("result", Any, "Reference"),
            ("conclusion", Optional, "string"),
        ],
        "Observation" => &[
            ("resourceType", One, "code:Observation"),
            ("id", Optional, "id"),
            ("meta", Optional, "Meta"),
            ("status", One, "code:registered|preliminary|final|amended|corrected|cancelled|entered-in-error|unknown"),
            ("code", One, "CodeableConcept"),
            ("subject", Optional, "Reference"),
            ("effectivePeriod", Optional, "Period"),
            ("valueQuantity", Optional, "Quantity"),
            ("valueCodeableConcept", Optional, "CodeableConcept"),
            ("dataAbsentReason", Optional, "CodeableConcept"),
            ("device", Optional, "Reference"),
            ("component", Any, "Component"),
        ],
        "Component" => &[
            ("code", One, "CodeableConcept"),
            ("valueQuantity", Optional, "Quantity"),
            ("valueRange", Optional, "Range"),
            ("valueString", Optional, "string"),
        ],
        "Device" => &[
            ("resourceType", One, "code:Device"),
            ("id", Optional, "id"),
            ("meta", Optional, "Meta"),
            ("identifier", Any, "Identifier"),
            ("deviceName", Any, "DeviceName"),
            ("type", Optional, "CodeableConcept"),
            ("version", Any, "DeviceVersion"),
            ("note", Any, "Annotation"),
        ],
        "DeviceName" => &[
            ("name", One, "string"),
            (
                "type",
                One,
                "code:udi-label-name|user-friendly-name|patient-reported-name|manufacturer-name|model-name|other",
            ),
        ],
        "DeviceVersion" => &[("type", Optional, "CodeableConcept"), ("value", One, "string")],
        "Annotation" => &[("text", One, "string")],
        "Meta" => &[("security", Any, "Coding"), ("tag", Any, "Coding"), ("versionId", Optional, "id")],
        "Narrative" => &[("status", One, "code:generated|extensions|additional|empty"), ("div", One, "xhtml")],
        "Identifier" => {
            &[("type", Optional, "CodeableConcept"), ("system", Optional, "uri"), ("value", Optional, "string")]
        }
        "CodeableConcept" => &[("coding", Any, "Coding"), ("text", Optional, "string")],
        "Coding" => &[("system", Optional, "uri"), ("code", Optional, "token"), ("display", Optional, "string")],
        "Reference" => &[
            ("reference", Optional, "string"),
            ("type", Optional, "uri"),
            ("identifier", Optional, "Identifier"),
            ("display", Optional, "string"),
        ],
        "Period" => &[("start", Optional, "dateTime"), ("end", Optional, "dateTime")],
        "Quantity" => &[
            ("value", Optional, "decimal"),
            ("unit", Optional, "string"),
            ("system", Optional, "uri"),
            ("code", Optional, "token"),
        ],
        "Range" => &[("low", Optional, "Quantity"), ("high", Optional, "Quantity")],
        _ => return None,
    })
}

/// All violations of a resource, a sentence each.
pub fn violations(resource: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    check(resource, "DiagnosticReport", "DiagnosticReport", &mut wrong);
    contained_rules(resource, &mut wrong);
    wrong
}

fn check(value: &Value, kind: &str, path: &str, wrong: &mut Vec<String>) {
    let kind = if kind == "Resource" { value["resourceType"].as_str().unwrap_or("Resource") } else { kind };
    let Some(known) = elements(kind) else { return primitive(value, kind, path, wrong) };
    let Some(object) = value.as_object() else { return wrong.push(format!("{path} is no {kind}")) };
    if object.is_empty() {
        wrong.push(format!("{path} is empty (ele-1)"));
    }
    for name in object.keys().filter(|name| !known.iter().any(|(known, ..)| known == name)) {
        wrong.push(format!("{path}.{name} is unknown"));
    }
    for &(name, times, kind) in known {
        let path = format!("{path}.{name}");
        match (object.get(name), times) {
            (None, One) => wrong.push(format!("{path} is missing")),
            (None, Optional | Any) => {}
            (Some(Value::Array(values)), Any) if !values.is_empty() => {
                values.iter().enumerate().for_each(|(at, value)| check(value, kind, &format!("{path}[{at}]"), wrong));
            }
            (Some(value), One | Optional) if !value.is_array() => check(value, kind, &path, wrong),
            (Some(_), _) => wrong.push(format!("{path} has the wrong number of values")),
        }
    }
    rules(object, kind, path, wrong);
}

fn primitive(value: &Value, kind: &str, path: &str, wrong: &mut Vec<String>) {
    if kind == "decimal" {
        if !value.is_number() {
            wrong.push(format!("{path} is no number"));
        }
        return;
    }
    let Some(text) = value.as_str() else { return wrong.push(format!("{path} is no {kind}")) };
    let fine = match kind {
        "string" => !text.trim().is_empty(),
        "uri" => !text.is_empty() && !text.contains(char::is_whitespace),
        "token" => !text.is_empty() && text.trim() == text,
        "id" => {
            (1..=64).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))
        }
        "dateTime" | "instant" => is_moment(text),
        "xhtml" => {
            text.starts_with("<div xmlns=\"http://www.w3.org/1999/xhtml\"")
                && text.ends_with("</div>")
                && is_balanced(text)
        }
        codes => codes.strip_prefix("code:").is_some_and(|codes| codes.split('|').any(|code| code == text)),
    };
    if !fine {
        wrong.push(format!("{path} = {text:?} is no {kind}"));
    }
}

/// `YYYY-MM-DDThh:mm:ss.sssZ`, the format in reports.
fn is_moment(text: &str) -> bool {
    let pattern = "0000-00-00T00:00:00.000Z";
    text.len() == pattern.len()
        && text
            .bytes()
            .zip(pattern.bytes())
            .all(|(byte, form)| if form == b'0' { byte.is_ascii_digit() } else { byte == form })
}

fn is_balanced(xhtml: &str) -> bool {
    let mut open = Vec::new();
    for tag in xhtml.split('<').skip(1) {
        let name = tag.split(['>', ' ']).next().unwrap_or_default();
        match name.strip_prefix('/') {
            None => open.push(name),
            Some(name) if open.pop() == Some(name) => {}
            Some(_) => return false,
        }
    }
    open.is_empty()
}

fn rules(object: &Map<String, Value>, kind: &str, path: &str, wrong: &mut Vec<String>) {
    let number = |name: &str| object.get(name).and_then(|quantity| quantity["value"].as_f64());
    match kind {
        "Quantity" if object.contains_key("code") && !object.contains_key("system") => {
            wrong.push(format!("{path} has a code without a system (qty-3)"));
        }
        "Range" if number("low") > number("high") => wrong.push(format!("{path} is upside down (rng-2)")),
        "Period" if object.get("end").is_some_and(|end| end.as_str() < object["start"].as_str()) => {
            wrong.push(format!("{path} ends before it starts (per-1)"));
        }
        "Observation" => {
            let code = &object["code"];
            let components = object.get("component").and_then(Value::as_array);
            if components.into_iter().flatten().any(|component| component["code"] == *code) {
                wrong.push(format!("{path} has a component with its own code (obs-7)"));
            }
            if object.contains_key("dataAbsentReason") && object.keys().any(|key| key.starts_with("value")) {
                wrong.push(format!("{path} has a value and a reason for its absence (obs-6)"));
            }
        }
        _ => {}
    }
}

fn contained_rules(resource: &Value, wrong: &mut Vec<String>) {
    let all = resource.to_string();
    let contained = resource["contained"].as_array().map_or(&[][..], Vec::as_slice);
    let ids: Vec<&str> = contained.iter().filter_map(|inner| inner["id"].as_str()).collect();
    for inner in contained {
        let id = inner["id"].as_str().unwrap_or("without id");
        if inner.get("contained").is_some() {
            wrong.push(format!("{id} contains resources (dom-2)"));
        }
        if !all.contains(&format!("\"reference\":\"#{id}\"")) {
            wrong.push(format!("{id} is not referred to (dom-3)"));
        }
        if inner["meta"].get("versionId").is_some() || inner["meta"].get("lastUpdated").is_some() {
            wrong.push(format!("{id} has a version (dom-4)"));
        }
        if inner["meta"].get("security").is_some() {
            wrong.push(format!("{id} has a security label (dom-5)"));
        }
        if ids.iter().filter(|other| **other == id).count() != 1 {
            wrong.push(format!("{id} is not the only one of its id"));
        }
    }
    for target in all.split("\"reference\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
        if !target.strip_prefix('#').is_some_and(|id| ids.contains(&id)) {
            wrong.push(format!("{target} leads nowhere (ref-1)"));
        }
    }
}
