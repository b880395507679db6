//! The page over real sockets, with a folder of drawn fields in place of a camera.

#![allow(missing_docs, reason = "tests")]

#[path = "page/access.rs"]
mod access;
#[path = "page/client.rs"]
mod client;
#[path = "page/configured.rs"]
mod configured;
#[path = "page/cut_off.rs"]
mod cut_off;
#[path = "page/download.rs"]
mod download;
#[path = "page/program.rs"]
mod program;
#[path = "page/scene.rs"]
#[allow(dead_code, reason = "the test in a browser uses more of it")]
mod scene;
#[path = "page/session.rs"]
mod session;
#[path = "page/source.rs"]
mod source;
#[path = "page/startup.rs"]
mod startup;
