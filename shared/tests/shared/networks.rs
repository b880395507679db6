//! Untrained networks: random ones in each other's workspaces, and hostile ones on every instruction set.

mod drawn;
mod files;
mod foreign_workspaces;
mod hostile_models;
mod parts;
mod sights;
