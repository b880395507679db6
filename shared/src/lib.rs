//! What blastscope's host and device must agree on, bit for bit.
//!
//! The way of a field through this crate:
//!
//! ```text
//! bytes --decode--> RgbPixels --Framing::apply--> field --Sight, Network::run--> logits
//!       --calibration, novelty--> Observation<Scores> --Judge--> Verdict
//! ```
//!
//! [`Classifier::assess`] is that way in one call. The host evaluates with the same functions that the device runs, so that a reported accuracy is the accuracy of what ships.
//! [`Artifact`] carries everything the way needs: preprocessing, layers, calibration, thresholds and the
//! model card.
//!
//! The crate is `no_std` with `alloc`. Feature `std` adds run-time detection of the instruction set, threads and
//! [`adaptation`] to a site, feature `decode` the image decoder. Files, clocks and cameras are not its business.
//!
//! # Words
//! * **field**: what the camera sees; a **frame** is one picture of it.
//! * **sight**: what a network got to see of a field: something observed, or nothing. Nothing seen is never a probability.
//! * **verdict**: a class with its calibrated probability, or an abstention with its reason.
//! * **gate**: the check of a frame's quality before the network sees it.
//! * **artifact**: the one file that holds a network and all that belongs to it.

#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "std")]
pub mod adaptation;
pub mod artifact;
pub mod by_class;
pub mod classifier;
pub mod engine;
pub mod field;
pub mod judge;
pub mod label;
pub mod layers;
pub mod rate;
pub mod sight;

pub use artifact::{Artifact, hex};
pub use by_class::ByClass;
pub use classifier::Classifier;
pub use engine::{arch::Isa, network::Network};
pub use field::{framing::Framing, pixels::RgbPixels};
pub use judge::{Judge, verdict::Verdict};
pub use label::Class;
pub use layers::explanation::Explanation;
pub use rate::Rate;
pub use sight::{Observation, Sight};
