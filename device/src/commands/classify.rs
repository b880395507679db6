//! The command `classify`.

pub mod pictures;

use std::{io, path::PathBuf};

use blastscope_shared::Class;
use clap::Args;

use super::{PARTLY, SUCCESS, UNUSABLE, load, settings};
use crate::{
    model::{Found, execution},
    support::terminal::note,
};

#[derive(Debug, Args)]
pub(super) struct ClassifyArgs {
    /// Pictures (JPEG, PNG, BMP, TIFF) or folders of pictures.
    #[arg(required = true, value_name = "IMAGE|DIR")]
    paths: Vec<PathBuf>,
    /// Model file [default: $BLASTSCOPE_MODEL, else the installed model, else models/blastscope.bsm].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Folder of the installed model [default: as `blastscope update`].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Configuration; its `[pipeline]` may set stricter thresholds [default: /etc/blastscope.toml, if it exists].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One line of JSON per picture instead of a table.
    #[arg(long)]
    json: bool,
    /// Classify even pictures that the quality gate rejects.
    #[arg(long)]
    no_gate: bool,
    /// Threads per picture [default: one per core, at most 4].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=64))]
    threads: Option<u16>,
    /// Write an overlay of each picture to this folder: a PNG that shows what supports the most probable class (Grad-CAM).
    #[arg(long, value_name = "DIR")]
    explain: Option<PathBuf>,
    /// Show what supports this class instead: Benign, Early, Pre or Pro.
    #[arg(long, value_name = "CLASS", requires = "explain", value_parser = class_by_name)]
    explain_class: Option<Class>,
}

fn class_by_name(name: &str) -> Result<Class, String> {
    Class::from_folder_name(name).ok_or_else(|| "the classes are Benign, Early, Pre and Pro".into())
}

pub(super) fn classify(args: &ClassifyArgs) -> io::Result<u8> {
    let Some(config) = settings(args.config.as_deref()) else { return Ok(UNUSABLE) };
    let threads = args.threads.map_or_else(execution::threads, Into::into);
    let named = args.model.as_deref().or(config.model.file.as_deref());
    let Some(Found { classifier, warnings, .. }) = load(named, args.data_dir.as_deref(), threads) else {
        return Ok(UNUSABLE);
    };
    let classifier = config.pipeline.judged(classifier);
    warnings.iter().for_each(note);
    let overlays = args.explain.as_ref().map(|dir| pictures::Overlays::prepare(dir, args.explain_class, &args.paths));
    let overlays = match overlays.transpose() {
        Ok(overlays) => overlays,
        Err(error) => {
            note(error);
            return Ok(UNUSABLE);
        }
    };
    let options = pictures::Options { json: args.json, gate: !args.no_gate, overlays };
    let all_fine = pictures::run(&args.paths, &classifier, options, io::stdout().lock())?;
    Ok(if all_fine { SUCCESS } else { PARTLY })
}
