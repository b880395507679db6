//! The faces: they show the station to people and take their orders. Lines, the terminal, the page in a browser.

pub(crate) mod lines;
pub mod page;
pub(crate) mod people;
pub(crate) mod terminal;
