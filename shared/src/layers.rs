//! The layers of a network: their data, their checks, and the arithmetic that defines them.
//!
//! [`quantization`] has the integer rules, `scalar` the plain Rust kernels that every faster one must equal, `reference` a network
//! that runs on them. Maps are HWC, `u8`.

pub mod explanation;
pub(crate) mod filters;
pub(crate) mod identity;
pub(crate) mod packed;
pub(crate) mod plan;
pub mod quantization;
pub(crate) mod reference;
pub(crate) mod scalar;
mod shape;
mod step;

pub(crate) use self::plan::{LayerPlan, Parameters};
pub use self::{
    filters::{Filters, Layer},
    plan::UnfitLayers,
    shape::Shape,
    step::{StepInfo, StepKind},
};
