//! The interface for displays that follow the station step by step.

use std::io;

use blastscope_core::pipeline::Reading;

use super::Snapshot;
use crate::{board::ButtonEvent, source::state::Change};

/// An event.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// A frame was read.
    Frame(&'a Reading),
    /// The source's state changed.
    Source(&'a Change),
    /// A picture of the source is damaged; the text says how.
    Damage(&'a str),
    /// A button was pressed.
    Button(ButtonEvent),
    /// A note from source or board.
    Note(&'a str),
}

/// Gets every frame, in the station's thread: for displays that must miss none, such as lines for other programs. Displays of the
/// latest state use [`Remote::snapshots`](super::Remote::snapshots), which never delays a frame.
pub trait Face {
    /// Whether to continue; called before every turn.
    fn goes_on(&mut self, shown: &Snapshot) -> bool;

    /// Handles an event.
    ///
    /// # Errors
    /// When it cannot be written, which ends the station.
    fn tell(&mut self, news: News<'_>, shown: &Snapshot) -> io::Result<()>;
}
