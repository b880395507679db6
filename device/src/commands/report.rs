//! The command `report`.

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;
use blastscope_files::atomic_file;
use blastscope_shared::classifier::Classifier;
use clap::Args;
use serde::Serialize;

use super::{PARTLY, SUCCESS, UNUSABLE, load, record, settings};
use crate::{
    RESEARCH_USE,
    model::{self, execution},
    record::{RecordError, SessionId},
    report::{Options, Report, ReportError, fhir, gather, html, pdf},
    support::{files, terminal::note},
};

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("forms").required(true).multiple(true).args(["pdf", "html", "fhir"])))]
pub(super) struct ReportArgs {
    /// Folder of the record [default: from the configuration].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Number of the session in `blastscope sessions`.
    #[arg(long, value_name = "ID")]
    session: SessionId,
    /// Write a PDF to this file.
    #[arg(long, value_name = "FILE")]
    pdf: Option<PathBuf>,
    /// Write one HTML page, pictures included, to this file.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Write a FHIR R4 DiagnosticReport (JSON) to this file.
    #[arg(long, value_name = "FILE")]
    fhir: Option<PathBuf>,
    /// The session's model, for heat maps.
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Report "Insufficient" below N fields called benign or malignant [default: from the configuration, else 50].
    #[arg(long, value_name = "N")]
    min_fields: Option<u32>,
    /// Show at most N fields as pictures; all are counted.
    #[arg(long, value_name = "N", default_value_t = crate::report::MAX_PICTURES)]
    max_pictures: usize,
    /// Configuration [default: /etc/blastscope.toml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

/// Written files and counts, for programs.
#[derive(Serialize)]
struct Written<'a> {
    session: SessionId,
    state: &'static str,
    fields: u64,
    assessed: u64,
    insufficient: bool,
    head: String,
    files: &'a [PathBuf],
    notice: &'static str,
}

pub(super) fn report(args: &ReportArgs) -> io::Result<u8> {
    let Some(config) = settings(args.config.as_deref()) else { return Ok(UNUSABLE) };
    let data = args.data_dir.as_ref().unwrap_or(&config.data.dir);
    let options =
        Options { min_fields: args.min_fields.unwrap_or(config.report.min_fields), max_pictures: args.max_pictures };
    let maps = match &args.model {
        None => None,
        Some(path) => match load(Some(path), None, execution::threads()) {
            Some(found) => Some(found.classifier),
            None => return Ok(UNUSABLE),
        },
    };
    let known = if maps.is_some() { None } else { usual_model(data) };
    let written = made(data, args, options, maps.as_ref(), known.as_ref());
    match written {
        Ok((report, files)) => tell(&report, &files, args.json).map(|()| SUCCESS),
        Err(error) => {
            note(&error);
            Ok(if matches!(error, ReportError::Record(RecordError::Changed { .. })) { PARTLY } else { UNUSABLE })
        }
    }
}

/// The default model: its card may say how the session's model was trained.
fn usual_model(data: &Path) -> Option<Classifier> {
    let execution = execution::chosen(None, 1).ok()?;
    Some(model::load(None, Some(data), execution).ok()?.classifier)
}

fn made(
    data: &Path,
    args: &ReportArgs,
    options: Options,
    maps: Option<&Classifier>,
    known: Option<&Classifier>,
) -> Result<(Report, Vec<PathBuf>), ReportError> {
    let reader = record::open(data)?;
    let mut progress = |done, total| reader.tell("pictures", done as u64, total as u64);
    let report = gather(&reader, args.session, options, maps, known, &mut progress)?;
    drop(reader);
    // All files are made before any is written.
    let mut files = Vec::new();
    if let Some(path) = &args.pdf {
        files.push((path, pdf::document(&report)?));
    }
    if let Some(path) = &args.html {
        files.push((path, html::page(&report).into_bytes()));
    }
    if let Some(path) = &args.fhir {
        files.push((path, format!("{:#}\n", fhir::diagnostic_report(&report)).into_bytes()));
    }
    for (path, bytes) in &files {
        let failed = |error: io::Error| ReportError::Write { path: path.to_path_buf(), reason: reason(&error) };
        atomic_file::write(path, bytes).map_err(failed)?;
    }
    Ok((report, files.into_iter().map(|(path, _)| path.clone()).collect()))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "its folder does not exist".into(),
        io::ErrorKind::PermissionDenied => files::reason(error),
        _ => error.to_string(),
    }
}

fn tell(report: &Report, files: &[PathBuf], json: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if json {
        let written = Written {
            session: report.session.id,
            state: report.session.state.name(),
            fields: report.counts.fields,
            assessed: report.assessed(),
            insufficient: report.is_insufficient(),
            head: report.head.to_string(),
            files,
            notice: RESEARCH_USE,
        };
        serde_json::to_writer(&mut out, &written)?;
        return writeln!(out);
    }
    let state = report.session.state.name();
    writeln!(
        out,
        "session {} ({state}): {} fields, {} called benign or malignant",
        report.session.id,
        report.counts.fields,
        report.assessed()
    )?;
    if report.is_insufficient() {
        writeln!(
            out,
            "insufficient: {} of at least {} fields called benign or malignant",
            report.assessed(),
            report.min_fields
        )?;
    }
    for file in files {
        writeln!(out, "  {}", file.printable())?;
    }
    writeln!(out, "head {}", report.head)?;
    writeln!(out, "{RESEARCH_USE}")
}
