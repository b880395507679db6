//! What follows the station step by step.

use std::io;

use blastscope_core::pipeline::Reading;

use super::Snapshot;
use crate::{board::ButtonEvent, source::state::Change};

/// Something that has just happened.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// A frame was read.
    Frame(&'a Reading),
    /// The source does something else now.
    Source(&'a Change),
    /// A picture of the source is damaged, and how.
    Damage(&'a str),
    /// A button was pressed.
    Button(ButtonEvent),
    /// Source or board have something to say.
    Note(&'a str),
}

/// Is told of every frame, in the station's thread: what must miss none, such as lines for other programs. Whoever only shows the
/// present takes [`Remote::snapshots`](super::Remote::snapshots), which never holds a frame up.
pub trait Face {
    /// Whether to go on; asked before every turn.
    fn goes_on(&mut self, shown: &Snapshot) -> bool;

    /// Takes note of what has happened.
    ///
    /// # Errors
    /// When it cannot be written, which ends the station.
    fn tell(&mut self, news: News<'_>, shown: &Snapshot) -> io::Result<()>;
}
