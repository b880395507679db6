//! Notices that every output carries.

/// On every table, picture and file.
pub const RESEARCH_USE_ONLY: &str = blastscope_shared::artifact::STATEMENT;
/// On every table, picture and file about fields that the program drew.
pub const DRAWN_FIELDS: &str =
    "Drawn fields: the pictures were drawn by the program, so these numbers say nothing about blood.";
