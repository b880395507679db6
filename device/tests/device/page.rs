//! The page over real sockets, with a folder of drawn fields in place of a camera.

mod access;
mod cells;
pub(crate) mod client;
mod configured;
mod cut_off;
mod day;
mod download;
pub(crate) mod program;
pub(crate) mod scene;
mod session;
mod source;
mod startup;
