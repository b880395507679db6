//! What blastscope's host and device must agree on, bit for bit: how a frame of a blood smear becomes a verdict.
//!
//! The host trains a network and packs it into an artifact; the device runs it at the microscope. Both call [`Classifier::assess`],
//! so a reported accuracy is the accuracy of what ships. Integers decide everything up to the logits: every processor gives the
//! same bits.
//!
//! ```
//! use blastscope_shared::{Classifier, RgbPixels, Verdict};
//!
//! let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/tiny.bsm"))?;
//! let classifier = Classifier::read(&file)?;
//! let frame = RgbPixels::new(640, 480, vec![230; 640 * 480 * 3]).expect("three bytes per pixel");
//! let assessment = classifier.assess(&frame, &mut classifier.workspace());
//! match assessment.verdict {
//!     Verdict::Benign { probability } => println!("benign {probability:.2}"),
//!     Verdict::Malignant { probability, subtype } => println!("malignant {probability:.2}, {subtype}"),
//!     Verdict::Abstain(reason) => println!("nothing said: {reason}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From frame to verdict
//!
//! ```text
//! bytes --field::decode--> RgbPixels --Framing--> field --Sight--> views --Network--> logits --Sight--> Observation<Seen>
//!                                                                                                             │
//!                                           Assessment <--Judge-- Observation<Scores> <--calibration, novelty─┘
//! ```
//!
//! # Folders
//!
//! | folder | holds |
//! | --- | --- |
//! | [`label`], [`rate`], [`by_class`] | the classes, rates with intervals, one value per class |
//! | [`field`] | decoding, squash and mask, quality gate, optical density, stain |
//! | [`layers`] | layers, integer rules, the scalar kernels that are the oracle, maps that explain |
//! | [`engine`] | the network, packed for an instruction set; `arch` has the kernels and all unsafe code |
//! | [`sight`] | what a network is shown, one file per kind; what it observes there |
//! | [`judge`] | calibration, novelty, thresholds, verdict |
//! | [`artifact`] | the bytes of a model, signatures |
//! | [`classifier`] | a model in use |
//! | `adaptation` | the last layer, moved to a site |
//!
//! Each stands on those above it; `docs/architecture.md` says on which.
//!
//! The crate is `no_std` with `alloc`. Feature `std` adds run-time detection of the instruction set, threads and adaptation,
//! feature `decode` the image decoder. The crate uses no files, clocks or cameras.
//!
//! # Words
//!
//! * **frame**: one picture from a camera or a file, of any size.
//! * **field**: what the objective shows at one place of a slide; a frame brought to the model's own size, the scale bar masked.
//! * **sight**: what a network is shown of a field: the whole, or its cells. A **view** is what it sees at one time.
//! * **observation**: the network's output for a field, or why there was nothing to see. Nothing seen is never a probability.
//! * **scores**: logits, calibrated probabilities and novelty of a field; all finite.
//! * **novelty**: how unlike the training data a field is; few usual fields exceed 1.
//! * **verdict**: benign, or malignant with its subtype or "subtype not sure", each with its calibrated probability; or an
//!   abstention with its reason.
//! * **gate**: the check of a frame's quality before a network sees it.
//! * **artifact**: the one file that holds a network and all its data.
//! * **site**: one microscope with its stain and its camera.

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
