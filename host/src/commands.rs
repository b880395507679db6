//! The commands of the program, one file each: options in, calls to the library, sentences out.

pub mod synth;
