//! What a network is shown of a field, and what it observes there.

pub mod cells;
mod observation;
mod seen;

pub use self::observation::{Blank, Observation};
pub use self::seen::Seen;
