//! What is written down about the two slots.

use std::{io, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::Slot;
use crate::{model::data_dir::DataDir, support::disk::Disk};

/// Of the file's form.
const FORMAT: u32 = 1;

/// Where the state lies.
#[must_use]
pub fn path(dir: &DataDir) -> PathBuf {
    dir.models().join("state.json")
}

/// Which slot runs, and what was put into each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    format: u32,
    /// The slot that runs.
    pub active: Slot,
    /// What was put into slot a.
    pub a: Option<Entry>,
    /// What was put into slot b.
    pub b: Option<Entry>,
}

/// What was put into a slot.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The model's id: SHA-256 of its body, 64 hexadecimal digits.
    pub model: String,
    /// The model's name.
    pub name: String,
    /// The model's version.
    pub version: u32,
    /// Name and id of the key that signed it.
    pub signer: String,
    /// When, in seconds since 1970 UTC by this machine's clock.
    pub installed: u64,
    /// How its test went; `None` when this was not written down and the slot was found again.
    pub self_test: Option<SelfTest>,
}

/// How a test went that was passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The instruction set that was compared with the plain kernels.
    pub isa: String,
    /// Fields that gave the same numbers, bit for bit.
    pub fields: u32,
    /// Half of the fields took at most this, from pixels to verdict.
    pub field_ms: f64,
    /// The version of the program that tested.
    pub program: String,
}

impl State {
    /// The state of a machine on which `slot` runs, and nothing is known of the other.
    #[must_use]
    pub const fn new(active: Slot) -> Self {
        Self { format: FORMAT, active, a: None, b: None }
    }

    /// What was put into `slot`.
    #[must_use]
    pub const fn entry(&self, slot: Slot) -> Option<&Entry> {
        match slot {
            Slot::A => self.a.as_ref(),
            Slot::B => self.b.as_ref(),
        }
    }

    /// The place for what is put into `slot`.
    pub const fn entry_mut(&mut self, slot: Slot) -> &mut Option<Entry> {
        match slot {
            Slot::A => &mut self.a,
            Slot::B => &mut self.b,
        }
    }

    /// Reads the state; `None` when there is none yet.
    ///
    /// # Errors
    /// A clause that continues the file's name.
    pub fn read(disk: &dyn Disk, dir: &DataDir) -> Result<Option<Self>, String> {
        let bytes = match disk.read(&path(dir)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(crate::support::files::reason(&error)),
        };
        match serde_json::from_slice::<Self>(&bytes) {
            Ok(state) if state.format == FORMAT => Ok(Some(state)),
            Ok(state) => Err(format!("has format {}, but this program knows {FORMAT} only", state.format)),
            Err(error) => Err(format!("is damaged ({error})")),
        }
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// When a number cannot be written as JSON.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }
}
