//! The command `adapt`: what it is asked and what it says.

use std::{
    io::{self, Write as _},
    path::PathBuf,
};

use blastscope_shared::Class;
use clap::Args;

use super::{PARTLY, SUCCESS, UNUSABLE, load, note, record};
use crate::{
    RESEARCH_USE,
    adapt::{self, AdaptError, Adapted},
    execution,
    model::Found,
    record::{RecordError, SessionId},
};

/// Arguments of `adapt`.
#[derive(Debug, Args)]
pub(super) struct AdaptArgs {
    /// Folder of the record.
    #[arg(long, value_name = "DIR")]
    data_dir: PathBuf,
    /// Learn from this session only, as `blastscope sessions` lists it; may be given several times.
    #[arg(long, value_name = "ID")]
    session: Vec<SessionId>,
    /// Model file to start from [default: the model installed in --data-dir, else $BLASTSCOPE_MODEL, else models/allcnn.bsm].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Where to write the adapted model.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
}

pub(super) fn adapt(args: &AdaptArgs) -> io::Result<u8> {
    let Some(Found { classifier, path, warnings }) =
        load(args.model.as_deref(), Some(&args.data_dir), execution::threads())
    else {
        return Ok(UNUSABLE);
    };
    warnings.iter().for_each(note);
    let done = record::open(&args.data_dir)
        .map_err(AdaptError::from)
        .and_then(|reader| adapt::adapt((&path, &classifier), &reader, &args.session, &args.out));
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
    let fitted = &adapted.fitted;
    let counts = Class::ALL.map(|class| format!("{class} {}", fitted.fields[class.index()])).join(", ");
    writeln!(out, "learned from {counts}")?;
    writeln!(
        out,
        "left out: {} without a confirmation or correction to a class, {} without cells",
        adapted.without_label, fitted.without_cells
    )?;
    let [was, recalibrated, is] = fitted.held_out_loss;
    let left_out = if adapted.by_specimen { "whole specimens" } else { "single fields" };
    writeln!(
        out,
        "held-out loss, {left_out} left out: {was:.3} as it was, {recalibrated:.3} with a new calibration{}",
        fitted.pull.map_or(String::new(), |pull| format!(", {is:.3} with the last layer moved, held by {pull}"))
    )?;
    if !adapted.by_specimen {
        writeln!(
            out,
            "A class comes from one specimen alone: on the next slide the loss will be higher. Label fields of two specimens of \
             each class at least."
        )?;
    }
    if fitted.stain {
        writeln!(out, "the stain of these fields is a known one now")?;
    } else {
        writeln!(out, "the stain of these fields was not added: the model knows as many as it may")?;
    }
    writeln!(
        out,
        "least probability of a verdict {:.2}, largest novelty {:.2}",
        fitted.min_probability, fitted.max_novelty
    )?;
    writeln!(
        out,
        "{}: model {:.12}, not signed; run it with `blastscope live --model {}`\n{RESEARCH_USE}",
        args.out.display(),
        adapted.adapted,
        args.out.display()
    )
}
