//! File handling shared by host and device.
//!
//! - [`atomic_file`] replaces a file whole or not at all.
//! - [`walk`] finds the pictures below a folder, and says what it left out and why.
//! - [`open`] opens regular files only, so that no command hangs on a pipe.
//! - [`printable`] makes names and other foreign text safe for terminals, logs and pages.
//!
//! `blastscope-shared` never touches files, and the device must not depend on the host: hence a separate crate. It knows nothing
//! about blood, the content of pictures or networks.

pub mod atomic_file;
pub mod open;
pub mod printable;
pub mod walk;

pub use open::open_regular;
pub use printable::Printable;
pub use walk::{Failure, Found, Left, LeftOut, pictures_below, pictures_below_each};
