//! A session to download: PDF, web page, FHIR resource, table. The same documents as from `blastscope report` and `export`.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use blastscope_shared::classifier::Classifier;
use tokio::task::spawn_blocking;

use super::{
    app::{App, Shared},
    extract::{Asked, At, Part},
    problem::{Problem, bytes_of},
    wire::request::ReportQuery,
};
use crate::{
    record::{RecordReader, SessionId, State as SessionState, TableStyle, export_csv},
    report::{ReportError, fhir, gather, html, pdf},
};

/// The formats of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Pdf,
    Html,
    Fhir,
    Csv,
}

impl Form {
    const ALL: [Self; 4] = [Self::Pdf, Self::Html, Self::Fhir, Self::Csv];

    const fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Html => "html",
            Self::Fhir => "fhir",
            Self::Csv => "csv",
        }
    }

    /// Media type, and ending of the file name.
    const fn kind(self) -> (&'static str, &'static str) {
        match self {
            Self::Pdf => ("application/pdf", "pdf"),
            Self::Html => ("text/html; charset=utf-8", "html"),
            Self::Fhir => ("application/fhir+json", "fhir.json"),
            Self::Csv => ("text/csv; charset=utf-8", "csv"),
        }
    }
}

impl Part for Form {
    const NAME: &'static str = "form";

    fn read(text: &str) -> Result<Self, Problem> {
        let form = Self::ALL.into_iter().find(|known| known.name() == text);
        form.ok_or_else(|| Problem::bad("there is no such report format", "ask for pdf, html, fhir or csv"))
    }
}

/// `GET /api/sessions/{session}/report/{form}`: the session as `pdf`, `html`, `fhir` or `csv`. With `?maps=1`, PDF and web page
/// have heat maps if the session's model is the running one; with `?excel=1`, the table suits a European spreadsheet.
pub(super) async fn report(
    State(app): Shared,
    At(id): At<SessionId>,
    At(form): At<Form>,
    Asked(ReportQuery { maps, excel }): Asked<ReportQuery>,
) -> Result<Response, Problem> {
    let style = if excel { TableStyle::EXCEL } else { TableStyle::PLAIN };
    let failed = |reason: String| {
        let reason = format!("the report cannot be made ({reason})");
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, reason, "try again; then use `blastscope report`")
    };
    // One at a time, so that the live picture keeps its cores.
    let turn = Arc::clone(&app.heavy).acquire_owned().await.map_err(|error| failed(error.to_string()))?;
    let made = spawn_blocking(move || {
        let _turn = turn;
        written(&app, id, form, maps, style)
    });
    let (bytes, state) = made.await.map_err(|error| failed(error.to_string()))??;
    let draft = match state {
        SessionState::Draft => "-DRAFT",
        SessionState::Changed => "-CHANGED",
        SessionState::Approved | SessionState::Amended => "",
    };
    let (kind, ending) = form.kind();
    let name = format!("attachment; filename=\"blastscope-session-{id}{draft}.{ending}\"");
    let name = HeaderValue::from_str(&name).map_err(|error| failed(error.to_string()))?;
    let mut response = bytes_of(kind, bytes);
    response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    Ok(response)
}

fn written(
    app: &App,
    id: SessionId,
    form: Form,
    maps: bool,
    style: TableStyle,
) -> Result<(Vec<u8>, SessionState), Problem> {
    let reader = RecordReader::open(&app.data_dir)?.remembering(Arc::clone(&app.remembered));
    let session = reader.session(id)?;
    if form == Form::Csv {
        return Ok((table(&reader, id, style)?, session.state));
    }
    let classifier: &Classifier = &app.classifier;
    let maps = maps && form != Form::Fhir && session.model_sha256 == classifier.model_id();
    let report = gather(&reader, id, app.report, maps.then_some(classifier), Some(classifier), &mut |_, _| {})?;
    let bytes = match form {
        Form::Pdf => pdf::document(&report)?,
        Form::Html => html::page(&report).into_bytes(),
        Form::Fhir | Form::Csv => format!("{:#}\n", fhir::diagnostic_report(&report)).into_bytes(),
    };
    // The state comes from the same read as the report.
    Ok((bytes, report.session.state))
}

fn table(reader: &RecordReader, id: SessionId, style: TableStyle) -> Result<Vec<u8>, Problem> {
    let failed = |error: std::io::Error| {
        let reason = format!("the table cannot be written ({error})");
        Problem::new(StatusCode::INSUFFICIENT_STORAGE, reason, "make room on the device's disk, then try again")
    };
    let folder = tempfile::tempdir().map_err(failed)?;
    let file = folder.path().join("session.csv");
    export_csv(reader, id, &file, style)?;
    std::fs::read(&file).map_err(failed)
}

impl From<ReportError> for Problem {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Record(error) => error.into(),
            error => {
                let remedy = "check the record with `blastscope verify`, then try again";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string(), remedy)
            }
        }
    }
}
