//! Terminal, text, files, logging: what any part of the program may need. Knows nothing of the other folders.

pub(crate) mod terminal;
pub mod times;
