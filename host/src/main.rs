//! The blastscope-host program.
fn main() {}
