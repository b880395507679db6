//! The host side of blastscope: from a folder of smear images to a packed int8 network, with the evidence of what it is worth.

pub mod error;

pub use error::Error;
