//! Reports: PDF, HTML and FHIR, through the command and the library.

mod fhir;
mod fhir_rules;
mod forms;
mod sessions;
pub mod slide;
