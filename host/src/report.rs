//! What people read: documents in Markdown and HTML, drawings in SVG, the model card.
//!
//! Each measurement has its own file here; [`measure`](crate::measure) holds only numbers.

pub mod audit;
pub mod crossval;
pub mod document;
pub mod evaluation;
pub mod model_card;
pub mod paired;
pub mod slides;
pub mod stress;
pub mod svg;
