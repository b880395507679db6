//! What a model, or a data set, is worth: evaluation, screening, stress, comparison, cross-validation, the audit.

pub mod audit;
pub mod colour_baseline;
pub mod crossval;
pub mod degradation;
pub mod evaluation;
pub mod evidence;
pub mod paired;
pub mod prediction;
pub mod screening;
pub mod slides;
pub mod stress;
pub mod unfamiliar;
