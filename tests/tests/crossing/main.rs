//! What crosses the crates, in one test program, so that Burn is linked once. `--test crossing circle::` runs those of a module.

mod adapt;
mod cells;
mod circle;
mod command_reference;
mod detail;
mod explanation;
mod format;
mod house;
mod jury;
mod kept_cells;
mod marked;
mod same_bits;
mod whole_loop;
