//! Reports: PDF, HTML and FHIR, through the command and the library.

#![allow(missing_docs, reason = "tests")]

#[path = "report/fhir.rs"]
mod fhir;
#[path = "report/fhir_rules.rs"]
mod fhir_rules;
#[path = "report/forms.rs"]
mod forms;
#[allow(dead_code, reason = "the record's tests use the rest")]
#[path = "record/samples.rs"]
mod samples;
#[path = "report/sessions.rs"]
mod sessions;
