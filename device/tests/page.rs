//! The page over real sockets, with a folder of drawn fields that plays the camera.

#![allow(missing_docs, reason = "tests")]

#[path = "page/access.rs"]
mod access;
#[path = "page/client.rs"]
mod client;
#[path = "page/scene.rs"]
mod scene;
#[path = "page/session.rs"]
mod session;
