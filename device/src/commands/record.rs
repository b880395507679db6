//! The commands that read the record: `sessions`, `verify`, `export`.

pub mod recompute;

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use blastscope_files::Printable as _;
use blastscope_shared::classifier::Classifier;
use clap::Args;
use serde::Serialize;

use self::recompute::{Recomputation, recompute};
use super::{PARTLY, SUCCESS, UNUSABLE, load};
use crate::{
    RESEARCH_USE,
    model::execution,
    record::{
        Hash, RecordError, RecordReader, Session, SessionId, TableStyle, TrainingExport, export_csv,
        export_for_training,
        verify::{self, Verification},
    },
    support::{progress::Progress, terminal::note},
};

#[derive(Debug, Args)]
pub(super) struct SessionsArgs {
    /// Folder of the record.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// One line of JSON per session instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Folder of the record.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// A head hash noted earlier, from a report or a sign-off; may be repeated.
    #[arg(long, value_name = "HASH")]
    expect_head: Vec<Hash>,
    /// Also recompute gate and network results from the stored pictures; needs the models that judged them.
    #[arg(long)]
    recompute: bool,
    /// A model that judged fields, for --recompute; may be repeated [default: as `classify`].
    #[arg(long, value_name = "FILE", requires = "recompute")]
    model: Vec<PathBuf>,
    /// Recompute only the fields of this session; everything is still verified.
    #[arg(long, value_name = "ID", requires = "recompute")]
    session: Option<SessionId>,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
#[command(group(clap::ArgGroup::new("target").required(true).args(["csv", "for_training"])))]
pub(super) struct ExportArgs {
    /// Folder of the record.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Number of the session in `blastscope sessions`; without it, --for-training exports all.
    #[arg(long, value_name = "ID", required_unless_present = "for_training")]
    session: Option<SessionId>,
    /// Write the session's fields to this file, one line each. Text that a spreadsheet program would read as a formula gets a
    /// leading apostrophe.
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// Write confirmed and corrected fields to this folder, for `blastscope-host train --data`, with a table of labelled cells.
    #[arg(long, value_name = "DIR")]
    for_training: Option<PathBuf>,
    /// Column separator: `,`, `;` or `tab`.
    #[arg(long, value_name = "CHARACTER", default_value = ",", value_parser = separator, requires = "csv")]
    separator: u8,
    /// Format the table for spreadsheet programs with decimal commas, as in most of Europe: semicolons,
    /// decimal commas and a byte order mark.
    #[arg(long, requires = "csv", conflicts_with = "separator")]
    excel: bool,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

fn separator(text: &str) -> Result<u8, String> {
    match text {
        "," => Ok(b','),
        ";" => Ok(b';'),
        "tab" | "\t" => Ok(b'\t'),
        _ => Err("give `,`, `;` or `tab`".into()),
    }
}

/// Writes a value as one line of JSON.
pub(super) fn line(value: &impl Serialize) -> io::Result<()> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    writeln!(out)
}

/// Opens the record; long work shows its progress on stderr.
pub(super) fn open(data_dir: &Path) -> Result<RecordReader, RecordError> {
    let mut progress = Progress::start();
    Ok(RecordReader::open(data_dir)?.watched(Box::new(move |what, done, total| progress.show(what, done, total))))
}

/// Reports an error and returns the exit status: 2 if the record could not be read.
pub(super) fn refused(error: &RecordError) -> u8 {
    note(error);
    if matches!(error, RecordError::Changed { .. } | RecordError::Damaged { .. }) { PARTLY } else { UNUSABLE }
}

pub(super) fn sessions(args: &SessionsArgs) -> io::Result<u8> {
    let listed = match RecordReader::open(&args.data_dir).and_then(|reader| reader.sessions()) {
        Ok(listed) => listed,
        Err(error) => return Ok(refused(&error)),
    };
    if args.json {
        listed.iter().try_for_each(line)?;
        return Ok(SUCCESS);
    }
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{:>7}  {:<24}  {:<24}  {:>6}  {:<8}  operator",
        "session", "started", "specimen", "fields", "state"
    )?;
    for Session { id, started_utc, specimen, fields, state, operator, .. } in &listed {
        let (specimen, operator) = (specimen.printable(), operator.printable());
        writeln!(out, "{id:>7}  {started_utc:<24}  {specimen:<24}  {fields:>6}  {:<8}  {operator}", state.name())?;
    }
    writeln!(out, "{RESEARCH_USE}")?;
    Ok(SUCCESS)
}

pub(super) fn verify(args: &VerifyArgs) -> io::Result<u8> {
    let found = match open(&args.data_dir).and_then(|reader| verify::verify_open(&reader, &args.expect_head)) {
        Ok(found) => found,
        Err(error) => return Ok(refused(&error)),
    };
    let computed = if args.recompute {
        let Some(models) = models(args) else { return Ok(UNUSABLE) };
        match open(&args.data_dir).and_then(|reader| recompute(&reader, args.session, &models)) {
            Ok(computed) => Some(computed),
            Err(error) => return Ok(refused(&error)),
        }
    } else {
        None
    };
    let confirmed = computed.as_ref().is_none_or(Recomputation::is_confirmed);
    if args.json {
        line(&Verified { found: &found, recomputation: computed.as_ref() })?;
    } else {
        tell(&found)?;
        computed.as_ref().map_or(Ok(()), tell_computed)?;
        writeln!(io::stdout(), "{RESEARCH_USE}")?;
    }
    Ok(if found.intact && confirmed { SUCCESS } else { PARTLY })
}

/// Results of verification and recomputation, for programs.
#[derive(Serialize)]
struct Verified<'a> {
    #[serde(flatten)]
    found: &'a Verification,
    #[serde(skip_serializing_if = "Option::is_none")]
    recomputation: Option<&'a Recomputation>,
}

/// The models for the recomputation; errors have already been reported.
fn models(args: &VerifyArgs) -> Option<Vec<Classifier>> {
    let threads = execution::threads();
    if args.model.is_empty() {
        return load(None, Some(&args.data_dir), threads).map(|found| vec![found.classifier]);
    }
    args.model.iter().map(|path| load(Some(path), None, threads).map(|found| found.classifier)).collect()
}

fn tell_computed(computed: &Recomputation) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let Recomputation { fields, differing, differences, other_models } = computed;
    writeln!(out, "{fields} fields recomputed from their pictures: {differing} differ from the record")?;
    for difference in differences {
        writeln!(out, "  {}", difference.to_string().printable())?;
    }
    if differences.len() == recompute::MAX_DIFFERENCES {
        writeln!(out, "  and perhaps more")?;
    }
    for (model, fields) in other_models {
        writeln!(
            out,
            "{fields} fields were judged by the model {model}, which is missing: give its file with --model"
        )?;
    }
    if !differences.is_empty() {
        writeln!(
            out,
            "Another version of the program may decode or measure differently: `blastscope sessions --json` shows which one \
             recorded a session"
        )?;
    }
    Ok(())
}

fn tell(found: &Verification) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let Verification { path, entries, sessions, fields, head, .. } = found;
    if found.intact {
        writeln!(out, "{} is unchanged since it was written.", path.printable())?;
    } else {
        writeln!(out, "{} WAS CHANGED OR DAMAGED. First findings, in the order of the log:", path.printable())?;
        for finding in &found.findings {
            writeln!(out, "  {}", finding.to_string().printable())?;
        }
        if found.findings.len() == verify::MAX_FINDINGS {
            writeln!(out, "  and perhaps more")?;
        }
    }
    writeln!(out, "{entries} entries, {sessions} sessions, {fields} fields")?;
    writeln!(out, "head {head}")?;
    for expected in &found.expected {
        if let Some(entry) = expected.entry {
            writeln!(out, "expected head {} is entry {entry} of {entries}", expected.head)?;
        }
    }
    if found.expected.is_empty() {
        writeln!(
            out,
            "If the end of the log was cut off with its rows, or the log was rebuilt, only a head noted earlier reveals \
it: --expect-head HASH"
        )?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Table {
    file: PathBuf,
    fields: u64,
}

pub(super) fn export(args: &ExportArgs) -> io::Result<u8> {
    let style =
        if args.excel { TableStyle::EXCEL } else { TableStyle { separator: args.separator, ..TableStyle::PLAIN } };
    if let (Some(file), Some(session)) = (&args.csv, args.session) {
        match open(&args.data_dir).and_then(|reader| export_csv(&reader, session, file, style)) {
            Ok(fields) if args.json => line(&Table { file: file.clone(), fields })?,
            Ok(fields) => writeln!(io::stdout(), "{}: {fields} fields of session {session}", file.printable())?,
            Err(error) => return Ok(refused(&error)),
        }
    }
    if let Some(folder) = &args.for_training {
        match open(&args.data_dir).and_then(|reader| export_for_training(&reader, args.session, folder)) {
            Ok(export) if args.json => line(&export)?,
            Ok(export) => tell_export(&export)?,
            Err(error) => return Ok(refused(&error)),
        }
    }
    Ok(SUCCESS)
}

fn tell_export(export: &TrainingExport) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let total: u64 = export.classes.iter().sum();
    let TrainingExport {
        folder, corrected, without_opinion, not_assessable, subtype_not_named, excluded, cells, ..
    } = export;
    writeln!(out, "{}: {total} fields, {corrected} corrected and {} confirmed", folder.printable(), total - corrected)?;
    let mut missing = Vec::new();
    for (class, count) in blastscope_shared::Class::ALL.iter().zip(export.classes) {
        writeln!(out, "  {class:<6} {count:>6}")?;
        if count == 0 {
            missing.push(class.name());
        }
    }
    writeln!(
        out,
        "left out: {without_opinion} neither confirmed nor corrected, {not_assessable} not assessable, {subtype_not_named} malignant \
         with the subtype not named, {excluded} excluded"
    )?;
    if *cells > 0 {
        writeln!(out, "cells.csv: {cells} labelled cells")?;
    }
    if !missing.is_empty() {
        let names = missing.join(", ");
        writeln!(out, "`blastscope-host train` needs pictures of every class; add some of {names} from elsewhere")?;
    }
    writeln!(out, "{RESEARCH_USE}")
}
