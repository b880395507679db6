//! Terminal, text, files, logging: shared by all parts of the program. Imports no other folder.

pub mod clock;
pub mod disk;
pub mod files;
pub(crate) mod host_name;
pub(crate) mod interrupt;
pub mod logging;
pub(crate) mod memory;
pub mod notify;
pub mod progress;
pub mod quantiles;
pub(crate) mod terminal;
pub(crate) mod text;
pub(crate) mod timestamp;
