//! The command `adapt`: its arguments and its output.

pub mod from_record;

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use blastscope_files::Printable as _;
use clap::Args;

use super::{PARTLY, SUCCESS, UNUSABLE, load, record};
use crate::{
    RESEARCH_USE,
    commands::adapt::from_record::{AdaptError, Adapted},
    model::{Found, execution},
    record::{RecordError, SessionId},
    support::terminal::note,
};

/// Arguments of `adapt`.
#[derive(Debug, Args)]
pub(super) struct AdaptArgs {
    /// Folder of the record.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Learn from this session only (number in `blastscope sessions`); may be repeated.
    #[arg(long, value_name = "ID")]
    session: Vec<SessionId>,
    /// Model file to start from [default: the model installed in --data-dir, else $BLASTSCOPE_MODEL, else models/blastscope.bsm].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Output file for the adapted model.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn adapt(args: &AdaptArgs) -> io::Result<u8> {
    let Some(Found { path, warnings, .. }) = load(args.model.as_deref(), Some(&args.data_dir), execution::threads())
    else {
        return Ok(UNUSABLE);
    };
    warnings.iter().for_each(note);
    let done = record::open(&args.data_dir)
        .map_err(AdaptError::from)
        .and_then(|reader| from_record::adapt(&path, &reader, &args.session, &args.out));
    match done {
        Ok(adapted) if args.json => {
            let mut out = io::stdout().lock();
            serde_json::to_writer(&mut out, &adapted)?;
            writeln!(out)?;
            Ok(SUCCESS)
        }
        Ok(adapted) => tell(args, &adapted).map(|()| SUCCESS),
        Err(error) => {
            note(&error);
            let changed = matches!(error, AdaptError::Record(RecordError::Changed { .. }));
            Ok(if changed { PARTLY } else { UNUSABLE })
        }
    }
}

fn tell(args: &AdaptArgs, adapted: &Adapted) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let Adapted { by_specimen, without_label, copies, fitted, adapted: id, .. } = adapted;
    let held_out = if *by_specimen { "whole specimens" } else { "single fields" };
    writeln!(out, "{fitted}")?;
    writeln!(
        out,
        "left out: {without_label} fields without a class (unanswered, malignant without a subtype, not assessable or excluded), {copies} copies; cross-validated by {held_out}"
    )?;
    if !by_specimen {
        writeln!(
            out,
            "All fields of a class come from one specimen: on the next slide the loss will be higher. Label fields of at least \
             two specimens of each class."
        )?;
    }
    writeln!(
        out,
        "{}: model {:.12}, not signed; run it with `blastscope live --model {}`\n{RESEARCH_USE}",
        args.out.printable(),
        id,
        args.out.printable()
    )
}
