//! The faces: show the station to people and take their orders, as lines, on the terminal, or on the page in a browser.

pub(crate) mod lines;
pub mod page;
pub(crate) mod terminal;
