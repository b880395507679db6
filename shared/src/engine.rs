//! The int8 network: layers are packed once for an instruction set, then run for every field.

pub mod arch;
pub mod network;
