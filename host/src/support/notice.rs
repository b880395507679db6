//! Notices that everything written says.

/// What every table, picture and file says.
pub const RESEARCH_USE_ONLY: &str = blastscope_shared::artifact::STATEMENT;
/// What every table, picture and file says where the fields were drawn by the program.
pub const DRAWN_FIELDS: &str =
    "Drawn fields: the pictures were drawn by the program, so these numbers say nothing about blood.";
