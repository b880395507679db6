//! The recorded state of the two slots.

use std::{io, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::Slot;
use crate::{model::data_dir::DataDir, support::disk::Disk};

/// Version of the file format.
const FORMAT: u32 = 1;

/// Path of the state file.
#[must_use]
pub fn path(dir: &DataDir) -> PathBuf {
    dir.models().join("state.json")
}

/// The active slot, and the model installed in each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    format: u32,
    /// The active slot.
    pub active: Slot,
    /// The model installed in slot a.
    pub a: Option<Entry>,
    /// The model installed in slot b.
    pub b: Option<Entry>,
}

/// A model installed in a slot.
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
    /// Time of installation, in seconds since 1970 UTC by this machine's clock.
    pub installed: u64,
    /// Result of its self-test; `None` if the state was lost and rebuilt from the slot.
    pub self_test: Option<SelfTest>,
}

/// Result of a passed self-test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SelfTest {
    /// The instruction set that was compared with the scalar kernels.
    pub isa: String,
    /// Number of fields with equal results, bit for bit.
    pub fields: u32,
    /// Median time of a field, from pixels to verdict.
    pub field_ms: f64,
    /// Version of the program that ran the test.
    pub program: String,
}

impl State {
    /// State with `slot` active and the other slot unknown.
    #[must_use]
    pub const fn new(active: Slot) -> Self {
        Self { format: FORMAT, active, a: None, b: None }
    }

    /// The model installed in `slot`.
    #[must_use]
    pub const fn entry(&self, slot: Slot) -> Option<&Entry> {
        match slot {
            Slot::A => self.a.as_ref(),
            Slot::B => self.b.as_ref(),
        }
    }

    /// The entry of `slot`, to be set.
    pub const fn entry_mut(&mut self, slot: Slot) -> &mut Option<Entry> {
        match slot {
            Slot::A => &mut self.a,
            Slot::B => &mut self.b,
        }
    }

    /// Reads the state; `None` if there is none yet.
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
            Ok(state) => Err(format!("has format {}, but this program supports only {FORMAT}", state.format)),
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
