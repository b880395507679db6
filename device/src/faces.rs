//! What shows the station to people and takes their orders: lines, the terminal, the page in a browser.

pub(crate) mod lines;
pub mod page;
pub(crate) mod terminal;
