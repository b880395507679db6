//! The command `doctor`.

pub mod examination;

use std::{io, path::PathBuf};

use clap::Args;

use super::{PARTLY, SUCCESS, hardware};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Model file [default: $BLASTSCOPE_MODEL, else the installed model, else models/blastscope.bsm].
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Check the pins in this hardware file of `live`.
    #[arg(long, value_name = "FILE.toml")]
    hardware: Option<PathBuf>,
    /// Folder of the installed model [default: as `blastscope update`].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

pub(super) fn doctor(args: &DoctorArgs) -> io::Result<u8> {
    let Ok(hardware) = hardware(args.hardware.as_ref()) else { return Ok(PARTLY) };
    let (model, data_dir) = (args.model.as_deref(), args.data_dir.as_deref());
    let fit =
        examination::run(model, data_dir, hardware.as_ref().map(|(pins, _)| pins), args.json, io::stdout().lock())?;
    Ok(if fit { SUCCESS } else { PARTLY })
}
