//! Terminal, text, files, logging: what any part of the program may need. Knows nothing of the other folders.

pub mod clock;
pub mod disk;
pub mod files;
pub(crate) mod host_name;
pub(crate) mod interrupt;
pub mod logging;
pub(crate) mod memory;
pub(crate) mod moment;
pub(crate) mod notify;
pub mod progress;
pub(crate) mod terminal;
pub(crate) mod text;
pub mod times;
