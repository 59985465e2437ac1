//! The emulator over real sockets, in process and as a binary.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic in a test is its report")]

mod binary;
mod byok;
mod client;
mod control;
mod data;
mod faults;
mod identity;
mod logstores;
mod projects;
mod tampering;
mod wire;
