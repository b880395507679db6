//! The blastscope device.
