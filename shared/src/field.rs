//! From the bytes of a picture to a field of the model's own size, and what is measured of it.

#[cfg(feature = "decode")]
pub mod decode;
pub mod density;
pub mod framing;
pub mod gate;
pub(crate) mod histogram;
pub mod pixels;
pub mod squash;
pub mod stain;
