//! Untrained networks: random ones in each other's workspaces, and hostile ones on every instruction set.

#![allow(missing_docs, reason = "tests")]

#[path = "networks/drawn.rs"]
mod drawn;
#[path = "networks/files.rs"]
mod files;
#[path = "networks/foreign_workspaces.rs"]
mod foreign_workspaces;
#[path = "networks/hostile_models.rs"]
mod hostile_models;
#[path = "networks/parts.rs"]
mod parts;
#[path = "networks/sights.rs"]
mod sights;
