//! Turns the bytes of a picture into a field of the model's size and measures it.

pub mod appearance;
#[cfg(feature = "decode")]
pub mod decode;
pub mod density;
pub mod detail;
pub mod framing;
pub mod gate;
pub(crate) mod grain;
pub(crate) mod histogram;
pub mod normal;
pub mod palette;
pub mod pixels;
pub mod squash;
pub mod stain;
