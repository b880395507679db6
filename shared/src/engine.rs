//! The int8 network: layers packed once for an instruction set, then run as often as there are fields.

pub mod arch;
pub mod network;
