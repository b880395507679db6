//! The command `cameras`.

mod list;

use std::io;

use clap::Args;

use super::{PARTLY, SUCCESS};
use crate::{source::SourceError, support::terminal::note};

#[derive(Debug, Args)]
pub(super) struct CamerasArgs {
    /// One JSON object instead of a list.
    #[arg(long)]
    json: bool,
}

pub(super) fn cameras(args: &CamerasArgs) -> io::Result<u8> {
    if list::run(args.json, io::stdout().lock())? {
        return Ok(SUCCESS);
    }
    note(SourceError::NoCamera);
    Ok(PARTLY)
}
