//! The host side of blastscope: from a folder of smear images to a signed int8 network, with the evidence of its worth.
//!
//! # Words
//!
//! | word | means |
//! | --- | --- |
//! | field | one picture of a data set: what the objective shows at one place of a slide |
//! | sitting | one acquisition session of a data set: one day, one microscope, one stain |
//! | overlap group | pictures of the same or an overlapping part of a slide; never on both sides of a split |
//! | part, fold | a share of a split (train, validation, test); a held-out set of a cross-validation |
//! | recipe | what a network sees of a field, how training varies it, and the defaults |
//! | plan | everything that the user of a training chooses |
//! | run | one training and its folder: plan, split, metrics, weights |
//! | prediction | a field's true class beside what was predicted |
//! | evidence | what a measuring command wrote about a model; source of the model's card |
//! | champion, challenger | the current model, and the candidate to replace it |
//!
//! # Folders
//!
//! A folder imports only from folders below it.
//!
//! ```text
//! commands    one file a command: arguments, calls, exit code
//!    ├── report      documents, drawings, the model card       ├── pack       quantization, packing, adaptation, keys
//!    │                                                         │     └── training   plan, loop, checkpoints, queue
//!    │                                                         │           └── recipe   what a network sees; loaders
//!    └── measure     evaluation, screening, stress, crossval, audit ◀────────┘ (pack)
//!          └── data        scan, overlap groups, split, folds, augmentation, drawn sets
//!                └── statistics   bootstrap, ROC, plain classifiers
//!                      └── support   errors, whole files, locks, progress, text, random streams
//! ```
//!
//! # Example
//!
//! ```
//! use blastscope_host::data::{dataset::Dataset, drawn_set::DrawnSet, split::{Part, Split, SplitKind}};
//! use blastscope_host::support::progress::Progress;
//!
//! # fn main() -> Result<(), blastscope_host::Error> {
//! let folder = tempfile::tempdir().expect("a temporary folder");
//! let set = DrawnSet { generator: blastscope_drawn::GENERATOR, seed: 1, width: 96, height: 72, per_class: 8 };
//! set.write(folder.path(), || ())?;
//! let data = Dataset::scan(folder.path(), None, Progress::Silent)?;
//! let split = Split::draw(&data, SplitKind::Grouped, 1, 16)?;
//! assert_eq!(data.images.len(), 32);
//! assert!(split.items(Part::Test).count() > 0);
//! # Ok(())
//! # }
//! ```

// `println!` and its like panic when the output cannot be written.
#![cfg_attr(not(test), warn(clippy::print_stdout, clippy::print_stderr))]

pub mod commands;
pub mod data;
pub mod measure;
pub mod pack;
#[cfg(feature = "training")]
pub mod recipe;
pub mod report;
pub mod statistics;
pub mod support;
#[cfg(feature = "training")]
pub mod training;

pub use support::error::Error;
