//! What people read: documents in Markdown and HTML, drawings in SVG, the model card.
//!
//! Each measurement has its file here; [`measure`](crate::measure) knows numbers only.

pub mod audit;
pub mod crossval;
pub mod document;
pub mod evaluation;
pub mod model_card;
pub mod paired;
pub mod stress;
pub mod svg;
