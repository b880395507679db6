//! The blastscope program.
fn main() {}
